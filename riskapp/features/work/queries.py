"""What wants a person today, the risks they own, and what they wait for from others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    String,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from riskapp.domain.actions import Status
from riskapp.domain.calendar import local_day
from riskapp.domain.movement import Travel, travel
from riskapp.domain.permissions import Actor, Role
from riskapp.domain.scoring import Rating
from riskapp.domain.work import Group, by_time, end_of_week
from riskapp.features.access import queries as access
from riskapp.features.escalation import queries as escalations
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import kept, units_below
from riskapp.features.rmap import queries as rmap
from riskapp.features.rmap.queries import ListedAction
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.challenges import Challenge
from riskapp.models.database import db, read
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.issues import Issue
from riskapp.models.people import Post
from riskapp.models.risks import Assessment, Review, Risk, RiskCause, RiskConsequence, RiskStanding
from riskapp.models.tolerances import ASKED, IN_FORCE, Tolerance

HORIZON = timedelta(days=28)
"""How far ahead the list looks: what falls due later has its own page."""
SHOWN = 4
MINUTES = {
    "review": 1, "update": 1, "confirm": 1, "acknowledge": 1, "decide": 3, "draft": 3, "agree": 2, "challenge": 3,
    "tolerate": 3, "tolerance_ends": 2, "brief": 5,
}  # fmt: skip

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
    about: str | None = None  # the risk that it is about, by reference
    proposal_id: int | None = None
    proposed: int | None = None
    proposed_rating: Rating | None = None
    key: str = ""  # of a challenge, in its address
    challenger: str = ""  # a post, where the challenger lets it be known

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
    risk_reference: str
    risk_title: str
    post: str
    acknowledged_at: datetime | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Mine:
    """A challenge of the actor's own that waits, or was answered lately."""

    reference: str
    title: str
    score: int
    due_on: date
    answer: str | None


@dataclass(frozen=True, slots=True)
class MyWork:
    """The first page of somebody with posts."""

    groups: tuple[Group[Item], ...]
    risks: tuple[ShownRisk, ...]
    risk_count: int
    with_others: tuple[WithOther, ...]
    challenged: tuple[Mine, ...]

    @property
    def about(self) -> Iterable[str | None]:
        """Every risk whose words it shows, by reference."""
        yield from (item.about for group in self.groups for item in group.items)
        yield from (risk.reference for risk in self.risks)
        yield from (each.risk_reference for each in self.with_others)
        yield from (each.reference for each in self.challenged)

    @property
    def now(self) -> tuple[Item, ...]:
        """What is overdue or falls in this week, and every escalation: what `waiting` counts."""
        everything = [(group.title, item) for group in self.groups for item in group.items]
        return tuple(item for title, item in everything if title != "Later" or item.kind in ANSWERS)


def my_work(actor: Actor, *, on: date) -> MyWork:
    """Gather what wants the actor within four weeks, in the same few queries however much it is."""
    ratings = {rating.key: rating for rating in policies.in_force(on=on).policy.scoring.ratings}
    own = db.session.execute(_own(actor)).all()
    said, mine = _said(actor, ratings, on)
    items = [
        *_reviews(own, ratings, on),
        *_drafts(actor, ratings, on),
        *_escalations(actor, ratings),
        *_actions(actor, on),
        *_proposed_scores(actor, ratings, on),
        *said,
        *_briefings(actor, on),
    ]
    owned = tuple(_shown(row, ratings) for row in own[:SHOWN])
    with_others = tuple(WithOther(*row) for row in _with_others(actor))
    return MyWork(by_time(items, on), owned, len(own), with_others, mine)


def waiting(actor: Actor, on: date) -> int:
    """Count what is overdue or falls in this week: what My work says in the navigation."""
    return counts(actor, on).work


class Counts(NamedTuple):
    """What the navigation counts for somebody: the work of this week, and the escalations that want an answer."""

    work: int
    escalations: int
    access: int


def counts(actor: Actor, on: date) -> Counts:
    """Count what waits for the actor in one query; for whoever has neither post nor role nothing waits."""
    if not actor.post_ids and not actor.grants:
        return Counts(0, 0, 0)
    return Counts(*read(_counts(actor, end_of_week(on), on)).one())


@kept
def _counts(actor: Actor, until: date, on: date) -> Select[int, int, int]:
    parts = (
        select(func.count(Risk.id)).where(_wants_review(actor, until)),
        select(func.count(Risk.id)).where(_is_draft_for(actor, on)),
        select(func.count(EscalationDesk.id)).where(_stands_with(actor)),
        select(func.count(Action.id)).where(_wants_update(actor, until)),
        select(func.count(Action.id)).where(_wants_confirmation(actor)),
        select(func.count(Assessment.id)).join(Risk, Risk.id == Assessment.risk_id).where(_waits_for(actor, on)),
        select(func.count(Challenge.id))
        .join(Risk, Risk.id == Challenge.risk_id)
        .where(_wants_answer(actor), Challenge.due_on <= until),
        select(func.count(Tolerance.id)).where(_wants_acceptance(actor)),
        select(func.count(Tolerance.id))
        .join(Risk, Risk.id == Tolerance.risk_id)
        .where(_runs_out(actor), Tolerance.expires_on <= until),
        select(func.count(Issue.id)).where(_wants_briefing(actor, until)),
    )
    work = sum((each.scalar_subquery() for each in parts[1:]), parts[0].scalar_subquery())
    return select(work, escalations.waiting_counted(actor).scalar_subquery(), access.waiting_counted(actor))


def _managed(actor: Actor) -> list[str]:
    return [grant.unit_path for grant in actor.grants if grant.role is Role.MANAGER]


def _wants_review(actor: Actor, until: date) -> ColumnElement[bool]:
    return Risk.owner_post_id.in_(actor.post_ids) & (Risk.status == "open") & (Risk.next_review_on <= until)


def _shows_all(actor: Actor, on: date) -> ColumnElement[bool]:
    """Nothing of the risk is withheld from the actor: to open or to agree shows all of it."""
    return or_(~readers.is_exempt(on=on), readers.reads_exempt(actor, on=on))


def _is_draft_for(actor: Actor, on: date) -> ColumnElement[bool]:
    """Whoever owns a draft, or manages its unit, opens it."""
    mine: ColumnElement[bool] = Risk.owner_post_id.in_(actor.post_ids)
    if paths := _managed(actor):
        mine = or_(mine, Risk.unit_id.in_(units_below(*paths)))
    return mine & (Risk.status == "draft") & _shows_all(actor, on)


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


def _waits_for(actor: Actor, on: date) -> ColumnElement[bool]:
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
        & _shows_all(actor, on)
    )


def _wants_answer(actor: Actor) -> ColumnElement[bool]:
    return Risk.owner_post_id.in_(actor.post_ids) & (Risk.status == "open") & Challenge.answer.is_(None)


def _wants_acceptance(actor: Actor) -> ColumnElement[bool]:
    return Tolerance.asked_of_post_id.in_(actor.post_ids) & (Tolerance.state == ASKED)


def _runs_out(actor: Actor) -> ColumnElement[bool]:
    """A tolerance that ends wants its owner, until it is asked for anew."""
    anew = aliased(Tolerance)
    is_asked = exists().where(anew.risk_id == Tolerance.risk_id, anew.state == ASKED)
    return Risk.owner_post_id.in_(actor.post_ids) & (Tolerance.state == IN_FORCE) & ~is_asked


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
        select(
            Risk.id, Entity.reference, Entity.name, Risk.event, Risk.version, Risk.next_review_on, Risk.drafted_on,
            _current.id.label("current_id"), _current.score, _current.rating, _current.position, _current.likelihood,
            _current.impact, _before.score.label("was"),
        )
        .join(Entity, Entity.id == Risk.id)
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .join(_current, _current.id == RiskStanding.current_id)
        .outerjoin(_before, _before.id == RiskStanding.previous_id)
    )  # fmt: skip


def _shown(row: Row[*tuple[Any, ...]], ratings: dict[str, Rating]) -> ShownRisk:
    return ShownRisk(
        id=row.id,
        reference=row.reference,
        title=row.name,
        score=row.score,
        rating=ratings.get(row.rating),
        position=row.position,
        moved=travel(row.was, row.score),
        likelihood=row.likelihood,
        impact=row.impact,
    )


@kept
def _own(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Select the actor's open risks, the worst first, with the last look at each and the score that waits."""
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
    return (
        _risks()
        .add_columns(looked.label("looked_on"), func.coalesce(waits, 0).label("pending_id"))
        .where(Risk.owner_post_id.in_(actor.post_ids), Risk.status == "open")
        .order_by(_current.score.desc(), Entity.reference)
    )


def _reviews(own: Iterable[Row[*tuple[Any, ...]]], ratings: dict[str, Rating], on: date) -> Iterable[Item]:
    due = [row for row in own if row.next_review_on and row.next_review_on <= on + HORIZON]
    for row in sorted(due, key=lambda row: (row.next_review_on, row.reference)):
        yield Item(
            kind="review",
            what="Confirm the review",
            of=row.name,
            due_on=row.next_review_on,
            reference=row.reference,
            about=row.reference,
            risk=_shown(row, ratings),
            last_on=row.looked_on,
            seen=f"{row.version}.{row.current_id}.{row.pending_id}",
        )


@kept
def _drafts_for(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    drafter = aliased(Post)
    return (
        _risks()
        .add_columns(drafter.title.label("drafter"))
        .outerjoin(drafter, drafter.id == Risk.drafted_by_post_id)
        .where(_is_draft_for(actor, on))
        .order_by(Risk.drafted_on, Entity.reference)
    )


def _drafts(actor: Actor, ratings: dict[str, Rating], on: date) -> Iterable[Item]:
    rows = db.session.execute(_drafts_for(actor, on)).all()
    causes = _texts(RiskCause, [row.id for row in rows])
    consequences = _texts(RiskConsequence, [row.id for row in rows])
    for row in rows:
        yield Item(
            kind="draft",
            what="Open a draft",
            of=row.name,
            due_on=on,
            reference=row.reference,
            about=row.reference,
            risk=_shown(row, ratings),
            last_on=row.drafted_on,
            note=row.drafter or "",
            statement=(causes[row.id], row.event, consequences[row.id]),
        )


def _texts(table: type[RiskCause] | type[RiskConsequence], ids: list[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    if ids:
        query = select(table.risk_id, table.text).where(table.risk_id.in_(ids)).order_by(table.risk_id, table.position)
        for risk_id, text in db.session.execute(query):
            found[risk_id] += (text,)
    return found


@kept
def _desks_of(actor: Actor) -> Select[*tuple[Any, ...]]:
    raised, subject = aliased(Entity, name="case"), aliased(Entity, name="subject")
    return (
        select(
            EscalationDesk.acknowledged_at, EscalationDesk.due_at, EscalationCase.reason, EscalationCase.is_drill,
            raised.reference, subject.name, subject.reference.label("about"), _current.score, _current.rating,
        )
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .join(raised, raised.id == EscalationCase.id)
        .outerjoin(subject, subject.id == EscalationCase.subject_id)
        .outerjoin(RiskStanding, RiskStanding.risk_id == EscalationCase.subject_id)
        .outerjoin(_current, _current.id == RiskStanding.current_id)
        .where(_stands_with(actor))
        .order_by(EscalationDesk.due_at, raised.reference)
    )  # fmt: skip


def _escalations(actor: Actor, ratings: dict[str, Rating]) -> Iterable[Item]:
    for row in db.session.execute(_desks_of(actor)):
        is_new = row.acknowledged_at is None
        yield Item(
            kind="acknowledge" if is_new else "decide",
            what="Acknowledge an escalation" if is_new else "Decide an escalation",
            of=row.name or "A drill of the route. No real risk is behind it.",
            due_on=local_day(row.due_at),
            due_at=row.due_at,
            reference=row.reference,
            note=row.reason,
            is_drill=row.is_drill,
            about=row.about,
            proposed=row.score,
            proposed_rating=ratings.get(row.rating),
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
            about=action.risk_reference,
            action=action,
        )


@kept
def _proposals_for(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    return (
        _risks()
        .add_columns(Assessment.id.label("proposal_id"), Assessment.score.label("proposed"))
        .add_columns(Assessment.rating.label("proposed_rating"))
        .add_columns(Assessment.rationale, Assessment.effective_on.label("proposed_on"))
        .join(Assessment, Assessment.risk_id == Risk.id)
        .where(_waits_for(actor, on))
        .order_by(Assessment.effective_on, Entity.reference)
    )


def _proposed_scores(actor: Actor, ratings: dict[str, Rating], on: date) -> Iterable[Item]:
    if not _managed(actor):
        return
    for row in db.session.execute(_proposals_for(actor, on)):
        yield Item(
            kind="agree",
            what="Agree to a lower score",
            of=row.name,
            due_on=on,
            reference=row.reference,
            about=row.reference,
            risk=_shown(row, ratings),
            last_on=row.proposed_on,
            note=row.rationale,
            proposal_id=row.proposal_id,
            proposed=row.proposed,
            proposed_rating=ratings.get(row.proposed_rating),
        )


@kept
def _said_of_risks(actor: Actor, on: date) -> CompoundSelect[*tuple[Any, ...]]:
    """Select in one query what is challenged or tolerated of risks, and wants the actor; and what the actor challenged.

    Who challenged is read only where that may be known to the owner.
    """
    nobody = cast(null(), String)
    lately = or_(Challenge.answer.is_(None), Challenge.answered_on >= on - HORIZON)
    mine = (Challenge.by_id == actor.person_id) & (Risk.status == "open") & lately
    ends = _runs_out(actor) & (Tolerance.expires_on <= on + HORIZON)
    is_asked = case((Tolerance.state == ASKED, "tolerate"), else_="tolerance_ends")
    said_of_challenge = (
        Challenge.key, Challenge.score.label("said"), Challenge.rating.label("said_rating"),
        Challenge.why, Challenge.due_on, Challenge.raised_on.label("said_on"),
    )  # fmt: skip
    challenged = _risks().join(Challenge, Challenge.risk_id == Risk.id)
    return union_all(
        challenged.add_columns(
            literal("challenge").label("what"), *said_of_challenge, case((Challenge.is_named, Post.title)).label("last")
        )
        .outerjoin(Post, Post.id == Challenge.by_post_id)
        .where(_wants_answer(actor), Challenge.due_on <= on + HORIZON),
        challenged.add_columns(literal("mine"), *said_of_challenge, Challenge.answer).where(
            mine, readers.reads_all(actor, on=on)
        ),
        _risks()
        .add_columns(
            is_asked, literal(""), Tolerance.score, Tolerance.rating, Tolerance.why, Tolerance.expires_on,
            Tolerance.asked_on, nobody,
        )
        .join(Tolerance, Tolerance.risk_id == Risk.id)
        .where(or_(_wants_acceptance(actor), ends)),
    ).order_by("due_on", "reference", "key")  # fmt: skip


def _said(actor: Actor, ratings: dict[str, Rating], on: date) -> tuple[list[Item], tuple[Mine, ...]]:
    """Give what is challenged or tolerated of risks as items, and the actor's own challenges."""
    rows = db.session.execute(_said_of_risks(actor, on)).all()
    mine = (Mine(row.reference, row.name, row.said, row.due_on, row.last) for row in rows if row.what == "mine")
    whats = {
        "challenge": "Answer a challenge",
        "tolerate": "Accept a risk as it is, or refuse",
        "tolerance_ends": "A tolerance ends",
    }
    items = [
        Item(
            kind=row.what,
            what=whats[row.what],
            of=row.name,
            due_on=on if row.what == "tolerate" else row.due_on,
            reference=row.reference,
            about=row.reference,
            risk=_shown(row, ratings),
            note=row.why,
            last_on=row.said_on,
            challenger=row.last or "",
            proposed=row.said,
            proposed_rating=ratings.get(row.said_rating),
            seen=str(row.current_id),
            key=row.key,
        )
        for row in rows
        if row.what != "mine"
    ]
    return items, tuple(mine)


def _wants_briefing(actor: Actor, until: date) -> ColumnElement[bool]:
    return Issue.owner_post_id.in_(actor.post_ids) & (Issue.brief_by <= until) & Issue.briefed_on.is_(None)


def _briefings(actor: Actor, on: date) -> Iterable[Item]:
    """Members whom the owner of an issue is to brief."""
    rows = db.session.execute(
        select(Entity.reference, Entity.name, func.coalesce(Issue.brief_by, on), Issue.version)
        .join(Entity, Entity.id == Issue.id)
        .where(_wants_briefing(actor, on + HORIZON))
        .order_by(Issue.brief_by, Entity.reference)
    )
    for reference, title, brief_by, version in rows:
        yield Item(
            kind="brief", what="Brief Members", of=title, due_on=brief_by, reference=reference, seen=str(version)
        )


def _with_others(actor: Actor) -> Iterable[Sequence[Any]]:
    return db.session.execute(_desks_of_others(actor))


@kept
def _desks_of_others(actor: Actor) -> Select[*tuple[Any, ...]]:
    raised, subject = aliased(Entity, name="case"), aliased(Entity, name="subject")
    return (
        select(
            raised.reference,
            subject.reference,
            subject.name,
            Post.title,
            EscalationDesk.acknowledged_at,
            EscalationDesk.due_at,
        )
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .join(raised, raised.id == EscalationCase.id)
        .join(subject, subject.id == EscalationCase.subject_id)
        .join(Risk, Risk.id == EscalationCase.subject_id)
        .join(Post, Post.id == EscalationDesk.post_id)
        .where(
            Risk.owner_post_id.in_(actor.post_ids),
            EscalationDesk.state.in_(LIVE_DESKS),
            EscalationDesk.post_id.not_in(actor.post_ids),
        )
        .order_by(EscalationDesk.due_at, raised.reference)
    )


@dataclass(frozen=True, slots=True)
class CouncilFigures:
    """The council in numbers, for whoever assures it."""

    risks: int
    that_matter: int
    beyond: int
    overdue: int
    open_actions: int
    escalations: int
    challenges: int
    challenges_late: int
    reviews_overdue: int


def council_figures(actor: Actor, *, on: date) -> CouncilFigures:
    """Count the council's open risks, late actions, late reviews and live escalations in one query."""
    matter = policies.in_force(on=on).policy.actions.plan_ratings
    return CouncilFigures(*db.session.execute(_figures(actor, on, matter)).one())


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


@kept
def _figures(actor: Actor, on: date, matter: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    seen = readers.projection(actor, on=on)  # the door asks for a role over the council, not for a clearance
    risks = (
        seen.joined(
            select(
                func.count(Risk.id).label("open"),
                _count_if(seen.shown("assessment", _current.rating).in_(matter)).label("that_matter"),
                _count_if(seen.shown("assessment", _current.position) == "beyond").label("beyond"),
                _count_if(seen.shown("assessment", Risk.next_review_on) < on).label("overdue"),
            )
            .join(RiskStanding, RiskStanding.risk_id == Risk.id)
            .join(_current, _current.id == RiskStanding.current_id)
        )
        .where(Risk.status == "open", readers.readable(actor, on=on))
        .subquery()
    )
    actions = select(func.count(Action.id)).where(Action.status.in_(OPEN_STATUSES))
    live = (
        select(func.count(EscalationDesk.id))
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .where(EscalationDesk.state.in_(LIVE_DESKS), EscalationCase.is_drill.is_(False))
    )
    challenged = (
        select(func.count(Challenge.id))
        .join(Risk, Risk.id == Challenge.risk_id)
        .where(Risk.status == "open", Challenge.answer.is_(None), readers.reads_all(actor, on=on))
    )
    counted = (actions.where(Action.due_on < on), actions, live, challenged, challenged.where(Challenge.due_on < on))
    others = (each.scalar_subquery() for each in counted)
    return select(risks.c.open, risks.c.that_matter, risks.c.beyond, *others, risks.c.overdue)
