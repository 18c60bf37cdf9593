"""What happens to a risk: drafted, opened, reviewed, closed; each time the policy decides and history grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm.attributes import flag_modified

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor, Role
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.assessments import service as assessments
from riskapp.features.assessments.service import FIRST_BASES, Judgement
from riskapp.features.audit import service as audit
from riskapp.features.choices import queries as choices
from riskapp.features.escalation import queries as escalations
from riskapp.features.escalation import service as escalation
from riskapp.features.policy import queries as policies
from riskapp.features.policy.queries import InForce
from riskapp.models.closures import RiskMerger
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link, new_entity
from riskapp.models.escalation import EscalationCase
from riskapp.models.people import Post, Unit
from riskapp.models.risks import (
    Review,
    Risk,
    RiskCause,
    RiskConsequence,
    RiskDuty,
    RiskStanding,
    RiskVersion,
)

KINDS = ("threat", "opportunity")


class CannotDraft(Cannot):
    """What was given does not make a risk."""


class CannotOpen(Cannot):
    """The risk is not a draft."""


class CannotReview(Cannot):
    """The risk is not open, or nothing was said."""


class CannotEscalateRisk(Cannot):
    """The risk is not open."""


class CannotClose(Cannot):
    """The risk is not open, or no reason was given."""


class CannotReopen(Cannot):
    """The risk is not closed, no reason was given, or its unit or its owner's post has gone."""


class CannotHandOver(Cannot):
    """The risk cannot go to that unit, or no reason was given."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A risk in words: its title and the causes, event and consequences of the Orange Book."""

    title: str
    causes: tuple[str, ...]
    event: str
    consequences: tuple[str, ...]


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
    kind: str = "threat"


def draft(new: NewRisk, *, by: Actor, at: datetime, on: date) -> Risk:
    """Keep a risk as a draft with its first assessments; the same submission posted twice is the same risk."""
    if new.submission_key:
        known = db.session.scalars(select(Risk).where(Risk.submission_key == new.submission_key)).first()
        if known is not None and known.drafted_by_id == by.person_id:
            return known
        if known is not None:
            raise CannotDraft(Refusal(None, "This form was sent by somebody else. Load Log a risk again"))
    policy = policies.in_force(on=on)
    _check(new, policy, on)
    entity = new_entity(db.session(), "risk", new.statement.title.strip())
    sitting = by.post
    risk = Risk(
        id=entity.id,
        unit_id=new.unit_id,
        owner_post_id=new.owner_post_id,
        drafted_by_post_id=sitting.post_id if sitting else None,
        drafted_by_id=by.person_id,
        category=new.category,
        kind=new.kind,
        status="draft",
        event=new.statement.event.strip(),
        treatment=new.treatment,
        treatment_why=new.treatment_why,
        drafted_on=on,
        submission_key=new.submission_key,
    )
    db.session.add(risk)
    db.session.flush()
    keep_statement(risk, new.statement)
    if sitting and any(grant.role is Role.CHAMPION for grant in by.grants):
        db.session.add(RiskDuty(risk_id=risk.id, post_id=sitting.post_id, duty="champion", from_on=on))
    for to_id in dict.fromkeys(new.link_ids):
        db.session.add(Link(from_id=risk.id, to_id=to_id, kind="threatens"))
    for to_id, kind in new.extra_links.items():
        db.session.add(Link(from_id=risk.id, to_id=to_id, kind=kind))
    kept = {
        basis: assessments.assess(risk, basis, new.judgements[basis], policy, by=by, at=at, on=on)
        for basis in FIRST_BASES
    }
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


def draft_and_open(new: NewRisk, *, by: Actor, at: datetime, on: date) -> Risk:
    """Draft a risk and open it at once, as its owner or its unit's manager may; sent twice it is opened once.

    A draft that the same form made for another owner or unit is not opened: the right to do so was another's.
    """
    risk = draft(new, by=by, at=at, on=on)
    if (risk.unit_id, risk.owner_post_id) != (new.unit_id, new.owner_post_id):
        raise CannotOpen(Refusal(None, "This form was sent before with another owner. Open the draft from its page"))
    if risk.status == "draft":
        open_risk(risk, by=by, at=at, on=on)
    return risk


def _check(new: NewRisk, policy: InForce, on: date) -> None:
    refusals: list[Refusal] = []
    if not new.statement.title.strip():
        refusals.append(Refusal("title", "Give the risk a title"))
    if not new.statement.event.strip():
        refusals.append(Refusal("event", "Say what might happen"))
    if new.category not in policy.policy.appetite.categories:
        refusals.append(Refusal("category", "Choose one of the categories of the policy"))
    if new.kind not in KINDS:
        refusals.append(Refusal("kind", "Say whether it is a threat or an opportunity"))
    unit = db.session.get(Unit, new.unit_id)
    if unit is None or unit.closed_on is not None:
        refusals.append(Refusal("unit", "Choose a team or unit of the council"))
    owner = db.session.get(Post, new.owner_post_id)
    if owner is None or owner.closed_on is not None:
        refusals.append(Refusal("owner", "Choose the post that owns the risk"))
    for basis in FIRST_BASES:
        refusals.extend(assessments.check(basis, new.judgements.get(basis), policy, kind=new.kind))
    target = new.judgements.get("target")
    if target and target.target_on and target.target_on < on:
        refusals.append(Refusal("target_on", "The day for the target has passed. Give a later one"))
    if refusals:
        raise CannotDraft(*refusals)


def keep_statement(risk: Risk, statement: Statement) -> None:
    """Keep causes and consequences, each as its own row and in this order; empty ones are left out."""
    for table, texts in ((RiskCause, statement.causes), (RiskConsequence, statement.consequences)):
        db.session.execute(delete(table).where(table.risk_id == risk.id))
        for position, text in enumerate((text for text in texts if text.strip()), start=1):
            db.session.add(table(risk_id=risk.id, position=position, text=text.strip()))


def keep_version(risk: Risk, *, at: datetime, on: date) -> None:
    """Keep a risk's whole row as it stands now, as a version with a number of its own."""
    flag_modified(risk, "event")  # a change of its causes alone is a new version of the risk as well
    entity = db.session.get_one(Entity, risk.id)
    db.session.flush()
    _keep_version(risk, entity, _statement_of(risk, entity), at=at, on=on)


def _duties_of(risk: Risk) -> dict[str, int | list[int] | None]:
    rows = db.session.execute(
        select(RiskDuty.duty, RiskDuty.post_id)
        .where(RiskDuty.risk_id == risk.id, RiskDuty.to_on.is_(None))
        .order_by(RiskDuty.post_id)
    ).all()
    one = {row.duty: row.post_id for row in rows}
    return {
        "champion": one.get("champion"),
        "lead_member": one.get("lead_member"),
        "contributors": [row.post_id for row in rows if row.duty == "contributor"],
    }


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
                "kind": risk.kind,
                **_duties_of(risk),
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
    current = assessments.current(risk)
    risk.status, risk.opened_on = "open", on
    risk.next_review_on = assessments.next_review(current, policy, on)
    _say_reviewed(risk, "opened", "Opened from a draft.", None, by=by, on=on)
    entity = db.session.get_one(Entity, risk.id)
    _keep_version(risk, entity, _statement_of(risk, entity), at=at, on=on)
    audit.record(Event.RISK_OPENED, by=by, at=at, subject_id=risk.id, after={"next_review_on": risk.next_review_on})
    assessments.escalate_if_the_policy_says(risk, current, policy, by=by, at=at, on=on)


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
        assessments.score(risk, "current", judgement, by=by, at=at, on=on)
        outcome = "rescored"
    risk.next_review_on = assessments.next_review(assessments.current(risk), policy, on)
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


def reopen(risk: Risk, *, why: str, by: Actor, at: datetime, on: date) -> None:
    """Open a closed risk again with a reason (policy 18.1); a merger is undone by it.

    The first review is set anew, and the policy decides anew whether it is escalated.
    """
    if risk.status != "closed":
        raise CannotReopen(Refusal(None, "Only a closed risk is opened again"))
    if not why.strip():
        raise CannotReopen(Refusal("why", "Say why it is opened again. The reason stays on the record"))
    unit, owner = db.session.get_one(Unit, risk.unit_id), db.session.get_one(Post, risk.owner_post_id)
    if unit.closed_on is not None or owner.closed_on is not None:
        gone = "unit" if unit.closed_on is not None else "owner’s post"
        raise CannotReopen(Refusal(None, f"Its {gone} has been closed since. Log it as a new risk, and name this one"))
    policy, current = policies.in_force(on=on), assessments.current(risk)
    before = {"closed_on": risk.closed_on, "closed_why": risk.closed_why}
    risk.status, risk.closed_on, risk.closed_why = "open", None, None
    risk.next_review_on = assessments.next_review(current, policy, on)
    _say_reviewed(risk, "opened", f"Opened again. {why.strip()}", None, by=by, on=on)
    keep_version(risk, at=at, on=on)
    standing = RiskMerger.risk_id == risk.id, RiskMerger.undone_on.is_(None)
    db.session.execute(update(RiskMerger).where(*standing).values(undone_on=on))
    after = {"next_review_on": risk.next_review_on}
    audit.record(Event.RISK_REOPENED, by=by, at=at, subject_id=risk.id, before=before, after=after, why=why.strip())
    assessments.escalate_if_the_policy_says(risk, current, policy, by=by, at=at, on=on)


def escalate(risk: Risk, *, reason: str, by: Actor, at: datetime, on: date) -> EscalationCase:
    """Send an open risk up by a person's judgement, with the reason that whoever gets it reads first (policy 6.6)."""
    if risk.status != "open":
        raise CannotEscalateRisk(Refusal(None, "Only an open risk is escalated"))
    policy = policies.in_force(on=on)
    return escalation.raise_by_hand(
        risk.id,
        unit_id=risk.unit_id,
        owner_post_id=risk.owner_post_id,
        facts=assessments.trigger(risk, assessments.current(risk), policy),
        reason=reason,
        by=by,
        at=at,
        on=on,
    )


def take_on(subject_id: int, *, to_post_id: int, why: str, by: Actor, at: datetime, on: date) -> None:
    """Give a risk to the post that decided to take it on: the one decision that changes an owner (policy 6.9)."""
    risk = db.session.get_one(Risk, subject_id)
    before, risk.owner_post_id = risk.owner_post_id, to_post_id
    entity = db.session.get_one(Entity, risk.id)
    _keep_version(risk, entity, _statement_of(risk, entity), at=at, on=on)
    audit.record(
        Event.RISK_TAKEN_ON,
        by=by,
        at=at,
        subject_id=risk.id,
        before={"owner_post_id": before},
        after={"owner_post_id": to_post_id},
        why=why,
    )


escalation.OWNERSHIP_MOVES["risk"] = take_on


def rehome(risk: Risk, *, to_unit_id: int, why: str, by: Actor, at: datetime, on: date) -> None:
    """Give a risk to another unit because its own was merged or parted; its owner stays."""
    before, risk.unit_id = risk.unit_id, to_unit_id
    entity = db.session.get_one(Entity, risk.id)
    _keep_version(risk, entity, _statement_of(risk, entity), at=at, on=on)
    audit.record(
        Event.RISK_REHOMED,
        by=by,
        at=at,
        subject_id=risk.id,
        before={"unit_id": before},
        after={"unit_id": to_unit_id},
        why=why,
    )


def move(risk: Risk, *, to_unit_id: int, why: str, by: Actor, at: datetime, on: date) -> None:
    """Give a risk another home (policy 18.3): its owner stays, the champion there keeps it from then on.

    An open escalation stays on its desk, and goes up from the new unit.
    """
    if not why.strip():
        raise CannotHandOver(Refusal("why", "Say why. The reason stays on the record"))
    if risk.status == "closed":
        raise CannotHandOver(Refusal(None, "It is closed"))
    unit = db.session.get(Unit, to_unit_id)
    if unit is None or unit.closed_on is not None:
        raise CannotHandOver(Refusal("unit", "Choose an open unit of the council"))
    if unit.id == risk.unit_id:
        raise CannotHandOver(Refusal("unit", "It is there already"))
    _hand_to_its_champion(risk, unit, by=by, on=on)
    rehome(risk, to_unit_id=unit.id, why=why, by=by, at=at, on=on)
    case = escalations.standing_case(subject_id=risk.id)
    if case is not None:
        escalation.rehome((case.id,), to_unit_id=unit.id, why=why, by=by, at=at)


def _hand_to_its_champion(risk: Risk, unit: Unit, *, by: Actor, on: date) -> None:
    new = choices.champion_of(by, path=unit.path)
    held = select(RiskDuty).where(RiskDuty.risk_id == risk.id, RiskDuty.duty == "champion", RiskDuty.to_on.is_(None))
    old = db.session.scalars(held).first()
    if old is not None and new is not None and old.post_id == new.id:
        return
    if old is not None:
        old.to_on = on
        db.session.flush()
    if new is not None:
        db.session.add(RiskDuty(risk_id=risk.id, post_id=new.id, duty="champion", from_on=on))
