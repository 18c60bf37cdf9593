"""The second factor that the actor is setting up, and whether another has one."""

from dataclasses import dataclass

from riskapp.adapters.encryption import Cipher
from riskapp.adapters.pictures import squares
from riskapp.domain import one_time_codes as codes
from riskapp.domain.actors import Actor
from riskapp.features.accounts import queries as accounts
from riskapp.models.accounts import SecondFactor
from riskapp.models.database import db
from riskapp.models.people import Person

ISSUER = "riskapp"


@dataclass(frozen=True, slots=True)
class Shown:
    """A key as it is shown once, while it is being set up: squares for a telephone, letters for fingers."""

    side: int
    path: str
    letters: str


def being_set_up(actor: Actor, *, cipher: Cipher) -> Shown | None:
    """Show the key that the actor is setting up; None if there is none, or it counts already and is shown no more."""
    factor = db.session.get(SecondFactor, actor.person_id) if actor.person_id is not None else None
    if factor is None or factor.confirmed_at is not None:
        return None
    key = cipher.decrypt(factor.encrypted_key, owner=factor.owner)
    address = codes.address_of(key, account=accounts.address_of(actor), issuer=ISSUER)
    return Shown(*squares(address), codes.in_parts(codes.key_in_letters(key)))


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody whose second factor may be reset."""

    person_id: int
    email: str
    has_second_factor: bool


def other(actor: Actor, person_id: int) -> Other | None:
    """Say whether another has a second factor; None for a person who is not there."""
    del actor
    person = db.session.get(Person, person_id)
    return Other(person.id, person.email, accounts.has_second_factor(person.id)) if person else None
