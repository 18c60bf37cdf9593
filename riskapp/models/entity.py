"""The shared key of all that can be pointed at, and the edges between them: the two tables the graphs are read from."""

import secrets
from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, Session, mapped_column

from riskapp.domain.references import PREFIXES, TOKEN_BYTES, reference_from
from riskapp.models.database import Base, Word

KINDS = tuple(PREFIXES)
LINK_KINDS = (
    "threatens", "treats", "causes", "worsens", "shares_cause", "concerns", "belongs_to", "tests", "serves", "leads",
)  # fmt: skip


class Entity(Base):
    """One thing of the council's: its kind, the reference people quote, and its name, which is kept nowhere else."""

    __tablename__ = "entity"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        Index(None, "kind", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Word)
    reference: Mapped[str] = mapped_column(Word, unique=True)
    name: Mapped[str]


class Link(Base):
    """An edge from one entity to another, of one kind, from a day on; no day is since the first of the two was there.

    One that ends is taken out and kept below, so that what is here holds now.
    """

    __tablename__ = "link"
    __table_args__ = (
        UniqueConstraint("from_id", "to_id", "kind"),
        CheckConstraint(f"kind IN {LINK_KINDS!r}", name="kind"),
        CheckConstraint("from_id <> to_id", name="not_to_itself"),
        Index(None, "to_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"))
    to_id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Word)
    weight: Mapped[int] = mapped_column(default=1)
    from_on: Mapped[date | None]


class EndedLink(Base):
    """An edge that was there until a day, its first without it."""

    __tablename__ = "ended_link"
    __table_args__ = (
        CheckConstraint(f"kind IN {LINK_KINDS!r}", name="kind"),
        Index(None, "from_id", "kind"),
        Index(None, "to_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"))
    to_id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Word)
    weight: Mapped[int] = mapped_column(default=1)
    from_on: Mapped[date | None]
    ended_on: Mapped[date]


def _next_number(context: DefaultExecutionContext) -> int:
    """Number the decisions on a group of a thing: two made at one moment would share a number, and one is refused."""
    of: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call] # SQLAlchemy types it not
    made = Classification.__table__.c
    last = select(func.coalesce(func.max(made.number), 0)).where(
        made.entity_id == of["entity_id"], made.field_group == of.get("field_group", "all")
    )
    return int(context.connection.scalar(last) or 0) + 1


class Classification(Base):
    """Who may read a group of an entity's fields, from a day on; no row means internal, and the last row counts.

    A mark that it may be exempt is `claimed`, with why, and withholds until a row that is `decided` follows: exempt
    needs paragraphs of Schedule 12A ("1,3"), how the public interest was weighed, a decider and a review date.
    """

    __tablename__ = "classification"
    __table_args__ = (
        UniqueConstraint("entity_id", "field_group", "number"),
        CheckConstraint("level IN ('public', 'internal', 'sensitive', 'exempt', 'withheld')", name="level"),
        CheckConstraint("state IN ('claimed', 'decided')", name="state"),
        CheckConstraint("state = 'decided' OR level = 'exempt'", name="a_mark_withholds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entity_id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"))
    field_group: Mapped[str] = mapped_column(Word, default="all")
    number: Mapped[int] = mapped_column(default=_next_number)
    level: Mapped[str] = mapped_column(Word)
    state: Mapped[str] = mapped_column(Word, default="decided")
    paragraphs: Mapped[str | None] = mapped_column(Word)
    reason: Mapped[str | None]
    public_interest: Mapped[str | None]
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    claimed_by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    decided_by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    from_on: Mapped[date]
    review_on: Mapped[date | None]


def new_entity(session: Session, kind: str, name: str) -> Entity:
    """Add an entity with a fresh opaque reference; the session may carry `tokens` where a load must be repeatable."""
    draw: Callable[[int], bytes] = session.info.get("tokens", secrets.token_bytes)
    while True:
        reference = reference_from(kind, draw(TOKEN_BYTES))
        if session.scalar(select(Entity.id).where(Entity.reference == reference)) is None:
            break
    entity = Entity(kind=kind, name=name, reference=reference)
    session.add(entity)
    session.flush()
    return entity
