"""What a public paper may hold: only what somebody has decided is public, then and now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

PUBLIC, UNDECIDED = "public", "internal"
LEVELS = (PUBLIC, UNDECIDED, "sensitive", "exempt", "withheld")
"""From the freest to the strictest; what nobody has decided is internal."""
EXEMPT = frozenset({"exempt", "withheld"})
"""Levels whose place is Part 2 (Local Government Act 1972, Schedule 12A)."""
FIELD_GROUPS: Mapping[str, str] = {
    "all": "all of it",
    "title": "its title",
    "statement": "its causes, event and consequences",
    "assessment": "its scores and why they were given",
    "plan": "its treatment and its actions",
}
"""The groups of fields that are classified apart; what is decided of `all` counts for each of them."""
PARTS = frozenset(FIELD_GROUPS) - {"all"}


def exempt_parts(levels: Mapping[str, str]) -> frozenset[str]:
    """Name the groups that are exempt where each of some groups has a level; a strict word on all reaches each."""
    if levels.get("all") in EXEMPT:
        return PARTS
    return frozenset(group for group, level in levels.items() if level in EXEMPT)


@dataclass(frozen=True, slots=True)
class Withheld:
    """The groups of a thing's fields that are exempt, and whether even its existence is withheld."""

    groups: frozenset[str] = frozenset()
    existence: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on one group of a thing's fields, in force from a day until the next on the same group."""

    field_group: str
    level: str
    from_on: date
    paragraphs: str | None = None
    reason: str | None = None
    decided_by: str | None = None
    review_on: date | None = None


def strictest(decisions: Iterable[Decision], *, then: date, now: date) -> Decision | None:
    """Give the strictest decision in force on either day; None where nobody had decided on one of them.

    A thing is published as a whole: one group of fields that is withheld keeps all of it out.
    """
    made = sorted(decisions, key=lambda decision: decision.from_on)
    found = [_in_force(made, on) for on in (then, now)]
    if not all(found):
        held = [decision for some in found for decision in some if decision.level != PUBLIC]
        return max(held, key=_rank, default=None)
    return max((decision for some in found for decision in some), key=_rank)


def _in_force(made: Iterable[Decision], on: date) -> tuple[Decision, ...]:
    latest = {decision.field_group: decision for decision in made if decision.from_on <= on}
    return tuple(latest.values())


def _rank(decision: Decision) -> int:
    return LEVELS.index(decision.level)
