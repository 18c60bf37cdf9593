"""What was done to many risks at once, and to each of them, so that it can be undone."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word

DEEDS = ("reassign", "move", "review", "chase")
LINE_STATES = ("done", "undone", "kept")


class Batch(Base):
    """One deed on many risks: `key` is that of the form, so that one sent twice is one batch."""

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint(f"deed IN {DEEDS!r}", name="deed"),
        Index(None, "by_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Word, unique=True)
    deed: Mapped[str] = mapped_column(Word)
    why: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    at: Mapped[datetime]
    undo_until: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class BatchLine(Base):
    """What a batch did to one risk: `kept` are what it was, what it became, and the version or message it made."""

    __tablename__ = "batch_line"
    __table_args__ = (
        UniqueConstraint("batch_id", "risk_id"),
        CheckConstraint(f"state IN {LINE_STATES!r}", name="state"),
        Index(None, "risk_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"))
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    kept: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(Word, default="done")
    state_why: Mapped[str] = mapped_column(default="")
