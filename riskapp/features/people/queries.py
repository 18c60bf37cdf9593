"""The organisation as facts: who asks, who sits where today, and the units and posts that forms offer."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    SQLColumnExpression,
    String,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased, contains_eager

from riskapp.domain.organisation import PostFact, Seat, UnitFact
from riskapp.domain.permissions import Actor, Clearance, Grant, Role, Sitting
from riskapp.models.access import BrokenGlass, NamedGrant
from riskapp.models.database import Instant, db
from riskapp.models.entity import Entity
from riskapp.models.people import Absence, Person, Post, RoleAssignment, Tenure, Unit

THE_PERSON, A_SEAT, A_ROLE, A_THING, AN_EMERGENCY = "person", "seat", "role", "thing", "emergency"
USUAL = -1  # stands for a clearance that the role brings itself
HOLDER: ColumnElement[str] = literal_column("'holder'")
"""Spelt out: where an index is for one value only, SQLite plans a query anew each time that a value is bound."""


def _holds_on(
    table: type[Tenure | RoleAssignment | NamedGrant], on: date | ColumnElement[date]
) -> tuple[ColumnElement[bool], ...]:
    return (table.from_on <= on, or_(table.to_on.is_(None), table.to_on >= on))


def is_held(post_id: SQLColumnExpression[int], *, on: date) -> ColumnElement[bool]:
    """Tell whether somebody who is there sits in a post on a day, as its holder or acting in it."""
    held, sitter = aliased(Tenure), aliased(Person)
    return exists().where(
        held.post_id == post_id,
        held.capacity.in_(("holder", "acting")),
        *_holds_on(held, on),
        sitter.id == held.person_id,
        sitter.is_active,
    )


def _holder_is_present(post_id: SQLColumnExpression[int], on: ColumnElement[date]) -> ColumnElement[bool]:
    holding = aliased(Tenure)
    away = exists().where(Absence.person_id == holding.person_id, Absence.from_on <= on, Absence.to_on >= on)
    return exists().where(holding.post_id == post_id, holding.capacity == HOLDER, *_holds_on(holding, on), ~away)


def duties(
    person_id: ColumnElement[int], on: ColumnElement[date], at: ColumnElement[datetime]
) -> tuple[Select[*tuple[Any, ...]], ...]:
    """Say who somebody is on a day, in the parts of one query.

    The active person; the posts answered for; the roles; the things opened by name; an emergency of this moment. Each
    part gives a kind of line, a number to order by, a number (post, clearance, thing), a word and a text.
    """
    nothing: tuple[ColumnElement[Any], ...] = literal_column("0"), literal_column("''"), literal_column("''")
    person: Select[*tuple[Any, ...]] = select(
        literal_column(f"'{THE_PERSON}'").label("line"), Person.id.label("number"), *nothing
    )
    seats: Select[*tuple[Any, ...]] = select(
        literal_column(f"'{A_SEAT}'"), Tenure.id, Tenure.post_id, Tenure.capacity, Post.title
    )
    roles: Select[*tuple[Any, ...]] = select(
        literal_column(f"'{A_ROLE}'"),
        RoleAssignment.id,
        func.coalesce(RoleAssignment.clearance, literal_column(str(USUAL))),
        RoleAssignment.role,
        Unit.path,
    )
    things: Select[*tuple[Any, ...]] = select(
        literal_column(f"'{A_THING}'"),
        NamedGrant.id,
        NamedGrant.entity_id,
        cast(NamedGrant.clearance, String),
        nothing[2],
    )
    emergency: Select[*tuple[Any, ...]] = select(literal_column(f"'{AN_EMERGENCY}'"), BrokenGlass.id, *nothing)
    lasts = (BrokenGlass.agreed_at <= at, BrokenGlass.runs_out_at > at, BrokenGlass.ended_at.is_(None))
    stands_in_for_nobody = (Tenure.capacity != HOLDER) & _holder_is_present(Tenure.post_id, on)
    return (
        person.where(Person.id == person_id, Person.is_active),
        seats.join(Post, Post.id == Tenure.post_id).where(
            Tenure.person_id == person_id, *_holds_on(Tenure, on), ~stands_in_for_nobody
        ),
        roles.join(Unit, Unit.id == RoleAssignment.unit_id).where(
            RoleAssignment.person_id == person_id, *_holds_on(RoleAssignment, on)
        ),
        things.where(NamedGrant.person_id == person_id, NamedGrant.ended_at.is_(None), *_holds_on(NamedGrant, on)),
        emergency.where(BrokenGlass.asked_by_id == person_id, *lasts),
    )


def actor_from(lines: Iterable[Row[*tuple[Any, ...]]], *, door: str, request_id: str | None) -> Actor | None:
    """Make the actor of the lines that `duties` gave; None where they tell of no active person."""
    found: dict[str, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for line in sorted(lines, key=itemgetter(1)):
        found[line[0]].append(line)
    if not found[THE_PERSON]:
        return None
    grants = [
        Grant(Role(role), path, None if clearance == USUAL else Clearance(clearance))
        for _, _, clearance, role, path in found[A_ROLE]
    ]
    named: dict[int, Clearance] = {}
    for _, _, thing, number, _ in found[A_THING]:
        named[thing] = max(Clearance(int(number)), named.get(thing, Clearance.ORDINARY))
    return Actor(
        person_id=found[THE_PERSON][0][1],
        sittings=tuple(Sitting(post_id, title, capacity) for _, _, post_id, capacity, title in found[A_SEAT]),
        grants=(*grants, *(Grant(Role.BROKEN_GLASS, "/") for _ in found[AN_EMERGENCY])),
        door=door,
        request_id=request_id,
        named=named,
    )


_THE_ACTOR = union_all(
    *duties(bindparam("person_id", type_=Integer), bindparam("on", type_=Date), bindparam("at", type_=Instant()))
).order_by("line", "number")


def actor_for(
    person_id: int, *, on: date, at: datetime | None = None, door: str = "web", request_id: str | None = None
) -> Actor | None:
    """Say who a person is today: posts held, acted in, or deputised for while the holder is away; None if inactive.

    An emergency runs out by the minute, so it counts only where the instant is given.
    """
    lines = db.session.execute(_THE_ACTOR, {"person_id": person_id, "on": on, "at": at})
    return actor_from(lines, door=door, request_id=request_id)


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
