"""The life of a risk: when it may be merged, opened again or moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.domain.refusal import Cannot, Refusal

if TYPE_CHECKING:
    from riskapp.domain.toml_reader import Clause, Table


class CannotMerge(Cannot):
    """One of the two is not open, or was merged itself, or they are not alike in what is withheld of them."""


@dataclass(frozen=True, slots=True)
class LifeRules:
    """Chapter 18 of the policy."""

    reopening_clause: Clause
    merging_clause: Clause
    moving_clause: Clause


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
    for name in ("reopening", "merging", "moving"):
        table = document.table(name)
        clauses[f"{name}_clause"] = table.clause()
        table.done()
    return LifeRules(**clauses)
