"""The clock reminds owners of their actions."""

from sqlalchemy import select

from riskapp.domain.clock import Done, Job, Moment
from riskapp.domain.reminders import SubjectFact
from riskapp.features.reminders import service as reminders
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.database import db

FAMILY = "action"


def remind_of_actions(moment: Moment) -> Done:
    """Remind of every open action that is due soon or overdue."""
    horizon = reminders.horizon(FAMILY, on=moment.on)
    rows = db.session.execute(
        select(Action.id, Action.due_on, Action.owner_post_id)
        .where(Action.status.in_(OPEN_STATUSES), Action.due_on <= horizon)
        .order_by(Action.id)
        .execution_options(yield_per=1000)
    )
    made = reminders.remind((SubjectFact(FAMILY, *row) for row in rows), on=moment.on, at=moment.at)
    return Done(made.found, made.queued, len(made.unreachable), "; ".join(made.unreachable))


JOBS = (Job("remind_of_actions", remind_of_actions, order=41),)
