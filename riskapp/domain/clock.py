"""What a job of the clock is: a verb, told the moment it works for, that says what it did."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from riskapp.domain.calendar import LONDON

DAILY_AT = time(6, 30)
"""Away from 1am to 2am, an hour that the clock changes make happen twice or not at all."""
TELLING = 80
"""Jobs from this order on tell people what the others decided: missed days are decided each, and told together."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The day a job works for (Europe/London) and the instant that stands for now; a rehearsal is undone afterwards."""

    on: date
    at: datetime
    is_rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What a job did: things found, messages queued, and things that failed and were passed over."""

    found: int = 0
    queued: int = 0
    failed: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A verb phrase and the function that does it inside one transaction; run again for a day, it adds nothing.

    Jobs run in `order`, lowest first: decisions before the messages that tell of them.
    """

    name: str
    run: Callable[[Moment], Done]
    order: int = 50
    every_minutes: int | None = None


def tick_of(day: date) -> datetime:
    """Return the UTC instant at which a day's work is due."""
    return datetime.combine(day, DAILY_AT, LONDON).astimezone(UTC)
