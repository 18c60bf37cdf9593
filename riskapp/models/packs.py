"""Boards and committees, their meetings, and the packs made for them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from riskapp.models.database import Base, Word
from riskapp.models.entity import Entity


class Board(Base):
    """A committee or board; its name is its entity's."""

    __tablename__ = "board"
    __table_args__ = (
        CheckConstraint("led_by IN ('Member', 'Commissioner', 'officer')", name="led_by"),
        Index(None, "submission_key", unique=True),
    )

    id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True)
    led_by: Mapped[str] = mapped_column(Word)
    purpose: Mapped[str]
    submission_key: Mapped[str | None] = mapped_column(Word)
    version: Mapped[int] = mapped_column(default=1)

    entity: Mapped[Entity] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class BoardMember(Base):
    """A post's seat on a board from one date to another; a post has one at a time, and a board one chair."""

    __tablename__ = "board_member"
    __table_args__ = (
        CheckConstraint("role IN ('chair', 'vice', 'member')", name="role"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="dates_in_order"),
        Index(
            "uq_board_member_one_open_seat",
            "board_id",
            "post_id",
            unique=True,
            sqlite_where=text("to_on IS NULL"),
            postgresql_where=text("to_on IS NULL"),
        ),
        Index(
            "uq_board_member_one_open_chair",
            "board_id",
            unique=True,
            sqlite_where=text("role = 'chair' AND to_on IS NULL"),
            postgresql_where=text("role = 'chair' AND to_on IS NULL"),
        ),
        Index(None, "post_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    role: Mapped[str] = mapped_column(Word)
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class Meeting(Base):
    """A meeting of a board on a date; its papers are due on another."""

    __tablename__ = "meeting"
    __table_args__ = (
        UniqueConstraint("board_id", "held_on"),
        CheckConstraint("papers_due_on <= held_on", name="papers_before"),
    )

    id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id", ondelete="CASCADE"))
    held_on: Mapped[date] = mapped_column(index=True)
    papers_due_on: Mapped[date]

    entity: Mapped[Entity] = relationship(lazy="raise")
    board: Mapped[Board] = relationship(lazy="raise")


class Pack(Base):
    """A pack for a meeting, as at a date: a version is never changed, a newer one follows it."""

    __tablename__ = "pack"
    __table_args__ = (
        UniqueConstraint("meeting_id", "version"),
        CheckConstraint("state IN ('draft', 'frozen')", name="state"),
    )

    id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="RESTRICT"))
    version: Mapped[int]
    state: Mapped[str] = mapped_column(Word)
    as_at: Mapped[date]
    built_at: Mapped[datetime]
    built_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    built_by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))

    entity: Mapped[Entity] = relationship(lazy="raise")
    meeting: Mapped[Meeting] = relationship(lazy="raise")


class PackPart(Base):
    """The frozen snapshot of one part, its code, and the PDF it drew with its SHA-256; no live keys inside.

    The paper is kept as it was drawn: a later version of the drawing code must not change what a committee was given.
    It is empty only for parts frozen before papers were kept, which are drawn again from their snapshot.
    """

    __tablename__ = "pack_part"
    __table_args__ = (
        CheckConstraint("number IN (1, 2)", name="number"),
        Index(None, "pack_id", "number", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pack_id: Mapped[int] = mapped_column(ForeignKey("pack.id", ondelete="CASCADE"))
    number: Mapped[int]
    snapshot: Mapped[dict[str, Any]]
    content_code: Mapped[str] = mapped_column(Word)
    pdf_sha256: Mapped[str]
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
