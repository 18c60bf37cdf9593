"""Whose a link to choose a password is."""

from datetime import datetime

from sqlalchemy import select

from riskapp.domain.actors import Actor
from riskapp.features.accounts import queries as accounts
from riskapp.models.accounts import PasswordLink, WebSession
from riskapp.models.database import db
from riskapp.models.people import Person


def person_of_link(actor: Actor, token: str, *, at: datetime) -> Person | None:
    """Give whose password a link chooses; None if it never was, was used, ran out, or its account is closed."""
    del actor
    live = (
        PasswordLink.token_digest == WebSession.digest(token),
        PasswordLink.ended_at.is_(None),
        PasswordLink.runs_out_at > at,
    )
    return db.session.scalars(
        select(Person).join(PasswordLink, PasswordLink.person_id == Person.id).where(*live, Person.is_active)
    ).first()


def least_length(person: Person, *, at: datetime) -> int:
    """Give how many characters a password of this person has at least."""
    rules = accounts.rules(at=at)
    return rules.least_with_second_factor if accounts.has_second_factor(person.id) else rules.least
