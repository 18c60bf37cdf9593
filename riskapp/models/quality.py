"""Reasons given to a check of quality: why a risk is kept as it is, for as long as its scores stand."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, and_
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word
from riskapp.models.risks import RiskStanding


class QualityReason(Base):
    """Why a check does not worry: bound to the three assessments that held then, and void when one of them moves."""

    __tablename__ = "quality_reason"
    __table_args__ = (Index(None, "risk_id", "check_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    check_key: Mapped[str] = mapped_column(Word)
    inherent_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="CASCADE"))
    current_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="CASCADE"))
    why: Mapped[str]
    at: Mapped[datetime]
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))


def still_holds() -> ColumnElement[bool]:
    """Join a reason to the standing of its risk, if none of the three scores that it was given for has moved."""
    bases = ("inherent_id", "current_id", "target_id")
    return and_(
        RiskStanding.risk_id == QualityReason.risk_id,
        *(getattr(RiskStanding, basis) == getattr(QualityReason, basis) for basis in bases),
    )
