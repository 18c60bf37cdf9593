"""The clock moves up what nobody answered, reminds at half-time, and looks again for desks that were missing."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from riskapp.domain.clock import Done, Job, Moment
from riskapp.domain.permissions import THE_CLOCK
from riskapp.features.escalation import queries, service
from riskapp.models.database import db

AT_A_TIME = 500
Row = TypeVar("Row")
log = logging.getLogger(__name__)


def find_missing_desks(moment: Moment) -> Done:
    """Give every case that nobody could take another try."""
    return _all(
        queries.stranded_cases(),
        lambda cases: service.land_stranded(cases, by=THE_CLOCK, at=moment.at, on=moment.on),
    )


def expire_escalations(moment: Moment) -> Done:
    """Move up every case whose desk ran out of time."""
    return _all(
        queries.desks_out_of_time(at=moment.at),
        lambda desks: service.expire(desks, by=THE_CLOCK, at=moment.at, on=moment.on),
    )


def remind_at_half_time(moment: Moment) -> Done:
    """Remind whoever has used half of the time."""
    return _all(
        queries.live_desks(),
        lambda desks: service.remind_at_half_time(desks, at=moment.at, on=moment.on),
    )


def _all(rows: Sequence[Row], deed: Callable[[Sequence[Row]], int]) -> Done:
    """Do a deed to all rows, so many at a time."""
    done = failed = 0
    for start in range(0, len(rows), AT_A_TIME):
        well, badly = _together(rows[start : start + AT_A_TIME], deed)
        done, failed = done + well, failed + badly
    return Done(found=len(rows), queued=done, failed=failed)


def _together(rows: Sequence[Row], deed: Callable[[Sequence[Row]], int]) -> tuple[int, int]:
    """Do a deed to rows in a savepoint; where it fails, to each half alone, so that one that fails stops no other."""
    try:
        with db.session.begin_nested():
            return deed(rows), 0
    except Exception:
        if len(rows) == 1:
            log.exception("the clock passed over one", extra={"thing": getattr(rows[0], "id", None)})
            return 0, 1
    middle = len(rows) // 2
    first, last = _together(rows[:middle], deed), _together(rows[middle:], deed)
    return first[0] + last[0], first[1] + last[1]


JOBS = (
    Job("find_missing_desks", find_missing_desks, order=15, every_minutes=1),
    Job("expire_escalations", expire_escalations, order=20, every_minutes=1),
    Job("remind_at_half_time", remind_at_half_time, order=25, every_minutes=1),
)
