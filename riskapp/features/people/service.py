"""Build and change the organisation: units, posts, who sits in them, and what roles they hold."""

from datetime import date, datetime

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor, Role
from riskapp.features.audit import service as audit
from riskapp.models.database import db
from riskapp.models.entity import new_entity
from riskapp.models.people import Absence, Person, Post, RoleAssignment, Tenure, Unit


def add_unit(*, name: str, kind: str, parent: Unit | None, by: Actor, at: datetime, on: date) -> Unit:
    """Add a unit under another; the council itself has none above it."""
    entity = new_entity(db.session(), "unit", name)
    unit = Unit(
        id=entity.id,
        parent_id=parent.id if parent else None,
        kind=kind,
        path=f"{parent.path if parent else '/'}{entity.id}/",
        opened_on=on,
    )
    db.session.add(unit)
    db.session.flush()
    audit.record(Event.UNIT_ADDED, by=by, at=at, subject_id=unit.id, after={"name": name, "kind": kind})
    return unit


def add_post(*, title: str, kind: str, unit: Unit, by: Actor, at: datetime, on: date) -> Post:
    """Add a post to a unit; its title is unlike any other's."""
    post = Post(unit_id=unit.id, kind=kind, title=title, opened_on=on)
    db.session.add(post)
    db.session.flush()
    audit.record(Event.POST_ADDED, by=by, at=at, subject_id=unit.id, after={"title": title, "kind": kind})
    return post


def add_person(*, email: str, password_hash: str | None = None, purpose: str | None = None) -> Person:
    """Add an account; without a password nobody can sign in with it."""
    person = Person(email=email.strip().lower(), password_hash=password_hash, purpose=purpose)
    db.session.add(person)
    db.session.flush()
    return person


def seat(
    person: Person,
    post: Post,
    *,
    capacity: str = "holder",
    by: Actor,
    at: datetime,
    on: date,
    until: date | None = None,
) -> Tenure:
    """Put a person into a post from a day on, as holder, acting or deputy."""
    tenure = Tenure(post_id=post.id, person_id=person.id, capacity=capacity, from_on=on, to_on=until)
    db.session.add(tenure)
    db.session.flush()
    audit.record(
        Event.POST_FILLED,
        by=by,
        at=at,
        subject_id=post.unit_id,
        after={"post": post.title, "person": person.id, "capacity": capacity, "from": on, "to": until},
    )
    return tenure


def say_away(person: Person, *, from_on: date, to_on: date, by: Actor, at: datetime) -> Absence:
    """Record the days on which a person is away, both ends included."""
    absence = Absence(person_id=person.id, from_on=from_on, to_on=to_on)
    db.session.add(absence)
    audit.record(Event.AWAY, by=by, at=at, after={"person": person.id, "from": from_on, "to": to_on})
    return absence


def grant_role(
    person: Person, role: Role, unit: Unit, *, reason: str, by: Actor, at: datetime, on: date, until: date | None = None
) -> RoleAssignment:
    """Give a person a role over a unit's sub-tree from a day on, perhaps until another, and say why.

    This is how a council is founded and a champion appointed; any other role is proposed by one person and agreed to
    by another (features/access).
    """
    given = RoleAssignment(
        person_id=person.id,
        role=role,
        unit_id=unit.id,
        from_on=on,
        to_on=until,
        granted_by_id=by.person_id,
        reason=reason,
    )
    db.session.add(given)
    db.session.flush()
    after = {"person": person.id, "role": role, "from": on, "to": until}
    audit.record(Event.ROLE_GRANTED, by=by, at=at, subject_id=unit.id, after=after, why=reason)
    return given
