"""The shared key of all that can be pointed at, and the edges between them: the two tables the graphs are read from."""

import secrets
from collections.abc import Callable
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, select
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
    """An edge from one entity to another, of one kind."""

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


class Classification(Base):
    """Who may read a group of an entity's fields; no row means internal.

    Exempt needs a paragraph of Schedule 12A, a reason, a decider and a review date (Local Government Act 1972).
    """

    __tablename__ = "classification"
    __table_args__ = (
        UniqueConstraint("entity_id", "field_group", "from_on"),
        CheckConstraint("level IN ('public', 'internal', 'sensitive', 'exempt', 'withheld')", name="level"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entity_id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"))
    field_group: Mapped[str] = mapped_column(Word, default="all")
    level: Mapped[str] = mapped_column(Word)
    paragraph: Mapped[str | None] = mapped_column(Word)
    reason: Mapped[str | None]
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
