"""The policy's matrix and scales as a page draws them: heat map, preview, level grids, score chips."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup
from wtforms import Field, Form

from riskapp.domain import appetite
from riskapp.domain.geometry.matrix import Matrix, MatrixCell
from riskapp.domain.policy import Policy
from riskapp.domain.scoring import Rating
from riskapp.web import drawings
from riskapp.web.filters import band

BASES = (("inherent", "Inherent", "no controls"), ("current", "Current", "today"), ("target", "Target", "plan done"))


@dataclass(frozen=True, slots=True)
class Step:
    """A level of a scale with its word and what it means."""

    level: int
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A cell of the matrix; `appetite` is a position's key where the category is known."""

    score: int
    rating: Rating
    count: int = 0
    url: str | None = None
    appetite: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the matrix: its likelihood and its cells, the mildest impact first."""

    level: int
    label: str
    cells: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """The matrix, the most likely row first."""

    impacts: tuple[Step, ...]
    rows: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a level grid: a basis and the field that takes its level."""

    basis: str
    title: str
    note: str
    field: Field


def grid(
    policy: Policy,
    *,
    category: str | None = None,
    counts: Mapping[tuple[int, int], int] | None = None,
    url: Callable[[int, int], str] | None = None,
) -> Grid:
    """Lay the matrix out, with counts and links for a heat map, or with a category's appetite for a preview."""
    scheme = policy.scoring

    def place(likelihood: int, impact: int) -> Place:
        scored = scheme.cell(likelihood, impact)
        position = appetite.position(policy, category, scored.score).key if category else None
        number = (counts or {}).get((likelihood, impact), 0)
        return Place(scored.score, scored.rating, number, url(likelihood, impact) if url else None, position)

    return Grid(
        impacts=tuple(Step(value, _impact_word(policy, value)) for value in scheme.impacts),
        rows=tuple(
            Line(level.value, level.word, tuple(place(level.value, impact) for impact in scheme.impacts))
            for level in sorted(scheme.likelihood, key=lambda level: -level.value)
        ),
    )


def drawn(made: Grid) -> drawings.Drawing[Matrix]:
    """The same matrix as a picture."""
    rows = tuple(
        (
            row.label,
            tuple(MatrixCell(cell.count, cell.score, cell.rating.label, band(cell.rating)) for cell in row.cells),
        )
        for row in made.rows
    )
    return drawings.heat_map(Matrix(rows, tuple(impact.label for impact in made.impacts)))


def likelihoods(policy: Policy) -> tuple[Step, ...]:
    """The policy's levels of likelihood with what each means."""
    return tuple(Step(level.value, level.word, level.meaning) for level in policy.scoring.likelihood)


def impacts(policy: Policy) -> tuple[Step, ...]:
    """The levels of impact; each says what it means for every kind, and style shows the kind that is chosen."""
    return tuple(
        Step(value, _impact_word(policy, value), Markup("").join(_meanings(policy, value)))
        for value in policy.scoring.impacts
    )


def _meanings(policy: Policy, value: int) -> list[Markup]:
    said = []
    for number, dimension in enumerate(policy.scoring.dimensions, start=1):
        if level := dimension.level(value):
            said.append(
                Markup('<span class="kind kind--{}"><span class="kind__name">{}: </span>{}</span>').format(
                    number, dimension.label, level.meaning
                )
            )
    return said


def _impact_word(policy: Policy, value: int) -> str:
    words = (dimension.level(value) for dimension in policy.scoring.dimensions)
    return next(level.word for level in words if level)


def columns(form: Form, axis: str) -> tuple[Column, ...]:
    """The bases of which the form has a field for the axis, as a level grid shows them."""
    return tuple(
        Column(basis, title, note, form[f"{basis}_{axis}"]) for basis, title, note in BASES if f"{basis}_{axis}" in form
    )
