"""The organisation: who answers for a post today, and what may be done to units and posts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from riskapp.domain.refusal import Cannot, Refusal

Capacity = Literal["holder", "acting", "deputy"]


@dataclass(frozen=True, slots=True)
class UnitFact:
    """A unit of the council and the unit above it; the council itself has none above."""

    id: int
    parent_id: int | None
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class PostFact:
    """A post in a unit; ``kind`` is what the escalation tiers ask for, such as "service_lead"."""

    id: int
    unit_id: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Seat:
    """Who may answer for a post on the day asked about; ``acting`` and ``deputy`` are there and not away."""

    post_id: int
    holder_person_id: int | None
    acting_person_id: int | None = None
    deputy_person_id: int | None = None
    holder_away: bool = False


@dataclass(frozen=True, slots=True)
class Sitter:
    """The person who answers for a post, and in what capacity."""

    person_id: int
    capacity: Capacity


def sitter(seat: Seat) -> Sitter | None:
    """Return who answers for the post: its holder unless away, then who acts, then the deputy, else None."""
    if seat.holder_person_id is not None and not seat.holder_away:
        return Sitter(seat.holder_person_id, "holder")
    if seat.acting_person_id is not None:
        return Sitter(seat.acting_person_id, "acting")
    if seat.deputy_person_id is not None:
        return Sitter(seat.deputy_person_id, "deputy")
    return None


STANDS_UNDER: Mapping[str, str] = {"directorate": "council", "service": "directorate", "team": "service"}
"""Each kind of unit, and the one kind it stands under; the council stands under nothing."""

KINDS = ("council", *STANDS_UNDER)
PLURALS = {"council": "councils", "directorate": "directorates", "service": "services", "team": "teams"}

MANAGED_BY = {
    "council": "chief_executive",
    "directorate": "director",
    "service": "service_lead",
    "team": "team_manager",
}
"""The kind of post that manages each kind of unit."""

CHAMPION = "risk_champion"

POST_KINDS = {
    "chief_executive": "Chief executive",
    "director": "Director",
    "service_lead": "Service lead",
    "team_manager": "Team manager",
    "risk_champion": "Risk champion",
    "officer": "Officer",
    "head_of_assurance": "Head of Assurance",
    "monitoring_officer": "Monitoring officer",
    "section_151": "Section 151 officer",
    "proper_officer": "Proper officer",
    "auditor": "Auditor",
    "administrator": "Administrator",
    "member": "Member",
    "commissioner": "Commissioner",
    "board": "Board",
}


class CannotChangeUnit(Cannot):
    """The unit may not be made, named, moved, merged, closed or opened so."""


class CannotChangePost(Cannot):
    """The post may not be made, named, closed or opened so."""


class Overtaken(Cannot):
    """The thing was changed by somebody after the page of the form was loaded."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit and its place, as far as a change of the tree asks; `path` is the line of ids from the top."""

    id: int
    kind: str
    name: str
    path: str
    opened_on: date
    closed_on: date | None = None


def place_refusals(kind: str, parent: Placed | None, *, field: str) -> list[Refusal]:
    """Say why a unit of a kind may not stand under another: the order of kinds, or because that one is closed."""
    wanted = STANDS_UNDER.get(kind)
    if wanted is None:
        return [Refusal("kind", "There is one council already. Choose directorate, service or team")]
    if parent is None:
        return [Refusal(field, f"Choose the {wanted} that the {kind} stands under")]
    if parent.kind != wanted:
        return [Refusal(field, f"A {kind} stands under a {wanted}, and {parent.name} is a {parent.kind}")]
    if parent.closed_on is not None:
        return [Refusal(field, f"{parent.name} is closed. Choose a {wanted} that is open, or reopen it first")]
    return []


def move_refusals(unit: Placed, to: Placed | None) -> list[Refusal]:
    """Say why a unit may not be moved there: not under itself, nor under what stands under it, and in order of kind."""
    if unit.kind not in STANDS_UNDER:
        return [Refusal(None, "The council is the top of the tree and cannot be moved")]
    if to is not None and to.id == unit.id:
        return [Refusal("parent", f"{unit.name} cannot be moved under itself. Choose another unit")]
    if to is not None and to.path.startswith(unit.path):
        return [Refusal("parent", f"{to.name} is part of {unit.name}, which cannot be moved under its own part")]
    return place_refusals(unit.kind, to, field="parent")


def merge_refusals(unit: Placed, into: Placed | None) -> list[Refusal]:
    """Say why a unit may not be merged into another: both are open, of one kind, and not the same."""
    if unit.kind not in STANDS_UNDER:
        return [Refusal(None, "The council cannot be merged into a unit")]
    if into is None:
        return [Refusal("into", f"Choose the {unit.kind} that takes over")]
    if into.id == unit.id:
        return [Refusal("into", f"{unit.name} cannot be merged into itself. Choose another {unit.kind}")]
    if into.kind != unit.kind:
        return [Refusal("into", f"{into.name} is a {into.kind}. A {unit.kind} merges into a {unit.kind}")]
    if into.closed_on is not None:
        return [Refusal("into", f"{into.name} is closed. Choose a {unit.kind} that is open")]
    return []


def closing_day_refusals(opened_on: date, closes_on: date, today: date) -> list[Refusal]:
    """Say why a thing cannot be closed on a day: it was not there yet, or the day is still to come."""
    if closes_on > today:
        return [
            Refusal("on", "That day is still to come. Give today or an earlier day, or close it when the day comes")
        ]
    if closes_on < opened_on:
        return [Refusal("on", f"It was opened on {opened_on:%-d %B %Y}. Give that day or a later one")]
    return []


def name_refusals(name: str, others: Mapping[str, str], *, under: str, field: str) -> list[Refusal]:
    """Say why a unit may not have a name; `others` are its would-be siblings by `same_name`, with their references."""
    if not name.strip():
        return [Refusal(field, "Enter the name of the unit")]
    if reference := others.get(same_name(name)):
        return [Refusal(field, f"{under} has a unit called {name.strip()} already ({reference}). Choose another name")]
    return []


def same_name(name: str) -> str:
    """Spell a name as it is compared: letter case and spaces aside."""
    return " ".join(name.casefold().split())
