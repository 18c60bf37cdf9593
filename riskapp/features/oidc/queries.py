"""Whose council account is linked, and what waits to be."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from riskapp.domain.permissions import Actor, Permission, may
from riskapp.models.database import db
from riskapp.models.oidc import ExternalIdentity, OidcInvitation, digest
from riskapp.models.people import Person


@dataclass(frozen=True, slots=True)
class Account:
    """A person with the council account linked to them, if one is, and the invitation that is open, if one is."""

    person_id: int
    email: str
    is_active: bool
    has_password: bool
    identity: ExternalIdentity | None
    linked_by: str | None
    invited_until: datetime | None


def account(actor: Actor, person_id: int, *, at: datetime) -> Account | None:
    """Give somebody's account to themselves and to those who keep people; None to others."""
    if actor.person_id != person_id and not may(actor, Permission.PEOPLE_KEEP):
        return None
    linker = aliased(Person)
    is_open = (OidcInvitation.used_at.is_(None), OidcInvitation.withdrawn_at.is_(None), OidcInvitation.runs_out_at > at)
    row = db.session.execute(
        select(Person, ExternalIdentity, linker.email, OidcInvitation.runs_out_at)
        .outerjoin(ExternalIdentity, ExternalIdentity.person_id == Person.id)
        .outerjoin(linker, linker.id == ExternalIdentity.linked_by_id)
        .outerjoin(OidcInvitation, (OidcInvitation.person_id == Person.id) & is_open[0] & is_open[1] & is_open[2])
        .where(Person.id == person_id)
        .order_by(ExternalIdentity.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    person, identity, linked_by, until = row
    has_password = person.password_hash is not None
    return Account(person.id, person.email, person.is_active, has_password, identity, linked_by, until)


def address(actor: Actor, invitation: OidcInvitation) -> str:
    """Give the address of who was invited, to whoever has the key of the invitation."""
    del actor
    return db.session.get_one(Person, invitation.person_id).email


def invited(key: str, *, at: datetime) -> OidcInvitation | None:
    """Find the invitation that a key opens: not used, not withdrawn, not run out, of an account that is open."""
    return db.session.scalars(
        select(OidcInvitation)
        .join(Person, Person.id == OidcInvitation.person_id)
        .where(
            OidcInvitation.key_digest == digest(key),
            OidcInvitation.used_at.is_(None),
            OidcInvitation.withdrawn_at.is_(None),
            OidcInvitation.runs_out_at > at,
            Person.is_active,
        )
    ).first()
