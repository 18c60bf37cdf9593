"""Reminders: what became due for whom, the messages that say so, and each attempt to send one."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from riskapp.models.database import Base, Word
from riskapp.models.entity import Entity

MESSAGE_STATES = ("queued", "sending", "sent", "uncertain", "parked")


class Message(Base):
    """A mail to one address: plain text and HTML, with a Message-ID that stays the same at every attempt."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(f"state IN {MESSAGE_STATES!r}", name="state"),
        Index(None, "state", "next_try_at"),
        Index(None, "queued_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    address: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    state: Mapped[str] = mapped_column(Word, default="queued")
    queued_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Occurrence(Base):
    """Something that became due for somebody on a local date, once: the constraint keeps a mail from going twice."""

    __tablename__ = "occurrence"
    __table_args__ = (
        UniqueConstraint("rule", "subject_id", "person_id", "due_on", name="uq_occurrence_once"),
        Index(None, "message_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(Word)
    subject_id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    due_on: Mapped[date]
    made_at: Mapped[datetime]
    words: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="RESTRICT"))

    subject: Mapped[Entity] = relationship(lazy="raise")
    message: Mapped[Message | None] = relationship(lazy="raise")


class Attempt(Base):
    """One try at sending a message, and what the mail server said."""

    __tablename__ = "attempt"
    __table_args__ = (Index(None, "message_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(Word)
    detail: Mapped[str] = mapped_column(default="")
