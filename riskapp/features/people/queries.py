"""The organisation as facts: who asks, who sits where today, and the units and posts that forms offer."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, literal, null, or_, select, union_all
from sqlalchemy.orm import contains_eager

from riskapp.domain.organisation import PostFact, Seat, UnitFact
from riskapp.domain.permissions import Actor, Clearance, Grant, Role, Sitting
from riskapp.models.access import BrokenGlass, NamedGrant
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Absence, Person, Post, RoleAssignment, Tenure, Unit


def actor_for(
    person_id: int, *, on: date, at: datetime | None = None, door: str = "web", request_id: str | None = None
) -> Actor | None:
    """Say who a person is today: posts held, acted in, or deputised for while the holder is away; None if inactive.

    An emergency runs out by the minute, so it counts only where the instant is given.
    """
    person = db.session.get(Person, person_id)
    if person is None or not person.is_active:
        return None
    grants, named = _grants(person_id, on, at)
    return Actor(
        person_id=person_id,
        sittings=_sittings(person_id, on),
        grants=grants,
        door=door,
        request_id=request_id,
        named=named,
    )


def _grants(person_id: int, on: date, at: datetime | None) -> tuple[tuple[Grant, ...], dict[int, Clearance]]:
    """Roles of the day, an emergency of this moment, and things opened by name, in one query."""
    roles = (
        select(RoleAssignment.id, RoleAssignment.role, Unit.path, RoleAssignment.clearance, null().label("thing"))
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .where(RoleAssignment.person_id == person_id, *_holds_on(RoleAssignment, on))
    )
    things = select(NamedGrant.id, literal(""), literal(""), NamedGrant.clearance, NamedGrant.entity_id).where(
        NamedGrant.person_id == person_id, NamedGrant.ended_at.is_(None), *_holds_on(NamedGrant, on)
    )
    parts = [roles, things]
    if at is not None:
        glass = select(BrokenGlass.id, literal(Role.BROKEN_GLASS.value), literal("/"), cast(null(), Integer), null())
        lasts = BrokenGlass.agreed_at <= at, BrokenGlass.runs_out_at > at, BrokenGlass.ended_at.is_(None)
        parts.append(glass.where(BrokenGlass.asked_by_id == person_id, *lasts))
    grants: list[Grant] = []
    named: dict[int, Clearance] = {}
    for _id, role, path, number, thing in db.session.execute(union_all(*parts).order_by("id")):
        clearance = None if number is None else Clearance(number)
        if thing is None:
            grants.append(Grant(Role(role), path, clearance))
        elif clearance is not None:
            named[thing] = max(clearance, named.get(thing, clearance))
    return tuple(grants), named


def _sittings(person_id: int, on: date) -> tuple[Sitting, ...]:
    rows = db.session.execute(
        select(Post.id, Post.title, Tenure.capacity)
        .join(Tenure, Tenure.post_id == Post.id)
        .where(Tenure.person_id == person_id, *_holds_on(Tenure, on))
        .order_by(Tenure.id)
    ).all()
    stand_ins = [post_id for post_id, _title, capacity in rows if capacity != "holder"]
    answered = _posts_with_holder_present(stand_ins, on) if stand_ins else set()
    return tuple(
        Sitting(post_id, title, capacity)
        for post_id, title, capacity in rows
        if capacity == "holder" or post_id not in answered
    )


def _posts_with_holder_present(post_ids: Iterable[int], on: date) -> set[int]:
    away = select(Absence.person_id).where(Absence.from_on <= on, Absence.to_on >= on)
    present = select(Tenure.post_id).where(
        Tenure.post_id.in_(tuple(post_ids)),
        Tenure.capacity == "holder",
        *_holds_on(Tenure, on),
        Tenure.person_id.not_in(away),
    )
    return set(db.session.scalars(present))


def _holds_on(table: type[Tenure | RoleAssignment | NamedGrant], on: date) -> tuple[ColumnElement[bool], ...]:
    return (table.from_on <= on, or_(table.to_on.is_(None), table.to_on >= on))


@dataclass(frozen=True, slots=True)
class Organisation:
    """The whole council as facts on one day: what routes are built from."""

    units: tuple[UnitFact, ...]
    posts: tuple[PostFact, ...]
    seats: tuple[Seat, ...]


def organisation(*, on: date) -> Organisation:
    """Read the units, posts and seats of a day in five queries, whatever the size of the council."""
    units = db.session.execute(
        select(Unit.id, Unit.parent_id, Unit.kind, Entity.name)
        .join(Entity, Entity.id == Unit.id)
        .where(Unit.opened_on <= on, or_(Unit.closed_on.is_(None), Unit.closed_on > on))
        .order_by(Unit.path)
    )
    posts = db.session.execute(
        select(Post.id, Post.unit_id, Post.kind, Post.title)
        .where(Post.opened_on <= on, or_(Post.closed_on.is_(None), Post.closed_on > on))
        .order_by(Post.id)
    )
    facts = tuple(PostFact(*row) for row in posts)
    return Organisation(
        units=tuple(UnitFact(*row) for row in units),
        posts=facts,
        seats=tuple(_seats(facts, on)),
    )


def _seats(posts: Iterable[PostFact], on: date) -> Iterable[Seat]:
    away = set(db.session.scalars(select(Absence.person_id).where(Absence.from_on <= on, Absence.to_on >= on)))
    sitting: dict[int, dict[str, int]] = defaultdict(dict)
    rows = db.session.execute(
        select(Tenure.post_id, Tenure.capacity, Tenure.person_id)
        .join(Person, and_(Person.id == Tenure.person_id, Person.is_active))
        .where(*_holds_on(Tenure, on))
        .order_by(Tenure.id)
    )
    for post_id, capacity, person_id in rows:
        if capacity == "holder" or person_id not in away:
            sitting[post_id].setdefault(capacity, person_id)
    for post in posts:
        here = sitting[post.id]
        holder = here.get("holder")
        yield Seat(
            post_id=post.id,
            holder_person_id=holder,
            acting_person_id=here.get("acting"),
            deputy_person_id=here.get("deputy"),
            holder_away=holder in away,
        )


def units_under(actor: Actor, roles: tuple[Role, ...]) -> tuple[Unit, ...]:
    """List the units of the sub-trees over which the actor has one of the roles, with their names."""
    paths = [grant.unit_path for grant in actor.grants if grant.role in roles]
    if not paths:
        return ()
    query = units_with_names().where(or_(*(Unit.path.startswith(path, autoescape=True) for path in paths)))
    return tuple(db.session.scalars(query))


def units_with_names() -> Select[Unit]:
    """Start a query of open units with their names loaded, in the order of the tree."""
    return (
        select(Unit)
        .join(Unit.entity)
        .options(contains_eager(Unit.entity))
        .where(Unit.closed_on.is_(None))
        .order_by(Unit.path)
    )


def person_by_email(email: str) -> Person | None:
    """Find the account with an address, letter case aside."""
    return db.session.scalars(select(Person).where(Person.email == email.strip().lower())).first()


def addresses(person_ids: Iterable[int]) -> dict[int, str]:
    """Map people to their mail addresses; the inactive have none."""
    rows = db.session.execute(select(Person.id, Person.email).where(Person.id.in_(tuple(person_ids)), Person.is_active))
    return {person_id: email for person_id, email in rows}  # noqa: C416 - rows are not plain pairs to the type checker
