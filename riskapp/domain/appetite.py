"""How much risk the council is willing to bear, by category, and where a score stands against it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.refusal import Cannot, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from riskapp.domain.toml_reader import Clause, Table

LEVELS = ("averse", "minimal", "cautious", "open", "eager")
CATEGORIES = (
    "strategy",
    "governance",
    "operations",
    "legal",
    "property",
    "financial",
    "commercial",
    "people",
    "technology",
    "information",
    "security",
    "project",
    "reputational",
)  # the Orange Book's example categories (Annex 4), kept whole so that councils can be compared


class CannotPlace(Cannot):
    """The category is not one of the policy's."""


class Position(Enum):
    """Where a score stands against the appetite of its category, and the words for it."""

    WITHIN = ("within", "Within")
    ABOVE_OPTIMAL = ("above", "Above optimal")
    BEYOND_TOLERABLE = ("beyond", "Beyond tolerable")
    NOT_SET = ("unset", "Not set")

    @property
    def key(self) -> str:
        return self.value[0]

    @property
    def label(self) -> str:
        return self.value[1]

    @classmethod
    def of(cls, key: str) -> Position:
        """Return the position with this key; an unknown key is a KeyError."""
        return {position.key: position for position in cls}[key]


@dataclass(frozen=True, slots=True)
class AppetiteLevel:
    """A level of willingness: the highest score at which a risk still fits it."""

    key: str
    label: str
    meaning: str
    ceiling: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The scores up to which a category is at its best and still bearable; ``level`` is the optimal one."""

    optimal: int
    tolerable: int
    level: AppetiteLevel
    tolerable_level: AppetiteLevel


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of risk; ``limits`` is None while the council has not set its appetite for it."""

    key: str
    label: str
    meaning: str
    limits: Limits | None
    rationale: str
    approved_by: str
    approved_on: date | None


@dataclass(frozen=True, slots=True)
class Appetite:
    """The council's appetite as approved: levels from averse to eager, and every category."""

    levels: tuple[AppetiteLevel, ...]
    categories: Mapping[str, Category]
    levels_clause: Clause
    clause: Clause
    not_set_clause: Clause


class WithAppetite(Protocol):
    """The part of a policy that a rule on appetite reads."""

    @property
    def appetite(self) -> Appetite: ...


def limits(policy: WithAppetite, category: str) -> Limits | None:
    """Return the limits of a category, None where none are set; an unknown category is refused."""
    found = policy.appetite.categories.get(category)
    if found is None:
        raise CannotPlace(Refusal("category", "Choose one of the categories of the policy."))
    return found.limits


@dataclass(frozen=True, slots=True)
class Held:
    """The limits of a risk from a day on; None while the council had set none for its category."""

    on: date
    limits: Limits | None


def limits_over_time(
    policies: Sequence[tuple[date, WithAppetite]], categories: Sequence[tuple[date, str]]
) -> tuple[Held, ...]:
    """Say which limits a risk had from when on: by the policies in force, and by the categories that it was in.

    Both are given with the day from which they counted, the first first. A category that a policy does not know had no
    limits under it.
    """
    held: list[Held] = []
    for day in sorted({on for on, _ in (*policies, *categories)}):
        policy = next((each for on, each in reversed(policies) if on <= day), None)
        category = next((each for on, each in reversed(categories) if on <= day), categories[0][1])
        found = policy.appetite.categories.get(category) if policy else None
        if policy and (not held or held[-1].limits != (found and found.limits)):
            held.append(Held(day, found.limits if found else None))
    return tuple(held)


def position(policy: WithAppetite, category: str, score: int) -> Position:
    """Place a score against the appetite of its category: a score at a limit is still inside it."""
    found = limits(policy, category)
    if found is None:
        return Position.NOT_SET
    if score <= found.optimal:
        return Position.WITHIN
    if score <= found.tolerable:
        return Position.ABOVE_OPTIMAL
    return Position.BEYOND_TOLERABLE


def parse(document: Table) -> Appetite:
    """Read appetite.toml; faults go to the document's notes."""
    scale = document.table("levels")
    levels_clause = scale.clause()
    levels = tuple(_level(table) for table in scale.tables("level"))
    scale.done()
    if tuple(level.key for level in levels) != LEVELS:
        scale.fault("level", "expected averse, minimal, cautious, open and eager, in this order.")
    if any(low.ceiling > high.ceiling for low, high in pairwise(levels)):
        scale.fault("level", "expected each ceiling to be no lower than the one before.")
    unset = document.table("not_set")
    not_set_clause = unset.clause()
    unset.done()
    by_key = {level.key: level for level in levels}
    categories = {}
    for table in document.tables("category"):
        category = _category(table, by_key)
        categories[category.key] = category
        table.done()
    if tuple(categories) != CATEGORIES:
        document.fault("category", f"expected the thirteen categories once each: {', '.join(CATEGORIES)}.")
    return Appetite(levels, categories, levels_clause, document.clause(), not_set_clause)


def _level(table: Table) -> AppetiteLevel:
    level = AppetiteLevel(
        table.key("key"), table.text("label"), table.text("meaning"), table.integer("ceiling", at_least=1)
    )
    table.done()
    return level


def _category(table: Table, levels: Mapping[str, AppetiteLevel]) -> Category:
    key, label, meaning = table.key("key"), table.text("label"), table.text("meaning")
    if table.one_of("appetite", ("set", "not set")) == "not set":
        return Category(key, label, meaning, None, table.text("rationale"), "", None)
    optimal = levels.get(table.one_of("optimal", tuple(levels)))
    tolerable = levels.get(table.one_of("tolerable", tuple(levels)))
    found = None
    if optimal and tolerable:
        found = Limits(optimal.ceiling, tolerable.ceiling, optimal, tolerable)
        if optimal.ceiling > tolerable.ceiling:
            table.fault("tolerable", "expected a level no lower than the optimal one.")
    return Category(
        key,
        label,
        meaning,
        found,
        table.text("rationale"),
        table.text("approved_by"),
        table.day("approved_on"),
    )
