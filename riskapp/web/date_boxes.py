"""A date typed in three boxes, as questions on GOV.UK ask it; drawn by the macro of the same name."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import Field
from wtforms.validators import StopValidation

PARTS = ("day", "month", "year")


class DateBoxes(Field):
    """Reads name-day, name-month and name-year; `data` is a date or None, `boxes` what was typed.

    Three empty boxes are no date, which a validator may refuse; anything else that is no real date is an error.
    """

    data: date | None
    boxes: tuple[str, str, str] | None = None

    def __init__(self, label: str, validators: Any = (), *, thing: str = "date", **kwargs: Any) -> None:
        """Take the words for the date as well, for the error: "Enter a real date for the target"."""
        super().__init__(label, validators, **kwargs)
        self._thing = thing

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        super().process(formdata, *args, **kwargs)
        names = [f"{self.name}-{part}" for part in PARTS]
        if formdata is None or not any(name in formdata for name in names):
            return
        day, month, year = (str(formdata.get(name, "")).strip() for name in names)
        self.boxes = (day, month, year)
        self.raw_data = [part for part in self.boxes if part]  # what InputRequired looks at
        self.data = _date(day, month, year)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - the signature is WTForms' own
        if self.boxes and any(self.boxes) and self.data is None:
            raise StopValidation(f"Enter a real date for {self._thing}, like 31 3 2027")


def _date(day: str, month: str, year: str) -> date | None:
    if not all(part.isascii() and part.isdigit() for part in (day, month, year)) or len(year) != 4:  # noqa: PLR2004 - a year has four figures
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
