"""What the policy says of changing many risks at once: how many, how long it can be undone, and asking their owners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riskapp.domain.toml_reader import Clause, Table


@dataclass(frozen=True, slots=True)
class RegisterRules:
    """How many risks at once, for how long it can be undone, and the clauses that say so."""

    most: int
    many_clause: Clause
    undo_within: timedelta
    undo_clause: Clause
    chase_clause: Clause


def parse(document: Table) -> RegisterRules:
    """Read registers.toml; faults go to the document's notes."""
    many, undo, chase = (document.table(key) for key in ("many", "undo", "chase"))
    rules = RegisterRules(
        most=many.integer("most", at_least=1),
        many_clause=many.clause(),
        undo_within=timedelta(hours=undo.integer("hours", at_least=1)),
        undo_clause=undo.clause(),
        chase_clause=chase.clause(),
    )
    for table in (many, undo, chase):
        table.done()
    return rules
