"""How long the record of changes keeps what it says, by kind, and under which clause it is erased.

The numbers are the policy's (retention.toml, chapter 14). What is kept for good has no kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.domain.audit import Event
from riskapp.domain.reviews import Interval

if TYPE_CHECKING:
    from datetime import date

    from riskapp.domain.toml_reader import Clause, Table

NEVER = frozenset({"trail", "policy"})
"""Subjects of which nothing is personal, or that the chain itself is checked by."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of entry: which events are of it, for how many years they say what they say, and whose choice that is."""

    key: str
    clause: Clause
    years: int
    events: tuple[Event, ...]
    is_choice: bool

    def last_day(self, on: date) -> date:
        """The latest day whose entries are due for erasure on a day."""
        return Interval(-12 * self.years, "months").after(on)


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """The clause of erasure on request, and the kinds of entry with their years."""

    request: Clause
    kinds: tuple[Kind, ...]


def parse(document: Table) -> RetentionRules:
    """Read retention.toml; faults go to the document's notes."""
    subjects = {each.partition(":")[0] for each in Event} - NEVER
    request = document.table("request")
    kinds, known = [], set[str]()
    for table in document.tables("kind"):
        named = table.texts("subjects")
        for name in named:
            if name not in subjects:
                table.fault("subjects", f'expected kinds of thing that entries are about, found "{name}".')
            elif name in known:
                table.fault("subjects", f'expected each once, found "{name}" twice.')
        known.update(named)
        events = tuple(each for each in Event if each.partition(":")[0] in named)
        is_choice = table.one_of("basis", ("choice", "law")) == "choice"
        if not is_choice:
            table.text("source")
        years = table.integer("years", at_least=1, at_most=100)
        kinds.append(Kind(table.key("key"), table.clause(), years, events, is_choice))
        table.done()
    rules = RetentionRules(request.clause(), tuple(kinds))
    request.done()
    return rules
