"""The desk of overdue actions: how late they are, whose they are, which matter most and how they can be listed.

The desk itself counts and orders in SQL, its twin; this is what the twin must give.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from riskapp.domain.geometry.bars import Bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

MATTER_MOST = 10


class Late(Protocol):
    """An overdue action as the desk sees it."""

    @property
    def reference(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def score(self) -> int | None: ...
    @property
    def due_on(self) -> date: ...
    @property
    def first_due_on(self) -> date: ...
    @property
    def days_late(self) -> int: ...
    @property
    def times_moved(self) -> int: ...
    @property
    def directorate(self) -> str: ...
    @property
    def urgency(self) -> int: ...


L = TypeVar("L", bound=Late)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A span of days late, both ends included; the last has no end."""

    key: str
    first: int
    last: int | None
    label: str

    def holds(self, days: int) -> bool:
        return self.first <= days and (self.last is None or days <= self.last)

    def due(self, on: date) -> tuple[date | None, date]:
        """Return the first and the last due date that are this late on a day; the last bucket has no first."""
        return (on - timedelta(self.last) if self.last is not None else None, on - timedelta(self.first))


BUCKETS = (
    Bucket("1-7", 1, 7, "1 to 7"),
    Bucket("8-14", 8, 14, "8 to 14"),
    Bucket("15-30", 15, 30, "15 to 30"),
    Bucket("31-60", 31, 60, "31 to 60"),
    Bucket("61-90", 61, 90, "61 to 90"),
    Bucket("over-90", 91, None, "over 90"),
)
"""How a page groups days late: a matter of reading, not of policy."""

TWICE_OR_MORE = 2

ORDERS: Mapping[str, Callable[[Late], Any]] = MappingProxyType({
    "late": lambda action: action.days_late,
    "matters": lambda action: action.urgency,
    "action": lambda action: action.title.lower(),
    "owner": lambda action: action.owner.lower(),
    "score": lambda action: action.score or 0,
    "moved": lambda action: (action.times_moved, (action.due_on - action.first_due_on).days),
})  # fmt: skip
"""How the overdue can be ordered; ties are broken by reference."""


@dataclass(frozen=True, slots=True)
class Share:
    """A directorate's overdue and open actions, and its part of them that is overdue, in whole per cent."""

    directorate: str
    overdue: int
    open: int

    @property
    def percent(self) -> int:
        return round(100 * self.overdue / self.open) if self.open else 0


def ageing(late: Sequence[tuple[int, bool]]) -> tuple[Bar, ...]:
    """Count the overdue in each bucket from (days late, whether it matters)."""
    return tuple(
        Bar(
            bucket.label,
            sum(bucket.holds(days) for days, _ in late),
            sum(bucket.holds(days) and matters for days, matters in late),
        )
        for bucket in BUCKETS
    )


def shares(late: Iterable[Late], open_by_directorate: Mapping[str, int]) -> tuple[Share, ...]:
    """Set each directorate's overdue actions against its open ones, in the order of their names."""
    overdue = Counter(action.directorate for action in late)
    return tuple(Share(name, overdue[name], count) for name, count in sorted(open_by_directorate.items()))


def that_matter_most(late: Iterable[L]) -> tuple[L, ...]:
    """Return the ten with the greatest score times days late (policy 9.3), then the latest, then by reference."""
    ranked = sorted(late, key=lambda action: (-action.urgency, -action.days_late, action.reference))
    return tuple(ranked[:MATTER_MOST])


def in_order(late: Iterable[L], order: str, *, descending: bool) -> tuple[L, ...]:
    """List the overdue in one of the orders, either way, with ties by reference; an order that is none is by days."""
    by_reference = sorted(late, key=lambda action: action.reference)
    return tuple(sorted(by_reference, key=ORDERS.get(order, ORDERS["late"]), reverse=descending))


def is_wanted(action: Late, *, words: str, directorate: str, late: str, moved: str, owner: str) -> bool:
    """Tell whether an overdue action is in a filter; what is empty, and a bucket that is none, narrows nothing."""
    bucket = next((each for each in BUCKETS if each.key == late), None)
    return (
        any(words.lower() in text.lower() for text in (action.title, action.reference))
        and directorate in {"", action.directorate}
        and (bucket is None or bucket.holds(action.days_late))
        and moved in {"", str(min(action.times_moved, TWICE_OR_MORE))}
        and owner in {"", action.owner}
    )
