"""What the app roles that a sign-in provider names bring here, and why some bring nothing (access.toml, 2.5)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from riskapp.domain.access import MappedRole


class Outcome(StrEnum):
    """What came of an app role: every role that the policy maps it to, or less, and for want of what."""

    BRINGS = "brings"
    NO_LINE = "no_line"
    NO_UNIT = "no_unit"

    @property
    def words(self) -> str:
        """It in words, as a list shows it."""
        return OUTCOMES[self]


OUTCOMES = {
    Outcome.BRINGS: "Brings its role",
    Outcome.NO_LINE: "Nothing: the policy does not name it",
    Outcome.NO_UNIT: "Nothing: its unit is not there",
}


def outcome(app_role: str, lines: Iterable[MappedRole], units: Collection[str]) -> Outcome:
    """Say what comes of an app role, `units` being what the lines may name: the references of the open units."""
    named = [line.unit for line in lines if line.app_role == app_role]
    if not named:
        return Outcome.NO_LINE
    return Outcome.BRINGS if all(unit in units for unit in named) else Outcome.NO_UNIT


def units_missing(app_role: str, lines: Iterable[MappedRole], units: Collection[str]) -> tuple[str, ...]:
    """Give the units that the lines of an app role name and that are not there."""
    return tuple(line.unit for line in lines if line.app_role == app_role and line.unit not in units)
