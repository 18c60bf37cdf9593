"""Sign a person in and out."""

import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select, update

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.audit import service as audit
from riskapp.features.people import queries as people
from riskapp.models.accounts import SignInFailure, WebSession
from riskapp.models.database import db
from riskapp.models.people import Person

PATIENCE = timedelta(minutes=15)
FREE_TRIES = 5

# OWASP's parameters for argon2id; a check costs about 25 ms of one core.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class CannotSignIn(Cannot):
    """The address and password do not match, or too many tries came before."""


class CannotProve(Cannot):
    """The password asked for again is not the account's, or too many tries came before."""


def hash_password(password: str) -> str:
    """Hash a password for keeping."""
    return _hasher.hash(password)


def sign_in(*, email: str, password: str, at: datetime, instead_of: str = "") -> str:
    """Start a session and give its token; the answer and the time taken do not tell whether the account exists.

    A session that the browser still had is ended, so that its token is not left open behind the new one.
    """
    address = email.strip().lower()
    _refuse_a_flood(address, at)
    person = people.person_by_email(address)
    known = person is not None and person.is_active and person.password_hash is not None
    matches = _matches(person.password_hash if person and known and person.password_hash else _NOBODY, password)
    if not (person and known and matches):
        raise CannotSignIn(Refusal("password", "Enter the e-mail address and password of an account"))
    db.session.execute(delete(SignInFailure).where(SignInFailure.email == address))
    return start_session(person.id, at=at, instead_of=instead_of)


def start_session(person_id: int, *, at: datetime, instead_of: str = "") -> str:
    """Start a session for somebody who has shown who they are, and give its token; the browser's last one ends."""
    _end(instead_of, at)
    token = secrets.token_urlsafe(32)
    db.session.add(WebSession(token_digest=WebSession.digest(token), person_id=person_id, started_at=at, seen_at=at))
    audit.record(Event.SIGNED_IN, by=Actor(person_id=person_id), at=at)
    return token


def prove(*, person_id: int, password: str, at: datetime) -> datetime:
    """Check again that who is signed in knows the password, and give the instant at which that was proved."""
    person = db.session.get_one(Person, person_id)
    _refuse_a_flood(person.email, at)
    if not _matches(person.password_hash or _NOBODY, password):
        raise CannotProve(Refusal("password", "That is not the password of your account. Enter it again"))
    return at


def remember_unproved(*, person_id: int, at: datetime) -> None:
    """Keep a failed proof as a failed try to sign in, in a transaction of its own."""
    remember_failure(email=db.session.get_one(Person, person_id).email, at=at)


def remember_failure(*, email: str, at: datetime) -> None:
    """Keep a failed try, so that the next are slowed; in a transaction of its own, since the try itself is undone."""
    db.session.add(SignInFailure(email=email.strip().lower()[:200], at=at))


def _refuse_a_flood(address: str, at: datetime) -> None:
    recent = db.session.scalar(
        select(func.count(SignInFailure.id)).where(SignInFailure.email == address, SignInFailure.at > at - PATIENCE)
    )
    if (recent or 0) >= FREE_TRIES:
        raise CannotSignIn(Refusal("password", "Too many tries for this address. Wait 15 minutes, then try once more"))


def _matches(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def keep_alive(token: str, *, at: datetime) -> None:
    """Count this as activity of a session, which the caller has found to be alive."""
    db.session.execute(update(WebSession).where(WebSession.token_digest == WebSession.digest(token)).values(seen_at=at))


def sign_out(token: str, *, by: Actor, at: datetime) -> None:
    """End the session on the server: the token opens nothing from now on."""
    _end(token, at)
    audit.record(Event.SIGNED_OUT, by=by, at=at)


def end_sessions(person_id: int, *, by: Actor, at: datetime) -> int:
    """End every session of a person at once, wherever it is open: the next click meets the sign-in page."""
    open_ones = WebSession.person_id == person_id, WebSession.ended_at.is_(None)
    ended = db.session.scalars(update(WebSession).where(*open_ones).values(ended_at=at).returning(WebSession.id)).all()
    audit.record(Event.SESSIONS_ENDED, by=by, at=at, after={"person": person_id, "sessions": len(ended)})
    return len(ended)


def _end(token: str, at: datetime) -> None:
    db.session.execute(
        update(WebSession)
        .where(WebSession.token_digest == WebSession.digest(token), WebSession.ended_at.is_(None))
        .values(ended_at=at)
    )
