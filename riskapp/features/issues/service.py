"""What happens to an issue: raised from a risk or as a surprise, escalated, briefed, taken on, closed."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from riskapp.domain import appetite
from riskapp.domain import issues as rules
from riskapp.domain.appetite import Position
from riskapp.domain.audit import Event
from riskapp.domain.escalation import Trigger
from riskapp.domain.issues import CannotKeepIssue, CannotRaiseIssue
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Refusal
from riskapp.features.audit import service as audit
from riskapp.features.choices.queries import NEVER_OWN
from riskapp.features.escalation import service as escalation
from riskapp.features.exemption import service as exemptions
from riskapp.features.issues import queries
from riskapp.features.policy import queries as policies
from riskapp.features.policy.queries import InForce
from riskapp.features.risks import service as risks
from riskapp.models.database import db
from riskapp.models.entity import Entity, new_entity
from riskapp.models.escalation import EscalationCase
from riskapp.models.issues import Issue
from riskapp.models.people import Post, Unit
from riskapp.models.risks import Risk

LONGEST_TITLE = 150
NOTHING_KNOWN = queries.Known(None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class NewIssue:
    """What happened, when, how badly on one kind of impact, and whose it is from now on."""

    title: str
    what: str
    happened_on: date
    dimension: str
    impact: int
    owner_post_id: int
    submission_key: str | None = None


def happened(risk: Risk, new: NewIssue, *, may_recur: bool, by: Actor, at: datetime, on: date) -> Issue:
    """Make an issue of a risk that happened (policy 18.7); one that cannot happen again is closed with it.

    What was known of the risk on the day before is kept with the issue, and what is withheld of the risk is of it too.
    """
    known = _known(new, by)
    if known is not None:
        return known
    if risk.status != "open" or risk.kind != "threat":
        raise CannotRaiseIssue(Refusal(None, "Only an open threat becomes an issue"))
    before = queries.known_before(risk_id=risk.id, day=new.happened_on)
    row = _raise(new, risk.unit_id, risk.category, risk=risk, before=before, may_recur=may_recur, by=by, at=at, on=on)
    exemptions.inherit(row.id, risk.id, by=by, at=at, on=on)
    reference = db.session.get_one(Entity, row.id).reference
    after = {"issue": reference, "happened_on": row.happened_on, "may_recur": may_recur}
    audit.record(Event.RISK_HAPPENED, by=by, at=at, subject_id=risk.id, after=after, why=row.what)
    if not may_recur:
        risks.close(risk, why=f"It happened, and cannot happen again. {row.what}", by=by, at=at, on=on)
    _consider(row, by=by, at=at, on=on)
    return row


def surprise(new: NewIssue, *, unit_id: int, category: str, by: Actor, at: datetime, on: date) -> Issue:
    """Enter what happened without having been on a register."""
    known = _known(new, by)
    if known is not None:
        return known
    row = _raise(new, unit_id, category, risk=None, before=NOTHING_KNOWN, may_recur=False, by=by, at=at, on=on)
    _consider(row, by=by, at=at, on=on)
    return row


def _known(new: NewIssue, by: Actor) -> Issue | None:
    """The same form sent twice is one issue."""
    if not new.submission_key:
        return None
    known = db.session.scalars(select(Issue).where(Issue.submission_key == new.submission_key)).first()
    if known is not None and known.raised_by_id != by.person_id:
        raise CannotRaiseIssue(Refusal(None, "This form was sent by somebody else. Load the page again"))
    return known


def _raise(
    new: NewIssue,
    unit_id: int,
    category: str,
    *,
    risk: Risk | None,
    before: queries.Known,
    may_recur: bool,
    by: Actor,
    at: datetime,
    on: date,
) -> Issue:
    policy = policies.in_force(on=on)
    rules.rules_of(policy.policy)
    _check(new, unit_id, category, policy, on)
    scored = rules.severity(policy.policy, new.dimension, new.impact)
    entity = new_entity(db.session(), "issue", new.title.strip())
    row = Issue(
        id=entity.id,
        risk_id=risk.id if risk else None,
        unit_id=unit_id,
        owner_post_id=new.owner_post_id,
        category=category,
        what=new.what.strip(),
        happened_on=new.happened_on,
        dimension=new.dimension,
        likelihood=scored.likelihood,
        impact=scored.impact,
        score=scored.score,
        rating=scored.rating.key,
        position=appetite.position(policy.policy, category, scored.score).key,
        policy_version_id=policy.version_id,
        may_recur=may_recur,
        raised_on=on,
        raised_at=at,
        raised_by_post_id=by.post.post_id if by.post else None,
        raised_by_id=by.person_id,
        registered_on=before.registered_on,
        held_score=before.score,
        held_rating=before.rating,
        stopped_at_post_id=before.stopped_at_post_id,
        stopped_as=before.stopped_as,
        brief_by=rules.brief_by(policy.policy, scored.rating.key, on),
        submission_key=new.submission_key,
    )
    db.session.add(row)
    db.session.flush()
    after = {"title": entity.name, "score": row.score, "happened_on": row.happened_on, "brief_by": row.brief_by}
    audit.record(Event.ISSUE_RAISED, by=by, at=at, subject_id=row.id, after=after, why=row.what)
    return row


def _check(new: NewIssue, unit_id: int, category: str, policy: InForce, on: date) -> None:
    refusals = []
    if not new.title.strip():
        refusals.append(Refusal("title", "Give the issue a title of a few words"))
    elif len(new.title) > LONGEST_TITLE:
        refusals.append(Refusal("title", f"Use at most {LONGEST_TITLE} characters"))
    if not new.what.strip():
        refusals.append(Refusal("what", "Say what happened"))
    if new.happened_on > on:
        refusals.append(Refusal("happened_on", "That day has not come yet. Give the day on which it happened"))
    unit, owner = db.session.get(Unit, unit_id), db.session.get(Post, new.owner_post_id)
    if unit is None or unit.closed_on is not None:
        refusals.append(Refusal("unit", "Choose a team or unit of the council"))
    if owner is None or owner.closed_on is not None or owner.kind in NEVER_OWN:
        refusals.append(Refusal("owner", "Choose the post that owns the issue"))
    if category not in policy.policy.appetite.categories:
        refusals.append(Refusal("category", "Choose one of the categories of the policy"))
    if policy.policy.scoring.dimension(new.dimension) is None:
        refusals.append(Refusal("dimension", "Choose the kind of impact that hurts most"))
    if refusals:
        raise CannotRaiseIssue(*refusals)


def _trigger(row: Issue, policy: InForce) -> Trigger:
    return Trigger(
        score=row.score,
        rating=policy.policy.scoring.rating(row.rating),
        position=Position.of(row.position),
        category=row.category,
    )


def _consider(row: Issue, *, by: Actor, at: datetime, on: date) -> None:
    """Hand what happened to the escalation of the council: the route is the same as for a risk."""
    facts = _trigger(row, policies.in_force(on=on))
    escalation.consider(row.id, unit_id=row.unit_id, owner_post_id=row.owner_post_id, facts=facts, by=by, at=at, on=on)


def escalate(row: Issue, *, reason: str, by: Actor, at: datetime, on: date) -> EscalationCase:
    """Send an open issue up by a person's judgement."""
    _need_open(row)
    facts = _trigger(row, policies.in_force(on=on))
    return escalation.raise_by_hand(
        row.id, unit_id=row.unit_id, owner_post_id=row.owner_post_id, facts=facts, reason=reason, by=by, at=at, on=on
    )


def take_on(subject_id: int, *, to_post_id: int, why: str, by: Actor, at: datetime, on: date) -> None:
    """Give an issue to the post that decided to take it on (policy 6.9)."""
    del on
    row = db.session.get_one(Issue, subject_id)
    before, row.owner_post_id = row.owner_post_id, to_post_id
    audit.record(
        Event.ISSUE_TAKEN_ON,
        by=by,
        at=at,
        subject_id=row.id,
        before={"owner_post_id": before},
        after={"owner_post_id": to_post_id},
        why=why,
    )


escalation.OWNERSHIP_MOVES["issue"] = take_on
exemptions.FOLLOWERS.append(lambda risk_id: queries.of_risk_ids(risk_id=risk_id))


def brief(row: Issue, *, whom: str, by: Actor, at: datetime, on: date) -> None:
    """Record which Members were briefed, and how (policy 18.8)."""
    if row.briefed_on is not None:
        raise CannotKeepIssue(Refusal(None, "Members have been briefed already. Load the page again"))
    if not whom.strip():
        raise CannotKeepIssue(Refusal("whom", "Say which Members were briefed, and how"))
    sitting = by.sitting(row.owner_post_id) or by.post
    row.briefed_on, row.briefed_whom = on, whom.strip()
    row.briefed_by_post_id = sitting.post_id if sitting else None
    audit.record(
        Event.ISSUE_BRIEFED,
        by=by,
        at=at,
        subject_id=row.id,
        post_id=row.owner_post_id if row.owner_post_id in by.post_ids else None,
        before={"brief_by": row.brief_by},
        after={"briefed_on": on},
        why=whom.strip(),
    )


def close(row: Issue, *, why: str, by: Actor, at: datetime, on: date) -> None:
    """Close an open issue with a reason; its actions stay alive, a live escalation is withdrawn.

    Refused while Members are still to be briefed.
    """
    _need_open(row)
    if not why.strip():
        raise CannotKeepIssue(Refusal("why", "Say why the issue is closed. The reason stays on the record"))
    if row.brief_by is not None and row.briefed_on is None:
        raise CannotKeepIssue(Refusal(None, "Members are still to be briefed on it. Record that first"))
    row.status, row.closed_on, row.closed_why = "closed", on, why.strip()
    audit.record(Event.ISSUE_CLOSED, by=by, at=at, subject_id=row.id, why=why.strip())
    escalation.stand_down(row.id, why="The issue was closed.", by=by, at=at)


def _need_open(row: Issue) -> None:
    if row.status != "open":
        raise CannotKeepIssue(Refusal(None, "This issue is closed. Load the page again"))
