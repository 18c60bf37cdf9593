"""Days in words: the same in any locale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def day(on: date) -> str:
    """Write a day for a sentence: 18 December 2026."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def weekday(on: date) -> str:
    """Write a day with its name: Thursday 10 December 2026."""
    return f"{_DAYS[on.weekday()]} {day(on)}"


def short_day(on: date) -> str:
    """Write a day for a table: 18 Dec 2026."""
    return f"{on.day} {_MONTHS[on.month - 1][:3]} {on.year}"


def month(on: date) -> str:
    """Name a month: September."""
    return _MONTHS[on.month - 1]


def short_month(on: date) -> str:
    """Write a month for a table: Mar 2028."""
    return f"{_MONTHS[on.month - 1][:3]} {on.year}"
