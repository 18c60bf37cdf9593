"""Whose session a token is and what it waits for, where one is signed in, and what an account's roles let one do."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    LargeBinary,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
    union_all,
)

from riskapp.domain.access import page_of
from riskapp.domain.calendar import LONDON
from riskapp.domain.permission_table import ROLE_WORDS
from riskapp.domain.permissions import Actor
from riskapp.domain.policy import parse_policy, read_documents
from riskapp.domain.signing_in import BY_PASSWORD, SigningIn
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.models.access import NamedGrant
from riskapp.models.accounts import RecoveryCode, SecondFactor, WebSession
from riskapp.models.database import Instant, db, read
from riskapp.models.entity import Entity
from riskapp.models.people import Person, Unit
from riskapp.settings import POLICIES

MARKED_EVERY = timedelta(minutes=1)
A_SESSION = "session"
TO_BE_MARKED, LONG_UNUSED, PROVED_LATELY, HAS_SECOND_FACTOR = 1, 2, 4, 8
"""What the line of a session says, as one number."""


class Wait(StrEnum):
    """What a session that is not whole yet waits for: the code of a second factor, or that one is set up."""

    CODE = "code"
    ENROLMENT = "enrolment"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who a session belongs to, and what it waits for before it opens anything.

    `is_to_be_marked` once its activity was last written down a while ago; `is_proved` while its owner has proved so
    shortly before who they are that it counts for a sensitive deed.
    """

    actor: Actor
    is_to_be_marked: bool
    is_proved: bool
    waits_for: Wait | None


def rules(*, at: datetime) -> SigningIn:
    """Give the policy's chapter on signing in; until a version that has one is adopted, the chapter as it comes."""
    try:
        adopted = policies.in_force(on=at.astimezone(LONDON).date()).policy.signing_in
    except policies.NoPolicyError:
        adopted = None
    return adopted or _as_it_comes()


@lru_cache(maxsize=1)
def _as_it_comes() -> SigningIn:
    found = parse_policy(read_documents(POLICIES)).signing_in
    assert found is not None  # noqa: S101 - a set to be adopted has every chapter; says so to the type checker
    return found


_alive = (
    WebSession.token_digest == bindparam("digest", type_=LargeBinary),
    WebSession.ended_at.is_(None),
    WebSession.seen_at >= bindparam("idle_since", type_=Instant()),
    WebSession.started_at >= bindparam("begun_since", type_=Instant()),
)
_has_second_factor = exists().where(
    SecondFactor.person_id == WebSession.person_id, SecondFactor.confirmed_at.is_not(None)
)


def _flag(value: int, condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, literal_column(str(value))), else_=literal_column("0"))


_flags = (
    _flag(TO_BE_MARKED, WebSession.seen_at < bindparam("marked_since", type_=Instant()))
    + _flag(LONG_UNUSED, WebSession.seen_at < bindparam("short_idle_since", type_=Instant()))
    + _flag(PROVED_LATELY, WebSession.proved_at >= bindparam("proved_since", type_=Instant()))
    + _flag(HAS_SECOND_FACTOR, _has_second_factor)
)


def _asking() -> CompoundSelect[*tuple[Any, ...]]:
    """Build the one query that each request asks first."""
    person_id = select(WebSession.person_id).where(*_alive).scalar_subquery()
    by_what = func.coalesce(WebSession.by_what, literal_column(f"'{BY_PASSWORD}'"))
    session: Select[*tuple[Any, ...]] = select(
        literal_column(f"'{A_SESSION}'"), _flags, literal_column("0"), by_what, literal_column("''")
    )
    duties = people.duties(person_id, bindparam("on", type_=Date), bindparam("at", type_=Instant()))
    return union_all(*duties, session.where(*_alive))


_ASKING = _asking()


def asking(
    token: str, *, at: datetime, on: date, request_id: str | None = None, demands_second_factor: bool = False
) -> Asking | None:
    """Say who asks by the token of a session, in one query; None if it ended, ran out, or never was.

    Activity is written once a minute, so that a busy reader is not a writer.
    """
    chapter = rules(at=at)
    instants = {
        "idle_since": at - chapter.idle,
        "short_idle_since": at - chapter.idle_of_administrators,
        "begun_since": at - chapter.longest,
        "marked_since": at - MARKED_EVERY,
        "proved_since": at - chapter.proof_lasts,
    }
    lines = read(_ASKING, {"digest": WebSession.digest(token), "on": on, "at": at, **instants}).all()
    actor = people.actor_from(lines, door="web", request_id=request_id)
    if actor is None:
        return None
    flags, by_what = next((line[1], line[3]) for line in lines if line[0] == A_SESSION)
    if flags & LONG_UNUSED and chapter.idle_for(actor) < chapter.idle:
        return None
    waits_for = None
    if by_what == BY_PASSWORD:
        demanded = demands_second_factor and chapter.demands_second_factor(actor)
        waits_for = Wait.CODE if flags & HAS_SECOND_FACTOR else Wait.ENROLMENT if demanded else None
    return Asking(actor, bool(flags & TO_BE_MARKED), bool(flags & PROVED_LATELY), waits_for)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser in which somebody is signed in."""

    id: int
    browser: str
    by_what: str
    started_at: datetime
    seen_at: datetime
    is_this: bool


def open_sessions(actor: Actor, *, token: str, at: datetime) -> tuple[OpenSession, ...]:
    """List where the actor is signed in, this one first, then the one used last."""
    chapter = rules(at=at)
    rows = db.session.scalars(
        select(WebSession)
        .where(
            WebSession.person_id == actor.person_id,
            WebSession.ended_at.is_(None),
            WebSession.seen_at >= at - chapter.idle_for(actor),
            WebSession.started_at >= at - chapter.longest,
        )
        .order_by(WebSession.seen_at.desc(), WebSession.id.desc())
    )
    this = WebSession.digest(token)
    found = [
        OpenSession(
            row.id,
            row.browser or "A browser",
            row.by_what or BY_PASSWORD,
            row.started_at,
            row.seen_at,
            row.token_digest == this,
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda each: not each.is_this))


def has_second_factor(person_id: int) -> bool:
    """Say whether a second factor of a person's counts."""
    found = select(SecondFactor.person_id).where(
        SecondFactor.person_id == person_id, SecondFactor.confirmed_at.is_not(None)
    )
    return db.session.scalar(found) is not None


def recovery_codes_left(actor: Actor) -> int:
    """Count the recovery codes that the actor has not used."""
    unused = RecoveryCode.person_id == actor.person_id, RecoveryCode.used_at.is_(None)
    return db.session.scalar(select(func.count(RecoveryCode.id)).where(*unused)) or 0


def address_of(actor: Actor) -> str:
    """The actor's own address, which nobody else is shown by this."""
    return db.session.scalars(select(Person.email).where(Person.id == actor.person_id)).one()


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
