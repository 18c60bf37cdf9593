"""The record of who changed what: entries, their payloads apart, the chain that seals them, and what witnesses it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Dialect, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from riskapp.domain.audit import canonical
from riskapp.models.database import Base, Document, Word


class AuditEntry(Base):
    """One change: who, in which post, when, to what, through which door; `payload_digest` stands for what changed."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(None, "subject_id", "at"),
        Index(None, "event", "at"),
        Index(None, "at", "id"),
        Index(None, "person_id", "at"),
        Index(None, "post_id", "at"),
        Index(None, "door", "at"),
        Index(None, "payload_digest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(Word)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    capacity: Mapped[str | None] = mapped_column(Word)
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("entity.id", ondelete="RESTRICT"))
    door: Mapped[str] = mapped_column(Word)
    request_id: Mapped[str | None] = mapped_column(Word)
    payload_digest: Mapped[bytes] = mapped_column(LargeBinary(32))

    def outer_facts(self) -> dict[str, object]:
        """Spell what a seal covers: all but the payload, which stands apart behind its digest."""
        return {
            "id": self.id,
            "event": self.event,
            "at": self.at.isoformat(),
            "person_id": self.person_id,
            "post_id": self.post_id,
            "capacity": self.capacity,
            "subject_id": self.subject_id,
            "door": self.door,
            "request_id": self.request_id,
            "payload_digest": self.payload_digest.hex(),
        }


class Canonical(TypeDecorator[dict[str, Any]]):
    """A document kept in the very spelling that is hashed, so that to check it is to hash it and nothing more."""

    impl = JSON
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[dict[str, Any] | None], str | None]:
        """Spell a document for the database."""
        del dialect
        return lambda value: None if value is None else canonical(value).decode()


class AuditPayload(Base):
    """What changed, with its own salt: erasing it for a person's rights leaves the chain whole."""

    __tablename__ = "audit_payload"

    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id", ondelete="CASCADE"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    content: Mapped[dict[str, Any]] = mapped_column(Document.with_variant(Canonical(), "sqlite"))


class AuditSeal(Base):
    """A link of the chain: each seal covers one entry's digest, its place, when it was sealed, and the seal before."""

    __tablename__ = "audit_seal"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id", ondelete="RESTRICT"), unique=True)
    entry_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_at: Mapped[datetime]


class AuditDatabase(Base):
    """The database's own id, made with the first checkpoint: a checkpoint of another database is no witness here."""

    __tablename__ = "audit_database"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Word)


class AuditCheckpoint(Base):
    """A signed checkpoint as it was issued: copies of it left the database by mail and on paper."""

    __tablename__ = "audit_checkpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(index=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))


class AuditErasure(Base):
    """That the payload of an entry was erased, under which clause, and the entry that records it."""

    __tablename__ = "audit_erasure"

    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id", ondelete="CASCADE"), primary_key=True)
    clause: Mapped[str] = mapped_column(Word)
    recorded_in_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id", ondelete="RESTRICT"), index=True)


class AuditVerification(Base):
    """One walk through the whole chain: when, how many entries, against which witness, and what came of it."""

    __tablename__ = "audit_verification"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    checked: Mapped[int]
    milliseconds: Mapped[int]
    fault: Mapped[str | None] = mapped_column(Word)  # the kind of tampering; empty where the chain holds
    detail: Mapped[str]
    witness: Mapped[str]
    door: Mapped[str] = mapped_column(Word)
