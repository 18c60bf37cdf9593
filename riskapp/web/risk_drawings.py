"""A risk's drawings: its score over time, its ruler of appetite, and its statement as a bow-tie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from riskapp.domain import appetite
from riskapp.domain.geometry.bow_tie import BowTie, Branch
from riskapp.domain.geometry.ruler import Appetite
from riskapp.domain.geometry.score_chart import Scored, ScoreHistory
from riskapp.web import drawings
from riskapp.web.filters import band

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from riskapp.domain.policy import Policy
    from riskapp.domain.scoring import Rating, Scheme


class Kept(Protocol):
    """A score as it was kept."""

    @property
    def score(self) -> int: ...
    @property
    def effective_on(self) -> date: ...
    @property
    def target_on(self) -> date | None: ...


def limits(policy: Policy, category: str, kind: str) -> appetite.Limits | None:
    """The limits that a risk is held against: none for an opportunity, and none where the council has set none."""
    if kind == "opportunity" or category not in policy.appetite.categories:
        return None
    return appetite.limits(policy, category)


def chart(
    scheme: Scheme,
    limits: appetite.Limits | None,
    history: Sequence[Kept],
    target: Kept,
    rating: Rating,
    on: date,
) -> drawings.Drawing[ScoreHistory]:
    """The steps of the current score, oldest first, against the limits of its category and the target."""
    return drawings.score_over_time(
        ScoreHistory(
            history=tuple(Scored(each.effective_on, each.score) for each in history),
            highest=scheme.top_score,
            today=on,
            band=band(rating),
            target=Scored(target.target_on, target.score) if target.target_on else None,
            optimal=limits.optimal if limits else None,
            tolerable=limits.tolerable if limits else None,
        )
    )


def ruler(
    scheme: Scheme, limits: appetite.Limits | None, now: Kept, target: Kept, rating: Rating
) -> drawings.Drawing[Appetite] | None:
    """Now and target between the limits of the category; None where there are none."""
    if limits is None:
        return None
    return drawings.appetite_scale(
        Appetite(limits.optimal, limits.tolerable, scheme.top_score, now.score, band(rating), target.score)
    )


def bow_tie(causes: Sequence[str], event: str, consequences: Sequence[str]) -> drawings.Drawing[BowTie]:
    """Causes, event and consequences; no line claims a control or the lack of one while controls are not kept."""
    return drawings.statement_bow_tie(
        BowTie(tuple(Branch(text) for text in causes), event, tuple(Branch(text) for text in consequences))
    )
