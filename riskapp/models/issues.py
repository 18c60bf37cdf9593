"""Issues: what happened, how severe it is, what was known of it before, and the briefing of Members."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word


class Issue(Base):
    """An issue; its title is its entity's name. Without a risk it was a surprise.

    What was known is kept as it stood on the day it happened: `registered_on` is since when its risk was on a register,
    `held_*` the score it had, `stopped_*` the post and the state in which its escalation stood.
    """

    __tablename__ = "issue"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'closed')", name="status"),
        CheckConstraint("(status = 'closed') = (closed_on IS NOT NULL)", name="closed_on_a_day"),
        CheckConstraint("likelihood > 0 AND impact > 0 AND score > 0", name="positive"),
        CheckConstraint("registered_on IS NULL OR risk_id IS NOT NULL", name="registered_as_a_risk"),
        CheckConstraint("(briefed_on IS NULL) = (briefed_whom IS NULL)", name="briefed_somebody"),
        Index(None, "status", "unit_id"),
        Index(None, "risk_id"),
        Index(None, "owner_post_id"),
        Index(None, "happened_on"),
    )

    id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True)
    risk_id: Mapped[int | None] = mapped_column(ForeignKey("risk.id", ondelete="RESTRICT"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    owner_post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    category: Mapped[str] = mapped_column(Word)
    what: Mapped[str]
    happened_on: Mapped[date]
    dimension: Mapped[str] = mapped_column(Word)
    likelihood: Mapped[int]
    impact: Mapped[int]
    score: Mapped[int]
    rating: Mapped[str] = mapped_column(Word)
    position: Mapped[str] = mapped_column(Word)
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id", ondelete="RESTRICT"))
    may_recur: Mapped[bool]
    status: Mapped[str] = mapped_column(Word, default="open")
    raised_on: Mapped[date]
    raised_at: Mapped[datetime]
    raised_by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    raised_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    closed_on: Mapped[date | None]
    closed_why: Mapped[str | None]
    registered_on: Mapped[date | None]
    held_score: Mapped[int | None]
    held_rating: Mapped[str | None] = mapped_column(Word)
    stopped_at_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    stopped_as: Mapped[str | None] = mapped_column(Word)
    brief_by: Mapped[date | None]
    briefed_on: Mapped[date | None]
    briefed_whom: Mapped[str | None]
    briefed_by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    submission_key: Mapped[str | None] = mapped_column(Word, unique=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class
