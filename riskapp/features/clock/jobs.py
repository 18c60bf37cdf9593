"""Run the jobs of every feature for a day, each in a transaction of its own.

A door like a page: to the clock a job is what a form is to a page, so transactions begin and end here.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.exc import StatementError

from riskapp.domain.calendar import local_day
from riskapp.domain.clock import TELLING, Done, Job, Moment, tick_of
from riskapp.features.clock import queries, service
from riskapp.models.database import db, rehearsal, transaction

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
    database. A day that is caught up decides only, and is told with the next. A day run ahead of time, by hand, is not
    marked: the clock does it again when it comes.
    """
    for job in in_order(jobs):
        if is_catching_up and job.order >= TELLING:
            continue
        yield run_job(job, Moment(on, at), now=now)
    ended = now()
    if local_day(ended) >= on:
        with transaction():
            service.mark_day_done(on, at=ended)


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
        log.exception("a job fell over", extra={"job": job.name, "on": moment.on.isoformat()})
        fault = _fault(failure)
        done = Done(failed=1, detail=fault)
    if done.failed and not fault:
        log.warning(
            "a job could not do all", extra={"job": job.name, "on": moment.on.isoformat(), "count": done.failed}
        )
    ran = Ran(job.name, moment.on, done, now() - started, fault)
    if is_kept_idle or done.queued or done.failed:
        with transaction():
            service.keep_run(job.name, moment.on, done, started_at=started, ended_at=started + ran.took)
    return ran


def _fault(failure: Exception) -> str:
    """Name what fell over; a database quotes the row it refused, which the readers of the clock's page may not see."""
    name = type(failure).__name__
    return f"{name}: the log says more" if isinstance(failure, StatementError) else f"{name}: {failure}"[:500]


def run_minute(jobs: Iterable[Job], *, on: date, at: datetime, now: Callable[[], datetime]) -> tuple[Ran, ...]:
    """Run the jobs that cannot wait for the next morning."""
    return tuple(
        run_job(job, Moment(on, at), now=now, is_kept_idle=False) for job in in_order(jobs) if job.every_minutes
    )


def rehearse(
    jobs: Iterable[Job], *, on: date, at: datetime, now: Callable[[], datetime], missed: Iterable[date] = ()
) -> Iterator[Ran]:
    """Run a day's jobs, those of missed days before them, and undo all of it: a look at what would happen.

    Nothing is sent. The caller may ask the database between two jobs, and must use the iterator up.
    """
    jobs = in_order(jobs)
    deciding = [
        (job, Moment(day, tick_of(day), is_rehearsal=True)) for day in missed for job in jobs if job.order < TELLING
    ]
    with rehearsal():
        for job, moment in (*deciding, *((job, Moment(on, at, is_rehearsal=True)) for job in jobs)):
            started, fault = now(), None
            try:
                with db.session.begin_nested():
                    done = job.run(moment)
            except Exception as failure:  # noqa: BLE001 - a rehearsal shows what fell over and goes on
                fault = _fault(failure)
                done = Done(failed=1, detail=fault)
            yield Ran(job.name, moment.on, done, now() - started, fault)


def catch_up(jobs: Iterable[Job], *, at: datetime, now: Callable[[], datetime]) -> Iterator[Ran]:
    """Run every day that is due and was not done, the oldest first; only the last writes digests and sends."""
    days = queries.days_to_run(at=at)
    if days:
        yield from run_day_after(days[:-1], jobs, on=days[-1], at=at, now=now)


def run_day_after(
    missed: Iterable[date], jobs: Iterable[Job], *, on: date, at: datetime, now: Callable[[], datetime]
) -> Iterator[Ran]:
    """Decide each of the missed days, then do the day that tells of all of them."""
    jobs = tuple(jobs)
    for day in missed:
        yield from run_day(jobs, on=day, at=tick_of(day), now=now, is_catching_up=True)
    yield from run_day(jobs, on=on, at=at, now=now)
