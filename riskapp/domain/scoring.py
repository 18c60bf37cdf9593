"""How a risk is scored: likelihood and impact are looked up in the policy's matrix, never multiplied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise, product
from typing import TYPE_CHECKING, Literal

from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.toml_reader import Clause, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskapp.domain.toml_reader import Table


Kind = Literal["threat", "opportunity"]
ASPECTS = ("confidence", "proximity", "velocity")
BASES = ("inherent", "current", "target", "forecast")


class CannotScore(Cannot):
    """The likelihood or an impact is not on the policy's scales."""


@dataclass(frozen=True, slots=True)
class Rating:
    """A band of the matrix: ``rank`` 1 is the mildest, ``of`` how many there are; a gain is a band of opportunities."""

    key: str
    label: str
    rank: int
    of: int
    is_gain: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """A step of a scale: its value on the matrix, its word and what the word means."""

    value: int
    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Dimension:
    """A kind of harm with its own scale of levels, mildest first."""

    key: str
    label: str
    levels: tuple[Level, ...]

    def level(self, value: int) -> Level | None:
        return next((level for level in self.levels if level.value == value), None)


@dataclass(frozen=True, slots=True)
class Cell:
    """What the matrix says of one pair of likelihood and impact."""

    score: int
    rating_key: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A score as the policy gives it: the impact is the one that decided."""

    likelihood: int
    impact: int
    score: int
    rating: Rating


@dataclass(frozen=True, slots=True)
class Step:
    """A step of what goes with a score, such as how sure of it one is."""

    key: str
    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Aspect:
    """Something that goes with a score without entering it: its steps, the least first, and its clause."""

    name: str
    steps: tuple[Step, ...]
    clause: Clause

    def step(self, key: str | None) -> Step | None:
        """Find a step by its key; None for a key that only an earlier policy knew."""
        return next((step for step in self.steps if step.key == key), None)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The day of the year for which a score is forecast."""

    month: int
    day: int
    clause: Clause

    def year_end(self, on: date) -> date:
        """Give the end of the financial year that a day is in."""
        this_year = date(on.year, self.month, self.day)
        return this_year if on <= this_year else date(on.year + 1, self.month, self.day)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A council's way of scoring: scales, ratings and the matrix that joins them, all of it data.

    ``combine`` says how impacts of several kinds make one: "highest" takes the worst. ``aspects``, the forecast and
    the scheme of opportunities are younger than the rest: a policy kept from before has none.
    """

    likelihood: tuple[Level, ...]
    dimensions: tuple[Dimension, ...]
    ratings: tuple[Rating, ...]
    matrix: Mapping[tuple[int, int], Cell]
    combine: str
    clause: Clause
    likelihood_clause: Clause
    impact_clause: Clause
    matrix_clause: Clause
    aspects: tuple[Aspect, ...] = ()
    forecast: Forecast | None = None
    opportunity: Scheme | None = None

    def of(self, kind: str) -> Scheme:
        """Give the scheme by which a threat or an opportunity is scored; refused where the policy has none."""
        if kind == "threat":
            return self
        if self.opportunity is None:
            raise CannotScore(Refusal("kind", "The policy in force does not say how an opportunity is scored."))
        return self.opportunity

    @property
    def impacts(self) -> tuple[int, ...]:
        """Every impact value of the matrix, mildest first."""
        return tuple(sorted({impact for _, impact in self.matrix}))

    @property
    def top_score(self) -> int:
        return max(cell.score for cell in self.matrix.values())

    def rating(self, key: str) -> Rating:
        return next(rating for rating in self.ratings if rating.key == key)

    def dimension(self, key: str) -> Dimension | None:
        return next((dimension for dimension in self.dimensions if dimension.key == key), None)

    def level(self, likelihood: int) -> Level | None:
        return next((level for level in self.likelihood if level.value == likelihood), None)

    def cell(self, likelihood: int, impact: int) -> Scored:
        """Look up one pair of values; anything off the matrix is CannotScore."""
        cell = self.matrix.get((likelihood, impact))
        if cell is None:
            message = f"Likelihood {likelihood} with impact {impact} is not on the council's matrix."
            raise CannotScore(Refusal(None, message))
        return Scored(likelihood, impact, cell.score, self.rating(cell.rating_key))


def score(scheme: Scheme, likelihood: int, impacts: Mapping[str, int]) -> Scored:
    """Score a likelihood and the impact chosen in one or more dimensions, by lookup in the matrix.

    Refuses a value off its scale, an unknown dimension and no impact at all; fields are "likelihood",
    "impacts" or the dimension's key. Source: the scoring clauses of the policy.
    """
    refusals = tuple(_off_the_scales(scheme, likelihood, impacts))
    if refusals:
        raise CannotScore(*refusals)
    return scheme.cell(likelihood, max(impacts.values()))


def _off_the_scales(scheme: Scheme, likelihood: int, impacts: Mapping[str, int]) -> list[Refusal]:
    refusals = []
    if scheme.level(likelihood) is None:
        options = listed([str(level.value) for level in scheme.likelihood], "or")
        refusals.append(Refusal("likelihood", f"Choose a likelihood of {options}."))
    if not impacts:
        refusals.append(Refusal("impacts", "Choose an impact of at least one kind."))
    for key, value in impacts.items():
        dimension = scheme.dimension(key)
        if dimension is None:
            kinds = listed([known.label for known in scheme.dimensions])
            refusals.append(Refusal(key, f"There is no such kind of impact. The policy has {kinds}."))
        elif dimension.level(value) is None:
            options = listed([str(level.value) for level in dimension.levels], "or")
            refusals.append(Refusal(key, f"Choose an impact of {options} for {dimension.label}."))
    return refusals


def parse(document: Table) -> Scheme:
    """Read scoring.toml; faults go to the document's notes."""
    chance = document.table("likelihood")
    likelihood = _levels(chance)
    likelihood_clause = chance.clause()
    chance.done()
    threats = _scheme(document, likelihood, likelihood_clause)
    aspects = tuple(_aspect(name, document.table(name)) for name in ASPECTS if document.has(name))
    return replace(
        threats,
        aspects=aspects,
        forecast=_forecast(document.table("forecast")) if document.has("forecast") else None,
        opportunity=_opportunity(document, threats, aspects),
    )


def _scheme(
    document: Table, likelihood: tuple[Level, ...], likelihood_clause: Clause, *, is_gain: bool = False
) -> Scheme:
    ratings = _ratings(document, is_gain=is_gain)
    harm = document.table("impact")
    combine = harm.one_of("combine", ("highest",))
    impact_clause = harm.clause()
    dimensions = tuple(_dimension(table) for table in harm.tables("dimension"))
    harm.done()
    grid = document.table("matrix")
    matrix = _matrix(grid, likelihood, ratings)
    columns = {impact for _, impact in matrix}
    for dimension in dimensions:
        if strays := [str(level.value) for level in dimension.levels if level.value not in columns]:
            harm.fault(f"dimension {dimension.key}", f"{listed(strays)} is not an impact of the matrix.")
    return Scheme(
        likelihood,
        dimensions,
        ratings,
        matrix,
        combine,
        clause=document.clause(),
        likelihood_clause=likelihood_clause,
        impact_clause=impact_clause,
        matrix_clause=grid.clause(),
    )


def _opportunity(document: Table, threats: Scheme, aspects: tuple[Aspect, ...]) -> Scheme | None:
    """Read the scheme of opportunities; its bands have the keys of the others, so that one frequency serves both."""
    if not document.has("opportunity"):
        return None
    table = document.table("opportunity")
    scheme = _scheme(table, threats.likelihood, threats.likelihood_clause, is_gain=True)
    table.done()
    if [rating.key for rating in scheme.ratings] != [rating.key for rating in threats.ratings]:
        table.fault("rating", "expected the keys of the ratings of threats, in the same order.")
    return replace(scheme, aspects=aspects)


def _aspect(name: str, table: Table) -> Aspect:
    steps = []
    for row in table.tables("step"):
        steps.append(Step(row.key("key"), row.text("word"), row.text("meaning")))
        row.done()
    if len({step.key for step in steps}) < len(steps):
        table.fault("step", "expected each key once.")
    aspect = Aspect(name, tuple(steps), table.clause())
    table.done()
    return aspect


def _forecast(table: Table) -> Forecast:
    month, day = table.integer("month", at_least=1, at_most=12), table.integer("day", at_least=1, at_most=31)
    forecast = Forecast(month, day, table.clause())
    table.done()
    try:
        forecast.year_end(date(2026, 1, 1))
    except ValueError:
        table.fault("day", f"expected a day that every year has, found {day} of month {month}.")
    return forecast


def _ratings(document: Table, *, is_gain: bool) -> tuple[Rating, ...]:
    tables = document.tables("rating")
    ratings = []
    for rank, table in enumerate(tables, start=1):
        ratings.append(Rating(table.key("key"), table.text("label"), rank, len(tables), is_gain))
        table.done()
    if len({rating.key for rating in ratings}) < len(ratings):
        document.fault("rating", "expected each key once.")
    return tuple(ratings)


def _dimension(table: Table) -> Dimension:
    dimension = Dimension(table.key("key"), table.text("label"), _levels(table))
    table.done()
    return dimension


def _levels(table: Table) -> tuple[Level, ...]:
    levels = []
    for row in table.tables("level"):
        levels.append(Level(row.integer("value", at_least=1), row.text("word"), row.text("meaning")))
        row.done()
    if any(low.value >= high.value for low, high in pairwise(levels)):
        table.fault("level", "expected the levels from the mildest to the worst, each value once.")
    return tuple(levels)


def _matrix(grid: Table, likelihood: tuple[Level, ...], ratings: tuple[Rating, ...]) -> dict[tuple[int, int], Cell]:
    impacts = grid.integers("impacts")
    matrix: dict[tuple[int, int], Cell] = {}
    for row in grid.tables("row"):
        chance = row.integer("likelihood", at_least=1)
        scores, keys = row.integers("scores"), row.texts("ratings")
        if not len(scores) == len(keys) == len(impacts):
            row.fault("scores", f"expected {len(impacts)} scores and {len(impacts)} ratings, one an impact.")
        for impact, value, key in zip(impacts, scores, keys, strict=False):
            matrix[chance, impact] = Cell(value, key)
            if key not in {rating.key for rating in ratings}:
                row.fault("ratings", f'expected the key of a rating, found "{key}".')
        row.done()
    if {chance for chance, _ in matrix} != {level.value for level in likelihood}:
        grid.fault("row", "expected one row for each level of likelihood.")
    elif not grid.notes.faults:
        _refuse_a_fall(grid, matrix, ratings)
    return matrix


def _refuse_a_fall(grid: Table, matrix: Mapping[tuple[int, int], Cell], ratings: tuple[Rating, ...]) -> None:
    """A worse pair must not come out milder: such a matrix would reward making a risk worse."""
    rank = {rating.key: rating.rank for rating in ratings}
    chances, impacts = (sorted(set(axis)) for axis in zip(*matrix, strict=True))
    steps = [((a, i), (b, i)) for (a, b), i in product(pairwise(chances), impacts)]
    steps += [((c, a), (c, b)) for c, (a, b) in product(chances, pairwise(impacts))]
    for mild, bad in steps:
        lower, upper = matrix[mild], matrix[bad]
        if upper.score < lower.score or rank[upper.rating_key] < rank[lower.rating_key]:
            grid.fault(
                f"row of likelihood {bad[0]}",
                f"impact {bad[1]} comes out milder than likelihood {mild[0]} with impact {mild[1]}.",
            )
