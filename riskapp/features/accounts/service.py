"""Sign a person in by password and second factor, and out; prove again who is signed in; end sessions."""

import secrets
from collections.abc import Collection
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, delete, func, select, update

from riskapp.adapters.encryption import CannotDecrypt, Cipher
from riskapp.domain import one_time_codes as codes
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.signing_in import BY_PASSWORD, SigningIn, Tries, tidy, wait_in_words
from riskapp.features.accounts import queries
from riskapp.features.audit import service as audit
from riskapp.features.people import queries as people
from riskapp.models.accounts import PasswordLink, RecoveryCode, SecondFactor, SignInFailure, WebSession
from riskapp.models.database import db
from riskapp.models.people import Person

# OWASP's parameters for argon2id; a check costs about 25 ms of one core.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class CannotSignIn(Cannot):
    """The address and password or the code do not match, or too many tries came before."""


class KeyIsLost(CannotSignIn):
    """The key of the second factor was encrypted by a secret key that is not there."""


class TriedTooEarly(CannotSignIn):
    """The wait after earlier wrong tries is not over; this try was not looked at and does not count."""


NO_PASSWORD = "You have no password here. Sign out, sign in with your council account again, and do this at once"  # noqa: S105 - a message


class HasNoPassword(Cannot):
    """Somebody who signs in with a council account alone was asked for a password."""


class CannotProve(Cannot):
    """The password asked for again is not the account's, or too many tries came before."""


def hash_password(password: str) -> str:
    """Hash a password for keeping."""
    return _hasher.hash(tidy(password))


def sign_in(
    *,
    email: str,
    password: str,
    at: datetime,
    instead_of: str = "",
    network: str = "",
    browser: str = "",
    is_demo: bool = False,
) -> str:
    """Start a session and give its token; the answer and the time taken do not tell whether the account exists.

    The session of somebody with a second factor opens nothing until its code is entered as well. One that the browser
    still had is ended, so that its token is not left open behind the new one. Accounts of the demonstration, whose
    password is printed, open nothing outside it.
    """
    address = _address(email)
    _refuse_a_flood(address, network, at)
    person = people.person_by_email(address)
    known = person is not None and person.is_active and person.password_hash is not None
    known = known and (is_demo or person is None or person.purpose is None)
    matches = _matches(person.password_hash if person and known and person.password_hash else _NOBODY, password)
    if not (person and known and matches):
        raise CannotSignIn(Refusal("password", "Enter the e-mail address and password of an account"))
    if not queries.has_second_factor(person.id):
        _forgive(address)
    return start_session(person.id, at=at, instead_of=instead_of, by_what=BY_PASSWORD, browser=browser)


def start_session(person_id: int, *, at: datetime, instead_of: str, by_what: str, browser: str = "") -> str:
    """Start a session of a person who has proved who they are, `by_what`, and give its token, which is new.

    `instead_of` is the token that the browser still had, if any: that session is ended. A session by anything else
    than the password alone counts as one with a second factor.
    """
    _end(instead_of, at)
    token = secrets.token_urlsafe(32)
    db.session.add(
        WebSession(
            token_digest=WebSession.digest(token),
            person_id=person_id,
            started_at=at,
            seen_at=at,
            by_what=by_what,
            proved_at=at,
            browser=browser or None,
        )
    )
    audit.record(Event.SIGNED_IN, by=Actor(person_id=person_id), at=at, after={"by": by_what})
    return token


def enter_code(
    *, person_id: int, code: str, cipher: Cipher, at: datetime, instead_of: str, network: str = "", browser: str = ""
) -> str:
    """Take the code of a second factor, or a recovery code in its place, and give the token of a session that is whole.

    Each code counts once, whichever of two that are sent at one moment comes first.
    """
    person = db.session.get_one(Person, person_id)
    _refuse_a_flood(person.email, network, at, field="code")
    by_what = _use_code(person_id, codes.tidy(code), cipher, at)
    if by_what is None:
        message = "Enter the code that your app shows now: six figures, each of which counts once. Or a recovery code"
        raise CannotSignIn(Refusal("code", message))
    _forgive(person.email)
    return start_session(person_id, at=at, instead_of=instead_of, by_what=by_what, browser=browser)


def _use_code(person_id: int, code: str, cipher: Cipher, at: datetime) -> str | None:
    factor = db.session.get(SecondFactor, person_id)
    if factor is None or factor.confirmed_at is None:
        return None
    try:
        if take_step(factor, code, cipher=cipher, at=at):
            return "password and code"
    except CannotDecrypt as fault:
        if by_recovery := _use_recovery_code(person_id, code, at):
            return by_recovery
        message = "The key of your second factor cannot be read here. Enter a recovery code, or ask an administrator"
        raise KeyIsLost(Refusal("code", message)) from fault
    return _use_recovery_code(person_id, code, at)


def _use_recovery_code(person_id: int, code: str, at: datetime) -> str | None:
    mine = RecoveryCode.person_id == person_id, RecoveryCode.digest == codes.recovery_digest(code)
    used = update(RecoveryCode).where(*mine, RecoveryCode.used_at.is_(None)).values(used_at=at)
    if db.session.scalar(used.returning(RecoveryCode.id)) is None:
        return None
    audit.record(Event.RECOVERY_CODE_USED, by=Actor(person_id=person_id), at=at)
    return "password and recovery code"


def take_step(factor: SecondFactor, code: str, *, cipher: Cipher, at: datetime) -> bool:
    """Use a code of an app once: the database lets one of two that come together through."""
    key = cipher.decrypt(factor.encrypted_key, owner=factor.owner)
    step = codes.step_of(key, code, at=at, after=factor.last_step)
    if step is None:
        return False
    taken = update(SecondFactor).where(SecondFactor.person_id == factor.person_id, SecondFactor.last_step < step)
    return db.session.scalar(taken.values(last_step=step).returning(SecondFactor.person_id)) is not None


def prove(*, person_id: int, password: str, at: datetime, token: str = "") -> datetime:
    """Check again that who is signed in knows the password, and give the instant at which that was proved.

    Where the token of the session is given, the proof counts there for as long as the policy lets it.
    """
    person = db.session.get_one(Person, person_id)
    if person.password_hash is None:
        raise HasNoPassword(Refusal("password", NO_PASSWORD))
    _refuse_a_flood(person.email, "", at)
    if not _matches(person.password_hash, password):
        raise CannotProve(Refusal("password", "That is not the password of your account. Enter it again"))
    if token:
        this = WebSession.token_digest == WebSession.digest(token), WebSession.person_id == person_id
        db.session.execute(update(WebSession).where(*this).values(proved_at=at))
    return at


def remember_unproved(*, person_id: int, at: datetime, network: str = "") -> None:
    """Keep a failed proof as a failed try to sign in, in a transaction of its own."""
    remember_failure(email=db.session.get_one(Person, person_id).email, at=at, network=network)


def remember_failure(*, email: str, at: datetime, network: str = "") -> None:
    """Keep a failed try, so that the next are slowed; in a transaction of its own, since the try itself is undone."""
    db.session.add(SignInFailure(email=_address(email)[:200], at=at, network=network or None))


def _address(email: str) -> str:
    return email.strip().lower()


def _forgive(address: str) -> None:
    db.session.execute(delete(SignInFailure).where(SignInFailure.email == address))


def _refuse_a_flood(address: str, network: str, at: datetime, *, field: str = "password") -> None:
    """Let a try wait its turn; one that comes too early is not counted, so that nobody is locked out for good.

    This is clause 14.3: only wrong tries count, for an account from wherever they come, and a right one forgives them.
    How many requests there may be at all, right or wrong, is counted before this, in web/limits, to spare the machine.
    """
    chapter = queries.rules(at=at)
    waits = [_waits_until(chapter, chapter.account, SignInFailure.email == address, at)]
    if network:
        waits.append(_waits_until(chapter, chapter.network, SignInFailure.network == network, at))
    until = max((each for each in waits if each), default=None)
    if until and until > at:
        words = f"Too many tries went wrong. Wait {wait_in_words(until - at)}, then try again"
        raise TriedTooEarly(Refusal(field, words))


def _waits_until(chapter: SigningIn, tries: Tries, of: ColumnElement[bool], at: datetime) -> datetime | None:
    counted = select(func.count(SignInFailure.id), func.max(SignInFailure.at))
    failures, last = db.session.execute(counted.where(of, SignInFailure.at > at - tries.within)).one()
    return chapter.waits_until(tries, failures, last)


def forget_failures(*, at: datetime) -> int:
    """Delete wrong tries that no longer make anybody wait; give how many there were."""
    chapter = queries.rules(at=at)
    old = SignInFailure.at < at - max(chapter.account.within, chapter.network.within)
    return len(db.session.scalars(delete(SignInFailure).where(old).returning(SignInFailure.id)).all())


def _matches(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, tidy(password))
    except (VerificationError, InvalidHashError):
        return False


def keep_alive(token: str, *, at: datetime) -> None:
    """Count this as activity of a session, which the caller has found to be alive."""
    db.session.execute(update(WebSession).where(WebSession.token_digest == WebSession.digest(token)).values(seen_at=at))


def renew(token: str) -> str:
    """Give a session a new token, since its owner proved anew who they are; the one before opens nothing any more."""
    new = secrets.token_urlsafe(32)
    this = WebSession.token_digest == WebSession.digest(token), WebSession.ended_at.is_(None)
    db.session.execute(update(WebSession).where(*this).values(token_digest=WebSession.digest(new)))
    return new


def forget_sessions(*, at: datetime) -> int:
    """Delete sessions that began too long ago to open anything; give how many there were.

    It is judged by when anybody was last seen, so that a day that is done by hand ahead of time signs nobody out.
    """
    seen = db.session.scalar(select(func.max(WebSession.seen_at)))
    if seen is None:
        return 0
    old = WebSession.started_at < min(at, seen) - queries.rules(at=at).longest
    return len(db.session.scalars(delete(WebSession).where(old).returning(WebSession.id)).all())


def sign_out(token: str, *, by: Actor, at: datetime) -> None:
    """End the session on the server: the token opens nothing from now on."""
    _end(token, at)
    audit.record(Event.SIGNED_OUT, by=by, at=at)


def end_session(session_id: int, *, by: Actor, at: datetime) -> bool:
    """End one of the actor's own sessions; False if it is over, or another's."""
    mine = WebSession.id == session_id, WebSession.person_id == by.person_id, WebSession.ended_at.is_(None)
    ended = db.session.scalar(update(WebSession).where(*mine).values(ended_at=at).returning(WebSession.id))
    if ended is not None:
        audit.record(Event.SESSIONS_ENDED, by=by, at=at, after={"person": by.person_id, "sessions": 1})
    return ended is not None


def end_sessions(
    person_id: int, *, by: Actor, at: datetime, but: str = "", only: Collection[int] | None = None, why: str = ""
) -> int:
    """End every session of a person at once, wherever it is open: `but` the one with this token, or `only` some."""
    open_ones = [WebSession.person_id == person_id, WebSession.ended_at.is_(None)]
    open_ones.append(WebSession.token_digest != WebSession.digest(but))
    open_ones += [] if only is None else [WebSession.id.in_(only)]
    ended = db.session.scalars(update(WebSession).where(*open_ones).values(ended_at=at).returning(WebSession.id)).all()
    if ended:
        after = {"person": person_id, "sessions": len(ended)}
        audit.record(Event.SESSIONS_ENDED, by=by, at=at, after=after, why=why)
    return len(ended)


def link_token(message_id: int, *, at: datetime) -> str | None:
    """Make the token of the link in a message that is about to leave; None where a message has no such link.

    Only its SHA-256 is kept, so that nobody who reads the outbox or the database can use it. A message that has to be
    sent again gets a new one, and the one before counts no more.
    """
    link = db.session.scalars(select(PasswordLink).where(PasswordLink.message_id == message_id)).first()
    if link is None:
        return None
    token = secrets.token_urlsafe(32)
    link.token_digest = WebSession.digest(token)
    link.runs_out_at = at + queries.rules(at=at).link_lasts
    return token


def _end(token: str, at: datetime) -> None:
    db.session.execute(
        update(WebSession)
        .where(WebSession.token_digest == WebSession.digest(token), WebSession.ended_at.is_(None))
        .values(ended_at=at)
    )
