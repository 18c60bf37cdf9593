"""The desk of overdue actions for one actor, and whom a chase would reach."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, select

from riskapp.domain import overdue as rules
from riskapp.domain.geometry.bars import Bars
from riskapp.domain.organisation import Sitter, sitter
from riskapp.domain.overdue import Share
from riskapp.domain.permissions import Actor
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.features.registers.queries import AUDIT_COMMITTEE
from riskapp.features.reminders import queries as reminders
from riskapp.features.rmap.queries import Filter, ListedAction, Page, directorate_name, listed, readable, with_record
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.packs import Board, Meeting


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
    kept = _in_order([action for action in late if _holds(wanted, action)], sort, descending=descending)
    number = min(max(page, 1), max(1, -(-len(kept) // size)))
    ten = rules.that_matter_most(late)
    shown = kept[(number - 1) * size : number * size]
    full = {action.id: action for action in with_record(actions=[*{each.id: each for each in (*ten, *shown)}.values()])}
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
            rules.ageing([(action.days_late, action.rating in matter) for action in late]),
            f"on a {matter_words} risk",
            "on any other",
            "days late",
        ),
        shares=rules.shares(late, opened),
        ten=tuple(full[action.id] for action in ten),
        page=Page(tuple(full[action.id] for action in shown), len(kept), number, size),
        owners=tuple(sorted({action.owner for action in late})),
        order_clause=policy.actions.urgency_clause.ref,
    )


def overdue_rows(
    actor: Actor, wanted: Filter, *, sort: str = "late", descending: bool = True, on: date
) -> tuple[ListedAction, ...]:
    """List every overdue action of a filter, in order, with promises and chases: for a file, a pack or a chase."""
    kept = [action for action in _late(actor, on) if _holds(wanted, action)]
    return with_record(actions=_in_order(kept, sort, descending=descending))


def _late(actor: Actor, on: date) -> tuple[ListedAction, ...]:
    query = readable(actor, on=on).where(Action.status.in_(OPEN_STATUSES), Action.due_on < on)
    return listed(actor, db.session.execute(query.order_by(Action.due_on, Entity.reference)), on=on)


def _holds(wanted: Filter, action: ListedAction) -> bool:
    words = wanted.words.casefold()
    bucket = next((each for each in rules.BUCKETS if each.key == wanted.late), None)
    return (
        (words in action.title.casefold() or words in action.reference.casefold())
        and wanted.directorate in ("", action.directorate)
        and (bucket is None or bucket.holds(action.days_late))
        and wanted.moved in ("", str(min(action.times_moved, 2)))
        and wanted.owner in ("", action.owner)
    )


def _in_order(actions: Sequence[ListedAction], sort: str, *, descending: bool) -> list[ListedAction]:
    by_reference = sorted(actions, key=lambda action: action.reference)
    return sorted(by_reference, key=SORTS.get(sort, SORTS["late"]), reverse=descending)


def _open_by_directorate(actor: Actor, before: date, on: date) -> tuple[dict[str, int], int]:
    """Count open actions by directorate, and those that fall due from today until before a date."""
    directorate = directorate_name.label("directorate")
    soon = func.sum(case((and_(Action.due_on >= on, Action.due_on < before), 1), else_=0))
    rows = db.session.execute(
        readable(actor, on=on)
        .where(Action.status.in_(OPEN_STATUSES))
        .with_only_columns(directorate, func.count(), soon)
        .group_by(directorate)
    ).all()
    return {name: count for name, count, _ in rows}, sum(row[2] for row in rows)


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
