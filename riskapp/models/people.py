"""The organisation: units, posts, who sits in them and when, and what roles they hold."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from riskapp.models.database import Base, Word
from riskapp.models.entity import Entity


class Unit(Base):
    """A part of the council: the council itself, a directorate, a service or a team; its name is its entity's.

    `path` is the line of ids from the top, as "/1/7/31/", so that a sub-tree is one prefix.
    """

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("kind IN ('council', 'directorate', 'service', 'team')", name="kind"),
        Index(None, "submission_key", unique=True),
    )

    id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[str] = mapped_column(Word)
    path: Mapped[str] = mapped_column(index=True)
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    submission_key: Mapped[str | None] = mapped_column(Word)
    version: Mapped[int] = mapped_column(default=1)

    entity: Mapped[Entity] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class Merger(Base):
    """A unit that was merged into another: when, and what went over, so that it can be brought back."""

    __tablename__ = "merger"
    __table_args__ = (
        CheckConstraint("unit_id <> into_id", name="not_into_itself"),
        Index(
            "uq_merger_one_in_force",
            "unit_id",
            unique=True,
            sqlite_where=text("undone_on IS NULL"),
            postgresql_where=text("undone_on IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    into_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    merged_on: Mapped[date]
    went_over: Mapped[dict[str, Any]]
    undone_on: Mapped[date | None]


class Post(Base):
    """A post in a unit. Duties attach to it; people come and go."""

    __tablename__ = "post"
    __table_args__ = (Index(None, "submission_key", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[str] = mapped_column(Word, index=True)
    title: Mapped[str] = mapped_column(unique=True)
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    submission_key: Mapped[str | None] = mapped_column(Word)
    version: Mapped[int] = mapped_column(default=1)

    unit: Mapped[Unit] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class Person(Base):
    """Someone with an account; known to others by the post."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    purpose: Mapped[str | None]  # what a demonstration account is for; empty elsewhere
    joined_on: Mapped[date | None]
    leaves_on: Mapped[date | None]  # the first day gone, past or to come
    version: Mapped[int] = mapped_column(default=1)  # travels through every form about the person


class Tenure(Base):
    """A person in a post from one date to another, as holder, acting, or deputy."""

    __tablename__ = "tenure"
    __table_args__ = (
        CheckConstraint("capacity IN ('holder', 'acting', 'deputy')", name="capacity"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="dates_in_order"),
        UniqueConstraint("post_id", "person_id", "capacity", "from_on"),
        Index(
            "uq_tenure_one_open_holder",
            "post_id",
            unique=True,
            sqlite_where=text("capacity = 'holder' AND to_on IS NULL"),
            postgresql_where=text("capacity = 'holder' AND to_on IS NULL"),
        ),
        Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    capacity: Mapped[str] = mapped_column(Word)
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class Absence(Base):
    """Days on which a person is away, both ends included."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("to_on >= from_on", name="dates_in_order"),
        Index(None, "person_id", "from_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    from_on: Mapped[date]
    to_on: Mapped[date]


class RoleAssignment(Base):
    """A role given to a person over a unit's sub-tree, with dates, who gave it and why.

    One that is ended counts no more from that moment: its last day is then the day before, if need be before its first.
    No clearance said is the role's usual one.
    """

    __tablename__ = "role_assignment"
    __table_args__ = (
        CheckConstraint("to_on IS NULL OR to_on >= from_on OR ended_by_id IS NOT NULL", name="dates_in_order"),
        CheckConstraint("clearance BETWEEN 0 AND 2", name="clearance"),
        UniqueConstraint("person_id", "role", "unit_id", "from_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(Word)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    clearance: Mapped[int | None]
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    reason: Mapped[str]
    agreed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    ended_why: Mapped[str | None]
