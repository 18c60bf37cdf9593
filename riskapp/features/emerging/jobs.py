"""The clock reminds those who watch of the looks that are due."""

from riskapp.domain.clock import Done, Job, Moment
from riskapp.domain.reminders import SubjectFact
from riskapp.features.emerging import queries
from riskapp.features.reminders import service as reminders


def remind_of_emerging_risks(moment: Moment) -> Done:
    """Remind of every look at the watch list that is due soon, or overdue."""
    due = queries.due(by=reminders.horizon(queries.FAMILY, on=moment.on))
    made = reminders.remind((SubjectFact(queries.FAMILY, *each) for each in due), on=moment.on, at=moment.at)
    return Done(made.found, made.queued, len(made.unreachable), "; ".join(made.unreachable))


JOBS = (Job("remind_of_emerging_risks", remind_of_emerging_risks, order=49),)
