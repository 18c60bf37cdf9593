"""How dates have moved: every promise on one line of months, and how late actions are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from riskapp.reports import ink
from riskapp.reports.dates import month
from riskapp.reports.words import Style

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskapp.reports.pack_data import Ageing
    from riskapp.reports.paper import Paper

_TICKS: Final = 5
_YEAR: Final = 12
_ROW: Final = 16.5
_QUIET: Final = Style("R", 8.5, 11, ink.SECOND)


@dataclass(frozen=True, slots=True)
class Months:
    """An axis of days that the head of a column and its rows share; `today` is the day of the figures."""

    first: date
    last: date
    today: date

    def at(self, x: float, width: float, on: date) -> float:
        return x + 5 + (width - 10) * (on - self.first).days / max((self.last - self.first).days, 1)

    def ticks(self) -> Iterator[tuple[date, str]]:
        """Give at most five beginnings of months with their names, of years where the axis is long."""
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        step = next((step for step in (1, 2, 3, 6, 12, 24) if months / step <= _TICKS), 60)
        for at in range(months + 1):
            year, index = divmod(self.first.year * 12 + self.first.month - 1 + at, 12)
            on = date(year, index + 1, 1)
            if on >= self.first and (index % step == 0 if step < _YEAR else index == 0 and year % (step // _YEAR) == 0):
                yield on, month(on)[:3] if step < _YEAR else str(year)


@dataclass(frozen=True, slots=True)
class Slip:
    """A ring for the first promise, ticks for later ones, a dot for the date now, a line for today."""

    promised_on: tuple[date, ...]
    months: Months
    pad: float

    @property
    def size(self) -> float:
        return 0.0

    def height(self, _paper: Paper, _width: float) -> float:
        return 24

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        surface, mid = paper.surface, top + 7
        places = [self.months.at(x, width, on) for on in self.promised_on]
        today = self.months.at(x, width, self.months.today)
        surface.line((x, mid), (x + width, mid), 0.4, ink.RULE)
        surface.line((today, top - self.pad), (today, top + 24 + self.pad), 0.9, ink.INK)
        if len(places) > 1:
            surface.line((places[0], mid), (places[-1], mid), 2.2, ink.MID)
            surface.dot((places[0], mid), 3.3, ink.WHITE, ink.INK, 1.2)
            for place in places[1:-1]:
                surface.line((place, mid - 4.5), (place, mid + 4.5), 1.3, ink.INK)
        surface.dot((places[-1], mid), 4.2, ink.WORSE, ink.INK, 0.8)
        paper.line(x, top + 23, moved(self.promised_on), _QUIET)


@dataclass(frozen=True, slots=True)
class MonthsHead:
    """Months over a column of slips."""

    months: Months

    @property
    def size(self) -> float:
        return 0.0

    def height(self, _paper: Paper, _width: float) -> float:
        return 22

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        paper.line(x, top + 8, "Dates promised", Style("S", 8.5, 11, ink.SECOND))
        for on, name in self.months.ticks():
            paper.line(self.months.at(x, width, on), top + 19, name, _QUIET, side="c")


def moved(promised_on: Sequence[date]) -> str:
    """Say how often and how far a date has moved: "moved twice, 94 days"."""
    times = len(promised_on) - 1
    if times < 1:
        return "first date stands"
    often = {1: "once", 2: "twice"}.get(times, f"{times} times")
    return f"moved {often}, {(promised_on[-1] - promised_on[0]).days} days"


def draw_ageing(paper: Paper, ages: Sequence[Ageing], since: str) -> None:
    """Draw how many actions are late by how much, with the last pack's count as an upright mark."""
    top, names = paper.top, 82.0
    unit = (paper.width - names - 190) / max(max(age.now, age.was or 0) for age in ages)
    said = "; ".join(f"{age.label}: {age.now}" + ("" if age.was is None else f", was {age.was}") for age in ages)
    left = paper.x + names
    with paper.surface.figure(f"Overdue actions by age. {said}.", (paper.x, top), (paper.width, _ROW * len(ages))):
        for at, age in enumerate(ages):
            _draw_age(paper, age, top + at * _ROW, left, unit, since if at == 0 else "")
        paper.surface.line((left, top), (left, top + _ROW * len(ages)), 0.9, ink.INK)
    paper.gap(_ROW * len(ages))


def _draw_age(paper: Paper, age: Ageing, top: float, left: float, unit: float, since: str) -> None:
    paper.line(paper.x, top + 11.5, age.label, Style("RT", 9.5, 12))
    paper.surface.rect((left, top + 2.6), (age.now * unit, 11.3), ink.WORSE if age.is_long else ink.MID)
    x = left + max(age.now, age.was or 0) * unit + 8
    wide = paper.line(x, top + 11.8, str(age.now), Style("BT", 10.5, 13))
    if age.was is None:
        return
    mark = left + age.was * unit
    paper.surface.line((mark, top + 1), (mark, top + 15.5), 1.6, ink.INK)
    said = f"{age.was} in {since}, the upright mark" if since else str(age.was)
    paper.line(x + wide + 7, top + 11.8, said, Style("RT", 9, 12, ink.SECOND))
