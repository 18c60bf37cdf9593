"""The accounts that a demonstration offers."""

from sqlalchemy import select

from riskapp.domain.permissions import Actor
from riskapp.models.database import db
from riskapp.models.people import Person


def demonstration_accounts(actor: Actor) -> tuple[Person, ...]:
    """List the accounts to try, in the order they were made; anyone may see them, and only a demonstration has any."""
    del actor
    return tuple(db.session.scalars(select(Person).where(Person.purpose.is_not(None)).order_by(Person.id)))
