"""The desk of overdue actions for one actor, and whom a chase would reach."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, false, func, literal, or_, select, true

from riskapp.domain import overdue as rules
from riskapp.domain.geometry.bars import Bar, Bars
from riskapp.domain.organisation import Sitter, sitter
from riskapp.domain.overdue import Bucket, Share
from riskapp.domain.permissions import Actor
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.features.registers.queries import AUDIT_COMMITTEE
from riskapp.features.reminders import queries as reminders
from riskapp.features.rmap.queries import (
    THE_REST,
    Filter,
    ListedAction,
    Page,
    homes,
    is_in,
    listed,
    owner,
    reach,
    reach_scores,
    readable,
    shown_score,
    shows_score,
    unit_id,
    with_record,
)
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.database import db
from riskapp.models.dates import days_between
from riskapp.models.entity import Entity
from riskapp.models.packs import Board, Meeting
from riskapp.models.people import Unit
from riskapp.models.risks import Assessment


@dataclass(frozen=True, slots=True)
class Committee:
    """The next meeting of a board or committee."""

    name: str
    held_on: date
    papers_due_on: date


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
    committee: Committee | None
    ageing: Bars
    shares: tuple[Share, ...]
    ten: tuple[ListedAction, ...]
    page: Page
    owners: tuple[str, ...]
    order_clause: str


_QUESTIONS = 32
"""How many questions are remembered as queries: to put one together takes longer than to run it."""


def overdue(
    actor: Actor, wanted: Filter, *, sort: str = "late", descending: bool = True, page: int = 1, size: int, on: date
) -> OverdueDesk:
    """Count every overdue action that the actor may read and show a page of them, in the same six queries always."""
    policy = policies.in_force(on=on).policy
    committee = next_committee(on=on)
    matter = [rating for rating in policy.scoring.ratings if rating.key in policy.actions.plan_ratings]
    matter_words = " or ".join(rating.label for rating in matter)
    asker = replace(actor, request_id=None)
    before = committee.held_on if committee else on
    tallies = db.session.execute(_tallies(asker, wanted, tuple(rating.key for rating in matter), before, on)).all()
    # A sum is a decimal on PostgreSQL, whose division rounds the other way.
    counted = {name: int(sum(getattr(tally, name) for tally in tallies)) for name in _COUNTED}
    total = counted["wanted"]
    number = min(max(page, 1), max(1, -(-total // size)))
    ten = listed(actor, db.session.execute(_ten(asker, on)), on=on)
    part = _part(asker, wanted, sort, descending, size, (number - 1) * size, on)
    full = with_record(actions=(*ten, *listed(actor, db.session.execute(part), on=on)))
    return OverdueDesk(
        overdue=counted["late"],
        open=counted["open"],
        that_matter=counted["matter"],
        matter_words=matter_words,
        moved=counted["moved"],
        moved_twice=counted["moved_twice"],
        due_soon=counted["soon"],
        committee=committee,
        ageing=Bars(
            tuple(
                Bar(bucket.label, counted[f"late_{number}"], counted[f"matter_{number}"])
                for number, bucket in enumerate(rules.BUCKETS)
            ),
            f"on a {matter_words} risk",
            "on any other",
            "days late",
        ),
        shares=tuple(Share(tally.directorate, int(tally.late), int(tally.open)) for tally in tallies),
        ten=full[: len(ten)],
        page=Page(full[len(ten) :], total, number, size),
        owners=tuple(db.session.scalars(_owners(asker, on))),
        order_clause=policy.actions.urgency_clause.ref,
    )


def overdue_rows(
    actor: Actor,
    wanted: Filter,
    *,
    sort: str = "late",
    descending: bool = True,
    references: Collection[str] | None = None,
    on: date,
) -> tuple[ListedAction, ...]:
    """List every overdue action of a filter, in order, with promises and chases: for a file, a pack or a chase."""
    query = readable(actor, on=on).where(_is_late(on), *_conditions(wanted, on))
    if references is not None:
        query = query.where(Entity.reference.in_(references))
    rows = db.session.execute(query.order_by(*_order(actor, sort, descending=descending, on=on)))
    return with_record(actions=listed(actor, rows, on=on))


def _is_late(on: date) -> ColumnElement[bool]:
    return and_(Action.status.in_(OPEN_STATUSES), Action.due_on < on)


def _days_late(on: date) -> ColumnElement[int]:
    return days_between(Action.due_on, literal(on))


def _urgency(actor: Actor, on: date) -> ColumnElement[int]:
    """The SQL twin of `domain.actions.urgency`."""
    return shown_score(actor, on=on) * _days_late(on)


def _most_urgent(actor: Actor, on: date) -> tuple[SQLColumnExpression[Any], ...]:
    """The SQL twin of the order of `domain.overdue.that_matter_most`."""
    return (_urgency(actor, on).desc(), Action.due_on, Entity.reference)


def _order(actor: Actor, sort: str, *, descending: bool, on: date) -> tuple[SQLColumnExpression[Any], ...]:
    """The SQL twin of `domain.overdue.in_order`."""
    orders: dict[str, tuple[SQLColumnExpression[Any], ...]] = {
        "late": (_days_late(on),),
        "matters": (_urgency(actor, on),),
        "action": (func.lower(Entity.name),),
        "owner": (func.lower(owner.title),),
        "score": (shown_score(actor, on=on),),
        "moved": (Action.times_moved, days_between(Action.first_due_on, Action.due_on)),
    }
    keys = orders.get(sort, orders["late"])
    return (*(key.desc() if descending else key for key in keys), Entity.reference)


def _conditions(wanted: Filter, on: date) -> tuple[ColumnElement[bool], ...]:
    """The SQL twin of `domain.overdue.is_wanted`."""
    found: list[ColumnElement[bool]] = []
    if wanted.words:
        found.append(or_(*(text.icontains(wanted.words, autoescape=True) for text in (Entity.name, Entity.reference))))
    if wanted.directorate:
        found.append(is_in(wanted.directorate))
    if bucket := next((each for each in rules.BUCKETS if each.key == wanted.late), None):
        found.append(_falls_in(bucket, on))
    if wanted.moved:
        often = [str(times) for times in range(rules.TWICE_OR_MORE)]
        times = case((Action.times_moved < rules.TWICE_OR_MORE, Action.times_moved), else_=rules.TWICE_OR_MORE)
        found.append(times == int(wanted.moved) if wanted.moved in {*often, str(rules.TWICE_OR_MORE)} else false())
    if wanted.owner:
        found.append(owner.title == wanted.owner)
    return tuple(found)


def _falls_in(bucket: Bucket, on: date) -> ColumnElement[bool]:
    first, last = bucket.due(on)
    return Action.due_on <= last if first is None else Action.due_on.between(first, last)


@lru_cache(maxsize=_QUESTIONS)
def _ten(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    chosen = reach_scores(actor, select(Action.id), on=on).where(_is_late(on))
    order = _most_urgent(actor, on)
    return _whole(chosen.order_by(*order).limit(rules.MATTER_MOST), actor, on).order_by(*order)


@lru_cache(maxsize=_QUESTIONS)
def _part(
    actor: Actor,
    wanted: Filter,
    sort: str,
    descending: bool,  # noqa: FBT001 - a cache tells keywords apart from places
    size: int,
    offset: int,
    on: date,
) -> Select[*tuple[Any, ...]]:
    """List a page of a filter in order."""
    chosen = reach_scores(actor, select(Action.id), on=on).where(_is_late(on), *_conditions(wanted, on))
    order = _order(actor, sort, descending=descending, on=on)
    return _whole(chosen.order_by(*order).limit(size).offset(offset), actor, on).order_by(*order)


def _whole(chosen: Select[*tuple[Any, ...]], actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    """Read whole what was chosen with fewer joins."""
    return readable(actor, on=on).where(Action.id.in_(chosen))


_BUCKETS = range(len(rules.BUCKETS))
_OF_LATE = (
    "late", "wanted", "matter", "moved", "moved_twice", *(f"late_{number}" for number in _BUCKETS),
    *(f"matter_{number}" for number in _BUCKETS),
)  # fmt: skip
_COUNTED = ("open", "soon", *_OF_LATE)


@lru_cache(maxsize=_QUESTIONS)
def _tallies(actor: Actor, wanted: Filter, matter: tuple[str, ...], before: date, on: date) -> Select[*tuple[Any, ...]]:
    """Count each directorate's open actions, those due from today until before a date, and the overdue by kind.

    The overdue alone are looked up in their risks' scores, and units, which are few, are put in directorates last.
    """
    unit = unit_id.label("unit_id")
    coming = (
        reach(actor, select(unit, func.count().label("open"), _number(Action.due_on < before).label("soon")), on=on)
        .where(Action.status.in_(OPEN_STATUSES), Action.due_on >= on)
        .group_by(unit_id)
        .subquery("coming")
    )
    matters = and_(shows_score(actor, on=on), Assessment.rating.in_(matter))
    falls = [_falls_in(bucket, on) for bucket in rules.BUCKETS]
    kinds = (
        true(), and_(true(), *_conditions(wanted, on)), matters, Action.times_moved > 0, Action.times_moved > 1,
        *falls, *(and_(matters, each) for each in falls),
    )  # fmt: skip
    columns = [_number(kind).label(name) for name, kind in zip(_OF_LATE, kinds, strict=True)]
    late = (
        reach_scores(actor, select(unit, *columns), on=on).where(_is_late(on)).group_by(unit_id).subquery("late_ones")
    )
    directorate = func.coalesce(homes.c.name, THE_REST).label("directorate")
    opened = func.sum(func.coalesce(coming.c.open, 0) + func.coalesce(late.c.late, 0))
    sums = (func.sum(func.coalesce(column, 0)).label(column.name) for column in (coming.c.soon, *late.c[1:]))
    return (
        select(directorate, opened.label("open"), *sums)
        .select_from(Unit)
        .outerjoin(coming, coming.c.unit_id == Unit.id)
        .outerjoin(late, late.c.unit_id == Unit.id)
        .outerjoin(homes, homes.c.id == Unit.id)
        .group_by(directorate)
        .having(opened > 0)
        .order_by(directorate)
    )


def _number(kind: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((kind, 1), else_=0))


@lru_cache(maxsize=_QUESTIONS)
def _owners(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    """List the posts that own something overdue."""
    return reach(actor, select(owner.title).distinct(), on=on).where(_is_late(on)).order_by(owner.title)


def next_committee(*, on: date) -> Committee | None:
    """Find the Audit Committee's next meeting, from today on."""
    row = db.session.execute(
        select(Entity.name, Meeting.held_on, Meeting.papers_due_on)
        .join(Board, Board.id == Meeting.board_id)
        .join(Entity, Entity.id == Board.id)
        .where(Meeting.held_on >= on, Entity.name == AUDIT_COMMITTEE)
        .order_by(Meeting.held_on, Meeting.id)
        .limit(1)
    ).first()
    return Committee(*row) if row else None


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


def chase_plans(*, actions: Sequence[ListedAction], on: date) -> tuple[ChasePlan, ...]:
    """Say for each action who would be asked, in the queries of one organisation whatever their number."""
    seats = {seat.post_id: sitter(seat) for seat in people.organisation(on=on).seats}
    private = reminders.private_subjects(ids=[action.id for action in actions], on=on)
    return tuple(_plan(action, seats, on, is_private=action.id in private) for action in actions)


def _plan(action: ListedAction, seats: Mapping[int, Sitter | None], on: date, *, is_private: bool) -> ChasePlan:
    choices = ((action.owner_post_id, action.owner), (action.accountable_post_id, action.accountable))
    post_id, title = next((each for each in choices if seats.get(each[0])), choices[0])
    answering = seats.get(post_id)
    promised = f"It is {action.days_late} {'day' if action.days_late == 1 else 'days'} late: {action.slippage_words}."
    instead = "" if post_id == action.owner_post_id else f" The post of {action.owner} is empty, so you are asked."
    tells_risk = action.risk_title and not is_private
    risk = f" It treats this risk: {action.risk_title}." if tells_risk else ""
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
