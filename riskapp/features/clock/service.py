"""Run the jobs of a day, each in a transaction of its own, and keep the lease that lets one process act.

This is the one service that opens transactions: to the clock a job is what a form is to a page.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import CursorResult, or_, update
from sqlalchemy.dialects import postgresql, sqlite

from riskapp.domain.clock import TELLING, Done, Job, Moment, tick_of
from riskapp.features.clock import queries
from riskapp.features.clock.queries import DAY_DONE
from riskapp.models.clock import JobRun, Lease
from riskapp.models.database import db, rehearsal, transaction

LEASE = "clock"
LEASE_LASTS = timedelta(seconds=45)
"""A holder renews it every few seconds; one that died is followed within a minute."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ran:
    """One job as it went: what it did, how long it took, and the fault if it fell over."""

    job: str
    on: date
    done: Done
    took: timedelta
    fault: str | None = None


def run_day(
    jobs: Iterable[Job], *, on: date, at: datetime, now: Callable[[], datetime], is_catching_up: bool = False
) -> Iterator[Ran]:
    """Run a day's jobs in their order, and mark the day as done; yields each as it ends.

    A job that falls over stops no other. Run again for the same day it decides nothing twice: that is in the
    database. A day that is caught up decides only, and is told with the next.
    """
    for job in in_order(jobs):
        if is_catching_up and job.order >= TELLING:
            continue
        yield run_job(job, Moment(on, at), now=now)
    with transaction():
        db.session.add(JobRun(job=DAY_DONE, for_on=on, started_at=now(), ended_at=now()))


def in_order(jobs: Iterable[Job]) -> list[Job]:
    """Jobs, the lowest order first."""
    return sorted(jobs, key=lambda job: (job.order, job.name))


def run_job(job: Job, moment: Moment, *, now: Callable[[], datetime], is_kept_idle: bool = True) -> Ran:
    """Run one job in a transaction and keep how it went; one that did nothing is not kept if that is not wanted."""
    started, fault = now(), None
    try:
        with transaction():
            done = job.run(moment)
    except Exception as failure:
        log.exception("the job %s fell over for %s", job.name, moment.on)
        fault = f"{type(failure).__name__}: {failure}"[:500]
        done = Done(failed=1, detail=fault)
    ran = Ran(job.name, moment.on, done, now() - started, fault)
    if is_kept_idle or done.queued or done.failed:
        with transaction():
            db.session.add(
                JobRun(
                    job=job.name,
                    for_on=moment.on,
                    started_at=started,
                    ended_at=started + ran.took,
                    found=done.found,
                    queued=done.queued,
                    failed=done.failed,
                    detail=done.detail,
                )
            )
    return ran


def run_minute(jobs: Iterable[Job], *, on: date, at: datetime, now: Callable[[], datetime]) -> tuple[Ran, ...]:
    """Run the jobs that cannot wait for the next morning."""
    return tuple(
        run_job(job, Moment(on, at), now=now, is_kept_idle=False) for job in in_order(jobs) if job.every_minutes
    )


def rehearse(jobs: Iterable[Job], *, on: date, at: datetime, now: Callable[[], datetime]) -> Iterator[Ran]:
    """Run a day's jobs and undo all of it, for a look at what would happen; nothing is sent.

    The caller may ask the database between two jobs, and must use the iterator up.
    """
    with rehearsal():
        for job in in_order(jobs):
            started, fault = now(), None
            try:
                with db.session.begin_nested():
                    done = job.run(Moment(on, at, is_rehearsal=True))
            except Exception as failure:  # noqa: BLE001 - a rehearsal shows what fell over and goes on
                fault = f"{type(failure).__name__}: {failure}"[:500]
                done = Done(failed=1, detail=fault)
            yield Ran(job.name, on, done, now() - started, fault)


def catch_up(jobs: Iterable[Job], *, at: datetime, now: Callable[[], datetime]) -> Iterator[Ran]:
    """Run every day that is due and was not done, the oldest first; only the last writes digests and sends."""
    jobs = tuple(jobs)
    days = queries.days_to_run(at=at)
    for day in days:
        is_last = day == days[-1]
        moment = at if is_last else tick_of(day)
        yield from run_day(jobs, on=day, at=moment, now=now, is_catching_up=not is_last)


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
    insert = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    first = insert(Lease).values(name=LEASE, **values).on_conflict_do_nothing(index_elements=("name",))
    return db.session.scalar(first.returning(Lease.name)) is not None


def give_back_lease(holder: str, *, at: datetime) -> None:
    """Let another take over at once."""
    db.session.execute(update(Lease).where(Lease.name == LEASE, Lease.holder == holder).values(until=at))
