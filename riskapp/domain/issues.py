"""Issues: how severe what happened is, by when Members are briefed, and whether anybody saw it coming."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from riskapp.domain import scoring
from riskapp.domain.calendar import WithCalendar, add_working_days
from riskapp.domain.life import WithLife
from riskapp.domain.refusal import Cannot, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from riskapp.domain.life import LifeRules
    from riskapp.domain.scoring import Scheme, Scored


class CannotRaiseIssue(Cannot):
    """What was given does not make an issue."""


class CannotKeepIssue(Cannot):
    """The issue is closed, or what was given says nothing."""


class WithScoring(WithLife, WithCalendar, Protocol):
    """A policy with its scales and its chapter on the life of a risk."""

    @property
    def scoring(self) -> Scheme: ...


def rules_of(policy: WithLife) -> LifeRules:
    """Give the chapter, or refuse where the policy in force is from before it."""
    if policy.life is None:
        raise CannotRaiseIssue(Refusal(None, "The policy in force says nothing of issues. Adopt a later version first"))
    return policy.life


def severity(policy: WithScoring, dimension: str, impact: int) -> Scored:
    """Look up how severe it is: the impact at the top likelihood, since it has happened (policy 18.7)."""
    top = max(level.value for level in policy.scoring.likelihood)
    try:
        return scoring.score(policy.scoring, top, {dimension: impact})
    except scoring.CannotScore as no:
        raise CannotRaiseIssue(*(Refusal("impact", reason.message) for reason in no.refusals)) from no


def brief_by(policy: WithScoring, rating: str, on: date) -> date | None:
    """Return the working day by which Members are briefed on an issue raised on a day; None where they need not be."""
    days = rules_of(policy).briefing_days.get(rating)
    return None if days is None else add_working_days(policy.calendar, on, days)


@dataclass(frozen=True, slots=True)
class Foresight:
    """What was known of an issue before it happened: since when it was on a register, and the day it happened."""

    happened_on: date
    registered_on: date | None
    directorate: str

    @property
    def days_before(self) -> int | None:
        """How long it had been on a register; None where it was on none."""
        return None if self.registered_on is None else (self.happened_on - self.registered_on).days

    def is_foreseen(self, rules: LifeRules) -> bool:
        """Say whether it was on a register long enough before (policy 18.9)."""
        days = self.days_before
        return days is not None and days >= rules.foresight_days


@dataclass(frozen=True, slots=True)
class Rate:
    """How many issues there were, how many were on a register, and how many of them long enough before."""

    issues: int = 0
    registered: int = 0
    foreseen: int = 0

    @property
    def percent(self) -> int | None:
        """The foresight rate in whole per cent, halves up; None where nothing happened."""
        return None if self.issues == 0 else (200 * self.foreseen + self.issues) // (2 * self.issues)

    def plus(self, known: Foresight, rules: LifeRules) -> Rate:
        """Count one more issue."""
        return Rate(
            self.issues + 1,
            self.registered + (known.registered_on is not None),
            self.foreseen + known.is_foreseen(rules),
        )


def rates(known: Iterable[Foresight], rules: LifeRules) -> Mapping[tuple[int, str], Rate]:
    """Count issues by the year in which they happened and by directorate."""
    found: dict[tuple[int, str], Rate] = defaultdict(Rate)
    for each in known:
        key = (each.happened_on.year, each.directorate)
        found[key] = found[key].plus(each, rules)
    return dict(sorted(found.items(), key=lambda item: (-item[0][0], item[0][1])))


def total(some: Iterable[Rate]) -> Rate:
    """Add rates up."""
    every = list(some)
    return Rate(
        sum(each.issues for each in every), sum(each.registered for each in every), sum(each.foreseen for each in every)
    )
