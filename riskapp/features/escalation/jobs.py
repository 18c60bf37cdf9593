"""The clock moves up what nobody answered, reminds at half-time, and looks again for desks that were missing."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from riskapp.domain.clock import Done, Job, Moment
from riskapp.domain.permissions import THE_CLOCK
from riskapp.features.escalation import queries, service
from riskapp.models.database import db

Row = TypeVar("Row")
log = logging.getLogger(__name__)


def find_missing_desks(moment: Moment) -> Done:
    """Give every case that nobody could take another try."""
    return _each(
        queries.stranded_cases(),
        lambda case: service.land_stranded(case, by=THE_CLOCK, at=moment.at, on=moment.on),
    )


def expire_escalations(moment: Moment) -> Done:
    """Move up every case whose desk ran out of time."""
    return _each(
        queries.desks_out_of_time(at=moment.at),
        lambda desk: service.expire(desk, by=THE_CLOCK, at=moment.at, on=moment.on),
    )


def remind_at_half_time(moment: Moment) -> Done:
    """Remind whoever has used half of the time."""
    return _each(
        queries.live_desks(),
        lambda desk: service.remind_at_half_time(desk, at=moment.at, on=moment.on),
    )


def _each(rows: Iterable[Row], deed: Callable[[Row], bool]) -> Done:
    """Do a deed to each row in a savepoint of its own, so that one that fails stops no other."""
    found = done = failed = 0
    for row in rows:
        found += 1
        try:
            with db.session.begin_nested():
                done += deed(row)
        except Exception:
            log.exception("the clock passed over %r", row)
            failed += 1
    return Done(found=found, queued=done, failed=failed)


JOBS = (
    Job("find_missing_desks", find_missing_desks, order=15, every_minutes=1),
    Job("expire_escalations", expire_escalations, order=20, every_minutes=1),
    Job("remind_at_half_time", remind_at_half_time, order=25, every_minutes=1),
)
