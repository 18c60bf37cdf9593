"""Take down who asks for a link, send it, and keep the password that is chosen by it or in place of an old one."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, or_, select, update

from riskapp.adapters import letters
from riskapp.adapters.guessing import is_breached, is_guessable
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.signing_in import check_password
from riskapp.features.accounts import queries as accounts
from riskapp.features.accounts import service as account_service
from riskapp.features.audit import service as audit
from riskapp.features.passwords import queries
from riskapp.features.people import queries as people
from riskapp.features.reminders import service as reminders
from riskapp.models.accounts import PasswordLink, PasswordRequest, SignInFailure
from riskapp.models.database import db
from riskapp.models.people import Person

CHOOSE = "/choose-password"
ASK = "/forgotten-password"
HOUR = timedelta(hours=1)
KEPT_FOR = timedelta(days=1)
"""How long it is kept that somebody asked, to count by, and what they were sent."""


class CannotChooseByLink(Cannot):
    """The link was used, ran out, or never was one."""


class CannotAsk(Cannot):
    """Too many links were asked for from one address of the network."""


def ask_for_link(*, email: str, network: str, at: datetime) -> None:
    """Take down that somebody asked; the same work is done whether or not an account has the address."""
    rules = accounts.rules(at=at)
    from_here = PasswordRequest.network == network, PasswordRequest.at > at - rules.network.within
    asked = db.session.scalar(select(func.count(PasswordRequest.id)).where(*from_here)) or 0
    if network and asked >= rules.network.free:
        raise CannotAsk(Refusal("email", "Too many links were asked for from here. Try again in an hour"))
    db.session.add(PasswordRequest(email=email.strip().lower()[:200], network=network or None, at=at))


def answer_requests(*, by: Actor, at: datetime) -> tuple[int, int]:
    """Send a link to each account that was asked for; give how many asked, and how many links were written."""
    waiting = db.session.scalars(
        select(PasswordRequest).where(PasswordRequest.answered_at.is_(None)).order_by(PasswordRequest.id)
    ).all()
    sent = 0
    for request in waiting:
        request.answered_at = at
        person = people.person_by_email(request.email)
        if person is not None and person.is_active:
            sent += send_link(person, by=by, at=at) is not None
    db.session.execute(delete(PasswordRequest).where(PasswordRequest.at < at - KEPT_FOR))
    return len(waiting), sent


def send_link(person: Person, *, by: Actor, at: datetime) -> PasswordLink | None:
    """Write the message with the link; None if this person was sent as many lately as the policy lets."""
    rules = accounts.rules(at=at)
    lately = PasswordLink.person_id == person.id, PasswordLink.made_at > at - HOUR
    if (db.session.scalar(select(func.count(PasswordLink.id)).where(*lately)) or 0) >= rules.links_an_hour:
        return None
    is_first = person.password_hash is None
    deed = "Choose your password" if is_first else "Choose a new password"
    content = letters.Words(
        subject=f"{deed} for riskapp",
        lede=f"{deed} by the link below. It works once, and for {rules.link_lasts // timedelta(minutes=1)} minutes.",
        groups=(letters.Group("", "", (letters.Item(deed, None, _IF_NOT_YOU, f"{CHOOSE}?key={letters.TOKEN}"),)),),
        reason="You get this because somebody asked for it at riskapp’s sign-in page.",
    )
    message = reminders.write_to(person, content, at=at)
    link = PasswordLink(person_id=person.id, message_id=message.id, made_at=at)
    db.session.add(link)
    db.session.flush()
    audit.record(Event.PASSWORD_LINK_SENT, by=by, at=at, after={"person": person.id})
    return link


def forget_links(*, at: datetime) -> int:
    """Delete links that open nothing since a day; give how many there were."""
    before = at - KEPT_FOR
    over = or_(PasswordLink.runs_out_at < before, PasswordLink.ended_at < before)
    return len(db.session.scalars(delete(PasswordLink).where(over).returning(PasswordLink.id)).all())


_IF_NOT_YOU = "If you did not ask for it, do nothing: your account stays as it is."


def welcome(person: Person, *, at: datetime) -> bool:
    """Tell somebody who was added where they choose their first password, once; say whether it was done now.

    It leads to the page where a link is asked for: one that lasts an hour would have run out before they read it.
    """
    content = letters.Words(
        subject="You have an account at riskapp",
        lede="You have an account at riskapp, where the council keeps its risks. Choose a password to sign in.",
        groups=(
            letters.Group("", "", (letters.Item("Ask for the link", None, f"Your address is {person.email}.", ASK),)),
        ),
        reason="You get this because you were added to riskapp.",
    )
    return reminders.write_once("welcome", person, content, at=at) is not None


def choose_by_link(
    token: str, password: str, *, context: tuple[str, ...], at: datetime, breached: Path | None = None
) -> None:
    """Keep the password chosen by a link, which is then used up; every session of the person ends.

    `breached` is a file of the digests of passwords that are refused, as `adapters.guessing` reads it.
    """
    person = queries.person_of_link(Actor(person_id=None), token, at=at)
    if person is None:
        raise CannotChooseByLink(Refusal(None, "This link was used, or has run out. Ask for a new one"))
    _keep(person, password, context=context, by=Actor(person_id=person.id), at=at, but="", breached=breached)


def change(
    password: str, *, context: tuple[str, ...], token: str, by: Actor, at: datetime, breached: Path | None = None
) -> None:
    """Change one's own password, the old one having been proved: every other session ends."""
    person = db.session.get_one(Person, by.person_id)
    _keep(person, password, context=context, by=by, at=at, but=token, breached=breached)


def _keep(
    person: Person,
    password: str,
    *,
    context: tuple[str, ...],
    by: Actor,
    at: datetime,
    but: str,
    breached: Path | None,
) -> None:
    check_password(
        password,
        accounts.rules(at=at),
        has_second_factor=accounts.has_second_factor(person.id),
        context=(*context, person.email),
        is_guessable=lambda said, words: (breached and is_breached(said, breached)) or is_guessable(said, words),
    )
    is_first, person.password_hash = person.password_hash is None, account_service.hash_password(password)
    open_links = PasswordLink.person_id == person.id, PasswordLink.ended_at.is_(None)
    db.session.execute(update(PasswordLink).where(*open_links).values(ended_at=at))
    db.session.execute(delete(SignInFailure).where(SignInFailure.email == person.email))
    audit.record(Event.PASSWORD_CHOSEN, by=by, at=at, after={"person": person.id})
    account_service.end_sessions(person.id, by=by, at=at, but=but)
    if not is_first:
        _tell(person, at=at)


def _tell(person: Person, *, at: datetime) -> None:
    """Tell somebody by mail that their password was changed: whoever changed it may not be them."""
    words = "If this was not you, choose a new password at once, and tell an administrator of riskapp."
    content = letters.Words(
        subject="Your password for riskapp was changed",
        lede="Your password for riskapp was changed, and you are signed out everywhere else.",
        groups=(letters.Group("", "", (letters.Item("Choose a new password", None, words, ASK),)),),
        reason="You get this because the change is to your account.",
    )
    reminders.write_to(person, content, at=at)
