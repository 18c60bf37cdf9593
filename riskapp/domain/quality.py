"""Whether a risk is well kept: what a good reader would ask of it, as advice and never as a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.actions import WithActions
from riskapp.domain.reviews import WithReviews
from riskapp.domain.statement import advise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from riskapp.domain.toml_reader import Clause


class WithQuality(WithActions, WithReviews, Protocol):
    """The part of a policy that these questions read."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How a risk is kept on a day: its scores, its next review, whether an open action is in date, and its words.

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


@dataclass(frozen=True, slots=True)
class Nudge:
    """A question to the owner; ``deed`` is what answers it: "action", "review", "score" or None for the words."""

    words: str
    clause: Clause | None = None
    deed: str | None = None


WORSE_THAN_ALONE = (
    "The score is higher today than with no controls at all. One of the two is wrong.",
    "The score is lower today than if nobody had done anything. One of the two is wrong.",
)


def nudges(policy: WithQuality, kept: Kept, on: date) -> tuple[Nudge, ...]:
    """Return what to ask, the most pressing first; nothing where the risk is well kept."""
    return (*_duties(policy, kept, on), *_scores(kept, on), *_statement(kept))


def _duties(policy: WithQuality, kept: Kept, on: date) -> Iterator[Nudge]:
    if not kept.is_open:
        return
    if kept.next_review_on and kept.next_review_on < on:
        days = (on - kept.next_review_on).days
        late = "1 day" if days == 1 else f"{days} days"
        yield Nudge(f"Its review is {late} late.", policy.reviews.clauses[kept.rating], "review")
    if kept.rating in policy.actions.plan_ratings and not kept.has_action_in_date:
        yield Nudge("No action is in date.", policy.actions.plan_clause, "action")


def _scores(kept: Kept, on: date) -> Iterator[Nudge]:
    better = int.__gt__ if kept.is_gain else int.__lt__
    if better(kept.inherent, kept.current):
        yield Nudge(WORSE_THAN_ALONE[kept.is_gain], deed="score")
    if kept.target == kept.current:
        yield Nudge("The target is where the risk stands today. Say what the plan is for, or lower it.", deed="score")
    elif better(kept.current, kept.target):
        yield Nudge("The target is worse than today. Set it again.", deed="score")
    elif kept.is_open and kept.target_on and kept.target_on < on:
        yield Nudge("The day for the target has passed.", deed="score")


def _statement(kept: Kept) -> Iterator[Nudge]:
    said = advise(" ".join(kept.causes), kept.event, " ".join(kept.consequences))
    yield from (Nudge(advice.message) for advice in said)
