"""Whether a risk is well kept: what a good reader would ask of it, as advice and never as a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.actions import WithActions
from riskapp.domain.reviews import Interval, WithReviews
from riskapp.domain.statement import advise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from riskapp.domain.toml_reader import Clause, Table

CHECKS = (
    "review_overdue", "no_action", "stuck", "above_inherent", "target_no_better", "target_unreachable", "target_late",
    "no_holder", "no_objective", "statement",
)  # fmt: skip
"""Every question that can be asked, the most pressing first; the policy says which are, and in what words."""


@dataclass(frozen=True, slots=True)
class Check:
    """A question of the policy: its short name, its clause, and whether a reason answers it while the scores stand."""

    key: str
    label: str
    clause: Clause
    takes_a_reason: bool = False
    months: int = 0
    ratings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QualityRules:
    """What is asked of every register, and when a directorate's forecasts are questioned."""

    clause: Clause
    checks: Mapping[str, Check]
    forecasts_clause: Clause
    forecasts_least: int


class WithQuality(WithActions, WithReviews, Protocol):
    """The part of a policy that these questions read; one kept from before has no questions."""

    @property
    def quality(self) -> QualityRules | None: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """How a risk is kept on a day: its scores, its plan, who answers for it, and its words.

    `rating_since` is the day from which it stood in the band of today, `reasons` the checks that a reason answers.
    Of an opportunity, which is a gain, a higher score is the better one.
    """

    is_open: bool
    rating: str
    inherent: int
    current: int
    target: int
    next_review_on: date | None
    has_action_in_date: bool
    causes: tuple[str, ...]
    event: str
    consequences: tuple[str, ...]
    target_on: date | None = None
    is_gain: bool = False
    has_open_action: bool = True
    rating_since: date | None = None
    is_held: bool = True
    is_linked: bool = True
    reasons: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """A question to the owner: its check, its words, and the deed that answers it.

    ``deed`` is "action", "review", "score", "target", "words" or, where somebody else must act, None.
    """

    check: Check
    words: str
    deed: str | None


def findings(policy: WithQuality, kept: Kept, on: date) -> tuple[Finding, ...]:
    """Return what to ask of a risk, the most pressing first; nothing where it is well kept (policy chapter 17)."""
    rules = policy.quality
    if rules is None:
        return ()
    asked = (
        Finding(rules.checks[key], words, deed)
        for key, words, deed in (*_duties(policy, rules, kept, on), *_scores(kept, on), *_record(kept))
        if key in rules.checks and key not in kept.reasons
    )
    return tuple(sorted(asked, key=lambda finding: CHECKS.index(finding.check.key)))


Asked = tuple[str, str, str | None]


def _duties(policy: WithQuality, rules: QualityRules, kept: Kept, on: date) -> Iterator[Asked]:
    if not kept.is_open:
        return
    if kept.next_review_on and kept.next_review_on < on:
        days = (on - kept.next_review_on).days
        late = "1 day" if days == 1 else f"{days} days"
        yield "review_overdue", f"Its review is {late} late.", "review"
    if kept.rating in policy.actions.plan_ratings and not kept.has_action_in_date and not kept.is_gain:
        yield "no_action", "No action is in date.", "action"
    if kept.rating_since and _is_stuck(rules, kept, on):
        yield "stuck", f"It has stood in this band since {kept.rating_since:%-d %B %Y}.", "score"
    if not kept.is_held:
        yield "no_holder", "Nobody is in the post that owns it.", None


def _is_stuck(rules: QualityRules, kept: Kept, on: date) -> bool:
    stuck = rules.checks.get("stuck")
    if stuck is None or kept.is_gain or kept.rating_since is None or kept.rating not in stuck.ratings:
        return False
    return Interval(stuck.months, "months").after(kept.rating_since) <= on


WORSE_THAN_ALONE = (
    "The score is higher today than with no controls at all. One of the two is wrong, or there is a reason.",
    "The score is lower today than if nobody had done anything. One of the two is wrong, or there is a reason.",
)


def _scores(kept: Kept, on: date) -> Iterator[Asked]:
    better = int.__gt__ if kept.is_gain else int.__lt__
    if better(kept.inherent, kept.current):
        yield "above_inherent", WORSE_THAN_ALONE[kept.is_gain], "score"
    if kept.target == kept.current:
        words = "The target is where the risk stands today. Say what the plan is for, or set it again."
        yield "target_no_better", words, "target"
    elif better(kept.current, kept.target):
        yield "target_no_better", "The target is worse than today. Set it again.", "target"
    else:
        if kept.is_open and not kept.has_open_action:
            yield "target_unreachable", "No action is left to be done, and the target is not reached.", "action"
        if kept.is_open and kept.target_on and kept.target_on < on:
            yield "target_late", "The day for the target has passed.", "target"


def _record(kept: Kept) -> Iterator[Asked]:
    if not kept.is_linked:
        yield "no_objective", "It says of no Direction, outcome or objective that it threatens it.", "words"
    said = advise(" ".join(kept.causes), kept.event, " ".join(kept.consequences))
    yield from (("statement", advice.message, "words") for advice in said)


@dataclass(frozen=True, slots=True)
class Outturn:
    """What was forecast for the end of a year, and what came about: both scores, and the one when it was forecast."""

    was: int
    forecast: int
    came: int

    @property
    def fell(self) -> bool:
        """Whether the forecast was lower than the score of its day."""
        return self.forecast < self.was

    @property
    def came_true(self) -> bool:
        """Whether the score was no higher than forecast when the year ended."""
        return self.came <= self.forecast


def is_hopeful(rules: QualityRules, outturns: tuple[Outturn, ...]) -> bool:
    """Say whether enough forecasts fell, and none of them came true (policy 17.12)."""
    falling = [each for each in outturns if each.fell]
    return len(falling) >= rules.forecasts_least and not any(each.came_true for each in falling)


def parse(document: Table) -> QualityRules:
    """Read quality.toml; faults go to the document's notes."""
    checks = {}
    for table in document.tables("check"):
        check = Check(
            key=table.one_of("key", CHECKS),
            label=table.text("label"),
            clause=table.clause(),
            takes_a_reason=table.flag("takes_a_reason"),
            months=table.integer("months", at_least=1) if table.has("months") else 0,
            ratings=table.texts("ratings") if table.has("ratings") else (),
        )
        if check.key == "stuck" and not (check.months and check.ratings):
            table.fault("months", "expected the months and the ratings after which a risk is stuck.")
        if check.key in checks:
            table.fault("key", "expected each check once.")
        checks[check.key] = check
        table.done()
    forecasts = document.table("forecasts")
    rules = QualityRules(document.clause(), checks, forecasts.clause(), forecasts.integer("least", at_least=1))
    forecasts.done()
    return rules
