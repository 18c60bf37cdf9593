"""When a risk is looked at again: by its band, and sooner while it is beyond what the council will bear."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.appetite import Position
from riskapp.domain.calendar import WithCalendar, next_working_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskapp.domain.toml_reader import Clause, Table

UNITS = ("weeks", "months")


@dataclass(frozen=True, slots=True)
class Interval:
    """A time between two reviews, in weeks or in months of the calendar."""

    number: int
    unit: str

    @property
    def words(self) -> str:
        """Say it: "every month", "every 2 weeks"."""
        return f"every {self.unit[:-1]}" if self.number == 1 else f"every {self.number} {self.unit}"

    def after(self, day: date) -> date:
        """Return the same day so much later; the last of a month where that month is too short."""
        if self.unit == "weeks":
            return day + timedelta(weeks=self.number)
        years, month = divmod(day.month - 1 + self.number, 12)
        year, month = day.year + years, month + 1
        return date(year, month, min(day.day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Reviews:
    """How often each band is reviewed, and the longest interval beyond tolerable."""

    by_rating: Mapping[str, Interval]
    clauses: Mapping[str, Clause]
    beyond_tolerable: Interval
    beyond_clause: Clause
    working_day_clause: Clause


class WithReviews(WithCalendar, Protocol):
    """The part of a policy that a rule on reviews reads."""

    @property
    def reviews(self) -> Reviews: ...


def review_interval(policy: WithReviews, rating_key: str, position: Position, on: date) -> Interval:
    """Return the time to the next review: the band's, or the shorter one beyond tolerable."""
    usual, beyond = policy.reviews.by_rating[rating_key], policy.reviews.beyond_tolerable
    if position is Position.BEYOND_TOLERABLE and beyond.after(on) < usual.after(on):
        return beyond
    return usual


def next_review_on(policy: WithReviews, rating_key: str, position: Position, on: date) -> date:
    """Return the working day by which a risk scored or reviewed on a day is reviewed again."""
    return next_working_day(policy.calendar, review_interval(policy, rating_key, position, on).after(on))


def parse(document: Table) -> Reviews:
    """Read reviews.toml; faults go to the document's notes."""
    by_rating, clauses = {}, {}
    for table in document.tables("frequency"):
        for rating in table.texts("ratings"):
            if rating in by_rating:
                table.fault("ratings", f'expected each rating once, found "{rating}" again.')
            by_rating[rating] = _interval(table)
            clauses[rating] = table.clause()
        table.done()
    beyond = document.table("beyond_tolerable")
    interval, beyond_clause = _interval(beyond), beyond.clause()
    beyond.done()
    working_day = document.table("working_day")
    working_day_clause = working_day.clause()
    working_day.done()
    return Reviews(by_rating, clauses, interval, beyond_clause, working_day_clause)


def _interval(table: Table) -> Interval:
    return Interval(table.integer("every", at_least=1, at_most=60), table.one_of("unit", UNITS))
