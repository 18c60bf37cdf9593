"""Whose session a token is, the accounts that a demonstration offers, and what an account's roles let one do."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CompoundSelect, Date, LargeBinary, bindparam, case, literal_column, select, union_all

from riskapp.domain.access import page_of
from riskapp.domain.permission_table import ROLE_WORDS
from riskapp.domain.permissions import Actor
from riskapp.features.people import queries as people
from riskapp.models.access import NamedGrant
from riskapp.models.accounts import WebSession
from riskapp.models.database import Instant, db
from riskapp.models.entity import Entity
from riskapp.models.people import Person, Unit

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
MARKED_EVERY = timedelta(minutes=1)
A_SESSION = "session"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who a session belongs to; `is_to_be_marked` once its activity was last written down a while ago."""

    actor: Actor
    is_to_be_marked: bool


_alive = (
    WebSession.token_digest == bindparam("digest", type_=LargeBinary),
    WebSession.ended_at.is_(None),
    WebSession.seen_at >= bindparam("idle_since", type_=Instant()),
    WebSession.started_at >= bindparam("begun_since", type_=Instant()),
)
_is_to_be_marked = case((WebSession.seen_at < bindparam("marked_since", type_=Instant()), 1), else_=0)


def _asking() -> CompoundSelect[*tuple[Any, ...]]:
    """Build the one query that each request asks first."""
    person_id = select(WebSession.person_id).where(*_alive).scalar_subquery()
    session = select(
        literal_column(f"'{A_SESSION}'"), _is_to_be_marked, literal_column("0"), *(literal_column("''") for _ in "ab")
    )
    duties = people.duties(person_id, bindparam("on", type_=Date), bindparam("at", type_=Instant()))
    return union_all(*duties, session.where(*_alive))


_ASKING = _asking()


def asking(token: str, *, at: datetime, on: date, request_id: str | None = None) -> Asking | None:
    """Say who asks by the token of a session, in one query; None if it ended, ran out, or never was.

    Activity is written once a minute, so that a busy reader is not a writer.
    """
    instants = {"idle_since": at - IDLE, "begun_since": at - LONGEST, "marked_since": at - MARKED_EVERY}
    lines = db.session.execute(_ASKING, {"digest": WebSession.digest(token), "on": on, "at": at, **instants}).all()
    actor = people.actor_from(lines, door="web", request_id=request_id)
    return Asking(actor, any(line[0] == A_SESSION and line[1] for line in lines)) if actor else None


def demonstration_accounts(actor: Actor) -> tuple[Person, ...]:
    """List the accounts to try, in the order they were made; anyone may see them, and only a demonstration has any."""
    del actor
    return tuple(db.session.scalars(select(Person).where(Person.purpose.is_not(None)).order_by(Person.id)))


@dataclass(frozen=True, slots=True)
class RoleInWords:
    """A role of the actor's, the unit it counts for, and what it lets one do."""

    name: str
    unit: str
    words: str


def roles_in_words(actor: Actor) -> tuple[RoleInWords, ...]:
    """Say what each of the actor's roles is, over what and for what, in one query."""
    paths = [grant.unit_path for grant in actor.grants]
    rows = db.session.execute(
        select(Unit.path, Entity.name).join(Entity, Entity.id == Unit.id).where(Unit.path.in_(paths))
    )
    names = {path: name for path, name in rows}  # noqa: C416 - rows are not plain pairs to the type checker
    return tuple(
        RoleInWords(grant.role.label, names.get(grant.unit_path, "Everything"), ROLE_WORDS[grant.role])
        for grant in actor.grants
    )


@dataclass(frozen=True, slots=True)
class OpenedByName:
    """A thing that was opened to the actor by name: what it is, where it is read, and until when."""

    kind: str
    reference: str
    url: str
    to_on: date


def opened_by_name(actor: Actor, *, on: date) -> tuple[OpenedByName, ...]:
    """List what is open to the actor by name on a day, the first to run out first."""
    rows = db.session.execute(
        select(Entity.kind, Entity.reference, NamedGrant.to_on)
        .join(NamedGrant, NamedGrant.entity_id == Entity.id)
        .where(NamedGrant.person_id == actor.person_id, NamedGrant.ended_at.is_(None))
        .where(NamedGrant.from_on <= on, NamedGrant.to_on >= on)
        .order_by(NamedGrant.to_on, NamedGrant.id)
    )
    return tuple(OpenedByName(kind, reference, page_of(kind, reference), to_on) for kind, reference, to_on in rows)
