"""The life of a risk: when it may be merged, opened again or moved, and what comes before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.calendar import WithCalendar, next_working_day
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.reviews import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from riskapp.domain.toml_reader import Clause, Table

NEAR_MISS_STATES: Mapping[str, str] = {
    "new": "To be looked at",
    "linked": "Linked to a risk",
    "logged": "Logged as a risk",
    "left": "Nothing more to do",
}
EMERGING_STATES: Mapping[str, str] = {
    "watched": "Watched",
    "promoted": "Logged as a risk",
    "dropped": "Dropped",
}


class CannotMerge(Cannot):
    """One of the two is not open, or was merged itself, or they are not alike in what is withheld of them."""


@dataclass(frozen=True, slots=True)
class LifeRules:
    """Chapter 18 of the policy."""

    reopening_clause: Clause
    merging_clause: Clause
    moving_clause: Clause
    near_misses_clause: Clause
    emerging_clause: Clause
    emerging_every: Interval
    issues_clause: Clause
    briefing_days: Mapping[str, int]
    briefing_clause: Clause
    foresight_clause: Clause
    foresight_days: int


class WithLife(WithCalendar, Protocol):
    """A policy that has a chapter on the life of a risk, or is from before it."""

    @property
    def life(self) -> LifeRules | None: ...


class CannotWatch(Cannot):
    """The policy in force has no watch list."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a risk that is being logged began as: its words and its unit."""

    key: str
    title: str
    event: str
    unit_id: int


def latest_look(policy: WithLife, on: date) -> date:
    """Return the day by which an emerging risk that was looked at on a day is looked at again (policy 18.5)."""
    if policy.life is None:
        raise CannotWatch(Refusal(None, "The policy in force has no watch list. Adopt a later version first"))
    return next_working_day(policy.calendar, policy.life.emerging_every.after(on))


def check_look(policy: WithLife, look_on: date | None, on: date, *, field: str = "look_on") -> date:
    """Refuse a next look in the past or later than the policy lets it be; no day is the latest one."""
    latest = latest_look(policy, on)
    if look_on is None:
        return latest
    if look_on < on:
        raise CannotWatch(Refusal(field, "That day has passed. Give today or a later one"))
    if look_on > latest:
        raise CannotWatch(Refusal(field, f"The policy wants a look by {latest:%-d %b %Y}. Give an earlier day"))
    return look_on


@dataclass(frozen=True, slots=True)
class Mergeable:
    """What a merger asks of a risk; `merged_into` is the reference of the one that it was merged into, if it was."""

    reference: str
    kind: str
    status: str
    merged_into: str | None = None
    exempt_groups: frozenset[str] = frozenset()
    is_existence_withheld: bool = False


def may_merge(one: Mergeable, into: Mergeable) -> None:
    """Refuse a merger that would go in a circle, lose a risk, or show to some what is withheld from them.

    What is merged is closed, and what it is merged into is open: so no chain of mergers ever comes back to its start.
    """
    if one.reference == into.reference:
        raise CannotMerge(Refusal("into", "That is this risk itself. Give the reference of the other one"))
    if one.status != "open":
        raise CannotMerge(Refusal(None, "Only an open risk is merged"))
    if into.merged_into == one.reference:
        message = f"{into.reference} was merged into this one, so this would go in a circle. Open it again first"
        raise CannotMerge(Refusal("into", message))
    if into.merged_into:
        message = f"{into.reference} was merged into {into.merged_into}. Give {into.merged_into}"
        raise CannotMerge(Refusal("into", message))
    if into.status != "open":
        raise CannotMerge(Refusal("into", f"{into.reference} is {_state(into)}. Give the reference of an open risk"))
    if one.kind != into.kind:
        raise CannotMerge(Refusal("into", f"This is {_a(one.kind)}, and {into.reference} is {_a(into.kind)}"))
    if _withheld(one) != _withheld(into):
        message = "Not the same is withheld of the two. Have the proper officer decide on both alike first"
        raise CannotMerge(Refusal("into", message))


def _withheld(risk: Mergeable) -> tuple[frozenset[str], bool]:
    return risk.exempt_groups, risk.is_existence_withheld


def _state(risk: Mergeable) -> str:
    return "a draft" if risk.status == "draft" else risk.status


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def parse(document: Table) -> LifeRules:
    """Read life.toml; faults go to the document's notes."""
    clauses = {}
    for name in ("reopening", "merging", "moving", "near_misses", "issues"):
        table = document.table(name)
        clauses[f"{name}_clause"] = table.clause()
        table.done()
    emerging = document.table("emerging")
    emerging_clause, every = emerging.clause(), Interval(emerging.integer("months", at_least=1, at_most=24), "months")
    emerging.done()
    foresight = document.table("foresight")
    foresight_clause, foresight_days = foresight.clause(), foresight.integer("days", at_least=1)
    foresight.done()
    briefing_days: dict[str, int] = {}
    briefing_clause = foresight_clause
    for table in document.tables("briefing"):
        briefing_clause, days = table.clause(), table.integer("working_days", at_least=1, at_most=60)
        briefing_days |= dict.fromkeys(table.texts("ratings"), days)
        table.done()
    return LifeRules(
        **clauses,
        emerging_clause=emerging_clause,
        emerging_every=every,
        briefing_days=briefing_days,
        briefing_clause=briefing_clause,
        foresight_clause=foresight_clause,
        foresight_days=foresight_days,
    )
