"""Sign people in by what their provider says of them, and link and unlink council accounts."""

import secrets
from datetime import date, datetime

from sqlalchemy import delete, select, update

from riskapp.domain import oidc as rules
from riskapp.domain.audit import Event
from riskapp.domain.oidc import CannotEnter, CannotLink, Told
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Refusal
from riskapp.features.accounts import service as accounts
from riskapp.features.app_roles import service as app_roles
from riskapp.features.audit import service as audit
from riskapp.features.oidc import queries
from riskapp.features.policy import queries as policies
from riskapp.features.reminders import service as reminders
from riskapp.models.accounts import WebSession
from riskapp.models.database import db
from riskapp.models.oidc import ExternalIdentity, OidcFlow, OidcInvitation, OidcLogout, OidcSession, digest
from riskapp.models.people import Person, Unit

BY_ACCOUNT = "council account"
"""By what a session was begun."""
NOT_LINKED = "Ask an administrator to send you a link to link it, or sign in with your password and link it yourself"
NO_LONGER = "This link was used, was withdrawn or has run out. Ask an administrator for another"
TAKEN = "This council account is linked to another account of riskapp. Unlink it there first"
HAS_ONE = "A council account is linked already. Unlink it first, then link the other"


def begin(
    purpose: str = "sign_in", *, person_id: int | None = None, invitation_id: int | None = None, at: datetime
) -> str:
    """Begin an attempt and give its key, which the browser alone keeps; attempts that have run out are forgotten."""
    db.session.execute(delete(OidcFlow).where(OidcFlow.started_at < at - rules.FLOW_FOR))
    key = secrets.token_urlsafe(32)
    state = digest(rules.secrets_of(key).state)
    db.session.add(
        OidcFlow(state_digest=state, purpose=purpose, person_id=person_id, invitation_id=invitation_id, started_at=at)
    )
    return key


def take_up(key: str, state: str, *, at: datetime) -> OidcFlow:
    """Find the attempt that an answer is to; refuse (`AnswerRefused`) another browser's, a second and a late one."""
    if not key or not secrets.compare_digest(rules.secrets_of(key).state.encode(), state.encode()):
        raise rules.refused("state")
    waits = OidcFlow.answered_at.is_(None), OidcFlow.started_at >= at - rules.FLOW_FOR, OidcFlow.started_at <= at
    flow = db.session.scalars(
        update(OidcFlow)
        .where(OidcFlow.state_digest == digest(state), *waits)
        .values(answered_at=at)
        .returning(OidcFlow)
    ).first()
    if flow is None:
        raise rules.refused("state")
    return flow


def sign_in(told: Told, *, at: datetime, on: date, instead_of: str = "") -> str:
    """Start a session for whoever the identity is linked to, and give its token; nobody else is let in or made."""
    identity = _identity(told)
    person = db.session.get(Person, identity.person_id) if identity else None
    if identity is None or person is None or not person.is_active:
        raise CannotEnter(Refusal(None, NOT_LINKED))
    return _enter(identity, told, at=at, on=on, instead_of=instead_of)


def _identity(told: Told) -> ExternalIdentity | None:
    known = ExternalIdentity.issuer == told.issuer, ExternalIdentity.subject == told.subject
    return db.session.scalars(select(ExternalIdentity).where(*known)).first()


def _enter(identity: ExternalIdentity, told: Told, *, at: datetime, on: date, instead_of: str) -> str:
    _refuse_a_session_that_is_over(told, at=at)
    identity.last_used_at = at
    db.session.flush()  # of two sign-ins at one moment the second waits here, and finds what the first has kept
    app_roles.take(identity, told.roles, at=at, on=on)
    token = accounts.start_session(identity.person_id, at=at, instead_of=instead_of, by_what=BY_ACCOUNT)
    db.session.flush()
    session_id = db.session.scalars(
        select(WebSession.id).where(WebSession.token_digest == WebSession.digest(token))
    ).one()
    sid_digest = digest(told.session) if told.session else None
    db.session.add(OidcSession(session_id=session_id, acr=told.acr, amr=list(told.amr), sid_digest=sid_digest))
    return token


def _refuse_a_session_that_is_over(told: Told, *, at: datetime) -> None:
    """Refuse an answer that was on its way while its session ended there."""
    ended = OidcLogout.sid_digest == digest(told.session or ""), OidcLogout.forgotten_at > at
    if told.session and db.session.scalars(select(OidcLogout.token_digest).where(*ended)).first():
        raise rules.refused("sid")


def link(told: Told, *, by: Actor, at: datetime, on: date) -> ExternalIdentity:
    """Link what the provider answered to who is signed in, and had proved their password before they went there."""
    person = db.session.get(Person, by.person_id) if by.person_id else None
    if person is None or not person.is_active:
        raise CannotLink(Refusal(None, "Sign in, then link your council account from the page Account"))
    return _link(told, person, by=by, at=at, on=on)


def accept(told: Told, invitation_id: int, *, at: datetime, on: date, instead_of: str = "") -> str:
    """Link what the provider answered to who was invited, once, and sign them in; gives the token of the session."""
    is_open = OidcInvitation.used_at.is_(None), OidcInvitation.withdrawn_at.is_(None), OidcInvitation.runs_out_at > at
    invitation = db.session.scalars(
        update(OidcInvitation)
        .where(OidcInvitation.id == invitation_id, *is_open)
        .values(used_at=at)
        .returning(OidcInvitation)
    ).first()
    person = db.session.get(Person, invitation.person_id) if invitation else None
    if invitation is None or person is None or not person.is_active:
        raise CannotLink(Refusal(None, NO_LONGER))
    made = _link(told, person, by=Actor(person_id=person.id), linked_by_id=invitation.made_by_id, at=at, on=on)
    return _enter(made, told, at=at, on=on, instead_of=instead_of)


def _link(
    told: Told, person: Person, *, by: Actor, at: datetime, on: date, linked_by_id: int | None = None
) -> ExternalIdentity:
    known = _identity(told)
    if known is not None and known.person_id != person.id:
        raise CannotLink(Refusal(None, TAKEN))
    if db.session.scalars(select(ExternalIdentity.id).where(ExternalIdentity.person_id == person.id)).first():
        raise CannotLink(Refusal(None, HAS_ONE))
    made = ExternalIdentity(
        person_id=person.id,
        issuer=told.issuer,
        subject=told.subject,
        linked_at=at,
        linked_by_id=linked_by_id or person.id,
    )
    db.session.add(made)
    db.session.flush()
    after = {"person": person.id, "identity": made.id, "issuer": told.issuer, "linked_by": made.linked_by_id}
    audit.record(Event.ACCOUNT_LINKED, by=by, at=at, after=after)
    _tell(
        person, reminders.once_for("oidc_linked", made.id), "A council account was linked to your account", at=at, on=on
    )
    return made


def unlink(person_id: int, *, why: str, by: Actor, at: datetime, on: date) -> None:
    """Unlink somebody's council account: what it brought ends with it, and so does every session of theirs.

    Refused (`CannotLink`): to unlink one's own where it is the only way in. An administrator may, to shut it.
    """
    person = db.session.get_one(Person, person_id)
    identity = db.session.scalars(select(ExternalIdentity).where(ExternalIdentity.person_id == person_id)).first()
    if identity is None:
        return
    if by.person_id == person_id and person.password_hash is None:
        raise CannotLink(Refusal(None, "It is your only way in. Ask an administrator, or set a password first"))
    before = {"person": person_id, "identity": identity.id, "issuer": identity.issuer}
    db.session.delete(identity)
    audit.record(Event.ACCOUNT_UNLINKED, by=by, at=at, before=before, why=why)
    app_roles.give_up(person_id, at=at, on=on)
    accounts.end_sessions(person_id, by=by, at=at)
    _tell(person, reminders.once_for("oidc_unlinked", identity.id), "Your council account was unlinked", at=at, on=on)


def _tell(person: Person, rule: str, heading: str, *, at: datetime, on: date) -> None:
    """Mail the person: whoever changed it may not be them."""
    council = db.session.scalars(select(Unit.id).where(Unit.parent_id.is_(None)).order_by(Unit.id)).first()
    access = policies.in_force(on=on).policy.access
    if council is None or access is None:
        return
    reminders.notify(
        rule,
        subject_id=council,
        post_id=None,
        person_id=person.id,
        heading=heading,
        words="If this was not you, tell an administrator at once.",
        clause=access.account_roles.clause if access.account_roles else access.two_people,
        on=on,
        at=at,
    )


def invite(person_id: int, *, by: Actor, at: datetime) -> str:
    """Make the one invitation of a person, in place of any before, and give its key, which is nowhere kept."""
    person = db.session.get_one(Person, person_id)
    if person_id == by.person_id:
        raise CannotLink(Refusal(None, "Link your own council account from the page Account"))
    if not person.is_active:
        raise CannotLink(Refusal(None, "The account is closed: reinstate the person first"))
    if db.session.scalars(select(ExternalIdentity.id).where(ExternalIdentity.person_id == person_id)).first():
        raise CannotLink(Refusal(None, HAS_ONE))
    _withdraw(person_id, at)
    key = secrets.token_urlsafe(32)
    made = OidcInvitation(
        key_digest=digest(key),
        person_id=person_id,
        made_by_id=by.person_id,
        made_at=at,
        runs_out_at=at + rules.INVITATION_FOR,
    )
    db.session.add(made)
    db.session.flush()
    after = {"person": person_id, "invitation": made.id, "until": made.runs_out_at}
    audit.record(Event.ACCOUNT_INVITED, by=by, at=at, after=after)
    return key


def withdraw(person_id: int, *, why: str, by: Actor, at: datetime) -> None:
    """Withdraw a person's invitation, so that its link opens nothing."""
    if _withdraw(person_id, at):
        audit.record(Event.ACCOUNT_INVITATION_WITHDRAWN, by=by, at=at, after={"person": person_id}, why=why)


def _withdraw(person_id: int, at: datetime) -> bool:
    waits = OidcInvitation.used_at.is_(None), OidcInvitation.withdrawn_at.is_(None)
    gone = db.session.scalars(
        update(OidcInvitation)
        .where(OidcInvitation.person_id == person_id, *waits)
        .values(withdrawn_at=at)
        .returning(OidcInvitation.id)
    ).all()
    return bool(gone)


def invitation_of(key: str, *, at: datetime) -> OidcInvitation:
    """Give the invitation that a key opens; refuse (`CannotLink`) one that is used, old, withdrawn or made up."""
    found = queries.invited(key, at=at)
    if found is None:
        raise CannotLink(Refusal(None, NO_LONGER))
    return found
