"""Record a change, and refuse to keep one that nobody recorded; seal what was recorded, in order."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, event, insert, select
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.unitofwork import UOWTransaction

from riskapp.adapters.signatures import public_half, sign
from riskapp.domain import audit as chain
from riskapp.domain.actors import Role
from riskapp.domain.audit import Event
from riskapp.domain.audit_check import Verdict
from riskapp.domain.checkpoints import Checkpoint, Signed
from riskapp.domain.permissions import Actor
from riskapp.features.audit import queries
from riskapp.models.access import NamedGrant, RoleProposal
from riskapp.models.actions import Action, ActionPromise, ActionUpdate, Chase
from riskapp.models.audit import (
    AuditCheckpoint,
    AuditDatabase,
    AuditEntry,
    AuditErasure,
    AuditPayload,
    AuditSeal,
    AuditVerification,
)
from riskapp.models.bodies import Body, GovernanceReview
from riskapp.models.challenges import Challenge
from riskapp.models.champions import ChampionAppointment
from riskapp.models.closures import RiskMerger
from riskapp.models.database import db, insert_or
from riskapp.models.entity import Classification
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.issues import Issue
from riskapp.models.packs import Pack
from riskapp.models.risks import Assessment, Review, Risk
from riskapp.models.tolerances import Tolerance

AUDITED: Mapping[type, str] = {
    Risk: "id",
    Assessment: "risk_id",
    Review: "risk_id",
    RiskMerger: "risk_id",
    Issue: "id",
    Action: "id",
    ActionPromise: "action_id",
    ActionUpdate: "action_id",
    Chase: "action_id",
    EscalationCase: "id",
    EscalationDesk: "case_id",
    Body: "id",
    ChampionAppointment: "unit_id",
    GovernanceReview: "body_id",
    Pack: "id",
    Classification: "entity_id",
    RoleProposal: "unit_id",
    NamedGrant: "entity_id",
    Challenge: "risk_id",
    Tolerance: "risk_id",
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
    change = Change(what, subject_id, post_id, before=before or {}, after=after or {}, why=why)
    return record_all((change,), by=by, at=at)[0]


@dataclass(frozen=True, slots=True)
class Change:
    """What one entry says beside who and when."""

    what: Event
    subject_id: int | None
    post_id: int | None = None
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)
    why: str = ""


def record_all(changes: Iterable[Change], *, by: Actor, at: datetime) -> list[AuditEntry]:
    """Write an entry for each of many changes that one actor makes at one instant, in their order."""
    rows, payloads = [], {}
    in_an_emergency = "broken_glass" if by.has_role(Role.BROKEN_GLASS) else None
    for change in changes:
        sitting = by.sitting(change.post_id)
        content = _plain({"before": change.before, "after": change.after, "why": change.why})
        salt = secrets.token_bytes(16)
        digest = chain.payload_digest(salt, content)
        payloads[digest] = {"salt": salt, "content": content}
        rows.append(
            {
                "event": change.what,
                "at": at,
                "person_id": by.person_id,
                "post_id": sitting.post_id if sitting else None,
                "capacity": in_an_emergency or (sitting.capacity if sitting else None),
                "subject_id": change.subject_id,
                "door": by.door,
                "request_id": by.request_id,
                "payload_digest": digest,
            }
        )
    if not rows:
        return []
    entries = db.session.scalars(insert(AuditEntry).returning(AuditEntry), rows).all()
    db.session.execute(
        insert(AuditPayload), [{"entry_id": entry.id, **payloads[entry.payload_digest]} for entry in entries]
    )
    db.session.info.setdefault("recorded", set()).update(entry.subject_id for entry in entries)
    return sorted(entries, key=lambda entry: entry.id)


def _plain(content: Mapping[str, object]) -> dict[str, object]:
    """Turn content into what JSON keeps, so that the digest of what is read back is the digest of what was written."""
    return {str(key): _plain_value(value) for key, value in content.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, list | tuple):
        return [_plain_value(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)


SEALED_AT_ONCE = 10_000


def seal_entries(*, at: datetime) -> int:
    """Seal every entry that is not yet in the chain, in order of writing; give the number sealed."""
    session = db.session
    last = session.execute(
        select(AuditSeal.sequence, AuditSeal.hash).order_by(AuditSeal.sequence.desc()).limit(1)
    ).first()
    sequence, previous = last or (0, chain.GENESIS)
    begun = sequence
    pending = (
        select(AuditEntry)
        .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        .where(AuditSeal.sequence.is_(None))
        .order_by(AuditEntry.id)
        .limit(SEALED_AT_ONCE)
    )
    at = at.astimezone(UTC)
    while entries := session.scalars(pending).all():
        seals = []
        for entry in entries:
            sequence += 1
            digest = chain.entry_digest(entry.outer_facts())
            previous = chain.seal(previous, digest, sequence=sequence, sealed_at=at)
            facts = {"entry_id": entry.id, "entry_digest": digest, "hash": previous}
            seals.append({"sequence": sequence, "sealed_at": at, **facts})
        session.execute(insert(AuditSeal), seals)
    return sequence - begun


def issue_checkpoint(key: bytes, *, by: Actor, at: datetime) -> Signed | None:
    """Sign the head of the chain with a secret key (32 bytes), keep it and record it; None before the first seal.

    Where one was issued at this instant already, that one is given.
    """
    session, at = db.session, at.astimezone(UTC)
    head = session.execute(
        select(AuditSeal.sequence, AuditSeal.hash).order_by(AuditSeal.sequence.desc()).limit(1)
    ).first()
    if head is None:
        return None
    last = queries.last_checkpoint()
    if last is not None and last.checkpoint.at == at:
        return last
    name = queries.database_name(session.connection()) or _named()
    told = Checkpoint(name, head.sequence, head.hash, at)
    signed = Signed(told, public_half(key), sign(key, told.message()))
    facts = {"sequence": told.sequence, "hash": told.hash, "at": at}
    session.add(AuditCheckpoint(**facts, public_key=signed.public_key, signature=signed.signature))
    record(Event.CHECKPOINT_ISSUED, by=by, at=at, after={"number": told.sequence, "hash": told.mark})
    return signed


def _named() -> str:
    """Give the database an id of its own, once: of two clocks at the same moment the first decides."""
    one = insert_or(AuditDatabase).values(id=1, name=secrets.token_hex(16))
    db.session.execute(one.on_conflict_do_nothing(index_elements=["id"]))
    return queries.database_name(db.session.connection())


def keep_verification(verdict: Verdict, *, seconds: float, by: Actor, at: datetime) -> None:
    """Keep what a walk through the chain found."""
    db.session.add(
        AuditVerification(
            at=at,
            checked=verdict.checked,
            milliseconds=round(seconds * 1000),
            fault=verdict.fault.kind if verdict.fault else None,
            detail=verdict.fault.detail if verdict.fault else "",
            witness=verdict.agreed,
            door=by.door,
        )
    )


ERASED_AT_ONCE = 1000
"""Entries that one record of erasure names."""


def erase(entry_ids: Sequence[int], *, clause: str, why: str, by: Actor, at: datetime) -> int:
    """Erase what entries say: their payloads go, their digests stay, and an entry names them and the clause.

    Entries without a payload are passed over; gives the number erased.
    """
    erased = 0
    for start in range(0, len(entry_ids), ERASED_AT_ONCE):
        asked = entry_ids[start : start + ERASED_AT_ONCE]
        found = select(AuditPayload.entry_id).where(AuditPayload.entry_id.in_(asked)).order_by(AuditPayload.entry_id)
        ids = list(db.session.scalars(found))
        if not ids:
            continue
        made = record(Event.TRAIL_ERASED, by=by, at=at, after={"clause": clause, "entries": ids}, why=why)
        db.session.execute(delete(AuditPayload).where(AuditPayload.entry_id.in_(ids)))
        rows = [{"entry_id": each, "clause": clause, "recorded_in_id": made.id} for each in ids]
        db.session.execute(insert(AuditErasure), rows)
        erased += len(ids)
    return erased


@event.listens_for(db.session, "after_flush")
def _remember_what_changed(session: Session, _context: UOWTransaction) -> None:
    changed = session.info.setdefault("changed", set())
    for row in (*session.new, *session.dirty, *session.deleted):
        column = AUDITED.get(type(row))
        if column and (row in session.new or row in session.deleted or session.is_modified(row)):
            changed.add((type(row).__name__, getattr(row, column)))


@event.listens_for(db.session, "do_orm_execute")
def _remember_what_was_inserted_in_one(state: ORMExecuteState) -> None:
    table = state.bind_mapper.class_ if state.is_insert and state.bind_mapper else type(None)
    if column := AUDITED.get(table):
        said: Any = state.parameters or {}
        rows = said if isinstance(said, list) else [said]
        state.session.info.setdefault("changed", set()).update((table.__name__, row.get(column)) for row in rows)


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
