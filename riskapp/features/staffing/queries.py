"""People as those who keep the accounts see them: the list, and one person with posts, absences and history."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from riskapp.domain.audit import Event
from riskapp.domain.calendar import day_words, local_day
from riskapp.domain.permissions import Actor, Facts, Permission, Role, may
from riskapp.domain.staffing import DEEDS, Duties, may_take_back
from riskapp.features.audit import queries as trail
from riskapp.features.audit.queries import Told
from riskapp.features.duties import queries as duties
from riskapp.models.champions import ChampionAppointment, TrainingRecord
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Absence, Person, Post, RoleAssignment, Tenure, Unit
from riskapp.models.staffing import Departure

PAGE = 50
STATES = {
    "active": "Here",
    "away": "Away today",
    "leaving": "Leaving",
    "without_post": "Without a post",
    "gone": "Gone",
    "all": "Everybody",
}
WORDS: Mapping[str, str] = {
    Event.PERSON_ADDED: "Added, from {from}",
    Event.POST_FILLED: "{post} {deed} from {from}{until}",
    Event.POST_LEFT: "{post} no longer {deed}: last day {to}",
    Event.PERSON_MOVED: "Moved, from {from}",
    Event.PERSON_LEAVES: "Leaves: gone from {gone_on}",
    Event.PERSON_LEFT: "Left: the account was closed",
    Event.PERSON_REINSTATED: "Reinstated: the departure was taken back",
    Event.AWAY: "Away from {from} to {to}",
    Event.BACK: "Absence from {from} to {to} called off",
    Event.ROLE_GRANTED: "Role given: {role}{until}",
    Event.ROLE_ENDED: "Role ended: {role}, last day {to}",
    Event.SESSIONS_ENDED: "Signed out everywhere: sessions ended {sessions}",
    Event.ACCOUNT_INVITED: "Sent a link to a council account",
    Event.ACCOUNT_INVITATION_WITHDRAWN: "The link to a council account was withdrawn",
    Event.ACCOUNT_LINKED: "Council account linked",
    Event.ACCOUNT_UNLINKED: "Council account unlinked",
    Event.CHAMPION_APPOINTED: "Appointed as risk champion from {from}{until}",
    Event.CHAMPION_ENDED: "No longer risk champion: last day {to}",
    Event.CHAMPION_TRAINED: "Trained as risk champion on {trained_on}",
}
"""What of the trail a person's history tells, and how."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people a list shows, and in what order."""

    words: tuple[str, ...] = ()
    unit: str = ""
    state: str = "active"
    sort: str = "email"


@dataclass(frozen=True, slots=True)
class Row:
    """A person in the list, with the post they are known by today."""

    id: int
    email: str
    post: str | None
    capacity: str | None
    unit: str | None
    more_posts: int
    is_active: bool
    leaves_on: date | None
    away_to: date | None

    @property
    def state(self) -> str:
        if not self.is_active:
            return "gone"
        if self.leaves_on:
            return "leaving"
        return "away" if self.away_to else "active" if self.post else "without_post"


def readable(actor: Actor, *, on: date) -> ColumnElement[bool]:
    """The SQL twin of PEOPLE_READ: everybody, or those with a post, now or to come, in a unit the actor manages."""
    if may(actor, Permission.PEOPLE_READ):  # of people of any unit
        return true()
    paths = [grant.unit_path for grant in actor.grants if grant.role is Role.MANAGER]
    if not paths:
        return false()
    theirs = (
        select(Tenure.person_id)
        .join(Post, Post.id == Tenure.post_id)
        .join(Unit, Unit.id == Post.unit_id)
        .where(duties.lasts(on), or_(*(Unit.path.startswith(path, autoescape=True) for path in paths)))
    )
    return Person.id.in_(theirs)


def facts(actor: Actor, person_id: int, *, on: date) -> tuple[Facts, ...]:
    """What the permissions ask of a person: one set for the unit of each post, and one for nobody's."""
    del actor
    paths = db.session.scalars(
        select(Unit.path)
        .join(Post, Post.unit_id == Unit.id)
        .join(Tenure, Tenure.post_id == Post.id)
        .where(Tenure.person_id == person_id, duties.lasts(on))
        .distinct()
    )
    return (Facts(), *(Facts(unit_path=path) for path in paths))


def _main_post(on: date) -> Any:
    rank = case((Tenure.capacity == "holder", 0), (Tenure.capacity == "acting", 1), else_=2)
    return (
        select(Tenure.id)
        .where(Tenure.person_id == Person.id, duties.holds_on(on))
        .order_by(rank, Tenure.post_id, Tenure.id)
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )


def _away_to(on: date) -> Any:
    return (
        select(func.max(Absence.to_on))
        .where(Absence.person_id == Person.id, Absence.from_on <= on, Absence.to_on >= on)
        .correlate(Person)
        .scalar_subquery()
    )


ORDERS: Mapping[str, tuple[Any, ...]] = {
    "email": (Person.email.asc(),),
    "-email": (Person.email.desc(),),
    "post": (Post.title.is_(None).asc(), Post.title.asc(), Person.email.asc()),
    "-post": (Post.title.is_(None).asc(), Post.title.desc(), Person.email.asc()),
    "unit": (Entity.name.is_(None).asc(), Entity.name.asc(), Person.email.asc()),
    "-unit": (Entity.name.is_(None).asc(), Entity.name.desc(), Person.email.asc()),
}


def people(actor: Actor, wanted: Wanted, *, on: date, page: int = 1, size: int = PAGE) -> tuple[tuple[Row, ...], int]:
    """Give a page of the people that the actor may see, and how many there are."""
    posts = (
        select(func.count(Tenure.id))
        .where(Tenure.person_id == Person.id, duties.holds_on(on))
        .correlate(Person)
        .scalar_subquery()
    )
    query = (
        select(
            Person.id, Person.email, Post.title, Tenure.capacity, Entity.name, posts, Person.is_active,
            Person.leaves_on, _away_to(on),
        )
        .select_from(Person)
        .outerjoin(Tenure, Tenure.id == _main_post(on))
        .outerjoin(Post, Post.id == Tenure.post_id)
        .outerjoin(Unit, Unit.id == Post.unit_id)
        .outerjoin(Entity, Entity.id == Unit.id)
        .where(readable(actor, on=on))
    )  # fmt: skip
    query = _limited(query, wanted, on)
    total = db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    order = ORDERS.get(wanted.sort, ORDERS["email"])
    rows = db.session.execute(query.order_by(*order).limit(size).offset((page - 1) * size))
    return tuple(
        Row(row[0], row[1], row[2], row[3], row[4], max(row[5] - 1, 0), row[6], row[7], row[8]) for row in rows
    ), total


def _limited(query: Select[Any], wanted: Wanted, on: date) -> Select[Any]:
    away = exists().where(Absence.person_id == Person.id, Absence.from_on <= on, Absence.to_on >= on)
    sits = exists().where(Tenure.person_id == Person.id, duties.holds_on(on)).correlate(Person)
    limits: Mapping[str, tuple[ColumnElement[bool], ...]] = {
        "active": (Person.is_active.is_(True),),
        "away": (Person.is_active.is_(True), away),
        "leaving": (Person.is_active.is_(True), Person.leaves_on.is_not(None)),
        "without_post": (Person.is_active.is_(True), ~sits),
        "gone": (Person.is_active.is_(False),),
    }
    query = query.where(*limits.get(wanted.state, ()))
    for word in wanted.words:
        found = (each.icontains(word, autoescape=True) for each in (Person.email, Post.title, Entity.name))
        query = query.where(or_(*found))
    if wanted.unit:
        path = db.session.scalar(select(Unit.path).join(Unit.entity).where(Entity.reference == wanted.unit))
        query = query.where(Unit.path.startswith(path or "none", autoescape=True))
    return query


@dataclass(frozen=True, slots=True)
class Seat:
    """A post that a person has, had or will have, and what hangs on it today."""

    tenure_id: int
    post_id: int
    title: str
    kind: str
    unit: str
    capacity: str
    from_on: date
    to_on: date | None
    duties: Duties

    def is_over(self, on: date) -> bool:
        return self.to_on is not None and self.to_on < on

    @property
    def deed(self) -> str:
        return DEEDS[self.capacity]


@dataclass(frozen=True, slots=True)
class Champions:
    """An appointment as the champion of a unit."""

    id: int
    unit: str
    from_on: date
    to_on: date | None

    def is_over(self, on: date) -> bool:
        return self.to_on is not None and self.to_on < on


@dataclass(frozen=True, slots=True)
class Given:
    """A role, over what, and for how long."""

    role: str
    unit: str
    from_on: date
    to_on: date | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """All that a person's page shows."""

    id: int
    email: str
    is_active: bool
    joined_on: date | None
    leaves_on: date | None
    version: int
    seats: tuple[Seat, ...]
    absences: tuple[Absence, ...]
    roles: tuple[Given, ...]
    champions: tuple[Champions, ...]
    trainings: tuple[TrainingRecord, ...]
    departure: Departure | None

    def seats_from(self, on: date) -> tuple[Seat, ...]:
        """The seats that last beyond a day."""
        return tuple(seat for seat in self.seats if not seat.is_over(on))

    def away_on(self, on: date) -> Absence | None:
        return next((each for each in self.absences if each.from_on <= on <= each.to_on), None)


def person(actor: Actor, person_id: int, *, on: date) -> PersonView | None:
    """Give one person, in the same few queries however much hangs on them; None if the actor may not see them."""
    found = db.session.scalars(select(Person).where(Person.id == person_id, readable(actor, on=on))).first()
    return None if found is None else _view(actor, found, on)


def oneself(actor: Actor, *, on: date) -> PersonView | None:
    """Give whoever asks; None for nobody."""
    found = db.session.get(Person, actor.person_id) if actor.person_id else None
    return None if found is None else _view(actor, found, on)


def _view(actor: Actor, found: Person, on: date) -> PersonView:
    person_id = found.id
    return PersonView(
        id=found.id,
        email=found.email,
        is_active=found.is_active,
        joined_on=found.joined_on,
        leaves_on=found.leaves_on,
        version=found.version,
        seats=seats(actor, person_id, on=on),
        absences=tuple(
            db.session.scalars(
                select(Absence).where(Absence.person_id == person_id).order_by(Absence.from_on.desc(), Absence.id)
            )
        ),
        roles=_roles(person_id),
        champions=_champions(person_id),
        trainings=tuple(
            db.session.scalars(
                select(TrainingRecord)
                .where(TrainingRecord.person_id == person_id)
                .order_by(TrainingRecord.trained_on.desc(), TrainingRecord.id)
            )
        ),
        departure=db.session.scalars(
            select(Departure)
            .where(Departure.person_id == person_id, Departure.state != "undone")
            .order_by(Departure.id.desc())
            .limit(1)
        ).first(),
    )


def seats(actor: Actor, person_id: int, *, on: date) -> tuple[Seat, ...]:
    """List a person's posts, those to come and of today first."""
    del actor
    rows = db.session.execute(
        select(Tenure, Post, Entity.name)
        .join(Post, Post.id == Tenure.post_id)
        .join(Entity, Entity.id == Post.unit_id)
        .where(Tenure.person_id == person_id)
        .order_by(Tenure.to_on.is_(None).desc(), Tenure.to_on.desc(), Tenure.from_on, Tenure.id)
    ).all()
    hangs = duties.duties_of(post_ids={post.id for _tenure, post, _unit in rows})
    made = (
        Seat(
            tenure.id, post.id, post.title, post.kind, unit, tenure.capacity, tenure.from_on, tenure.to_on,
            hangs[post.id],
        )
        for tenure, post, unit in rows
    )  # fmt: skip
    return tuple(sorted(made, key=lambda each: each.is_over(on)))


def _roles(person_id: int) -> tuple[Given, ...]:
    rows = db.session.execute(
        select(RoleAssignment.role, Entity.name, RoleAssignment.from_on, RoleAssignment.to_on)
        .join(Entity, Entity.id == RoleAssignment.unit_id)
        .where(RoleAssignment.person_id == person_id)
        .order_by(RoleAssignment.to_on.is_(None).desc(), RoleAssignment.to_on.desc(), RoleAssignment.id)
    )
    return tuple(Given(role.replace("_", " ").capitalize(), unit, start, end) for role, unit, start, end in rows)


def _champions(person_id: int) -> tuple[Champions, ...]:
    rows = db.session.execute(
        select(ChampionAppointment.id, Entity.name, ChampionAppointment.from_on, ChampionAppointment.to_on)
        .join(Entity, Entity.id == ChampionAppointment.unit_id)
        .where(ChampionAppointment.person_id == person_id)
        .order_by(ChampionAppointment.from_on.desc(), ChampionAppointment.id)
    )
    return tuple(Champions(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a person's history: when, what in words, and who did it or why."""

    on: datetime
    words: str
    note: str


def history(actor: Actor, person_id: int) -> tuple[Line, ...]:
    """Tell what the trail says of a person, newest first."""
    return tuple(
        Line(told.at, _told(told), ". ".join(part.rstrip(".") for part in (_why(told), told.post_title) if part))
        for told in trail.of_person(actor, person_id, tuple(WORDS))
    )


def _why(told: Told) -> str:
    return str(told.content.get("why") or ("By the clock" if told.door == "clock" else ""))


def _told(told: Told) -> str:
    facts = {**told.content.get("before", {}), **told.content.get("after", {})}
    plain = {key: _said(value) for key, value in facts.items()}
    if "role" in plain:
        plain["role"] = plain["role"].replace("_", " ")
    plain["deed"] = DEEDS.get(str(facts.get("capacity")), "held")
    plain["until"] = f", until {plain['to']}" if plain.get("to") else ""
    return WORDS[told.event].format_map(defaultdict(str, plain))


def _said(value: object) -> str:
    """A date as pages say it; anything else as it is."""
    try:
        return day_words(date.fromisoformat(str(value)))
    except ValueError:
        return "" if value is None else str(value)


def may_be_taken_back(actor: Actor, shown: PersonView, *, on: date) -> bool:
    """Tell whether somebody's departure can still be undone."""
    del actor
    gone = shown.departure
    done_on = local_day(gone.done_at) if gone is not None and gone.done_at else None
    return gone is not None and may_take_back(gone.state, done_on, on)


def addresses(actor: Actor, *, on: date) -> tuple[tuple[str, str], ...]:
    """List who is here and stays, each with a post, for a box that completes an address.

    That is whom the actor may see, and whoever works beside the actor: the council's addresses are not everyone's.
    """
    rows = db.session.execute(
        select(Person.email, func.min(Post.title))
        .select_from(Person)
        .outerjoin(Tenure, and_(Tenure.person_id == Person.id, Tenure.to_on.is_(None), Tenure.capacity == "holder"))
        .outerjoin(Post, Post.id == Tenure.post_id)
        .where(
            Person.is_active, Person.leaves_on.is_(None), Person.id != actor.person_id,
            or_(readable(actor, on=on), Person.id.in_(_beside(actor))),
        )
        .group_by(Person.email)
        .order_by(Person.email)
    )  # fmt: skip
    return tuple((email, title or "No post") for email, title in rows)


def _beside(actor: Actor) -> Select[int]:
    """Whoever has a post in a unit of the actor's posts, in the one above it, or beneath that."""
    own, above = aliased(Unit), aliased(Unit)
    tops = select(above.path).join(own, own.parent_id == above.id).join(Post, Post.unit_id == own.id)
    paths = db.session.scalars(tops.where(Post.id.in_(actor.post_ids)).distinct()).all()
    near = (Unit.path.startswith(path, autoescape=True) for path in paths)
    return (
        select(Tenure.person_id)
        .join(Post, Post.id == Tenure.post_id)
        .join(Unit, Unit.id == Post.unit_id)
        .where(or_(false(), *near))
    )
