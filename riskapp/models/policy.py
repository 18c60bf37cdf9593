"""Versions of the risk policy: the whole set of documents, immutable once approved."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word


class PolicyVersion(Base):
    """One approved set: its documents, their SHA-256, who approved it, and when it is in force."""

    __tablename__ = "policy_version"
    __table_args__ = (CheckConstraint("in_force_to IS NULL OR in_force_to >= in_force_from", name="dates_in_order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Word, unique=True)
    documents: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(unique=True)
    approved_by: Mapped[str]
    adopted_at: Mapped[datetime]
    in_force_from: Mapped[date]
    in_force_to: Mapped[date | None]
