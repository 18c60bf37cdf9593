"""The heat map as a drawing; on pages its equal, and its words, is the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.domain.geometry.lettering import wrapped
from riskapp.domain.geometry.shapes import Box, Picture, Shape, Words, lettered

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES, _CELL, _GAP, _FOOT = 124.0, (92.0, 52.0), 2.0, 44.0


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """How many stand here, with the score of the cell and its band: its words and the slot of its colour."""

    count: int
    score: int
    label: str
    band: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows from the most likely down, each as (name, cells from the mildest impact up); and the impacts' names."""

    rows: tuple[tuple[str, tuple[MatrixCell, ...]], ...]
    impacts: tuple[str, ...]


def heat_map(facts: Matrix) -> Picture:
    """Cells of 92 by 52 with likelihood up and impact across."""
    width = _NAMES + (_CELL[0] + _GAP) * len(facts.impacts)
    foot = (_CELL[1] + _GAP) * len(facts.rows)
    return Picture(width, foot + _FOOT, (*_rows(facts), *_impacts(facts, foot)))


def _rows(facts: Matrix) -> Iterator[Shape]:
    for number, (name, cells) in enumerate(facts.rows):
        y = (_CELL[1] + _GAP) * number
        like = Words(0, 0, "", size=13)
        yield from lettered(wrapped(name, _NAMES - 12, 13), 0, y + _CELL[1] / 2, like=like, leading=16)
        for column, cell in enumerate(cells):
            yield from _cell(cell, _NAMES + (_CELL[0] + _GAP) * column, y)


def _cell(cell: MatrixCell, x: float, y: float) -> Iterator[Shape]:
    yield Box(x, y, *_CELL, cell.band if cell.count else f"{cell.band}-empty")
    ink = f"{cell.band}-ink" if cell.count else "ink"
    size, weight = (20, 700) if cell.count else (16, 400)
    yield Words(x + _CELL[0] / 2, y + 24, str(cell.count), ink, size, weight, "middle")
    yield Words(x + _CELL[0] / 2, y + 43, f"{cell.score} {cell.label}", ink, 12.5, 400, "middle")


def _impacts(facts: Matrix, foot: float) -> Iterator[Shape]:
    for column, name in enumerate(facts.impacts):
        x = _NAMES + (_CELL[0] + _GAP) * column + _CELL[0] / 2
        for line, text in enumerate(wrapped(name, _CELL[0] - 6, 13)):
            yield Words(x, foot + 17 + 16 * line, text, anchor="middle")
