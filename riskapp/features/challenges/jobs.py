"""The clock reminds owners of challenges, and tells those above them of what is not answered."""

from riskapp.domain.clock import Done, Job, Moment
from riskapp.domain.permissions import THE_CLOCK
from riskapp.domain.reminders import SubjectFact
from riskapp.features.challenges import queries, service
from riskapp.features.reminders import service as reminders

FAMILY = "challenge"


def take_up_unanswered_challenges(moment: Moment) -> Done:
    """Tell the next post up of each challenge that is still not answered so long after its time."""
    late = queries.waiting_to_go_up(on=moment.on)
    return Done(found=len(late), queued=service.take_up(late, by=THE_CLOCK, at=moment.at, on=moment.on))


def remind_of_challenges(moment: Moment) -> Done:
    """Remind the owner of every challenge that is due soon, or overdue."""
    due = queries.due(by=reminders.horizon(FAMILY, on=moment.on))
    made = reminders.remind((SubjectFact(FAMILY, *each) for each in due), on=moment.on, at=moment.at)
    return Done(made.found, made.queued, len(made.unreachable), "; ".join(made.unreachable))


JOBS = (
    Job("take_up_unanswered_challenges", take_up_unanswered_challenges, order=35),
    Job("remind_of_challenges", remind_of_challenges, order=48),
)
