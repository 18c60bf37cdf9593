"""What wants a person today, the risks they own, and what they wait for from others."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, exists, false, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.actions import Status
from riskapp.domain.calendar import local_day
from riskapp.domain.movement import Travel, travel
from riskapp.domain.permissions import Actor, Role
from riskapp.domain.scoring import Rating
from riskapp.domain.work import Group, by_time, end_of_week
from riskapp.features.escalation import queries as escalations
from riskapp.features.policy import queries as policies
from riskapp.features.readers.queries import kept, units_below
from riskapp.features.rmap import queries as rmap
from riskapp.features.rmap.queries import ListedAction
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.people import Post
from riskapp.models.risks import Assessment, Review, Risk, RiskCause, RiskConsequence, RiskStanding

HORIZON = timedelta(days=28)
"""How far ahead the list looks: what falls due later has its own page."""
MINUTES = {"review": 1, "update": 1, "confirm": 1, "acknowledge": 1, "decide": 3, "draft": 3, "agree": 2}

ANSWERS = ("acknowledge", "decide")

_current, _before = aliased(Assessment, name="current"), aliased(Assessment, name="before")


@dataclass(frozen=True, slots=True)
class ShownRisk:
    """A risk as a desk shows it: its current score, how that moved, and how it stands to appetite."""

    id: int
    reference: str
    title: str
    score: int
    rating: Rating | None
    position: str
    moved: Travel
    likelihood: int
    impact: int


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: its kind says which form it opens; what it is about is a risk, an action or an escalation."""

    kind: str
    what: str
    of: str
    due_on: date
    reference: str
    due_at: datetime | None = None
    risk: ShownRisk | None = None
    action: ListedAction | None = None
    note: str = ""
    last_on: date | None = None
    statement: tuple[tuple[str, ...], str, tuple[str, ...]] | None = None
    is_drill: bool = False
    seen: str = ""  # what a form on a risk says it was filled in over
    proposal_id: int | None = None
    proposed: int | None = None
    proposed_rating: Rating | None = None

    @property
    def minutes(self) -> int:
        return MINUTES[self.kind]

    @property
    def order(self) -> tuple[object, ...]:
        """What comes first on one day: by the hour, then the higher score, then the reference."""
        at = self.due_at.isoformat() if self.due_at else "~"
        return (at, -(self.risk.score if self.risk else 0), self.reference)


@dataclass(frozen=True, slots=True)
class WithOther:
    """An escalation of a risk of one's own that stands on another desk."""

    reference: str
    risk_title: str
    post: str
    acknowledged_at: datetime | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class MyWork:
    """The first page of somebody with posts."""

    groups: tuple[Group[Item], ...]
    risks: tuple[ShownRisk, ...]
    risk_count: int
    with_others: tuple[WithOther, ...]

    @property
    def now(self) -> tuple[Item, ...]:
        """What is overdue or falls in this week, and every escalation: what `waiting` counts."""
        everything = [(group.title, item) for group in self.groups for item in group.items]
        return tuple(item for title, item in everything if title != "Later" or item.kind in ANSWERS)


def my_work(actor: Actor, *, on: date) -> MyWork:
    """Gather what wants the actor within four weeks, in the same few queries however much it is."""
    ratings = {rating.key: rating for rating in policies.in_force(on=on).policy.scoring.ratings}
    items = [
        *_reviews(actor, ratings, on),
        *_drafts(actor, ratings, on),
        *_escalations(actor, ratings),
        *_actions(actor, on),
        *_proposed_scores(actor, ratings, on),
    ]
    owned = _owned(actor, ratings)
    return MyWork(by_time(items, on), owned[:4], len(owned), _with_others(actor))


def waiting(actor: Actor, on: date) -> int:
    """Count what is overdue or falls in this week: what My work says in the navigation."""
    return counts(actor, on).work


class Counts(NamedTuple):
    """What the navigation counts for somebody: the work of this week, and the escalations that want an answer."""

    work: int
    escalations: int


def counts(actor: Actor, on: date) -> Counts:
    """Count what waits for the actor in one query; whoever has no post and manages no unit waits for nothing."""
    if not actor.post_ids and not _managed(actor):
        return Counts(0, 0)
    return Counts(*db.session.execute(_counts(actor, end_of_week(on))).one())


@kept
def _counts(actor: Actor, until: date) -> Select[int, int]:
    parts = (
        select(func.count(Risk.id)).where(_wants_review(actor, until)),
        select(func.count(Risk.id)).where(_is_draft_for(actor)),
        select(func.count(EscalationDesk.id)).where(_stands_with(actor)),
        select(func.count(Action.id)).where(_wants_update(actor, until)),
        select(func.count(Action.id)).where(_wants_confirmation(actor)),
        select(func.count(Assessment.id)).join(Risk, Risk.id == Assessment.risk_id).where(_waits_for(actor)),
    )
    work = sum((each.scalar_subquery() for each in parts[1:]), parts[0].scalar_subquery())
    return select(work, escalations.waiting_counted(actor).scalar_subquery())


def _managed(actor: Actor) -> list[str]:
    return [grant.unit_path for grant in actor.grants if grant.role is Role.MANAGER]


def _wants_review(actor: Actor, until: date) -> ColumnElement[bool]:
    return Risk.owner_post_id.in_(actor.post_ids) & (Risk.status == "open") & (Risk.next_review_on <= until)


def _is_draft_for(actor: Actor) -> ColumnElement[bool]:
    """Whoever owns a draft, or manages its unit, opens it."""
    mine: ColumnElement[bool] = Risk.owner_post_id.in_(actor.post_ids)
    if paths := _managed(actor):
        mine = or_(mine, Risk.unit_id.in_(units_below(*paths)))
    return mine & (Risk.status == "draft")


def _stands_with(actor: Actor) -> ColumnElement[bool]:
    """An escalation on the actor's desk always wants an answer, however long there is for it."""
    return EscalationDesk.post_id.in_(actor.post_ids) & EscalationDesk.state.in_(LIVE_DESKS)


def _wants_update(actor: Actor, until: date) -> ColumnElement[bool]:
    late = Action.status.in_(OPEN_STATUSES) & (Action.due_on <= until)
    return Action.owner_post_id.in_(actor.post_ids) & late


def _wants_confirmation(actor: Actor) -> ColumnElement[bool]:
    owned = exists().where(
        Link.from_id == Action.id, Link.kind == "treats", Risk.id == Link.to_id, Risk.owner_post_id.in_(actor.post_ids)
    )
    answers = or_(Action.accountable_post_id.in_(actor.post_ids), owned)
    return (Action.status == Status.COMPLETE) & Action.owner_post_id.not_in(actor.post_ids) & answers


def _waits_for(actor: Actor) -> ColumnElement[bool]:
    """A proposed score waits for a manager of the unit who neither owns the risk nor proposed it."""
    if not (paths := _managed(actor)):
        return false()
    own = Risk.owner_post_id.in_(actor.post_ids)
    by_me = Assessment.by_id == actor.person_id
    return (
        (Assessment.state == "proposed")
        & Risk.unit_id.in_(units_below(*paths))
        & ~own
        & ~by_me
        & ~_is_answered(Assessment)
    )


def _is_answered(proposal: type[Assessment]) -> ColumnElement[bool]:
    """A proposal ends when a later assessment of its basis is made."""
    later = aliased(Assessment)
    return exists().where(
        later.risk_id == proposal.risk_id,
        later.basis == proposal.basis,
        later.id > proposal.id,
    )


def _risks() -> Select[*tuple[Any, ...]]:
    return (
        select(Risk, Entity.reference, Entity.name, _current, _before.score.label("was"))
        .join(Entity, Entity.id == Risk.id)
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .join(_current, _current.id == RiskStanding.current_id)
        .outerjoin(_before, _before.id == RiskStanding.previous_id)
    )


def _shown(row: Row[*tuple[Any, ...]], ratings: dict[str, Rating]) -> ShownRisk:
    assessed: Assessment = row.current
    return ShownRisk(
        id=row.Risk.id,
        reference=row.reference,
        title=row.name,
        score=assessed.score,
        rating=ratings.get(assessed.rating),
        position=assessed.position,
        moved=travel(row.was, assessed.score),
        likelihood=assessed.likelihood,
        impact=assessed.impact,
    )


def _reviews(actor: Actor, ratings: dict[str, Rating], on: date) -> Iterable[Item]:
    looked = select(func.max(Review.held_on)).where(Review.risk_id == Risk.id).correlate(Risk).scalar_subquery()
    pending = aliased(Assessment, name="pending")
    waits = (
        select(func.max(pending.id))
        .where(
            pending.risk_id == Risk.id, pending.basis == "current", pending.state == "proposed", ~_is_answered(pending)
        )
        .correlate(Risk)
        .scalar_subquery()
    )
    columns = (looked.label("looked_on"), func.coalesce(waits, 0).label("pending_id"))
    query = _risks().add_columns(*columns).where(_wants_review(actor, on + HORIZON))
    for row in db.session.execute(query.order_by(Risk.next_review_on, Entity.reference)):
        yield Item(
            kind="review",
            what="Confirm the review",
            of=row.name,
            due_on=row.Risk.next_review_on,
            reference=row.reference,
            risk=_shown(row, ratings),
            last_on=row.looked_on,
            seen=f"{row.Risk.version}.{row.current.id}.{row.pending_id}",
        )


def _drafts(actor: Actor, ratings: dict[str, Rating], on: date) -> Iterable[Item]:
    drafter = aliased(Post)
    query = (
        _risks()
        .add_columns(drafter.title.label("drafter"))
        .outerjoin(drafter, drafter.id == Risk.drafted_by_post_id)
        .where(_is_draft_for(actor))
        .order_by(Risk.drafted_on, Entity.reference)
    )
    rows = db.session.execute(query).all()
    causes = _texts(RiskCause, [row.Risk.id for row in rows])
    consequences = _texts(RiskConsequence, [row.Risk.id for row in rows])
    for row in rows:
        yield Item(
            kind="draft",
            what="Open a draft",
            of=row.name,
            due_on=on,
            reference=row.reference,
            risk=_shown(row, ratings),
            last_on=row.Risk.drafted_on,
            note=row.drafter or "",
            statement=(causes[row.Risk.id], row.Risk.event, consequences[row.Risk.id]),
        )


def _texts(table: type[RiskCause] | type[RiskConsequence], ids: list[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    if ids:
        query = select(table.risk_id, table.text).where(table.risk_id.in_(ids)).order_by(table.risk_id, table.position)
        for risk_id, text in db.session.execute(query):
            found[risk_id] += (text,)
    return found


def _escalations(actor: Actor, ratings: dict[str, Rating]) -> Iterable[Item]:
    case, subject = aliased(Entity, name="case"), aliased(Entity, name="subject")
    rows = db.session.execute(
        select(EscalationDesk, EscalationCase, case.reference, subject.name, _current.score, _current.rating)
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .join(case, case.id == EscalationCase.id)
        .outerjoin(subject, subject.id == EscalationCase.subject_id)
        .outerjoin(RiskStanding, RiskStanding.risk_id == EscalationCase.subject_id)
        .outerjoin(_current, _current.id == RiskStanding.current_id)
        .where(_stands_with(actor))
        .order_by(EscalationDesk.due_at, case.reference)
    )
    for desk, found, reference, title, score, rating in rows:
        is_new = desk.acknowledged_at is None
        yield Item(
            kind="acknowledge" if is_new else "decide",
            what="Acknowledge an escalation" if is_new else "Decide an escalation",
            of=title or "A drill of the route. No real risk is behind it.",
            due_on=local_day(desk.due_at),
            due_at=desk.due_at,
            reference=reference,
            note=found.reason,
            is_drill=found.is_drill,
            proposed=score,
            proposed_rating=ratings.get(rating),
        )


def _actions(actor: Actor, on: date) -> Iterable[Item]:
    for action in rmap.of_posts(actor, until=on + HORIZON, on=on):
        is_done = action.status is Status.COMPLETE
        yield Item(
            kind="confirm" if is_done else "update",
            what="Confirm that an action is done" if is_done else "Update the action",
            of=action.title,
            due_on=on if is_done else action.due_on,
            reference=action.reference,
            action=action,
        )


def _proposed_scores(actor: Actor, ratings: dict[str, Rating], on: date) -> Iterable[Item]:
    query = (
        _risks()
        .add_columns(Assessment.id.label("proposal_id"), Assessment.score.label("proposed"))
        .add_columns(Assessment.rating.label("proposed_rating"))
        .add_columns(Assessment.rationale, Assessment.effective_on.label("proposed_on"))
        .join(Assessment, Assessment.risk_id == Risk.id)
        .where(_waits_for(actor))
        .order_by(Assessment.effective_on, Entity.reference)
    )
    for row in db.session.execute(query):
        yield Item(
            kind="agree",
            what="Agree to a lower score",
            of=row.name,
            due_on=on,
            reference=row.reference,
            risk=_shown(row, ratings),
            last_on=row.proposed_on,
            note=row.rationale,
            proposal_id=row.proposal_id,
            proposed=row.proposed,
            proposed_rating=ratings.get(row.proposed_rating),
        )


def _owned(actor: Actor, ratings: dict[str, Rating]) -> tuple[ShownRisk, ...]:
    query = _risks().where(Risk.owner_post_id.in_(actor.post_ids), Risk.status == "open")
    rows = db.session.execute(query.order_by(_current.score.desc(), Entity.reference))
    return tuple(_shown(row, ratings) for row in rows)


def _with_others(actor: Actor) -> tuple[WithOther, ...]:
    case, subject = aliased(Entity, name="case"), aliased(Entity, name="subject")
    rows = db.session.execute(
        select(case.reference, subject.name, Post.title, EscalationDesk.acknowledged_at, EscalationDesk.due_at)
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .join(case, case.id == EscalationCase.id)
        .join(subject, subject.id == EscalationCase.subject_id)
        .join(Risk, Risk.id == EscalationCase.subject_id)
        .join(Post, Post.id == EscalationDesk.post_id)
        .where(
            Risk.owner_post_id.in_(actor.post_ids),
            EscalationDesk.state.in_(LIVE_DESKS),
            EscalationDesk.post_id.not_in(actor.post_ids),
        )
        .order_by(EscalationDesk.due_at, case.reference)
    )
    return tuple(WithOther(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class CouncilFigures:
    """The council in numbers, for whoever assures it."""

    risks: int
    that_matter: int
    beyond: int
    overdue: int
    open_actions: int
    escalations: int
    reviews_overdue: int


def council_figures(actor: Actor, *, on: date) -> CouncilFigures:
    """Count the council's open risks, late actions, late reviews and live escalations in one query."""
    del actor  # the door has asked for a role that reads the whole council
    matter = policies.in_force(on=on).policy.actions.plan_ratings
    risks = (
        select(func.count(Risk.id))
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .join(_current, _current.id == RiskStanding.current_id)
        .where(Risk.status == "open")
    )
    actions = select(func.count(Action.id)).where(Action.status.in_(OPEN_STATUSES))
    live = (
        select(func.count(EscalationDesk.id))
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .where(EscalationDesk.state.in_(LIVE_DESKS), EscalationCase.is_drill.is_(False))
    )
    counted = (
        risks,
        risks.where(_current.rating.in_(matter)),
        risks.where(_current.position == "beyond"),
        actions.where(Action.due_on < on),
        actions,
        live,
        risks.where(Risk.next_review_on < on),
    )
    return CouncilFigures(*db.session.execute(select(*(each.scalar_subquery() for each in counted))).one())
