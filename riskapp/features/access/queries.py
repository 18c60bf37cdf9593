"""Who is let in, as lists show it: roles, proposals, things opened by name, emergencies; and the thing to be opened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.access import READS, page_of
from riskapp.domain.actors import COUNCIL_READERS, Actor, Clearance, Facts, Role
from riskapp.domain.permissions import Permission, may
from riskapp.features.classification import queries as classification
from riskapp.models.access import BrokenGlass, NamedGrant, RoleProposal
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import EscalationCase
from riskapp.models.people import Person, Post, RoleAssignment, Tenure, Unit

TOLD_OF_EMERGENCIES = (Role.HEAD_OF_ASSURANCE, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Who:
    """A person as others know them: the post held today, if any, and the address."""

    email: str
    post: str | None

    @property
    def name(self) -> str:
        return self.post or "No post"


NOBODY = Who("", None)


def known_as(*, ids: Iterable[int | None], on: date) -> Mapping[int | None, Who]:
    """Map people to what others know them by, in one query; the first of several posts."""
    held = and_(
        Tenure.person_id == Person.id,
        Tenure.capacity == "holder",
        Tenure.from_on <= on,
        or_(Tenure.to_on.is_(None), Tenure.to_on >= on),
    )
    rows = db.session.execute(
        select(Person.id, Person.email, func.min(Post.title))
        .outerjoin(Tenure, held)
        .outerjoin(Post, Post.id == Tenure.post_id)
        .where(Person.id.in_({each for each in ids if each is not None}))
        .group_by(Person.id, Person.email)
    )
    return {person_id: Who(email, title) for person_id, email, title in rows}


def _clearance(number: int | None) -> str:
    return "Usual" if number is None else Clearance(number).label


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role somebody has, had or will have."""

    id: int
    person: Who
    role: str
    unit: str
    clearance: str
    from_on: date
    to_on: date | None
    state: str
    reason: str
    ended_why: str | None

    @property
    def text(self) -> str:
        return f"{self.person.name} {self.person.email} {self.role} {self.unit}".casefold()


def roles(actor: Actor, *, on: date) -> tuple[RoleRow, ...]:
    """List every role given, in the order of giving; that the actor may see them is the door's to say."""
    del actor
    rows = db.session.execute(
        select(RoleAssignment, Entity.name)
        .join(Entity, Entity.id == RoleAssignment.unit_id)
        .order_by(RoleAssignment.id)
    ).all()
    who = known_as(ids=(row.person_id for row, _unit in rows), on=on)
    return tuple(
        RoleRow(
            row.id,
            who[row.person_id],
            Role(row.role).label,
            unit,
            _clearance(row.clearance),
            row.from_on,
            row.to_on,
            _state(row.from_on, row.to_on, on),
            row.reason,
            row.ended_why,
        )
        for row, unit in rows
    )


def _state(from_on: date, to_on: date | None, on: date) -> str:
    if to_on is not None and to_on < on:
        return "ended"
    return "now" if from_on <= on else "to_come"


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """That somebody is given a role, or loses one: as proposed, and as decided."""

    id: int
    kind: str
    state: str
    person: Who
    role: str
    unit: str
    clearance: str
    from_on: date
    to_on: date | None
    reason: str
    proposed_by: Who
    proposed_by_id: int
    proposed_at: datetime
    decided_by: Who
    decided_at: datetime | None
    decided_why: str

    @property
    def text(self) -> str:
        return f"{self.person.name} {self.person.email} {self.role} {self.unit}".casefold()

    @property
    def words(self) -> str:
        """What is proposed, in a clause."""
        return f"{'Give' if self.kind == 'give' else 'End'} the role of {self.role}"


def proposals(actor: Actor, *, on: date, proposal_id: int | None = None) -> tuple[ProposalRow, ...]:
    """List every proposal, or the one of a number; that the actor may see them is the door's to say."""
    del actor
    query = select(RoleProposal, Entity.name).join(Entity, Entity.id == RoleProposal.unit_id).order_by(RoleProposal.id)
    if proposal_id is not None:
        query = query.where(RoleProposal.id == proposal_id)
    rows = db.session.execute(query).all()
    ids = (each for row, _unit in rows for each in (row.person_id, row.proposed_by_id, row.decided_by_id))
    who = known_as(ids=ids, on=on)
    return tuple(
        ProposalRow(
            row.id,
            row.kind,
            row.state,
            who[row.person_id],
            Role(row.role).label,
            unit,
            _clearance(row.clearance),
            row.from_on,
            row.to_on,
            row.reason,
            who[row.proposed_by_id],
            row.proposed_by_id,
            row.proposed_at,
            who.get(row.decided_by_id, NOBODY),
            row.decided_at,
            row.decided_why,
        )
        for row, unit in rows
    )


def waiting_counted(actor: Actor) -> ColumnElement[int]:
    """Count, as a part of a query, what waits for the actor to agree: proposals and emergencies of others."""
    if not may(actor, Permission.ROLE_AGREE):
        return literal(0)
    proposals = select(func.count(RoleProposal.id)).where(
        RoleProposal.state == "waiting",
        RoleProposal.proposed_by_id != actor.person_id,
        RoleProposal.person_id != actor.person_id,
    )
    emergencies = select(func.count(BrokenGlass.id)).where(
        BrokenGlass.agreed_at.is_(None), BrokenGlass.ended_at.is_(None), BrokenGlass.asked_by_id != actor.person_id
    )
    return proposals.scalar_subquery() + emergencies.scalar_subquery()


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One thing opened to one person; a thing is told by its reference alone, since its name may be exempt."""

    id: int
    person: Who
    kind: str
    reference: str
    url: str | None
    clearance: str
    from_on: date
    to_on: date
    state: str
    granted_by: Who
    reason: str

    @property
    def text(self) -> str:
        return f"{self.person.name} {self.person.email} {self.reference} {self.kind}".casefold()


def named_grants(actor: Actor, *, on: date, grant_id: int | None = None) -> tuple[GrantRow, ...]:
    """List the things opened by name, but for those whose existence is withheld from the actor."""
    query = (
        select(NamedGrant, Entity.kind, Entity.reference)
        .join(Entity, Entity.id == NamedGrant.entity_id)
        .order_by(NamedGrant.id)
    )
    if not _is_told_of_everything(actor):
        query = query.where(~_is_hidden(on))
    if grant_id is not None:
        query = query.where(NamedGrant.id == grant_id)
    rows = db.session.execute(query).all()
    reads = any(grant.role in COUNCIL_READERS and grant.is_council_wide for grant in actor.grants)
    who = known_as(ids=(each for row, *_thing in rows for each in (row.person_id, row.granted_by_id)), on=on)
    return tuple(
        GrantRow(
            row.id,
            who[row.person_id],
            kind,
            reference,
            page_of(kind, reference) if reads else None,
            Clearance(row.clearance).label,
            row.from_on,
            row.to_on,
            _grant_state(row, on),
            who[row.granted_by_id],
            row.reason,
        )
        for row, kind, reference in rows
    )


def _grant_state(row: NamedGrant, on: date) -> str:
    if row.ended_at is not None:
        return "ended"
    return "expired" if row.to_on < on else "live" if row.from_on <= on else "to_come"


def _is_told_of_everything(actor: Actor) -> bool:
    readers = (*COUNCIL_READERS, Role.EXTERNAL_AUDITOR)
    return any(
        grant.role in readers and grant.is_council_wide and grant.reads_up_to >= Clearance.EXISTENCE_WITHHELD
        for grant in actor.grants
    )


def _is_hidden(on: date) -> ColumnElement[bool]:
    """Whether the existence of the thing, or of the risk it is about, is withheld."""
    treats, case = aliased(Link), aliased(EscalationCase)
    return or_(
        classification.is_existence_withheld(NamedGrant.entity_id, on=on),
        exists().where(
            treats.from_id == NamedGrant.entity_id,
            treats.kind == "treats",
            classification.is_existence_withheld(treats.to_id, on=on),
        ),
        exists().where(case.id == NamedGrant.entity_id, classification.is_existence_withheld(case.subject_id, on=on)),
    )


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that may be opened to somebody by name, with the facts that permissions ask of it."""

    id: int
    kind: str
    facts: Facts


def thing(actor: Actor, reference: str, *, on: date) -> Thing | None:
    """Find a thing by its reference; None where there is none of a kind that the actor may read.

    Its unit is taken to be the council: who lets in by name has the whole of it or nothing.
    """
    row = db.session.execute(
        select(Entity.id, Entity.kind).where(Entity.reference == reference.strip().upper(), Entity.kind.in_(READS))
    ).first()
    if row is None:
        return None
    treated = select(Link.to_id).where(Link.from_id == row.id, Link.kind == "treats")
    subjects = select(EscalationCase.subject_id).where(EscalationCase.id == row.id)
    about = [row.id, *db.session.scalars(treated.union(subjects))]
    hidden = classification.withheld((each for each in about if each is not None), on=on).values()
    facts = Facts(
        entity_id=row.id,
        unit_path=db.session.scalars(select(Unit.path).where(Unit.parent_id.is_(None))).first() or "",
        exempt_groups=frozenset(group for each in hidden for group in each.groups),
        is_existence_withheld=any(each.existence for each in hidden),
    )
    return Thing(row.id, row.kind, facts) if may(actor, READS[row.kind], facts) else None


@dataclass(frozen=True, slots=True)
class EmergencyRow:
    """An administrator's wish to read everything: why, who agreed, until when, and how many pages were read."""

    id: int
    asked_by: Who
    asked_by_id: int
    asked_at: datetime
    reason: str
    agreed_by: Who
    agreed_at: datetime | None
    runs_out_at: datetime | None
    ended_by: Who
    ended_at: datetime | None
    state: str

    @property
    def text(self) -> str:
        return f"{self.asked_by.name} {self.asked_by.email} {self.reason}".casefold()


def emergencies(actor: Actor, *, at: datetime, on: date, emergency_id: int | None = None) -> tuple[EmergencyRow, ...]:
    """List every emergency, or the one of a number; that the actor may see them is the door's to say."""
    del actor
    query = select(BrokenGlass).order_by(BrokenGlass.id)
    if emergency_id is not None:
        query = query.where(BrokenGlass.id == emergency_id)
    rows = db.session.scalars(query).all()
    who = known_as(ids=(each for row in rows for each in (row.asked_by_id, row.agreed_by_id, row.ended_by_id)), on=on)
    return tuple(
        EmergencyRow(
            row.id,
            who[row.asked_by_id],
            row.asked_by_id,
            row.asked_at,
            row.reason,
            who.get(row.agreed_by_id, NOBODY),
            row.agreed_at,
            row.runs_out_at,
            who.get(row.ended_by_id, NOBODY),
            row.ended_at,
            _emergency_state(row, at),
        )
        for row in rows
    )


def _emergency_state(row: BrokenGlass, at: datetime) -> str:
    if row.runs_out_at is None:
        return "waiting" if row.ended_at is None else "refused"
    return "now" if row.ended_at is None and row.runs_out_at > at else "over"


def own_emergency(actor: Actor, *, at: datetime) -> BrokenGlass | None:
    """Give the emergency in which the actor reads everything now; None if there is none."""
    lasts = BrokenGlass.runs_out_at > at, BrokenGlass.ended_at.is_(None)
    return db.session.scalars(
        select(BrokenGlass)
        .where(BrokenGlass.asked_by_id == actor.person_id, *lasts)
        .order_by(BrokenGlass.runs_out_at.desc())
        .limit(1)
    ).first()


def told_of_emergencies(*, on: date) -> tuple[int, ...]:
    """Who is told of an emergency on a day."""
    held = RoleAssignment.from_on <= on, or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on >= on)
    found = select(RoleAssignment.person_id).where(RoleAssignment.role.in_(TOLD_OF_EMERGENCIES), *held)
    return tuple(db.session.scalars(found.distinct().order_by(RoleAssignment.person_id)))


def _count(query: Any) -> int:
    return db.session.scalar(query) or 0
