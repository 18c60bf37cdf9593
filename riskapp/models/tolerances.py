"""Tolerances: a risk accepted as it is, by whom, until when, and what became of that."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word

ASKED, IN_FORCE, REFUSED, ENDED = STATES = ("asked", "in_force", "refused", "ended")
LIVE = (ASKED, IN_FORCE)
ENDS = ("expired", "changed", "withdrawn", "replaced", "closed")
_ASKED, _IN_FORCE = text(f"state = '{ASKED}'"), text(f"state = '{IN_FORCE}'")


class Tolerance(Base):
    """A tolerance from the day it was asked for, with the state of the risk to which it is bound.

    `asked_of_post_id` is the post with the authority of `tier`; the same post accepts or refuses. The last day is
    `expires_on`; one that ended before it was accepted has no `from_on`.
    """

    __tablename__ = "tolerance"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint(f"ended_how IS NULL OR ended_how IN {ENDS!r}", name="ended_how"),
        CheckConstraint("state <> 'ended' OR (ended_on IS NOT NULL AND ended_how IS NOT NULL)", name="ended_says_how"),
        CheckConstraint("state <> 'in_force' OR from_on IS NOT NULL", name="in_force_says_since"),
        Index("uq_tolerance_one_asked", "risk_id", unique=True, sqlite_where=_ASKED, postgresql_where=_ASKED),
        Index("uq_tolerance_one_in_force", "risk_id", unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE),
        Index(None, "risk_id", "asked_of_post_id"),
        Index(None, "asked_of_post_id", "state"),
        Index(None, "state", "expires_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(Word, default=ASKED)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="RESTRICT"))
    score: Mapped[int]
    rating: Mapped[str] = mapped_column(Word)
    position: Mapped[str] = mapped_column(Word)
    event: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    owner_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id", ondelete="RESTRICT"))
    why: Mapped[str]
    expires_on: Mapped[date]
    asked_on: Mapped[date]
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    asked_by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    tier: Mapped[str] = mapped_column(Word)
    asked_of_post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    is_own: Mapped[bool] = mapped_column(default=False)
    from_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    ended_how: Mapped[str | None] = mapped_column(Word)
    ended_why: Mapped[str | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
