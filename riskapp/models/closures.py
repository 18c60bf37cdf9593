"""Mergers of risks: which was merged into which, why, and whether it was undone."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base

_STANDS = text("undone_on IS NULL")


class RiskMerger(Base):
    """A risk that was closed because another says the same; undone on the day on which it is opened again."""

    __tablename__ = "risk_merger"
    __table_args__ = (
        CheckConstraint("risk_id <> into_id", name="into_another"),
        CheckConstraint("undone_on >= merged_on", name="dates_in_order"),
        Index("uq_risk_merger_one_stands", "risk_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index(None, "into_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    into_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="RESTRICT"))
    why: Mapped[str]
    merged_on: Mapped[date]
    merged_at: Mapped[datetime]
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    undone_on: Mapped[date | None]
