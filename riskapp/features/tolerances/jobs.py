"""The clock ends tolerances whose last day has passed or whose risk has changed, and reminds before the last day."""

import logging

from riskapp.domain.clock import Done, Job, Moment
from riskapp.domain.permissions import THE_CLOCK
from riskapp.domain.reminders import SubjectFact
from riskapp.features.reminders import service as reminders
from riskapp.features.tolerances import queries, service
from riskapp.models.database import db
from riskapp.models.tolerances import Tolerance

FAMILY = "tolerance"
log = logging.getLogger(__name__)


def void_tolerances(moment: Moment) -> Done:
    """End each that is over: its last day has passed, or its risk has changed by a way that did not end it at once."""
    rows = queries.to_look_at(on=moment.on)
    ended = [_void(row, moment) for row in rows]
    return Done(found=len(rows), queued=ended.count(True), failed=ended.count(None))


def _void(row: Tolerance, moment: Moment) -> bool | None:
    """End one in a savepoint, so that one that fails stops no other; None where it failed."""
    try:
        with db.session.begin_nested():
            return service.void(row, by=THE_CLOCK, at=moment.at, on=moment.on)
    except Exception:
        log.exception("the clock passed over one", extra={"thing": row.id})
        return None


def remind_of_tolerances(moment: Moment) -> Done:
    """Remind the owner of every risk whose tolerance ends soon."""
    soon = queries.ending(by=reminders.horizon(FAMILY, on=moment.on))
    made = reminders.remind((SubjectFact(FAMILY, *each) for each in soon), on=moment.on, at=moment.at)
    return Done(made.found, made.queued, len(made.unreachable), "; ".join(made.unreachable))


JOBS = (
    Job("void_tolerances", void_tolerances, order=30),
    Job("remind_of_tolerances", remind_of_tolerances, order=46),
)
