"""Looking back: which day an address may ask for."""

from __future__ import annotations

import re
from datetime import date

from riskapp.domain.refusal import Cannot, Refusal

FIELD = "as_at"
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class CannotLookBack(Cannot):
    """The day is none, is still to come, or is before there was anything to look back to."""


def past_day(said: str, today: date) -> date | None:
    """Read a day that has gone by, as 2026-03-31; nothing said and today are no past day."""
    said = said.strip()
    if not said:
        return None
    try:
        day = date.fromisoformat(said) if _DAY.fullmatch(said) else None
    except ValueError:
        day = None
    if day is None:
        raise CannotLookBack(Refusal(FIELD, "Enter a real day as year, month and day, like 2026-03-31"))
    if day > today:
        raise CannotLookBack(Refusal(FIELD, f"{day:%-d %B %Y} is still to come. Choose today or a day before it"))
    return day if day < today else None


def not_before(day: date, *, because: str) -> CannotLookBack:
    """Refuse a day before which there is nothing."""
    return CannotLookBack(Refusal(FIELD, f"{because} on {day:%-d %B %Y}. Choose that day or a later one"))
