"""Facts of the organisation that rules ask about: units, posts and who answers for a post today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
