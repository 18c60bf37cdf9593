"""What happens to a risk: drafted, opened, scored, reviewed, closed; each time the policy decides and history grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import delete, select

from riskapp.domain import appetite, reviews, scoring
from riskapp.domain.appetite import Position
from riskapp.domain.audit import Event
from riskapp.domain.escalation import Trigger
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.audit import service as audit
from riskapp.features.escalation import service as escalation
from riskapp.features.policy import queries as policies
from riskapp.features.policy.queries import InForce
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link, new_entity
from riskapp.models.people import Post, Unit
from riskapp.models.risks import (
    Assessment,
    AssessmentImpact,
    Review,
    Risk,
    RiskCause,
    RiskConsequence,
    RiskStanding,
    RiskVersion,
)

FIRST_BASES = ("inherent", "current", "target")


class CannotDraft(Cannot):
    """What was given does not make a risk."""


class CannotOpen(Cannot):
    """The risk is not a draft."""


class CannotScoreRisk(Cannot):
    """The risk is not in a state to be scored, or the score waits for somebody."""


class CannotReview(Cannot):
    """The risk is not open, or nothing was said."""


class CannotClose(Cannot):
    """The risk is not open, or no reason was given."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A risk in words: its title and the causes, event and consequences of the Orange Book."""

    title: str
    causes: tuple[str, ...]
    event: str
    consequences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A likelihood and the level on each dimension of impact, why, and for a target by when."""

    likelihood: int
    impacts: Mapping[str, int]
    rationale: str = ""
    target_on: date | None = None


@dataclass(frozen=True, slots=True)
class NewRisk:
    """All that a draft needs; `judgements` has one for each of inherent, current and target."""

    statement: Statement
    category: str
    unit_id: int
    owner_post_id: int
    judgements: Mapping[str, Judgement]
    link_ids: Sequence[int] = ()
    treatment: str = "treat"
    treatment_why: str = ""
    submission_key: str | None = None
    extra_links: Mapping[int, str] = field(default_factory=dict)


def draft(new: NewRisk, *, by: Actor, at: datetime, on: date) -> Risk:
    """Keep a risk as a draft with its first assessments; the same submission posted twice is the same risk."""
    if new.submission_key:
        known = db.session.scalars(select(Risk).where(Risk.submission_key == new.submission_key)).first()
        if known is not None and known.drafted_by_id == by.person_id:
            return known
    policy = policies.in_force(on=on)
    _check(new, policy)
    entity = new_entity(db.session(), "risk", new.statement.title)
    sitting = by.post
    risk = Risk(
        id=entity.id,
        unit_id=new.unit_id,
        owner_post_id=new.owner_post_id,
        drafted_by_post_id=sitting.post_id if sitting else None,
        drafted_by_id=by.person_id,
        category=new.category,
        kind="threat",
        status="draft",
        event=new.statement.event,
        treatment=new.treatment,
        treatment_why=new.treatment_why,
        drafted_on=on,
        submission_key=new.submission_key,
    )
    db.session.add(risk)
    db.session.flush()
    _keep_statement(risk, new.statement)
    for to_id in dict.fromkeys(new.link_ids):
        db.session.add(Link(from_id=risk.id, to_id=to_id, kind="threatens"))
    for to_id, kind in new.extra_links.items():
        db.session.add(Link(from_id=risk.id, to_id=to_id, kind=kind))
    kept = {basis: _assess(risk, basis, new.judgements[basis], policy, by=by, at=at, on=on) for basis in FIRST_BASES}
    db.session.flush()
    db.session.add(
        RiskStanding(
            risk_id=risk.id,
            inherent_id=kept["inherent"].id,
            current_id=kept["current"].id,
            target_id=kept["target"].id,
        )
    )
    _keep_version(risk, entity, new.statement, at=at, on=on)
    audit.record(
        Event.RISK_DRAFTED,
        by=by,
        at=at,
        subject_id=risk.id,
        after={"title": entity.name, "score": kept["current"].score, "category": risk.category},
    )
    return risk


def _check(new: NewRisk, policy: InForce) -> None:
    refusals: list[Refusal] = []
    if not new.statement.title.strip():
        refusals.append(Refusal("title", "Give the risk a title"))
    if not new.statement.event.strip():
        refusals.append(Refusal("event", "Say what might happen"))
    if new.category not in policy.policy.appetite.categories:
        refusals.append(Refusal("category", "Choose one of the 13 categories"))
    unit = db.session.get(Unit, new.unit_id)
    if unit is None or unit.closed_on is not None:
        refusals.append(Refusal("unit", "Choose a team or unit of the council"))
    owner = db.session.get(Post, new.owner_post_id)
    if owner is None or owner.closed_on is not None:
        refusals.append(Refusal("owner", "Choose the post that owns the risk"))
    for basis in FIRST_BASES:
        refusals.extend(_check_judgement(basis, new.judgements.get(basis), policy))
    if refusals:
        raise CannotDraft(*refusals)


def _check_judgement(basis: str, judgement: Judgement | None, policy: InForce) -> list[Refusal]:
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


def _assess(
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
        rationale=judgement.rationale,
        policy_version_id=policy.version_id,
        by_post_id=sitting.post_id if sitting else None,
        by_id=by.person_id,
    )
    db.session.add(row)
    db.session.flush()
    for dimension, level in judgement.impacts.items():
        db.session.add(AssessmentImpact(assessment_id=row.id, dimension=dimension, level=level))
    return row


def _keep_statement(risk: Risk, statement: Statement) -> None:
    for table, texts in ((RiskCause, statement.causes), (RiskConsequence, statement.consequences)):
        db.session.execute(delete(table).where(table.risk_id == risk.id))
        for position, text in enumerate((text for text in texts if text.strip()), start=1):
            db.session.add(table(risk_id=risk.id, position=position, text=text.strip()))


def _keep_version(risk: Risk, entity: Entity, statement: Statement, *, at: datetime, on: date) -> None:
    db.session.flush()
    db.session.add(
        RiskVersion(
            risk_id=risk.id,
            version=risk.version,
            valid_from=on,
            recorded_at=at,
            title=entity.name,
            status=risk.status,
            unit_id=risk.unit_id,
            owner_post_id=risk.owner_post_id,
            category=risk.category,
            words={
                "causes": list(statement.causes),
                "event": statement.event,
                "consequences": list(statement.consequences),
                "treatment": risk.treatment,
                "treatment_why": risk.treatment_why,
            },
        )
    )


def _statement_of(risk: Risk, entity: Entity) -> Statement:
    causes = db.session.scalars(select(RiskCause.text).where(RiskCause.risk_id == risk.id).order_by(RiskCause.position))
    consequences = db.session.scalars(
        select(RiskConsequence.text).where(RiskConsequence.risk_id == risk.id).order_by(RiskConsequence.position)
    )
    return Statement(entity.name, tuple(causes), risk.event, tuple(consequences))


def open_risk(risk: Risk, *, by: Actor, at: datetime, on: date) -> None:
    """Open a draft: the first review is set, and the policy may escalate it."""
    if risk.status != "draft":
        raise CannotOpen(Refusal(None, "This risk is open already. Go to its page"))
    policy = policies.in_force(on=on)
    current = _current(risk)
    risk.status, risk.opened_on = "open", on
    risk.next_review_on = _next_review(current, policy, on)
    _say_reviewed(risk, "opened", "Opened from a draft.", None, by=by, on=on)
    entity = db.session.get_one(Entity, risk.id)
    _keep_version(risk, entity, _statement_of(risk, entity), at=at, on=on)
    audit.record(Event.RISK_OPENED, by=by, at=at, subject_id=risk.id, after={"next_review_on": risk.next_review_on})
    _escalate_if_the_policy_says(risk, current, policy, by=by, at=at, on=on)


def score(risk: Risk, basis: str, judgement: Judgement, *, by: Actor, at: datetime, on: date) -> Assessment:
    """Append an assessment; a current score that falls across an appetite line waits for a manager to agree.

    Refused for a closed risk and off the policy's scales; the field names are "likelihood" and "impact".
    """
    if risk.status == "closed":
        raise CannotScoreRisk(Refusal(None, "This risk is closed. Open it again before scoring it"))
    policy = policies.in_force(on=on)
    if refusals := _check_judgement(basis, judgement, policy):
        raise CannotScoreRisk(*refusals)
    before = _standing(risk)
    held = db.session.get_one(Assessment, getattr(before, f"{basis}_id"))
    waits = basis == "current" and risk.status == "open" and _falls_across_the_line(risk, held, judgement, policy)
    row = _assess(risk, basis, judgement, policy, by=by, at=at, on=on, state="proposed" if waits else "in_force")
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


def agree_score(row: Assessment, *, by: Actor, at: datetime, on: date) -> None:
    """Agree to a proposed score: it comes into force as a new assessment, by whoever agreed, who is not the owner."""
    risk = db.session.get_one(Risk, row.risk_id)
    if row.state != "proposed" or _answered(row):
        raise CannotScoreRisk(Refusal(None, "This score does not wait for anyone. Load the page again"))
    if risk.owner_post_id in by.post_ids or row.by_id == by.person_id:
        raise CannotScoreRisk(Refusal(None, "Somebody who neither owns the risk nor proposed the score must agree"))
    impacts = dict(
        db.session.execute(
            select(AssessmentImpact.dimension, AssessmentImpact.level).where(AssessmentImpact.assessment_id == row.id)
        ).all()
    )
    policy = policies.in_force(on=on)
    judgement = Judgement(row.likelihood, impacts, row.rationale, row.target_on)
    agreed = _assess(risk, row.basis, judgement, policy, by=by, at=at, on=on)
    audit.record(
        Event.RISK_SCORED,
        by=by,
        at=at,
        subject_id=risk.id,
        after={row.basis: agreed.score, "state": "in_force", "proposed": row.id},
        why=row.rationale,
    )
    _put_in_force(risk, _standing(risk), agreed, policy, by=by, at=at, on=on)


def _answered(row: Assessment) -> bool:
    """Tell whether a later assessment of the same basis is in force, which is how a proposal ends."""
    later = select(Assessment.id).where(
        Assessment.risk_id == row.risk_id,
        Assessment.basis == row.basis,
        Assessment.state == "in_force",
        Assessment.id > row.id,
    )
    return db.session.scalar(later.limit(1)) is not None


def _put_in_force(
    risk: Risk, standing: RiskStanding, row: Assessment, policy: InForce, *, by: Actor, at: datetime, on: date
) -> None:
    if row.basis == "current":
        standing.previous_id = standing.current_id
    setattr(standing, f"{row.basis}_id", row.id)
    if row.basis == "current" and risk.status == "open":
        risk.next_review_on = _next_review(row, policy, on)
        _escalate_if_the_policy_says(risk, row, policy, by=by, at=at, on=on)


def _falls_across_the_line(risk: Risk, held: Assessment, judgement: Judgement, policy: InForce) -> bool:
    scored = scoring.score(policy.policy.scoring, judgement.likelihood, judgement.impacts)
    order = [Position.WITHIN.key, Position.ABOVE_OPTIMAL.key, Position.BEYOND_TOLERABLE.key]
    now = appetite.position(policy.policy, risk.category, scored.score).key
    return held.position in order and now in order and order.index(now) < order.index(held.position)


def review(risk: Risk, *, note: str, judgement: Judgement | None = None, by: Actor, at: datetime, on: date) -> Review:
    """Record a look at an open risk: confirmed as it is, or scored anew; one sentence says what was looked at."""
    if risk.status != "open":
        raise CannotReview(Refusal(None, "Only an open risk is reviewed"))
    if not note.strip():
        raise CannotReview(Refusal("note", "Say in one line what you looked at"))
    policy = policies.in_force(on=on)
    was_due = risk.next_review_on
    outcome = "confirmed"
    if judgement is not None:
        score(risk, "current", judgement, by=by, at=at, on=on)
        outcome = "rescored"
    risk.next_review_on = _next_review(_current(risk), policy, on)
    row = _say_reviewed(risk, outcome, note, was_due, by=by, on=on)
    audit.record(
        Event.RISK_REVIEWED,
        by=by,
        at=at,
        subject_id=risk.id,
        post_id=risk.owner_post_id if risk.owner_post_id in by.post_ids else None,
        before={"next_review_on": was_due},
        after={"next_review_on": risk.next_review_on, "outcome": outcome},
        why=note,
    )
    return row


def _say_reviewed(risk: Risk, outcome: str, note: str, was_due: date | None, *, by: Actor, on: date) -> Review:
    sitting = by.sitting(risk.owner_post_id) or by.post
    row = Review(
        risk_id=risk.id,
        held_on=on,
        was_due_on=was_due,
        outcome=outcome,
        note=note.strip(),
        next_review_on=risk.next_review_on,
        by_post_id=sitting.post_id if sitting else None,
        by_id=by.person_id,
    )
    db.session.add(row)
    return row


def close(risk: Risk, *, why: str, by: Actor, at: datetime, on: date) -> None:
    """Close an open risk with a reason; its actions and its history stay alive, a live escalation is withdrawn."""
    if risk.status != "open":
        raise CannotClose(Refusal(None, "Only an open risk is closed"))
    if not why.strip():
        raise CannotClose(Refusal("why", "Say why the risk is closed. The reason stays on the record"))
    risk.status, risk.closed_on, risk.closed_why, risk.next_review_on = "closed", on, why.strip(), None
    _say_reviewed(risk, "closed", why, None, by=by, on=on)
    entity = db.session.get_one(Entity, risk.id)
    _keep_version(risk, entity, _statement_of(risk, entity), at=at, on=on)
    audit.record(Event.RISK_CLOSED, by=by, at=at, subject_id=risk.id, why=why)
    escalation.stand_down(risk.id, why="The risk was closed.", by=by, at=at)


def _escalate_if_the_policy_says(
    risk: Risk, current: Assessment, policy: InForce, *, by: Actor, at: datetime, on: date
) -> None:
    facts = Trigger(
        score=current.score,
        rating=policy.policy.scoring.rating(current.rating),
        position=Position.of(current.position),
        category=risk.category,
    )
    escalation.consider(
        risk.id, unit_id=risk.unit_id, owner_post_id=risk.owner_post_id, facts=facts, by=by, at=at, on=on
    )


def _next_review(current: Assessment, policy: InForce, on: date) -> date:
    return reviews.next_review_on(policy.policy, current.rating, Position.of(current.position), on)


def _standing(risk: Risk) -> RiskStanding:
    return db.session.get_one(RiskStanding, risk.id)


def _current(risk: Risk) -> Assessment:
    return db.session.get_one(Assessment, _standing(risk).current_id)
