"""Chains made for tampering with: days of entries in a database of their own, sealed and witnessed day by day."""

import random
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, create_engine, insert, select, text
from sqlalchemy.pool import StaticPool

from riskapp.adapters.signatures import public_half, sign
from riskapp.domain import audit as chain
from riskapp.domain.checkpoints import Checkpoint, Sighting, Signed
from riskapp.models.audit import (
    AuditCheckpoint,
    AuditDatabase,
    AuditEntry,
    AuditErasure,
    AuditPayload,
    AuditSeal,
    AuditVerification,
)
from riskapp.models.clock import JobRun

TABLES = [
    each.__table__
    for each in (
        AuditEntry,
        AuditPayload,
        AuditSeal,
        AuditDatabase,
        AuditCheckpoint,
        AuditErasure,
        AuditVerification,
        JobRun,
    )
]
BEGINS = datetime(2026, 9, 1, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
EVENTS = ("risk:scored", "risk:reviewed", "action:updated", "escalation:raised", "account:signed_in", "person:moved")
KEY = bytes(range(32))
"""A signing key for tests; its public half is what an auditor would hold."""
PUBLIC = public_half(KEY)
NAME = "0123456789abcdef0123456789abcdef"


def an_engine() -> Engine:
    """A database in memory with the tables of the trail alone; who tampers minds no foreign key."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.commit()
    AuditEntry.metadata.create_all(engine, tables=TABLES)
    with engine.begin() as connection:
        connection.execute(insert(AuditDatabase).values(id=1, name=NAME))
    return engine


@dataclass
class Chain:
    """A chain as it grows: the last seal, the last id, and the checkpoints that left the database."""

    connection: Connection
    random: random.Random
    last_id: int = 0
    sequence: int = 0
    head: bytes = chain.GENESIS
    issued: tuple[Signed, ...] = ()
    name: str = NAME

    def grow(self, days: int, entries_a_day: int, *, first: int = 0) -> None:
        """Live through days: entries, then the clock seals them and issues a checkpoint."""
        for day in range(first, first + days):
            at = BEGINS + DAY * day
            self.write(entries_a_day, at)
            self.seal(at + DAY)
            self.issue(at + DAY)

    def write(self, count: int, at: datetime) -> list[int]:
        rows, payloads = [], []
        for number in range(count):
            self.last_id += 1
            entry, payload = an_entry(self.last_id, at + timedelta(seconds=number), self.random)
            rows.append(entry)
            payloads.append(payload)
        if rows:
            self.connection.execute(insert(AuditEntry), rows)
            self.connection.execute(insert(AuditPayload), payloads)
        return [each["id"] for each in rows]

    def seal(self, at: datetime) -> None:
        rows = self.connection.execute(
            select(AuditEntry.__table__)
            .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
            .where(AuditSeal.sequence.is_(None))
            .order_by(AuditEntry.id)
        ).mappings()
        seals = []
        for row in rows:
            self.sequence += 1
            digest = chain.entry_digest(outer(row))
            self.head = chain.seal(self.head, digest, sequence=self.sequence, sealed_at=at)
            seals.append(
                {
                    "sequence": self.sequence,
                    "entry_id": row["id"],
                    "entry_digest": digest,
                    "hash": self.head,
                    "sealed_at": at,
                }
            )
        if seals:
            self.connection.execute(insert(AuditSeal), seals)

    def issue(self, at: datetime) -> Signed:
        told = Checkpoint(self.name, self.sequence, self.head, at)
        signed = Signed(told, PUBLIC, sign(KEY, told.message()))
        facts = {"sequence": told.sequence, "hash": told.hash, "at": at, "public_key": PUBLIC}
        self.connection.execute(insert(AuditCheckpoint).values(**facts, signature=signed.signature))
        self.connection.execute(
            insert(JobRun).values(
                job="seal_the_audit_trail", for_on=at.date(), started_at=at, ended_at=at, found=0, queued=0, failed=0,
                detail="",
            )
        )  # fmt: skip
        self.issued = (*self.issued, signed)
        return signed


def outer(row) -> dict[str, object]:
    """The outer facts of an entry, spelt as the application does."""
    return {**row, "at": row["at"].isoformat(), "payload_digest": row["payload_digest"].hex()}


def an_entry(entry_id: int, at: datetime, chance: random.Random) -> tuple[dict, dict]:
    """An entry with its payload, as rows."""
    content = {
        "before": {"current": chance.randint(1, 25)},
        "after": {"current": chance.randint(1, 25), "title": f"Café {entry_id} “quoted”"},
        "why": chance.choice(("", "A line\nand another", "The price rose by 5%")),
    }
    salt = secrets.token_bytes(16)
    entry = {
        "id": entry_id,
        "event": chance.choice(EVENTS),
        "at": at + timedelta(microseconds=chance.choice((0, 0, 1, 123456, 500000))),
        "person_id": chance.choice((None, 1, 2, 3)),
        "post_id": chance.choice((None, 11, 12)),
        "capacity": chance.choice((None, "holder", "deputy", "broken_glass")),
        "subject_id": chance.choice((None, *range(100, 120))),
        "door": chance.choice(("web", "clock", "command")),
        "request_id": chance.choice((None, f"{chance.getrandbits(48):012x}")),
        "payload_digest": chain.payload_digest(salt, content),
    }
    return entry, {"entry_id": entry_id, "salt": salt, "content": content}


def erase(made: Chain, ids: list[int], at: datetime) -> None:
    """Erase what entries say, as the application does."""
    made.last_id += 1
    entry, payload = an_entry(made.last_id, at, made.random)
    content = {"before": {}, "after": {"clause": "15.2", "entries": ids}, "why": ""}
    digest = chain.payload_digest(payload["salt"], content)
    entry |= {"event": "trail:erased", "payload_digest": digest}
    made.connection.execute(insert(AuditEntry), [entry])
    made.connection.execute(insert(AuditPayload), [payload | {"content": content}])
    listed = ", ".join(map(str, ids))
    made.connection.execute(text(f"DELETE FROM audit_payload WHERE entry_id IN ({listed})"))  # noqa: S608 - numbers


def sighting(signed: Signed) -> Sighting:
    told = signed.checkpoint
    return Sighting(told.sequence, told.mark, told.at, "the witness")


def rehash(connection: Connection, first: int) -> None:
    """Hash the chain again from a place on, as somebody would who knows how it is made."""
    rows = connection.execute(
        select(AuditSeal.sequence, AuditSeal.sealed_at, AuditEntry.__table__)
        .join(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
        .where(AuditSeal.sequence >= first)
        .order_by(AuditSeal.sequence)
    ).mappings()
    before = connection.execute(text("SELECT hash FROM audit_seal WHERE sequence = :n"), {"n": first - 1}).scalar()
    previous = before or chain.GENESIS
    for row in rows.all():
        facts = {key: value for key, value in row.items() if key not in {"sequence", "sealed_at"}}
        digest = chain.entry_digest(outer(facts))
        previous = chain.seal(previous, digest, sequence=row["sequence"], sealed_at=row["sealed_at"])
        connection.execute(
            text("UPDATE audit_seal SET entry_digest = :digest, hash = :hash WHERE sequence = :n"),
            {"digest": digest, "hash": previous, "n": row["sequence"]},
        )
