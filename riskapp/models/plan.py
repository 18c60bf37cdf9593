"""The improvement and recovery plan as records: what risks threaten and what assurance tests."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from riskapp.models.database import Base, Word
from riskapp.models.entity import Entity

PLAN_KINDS = ("direction", "priority", "workstream", "objective", "outcome", "assurance")


class PlanItem(Base):
    """A Direction, priority, workstream, objective, outcome or assurance approach; its name is its entity's."""

    __tablename__ = "plan_item"
    __table_args__ = (
        CheckConstraint(f"kind IN {PLAN_KINDS!r}", name="kind"),
        Index(None, "kind", "position", unique=True),
    )

    id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(Word)
    code: Mapped[str] = mapped_column(Word)
    position: Mapped[int]
    text: Mapped[str]

    entity: Mapped[Entity] = relationship(lazy="raise")
