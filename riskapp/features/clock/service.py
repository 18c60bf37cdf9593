"""Keep how jobs ran, and the lease that lets one process act."""

from datetime import date, datetime, timedelta

from sqlalchemy import CursorResult, or_, update

from riskapp.domain.clock import Done
from riskapp.features.clock.queries import DAY_DONE
from riskapp.models.clock import JobRun, Lease
from riskapp.models.database import db, insert_or

LEASE = "clock"
LEASE_LASTS = timedelta(seconds=45)
"""A holder renews it every few seconds; one that died is followed within a minute."""


def keep_run(job: str, on: date, done: Done, *, started_at: datetime, ended_at: datetime) -> None:
    """Keep what one run of a job did."""
    db.session.add(
        JobRun(
            job=job,
            for_on=on,
            started_at=started_at,
            ended_at=ended_at,
            found=done.found,
            queued=done.queued,
            failed=done.failed,
            detail=done.detail,
        )
    )


def mark_day_done(on: date, *, at: datetime) -> None:
    """Mark a day's work as done, so that no clock catches it up again."""
    db.session.add(JobRun(job=DAY_DONE, for_on=on, started_at=at, ended_at=at))


def take_lease(holder: str, *, at: datetime) -> bool:
    """Take or renew the right to act; False while another holds it. The database lets one only have it."""
    free = or_(Lease.holder == holder, Lease.until < at)
    values = {"holder": holder, "until": at + LEASE_LASTS}
    renewed = db.session.execute(
        update(Lease).where(Lease.name == LEASE, free).values(**values),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(renewed, CursorResult)  # noqa: S101 - what an update gives; says so to the type checker
    if renewed.rowcount == 1:
        return True
    first = insert_or(Lease).values(name=LEASE, **values).on_conflict_do_nothing(index_elements=("name",))
    return db.session.scalar(first.returning(Lease.name)) is not None


def give_back_lease(holder: str, *, at: datetime) -> None:
    """Let another take over at once."""
    db.session.execute(update(Lease).where(Lease.name == LEASE, Lease.holder == holder).values(until=at))
