"""The clock reminds lead officers of governance reviews."""

from sqlalchemy import select

from riskapp.domain.clock import Done, Job, Moment
from riskapp.domain.reminders import SubjectFact
from riskapp.features.reminders import service as reminders
from riskapp.models.bodies import Body
from riskapp.models.database import db

FAMILY = "governance_review"


def remind_of_governance_reviews(moment: Moment) -> Done:
    """Remind of every external body whose governance review is due soon."""
    horizon = reminders.horizon(FAMILY, on=moment.on)
    rows = db.session.execute(
        select(Body.id, Body.next_review_on, Body.lead_post_id)
        .where(Body.next_review_on <= horizon)
        .order_by(Body.id)
        .execution_options(yield_per=1000)
    )
    made = reminders.remind((SubjectFact(FAMILY, *row) for row in rows), on=moment.on, at=moment.at)
    return Done(made.found, made.queued, len(made.unreachable), "; ".join(made.unreachable))


JOBS = (Job("remind_of_governance_reviews", remind_of_governance_reviews, order=42),)
