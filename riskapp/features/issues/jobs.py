"""The clock reminds owners of issues of the Members whom they are to brief."""

from riskapp.domain.clock import Done, Job, Moment
from riskapp.domain.reminders import SubjectFact
from riskapp.features.issues import queries
from riskapp.features.reminders import service as reminders


def remind_of_briefings(moment: Moment) -> Done:
    """Remind of every briefing of Members that is due soon, or overdue."""
    due = queries.briefings_due(by=reminders.horizon(queries.FAMILY, on=moment.on))
    made = reminders.remind((SubjectFact(queries.FAMILY, *each) for each in due), on=moment.on, at=moment.at)
    return Done(made.found, made.queued, len(made.unreachable), "; ".join(made.unreachable))


JOBS = (Job("remind_of_briefings", remind_of_briefings, order=50),)
