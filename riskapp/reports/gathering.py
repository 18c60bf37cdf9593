"""From the rows of a day to the facts of a paper: what is listed, how it stood before, and how late it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskapp.domain.bodies import role_words
from riskapp.domain.calendar import CannotCountWorkingTime, local_day, working_days_between
from riskapp.domain.escalation import acknowledge_by
from riskapp.domain.publication import EXEMPT, PUBLIC, UNDECIDED, Decision, strictest
from riskapp.reports.dates import short_day
from riskapp.reports.pack_data import (
    Ageing,
    AnswerCount,
    Body,
    Departure,
    Escalation,
    OverdueAction,
    PackData,
    Position,
    Risk,
    Score,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from riskapp.domain.pack_source import ActionRow, DeskRow, Scored, Source, Standing
    from riskapp.domain.policy import Policy

POSITIONS: Final[dict[str, Position]] = {"within": "Within", "above": "Above", "beyond": "Beyond"}
SPANS: Final = (("1 to 30 days", 30), ("31 to 60 days", 60), ("61 to 90 days", 90), ("91 to 180 days", 180))
LONGEST: Final = "Over 180 days"
LONG: Final = 90
"""Days after which an action is very late, as the paper's bars show it."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """For whom and when a paper is: `decided_on` is the day on which it is made, `last_on` that of the last figures."""

    council: str
    committee: str
    held_on: date
    as_at: date
    decided_on: date
    report_of: str
    last_on: date | None = None
    next_on: date | None = None
    is_illustrative: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A risk of the paper with the row it comes from, and where it stood against appetite in the last paper."""

    row: Standing
    risk: Risk
    was_position: Position | None = None


class Gathering:
    """Takes from the rows what one part of a pack may hold. `before` is Part 1 of the last pack, where there is one.

    What a part may hold is decided by the stricter of then and now; what is left out is not counted either.
    """

    def __init__(self, source: Source, occasion: Occasion, policy: Policy, before: PackData | None) -> None:
        self.source, self.occasion, self.policy, self.before = source, occasion, policy, before
        self._printed = Counter(risk.title for risk in before.risks) if before else Counter()
        self._decided: dict[int, Decision | None] = {}
        self._risks_printed = {risk.title: risk for risk in before.risks} if before else {}

    def decision(self, entity_id: int) -> Decision | None:
        if entity_id not in self._decided:
            made = self.source.decisions.get(entity_id, ())
            found = strictest(made, then=self.occasion.as_at, now=self.occasion.decided_on)
            self._decided[entity_id] = found  # many sections ask of the same risk
        return self._decided[entity_id]

    def level(self, entity_id: int) -> str:
        found = self.decision(entity_id)
        return found.level if found else UNDECIDED

    def listed(self, *, is_exempt: bool = False) -> tuple[Listed, ...]:
        """List the open risks of a part, the highest score first, numbered afresh."""
        levels = EXEMPT if is_exempt else {PUBLIC}
        rows = [
            (row, now)
            for row in self.source.risks
            if row.status == "open"
            and self.level(row.risk_id) in levels
            and (now := self.source.score(row.risk_id, "current", self.occasion.as_at))
        ]
        rows.sort(key=lambda each: (-each[1].score, each[0].title, each[0].reference))
        return tuple(self._listed(item, *each, is_exempt=is_exempt) for item, each in enumerate(rows, start=1))

    def _listed(self, item: int, row: Standing, now: Scored, *, is_exempt: bool) -> Listed:
        as_at, category = self.occasion.as_at, self.policy.appetite.categories.get(row.category)
        limits = category.limits if category else None
        inherent, target = (self.source.score(row.risk_id, basis, as_at) for basis in ("inherent", "target"))
        was, position = self.before_of(row.risk_id, is_exempt=is_exempt)
        risk = Risk(
            item=item,
            title=row.title,
            category=category.label if category else row.category.capitalize(),
            directorate=self.source.directorate(row.unit_path),
            owner=row.owner,
            now=self.score(now),
            inherent=self.score(inherent) if inherent else None,
            was=was,
            target=self.score(target) if target else None,
            target_on=target.target_on if target else None,
            position=POSITIONS.get(now.position, "Not set"),
            content_to=limits.optimal if limits else None,
            limit=limits.tolerable if limits else None,
            next_review_on=self.source.reviews.get(row.risk_id),
            why=_reason(was, now),
        )
        return Listed(row, risk, position)

    def score(self, scored: Scored) -> Score:
        labels = {rating.key: rating.label for rating in self.policy.scoring.ratings}
        label = labels.get(scored.rating, scored.rating.replace("_", " ").capitalize())
        return Score(scored.likelihood, scored.impact, scored.score, label)

    def before_of(self, risk_id: int, *, is_exempt: bool = False) -> tuple[Score | None, Position | None]:
        """Say how a risk stood in the last paper: as that paper printed it, or else as it was on that day."""
        last_on, then = self.occasion.last_on, self.source.risks_before.get(risk_id)
        if last_on is None or then is None or then.status != "open":
            return None, None
        if not is_exempt and self.before and self._printed[then.title] <= 1:
            printed = self._risks_printed.get(then.title)
            return (printed.now, printed.position) if printed else (None, None)
        made = strictest(self.source.decisions.get(risk_id, ()), then=last_on, now=self.occasion.decided_on)
        scored = self.source.score(risk_id, "current", last_on)
        if scored is None or made is None or made.level not in (EXEMPT if is_exempt else {PUBLIC}):
            return None, None
        return self.score(scored), POSITIONS.get(scored.position, "Not set")

    def departures(self) -> tuple[Departure, ...]:
        """List the public risks of the last paper that are closed now."""
        gone = []
        for row in self.source.risks:
            if row.status == "closed" and self.level(row.risk_id) == PUBLIC:
                was, _position = self.before_of(row.risk_id)
                if was:
                    gone.append(Departure(row.title, was, self.source.closing.get(row.risk_id, "")))
        return tuple(sorted(gone, key=lambda each: (-each.was.score, each.title)))

    def departed_beyond(self) -> int:
        """Count those among them that were beyond appetite."""
        closed = (row for row in self.source.risks if row.status == "closed" and self.level(row.risk_id) == PUBLIC)
        return sum(self.before_of(row.risk_id)[1] == "Beyond" for row in closed)

    def overdue(self, listed: Sequence[Listed]) -> tuple[OverdueAction, ...]:
        """List the late actions of public risks, by the policy's order: score times days late."""
        by_id, as_at = {each.row.risk_id: each.risk for each in listed}, self.occasion.as_at
        late = []
        for action in self._public_actions():
            if days := action.days_late(as_at):
                risks = [by_id[risk_id] for risk_id in action.risk_ids if risk_id in by_id]
                worst = min(risks, key=lambda risk: risk.item, default=None)
                item, score = (worst.item, worst.now.score) if worst else (None, None)
                made = OverdueAction(action.title, action.owner, action.promised(as_at), item, score)
                late.append((-days * (score or 1), action.title, made))
        return tuple(made for *_order, made in sorted(late, key=lambda each: each[:2]))

    def _public_actions(self) -> Iterable[ActionRow]:
        """An action is as public as the strictest of the risks it treats, unless a decision on it is stricter."""
        for action in self.source.actions:
            own = self.decision(action.action_id)
            levels = [self.level(risk_id) for risk_id in action.risk_ids]
            if levels and all(level == PUBLIC for level in levels) and (own is None or own.level == PUBLIC):
                yield action

    def ageing(self) -> tuple[Ageing, ...]:
        """Count the late actions by how late they are, now and then."""
        now = self._by_span(self.occasion.as_at)
        was: dict[str, int] = {}
        if self.before:
            was = {age.label: age.now for age in self.before.ageing} or dict.fromkeys(now, 0)
        elif self.occasion.last_on:
            was = self._by_span(self.occasion.last_on)
        ends = dict(SPANS)
        return tuple(Ageing(label, now[label], was.get(label), ends.get(label, LONG + 1) > LONG) for label in now)

    def _by_span(self, on: date) -> dict[str, int]:
        late = [days for action in self._public_actions() if (days := action.days_late(on))]
        labels = [next((label for label, end in SPANS if days <= end), LONGEST) for days in late]
        return {label: labels.count(label) for label in (*dict(SPANS), LONGEST)}

    def escalations(self, listed: Sequence[Listed]) -> tuple[Escalation, ...]:
        """List the cases that were live at the end of the day, the late ones first."""
        by_id, live = {each.row.risk_id: each.risk for each in listed}, []
        for desk in self.source.desks:
            if desk.risk_id in by_id and desk.was_live(self.occasion.as_at):
                risk, (words, is_late) = by_id[desk.risk_id], self._time_left(local_day(desk.due_at))
                since = local_day(desk.arrived_at)
                live.append(Escalation(risk.title, desk.post, since, words, is_late, risk.item))
        return tuple(sorted(live, key=lambda case: (not case.is_late, case.since, case.item or 0, case.held_by)))

    def _time_left(self, due_on: date) -> tuple[str, bool]:
        as_at, calendar = self.occasion.as_at, self.policy.calendar
        is_late = due_on < as_at
        try:
            days = working_days_between(calendar, min(due_on, as_at), max(due_on, as_at))
        except CannotCountWorkingTime:
            return f"{'was due' if is_late else 'until'} {short_day(due_on)}", is_late
        if not days:
            return ("late by less than a working day", True) if is_late else ("ends today", False)
        return f"{days} working day{'s' * (days != 1)} {'late' if is_late else 'left'}", is_late

    def answers(self) -> tuple[AnswerCount, ...]:
        """Count, tier by tier, how the public escalations since the last paper were answered."""
        tiers, hours_a_day = self.policy.escalation.tiers, self.policy.calendar.hours_a_day
        counts = []
        for tier in tiers:
            desks = [desk for desk in self._reached() if desk.tier == tier.key]
            if desks:
                days = tier.acknowledge_hours / hours_a_day
                limit = f"{days:g} working day{'s' * (days != 1)}"
                in_time = sum(self._in_time(desk) for desk in desks)
                up = sum(desk.state == "expired" and not desk.was_live(self.occasion.as_at) for desk in desks)
                counts.append(AnswerCount(tier.label, limit, len(desks), in_time, up))
        return tuple(counts)

    def _reached(self) -> Iterable[DeskRow]:
        start = self.occasion.last_on
        for desk in self.source.desks:
            day = local_day(desk.arrived_at)
            is_since = (start is None or day > start) and day <= self.occasion.as_at
            if is_since and desk.state != "withdrawn" and self.level(desk.risk_id) == PUBLIC:
                yield desk

    def _in_time(self, desk: DeskRow) -> bool:
        answered: datetime | None = desk.answered_at()
        if answered is None or local_day(answered) > self.occasion.as_at:
            return False
        try:
            return answered <= acknowledge_by(self.policy, desk.tier, desk.arrived_at)
        except CannotCountWorkingTime:
            return answered <= desk.due_at

    def bodies(self, listed: Sequence[Listed]) -> tuple[Body, ...]:
        """List the external bodies; the council's interests are published, so only a decision keeps one out."""
        items = {each.row.risk_id: each.risk.item for each in listed}
        found = []
        for row in self.source.bodies:
            made = self.decision(row.body_id)
            if made is None or made.level == PUBLIC:
                behind = tuple(sorted(items[risk_id] for risk_id in row.risk_ids if risk_id in items))
                role, dates = role_words(row.roles), (row.next_review_on, row.last_review_on)
                found.append(Body(row.name, role, row.interest, row.lead, *dates, behind))
        return tuple(found)


def _reason(was: Score | None, now: Scored) -> str:
    """Say why a score moved, and which half of it where the reason does not; nothing where nothing moved."""
    if was is None:
        return now.rationale
    if (was.likelihood, was.impact) == (now.likelihood, now.impact):
        return ""
    if any(half in now.rationale.lower() for half in ("likelihood", "impact")):
        return now.rationale
    halves = [("likelihood", was.likelihood, now.likelihood), ("impact", was.impact, now.impact)]
    moved = " and ".join(f"{half} went from {old} to {new}" for half, old, new in halves if old != new)
    said = f"{moved[:1].upper()}{moved[1:]}."
    return f"{said} {now.rationale}" if now.rationale else said
