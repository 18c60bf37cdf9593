"""A person's work in order of time: what is overdue, what is for today, for this week, and for later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

SATURDAY, SUNDAY = 6, 7


class Wanted(Protocol):
    """Something that wants doing by a day; `order` settles ties, the same every time."""

    @property
    def due_on(self) -> date: ...
    @property
    def order(self) -> tuple[object, ...]: ...


W = TypeVar("W", bound=Wanted)


@dataclass(frozen=True, slots=True)
class Group(Generic[W]):
    """The part of the work that falls in one stretch of time, the soonest first."""

    title: str
    items: tuple[W, ...]


def end_of_week(on: date) -> date:
    """Return the Sunday of the week of a day; at a weekend the week meant is the one that begins on Monday."""
    sunday = on + timedelta(days=SUNDAY - on.isoweekday())
    return sunday + timedelta(days=SUNDAY) if on.isoweekday() >= SATURDAY else sunday


def by_time(items: Iterable[W], on: date) -> tuple[Group[W], ...]:
    """Put work in groups: overdue, today, this week (to its Sunday) and later; an empty group is left out."""
    ordered = sorted(items, key=lambda item: (item.due_on, *item.order))
    sunday = end_of_week(on)
    parts = {
        "Overdue": [item for item in ordered if item.due_on < on],
        "Today": [item for item in ordered if item.due_on == on],
        "This week": [item for item in ordered if on < item.due_on <= sunday],
        "Later": [item for item in ordered if item.due_on > sunday],
    }
    return tuple(Group(title, tuple(part)) for title, part in parts.items() if part)
