"""Actions of a Risk Management Action Plan, every date they were promised for, and what was said of them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from riskapp.domain.actions import Status
from riskapp.models.database import Base, Word
from riskapp.models.entity import Entity
from riskapp.models.people import Post

ACTION_STATUSES = tuple(status.value for status in Status)
OPEN_STATUSES = tuple(status.value for status in Status if status.is_open)


class Action(Base):
    """A piece of work that somebody owns; what it serves are its `treats` links. Its title is its entity's name.

    `due_on`, `first_due_on` and `times_moved` repeat the promises below, for an index; one service writes both.
    """

    __tablename__ = "action"
    __table_args__ = (
        CheckConstraint(f"status IN {ACTION_STATUSES!r}", name="status"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("priority IN ('high', 'medium', 'low')", name="priority"),
        CheckConstraint("times_moved >= 0", name="times_moved"),
        Index(None, "status", "due_on"),
        Index(None, "owner_post_id", "status"),
    )

    id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True)
    owner_post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    accountable_post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    status: Mapped[str] = mapped_column(Word, default="agreed")
    progress: Mapped[int] = mapped_column(default=0)
    priority: Mapped[str] = mapped_column(Word, default="medium")
    cost: Mapped[int | None] = mapped_column(BigInteger)
    start_on: Mapped[date]
    due_on: Mapped[date]
    first_due_on: Mapped[date]
    times_moved: Mapped[int] = mapped_column(default=0)
    completed_on: Mapped[date | None]
    submission_key: Mapped[str | None] = mapped_column(Word, unique=True)
    version: Mapped[int] = mapped_column(default=1)

    entity: Mapped[Entity] = relationship(lazy="raise")
    owner: Mapped[Post] = relationship(lazy="raise", foreign_keys=owner_post_id)
    accountable: Mapped[Post] = relationship(lazy="raise", foreign_keys=accountable_post_id)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class ActionVersion(Base):
    """The whole row of an action and its title as they stood from an instant on; whole as of a risk's versions."""

    __tablename__ = "action_version"
    __table_args__ = (
        UniqueConstraint("action_id", "version"),
        CheckConstraint(f"status IN {ACTION_STATUSES!r}", name="status"),
        Index(None, "action_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id", ondelete="CASCADE"))
    version: Mapped[int]
    valid_from: Mapped[date]
    recorded_at: Mapped[datetime]
    title: Mapped[str]
    owner_post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    accountable_post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    status: Mapped[str] = mapped_column(Word)
    progress: Mapped[int]
    priority: Mapped[str] = mapped_column(Word)
    cost: Mapped[int | None] = mapped_column(BigInteger)
    start_on: Mapped[date]
    due_on: Mapped[date]
    first_due_on: Mapped[date]
    times_moved: Mapped[int]
    completed_on: Mapped[date | None]
    is_whole: Mapped[bool] = mapped_column(default=True)


class ActionPromise(Base):
    """A due date that was promised, with the day it was promised on and, for all but the first, why it moved."""

    __tablename__ = "action_promise"
    __table_args__ = (UniqueConstraint("action_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id", ondelete="CASCADE"))
    number: Mapped[int]
    due_on: Mapped[date]
    promised_on: Mapped[date]
    reason: Mapped[str] = mapped_column(default="")
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))


class ActionUpdate(Base):
    """What the owner said on a day: progress, state, and a note."""

    __tablename__ = "action_update"
    __table_args__ = (Index(None, "action_id", "said_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id", ondelete="CASCADE"))
    said_on: Mapped[date]
    recorded_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(Word)
    progress: Mapped[int]
    note: Mapped[str] = mapped_column(default="")
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))


class Chase(Base):
    """A reminder that a person sent by hand for a late action."""

    __tablename__ = "chase"
    __table_args__ = (UniqueConstraint("action_id", "chased_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id", ondelete="CASCADE"))
    chased_on: Mapped[date]
    by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
