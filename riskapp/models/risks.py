"""A risk, its statement, its assessments, its reviews, and every version of its words."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from riskapp.models.database import Base, Word
from riskapp.models.entity import Entity
from riskapp.models.people import Post, Unit

BASES = ("inherent", "current", "target", "forecast")


class Risk(Base):
    """A risk as it stands; its title is its entity's name. `submission_key` makes a form posted twice one risk."""

    __tablename__ = "risk"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'open', 'closed')", name="status"),
        CheckConstraint("kind IN ('threat', 'opportunity')", name="kind"),
        CheckConstraint("treatment IN ('treat', 'tolerate', 'transfer', 'terminate', 'take')", name="treatment"),
        Index(None, "status", "unit_id"),
        Index(None, "status", "next_review_on"),
        Index(None, "owner_post_id"),
    )

    id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    owner_post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    drafted_by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    category: Mapped[str] = mapped_column(Word)
    kind: Mapped[str] = mapped_column(Word, default="threat")
    status: Mapped[str] = mapped_column(Word, default="draft")
    event: Mapped[str]
    treatment: Mapped[str] = mapped_column(Word, default="treat")
    treatment_why: Mapped[str] = mapped_column(default="")
    drafted_on: Mapped[date]
    opened_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    closed_why: Mapped[str | None]
    next_review_on: Mapped[date | None]
    submission_key: Mapped[str | None] = mapped_column(Word, unique=True)
    version: Mapped[int] = mapped_column(default=1)

    entity: Mapped[Entity] = relationship(lazy="raise")
    unit: Mapped[Unit] = relationship(lazy="raise")
    owner: Mapped[Post] = relationship(lazy="raise", foreign_keys=owner_post_id)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class RiskCause(Base):
    """One cause in the statement of a risk (Orange Book, stating risks)."""

    __tablename__ = "risk_cause"
    __table_args__ = (UniqueConstraint("risk_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    position: Mapped[int]
    text: Mapped[str]


class RiskConsequence(Base):
    """One consequence in the statement of a risk (Orange Book, stating risks)."""

    __tablename__ = "risk_consequence"
    __table_args__ = (UniqueConstraint("risk_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    position: Mapped[int]
    text: Mapped[str]


class Assessment(Base):
    """A judgement of a risk, appended and never changed: score and rating as the policy of its day looked them up."""

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint(f"basis IN {BASES!r}", name="basis"),
        CheckConstraint("state IN ('proposed', 'in_force', 'refused')", name="state"),
        CheckConstraint("likelihood > 0 AND impact > 0 AND score > 0", name="positive"),
        Index(None, "risk_id", "basis", "effective_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    basis: Mapped[str] = mapped_column(Word)
    state: Mapped[str] = mapped_column(Word, default="in_force")
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    likelihood: Mapped[int]
    impact: Mapped[int]
    score: Mapped[int]
    rating: Mapped[str] = mapped_column(Word)
    position: Mapped[str] = mapped_column(Word)
    target_on: Mapped[date | None]
    rationale: Mapped[str] = mapped_column(default="")
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id", ondelete="RESTRICT"))
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))


class AssessmentImpact(Base):
    """The level chosen on one dimension of impact."""

    __tablename__ = "assessment_impact"

    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="CASCADE"), primary_key=True)
    dimension: Mapped[str] = mapped_column(Word, primary_key=True)
    level: Mapped[int]


class RiskStanding(Base):
    """Which assessments hold now, one row a risk: a pointer, so that a register is a join and never a search."""

    __tablename__ = "risk_standing"

    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"), primary_key=True)
    inherent_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="RESTRICT"))
    current_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="RESTRICT"))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("assessment.id", ondelete="RESTRICT"))
    target_id: Mapped[int] = mapped_column(ForeignKey("assessment.id", ondelete="RESTRICT"))

    inherent: Mapped[Assessment] = relationship(lazy="raise", foreign_keys=inherent_id)
    current: Mapped[Assessment] = relationship(lazy="raise", foreign_keys=current_id)
    previous: Mapped[Assessment | None] = relationship(lazy="raise", foreign_keys=previous_id)
    target: Mapped[Assessment] = relationship(lazy="raise", foreign_keys=target_id)


class Review(Base):
    """A look at a risk on a date: what was found, by whom, and when the next is due."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint("outcome IN ('opened', 'confirmed', 'rescored', 'closed')", name="outcome"),
        Index(None, "risk_id", "held_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    held_on: Mapped[date]
    was_due_on: Mapped[date | None]
    outcome: Mapped[str] = mapped_column(Word)
    note: Mapped[str]
    next_review_on: Mapped[date | None]
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))


class RiskVersion(Base):
    """The whole row of a risk, its title and its statement as they stood from an instant on: "as at" is a query.

    `words` holds the statement and every column of `risk` that has none here. A row is not whole where it is of a time
    when less was kept, and the rest was worked out afterwards.
    """

    __tablename__ = "risk_version"
    __table_args__ = (UniqueConstraint("risk_id", "version"), Index(None, "risk_id", "valid_from"))

    id: Mapped[int] = mapped_column(primary_key=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    version: Mapped[int]
    valid_from: Mapped[date]
    recorded_at: Mapped[datetime]
    title: Mapped[str]
    status: Mapped[str] = mapped_column(Word)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    owner_post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    category: Mapped[str] = mapped_column(Word)
    kind: Mapped[str] = mapped_column(Word, default="threat")
    opened_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    closed_why: Mapped[str | None]
    next_review_on: Mapped[date | None]
    words: Mapped[dict[str, Any]]
    is_whole: Mapped[bool] = mapped_column(default=True)
