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
from riskapp.features.audit import service as audit
from riskapp.features.policy import queries as policies
from riskapp.features.policy.queries import InForce
from riskapp.features.tolerances import service as tolerances
from riskapp.models.database import db
from riskapp.models.risks import Assessment, AssessmentImpact, Risk, RiskStanding

FIRST_BASES = ("inherent", "current", "target")
SEVERITY = (Position.WITHIN.key, Position.ABOVE_OPTIMAL.key, Position.BEYOND_TOLERABLE.key)


class CannotScoreRisk(Cannot):
    """The risk is not in a state to be scored, or the score waits for somebody."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A likelihood and the level on each dimension of impact, why, and for a target by when."""

    likelihood: int
    impacts: Mapping[str, int]
    rationale: str = ""
    target_on: date | None = None


def check(basis: str, judgement: Judgement | None, policy: InForce) -> list[Refusal]:
    """List what is wrong with a judgement, if anything; fields are `<basis>_likelihood` and `<basis>_impact`."""
    if judgement is None:
        return [Refusal(f"{basis}_likelihood", f"Choose the {basis} likelihood and impact")]
    try:
        scoring.score(policy.policy.scoring, judgement.likelihood, judgement.impacts)
    except scoring.CannotScore as no:
        return [
            Refusal(f"{basis}_{'likelihood' if reason.field == 'likelihood' else 'impact'}", reason.message)
            for reason in no.refusals
        ]
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
    scored = scoring.score(policy.policy.scoring, judgement.likelihood, judgement.impacts)
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
        position=appetite.position(policy.policy, risk.category, scored.score).key,
        target_on=judgement.target_on,
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


def score(risk: Risk, basis: str, judgement: Judgement, *, by: Actor, at: datetime, on: date) -> Assessment:
    """Append an assessment; a current score that falls across an appetite line is only proposed.

    Refused for a closed risk and off the policy's scales; the field names are those of `check`.
    """
    if risk.status == "closed":
        raise CannotScoreRisk(Refusal(None, "This risk is closed. Open it again before scoring it"))
    policy = policies.in_force(on=on)
    if refusals := check(basis, judgement, policy):
        raise CannotScoreRisk(*refusals)
    before = _hold(risk)
    held = db.session.get_one(Assessment, getattr(before, f"{basis}_id"))
    waits = basis == "current" and risk.status == "open" and _falls_across_the_line(risk, held, judgement, policy)
    row = assess(risk, basis, judgement, policy, by=by, at=at, on=on, state="proposed" if waits else "in_force")
    audit.record(
        Event.RISK_SCORED,
        by=by,
        at=at,
        subject_id=risk.id,
        post_id=risk.owner_post_id if risk.owner_post_id in by.post_ids else None,
        before={basis: held.score},
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
    levels = select(AssessmentImpact).where(AssessmentImpact.assessment_id == row.id)
    impacts = {each.dimension: each.level for each in db.session.scalars(levels)}
    policy = policies.in_force(on=on)
    was = db.session.get_one(Assessment, held.current_id).score
    judgement = Judgement(row.likelihood, impacts, row.rationale, row.target_on)
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


def _falls_across_the_line(risk: Risk, held: Assessment, judgement: Judgement, policy: InForce) -> bool:
    scored = scoring.score(policy.policy.scoring, judgement.likelihood, judgement.impacts)
    now = appetite.position(policy.policy, risk.category, scored.score).key
    return held.position in SEVERITY and now in SEVERITY and SEVERITY.index(now) < SEVERITY.index(held.position)


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
