"""The policy's matrix as a template needs it: rows from the most likely down, cells from the mildest impact up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.domain.geometry import matrix
from riskapp.web.filters import band

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from riskapp.domain.scoring import Rating, Scheme

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell: how many stand here, its score and rating, where its list is, and how it stands to appetite if asked."""

    count: int
    score: int
    rating: Rating
    url: str
    appetite: str | None


@dataclass(frozen=True, slots=True)
class GridRow:
    """A likelihood and its cells."""

    level: int
    label: str
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, slots=True)
class GridImpact:
    """An impact that heads a column."""

    level: int
    label: str


@dataclass(frozen=True, slots=True)
class Grid:
    """What the macros heat_map and score_preview draw."""

    impacts: tuple[GridImpact, ...]
    rows: tuple[GridRow, ...]


def grid(
    scheme: Scheme,
    counts: Mapping[Pair, int] | None = None,
    *,
    address: Callable[[int, int], str] | None = None,
    position: Callable[[int], str] | None = None,
) -> Grid:
    """Lay the matrix out; counts are by (likelihood, impact), address gives a cell its list, position its appetite key.

    Columns take the words of the policy's first dimension, since the matrix knows impacts by number only.
    """
    words = {level.value: level.word for level in scheme.dimensions[0].levels}

    def cell(likelihood: int, impact: int) -> GridCell:
        scored = scheme.cell(likelihood, impact)
        return GridCell(
            count=(counts or {}).get((likelihood, impact), 0),
            score=scored.score,
            rating=scored.rating,
            url=address(likelihood, impact) if address else "",
            appetite=position(scored.score) if position else None,
        )

    likelihoods = sorted(scheme.likelihood, key=lambda level: level.value, reverse=True)
    return Grid(
        impacts=tuple(GridImpact(impact, words.get(impact, "")) for impact in scheme.impacts),
        rows=tuple(
            GridRow(level.value, level.word, tuple(cell(level.value, impact) for impact in scheme.impacts))
            for level in likelihoods
        ),
    )


def mirrored(scheme: Scheme | None) -> Grid | None:
    """Lay out the matrix of opportunities with the greatest benefit first, as in a glass; None where there is none."""
    if scheme is None:
        return None
    plain = grid(scheme)
    rows = tuple(GridRow(row.level, row.label, tuple(reversed(row.cells))) for row in plain.rows)
    return Grid(tuple(reversed(plain.impacts)), rows)


def drawn(laid_out: Grid) -> matrix.Matrix:
    """The same grid as facts for the drawing, on a page or on paper."""
    return matrix.Matrix(
        rows=tuple((row.label, tuple(_drawn_cell(cell) for cell in row.cells)) for row in laid_out.rows),
        impacts=tuple(impact.label for impact in laid_out.impacts),
    )


def _drawn_cell(cell: GridCell) -> matrix.MatrixCell:
    return matrix.MatrixCell(cell.count, cell.score, cell.rating.label, band(cell.rating))
