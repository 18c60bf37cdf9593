"""The rows that a pack is made from, and what they say of a day: the same rows stand behind every figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.domain.actions import Status
from riskapp.domain.calendar import local_day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from riskapp.domain.publication import Decision


@dataclass(frozen=True, slots=True)
class Scored:
    """An assessment in force from a day on."""

    effective_on: date
    likelihood: int
    impact: int
    score: int
    rating: str
    position: str
    target_on: date | None
    rationale: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A risk's words and duties as they stood on a day."""

    risk_id: int
    reference: str
    title: str
    status: str
    category: str
    unit_path: str
    owner: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action with its promises (day made, day due) and updates (day, status), and the risks it treats."""

    action_id: int
    title: str
    owner: str
    status: str
    promises: tuple[tuple[date, date], ...]
    updates: tuple[tuple[date, str], ...]
    risk_ids: tuple[int, ...]

    def promised(self, on: date) -> tuple[date, ...]:
        """Give the due dates promised up to a day, the first first."""
        return tuple(due for made, due in self.promises if made <= on)

    def days_late(self, on: date) -> int:
        """Count the days by which the action was late on a day; nought if it was in time, done or not yet promised."""
        promised = self.promised(on)
        return max((on - promised[-1]).days, 0) if promised and self._was_open(on) else 0

    def _was_open(self, on: date) -> bool:
        said = [status for day, status in self.updates if day <= on]
        status = said[-1] if said else Status.AGREED if self.updates else self.status
        return Status(status).is_open


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A desk that a case has stood on; instants in UTC."""

    risk_id: int
    title: str
    tier: str
    post: str
    state: str
    arrived_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None
    left_at: datetime | None

    def was_live(self, on: date) -> bool:
        """Tell whether the case stood on this desk at the end of a day."""
        return local_day(self.arrived_at) <= on and (self.left_at is None or local_day(self.left_at) > on)

    def answered_at(self) -> datetime | None:
        """Give the instant of the first answer; None where there was none and the case moved on by itself."""
        return self.acknowledged_at or (None if self.state in {"expired", "withdrawn"} else self.left_at)


@dataclass(frozen=True, slots=True)
class BodyRow:
    """An external body as the pack lists it."""

    body_id: int
    name: str
    roles: tuple[str, ...]
    interest: str
    lead: str
    next_review_on: date
    last_review_on: date | None
    risk_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Every row that a pack's figures come from, read once: what stands in one figure stands in all."""

    risks: tuple[Standing, ...]
    risks_before: Mapping[int, Standing]
    scores: Mapping[tuple[int, str], tuple[Scored, ...]]
    reviews: Mapping[int, date | None]
    closing: Mapping[int, str]
    decisions: Mapping[int, tuple[Decision, ...]]
    directorates: tuple[tuple[str, str], ...]
    actions: tuple[ActionRow, ...]
    desks: tuple[DeskRow, ...]
    bodies: tuple[BodyRow, ...]

    def score(self, risk_id: int, basis: str, on: date) -> Scored | None:
        """Give the assessment of a basis in force on a day."""
        found = [each for each in self.scores.get((risk_id, basis), ()) if each.effective_on <= on]
        return found[-1] if found else None

    def held_since(self, risk_id: int, on: date) -> date:
        """Say since when a risk has had the rating it has on a day."""
        history = [each for each in self.scores[risk_id, "current"] if each.effective_on <= on]
        since = history[-1].effective_on
        for each in reversed(history):
            if each.rating != history[-1].rating:
                break
            since = each.effective_on
        return since

    def directorate(self, unit_path: str) -> str:
        """Name the directorate that a unit belongs to; the council's own units belong to none."""
        return next((name for path, name in self.directorates if unit_path.startswith(path)), "Corporate")
