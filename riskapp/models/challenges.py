"""Challenges: a second score beside an owner's, why, by whom, and how it was answered."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.domain.challenges import Answer
from riskapp.models.database import Base, Word

ANSWERS = tuple(answer.value for answer in Answer)
_OPEN = text("answer IS NULL")


class Challenge(Base):
    """A score given beside the assessment it disputes, kept for good with its answer.

    Where the name `is_named` not, it is nowhere but here: the trail has its hash, made with `salt`, in the entry that
    this row names. `key` is the form's submission key, and stands in addresses.
    """

    __tablename__ = "challenge"
    __table_args__ = (
        CheckConstraint(f"answer IS NULL OR answer IN {ANSWERS!r}", name="answer"),
        CheckConstraint(
            "answer IS NULL OR (answered_on IS NOT NULL AND answer_why IS NOT NULL)", name="answer_says_why"
        ),
        CheckConstraint("likelihood > 0 AND impact > 0 AND score > 0", name="positive"),
        Index(
            "uq_challenge_one_open",
            "risk_id",
            "by_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(None, "risk_id", "raised_on"),
        Index(None, "answer", "due_on"),
        Index(None, "by_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Word, unique=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="RESTRICT"))
    likelihood: Mapped[int]
    dimension: Mapped[str] = mapped_column(Word)
    impact: Mapped[int]
    score: Mapped[int]
    rating: Mapped[str] = mapped_column(Word)
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id", ondelete="RESTRICT"))
    why: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    is_named: Mapped[bool]
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id", ondelete="RESTRICT"))
    raised_on: Mapped[date]
    raised_at: Mapped[datetime]
    due_on: Mapped[date]
    went_up_on: Mapped[date | None]
    went_up_to_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    answer: Mapped[str | None] = mapped_column(Word)
    answer_why: Mapped[str | None]
    answered_on: Mapped[date | None]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    answered_by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    new_assessment_id: Mapped[int | None] = mapped_column(ForeignKey("assessment.id", ondelete="RESTRICT"))
