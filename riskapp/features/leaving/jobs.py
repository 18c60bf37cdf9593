"""The clock lets people go on their day, and gives the desks of whoever left a post to who answers for it now."""

import logging

from sqlalchemy import select

from riskapp.domain.clock import Done, Job, Moment
from riskapp.domain.permissions import THE_CLOCK
from riskapp.features.leaving import service
from riskapp.features.staffing import service as staffing
from riskapp.models.database import db
from riskapp.models.staffing import Departure

log = logging.getLogger(__name__)


def let_people_go(moment: Moment) -> Done:
    """Close the account of everybody whose day has come; one that fails stops no other."""
    due = select(Departure).where(Departure.state == "planned", Departure.leaves_on <= moment.on)
    found = done = failed = 0
    for departure in db.session.scalars(due.order_by(Departure.leaves_on, Departure.id)).all():
        found += 1
        try:
            with db.session.begin_nested():
                service.carry_out(departure, by=THE_CLOCK, at=moment.at, on=moment.on)
                done += 1
        except Exception:
            log.exception("the clock passed over a departure", extra={"thing": departure.id})
            failed += 1
    return Done(found=found, queued=done, failed=failed)


def hand_over_desks(moment: Moment) -> Done:
    """Give every live desk whose person has left the post to whoever answers for it now, or up the route."""
    moved = staffing.reseat_desks(on=moment.on, by=THE_CLOCK, at=moment.at)
    return Done(found=moved, queued=moved)


JOBS = (
    Job("let_people_go", let_people_go, order=5, every_minutes=1),
    Job("hand_over_desks", hand_over_desks, order=10),
)
