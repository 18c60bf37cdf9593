"""What a job of the clock is: a verb, told the moment it works for, that says what it did."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """The day a job works for (Europe/London) and the instant that stands for now."""

    on: date
    at: datetime


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
