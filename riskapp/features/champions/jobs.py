"""The clock reminds champions of the training that is due."""

from riskapp.domain.clock import Done, Job, Moment
from riskapp.features.champions import queries
from riskapp.features.reminders import service as reminders


def remind_champions_of_training(moment: Moment) -> Done:
    """Remind of every training that is due soon, or overdue."""
    horizon = reminders.horizon(queries.FAMILY, on=moment.on)
    due = (fact for fact in queries.training_due(on=moment.on) if fact.due_on <= horizon)
    made = reminders.remind(due, on=moment.on, at=moment.at)
    return Done(made.found, made.queued, len(made.unreachable), "; ".join(made.unreachable))


JOBS = (Job("remind_champions_of_training", remind_champions_of_training, order=44),)
