"""A risk, its statement, its assessments, its reviews, and every version of its words."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from riskapp.domain.scoring import BASES
from riskapp.models.database import Base, Word
from riskapp.models.entity import Entity
from riskapp.models.people import Post, Unit

DUTIES = ("champion", "lead_member", "contributor")


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


class RiskDuty(Base):
    """A post's part in a risk beside its owner's, from one day to another: its champion, lead Member, a contributor."""

    __tablename__ = "risk_duty"
    __table_args__ = (
        CheckConstraint(f"duty IN {DUTIES!r}", name="duty"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="dates_in_order"),
        Index(
            "uq_risk_duty_once",
            "risk_id",
            "post_id",
            "duty",
            unique=True,
            sqlite_where=text("to_on IS NULL"),
            postgresql_where=text("to_on IS NULL"),
        ),
        Index(
            "uq_risk_duty_one_of_a_kind",
            "risk_id",
            "duty",
            unique=True,
            sqlite_where=text("to_on IS NULL AND duty <> 'contributor'"),
            postgresql_where=text("to_on IS NULL AND duty <> 'contributor'"),
        ),
        Index(None, "post_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    duty: Mapped[str] = mapped_column(Word)
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class Expertise(Base):
    """Expert advice that was asked for on a risk: of whom, on what, what it costs in pounds, and what it said."""

    __tablename__ = "expertise"
    __table_args__ = (
        CheckConstraint("pounds >= 0", name="cost"),
        CheckConstraint("(advice IS NULL) = (received_on IS NULL)", name="advice_has_a_day"),
        CheckConstraint("received_on >= commissioned_on", name="dates_in_order"),
        Index(None, "risk_id", "commissioned_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    risk_id: Mapped[int] = mapped_column(ForeignKey("risk.id", ondelete="CASCADE"))
    of_whom: Mapped[str]
    about: Mapped[str]
    pounds: Mapped[int | None] = mapped_column(BigInteger)
    commissioned_on: Mapped[date]
    due_on: Mapped[date | None]
    advice: Mapped[str | None]
    received_on: Mapped[date | None]
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))


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
    """A judgement of a risk, appended and never changed: score and rating as the policy of its day looked them up.

    Confidence, proximity and velocity are steps of that policy. The pounds say what the event would cost, or bring.
    `target_on` is the day by which a target is to be reached, or for which a score is forecast.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint(f"basis IN {BASES!r}", name="basis"),
        CheckConstraint("state IN ('proposed', 'in_force', 'refused')", name="state"),
        CheckConstraint("likelihood > 0 AND impact > 0 AND score > 0", name="positive"),
        CheckConstraint(
            "0 <= low_pounds AND low_pounds <= likely_pounds AND likely_pounds <= high_pounds", name="money"
        ),
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
    confidence: Mapped[str | None] = mapped_column(Word)
    proximity: Mapped[str | None] = mapped_column(Word)
    velocity: Mapped[str | None] = mapped_column(Word)
    low_pounds: Mapped[int | None] = mapped_column(BigInteger)
    likely_pounds: Mapped[int | None] = mapped_column(BigInteger)
    high_pounds: Mapped[int | None] = mapped_column(BigInteger)
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
    forecast_id: Mapped[int | None] = mapped_column(ForeignKey("assessment.id", ondelete="RESTRICT"))

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
    """The whole of a risk's words and duties as they stood from an instant on, so that "as at" is a query."""

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
    words: Mapped[dict[str, Any]]
