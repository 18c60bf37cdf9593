"""What stands in a unit or on a post, as counts and references; a link only where the actor may read the thing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select

from riskapp.domain.consequences import Touched
from riskapp.domain.permissions import Actor, Role
from riskapp.features.readers import queries as readers
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.bodies import Appointment, Body
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.packs import BoardMember
from riskapp.models.people import Post, RoleAssignment, Tenure, Unit
from riskapp.models.risks import Risk

LIVE_RISKS = ("draft", "open")


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that stands there: its reference, or the title of a post, and the page that shows it to the actor."""

    kind: str
    label: str
    key: str
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Duty:
    """Things of one kind, in words that count them and say what to do."""

    words: str
    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """All that stands in a unit or on a post."""

    duties: tuple[Duty, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Each kind in a sentence."""
        return tuple(duty.words for duty in self.duties)


def in_unit(actor: Actor, unit_id: int, *, on: date) -> Standing:
    """Say what keeps a unit from being closed: risks that are not closed, open posts, open units under it."""
    risks = _risks(actor, Risk.unit_id == unit_id, on=on)
    posts = db.session.execute(
        select(Post.id, Post.title).where(Post.unit_id == unit_id, Post.closed_on.is_(None)).order_by(Post.title)
    )
    units = db.session.execute(
        select(Entity.reference, Entity.name)
        .join(Unit, Unit.id == Entity.id)
        .where(Unit.parent_id == unit_id, Unit.closed_on.is_(None))
        .order_by(Entity.name)
    )
    return _standing(
        ("risk", "It has {}: have it closed, or merge the unit into another", risks),
        ("post", "It has {}: close it first, or merge the unit into another", _plain("post", posts)),
        ("unit under it", "It has {}: move, merge or close it first", _units(units)),
    )


def on_post(actor: Actor, post_id: int, *, on: date) -> Standing:
    """Say what keeps a post from being closed: each duty would be nobody's."""
    risks = _risks(actor, Risk.owner_post_id == post_id, on=on)
    whose = or_(Action.owner_post_id == post_id, Action.accountable_post_id == post_id)
    actions = (
        select(Entity.reference).join(Action, Action.id == Entity.id).where(whose, Action.status.in_(OPEN_STATUSES))
    )
    desks = (
        select(Entity.reference)
        .join(EscalationDesk, EscalationDesk.case_id == Entity.id)
        .where(EscalationDesk.post_id == post_id, EscalationDesk.state.in_(LIVE_DESKS))
    )
    bodies = select(Entity.reference).join(Body, Body.id == Entity.id).where(Body.lead_post_id == post_id)
    seats = (
        select(Entity.reference)
        .join(Appointment, Appointment.body_id == Entity.id)
        .where(Appointment.post_id == post_id, or_(Appointment.to_on.is_(None), Appointment.to_on >= on))
    )
    boards = (
        select(Entity.reference)
        .join(BoardMember, BoardMember.board_id == Entity.id)
        .where(BoardMember.post_id == post_id, or_(BoardMember.to_on.is_(None), BoardMember.to_on > on))
    )
    return _standing(
        ("risk", "It owns {}, which would then be nobody’s", risks),
        ("action", "It owns or answers for {}, which would then be nobody’s", _references(actor, "action", actions)),
        (
            "escalation",
            "It has {} on its desk. Wait for the answer, or withdraw it",
            _references(actor, "escalation", desks),
        ),
        ("external body", "It leads {}. Name another lead first", _references(actor, "body", bodies)),
        ("seat on an external body", "It holds {}. Fill it by another post first", _references(actor, "body", seats)),
        ("seat on a board", "It holds {}. End it on the board’s page first", _references(actor, "board", boards)),
    )


def _risks(actor: Actor, where: Any, *, on: date) -> tuple[Thing, ...]:
    read = select(Risk.id).where(readers.readable(actor, on=on)).scalar_subquery()
    rows = db.session.execute(
        select(Entity.reference, Risk.id.in_(read))
        .join(Risk, Risk.id == Entity.id)
        .where(where, Risk.status.in_(LIVE_RISKS))
        .order_by(Entity.reference)
    )
    return tuple(Thing("risk", reference, reference, bool(may_read)) for reference, may_read in rows)


def _references(actor: Actor, kind: str, query: Select[str]) -> tuple[Thing, ...]:
    is_readable = kind == "board" or actor.has_role(Role.HEAD_OF_ASSURANCE)
    found = db.session.scalars(query.distinct().order_by(Entity.reference))
    return tuple(Thing(kind, reference, reference, is_readable) for reference in found)


def _plain(kind: str, rows: Iterable[Any]) -> tuple[Thing, ...]:
    return tuple(Thing(kind, title, str(id_)) for id_, title in rows)


def _units(rows: Iterable[Any]) -> tuple[Thing, ...]:
    return tuple(Thing("unit", name, reference) for reference, name in rows)


def _standing(*found: tuple[str, str, tuple[Thing, ...]]) -> Standing:
    return Standing(
        tuple(Duty(sentence.format(_count(len(things), noun)), things) for noun, sentence, things in found if things)
    )


PLURALS = {
    "unit under it": "units under it",
    "external body": "external bodies",
    "seat on an external body": "seats on external bodies",
    "seat on a board": "seats on boards",
}


def _count(number: int, noun: str) -> str:
    named = noun if noun in PLURALS else f"open {noun}"
    return f"{number:,} {named if number == 1 else PLURALS.get(noun, named + 's')}"


def touched(actor: Actor, path: str, *, to_path: str | None = None, on: date) -> Touched:
    """Count what stands in a sub-tree, and who reads its risks by a role over a unit above it, now and afterwards."""
    del actor  # counts alone
    inside = readers.units_below(path)
    risks = select(Risk.id).where(Risk.unit_id.in_(inside), Risk.status == "open")
    before, after = _roles_above(path, on=on), _roles_above(to_path, on=on) if to_path else set()
    return Touched(
        units=_number(select(func.count(Unit.id)).where(Unit.id.in_(inside), Unit.closed_on.is_(None))),
        posts=_number(select(func.count(Post.id)).where(Post.unit_id.in_(inside), Post.closed_on.is_(None))),
        risks=_number(select(func.count()).select_from(risks.subquery())),
        actions=_number(
            select(func.count(Action.id)).where(
                Action.status.in_(OPEN_STATUSES),
                Action.owner_post_id.in_(select(Post.id).where(Post.unit_id.in_(inside))),
            )
        ),
        escalations=_number(
            select(func.count(EscalationCase.id)).where(
                EscalationCase.unit_id.in_(inside), EscalationCase.is_drill.is_(False), EscalationCase.state == "open"
            )
        ),
        readers_lost=len(before - after),
        readers_won=len(after - before),
    )


def _roles_above(path: str, *, on: date) -> set[int]:
    """Who has a role that reads over a unit strictly above the one at a path."""
    above = [int(part) for part in path.strip("/").split("/")[:-1] if part]
    return set(
        db.session.scalars(
            select(RoleAssignment.person_id).where(
                RoleAssignment.unit_id.in_(above),
                RoleAssignment.role.in_((Role.CHAMPION, Role.MANAGER)),
                RoleAssignment.from_on <= on,
                or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on >= on),
            )
        )
    )


def roles_over(actor: Actor, unit_id: int, *, on: date) -> int:
    """Count the roles that are given over a unit itself today."""
    del actor  # a count alone
    return _number(
        select(func.count(RoleAssignment.id)).where(
            RoleAssignment.unit_id == unit_id,
            RoleAssignment.from_on <= on,
            or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on >= on),
        )
    )


def sitters(actor: Actor, post_id: int, *, on: date) -> int:
    """Count who sits in a post today, as holder, acting or deputy."""
    del actor  # a count alone
    return _number(
        select(func.count(Tenure.id)).where(
            Tenure.post_id == post_id, Tenure.from_on <= on, or_(Tenure.to_on.is_(None), Tenure.to_on >= on)
        )
    )


def _number(query: Select[Any]) -> int:
    return db.session.scalar(query) or 0
