"""Set up a second factor, make its recovery codes, remove it, and reset another's."""

import secrets
from datetime import datetime

from sqlalchemy import delete, select, update

from riskapp.adapters import letters
from riskapp.adapters.encryption import CannotDecrypt, Cipher
from riskapp.domain import one_time_codes as codes
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.accounts import queries as accounts
from riskapp.features.accounts import service as account_service
from riskapp.features.audit import service as audit
from riskapp.features.reminders import service as reminders
from riskapp.models.accounts import RecoveryCode, SecondFactor
from riskapp.models.database import db
from riskapp.models.people import Person


class CannotSetUp(Cannot):
    """The code is not the key's, or a second factor counts already."""


class CannotRemove(Cannot):
    """The policy asks for the second factor, or there is none to remove."""


def begin(*, cipher: Cipher, by: Actor, at: datetime) -> None:
    """Make a key to be set up; one that waits for its first code stays for a while, so a page may be loaded again."""
    factor = db.session.get(SecondFactor, by.person_id)
    if factor is None:
        factor = SecondFactor(person_id=by.person_id)
        db.session.add(factor)
    elif factor.confirmed_at is not None or not _is_over(factor, cipher, at):
        return
    key = secrets.token_bytes(codes.KEY_BYTES)
    factor.encrypted_key, factor.made_at = cipher.encrypt(key, owner=factor.owner, at=at), at


def _is_over(factor: SecondFactor, cipher: Cipher, at: datetime) -> bool:
    """Whether a key waited too long for its first code, or the secret key was changed meanwhile."""
    is_old = factor.made_at < at - accounts.rules(at=at).idle
    return is_old or not cipher.is_by_key_of_today(factor.encrypted_key, owner=factor.owner)


def confirm(
    code: str, *, token: str, browser: str, cipher: Cipher, by: Actor, at: datetime
) -> tuple[str, tuple[str, ...]]:
    """Let the key count from its first code on; give the token of a new session and the recovery codes, shown once.

    Every other session of the person ends: whoever had one had no second factor.
    """
    factor = db.session.get(SecondFactor, by.person_id)
    if by.person_id is None or factor is None or factor.confirmed_at is not None:
        raise CannotSetUp(Refusal("code", "Begin again: there is nothing to set up"))
    if not account_service.take_step(factor, codes.tidy(code), cipher=cipher, at=at):
        message = "That is not the code of this key. Enter the six figures that your app shows now"
        raise CannotSetUp(Refusal("code", message))
    factor.confirmed_at = at
    audit.record(Event.SECOND_FACTOR_SET, by=by, at=at, after={"person": by.person_id})
    made = _make_codes(by.person_id, by=by, at=at)
    account_service.end_sessions(by.person_id, by=by, at=at)
    whole = account_service.start_session(
        by.person_id, at=at, instead_of=token, by_what="password and code", browser=browser
    )
    return whole, made


def make_codes_anew(*, by: Actor, at: datetime) -> tuple[str, ...]:
    """Make new recovery codes in place of those left, to be shown once."""
    if by.person_id is None or not accounts.has_second_factor(by.person_id):
        raise CannotSetUp(Refusal(None, "Set up a second factor first"))
    return _make_codes(by.person_id, by=by, at=at)


def _make_codes(person_id: int, *, by: Actor, at: datetime) -> tuple[str, ...]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    number = accounts.rules(at=at).recovery_codes
    made = tuple(codes.recovery_code(secrets.token_bytes(codes.RECOVERY_BYTES)) for _ in range(number))
    db.session.add_all(RecoveryCode(person_id=person_id, digest=codes.recovery_digest(code)) for code in made)
    audit.record(Event.RECOVERY_CODES_MADE, by=by, at=at, after={"person": person_id, "codes": number})
    return made


def remove(*, password_length: int, token: str, is_demanded: bool, by: Actor, at: datetime) -> None:
    """Remove one's own second factor, the password having been proved; every other session ends.

    Refused where the policy asks for it, and where the password is only long enough with one (`password_length`).
    """
    if by.person_id is None or not accounts.has_second_factor(by.person_id):
        raise CannotRemove(Refusal(None, "There is none to remove"))
    rules = accounts.rules(at=at)
    if is_demanded and rules.demands_second_factor(by):
        raise CannotRemove(Refusal(None, f"Keep it: a role of yours asks for one (policy {rules.second_factor.ref})"))
    if password_length < rules.least:
        words = (
            f"Change your password to one of {rules.least} characters first: without a second factor it is too short"
        )
        raise CannotRemove(Refusal("password", words))
    _delete(by.person_id)
    audit.record(Event.SECOND_FACTOR_REMOVED, by=by, at=at, after={"person": by.person_id})
    account_service.end_sessions(by.person_id, by=by, at=at, but=token)


def reset(person_id: int, *, reason: str, by: Actor, at: datetime) -> None:
    """Take away another's second factor who lost it, and say why; they are signed out everywhere, and told by mail."""
    if by.person_id == person_id:
        raise CannotRemove(Refusal(None, "Ask another administrator: nobody resets a second factor of their own"))
    if not accounts.has_second_factor(person_id):
        raise CannotRemove(Refusal(None, "They have no second factor"))
    person = db.session.get_one(Person, person_id)
    _delete(person_id)
    audit.record(Event.SECOND_FACTOR_RESET, by=by, at=at, after={"person": person_id}, why=reason)
    account_service.end_sessions(person_id, by=by, at=at)
    words = (
        "An administrator took it away. Set up a new one after you next sign in. If you did not ask for it, tell them."
    )
    content = letters.Words(
        subject="Your second factor was reset",
        lede="Your second factor for riskapp was reset, and you are signed out everywhere.",
        groups=(letters.Group("", "", (letters.Item("Your account", None, words, "/account"),)),),
        reason="You get this because the change is to your account.",
    )
    reminders.write_to(person, content, at=at)


def _delete(person_id: int) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    db.session.execute(delete(SecondFactor).where(SecondFactor.person_id == person_id))


def encrypt_anew(*, cipher: Cipher, at: datetime) -> tuple[int, int]:
    """Encrypt by the secret key of today what the one before it encrypted; give how many, and how many are lost."""
    done = lost = 0
    for factor in db.session.scalars(select(SecondFactor).order_by(SecondFactor.person_id)).all():
        old = factor.encrypted_key
        if cipher.is_by_key_of_today(old, owner=factor.owner):
            continue
        try:
            new = cipher.encrypt(cipher.decrypt(old, owner=factor.owner), owner=factor.owner, at=at)
        except CannotDecrypt:
            lost += 1
            continue
        unchanged = SecondFactor.person_id == factor.person_id, SecondFactor.encrypted_key == old
        db.session.execute(update(SecondFactor).where(*unchanged).values(encrypted_key=new))
        done += 1
    return done, lost
