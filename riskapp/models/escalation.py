"""Escalations: a case about an entity (or a drill about none), the desks it has stood on, and what was done there."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from riskapp.domain.escalation_states import CaseState, DeskState
from riskapp.models.database import Base, Word
from riskapp.models.entity import Entity

LIVE_DESKS = tuple(state.value for state in DeskState if state.is_live)
DESK_STATES = tuple(state.value for state in DeskState)
CASE_STATES = tuple(state.value for state in CaseState)

_LIVE_CASE = text(f"state = '{CaseState.OPEN}' AND subject_id IS NOT NULL AND NOT is_drill")
_LIVE_DESK = text(f"state IN {LIVE_DESKS!r}")


class EscalationCase(Base):
    """One escalation: what it is about, why it was raised (the policy's clause and the facts of that moment)."""

    __tablename__ = "escalation_case"
    __table_args__ = (
        CheckConstraint(f"state IN {CASE_STATES!r}", name="state"),
        CheckConstraint("is_drill OR subject_id IS NOT NULL", name="about_something"),
        Index(
            "uq_escalation_case_one_live",
            "subject_id",
            unique=True,
            sqlite_where=_LIVE_CASE,
            postgresql_where=_LIVE_CASE,
        ),
        Index(None, "state", "raised_at"),
    )

    id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"), primary_key=True)
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("entity.id", ondelete="RESTRICT"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"), index=True)
    owner_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    is_drill: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(Word, default=CaseState.OPEN)
    raised_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    raised_by_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    raised_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    reason: Mapped[str]
    clause: Mapped[str] = mapped_column(Word)
    facts: Mapped[dict[str, Any]]
    policy_version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id", ondelete="RESTRICT"))

    entity: Mapped[Entity] = relationship(lazy="raise", foreign_keys="EscalationCase.id")
    subject: Mapped[Entity | None] = relationship(lazy="raise", foreign_keys="EscalationCase.subject_id")


class EscalationDesk(Base):
    """A post that has, or had, a case before it on one branch; `person_id` is who answered for the post that day.

    `due_at` is until when it must do the next thing: to acknowledge, by `acknowledge_by_at`, and then to decide.
    """

    __tablename__ = "escalation_desk"
    __table_args__ = (
        CheckConstraint(f"state IN {DESK_STATES!r}", name="state"),
        Index(
            "uq_escalation_desk_one_live",
            "case_id",
            "branch",
            unique=True,
            sqlite_where=_LIVE_DESK,
            postgresql_where=_LIVE_DESK,
        ),
        Index(None, "state", "due_at"),
        Index(None, "post_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("escalation_case.id", ondelete="CASCADE"), index=True)
    branch: Mapped[str] = mapped_column(Word, default="line")
    tier: Mapped[str] = mapped_column(Word)
    clause: Mapped[str] = mapped_column(Word)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    capacity: Mapped[str | None] = mapped_column(Word)
    skipped: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(Word, default=DeskState.RAISED)
    arrived_at: Mapped[datetime]
    due_at: Mapped[datetime]
    acknowledge_by_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(Word)


class EscalationEvent(Base):
    """What happened to a case, in order: the log from which its state could be told again.

    What raised it, or took it higher, says the reason and the clause on which it has stood from then on.
    """

    __tablename__ = "escalation_event"
    __table_args__ = (Index(None, "case_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("escalation_case.id", ondelete="CASCADE"))
    desk_id: Mapped[int | None] = mapped_column(ForeignKey("escalation_desk.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    deed: Mapped[str] = mapped_column(Word)
    note: Mapped[str] = mapped_column(default="")
    reason: Mapped[str | None]
    clause: Mapped[str | None] = mapped_column(Word)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
