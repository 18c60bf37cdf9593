"""What happens to a score: checked, kept, put in force, or proposed until somebody else agrees."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update

from riskapp.domain import appetite, reviews, scoring
from riskapp.domain.appetite import Position
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.toml_reader import listed
from riskapp.features.audit import service as audit
from riskapp.features.policy import queries as policies
from riskapp.features.policy.queries import InForce
from riskapp.features.tolerances import service as tolerances
from riskapp.models.database import db
from riskapp.models.risks import Assessment, AssessmentImpact, Risk, RiskStanding

FIRST_BASES = ("inherent", "current", "target")
MOST_POUNDS = 10**15
"""More than any council has: a sum beyond it was typed wrong, and no column would hold it."""
SEVERITY = (Position.WITHIN.key, Position.ABOVE_OPTIMAL.key, Position.BEYOND_TOLERABLE.key)


class CannotScoreRisk(Cannot):
    """The risk is not in a state to be scored, or the score waits for somebody."""


@dataclass(frozen=True, slots=True)
class Money:
    """What the event would cost, or an opportunity bring, in pounds: at least, most likely, at most."""

    low: int
    likely: int
    high: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """A likelihood and the level on each dimension of impact, and why; `target_on` is the day it is for, if not today.

    Confidence, proximity and velocity are keys of the policy's steps, or nothing where nobody has said.
    """

    likelihood: int
    impacts: Mapping[str, int]
    rationale: str = ""
    target_on: date | None = None
    confidence: str | None = None
    proximity: str | None = None
    velocity: str | None = None
    money: Money | None = None


def check(basis: str, judgement: Judgement | None, policy: InForce, *, kind: str = "threat") -> list[Refusal]:
    """List what is wrong with a judgement, if anything; fields are `<basis>_likelihood`, `<basis>_impact`, its own."""
    if judgement is None:
        return [Refusal(f"{basis}_likelihood", f"Choose the {basis} likelihood and impact")]
    scheme = policy.policy.scoring
    refusals = []
    try:
        scoring.score(scheme.of(kind), judgement.likelihood, judgement.impacts)
    except scoring.CannotScore as no:
        fields = {"likelihood": f"{basis}_likelihood", "kind": "kind"}
        refusals += [Refusal(fields.get(why.field or "", f"{basis}_impact"), why.message) for why in no.refusals]
    for aspect in scheme.aspects:
        said = getattr(judgement, aspect.name)
        if said and aspect.step(said) is None:
            steps = listed([step.word for step in aspect.steps], "or")
            refusals.append(Refusal(aspect.name, f"Choose a {aspect.name} of {steps}"))
    return refusals + _check_money(judgement.money)


def _check_money(money: Money | None) -> list[Refusal]:
    if money is None:
        return []
    if money.low < 0:
        return [Refusal("low_pounds", "Give a sum of nought or more")]
    if money.high > MOST_POUNDS:
        return [Refusal("high_pounds", f"Give a sum of at most £{MOST_POUNDS:,}")]
    if money.likely < money.low:
        return [
            Refusal("likely_pounds", "The likely sum is less than the least. Give one between the least and the most")
        ]
    if money.high < money.likely:
        return [Refusal("high_pounds", "The most is less than the likely sum. Give one that is at least as high")]
    return []


def assess(
    risk: Risk,
    basis: str,
    judgement: Judgement,
    policy: InForce,
    *,
    by: Actor,
    at: datetime,
    on: date,
    state: str = "in_force",
) -> Assessment:
    """Keep a judgement with the score, band and position that the policy of the day looks up for it."""
    scored, position = _placed(risk, judgement, policy)
    money = judgement.money
    sitting = by.sitting(risk.owner_post_id) or by.post
    row = Assessment(
        risk_id=risk.id,
        basis=basis,
        state=state,
        effective_on=on,
        recorded_at=at,
        likelihood=scored.likelihood,
        impact=scored.impact,
        score=scored.score,
        rating=scored.rating.key,
        position=position.key,
        target_on=_day_it_is_for(basis, judgement, policy, on),
        confidence=judgement.confidence or None,
        proximity=judgement.proximity or None,
        velocity=judgement.velocity or None,
        low_pounds=money.low if money else None,
        likely_pounds=money.likely if money else None,
        high_pounds=money.high if money else None,
        rationale=judgement.rationale.strip(),
        policy_version_id=policy.version_id,
        by_post_id=sitting.post_id if sitting else None,
        by_id=by.person_id,
    )
    db.session.add(row)
    db.session.flush()
    for dimension, level in judgement.impacts.items():
        db.session.add(AssessmentImpact(assessment_id=row.id, dimension=dimension, level=level))
    return row


def _placed(risk: Risk, judgement: Judgement, policy: InForce) -> tuple[scoring.Scored, Position]:
    """Look a judgement up: an opportunity in its own matrix, and without a limit of appetite."""
    scored = scoring.score(policy.policy.scoring.of(risk.kind), judgement.likelihood, judgement.impacts)
    if risk.kind == "opportunity":
        return scored, Position.NO_LIMIT
    return scored, appetite.position(policy.policy, risk.category, scored.score)


def _day_it_is_for(basis: str, judgement: Judgement, policy: InForce, on: date) -> date | None:
    """A forecast is for the end of the financial year; a target for the day that was said."""
    forecast = policy.policy.scoring.forecast
    return forecast.year_end(on) if basis == "forecast" and forecast else judgement.target_on


def score(risk: Risk, basis: str, judgement: Judgement, *, by: Actor, at: datetime, on: date) -> Assessment:
    """Append an assessment; a current score that falls across an appetite line is only proposed.

    Refused for a closed risk and off the policy's scales; the field names are those of `check`.
    """
    if risk.status == "closed":
        raise CannotScoreRisk(Refusal(None, "This risk is closed. Open it again before scoring it"))
    policy = policies.in_force(on=on)
    refusals = check(basis, judgement, policy, kind=risk.kind)
    if basis == "target" and judgement.target_on and judgement.target_on < on:
        refusals.append(Refusal("target_on", "The day for the target has passed. Give a later one"))
    if basis == "forecast" and policy.policy.scoring.forecast is None:
        refusals.append(Refusal(None, "The policy in force asks for no forecast"))
    if refusals:
        raise CannotScoreRisk(*refusals)
    before = _hold(risk)
    held_id = getattr(before, f"{basis}_id")
    held = db.session.get_one(Assessment, held_id) if held_id else None
    waits = basis == "current" and risk.status == "open" and _falls_across_the_line(risk, held, judgement, policy)
    row = assess(risk, basis, judgement, policy, by=by, at=at, on=on, state="proposed" if waits else "in_force")
    audit.record(
        Event.RISK_SCORED,
        by=by,
        at=at,
        subject_id=risk.id,
        post_id=risk.owner_post_id if risk.owner_post_id in by.post_ids else None,
        before={basis: held.score if held else None},
        after={basis: row.score, "state": row.state},
        why=judgement.rationale,
    )
    if not waits:
        _put_in_force(risk, before, row, policy, by=by, at=at, on=on)
    return row


def agree(row: Assessment, *, by: Actor, at: datetime, on: date) -> None:
    """Agree to a proposed score: it comes into force as a new assessment, by whoever agreed, who is not the owner."""
    risk = db.session.get_one(Risk, row.risk_id)
    held = _hold(risk)
    if row.state != "proposed" or _answered(row):
        raise CannotScoreRisk(Refusal(None, "This score does not wait for anyone. Load the page again"))
    if risk.status != "open":
        raise CannotScoreRisk(Refusal(None, "Only the score of an open risk is agreed"))
    if risk.owner_post_id in by.post_ids or row.by_id == by.person_id:
        raise CannotScoreRisk(Refusal(None, "Somebody who neither owns the risk nor proposed the score must agree"))
    policy = policies.in_force(on=on)
    was = db.session.get_one(Assessment, held.current_id).score
    judgement = judgement_of(row, levels_of(row), why=row.rationale)
    agreed = assess(risk, row.basis, judgement, policy, by=by, at=at, on=on)
    audit.record(
        Event.RISK_SCORED,
        by=by,
        at=at,
        subject_id=risk.id,
        before={row.basis: was},
        after={row.basis: agreed.score, "state": "in_force", "proposed": row.id},
        why=row.rationale,
    )
    _put_in_force(risk, held, agreed, policy, by=by, at=at, on=on)


def levels_of(row: Assessment) -> dict[str, int]:
    """Give the level of each dimension of impact that an assessment says."""
    levels = select(AssessmentImpact).where(AssessmentImpact.assessment_id == row.id)
    return {each.dimension: each.level for each in db.session.scalars(levels)}


def judgement_of(row: Assessment, impacts: Mapping[str, int], *, why: str) -> Judgement:
    """Say again what an assessment says, for another reason."""
    sums = (row.low_pounds, row.likely_pounds, row.high_pounds)
    return Judgement(
        likelihood=row.likelihood,
        impacts=impacts,
        rationale=why,
        target_on=row.target_on,
        confidence=row.confidence,
        proximity=row.proximity,
        velocity=row.velocity,
        money=None if None in sums else Money(*(pounds or 0 for pounds in sums)),
    )


def _hold(risk: Risk) -> RiskStanding:
    """Make whoever else would change the score wait for the end of this transaction, and say how it stands by now.

    The empty write is a lock that every database knows.
    """
    lock = update(RiskStanding).where(RiskStanding.risk_id == risk.id).values(risk_id=risk.id)
    db.session.execute(lock, execution_options={"synchronize_session": False})
    held = standing(risk)
    db.session.refresh(held)
    return held


def _answered(row: Assessment) -> bool:
    """Tell whether a later assessment of the same basis was made, which is how a proposal ends."""
    later = select(Assessment.id).where(
        Assessment.risk_id == row.risk_id,
        Assessment.basis == row.basis,
        Assessment.id > row.id,
    )
    return db.session.scalar(later.limit(1)) is not None


def _put_in_force(
    risk: Risk, held: RiskStanding, row: Assessment, policy: InForce, *, by: Actor, at: datetime, on: date
) -> None:
    if row.basis == "current":
        held.previous_id = held.current_id
    setattr(held, f"{row.basis}_id", row.id)
    if row.basis == "current" and risk.status == "open":
        risk.next_review_on = next_review(row, policy, on)
        escalate_if_the_policy_says(risk, row, policy, by=by, at=at, on=on)


def _falls_across_the_line(risk: Risk, held: Assessment | None, judgement: Judgement, policy: InForce) -> bool:
    now = _placed(risk, judgement, policy)[1].key
    return (
        held is not None
        and held.position in SEVERITY
        and now in SEVERITY
        and SEVERITY.index(now) < SEVERITY.index(held.position)
    )


def escalate_if_the_policy_says(
    risk: Risk, held: Assessment, policy: InForce, *, by: Actor, at: datetime, on: date
) -> None:
    """Void what an open risk's current score has outgrown; escalation then raises, joins or stands down."""
    tolerances.consider(risk, held, policy, by=by, at=at, on=on)


def next_review(held: Assessment, policy: InForce, on: date) -> date:
    """Say when a risk with this score, scored or reviewed on a day, is looked at again."""
    return reviews.next_review_on(policy.policy, held.rating, Position.of(held.position), on)


def standing(risk: Risk) -> RiskStanding:
    """Give which assessments of a risk hold now."""
    return db.session.get_one(RiskStanding, risk.id)


def current(risk: Risk) -> Assessment:
    """Give the current score that holds."""
    return db.session.get_one(Assessment, standing(risk).current_id)
