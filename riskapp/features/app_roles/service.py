"""Give and end the roles that a provider brings, and keep what it named, also where that brought nothing."""

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select

from riskapp.domain import app_roles as rules
from riskapp.domain.app_roles import Outcome
from riskapp.domain.audit import Event
from riskapp.domain.permissions import THE_PROVIDER, Role
from riskapp.domain.toml_reader import listed
from riskapp.features.accounts import service as accounts
from riskapp.features.app_roles import queries
from riskapp.features.audit import service as audit
from riskapp.features.people import service as people
from riskapp.models.database import db
from riskapp.models.oidc import ExternalIdentity, OidcClaim, OidcRole
from riskapp.models.people import Person, RoleAssignment, Unit

BY_ACCOUNT = "council account"
"""The reason of a role that a provider brought, and of its end."""


def take(identity: ExternalIdentity, app_roles: frozenset[str], *, at: datetime, on: date) -> None:
    """Give and end somebody's roles by what their provider said at this sign-in, and keep what it said.

    Where that changes a role, the sessions they have end. An app role that brings nothing is recorded once, and again
    when the reason is another.
    """
    lines = queries.table(on=on)
    units = {name: unit.id for name, unit in queries.units(named=(each.unit for each in lines)).items() if unit.is_open}
    wanted = {
        (line.role.value, units[line.unit]) for line in lines if line.app_role in app_roles and line.unit in units
    }
    if _keep_roles(identity.person_id, wanted, at=at, on=on):
        accounts.end_sessions(identity.person_id, by=THE_PROVIDER, at=at)
    before = {
        row.app_role: row for row in db.session.scalars(select(OidcClaim).where(OidcClaim.identity_id == identity.id))
    }
    for app_role in sorted(app_roles):
        outcome, kept = rules.outcome(app_role, lines, units), before.pop(app_role, None)
        if outcome is not Outcome.BRINGS and (kept is None or kept.outcome != outcome):
            missing = rules.units_missing(app_role, lines, units)
            _record(identity, app_role, missing, at=at)
        if kept is None:
            db.session.add(OidcClaim(identity_id=identity.id, app_role=app_role, outcome=outcome, said_at=at))
        else:
            kept.outcome, kept.said_at = outcome, at
    for gone in before.values():
        db.session.delete(gone)


def _record(identity: ExternalIdentity, app_role: str, missing: tuple[str, ...], *, at: datetime) -> None:
    why = (
        f"No open unit is {listed(missing, 'or')}, as the policy names it"
        if missing
        else "The policy in force does not name it"
    )
    after = {"person": identity.person_id, "app_role": app_role}
    audit.record(Event.APP_ROLE_UNKNOWN, by=THE_PROVIDER, at=at, after=after, why=why)


def give_up(person_id: int, *, at: datetime, on: date) -> None:
    """End every role that a provider brought somebody."""
    _keep_roles(person_id, set(), at=at, on=on)


def _keep_roles(person_id: int, wanted: set[tuple[str, int]], *, at: datetime, on: date) -> bool:
    """Give the roles that are wanted, end those that a provider brought and no longer does; say if any changed.

    What was given by hand is never touched, and a role that somebody has by hand is not given again.
    """
    held = _brought(person_id, on)
    ended = [assignment for where, assignment in held.items() if where not in wanted]
    for assignment in ended:
        _end(assignment, at=at, on=on)
    given = [
        _give(db.session.get_one(Person, person_id), Role(role), db.session.get_one(Unit, unit_id), at=at, on=on)
        for role, unit_id in sorted(wanted - held.keys())
    ]
    return bool(ended) or any(given)


def _brought(person_id: int, on: date) -> dict[tuple[str, int], RoleAssignment]:
    rows = db.session.scalars(
        select(RoleAssignment)
        .join(OidcRole, OidcRole.assignment_id == RoleAssignment.id)
        .where(RoleAssignment.person_id == person_id, _lasts(on))
        .order_by(RoleAssignment.id)
    )
    return {(row.role, row.unit_id): row for row in rows}


def _lasts(on: date) -> ColumnElement[bool]:
    return or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on >= on)


def _give(person: Person, role: Role, unit: Unit, *, at: datetime, on: date) -> bool:
    same = RoleAssignment.person_id == person.id, RoleAssignment.role == role, RoleAssignment.unit_id == unit.id
    if db.session.scalars(select(RoleAssignment.id).where(*same, _lasts(on))).first():
        return False  # by hand, now or to come
    today = db.session.scalars(select(RoleAssignment).where(*same, RoleAssignment.from_on == on)).first()
    if today is None:
        given = people.grant_role(person, role, unit, reason=BY_ACCOUNT, by=THE_PROVIDER, at=at, on=on)
        db.session.add(OidcRole(assignment_id=given.id))
        db.session.flush()
        return True
    came_today = db.session.get(OidcRole, today.id) is not None  # and went
    if came_today:
        today.to_on = today.ended_by_id = today.ended_why = None
        after = {"person": person.id, "role": role, "from": on, "to": None}
        audit.record(Event.ROLE_GRANTED, by=THE_PROVIDER, at=at, subject_id=unit.id, after=after, why=BY_ACCOUNT)
    return came_today


def _end(held: RoleAssignment, *, at: datetime, on: date) -> None:
    held.to_on, held.ended_by_id, held.ended_why = on - timedelta(days=1), held.person_id, BY_ACCOUNT
    after = {"person": held.person_id, "role": held.role, "to": held.to_on}
    audit.record(Event.ROLE_ENDED, by=THE_PROVIDER, at=at, subject_id=held.unit_id, after=after, why=BY_ACCOUNT)
