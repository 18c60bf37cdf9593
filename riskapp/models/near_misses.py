"""Near misses: what nearly happened, where, when and what stopped it; never who."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.domain.life import NEAR_MISS_STATES
from riskapp.models.database import Base, Word

STATES = tuple(NEAR_MISS_STATES)


class NearMiss(Base):
    """One near miss, and what was made of it. It holds nobody's name; `key` is the form's, and stands in addresses."""

    __tablename__ = "near_miss"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint("state IN ('new', 'left') OR risk_id IS NOT NULL", name="linked_to_a_risk"),
        CheckConstraint("(state = 'new') = (settled_on IS NULL)", name="settled_on_a_day"),
        Index(None, "unit_id", "state"),
        Index(None, "risk_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Word, unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    what: Mapped[str]
    stopped_by: Mapped[str]
    happened_on: Mapped[date]
    told_on: Mapped[date]
    told_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Word, default="new")
    risk_id: Mapped[int | None] = mapped_column(ForeignKey("risk.id", ondelete="RESTRICT"))
    settled_on: Mapped[date | None]
    settled_why: Mapped[str | None]
