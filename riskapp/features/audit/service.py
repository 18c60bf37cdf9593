"""Record a change, and refuse to keep one that nobody recorded; seal what was recorded, in order."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.unitofwork import UOWTransaction

from riskapp.domain import audit as chain
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.models.access import NamedGrant, RoleProposal
from riskapp.models.actions import Action, ActionPromise, ActionUpdate, Chase
from riskapp.models.audit import AuditEntry, AuditPayload, AuditSeal
from riskapp.models.bodies import Body, GovernanceReview
from riskapp.models.database import db
from riskapp.models.entity import Classification
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.packs import Pack
from riskapp.models.risks import Assessment, Review, Risk

AUDITED: Mapping[type, str] = {
    Risk: "id",
    Assessment: "risk_id",
    Review: "risk_id",
    Action: "id",
    ActionPromise: "action_id",
    ActionUpdate: "action_id",
    Chase: "action_id",
    EscalationCase: "id",
    EscalationDesk: "case_id",
    Body: "id",
    GovernanceReview: "body_id",
    Pack: "id",
    Classification: "entity_id",
    RoleProposal: "unit_id",
    NamedGrant: "entity_id",
}
"""Rows that may not change without an entry, and the column that names the entry's subject."""


class UnauditedChangeError(RuntimeError):
    """A commit was refused because it changes an audited row that no entry of the transaction is about."""


def record(
    what: Event,
    *,
    by: Actor,
    at: datetime,
    subject_id: int | None = None,
    post_id: int | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    why: str = "",
) -> AuditEntry:
    """Write an entry into the open transaction: who (in which post), when, to what, before, after and why."""
    sitting = by.sitting(post_id)
    content = {"before": dict(before or {}), "after": dict(after or {}), "why": why}
    plain = {key: _plain(value) for key, value in content.items()}
    salt = secrets.token_bytes(16)
    entry = AuditEntry(
        event=what,
        at=at,
        person_id=by.person_id,
        post_id=sitting.post_id if sitting else None,
        capacity=sitting.capacity if sitting else None,
        subject_id=subject_id,
        door=by.door,
        request_id=by.request_id,
        payload_digest=chain.payload_digest(salt, plain),
    )
    db.session.add(entry)
    db.session.flush()
    db.session.add(AuditPayload(entry_id=entry.id, salt=salt, content=plain))
    db.session.info.setdefault("recorded", set()).add(subject_id)
    return entry


def _plain(value: object) -> object:
    """Turn a value into what JSON keeps, so that the digest of what is read back is the digest of what was written."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def seal_entries(*, at: datetime) -> int:
    """Seal every entry that is not yet in the chain, in order of writing; give the number sealed."""
    session = db.session
    last = session.scalars(select(AuditSeal).order_by(AuditSeal.sequence.desc()).limit(1)).first()
    sequence, previous = (last.sequence, last.hash) if last else (0, chain.GENESIS)
    sealed = select(AuditSeal.entry_id)
    pending = session.scalars(select(AuditEntry).where(AuditEntry.id.not_in(sealed)).order_by(AuditEntry.id)).all()
    for number, entry in enumerate(pending, start=sequence + 1):
        previous = chain.seal(previous, entry.outer_facts())
        session.add(AuditSeal(sequence=number, entry_id=entry.id, hash=previous, sealed_at=at))
    return len(pending)


def entries_unsealed() -> int:
    """Count the entries that the clock has yet to seal."""
    total = db.session.scalar(select(func.count(AuditEntry.id))) or 0
    return total - (db.session.scalar(select(func.count(AuditSeal.sequence))) or 0)


@event.listens_for(db.session, "after_flush")
def _remember_what_changed(session: Session, _context: UOWTransaction) -> None:
    changed = session.info.setdefault("changed", set())
    for row in (*session.new, *session.dirty, *session.deleted):
        column = AUDITED.get(type(row))
        if column and (row in session.new or row in session.deleted or session.is_modified(row)):
            changed.add((type(row).__name__, getattr(row, column)))


@event.listens_for(db.session, "before_commit")
def _refuse_what_nobody_recorded(session: Session) -> None:
    session.flush()
    recorded = session.info.pop("recorded", set())
    missing = {f"{kind} {subject}" for kind, subject in session.info.pop("changed", set()) if subject not in recorded}
    if missing:
        raise UnauditedChangeError(f"no audit entry is about: {', '.join(sorted(missing))}")


@event.listens_for(db.session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("recorded", None)
    session.info.pop("changed", None)
