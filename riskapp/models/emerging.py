"""The watch list: what may become a risk, who watches it, and every look at it."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.domain.life import EMERGING_STATES
from riskapp.models.database import Base, Word

STATES = tuple(EMERGING_STATES)


class EmergingRisk(Base):
    """A line of the watch list: no score, a post that watches it, and the day on which it is looked at next."""

    __tablename__ = "emerging_risk"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint("(state = 'watched') = (ended_on IS NULL)", name="ended_on_a_day"),
        CheckConstraint("(state = 'promoted') = (risk_id IS NOT NULL)", name="promoted_to_a_risk"),
        Index(None, "unit_id", "state"),
        Index(None, "state", "look_on"),
        Index(None, "risk_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Word, unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    watcher_post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    title: Mapped[str]
    why: Mapped[str]
    added_on: Mapped[date]
    added_at: Mapped[datetime]
    look_on: Mapped[date]
    state: Mapped[str] = mapped_column(Word, default="watched")
    risk_id: Mapped[int | None] = mapped_column(ForeignKey("risk.id", ondelete="RESTRICT"))
    ended_on: Mapped[date | None]
    ended_why: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class EmergingLook(Base):
    """One look at an emerging risk, and what was seen."""

    __tablename__ = "emerging_look"
    __table_args__ = (Index(None, "emerging_risk_id", "looked_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    emerging_risk_id: Mapped[int] = mapped_column(ForeignKey("emerging_risk.id", ondelete="CASCADE"))
    looked_on: Mapped[date]
    note: Mapped[str]
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
