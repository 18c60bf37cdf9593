"""What the clock did, what it will do next, who may act, and whether it is late."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import func, select

from riskapp.domain.calendar import local_day
from riskapp.domain.clock import tick_of
from riskapp.domain.permissions import Actor
from riskapp.models.clock import JobRun, Lease
from riskapp.models.database import db

GRACE = timedelta(hours=1)
DAY_DONE = "day_done"
LONGEST_CATCH_UP = 366
PAGE = 50
DAY = timedelta(days=1)


def last_day_done() -> date | None:
    """The latest day whose work was done, however late."""
    return db.session.scalar(select(func.max(JobRun.for_on)).where(JobRun.job == DAY_DONE))


def days_to_run(*, at: datetime) -> tuple[date, ...]:
    """Days that are due and not done, the oldest first: today alone for a clock that never ran, a year at most."""
    today = local_day(at)
    latest = today if at >= tick_of(today) else today - DAY
    if last_day_done() is None:
        return (today,) if latest == today else ()
    return days_up_to(latest)


def days_up_to(day: date) -> tuple[date, ...]:
    """Days not done up to one and with it, the oldest first: that day alone for a clock that never ran, a year at most.

    Nothing if a later day is done, or this one.
    """
    done = last_day_done()
    missing = 1 if done is None else min((day - done).days, LONGEST_CATCH_UP)
    return tuple(day - DAY * back for back in range(missing - 1, -1, -1))


State = Literal["on time", "late", "never ran"]


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the clock does its work: the last day done, when the next is due, who holds the lease and until when."""

    state: State
    last_day: date | None
    next_at: datetime
    holder: str | None
    holder_until: datetime | None
    is_held: bool


def health(*, at: datetime) -> Health:
    """Judge the clock at an instant: late once a day's work is an hour overdue."""
    done, lease = last_day_done(), db.session.scalars(select(Lease)).first()
    if lease is not None:
        db.session.refresh(lease)
    today = local_day(at)
    overdue = today if at >= tick_of(today) + GRACE else today - DAY
    state: State = "never ran" if done is None else "late" if done < overdue else "on time"
    ahead = today if at < tick_of(today) else today + DAY
    return Health(
        state,
        done,
        tick_of(ahead),
        lease.holder if lease else None,
        lease.until if lease else None,
        is_held=bool(lease and lease.until > at),
    )


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job."""

    job: str
    for_on: date
    started_at: datetime
    seconds: float
    found: int
    queued: int
    failed: int
    detail: str

    @property
    def words(self) -> str:
        return self.job.replace("_", " ").capitalize()


def last_runs(actor: Actor) -> tuple[Run, ...]:
    """The last run of each job, in the order of their names."""
    del actor
    last = select(func.max(JobRun.id)).where(JobRun.job != DAY_DONE).group_by(JobRun.job)
    rows = db.session.scalars(select(JobRun).where(JobRun.id.in_(last)).order_by(JobRun.job))
    return tuple(_run(row) for row in rows)


def runs(actor: Actor, *, page: int, only_failed: bool = False, size: int = PAGE) -> tuple[tuple[Run, ...], int]:
    """A page of the runs, newest first, and how many there are."""
    del actor
    wanted = [JobRun.job != DAY_DONE, *([JobRun.failed > 0] if only_failed else [])]
    total = db.session.scalar(select(func.count(JobRun.id)).where(*wanted)) or 0
    rows = db.session.scalars(
        select(JobRun)
        .where(*wanted)
        .order_by(JobRun.started_at.desc(), JobRun.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    )
    return tuple(_run(row) for row in rows), total


def _run(row: JobRun) -> Run:
    seconds = (row.ended_at - row.started_at).total_seconds() if row.ended_at else 0.0
    return Run(row.job, row.for_on, row.started_at, seconds, row.found, row.queued, row.failed, row.detail)
