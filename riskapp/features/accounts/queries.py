"""The accounts that a demonstration offers, and an account in words: what its roles let one do, and over what."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from riskapp.domain.access import page_of
from riskapp.domain.permission_table import ROLE_WORDS
from riskapp.domain.permissions import Actor
from riskapp.models.access import NamedGrant
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Person, Unit


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
