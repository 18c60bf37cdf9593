"""RMAP lists: the actions that an actor may read, with their promises, their chases and the risk each was made for.

An action belongs to the unit of the risk it was first made for, and without a risk to its owner's.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    SQLColumnExpression,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.orm import aliased, join

from riskapp.domain import actions as rules
from riskapp.domain.actions import Status
from riskapp.domain.permissions import Actor, Facts, Permission, Relation, may
from riskapp.domain.publication import PARTS
from riskapp.domain.scoring import Rating
from riskapp.features.classification import queries as classification
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.models.actions import OPEN_STATUSES, Action, ActionPromise, Chase
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Post, Unit
from riskapp.models.risks import Assessment, Risk, RiskStanding

THE_REST = "Council as a whole"
_MOST_IDS = 10_000  # databases limit how many values one query may name

owner, _accountable = aliased(Post, name="owner"), aliased(Post, name="accountable")
_owner_unit, _risk_unit, _directorate = (
    aliased(Unit, name=name) for name in ("owner_unit", "risk_unit", "directorate")
)
_risk_entity, _directorate_entity = aliased(Entity, name="risk_entity"), aliased(Entity, name="directorate_entity")
_first, _treats = aliased(Link, name="first_link"), aliased(Link, name="treats_link")
_unit_path = func.coalesce(_risk_unit.path, _owner_unit.path)
unit_id: ColumnElement[int] = func.coalesce(Risk.unit_id, owner.unit_id)
"""The unit of an action in a query that began with `reach`: its first risk's, or without a risk its owner's."""
homes = (
    select(Unit.id, _directorate_entity.name)
    .join(_directorate, and_(_directorate.kind == "directorate", Unit.path.startswith(_directorate.path)))
    .join(_directorate_entity, _directorate_entity.id == _directorate.id)
    .subquery("homes")
)
"""Each unit that is in a directorate, or is one, and the directorate's name."""
directorate_name: ColumnElement[str] = func.coalesce(homes.c.name, THE_REST)
"""The directorate of an action in a query that began with `readable`."""


@dataclass(frozen=True, slots=True)
class ListedAction:
    """An action as lists show it; the risk is the one it was first made for, unnamed if the actor may not read it.

    A withheld title says why, a withheld score is None.
    """

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


@readers.kept
def readable(actor: Actor, *, on: date) -> Select[*tuple[Any, ...]]:
    """Start the query of the actions that the actor may read, with all that lists show of them and of their risks."""
    seen = readers.projection(actor, on=on)
    query = _LISTED.add_columns(
        seen.shown("title", _risk_entity.name).label("risk_title"),
        seen.why("title").label("why_title"),
        seen.shown("assessment", Assessment.score).label("score"),
        seen.shown("assessment", Assessment.rating).label("rating"),
        _withheld(classification.is_exempt, on, "plan").label("is_exempt"),
        _withheld(classification.is_existence_withheld, on).label("is_existence_withheld"),
        _was_on_desk(actor.post_ids).label("was_on_desk"),
    )
    return seen.joined(query).where(_may_read(actor, on))


def reach(actor: Actor, columns: Select[*tuple[Any, ...]], *, on: date) -> Select[*tuple[Any, ...]]:
    """Take columns from the actions that the actor may read, each with its owner and first risk: to count or to choose.

    This is the SQL twin of the permission action:read, with no more joins than the permission asks.
    """
    return columns.select_from(_REACHED).where(_may_read(actor, on))


def reach_scores(actor: Actor, columns: Select[*tuple[Any, ...]], *, on: date) -> Select[*tuple[Any, ...]]:
    """Take columns as `reach` does, from each action's entity and its first risk's current assessment too."""
    return columns.select_from(_SCORED).where(_may_read(actor, on))


_is_risk = exists().where(Risk.id == _first.to_id).correlate(_first)
_first_risk_link = (
    select(func.min(_first.id))
    .where(_first.from_id == Action.id, _first.kind == "treats", _is_risk)
    .correlate(Action)
    .scalar_subquery()
)
_treated = select(_treats.to_id).where(_treats.from_id == Action.id, _treats.kind == "treats").correlate(Action)
"""The entities that the action of the outer query treats."""

# These never differ, and putting them together takes longer than most queries run: it is done once.
_REACHED = (
    join(Action, owner, owner.id == Action.owner_post_id)
    .outerjoin(Link, Link.id == _first_risk_link)
    .outerjoin(Risk, Risk.id == Link.to_id)
)
_SCORED = (
    _REACHED.join(Entity, Entity.id == Action.id)
    .outerjoin(RiskStanding, RiskStanding.risk_id == Risk.id)
    .outerjoin(Assessment, Assessment.id == RiskStanding.current_id)
)
_LISTED = select(
    Action, Entity.reference, Entity.name, owner.title.label("owner"), _accountable.title.label("accountable"),
    _risk_entity.reference.label("risk_reference"),
    Risk.id.label("risk_id"), Risk.owner_post_id.label("risk_owner_id"), Risk.status.label("risk_status"),
    Risk.drafted_by_post_id.label("risk_drafter_id"),
    _unit_path.label("unit_path"), directorate_name.label("directorate"),
).select_from(
    _SCORED.join(_accountable, _accountable.id == Action.accountable_post_id)
    .join(_owner_unit, _owner_unit.id == owner.unit_id)
    .outerjoin(_risk_entity, _risk_entity.id == Risk.id)
    .outerjoin(_risk_unit, _risk_unit.id == Risk.unit_id)
    .outerjoin(homes, homes.c.id == unit_id)
)  # fmt: skip


@lru_cache(maxsize=32)
def _withheld(which: Callable[..., ColumnElement[bool]], on: date, group: str | None = None) -> ColumnElement[bool]:
    """Whether what `which` asks of a thing is so of the action or of anything it treats, there of one group if told.

    An action is in the plan of its risk: it is exempt with that group of the risk's fields, and with no other.
    """
    treated = aliased(Link, name="withheld_link")
    of_it = (
        which(treated.to_id, on=on) if group is None else classification.is_group_withheld(treated.to_id, group, on=on)
    )
    of_treated = exists().where(treated.from_id == Action.id, treated.kind == "treats", of_it)
    return or_(which(Action.id, on=on), of_treated)


def _was_on_desk(post_ids: Collection[int]) -> ColumnElement[bool]:
    """Whether one of the posts has, or had, an escalation of the action or of what it treats."""
    if not post_ids:
        return false()
    about = or_(EscalationCase.subject_id == Action.id, EscalationCase.subject_id.in_(_treated))
    joined = EscalationDesk.case_id == EscalationCase.id
    return exists().where(joined, EscalationDesk.post_id.in_(post_ids), about).correlate(Action)


def _twins(on: date) -> dict[Relation, readers.Twin]:
    """What the conditions that action:read and risk:read share mean in `reach`."""
    is_exempt = _withheld(classification.is_exempt, on, "plan")
    is_existence_withheld = _withheld(classification.is_existence_withheld, on)
    return {
        **readers.by_unit(unit_id, is_exempt, is_existence_withheld),
        Relation.DRAFTED: lambda actor, _: Risk.drafted_by_post_id.in_(actor.post_ids),
        Relation.ON_ITS_ROUTE: lambda actor, _: _was_on_desk(actor.post_ids),
    }


@readers.kept
def _may_read(actor: Actor, on: date) -> ColumnElement[bool]:
    twins = _twins(on) | {
        **readers.by_name(Action.id, _withheld(classification.is_existence_withheld, on)),
        Relation.OWNS: lambda actor, _: Action.owner_post_id.in_(actor.post_ids),
        Relation.TAKES_PART: lambda actor, _: _is_of(actor, Action.accountable_post_id, Risk.owner_post_id),
    }
    return readers.limited(Permission.ACTION_READ, actor, twins)


def is_in(directorate: str) -> ColumnElement[bool]:
    """Whether an action in `reach` belongs to a unit of a directorate, by its name, or to none of them."""
    within = unit_id.in_(select(homes.c.id).where(homes.c.name == directorate))
    return or_(within, unit_id.not_in(select(homes.c.id))) if directorate == THE_REST else within


@readers.kept
def shows_score(actor: Actor, *, on: date) -> ColumnElement[bool]:
    """Tell whether the actor is shown the score of an action's first risk in `reach`: without that it counts as none.

    The twin of what `readable` and `listed` make of one action: risk:read, and the assessment not withheld.
    """
    twins = _twins(on) | {
        **readers.by_name(Risk.id, _withheld(classification.is_existence_withheld, on)),
        Relation.OWNS: lambda actor, _: Risk.owner_post_id.in_(actor.post_ids),
        Relation.TAKES_PART: lambda actor, _: _is_of(actor, Action.owner_post_id, Action.accountable_post_id),
        Relation.OPEN: lambda _actor, _condition: Risk.status == "open",
    }
    reads = readers.limited(Permission.RISK_READ, actor, twins)
    cleared = readers.reads_exempt(actor, on=on)
    if cleared is true():
        return reads
    return and_(reads, or_(~classification.is_group_withheld(Risk.id, "assessment", on=on), cleared))


def shown_score(actor: Actor, *, on: date) -> ColumnElement[int]:
    """Give the score that the actor is shown in `reach_scores`; nought if none, as `ListedAction.urgency` has it."""
    return case((shows_score(actor, on=on), func.coalesce(Assessment.score, 0)), else_=0)


def _is_of(actor: Actor, *post_ids: SQLColumnExpression[int]) -> ColumnElement[bool]:
    return or_(*(post_id.in_(actor.post_ids) for post_id in post_ids))


def listed(actor: Actor, rows: Iterable[Row[Any]], *, on: date) -> tuple[ListedAction, ...]:
    """Turn rows of `readable` into what lists show."""
    ratings = {rating.key: rating for rating in policies.in_force(on=on).policy.scoring.ratings}
    return tuple(_listed(row, actor, ratings, on) for row in rows)


def _listed(row: Row[Any], actor: Actor, ratings: dict[str, Rating], on: date) -> ListedAction:
    action: Action = row.Action
    status = Status(action.status)
    desks = actor.post_ids if row.was_on_desk else frozenset()
    others = {action.accountable_post_id, *([row.risk_owner_id] if row.risk_owner_id else [])}
    facts = Facts(
        entity_id=action.id,
        unit_path=row.unit_path,
        owner_post_id=action.owner_post_id,
        drafted_by_post_id=row.risk_drafter_id,
        other_post_ids=frozenset(others),
        desk_post_ids=desks,
        is_open=status.is_open,
        exempt_groups=PARTS if row.is_exempt else frozenset(),
        is_existence_withheld=bool(row.is_existence_withheld),
    )
    of_risk = replace(
        facts,
        entity_id=row.risk_id,
        owner_post_id=row.risk_owner_id,
        other_post_ids=frozenset((action.owner_post_id, action.accountable_post_id)),
        is_open=row.risk_status == "open",
    )
    names_risk = row.risk_reference is not None and may(actor, Permission.RISK_READ, of_risk)
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
        risk_reference=row.risk_reference if names_risk else None,
        risk_title=readers.told(row.risk_title, row.why_title) if names_risk else None,
        score=row.score if names_risk else None,
        rating=ratings.get(row.rating) if names_risk else None,
        directorate=row.directorate,
        facts=facts,
    )


def with_record(*, actions: Sequence[ListedAction]) -> tuple[ListedAction, ...]:
    """Add the promises and chases of what a page shows: one query, and for a long file one for each ten thousand."""
    if not actions:
        return ()
    ids = [action.id for action in actions]
    dates: dict[int, list[date]] = {action_id: [] for action_id in ids}
    chased: dict[int, tuple[int, date]] = {}
    for start in range(0, len(ids), _MOST_IDS):
        for action_id, is_chase, number, day in db.session.execute(_record(ids[start : start + _MOST_IDS])):
            if is_chase:
                chased[action_id] = (number, day)
            else:
                dates[action_id].append(day)
    return tuple(
        replace(
            action,
            promises=tuple(dates[action.id]),
            chases=chased.get(action.id, (0, None))[0],
            last_chased_on=chased.get(action.id, (0, None))[1],
        )
        for action in actions
    )


def _record(ids: Sequence[int]) -> CompoundSelect[*tuple[Any, ...]]:
    """Each promise with its number, and after an action's promises how often it was chased and when last."""
    promised = select(ActionPromise.action_id, literal(0).label("is_chase"), ActionPromise.number, ActionPromise.due_on)
    chased = select(Chase.action_id, literal(1), func.count(Chase.id), func.max(Chase.chased_on))
    return union_all(
        promised.where(ActionPromise.action_id.in_(ids)),
        chased.where(Chase.action_id.in_(ids)).group_by(Chase.action_id),
    ).order_by("action_id", "is_chase", "number")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of actions is narrowed to; what is empty narrows nothing."""

    words: str = ""
    directorate: str = ""
    late: str = ""  # the key of a bucket
    moved: str = ""  # "0", "1" or "2", which is twice or more
    owner: str = ""
    status: str = ""  # a status, or "open" or "late"


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


ORDERS = {
    "due": (Action.due_on,),
    "action": (Entity.name,),
    "owner": (owner.title,),
    "progress": (Action.progress,),
    "moved": (Action.times_moved,),
}
"""How the list of all actions can be ordered, beside "score"; ties are broken by reference."""


def actions(
    actor: Actor,
    wanted: Filter,
    *,
    sort: str = "due",
    descending: bool = False,
    page: int = 1,
    size: int | None,
    on: date,
) -> Page:
    """List the actions that the actor may read, a page at a time; a size of None gives all of them, for a file."""
    chosen = _narrowed(reach_scores(actor, select(Action.id), on=on), wanted, on)
    total = db.session.scalar(chosen.with_only_columns(func.count())) or 0
    keys = (shown_score(actor, on=on),) if sort == "score" else ORDERS.get(sort, ORDERS["due"])
    order = (*(key.desc() if descending else key for key in keys), Entity.reference)
    length = size or max(total, 1)
    number = min(max(page, 1), max(1, -(-total // length)))
    part = chosen.order_by(*order).limit(length).offset((number - 1) * length)
    rows = db.session.execute(readable(actor, on=on).where(Action.id.in_(part)).order_by(*order))
    return Page(with_record(actions=listed(actor, rows, on=on)), total, number, length)


def _narrowed(query: Select[Any], wanted: Filter, on: date) -> Select[*tuple[Any, ...]]:
    if wanted.words:
        found = (Entity.name.icontains(wanted.words, autoescape=True), Entity.reference == wanted.words.upper())
        query = query.where(or_(*found))
    if wanted.directorate:
        query = query.where(is_in(wanted.directorate))
    if wanted.owner:
        query = query.where(owner.title == wanted.owner)
    if wanted.moved:
        times = int(wanted.moved) if wanted.moved.isdecimal() else 0
        query = query.where(Action.times_moved >= times if times > 1 else Action.times_moved == times)
    if wanted.status in ("open", "late"):
        query = query.where(Action.status.in_(OPEN_STATUSES))
    elif wanted.status:
        query = query.where(Action.status == wanted.status)
    return query.where(Action.due_on < on) if wanted.status == "late" else query


def action(actor: Actor, reference: str, *, on: date) -> ListedAction | None:
    """Find an action by its reference, with its promises and chases; one the actor may not read is not there."""
    query = readable(actor, on=on).where(Entity.reference == reference)
    found = with_record(actions=listed(actor, db.session.execute(query), on=on))
    return found[0] if found else None


def of_posts(actor: Actor, *, until: date, on: date) -> tuple[ListedAction, ...]:
    """List the open actions of the actor's own posts that fall due up to a date, and those that wait to be confirmed.

    An action waits for the accountable person and the owner of its risk, never for its own owner.
    """
    if not actor.post_ids:
        return ()
    return with_record(actions=listed(actor, db.session.execute(_of_posts(actor, until, on)), on=on))


@readers.kept
def _of_posts(actor: Actor, until: date, on: date) -> Select[*tuple[Any, ...]]:
    posts = actor.post_ids
    mine = and_(Action.owner_post_id.in_(posts), Action.status.in_(OPEN_STATUSES), Action.due_on <= until)
    waits = and_(
        Action.status == Status.COMPLETE,
        Action.owner_post_id.not_in(posts),
        or_(Action.accountable_post_id.in_(posts), Risk.owner_post_id.in_(posts)),
    )
    chosen = union(select(Action.id).where(mine), select(Action.id).select_from(_REACHED).where(waits))
    return readable(actor, on=on).where(Action.id.in_(chosen)).order_by(Action.due_on, Entity.reference)
