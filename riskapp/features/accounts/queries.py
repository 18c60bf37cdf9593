"""The accounts that a demonstration offers, and an account in words: what its roles let one do, and over what."""

from dataclasses import dataclass

from sqlalchemy import select

from riskapp.domain.permissions import Actor, Role
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


ROLE_WORDS = {
    Role.CHAMPION: "Keep the register: log risks, score them, add actions and chase them",
    Role.MANAGER: "Open drafts, agree to lower scores, close risks that you do not own, and chase actions",
    Role.HEAD_OF_ASSURANCE: "Read every risk, chase every late action, build packs; never change another's risk",
    Role.PROPER_OFFICER: "Read every risk, and decide what is exempt from publication",
    Role.AUDITOR: "Read every risk, the record of changes and the clock; change nothing",
    Role.COMMITTEE: "Read open risks that are not exempt, their actions, and the packs",
    Role.COMMISSIONER: "Read every risk, the record of changes, and the packs",
    Role.ADMINISTRATOR: "See the clock at work; no power over risks",
}


def roles_in_words(actor: Actor) -> tuple[RoleInWords, ...]:
    """Say what each of the actor's roles is, over what and for what, in one query."""
    paths = [grant.unit_path for grant in actor.grants]
    rows = db.session.execute(
        select(Unit.path, Entity.name).join(Entity, Entity.id == Unit.id).where(Unit.path.in_(paths))
    )
    names = {path: name for path, name in rows}  # noqa: C416 - rows are not plain pairs to the type checker
    return tuple(
        RoleInWords(grant.role.replace("_", " ").capitalize(), names.get(grant.unit_path, ""), ROLE_WORDS[grant.role])
        for grant in actor.grants
    )
