"""Departures: who goes and when, and what was changed for it, so that it can be taken back."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word

DEPARTURE_STATES = ("planned", "done", "undone")


class Departure(Base):
    """Somebody's leaving: planned for a day, done on it, or undone; `changed` is what taking it back restores."""

    __tablename__ = "departure"
    __table_args__ = (
        CheckConstraint(f"state IN {DEPARTURE_STATES!r}", name="state"),
        Index(None, "person_id"),
        Index(None, "state", "leaves_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    leaves_on: Mapped[date]
    state: Mapped[str] = mapped_column(Word, default="planned")
    planned_at: Mapped[datetime]
    planned_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    done_at: Mapped[datetime | None]
    changed: Mapped[dict[str, Any]]
