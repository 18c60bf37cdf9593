"""Actions as lists and pages for one actor: what is late, what matters most, what was promised and what was said.

An action belongs to the unit of the risk it was first made for, and without a risk to its owner's.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from riskapp.domain import actions as rules
from riskapp.domain import overdue as overdue_rules
from riskapp.domain.actions import Status
from riskapp.domain.geometry.bars import Bars
from riskapp.domain.organisation import Sitter, sitter
from riskapp.domain.overdue import Share
from riskapp.domain.permissions import COUNCIL_READERS, Actor, Facts, Permission, Role, may
from riskapp.domain.reminders import SubjectFact
from riskapp.domain.scoring import Rating
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.models.actions import OPEN_STATUSES, Action, ActionPromise, ActionUpdate, Chase
from riskapp.models.database import db
from riskapp.models.entity import Classification, Entity, Link
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.packs import Board, Meeting
from riskapp.models.people import Post, Unit
from riskapp.models.risks import Assessment, Risk, RiskStanding

THE_REST = "Council as a whole"

_owner, _accountable = aliased(Post, name="owner"), aliased(Post, name="accountable")
_owner_unit, _risk_unit, _directorate = (aliased(Unit, name=name) for name in ("owner_unit", "risk_unit", "directorate"))
_risk_entity, _directorate_entity = aliased(Entity, name="risk_entity"), aliased(Entity, name="directorate_entity")
_unit_path = func.coalesce(_risk_unit.path, _owner_unit.path)


@dataclass(frozen=True, slots=True)
class ListedAction:
    """An action as lists show it; the risk is the one it was first made for, unnamed if the actor may not read it."""

    id: int
    reference: str
    title: str
    status: Status
    progress: int
    priority: str
    owner_post_id: int
    owner: str
    accountable_post_id: int
    accountable: str
    start_on: date
    due_on: date
    first_due_on: date
    times_moved: int
    completed_on: date | None
    cost: int | None
    version: int
    days_late: int
    risk_reference: str | None
    risk_title: str | None
    score: int | None
    rating: Rating | None
    directorate: str
    facts: Facts
    promises: tuple[date, ...] = ()
    chases: int = 0
    last_chased_on: date | None = None

    @property
    def urgency(self) -> int:
        """The risk's score times the days late (policy 9.3); a score of nought where there is no risk."""
        return rules.urgency(self.score or 0, self.days_late)

    @property
    def label(self) -> str:
        return self.status.label

    @property
    def slippage_words(self) -> str:
        """Say how its date has slipped: "3rd date, 94 days after the first promise"."""
        return rules.slippage(self.promises or (self.due_on,), self.due_on).words


def readable(actor: Actor, *, on: date) -> Select[Any]:
    """Start the query of the actions that the actor may read: the SQL twin of the permission action:read."""
    is_exempt, was_on_desk = _is_exempt(on), _was_on_desk(actor.post_ids)
    return (
        select(
            Action, Entity.reference, Entity.name, _owner.title.label("owner"), _accountable.title.label("accountable"),
            _risk_entity.reference.label("risk_reference"), _risk_entity.name.label("risk_title"),
            Risk.owner_post_id.label("risk_owner_id"), Risk.status.label("risk_status"),
            Assessment.score, Assessment.rating, _unit_path.label("unit_path"),
            _directorate_entity.name.label("directorate"),
            is_exempt.label("is_exempt"), was_on_desk.label("was_on_desk"),
        )
        .join(Entity, Entity.id == Action.id)
        .join(_owner, _owner.id == Action.owner_post_id)
        .join(_accountable, _accountable.id == Action.accountable_post_id)
        .join(_owner_unit, _owner_unit.id == _owner.unit_id)
        .outerjoin(Link, Link.id == _first_risk_link())
        .outerjoin(Risk, Risk.id == Link.to_id)
        .outerjoin(_risk_entity, _risk_entity.id == Risk.id)
        .outerjoin(_risk_unit, _risk_unit.id == Risk.unit_id)
        .outerjoin(RiskStanding, RiskStanding.risk_id == Risk.id)
        .outerjoin(Assessment, Assessment.id == RiskStanding.current_id)
        .outerjoin(_directorate, and_(_directorate.kind == "directorate", _unit_path.startswith(_directorate.path)))
        .outerjoin(_directorate_entity, _directorate_entity.id == _directorate.id)
        .where(_may_read(actor, is_exempt, was_on_desk))
    )  # fmt: skip


def _first_risk_link() -> ColumnElement[int]:
    first = aliased(Link, name="first_link")
    is_risk = exists().where(Risk.id == first.to_id).correlate(first)
    return (
        select(func.min(first.id))
        .where(first.from_id == Action.id, first.kind == "treats", is_risk)
        .correlate(Action)
        .scalar_subquery()
    )


def _treated() -> Select[Any]:
    """The entities that the action of the outer query treats."""
    link = aliased(Link, name="treats_link")
    return select(link.to_id).where(link.from_id == Action.id, link.kind == "treats").correlate(Action)


def _is_exempt(on: date) -> ColumnElement[bool]:
    """Whether the action or anything it treats is exempt, or its existence withheld, on a day."""
    later = aliased(Classification)
    overtaken = exists().where(
        later.entity_id == Classification.entity_id,
        later.field_group == Classification.field_group,
        later.from_on > Classification.from_on,
        later.from_on <= on,
    )
    about = or_(Classification.entity_id == Action.id, Classification.entity_id.in_(_treated()))
    levels = Classification.level.in_(("exempt", "withheld"))
    return exists().where(about, levels, Classification.from_on <= on, ~overtaken).correlate(Action)


def _was_on_desk(post_ids: Collection[int]) -> ColumnElement[bool]:
    """Whether one of the posts has, or had, an escalation of the action or of what it treats."""
    if not post_ids:
        return false()
    about = or_(EscalationCase.subject_id == Action.id, EscalationCase.subject_id.in_(_treated()))
    joined = EscalationDesk.case_id == EscalationCase.id
    return exists().where(joined, EscalationDesk.post_id.in_(post_ids), about).correlate(Action)


def _may_read(actor: Actor, is_exempt: ColumnElement[bool], was_on_desk: ColumnElement[bool]) -> ColumnElement[bool]:
    """Each line stands for the line of the permission's table with the same meaning."""
    if actor.has_role(*COUNCIL_READERS):
        return true()
    lines = [was_on_desk]
    if actor.post_ids:
        named = (Action.owner_post_id, Action.accountable_post_id, Risk.owner_post_id)
        lines += [post_id.in_(actor.post_ids) for post_id in named]
    kept = [grant.unit_path for grant in actor.grants if grant.role in (Role.CHAMPION, Role.MANAGER)]
    lines += [_unit_path.startswith(path, autoescape=True) for path in kept]
    if actor.has_role(Role.COMMITTEE):
        lines.append(~is_exempt)
    return or_(*lines)


def listed(rows: Iterable[Row[Any]], actor: Actor, *, on: date) -> tuple[ListedAction, ...]:
    """Turn rows of `readable` into what lists show."""
    scheme = policies.in_force(on=on).policy.scoring
    return tuple(_listed(row, actor, {rating.key: rating for rating in scheme.ratings}, on) for row in rows)


def _listed(row: Row[Any], actor: Actor, ratings: dict[str, Rating], on: date) -> ListedAction:
    action: Action = row.Action
    status = Status(action.status)
    desks = actor.post_ids if row.was_on_desk else frozenset()
    others = {action.accountable_post_id, *([row.risk_owner_id] if row.risk_owner_id else [])}
    facts = Facts(
        unit_path=row.unit_path,
        owner_post_id=action.owner_post_id,
        other_post_ids=frozenset(others),
        desk_post_ids=desks,
        is_open=status.is_open,
        is_exempt=row.is_exempt,
    )
    of_risk = replace(
        facts,
        owner_post_id=row.risk_owner_id,
        other_post_ids=frozenset((action.owner_post_id, action.accountable_post_id)),
        is_open=row.risk_status == "open",
    )
    shows_risk = row.risk_reference is not None and may(actor, Permission.RISK_READ, of_risk)
    return ListedAction(
        id=action.id,
        reference=row.reference,
        title=row.name,
        status=status,
        progress=action.progress,
        priority=action.priority,
        owner_post_id=action.owner_post_id,
        owner=row.owner,
        accountable_post_id=action.accountable_post_id,
        accountable=row.accountable,
        start_on=action.start_on,
        due_on=action.due_on,
        first_due_on=action.first_due_on,
        times_moved=action.times_moved,
        completed_on=action.completed_on,
        cost=action.cost,
        version=action.version,
        days_late=rules.days_late(action.due_on, status, on),
        risk_reference=row.risk_reference if shows_risk else None,
        risk_title=row.risk_title if shows_risk else None,
        score=row.score if shows_risk else None,
        rating=ratings.get(row.rating) if shows_risk else None,
        directorate=row.directorate or THE_REST,
        facts=facts,
    )


def _with_record(actions: Sequence[ListedAction]) -> tuple[ListedAction, ...]:
    """Add the promises and chases of the few actions that a page shows: two queries."""
    ids = [action.id for action in actions]
    dates: dict[int, list[date]] = {action_id: [] for action_id in ids}
    for action_id, due_on in db.session.execute(
        select(ActionPromise.action_id, ActionPromise.due_on)
        .where(ActionPromise.action_id.in_(ids))
        .order_by(ActionPromise.action_id, ActionPromise.number)
    ):
        dates[action_id].append(due_on)
    chased = {
        action_id: (count, last)
        for action_id, count, last in db.session.execute(
            select(Chase.action_id, func.count(Chase.id), func.max(Chase.chased_on))
            .where(Chase.action_id.in_(ids))
            .group_by(Chase.action_id)
        )
    }
    return tuple(
        replace(
            action,
            promises=tuple(dates[action.id]),
            chases=chased.get(action.id, (0, None))[0],
            last_chased_on=chased.get(action.id, (0, None))[1],
        )
        for action in actions
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of actions is narrowed to; what is empty narrows nothing."""

    words: str = ""
    directorate: str = ""
    late: str = ""  # the key of a bucket
    moved: str = ""  # "0", "1" or "2", which is twice or more
    owner: str = ""
    status: str = ""  # a status, or "open" or "late"

    def holds(self, action: ListedAction) -> bool:
        """Tell whether an overdue action stays in the list."""
        words = self.words.casefold()
        bucket = next((each for each in overdue_rules.BUCKETS if each.key == self.late), None)
        return (
            (words in action.title.casefold() or words in action.reference.casefold())
            and self.directorate in ("", action.directorate)
            and (bucket is None or bucket.holds(action.days_late))
            and self.moved in ("", str(min(action.times_moved, 2)))
            and self.owner in ("", action.owner)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, with the size of the whole."""

    actions: tuple[ListedAction, ...]
    total: int
    number: int
    size: int

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.number * self.size, self.total)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True, slots=True)
class OverdueDesk:
    """All that the page of overdue actions says to one actor."""

    overdue: int
    open: int
    that_matter: int
    matter_words: str
    moved: int
    moved_twice: int
    due_soon: int
    committee: "Committee | None"
    ageing: Bars
    shares: tuple[Share, ...]
    ten: tuple[ListedAction, ...]
    page: Page
    owners: tuple[str, ...]
    order_clause: str


@dataclass(frozen=True, slots=True)
class Committee:
    """The next meeting of a board or committee."""

    name: str
    held_on: date
    papers_due_on: date


SORTS: dict[str, Callable[[ListedAction], Any]] = {
    "late": lambda action: action.days_late,
    "matters": lambda action: action.urgency,
    "action": lambda action: action.title.casefold(),
    "owner": lambda action: action.owner.casefold(),
    "score": lambda action: action.score or 0,
    "moved": lambda action: (action.times_moved, (action.due_on - action.first_due_on).days),
}
"""How the overdue can be ordered; ties are broken by reference."""


def overdue(
    actor: Actor, wanted: Filter, *, sort: str = "late", descending: bool = True, page: int = 1, size: int, on: date
) -> OverdueDesk:
    """Gather every overdue action that the actor may read, in the same few queries whatever their number."""
    policy = policies.in_force(on=on).policy
    late = _late(actor, on)
    committee = next_committee(on=on)
    opened, due_soon = _open_by_directorate(actor, committee.held_on if committee else on, on)
    matter = [rating for rating in policy.scoring.ratings if rating.key in policy.actions.plan_ratings]
    kept = _in_order([action for action in late if wanted.holds(action)], sort, descending=descending)
    number = min(max(page, 1), max(1, -(-len(kept) // size)))
    ten = overdue_rules.that_matter_most(late)
    shown = kept[(number - 1) * size : number * size]
    full = {action.id: action for action in _with_record([*{each.id: each for each in (*ten, *shown)}.values()])}
    matter_words = " or ".join(rating.label for rating in matter)
    return OverdueDesk(
        overdue=len(late),
        open=sum(opened.values()),
        that_matter=sum(action.rating in matter for action in late),
        matter_words=matter_words,
        moved=sum(action.times_moved > 0 for action in late),
        moved_twice=sum(action.times_moved > 1 for action in late),
        due_soon=due_soon,
        committee=committee,
        ageing=Bars(
            overdue_rules.ageing([(action.days_late, action.rating in matter) for action in late]),
            f"on a {matter_words} risk",
            "on any other",
            "days late",
        ),
        shares=overdue_rules.shares(late, opened),
        ten=tuple(full[action.id] for action in ten),
        page=Page(tuple(full[action.id] for action in shown), len(kept), number, size),
        owners=tuple(sorted({action.owner for action in late})),
        order_clause=policy.actions.urgency_clause.ref,
    )


def overdue_rows(
    actor: Actor, wanted: Filter, *, sort: str = "late", descending: bool = True, on: date
) -> tuple[ListedAction, ...]:
    """List every overdue action of a filter, in order, with promises and chases: for a file, a pack or a chase."""
    kept = [action for action in _late(actor, on) if wanted.holds(action)]
    return _with_record(_in_order(kept, sort, descending=descending))


def _late(actor: Actor, on: date) -> tuple[ListedAction, ...]:
    query = readable(actor, on=on).where(Action.status.in_(OPEN_STATUSES), Action.due_on < on)
    return listed(db.session.execute(query.order_by(Action.due_on, Entity.reference)), actor, on=on)


def _in_order(actions: Sequence[ListedAction], sort: str, *, descending: bool) -> list[ListedAction]:
    by_reference = sorted(actions, key=lambda action: action.reference)
    return sorted(by_reference, key=SORTS.get(sort, SORTS["late"]), reverse=descending)


def _open_by_directorate(actor: Actor, before: date, on: date) -> tuple[dict[str, int], int]:
    """Count open actions by directorate, and those that fall due from today until before a date."""
    directorate = func.coalesce(_directorate_entity.name, THE_REST).label("directorate")
    soon = func.sum(case((and_(Action.due_on >= on, Action.due_on < before), 1), else_=0))
    rows = db.session.execute(
        readable(actor, on=on)
        .where(Action.status.in_(OPEN_STATUSES))
        .with_only_columns(directorate, func.count(), soon, maintain_column_froms=True)
        .group_by(directorate)
    ).all()
    return {name: count for name, count, _ in rows}, sum(row[2] for row in rows)


def next_committee(*, on: date) -> Committee | None:
    """Find the next meeting at which Members lead, from today on."""
    row = db.session.execute(
        select(Entity.name, Meeting.held_on, Meeting.papers_due_on)
        .join(Board, Board.id == Meeting.board_id)
        .join(Entity, Entity.id == Board.id)
        .where(Meeting.held_on >= on, Board.led_by == "Member")
        .order_by(Meeting.held_on, Meeting.id)
        .limit(1)
    ).first()
    return Committee(*row) if row else None


def action(actor: Actor, reference: str, *, on: date) -> ListedAction | None:
    """Find an action by its reference, with its promises and chases; one the actor may not read is not there."""
    query = readable(actor, on=on).where(Entity.reference == reference)
    found = _with_record(listed(db.session.execute(query), actor, on=on))
    return found[0] if found else None


def row(action_id: int) -> Action:
    """Load the row of an action that `action` has shown the actor may read."""
    return db.session.get_one(Action, action_id)


def of_posts(actor: Actor, *, until: date, on: date) -> tuple[ListedAction, ...]:
    """List the open actions of the actor's own posts that fall due up to a date, and those that wait to be confirmed.

    An action waits for the accountable person and the owner of its risk, never for its own owner.
    """
    posts = actor.post_ids
    if not posts:
        return ()
    mine = and_(Action.owner_post_id.in_(posts), Action.status.in_(OPEN_STATUSES), Action.due_on <= until)
    waits = and_(
        Action.status == Status.COMPLETE,
        Action.owner_post_id.not_in(posts),
        or_(Action.accountable_post_id.in_(posts), Risk.owner_post_id.in_(posts)),
    )
    query = readable(actor, on=on).where(or_(mine, waits)).order_by(Action.due_on, Entity.reference)
    return _with_record(listed(db.session.execute(query), actor, on=on))


def promises(action_id: int) -> tuple[date, ...]:
    """List every date promised for an action, the first promise first."""
    query = select(ActionPromise.due_on).where(ActionPromise.action_id == action_id).order_by(ActionPromise.number)
    return tuple(db.session.scalars(query))


def reminder_subjects() -> tuple[SubjectFact, ...]:
    """List every open action with its date and owner, for the clock to remind of."""
    query = select(Action.id, Action.due_on, Action.owner_post_id).where(Action.status.in_(OPEN_STATUSES))
    return tuple(
        SubjectFact("action", action_id, due_on, owner_id)
        for action_id, due_on, owner_id in db.session.execute(query.order_by(Action.id))
    )


ORDERS = {
    "due": (Action.due_on,),
    "action": (Entity.name,),
    "owner": (_owner.title,),
    "score": (func.coalesce(Assessment.score, 0),),
    "progress": (Action.progress,),
    "moved": (Action.times_moved,),
}
"""How the list of all actions can be ordered; ties are broken by reference."""


def actions(
    actor: Actor, wanted: Filter, *, sort: str = "due", descending: bool = False, page: int = 1, size: int | None, on: date
) -> Page:
    """List the actions that the actor may read, a page at a time; a size of None gives all of them, for a file."""
    query = _narrowed(readable(actor, on=on), wanted, on)
    total = db.session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    keys = ORDERS.get(sort, ORDERS["due"])
    query = query.order_by(*(key.desc() if descending else key for key in keys), Entity.reference)
    length = size or max(total, 1)
    number = min(max(page, 1), max(1, -(-total // length)))
    rows = db.session.execute(query.limit(length).offset((number - 1) * length))
    return Page(_with_record(listed(rows, actor, on=on)), total, number, length)


def _narrowed(query: Select[Any], wanted: Filter, on: date) -> Select[Any]:
    if wanted.words:
        found = (Entity.name.icontains(wanted.words, autoescape=True), Entity.reference == wanted.words.upper())
        query = query.where(or_(*found))
    if wanted.directorate:
        query = query.where(func.coalesce(_directorate_entity.name, THE_REST) == wanted.directorate)
    if wanted.owner:
        query = query.where(_owner.title == wanted.owner)
    if wanted.moved:
        times = int(wanted.moved) if wanted.moved.isdecimal() else 0
        query = query.where(Action.times_moved >= times if times > 1 else Action.times_moved == times)
    if wanted.status in ("open", "late"):
        query = query.where(Action.status.in_(OPEN_STATUSES))
    elif wanted.status:
        query = query.where(Action.status == wanted.status)
    return query.where(Action.due_on < on) if wanted.status == "late" else query


def directorates() -> tuple[str, ...]:
    """List the directorates by name, for a filter."""
    names = select(Entity.name).join(Unit, Unit.id == Entity.id).where(Unit.kind == "directorate")
    return (*db.session.scalars(names.order_by(Entity.name)), THE_REST)


def open_posts() -> tuple[tuple[int, str], ...]:
    """List the posts that exist, by title, for a choice."""
    query = select(Post.id, Post.title).where(Post.closed_on.is_(None)).order_by(Post.title)
    return tuple(tuple(pair) for pair in db.session.execute(query))


@dataclass(frozen=True, slots=True)
class Source:
    """A risk that an action can treat, with what permissions ask of it."""

    id: int
    reference: str
    title: str
    owner_post_id: int
    facts: Facts


def source(reference: str) -> Source | None:
    """Find an open or drafted risk by its reference; the caller asks whether the actor may add an action to it."""
    row = db.session.execute(
        select(Risk, Entity, Unit.path)
        .join(Entity, Entity.id == Risk.id)
        .join(Unit, Unit.id == Risk.unit_id)
        .where(Entity.reference == reference, Risk.status != "closed")
    ).first()
    if row is None:
        return None
    risk, entity, path = row
    facts = Facts(unit_path=path, owner_post_id=risk.owner_post_id, is_open=risk.status == "open")
    return Source(risk.id, entity.reference, entity.name, risk.owner_post_id, facts)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said of an action, and by which post."""

    on: date
    words: str
    note: str
    post: str | None


def said(action_id: int) -> tuple[Said, ...]:
    """List updates, moves and chases of an action, newest first."""
    poster = aliased(Post)
    updates = db.session.execute(
        select(ActionUpdate, poster.title)
        .outerjoin(poster, poster.id == ActionUpdate.by_post_id)
        .where(ActionUpdate.action_id == action_id)
    )
    moves = db.session.execute(
        select(ActionPromise, poster.title)
        .outerjoin(poster, poster.id == ActionPromise.by_post_id)
        .where(ActionPromise.action_id == action_id)
    )
    chases = db.session.execute(
        select(Chase, poster.title)
        .outerjoin(poster, poster.id == Chase.by_post_id)
        .where(Chase.action_id == action_id)
    )
    told = [
        *((each.said_on, 1, each.id, f"{Status(each.status).label}, {each.progress}%", each.note, title) for each, title in updates),
        *((each.promised_on, 0, each.id, _promised(each), each.reason, title) for each, title in moves),
        *((each.chased_on, 2, each.id, "Chased", "", title) for each, title in chases),
    ]
    newest = sorted(told, key=lambda each: each[:3], reverse=True)
    return tuple(Said(on, words, note, title) for on, _rank, _id, words, note, title in newest)


def _promised(promise: ActionPromise) -> str:
    day = f"{promise.due_on:%-d %b %Y}"
    return f"Promised for {day}" if promise.number == 1 else f"Date moved to {day}, the {rules.ordinal(promise.number)}"


@dataclass(frozen=True, slots=True)
class ChasePlan:
    """Whom a chase of one action would reach: the owner's post, else the accountable one; nobody if both are empty."""

    action_id: int
    reference: str
    title: str
    post_id: int
    post_title: str
    person_id: int | None
    is_chased_today: bool
    words: str
    action: ListedAction


def chase_plans(actions: Sequence[ListedAction], *, on: date) -> tuple[ChasePlan, ...]:
    """Say for each action who would be asked, in the queries of one organisation whatever their number."""
    seats = {seat.post_id: sitter(seat) for seat in people.organisation(on=on).seats}
    return tuple(_plan(action, seats, on) for action in actions)


def _plan(action: ListedAction, seats: Mapping[int, Sitter | None], on: date) -> ChasePlan:
    choices = ((action.owner_post_id, action.owner), (action.accountable_post_id, action.accountable))
    post_id, title = next((each for each in choices if seats.get(each[0])), choices[0])
    answering = seats.get(post_id)
    promised = f"It is {action.days_late} {'day' if action.days_late == 1 else 'days'} late: {action.slippage_words}."
    instead = "" if post_id == action.owner_post_id else f" The post of {action.owner} is empty, so you are asked."
    risk = f' It treats the risk "{action.risk_title}".' if action.risk_title else ""
    return ChasePlan(
        action_id=action.id,
        reference=action.reference,
        title=action.title,
        post_id=post_id,
        post_title=title,
        person_id=answering.person_id if answering else None,
        is_chased_today=action.last_chased_on == on,
        words=f"{promised}{risk} Say whether it is done, how far it is, or ask for more time.{instead}",
        action=action,
    )
