"""Worked examples of the policy, as a risk manager writes them: what is given, and what must come out."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, cast

from riskapp.domain.actions import plan_due_on
from riskapp.domain.appetite import position
from riskapp.domain.calendar import LONDON
from riskapp.domain.challenges import due_on
from riskapp.domain.escalation import Trigger, acknowledge_by, tiers_reached
from riskapp.domain.refusal import Cannot
from riskapp.domain.reviews import next_review_on
from riskapp.domain.scoring import score
from riskapp.domain.tolerances import needed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskapp.domain.policy import Policy


def mismatches(policy: Policy, example: Mapping[str, object]) -> tuple[str, ...]:
    """Compare one example with the policy: a sentence for each thing that comes out otherwise, none if right.

    ``given`` holds ``on``, ``category``, ``likelihood``, ``impact`` (kind -> level) and perhaps ``at``, a
    London time of arrival; ``expect`` any of the keys of ``outcome`` or, alone, ``refused`` with its words.
    """
    given, expect = _table(example, "given"), _table(example, "expect")
    try:
        found = outcome(policy, given)
    except Cannot as no:
        found = {"refused": str(no)}
    return tuple(
        f"{key}: expected {_words(wanted)}, found {_words(found.get(key, 'nothing of that name'))}."
        for key, wanted in expect.items()
        if found.get(key) != wanted
    )


def outcome(policy: Policy, given: Mapping[str, object]) -> dict[str, object]:
    """Say what the policy makes of a risk, in the words of the pages."""
    category, on = str(given["category"]), given["on"]
    if not isinstance(on, date):
        raise TypeError("an example is given on a date")
    impacts = cast("Mapping[str, int]", _table(given, "impact"))
    scored = score(policy.scoring, cast("int", given["likelihood"]), impacts)
    place = position(policy, category, scored.score)
    facts = Trigger(scored.score, scored.rating, place, category)
    reached, wants = tiers_reached(policy, facts), needed(policy, facts, on)
    tier = policy.escalation.tier(reached[-1].tier) if reached else None
    found: dict[str, object] = {
        "score": scored.score,
        "band": scored.rating.label,
        "appetite": place.label,
        "goes_to": tier.label if tier else "Nobody",
        "clause": reached[-1].clause.ref if reached else "None",
        "review_by": next_review_on(policy, scored.rating.key, place, on),
        "action_by": plan_due_on(policy, scored.rating.key, on) or "Not needed",
        "tolerated_by": policy.escalation.tier(wants.tier).label if wants else "Its owner",
        "tolerated_until": wants.latest if wants else "No last day",
        "answer_by": due_on(policy, on),
    }
    at = given.get("at")
    if tier and isinstance(at, datetime):
        deadline = acknowledge_by(policy, tier.key, at.replace(tzinfo=LONDON))
        found["acknowledge_by"] = deadline.astimezone(LONDON).replace(tzinfo=None)
    return found


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    return cast("Mapping[str, object]", table[key])


def _words(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
