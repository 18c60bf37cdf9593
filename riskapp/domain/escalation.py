"""What must be escalated, to which tier, under which clause; the way there is in escalation_route."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.appetite import CATEGORIES, Position
from riskapp.domain.calendar import (
    Calendar,
    WithCalendar,
    add_working_hours,
    working_hours_between,
)

if TYPE_CHECKING:
    from datetime import datetime

    from riskapp.domain.scoring import Rating
    from riskapp.domain.toml_reader import Clause, Table

WORSE_POSITIONS = {
    "above": {Position.ABOVE_OPTIMAL, Position.BEYOND_TOLERABLE},
    "beyond": {Position.BEYOND_TOLERABLE},
}


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of the route: the kind of post that sits there and the working hours it has."""

    key: str
    label: str
    post_kind: str
    acknowledge_hours: int
    decide_hours: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason to escalate to a tier: all conditions it names must hold; None or empty is no condition.

    ``score`` is the least current score; ``position`` is "above" or "beyond"; ``categories`` are keys.
    """

    tier: str
    score: int | None
    position: str | None
    categories: tuple[str, ...]
    clause: Clause


@dataclass(frozen=True, slots=True)
class Escalation:
    """The tiers from the lowest to the top, the rules that lead to them, and what happens in time."""

    tiers: tuple[Tier, ...]
    rules: tuple[Rule, ...]
    own_risk_clause: Clause
    absence_clause: Clause
    moving_up_clause: Clause
    decision_clause: Clause

    def tier(self, key: str) -> Tier:
        return next(tier for tier in self.tiers if tier.key == key)

    def rank(self, key: str) -> int:
        """Return the place of a tier: 0 is the lowest."""
        return [tier.key for tier in self.tiers].index(key)


class WithEscalation(WithCalendar, Protocol):
    """The part of a policy that a rule on escalation reads."""

    @property
    def escalation(self) -> Escalation: ...


@dataclass(frozen=True, slots=True)
class Trigger:
    """The facts of a risk or an issue as it stands, by which the policy decides where it goes.

    ``is_tolerated``: somebody with the authority bears its position for now, so that no rule on positions holds.
    """

    score: int
    rating: Rating
    position: Position
    category: str
    is_tolerated: bool = False


@dataclass(frozen=True, slots=True)
class TierDecision:
    """A tier that the facts reach: the clause that says so, any further ones, and why in a sentence."""

    tier: str
    post_kind: str
    clause: Clause
    why: str
    clauses: tuple[Clause, ...]


def tiers_reached(policy: WithEscalation, facts: Trigger) -> tuple[TierDecision, ...]:
    """Return every tier that a risk reaches, the lowest first; none if it stays where it is."""
    decisions = []
    for tier in policy.escalation.tiers:
        rules = [rule for rule in policy.escalation.rules if rule.tier == tier.key and _holds(rule, facts)]
        if rules:
            clauses = tuple(rule.clause for rule in rules)
            why = " ".join(_why(rule, facts) for rule in rules)
            decisions.append(TierDecision(tier.key, tier.post_kind, clauses[0], why, clauses))
    return tuple(decisions)


def acknowledge_by(policy: WithEscalation, tier: str, at: datetime) -> datetime:
    """Return the UTC instant by which what arrived at a tier is acknowledged, in working time."""
    return add_working_hours(policy.calendar, at, policy.escalation.tier(tier).acknowledge_hours)


def decide_by(policy: WithEscalation, tier: str, at: datetime) -> datetime:
    """Return the UTC instant by which what was acknowledged is decided, in working time."""
    return add_working_hours(policy.calendar, at, policy.escalation.tier(tier).decide_hours)


def half_time(calendar: Calendar, start: datetime, end: datetime) -> datetime:
    """Return the UTC instant at which half of the working time between two instants has gone."""
    return add_working_hours(calendar, start, working_hours_between(calendar, start, end) / 2)


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """Working time: hours left (nought when run out), until when, the share used, and the half-way instant."""

    hours: float
    until: datetime
    used: float
    half: datetime

    @property
    def words(self) -> str:
        minutes = round(self.hours * 60)
        parts = [
            f"{count} {noun}{'' if count == 1 else 's'}"
            for count, noun in ((minutes // 60, "hour"), (minutes % 60, "minute"))
            if count
        ]
        span = " ".join(parts) or "less than a minute"
        return f"{span} left" if self.hours > 0 else "The time has run out"


def time_left(calendar: Calendar, start: datetime, end: datetime, at: datetime) -> TimeLeft:
    """Say how long a desk that had from one instant to another still has."""
    whole, left = working_hours_between(calendar, start, end), working_hours_between(calendar, at, end)
    return TimeLeft(left, end, 1 - left / whole if whole else 1.0, half_time(calendar, start, end))


def _holds(rule: Rule, facts: Trigger) -> bool:
    return (
        (rule.score is None or facts.score >= rule.score)
        and (rule.position is None or (facts.position in WORSE_POSITIONS[rule.position] and not facts.is_tolerated))
        and (not rule.categories or facts.category in rule.categories)
    )


def _why(rule: Rule, facts: Trigger) -> str:
    reasons = []
    if rule.score is not None:
        reasons.append(f"its current score is {facts.score}, {facts.rating.label}")
    if rule.position is not None:
        reasons.append(f"it is {facts.position.label.lower()}")
    if rule.categories:
        reasons.append("of its category")
    sentence = " and ".join(reasons)
    return f"{sentence[0].upper()}{sentence[1:]} (policy {rule.clause.ref})."


def parse(document: Table) -> Escalation:
    """Read escalation.toml; faults go to the document's notes."""
    tiers = tuple(_tier(table) for table in document.tables("tier"))
    keys = [tier.key for tier in tiers]
    if len(set(keys)) < len(keys) or len({tier.post_kind for tier in tiers}) < len(tiers):
        document.fault("tier", "expected each key and each kind of post once.")
    rules = tuple(_rule(table, keys) for table in document.tables("rule"))
    by_score = [rule for rule in rules if rule.score and not rule.position and not rule.categories]
    ladder = sorted((rule for rule in by_score if rule.tier in keys), key=lambda rule: keys.index(rule.tier))
    if any((low.score or 0) >= (high.score or 0) for low, high in pairwise(ladder)):
        document.fault("rule", "expected each tier to need a higher score than the tier below it.")
    clauses = []
    for key in ("own_risk", "absence", "moving_up", "decision"):
        table = document.table(key)
        clauses.append(table.clause())
        table.done()
    return Escalation(tiers, rules, *clauses)


def _tier(table: Table) -> Tier:
    tier = Tier(
        key=table.key("key"),
        label=table.text("label"),
        post_kind=table.key("post_kind"),
        acknowledge_hours=table.integer("acknowledge_hours", at_least=1),
        decide_hours=table.integer("decide_hours", at_least=1),
    )
    table.done()
    return tier


def _rule(table: Table, tiers: list[str]) -> Rule:
    rule = Rule(
        tier=table.one_of("tier", tiers),
        score=table.integer("score", at_least=1) if table.has("score") else None,
        position=table.one_of("position", tuple(WORSE_POSITIONS)) if table.has("position") else None,
        categories=table.texts("categories") if table.has("categories") else (),
        clause=table.clause(),
    )
    if rule.score is None and rule.position is None and not rule.categories:
        table.fault("score", "is missing. Expected a score, a position or categories.")
    for category in rule.categories:
        if category not in CATEGORIES:
            table.fault("categories", f'expected keys of categories, found "{category}".')
    table.done()
    return rule
