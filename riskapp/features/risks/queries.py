"""A risk as a reader sees it, and what a form that logs one offers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.actions import Status
from riskapp.domain.permissions import Actor
from riskapp.features.readers import queries as readers
from riskapp.models.actions import Action, ActionPromise
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Post, Unit
from riskapp.models.plan import PlanItem
from riskapp.models.policy import PolicyVersion
from riskapp.models.risks import Assessment, AssessmentImpact, Review, Risk, RiskCause, RiskConsequence, RiskStanding


@dataclass(frozen=True, slots=True)
class Assessed:
    """An assessment as it was kept, with the number of the policy it was made under and the post that made it."""

    id: int
    basis: str
    state: str
    score: int
    likelihood: int
    impact: int
    rating: str
    position: str
    effective_on: date
    target_on: date | None
    rationale: str
    policy: str
    by_post: str | None
    by_id: int | None


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """An action of the risk's plan with every date promised for it."""

    reference: str
    title: str
    owner: str
    status: Status
    progress: int
    due_on: date
    promises: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """What a risk is linked to; `code` is a plan item's letter or number."""

    link: str
    kind: str
    reference: str
    name: str
    code: str | None


@dataclass(frozen=True, slots=True)
class DeskLine:
    """A desk of the risk's latest escalation."""

    case: str
    case_state: str
    reason: str
    clause: str
    raised_at: datetime
    post: str
    state: str
    arrived_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class RiskPage:
    """Everything the page of a risk shows; scores are as kept, oldest first in `history`, newest first in `reviews`."""

    row: Risk
    reference: str
    title: str
    units: tuple[tuple[str, str], ...]
    owner: str
    drafted_by: str | None
    causes: tuple[str, ...]
    consequences: tuple[str, ...]
    inherent: Assessed
    current: Assessed
    target: Assessed
    was: int | None
    proposed: Assessed | None
    history: tuple[Assessed, ...]
    actions: tuple[PlannedAction, ...]
    links: tuple[Linked, ...]
    desks: tuple[DeskLine, ...]
    reviews: tuple[Review, ...]

    @property
    def seen(self) -> str:
        """A mark of what the reader has seen, so that a form can tell when somebody else came first."""
        return f"{self.row.version}.{self.current.id}.{self.proposed.id if self.proposed else 0}"


def find(actor: Actor, reference: str, *, on: date) -> Risk | None:
    """Find a risk that the actor may read, by its reference."""
    return db.session.scalars(
        select(Risk)
        .join(Entity, Entity.id == Risk.id)
        .where(Entity.reference == reference, readers.readable(actor, on=on))
    ).first()


def risk(actor: Actor, reference: str, *, on: date) -> RiskPage | None:
    """Gather a risk's page in eleven queries, whatever the length of its history; None if the actor may not read it."""
    owner, drafter = aliased(Post), aliased(Post)
    head = db.session.execute(
        select(Risk, Entity.reference, Entity.name, Unit.path, owner.title, drafter.title, RiskStanding)
        .join(Entity, Entity.id == Risk.id)
        .join(Unit, Unit.id == Risk.unit_id)
        .join(owner, owner.id == Risk.owner_post_id)
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .outerjoin(drafter, drafter.id == Risk.drafted_by_post_id)
        .where(Entity.reference == reference, readers.readable(actor, on=on))
    ).first()
    if head is None:
        return None
    row, reference, title, path, owner_title, drafter_title, standing = head
    assessed = _assessments(row.id)
    by_id = {each.id: each for each in assessed}
    return RiskPage(
        row=row,
        reference=reference,
        title=title,
        units=_units(path),
        owner=owner_title,
        drafted_by=drafter_title,
        causes=_texts(RiskCause, row.id),
        consequences=_texts(RiskConsequence, row.id),
        inherent=by_id[standing.inherent_id],
        current=by_id[standing.current_id],
        target=by_id[standing.target_id],
        was=by_id[standing.previous_id].score if standing.previous_id else None,
        proposed=_proposed(assessed),
        history=tuple(each for each in assessed if each.basis == "current" and each.state == "in_force"),
        actions=_actions(actor, row.id, on),
        links=_links(actor, row.id, on),
        desks=_desks(row.id),
        reviews=tuple(
            db.session.scalars(
                select(Review).where(Review.risk_id == row.id).order_by(Review.held_on.desc(), Review.id.desc())
            )
        ),
    )


def _assessments(risk_id: int) -> tuple[Assessed, ...]:
    rows = db.session.execute(
        select(Assessment, PolicyVersion.number, Post.title)
        .join(PolicyVersion, PolicyVersion.id == Assessment.policy_version_id)
        .outerjoin(Post, Post.id == Assessment.by_post_id)
        .where(Assessment.risk_id == risk_id)
        .order_by(Assessment.effective_on, Assessment.id)
    )
    return tuple(_assessed(row) for row in rows)


def _assessed(row: Row[Assessment, str, str]) -> Assessed:
    made, policy, post = row
    return Assessed(
        id=made.id,
        basis=made.basis,
        state=made.state,
        score=made.score,
        likelihood=made.likelihood,
        impact=made.impact,
        rating=made.rating,
        position=made.position,
        effective_on=made.effective_on,
        target_on=made.target_on,
        rationale=made.rationale,
        policy=policy,
        by_post=post,
        by_id=made.by_id,
    )


def _proposed(assessed: Sequence[Assessed]) -> Assessed | None:
    """A proposal waits until any later current assessment is made."""
    latest = max((each for each in assessed if each.basis == "current"), key=lambda each: each.id)
    return latest if latest.state == "proposed" else None


def _texts(table: type[RiskCause] | type[RiskConsequence], risk_id: int) -> tuple[str, ...]:
    return tuple(db.session.scalars(select(table.text).where(table.risk_id == risk_id).order_by(table.position)))


def _units(path: str) -> tuple[tuple[str, str], ...]:
    """The references and names of a unit and those above it, the council first."""
    ids = [int(part) for part in path.split("/") if part]
    rows = db.session.execute(
        select(Entity.reference, Entity.name)
        .join(Unit, Unit.id == Entity.id)
        .where(Unit.id.in_(ids))
        .order_by(Unit.path)
    )
    return tuple((reference, name) for reference, name in rows)


def _actions(actor: Actor, risk_id: int, on: date) -> tuple[PlannedAction, ...]:
    """The plan, without what also treats a risk that is exempt to the actor."""
    rows = db.session.execute(
        select(Action, Entity.reference, Entity.name, Post.title)
        .join(Link, Link.from_id == Action.id)
        .join(Entity, Entity.id == Action.id)
        .join(Post, Post.id == Action.owner_post_id)
        .where(Link.to_id == risk_id, Link.kind == "treats")
        .order_by(Action.due_on, Action.id)
    ).all()
    treats = aliased(Link)
    exempt = set(
        db.session.scalars(
            select(treats.from_id)
            .join(Risk, Risk.id == treats.to_id)
            .where(treats.from_id.in_([row[0].id for row in rows]), treats.kind == "treats")
            .where(Risk.id != risk_id, readers.is_exempt(on=on), ~readers.readable(actor, on=on))
        )
    )
    rows = [row for row in rows if row[0].id not in exempt]
    promises: dict[int, list[date]] = defaultdict(list)
    dates = db.session.execute(
        select(ActionPromise.action_id, ActionPromise.due_on)
        .where(ActionPromise.action_id.in_([row[0].id for row in rows]))
        .order_by(ActionPromise.action_id, ActionPromise.number)
    )
    for action_id, due_on in dates:
        promises[action_id].append(due_on)
    return tuple(
        PlannedAction(
            reference, title, owner, Status(made.status), made.progress, made.due_on, tuple(promises[made.id])
        )
        for made, reference, title, owner in rows
    )


def _links(actor: Actor, risk_id: int, on: date) -> tuple[Linked, ...]:
    """Both ways round; another risk only if the actor may read it."""
    there = or_(
        (Link.from_id == risk_id) & (Entity.id == Link.to_id), (Link.to_id == risk_id) & (Entity.id == Link.from_id)
    )
    rows = db.session.execute(
        select(Link.kind, Entity.kind, Entity.reference, Entity.name, PlanItem.code)
        .join(Entity, there)
        .outerjoin(PlanItem, PlanItem.id == Entity.id)
        .outerjoin(Risk, Risk.id == Entity.id)
        .where(Link.kind != "treats", or_(Entity.kind != "risk", readers.readable(actor, on=on)))
        .order_by(Entity.kind, PlanItem.position, Entity.name, Link.id)
    )
    return tuple(Linked(*row) for row in rows)


def _desks(risk_id: int) -> tuple[DeskLine, ...]:
    latest = (
        select(EscalationCase.id)
        .where(EscalationCase.subject_id == risk_id, EscalationCase.is_drill.is_(False))
        .order_by(EscalationCase.raised_at.desc(), EscalationCase.id.desc())
        .limit(1)
    )
    rows = db.session.execute(
        select(EscalationCase, Entity.reference, EscalationDesk, Post.title)
        .join(EscalationDesk, EscalationDesk.case_id == EscalationCase.id)
        .join(Entity, Entity.id == EscalationCase.id)
        .join(Post, Post.id == EscalationDesk.post_id)
        .where(EscalationCase.id.in_(latest.scalar_subquery()))
        .order_by(EscalationDesk.arrived_at, EscalationDesk.id)
    )
    return tuple(_desk(row) for row in rows)


def _desk(row: Row[*tuple[Any, ...]]) -> DeskLine:
    case, reference, desk, post = row
    return DeskLine(
        case=reference,
        case_state=case.state,
        reason=case.reason,
        clause=case.clause,
        raised_at=case.raised_at,
        post=post,
        state=desk.state,
        arrived_at=desk.arrived_at,
        due_at=desk.due_at,
        acknowledged_at=desk.acknowledged_at,
        left_at=desk.left_at,
    )


def kind_of_impact(actor: Actor, *, assessment_id: int) -> str | None:
    """Name the kind of impact that decided an assessment: the worst, by its key where two are alike."""
    del actor  # whoever may read the risk may read its scores
    return db.session.scalar(
        select(AssessmentImpact.dimension)
        .where(AssessmentImpact.assessment_id == assessment_id)
        .order_by(AssessmentImpact.level.desc(), AssessmentImpact.dimension)
        .limit(1)
    )


def reference(actor: Actor, *, risk_id: int) -> str:
    """Give the reference of a risk that the actor has just made."""
    del actor
    return db.session.get_one(Entity, risk_id).reference
