"""A risk's drawings: its score over time, its ruler of appetite, and its statement as a bow-tie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from riskapp.domain import appetite
from riskapp.domain.geometry.bow_tie import BowTie, Branch
from riskapp.domain.geometry.ruler import Appetite
from riskapp.domain.geometry.score_chart import Aim, Bounds, Scored, ScoreHistory
from riskapp.web import drawings
from riskapp.web.filters import band

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from riskapp.domain.appetite import Held
    from riskapp.domain.policy import Policy
    from riskapp.domain.scoring import Rating


class Kept(Protocol):
    """A score as it was kept."""

    @property
    def basis(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def score(self) -> int: ...
    @property
    def effective_on(self) -> date: ...
    @property
    def target_on(self) -> date | None: ...


def chart(
    assessed: Sequence[Kept], limits: Sequence[Held], policy: Policy, rating: Rating, on: date, *, is_past: bool = False
) -> drawings.Drawing[ScoreHistory]:
    """The steps of the current score, oldest first, against the limits, the targets and the forecasts as set."""
    held = [each for each in assessed if each.state == "in_force"]
    return drawings.score_over_time(
        ScoreHistory(
            history=tuple(Scored(each.effective_on, each.score) for each in held if each.basis == "current"),
            highest=policy.scoring.top_score,
            today=on,
            band=band(rating),
            targets=_aims(held, "target"),
            forecasts=_aims(held, "forecast"),
            appetite=tuple(
                Bounds(each.on, each.limits.optimal, each.limits.tolerable)
                if each.limits
                else Bounds(each.on, None, None)
                for each in limits
            ),
            is_past=is_past,
        )
    )


def _aims(held: Sequence[Kept], basis: str) -> tuple[Aim, ...]:
    return tuple(
        Aim(each.effective_on, each.score, each.target_on) for each in held if each.basis == basis and each.target_on
    )


def ruler(
    policy: Policy, category: str, now: Kept, target: Kept, rating: Rating, *, is_past: bool = False
) -> drawings.Drawing[Appetite] | None:
    """Now and target between the limits of the category; None where the council has set none."""
    limits = appetite.limits(policy, category) if category in policy.appetite.categories else None
    if limits is None:
        return None
    top = policy.scoring.top_score
    return drawings.appetite_scale(
        Appetite(limits.optimal, limits.tolerable, top, now.score, band(rating), target.score, is_past)
    )


def bow_tie(causes: Sequence[str], event: str, consequences: Sequence[str]) -> drawings.Drawing[BowTie]:
    """Causes, event and consequences; no line claims a control or the lack of one while controls are not kept."""
    return drawings.statement_bow_tie(
        BowTie(tuple(Branch(text) for text in causes), event, tuple(Branch(text) for text in consequences))
    )
