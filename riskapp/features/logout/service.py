"""End the sessions that are over at the provider, each time that it says so once."""

from datetime import datetime

from sqlalchemy import delete, or_, select

from riskapp.domain import logout as rules
from riskapp.domain.logout import LoggedOut
from riskapp.domain.oidc import refused
from riskapp.domain.permissions import THE_PROVIDER
from riskapp.features.accounts import service as accounts
from riskapp.models.accounts import WebSession
from riskapp.models.database import db, insert_or
from riskapp.models.oidc import ExternalIdentity, OidcLogout, OidcSession, digest

WHY = "Signed out at the provider"


def log_out(told: LoggedOut, *, is_entra: bool, at: datetime) -> int:
    """End the session that the provider names, or each of the person where it names none; give how many.

    Refused (`AnswerRefused`): what was told before; and with Entra a subject alone, by which nobody is known here.
    """
    if is_entra and told.session is None:
        raise refused("sid")
    _once(told, at=at)
    if told.session is None:
        known = ExternalIdentity.issuer == told.issuer, ExternalIdentity.subject == told.subject
        person_id = db.session.scalar(select(ExternalIdentity.person_id).where(*known))
        return accounts.end_sessions(person_id, by=THE_PROVIDER, at=at, why=WHY) if person_id else 0
    open_ones = _open_ones(told, is_entra=is_entra)
    return sum(
        accounts.end_sessions(person_id, by=THE_PROVIDER, at=at, why=WHY, only=session_ids)
        for person_id, session_ids in open_ones.items()
    )


def _once(told: LoggedOut, *, at: datetime) -> None:
    """Keep that this token came: of two at one moment the database lets one through."""
    db.session.execute(delete(OidcLogout).where(OidcLogout.forgotten_at <= at))
    row = insert_or(OidcLogout).values(
        token_digest=digest(f"{told.issuer} {told.token_id}"),
        sid_digest=digest(told.session) if told.session else None,
        forgotten_at=at + rules.KEPT_FOR,
    )
    new = row.on_conflict_do_nothing(index_elements=["token_digest"]).returning(OidcLogout.token_digest)
    if db.session.scalar(new) is None:
        raise refused("jti")


def _open_ones(told: LoggedOut, *, is_entra: bool) -> dict[int, list[int]]:
    """Find the open sessions of the one there; where it says of whom, also those of theirs that named no session."""
    named = OidcSession.sid_digest == digest(told.session or "")
    rows = (
        select(WebSession.person_id, WebSession.id)
        .join(OidcSession, OidcSession.session_id == WebSession.id)
        .where(WebSession.ended_at.is_(None))
    )
    if told.subject is None or is_entra:
        rows = rows.where(named)
    else:
        identity = ExternalIdentity.person_id == WebSession.person_id
        theirs = ExternalIdentity.issuer == told.issuer, ExternalIdentity.subject == told.subject
        rows = rows.join(ExternalIdentity, identity).where(*theirs, or_(named, OidcSession.sid_digest.is_(None)))
    found: dict[int, list[int]] = {}
    for person_id, session_id in db.session.execute(rows.order_by(WebSession.id)):
        found.setdefault(person_id, []).append(session_id)
    return found
