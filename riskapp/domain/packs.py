"""When a committee's papers must be open: clear days before the meeting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.calendar import WithCalendar, add_working_days

if TYPE_CHECKING:
    from datetime import date

    from riskapp.domain.toml_reader import Clause, Table


@dataclass(frozen=True, slots=True)
class PackRules:
    """How many clear days papers lie open before a meeting, and the clause that says so."""

    clear_days: int
    clause: Clause


class WithPacks(WithCalendar, Protocol):
    """The part of a policy that a rule on packs reads."""

    @property
    def packs(self) -> PackRules: ...


def papers_open_by(policy: WithPacks, meeting_on: date) -> date:
    """Return the last day on which papers of a meeting can be published.

    Neither that day nor the meeting's counts, nor a day when the council does not work. Source: five clear
    days, Local Government Act 1972 section 100B as amended for England by SI 2002/715.
    """
    return add_working_days(policy.calendar, meeting_on, -(policy.packs.clear_days + 1))


def parse(document: Table) -> PackRules:
    """Read packs.toml; faults go to the document's notes."""
    table = document.table("papers")
    rules = PackRules(table.integer("clear_days", at_least=1, at_most=60), table.clause())
    table.done()
    return rules
