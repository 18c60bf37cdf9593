"""External bodies: what the council's part in them is, who sits there, what was reviewed and what money is at stake."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from riskapp.models.database import Base, Word
from riskapp.models.entity import Entity
from riskapp.models.people import Post

BODY_KINDS = (
    "freeport", "wholly_owned_company", "joint_venture", "partnership", "joint_committee", "charity", "grant_funded",
)  # fmt: skip


class Body(Base):
    """A company, partnership or other body that the council has an interest in; its name is its entity's."""

    __tablename__ = "body"
    __table_args__ = (CheckConstraint(f"kind IN {BODY_KINDS!r}", name="kind"), Index(None, "next_review_on"))

    id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(Word)
    position: Mapped[int] = mapped_column(unique=True)
    purpose: Mapped[str]
    legal_form: Mapped[str]
    interest: Mapped[str]
    roles: Mapped[list[str]]
    lead_post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    started_on: Mapped[date | None]
    review_every_months: Mapped[int]
    next_review_on: Mapped[date]

    entity: Mapped[Entity] = relationship(lazy="raise")
    lead: Mapped[Post] = relationship(lazy="raise")


class Appointment(Base):
    """A seat of the council's on a body, and the post that holds it; vacant where there is none."""

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("role IN ('director', 'observer', 'trustee', 'member')", name="role"),
        Index(None, "body_id", "position", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id", ondelete="CASCADE"))
    position: Mapped[int]
    seat: Mapped[str]
    role: Mapped[str] = mapped_column(Word)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    training_until: Mapped[date | None]

    post: Mapped[Post | None] = relationship(lazy="raise")


class GovernanceReview(Base):
    """A review of a body's governance under the plan's headings (Direction J); `ratings` maps heading to rating."""

    __tablename__ = "governance_review"
    __table_args__ = (Index(None, "body_id", "held_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id", ondelete="CASCADE"))
    held_on: Mapped[date]
    reviewer: Mapped[str]
    ratings: Mapped[dict[str, Any]]


class BodyMoney(Base):
    """Money awarded to or through a body, in pounds; the deadline in words, and as a date where there is one."""

    __tablename__ = "body_money"
    __table_args__ = (Index(None, "body_id", "position", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[str]
    awarded: Mapped[int] = mapped_column(BigInteger)
    passed_on: Mapped[int] = mapped_column(BigInteger)
    deadline: Mapped[str] = mapped_column(default="")
    deadline_on: Mapped[date | None]
