"""The record of who changed what: entries, their payloads apart, and the chain that seals them in order."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word


class AuditEntry(Base):
    """One change: who, in which post, when, to what, through which door; `payload_digest` stands for what changed."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "subject_id", "at"), Index(None, "event", "at"))

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


class AuditPayload(Base):
    """What changed, with its own salt: erasing it for a person's rights leaves the chain whole."""

    __tablename__ = "audit_payload"

    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id", ondelete="CASCADE"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    content: Mapped[dict[str, Any]]


class AuditSeal(Base):
    """A link of the chain: each seal covers one entry's digest and the seal before it."""

    __tablename__ = "audit_seal"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id", ondelete="RESTRICT"), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_at: Mapped[datetime]
