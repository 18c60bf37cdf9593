"""What happens to a risk: drafted, opened, reviewed, closed; each time the policy decides and history grows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import delete, func, select, update
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
from riskapp.features.tolerances import service as tolerances
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


class CannotHandOver(Cannot):
    """The risk cannot go to that owner or unit, or be reviewed by that day."""


class CannotClose(Cannot):
    """The risk is not open, or no reason was given."""


class CannotReopen(Cannot):
    """The risk is not closed, no reason was given, or its unit or its owner's post has gone."""


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
    home = db.session.get_one(Unit, new.unit_id).path
    if sitting and any(grant.role is Role.CHAMPION and home.startswith(grant.unit_path) for grant in by.grants):
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
    refusals = [*_check_words(new, policy), *_check_whose(new)]
    for basis in FIRST_BASES:
        refusals.extend(assessments.check(basis, new.judgements.get(basis), policy, kind=new.kind))
    current, target = new.judgements.get("current"), new.judgements.get("target")
    if current and not refusals and not _may_begin_so(new, current, policy):
        refusals.append(
            Refusal("treatment", "It is above appetite. Log it to be treated, then ask to have it tolerated")
        )
    if target and target.target_on and target.target_on < on:
        refusals.append(Refusal("target_on", "The day for the target has passed. Give a later one"))
    if refusals:
        raise CannotDraft(*refusals)


def _check_words(new: NewRisk, policy: InForce) -> Iterator[Refusal]:
    if not new.statement.title.strip():
        yield Refusal("title", "Give the risk a title")
    if not new.statement.event.strip():
        yield Refusal("event", "Say what might happen")
    if new.category not in policy.policy.appetite.categories:
        yield Refusal("category", "Choose one of the categories of the policy")
    if new.kind not in KINDS:
        yield Refusal("kind", "Say whether it is a threat or an opportunity")


def _check_whose(new: NewRisk) -> Iterator[Refusal]:
    unit, owner = db.session.get(Unit, new.unit_id), db.session.get(Post, new.owner_post_id)
    if unit is None or unit.closed_on is not None:
        yield Refusal("unit", "Choose a team or unit of the council")
    if owner is None or owner.closed_on is not None:
        yield Refusal("owner", "Choose the post that owns the risk")


def _may_begin_so(new: NewRisk, current: Judgement, policy: InForce) -> bool:
    return tolerances.may_begin_with(
        new.treatment, new.category, current.likelihood, current.impacts, policy.policy, kind=new.kind
    )


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
    tolerances.end_with_risk(risk, by=by, at=at, on=on)


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
        facts=tolerances.trigger(risk, assessments.current(risk), policy),
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
    tolerances.reconsider(risk, by=by, at=at, on=on, is_decided=True)


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
    tolerances.reconsider(risk, by=by, at=at, on=on)


def treat(risk: Risk, *, to: str, why: str, by: Actor, at: datetime, on: date) -> None:
    """Change how a risk is treated and why; what it was stays as a version. Who may is decided by tolerances."""
    before, after = (risk.treatment, risk.treatment_why), (to, why.strip())
    if before == after:
        return
    risk.treatment, risk.treatment_why = after
    entity = db.session.get_one(Entity, risk.id)
    _keep_version(risk, entity, _statement_of(risk, entity), at=at, on=on)
    audit.record(
        Event.RISK_TREATMENT_CHANGED,
        by=by,
        at=at,
        subject_id=risk.id,
        post_id=risk.owner_post_id if risk.owner_post_id in by.post_ids else None,
        before={"treatment": before[0], "why": before[1]},
        after={"treatment": to},
        why=why.strip(),
    )


tolerances.TREATMENT_MOVES["risk"] = treat


def reassign(risk: Risk, *, to_post_id: int, why: str, by: Actor, at: datetime, on: date) -> None:
    """Give a risk to another post to own; its unit, its score and its escalation stay."""
    _need_a_reason_and_a_live_risk(risk, why)
    post = db.session.get(Post, to_post_id)
    if post is None or post.closed_on is not None or post.kind in choices.NEVER_OWN:
        raise CannotHandOver(Refusal("owner", "Choose an open post that can own a risk"))
    if post.id == risk.owner_post_id:
        raise CannotHandOver(Refusal("owner", f"{post.title} owns it already"))
    before, risk.owner_post_id = risk.owner_post_id, post.id
    entity = db.session.get_one(Entity, risk.id)
    _keep_version(risk, entity, _statement_of(risk, entity), at=at, on=on)
    audit.record(
        Event.RISK_REASSIGNED,
        by=by,
        at=at,
        subject_id=risk.id,
        before={"owner_post_id": before},
        after={"owner_post_id": post.id},
        why=why,
    )
    escalation.change_owner(risk.id, owner_post_id=post.id, by=by, at=at, on=on)
    tolerances.reconsider(risk, by=by, at=at, on=on)


def move(risk: Risk, *, to_unit_id: int, why: str, by: Actor, at: datetime, on: date) -> None:
    """Give a risk another home (policy 18.3): its owner stays, the champion there keeps it from then on.

    An open escalation stays on its desk, and goes up from the new unit.
    """
    _need_a_reason_and_a_live_risk(risk, why)
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


def set_review(risk: Risk, *, to: date, why: str, by: Actor, at: datetime, on: date) -> None:
    """Have an open risk reviewed by a day that is not later than the policy allows since it was last looked at."""
    _need_a_reason_and_a_live_risk(risk, why)
    if risk.status != "open":
        raise CannotHandOver(Refusal("review_on", "Only an open risk is reviewed"))
    policy, held = policies.in_force(on=on), assessments.current(risk)
    looked_at = db.session.scalar(select(func.max(Review.held_on)).where(Review.risk_id == risk.id))
    latest = assessments.next_review(held, policy, max(looked_at or held.effective_on, held.effective_on))
    clause = policy.policy.reviews.clauses[held.rating].ref if held.rating in policy.policy.reviews.clauses else ""
    if to < on:
        raise CannotHandOver(Refusal("review_on", "That day has passed. Give today or a later one"))
    if to > latest:
        message = f"The policy wants it by {latest:%-d %b %Y}{f' (policy {clause})' if clause else ''}"
        raise CannotHandOver(Refusal("review_on", message))
    if to == risk.next_review_on:
        raise CannotHandOver(Refusal("review_on", "It is due on that day already"))
    before, risk.next_review_on = risk.next_review_on, to
    audit.record(
        Event.RISK_REVIEW_SET,
        by=by,
        at=at,
        subject_id=risk.id,
        before={"next_review_on": before},
        after={"next_review_on": to},
        why=why,
    )
    db.session.flush()


def _need_a_reason_and_a_live_risk(risk: Risk, why: str) -> None:
    if not why.strip():
        raise CannotHandOver(Refusal("why", "Say why. The reason stays on the record"))
    if risk.status == "closed":
        raise CannotHandOver(Refusal(None, "It is closed"))


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
