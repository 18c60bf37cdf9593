"""The clock reminds owners of the reviews of their risks."""

from sqlalchemy import select

from riskapp.domain.clock import Done, Job, Moment
from riskapp.domain.reminders import SubjectFact
from riskapp.features.reminders import service as reminders
from riskapp.models.database import db
from riskapp.models.risks import Risk

FAMILY = "review"


def remind_of_reviews(moment: Moment) -> Done:
    """Remind of every open risk whose review is due soon or overdue."""
    horizon = reminders.horizon(FAMILY, on=moment.on)
    rows = db.session.execute(
        select(Risk.id, Risk.next_review_on, Risk.owner_post_id)
        .where(Risk.status == "open", Risk.next_review_on <= horizon)
        .order_by(Risk.id)
        .execution_options(yield_per=1000)
    )
    made = reminders.remind(
        (SubjectFact(FAMILY, risk, due, post) for risk, due, post in rows if due), on=moment.on, at=moment.at
    )
    return Done(made.found, made.queued, len(made.unreachable), "; ".join(made.unreachable))


JOBS = (Job("remind_of_reviews", remind_of_reviews, order=40),)
