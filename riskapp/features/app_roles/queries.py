"""The table that the policy in force has for app roles, what each was named for lately, and what brought nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select

from riskapp.domain.access import THE_COUNCIL, MappedRole
from riskapp.domain.app_roles import Outcome
from riskapp.domain.permissions import Actor, Role
from riskapp.domain.toml_reader import Clause
from riskapp.features.access import queries as access
from riskapp.features.access.queries import Who
from riskapp.features.policy import queries as policies
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.oidc import ExternalIdentity, OidcClaim, OidcRole
from riskapp.models.people import RoleAssignment, Unit


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """A unit as a line of the table names it."""

    id: int
    name: str
    is_open: bool


def table(*, on: date) -> tuple[MappedRole, ...]:
    """Give the lines of the policy of a day; none where it has no such clause."""
    access_rules = policies.in_force(on=on).policy.access
    return access_rules.account_roles.roles if access_rules and access_rules.account_roles else ()


def units(*, named: Iterable[str]) -> Mapping[str, NamedUnit]:
    """Find the units, those that are closed too, by how lines name them: by reference, or as the council."""
    wanted = set(named)
    rows = db.session.execute(
        select(Unit.id, Unit.parent_id, Unit.closed_on, Entity.reference, Entity.name)
        .join(Entity, Entity.id == Unit.id)
        .where(or_(Unit.parent_id.is_(None), Entity.reference.in_(wanted)))
        .order_by(Unit.id.desc())
    )
    found: dict[str, NamedUnit] = {}
    for unit_id, parent_id, closed_on, reference, name in rows:
        unit = NamedUnit(unit_id, name, closed_on is None)
        found |= {reference: unit} | ({THE_COUNCIL: unit} if parent_id is None else {})
    return found


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of the table: what it maps to what, why that brings nothing if so, and what came of it lately."""

    app_role: str
    role: str
    unit: str
    fault: str
    people: int
    last_at: datetime | None
    holders: int


@dataclass(frozen=True, slots=True)
class TableView:
    """The table with the clause it stands in, which is None where the policy has none."""

    clause: Clause | None
    lines: tuple[LineRow, ...]


def table_view(actor: Actor, *, on: date) -> TableView:
    """Show the table of today; that the actor may see it is the door's to say."""
    del actor
    rules = policies.in_force(on=on).policy.access
    lines = table(on=on)
    known = units(named=(line.unit for line in lines))
    said = {
        app_role: (people, last_at)
        for app_role, people, last_at in db.session.execute(
            select(OidcClaim.app_role, func.count(OidcClaim.id), func.max(OidcClaim.said_at)).group_by(
                OidcClaim.app_role
            )
        )
    }
    held = _held(on)
    rows = []
    for line in lines:
        unit = known.get(line.unit)
        people, last_at = said.get(line.app_role, (0, None))
        holders = held.get((line.role.value, unit.id), 0) if unit else 0
        name = unit.name if unit else line.unit
        rows.append(LineRow(line.app_role, line.role.label, name, _fault(line, unit), people, last_at, holders))
    return TableView(rules.account_roles.clause if rules and rules.account_roles else None, tuple(rows))


def _held(on: date) -> Mapping[tuple[str, int], int]:
    """Count who has a role over a unit today since a provider said so."""
    rows = db.session.execute(
        select(RoleAssignment.role, RoleAssignment.unit_id, func.count(RoleAssignment.id))
        .join(OidcRole, OidcRole.assignment_id == RoleAssignment.id)
        .where(RoleAssignment.from_on <= on, or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on >= on))
        .group_by(RoleAssignment.role, RoleAssignment.unit_id)
    )
    return {(role, unit_id): count for role, unit_id, count in rows}


def _fault(line: MappedRole, unit: NamedUnit | None) -> str:
    if unit is None:
        return f"It brings nothing: no unit has the reference {line.unit}"
    return "" if unit.is_open else "It brings nothing: the unit is closed"


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """An app role that a provider named for somebody at their last sign-in, and what came of it."""

    id: int
    person: Who
    app_role: str
    brings: str
    state: str
    said_at: datetime

    @property
    def text(self) -> str:
        return f"{self.person.name} {self.person.email} {self.app_role}".casefold()


def claims(actor: Actor, *, on: date) -> tuple[ClaimRow, ...]:
    """List what was named at the last sign-in of each person; that the actor may see it is the door's to say."""
    del actor
    rows = db.session.execute(
        select(OidcClaim, ExternalIdentity.person_id)
        .join(ExternalIdentity, ExternalIdentity.id == OidcClaim.identity_id)
        .order_by(OidcClaim.id)
    ).all()
    who = access.known_as(ids=(person_id for _row, person_id in rows), on=on)
    mapped: dict[str, list[Role]] = {}
    for line in table(on=on):
        mapped.setdefault(line.app_role, []).append(line.role)
    return tuple(
        ClaimRow(
            row.id,
            who[person_id],
            row.app_role,
            ", ".join(role.label for role in mapped.get(row.app_role, ())) if row.outcome == Outcome.BRINGS else "",
            row.outcome,
            row.said_at,
        )
        for row, person_id in rows
    )
