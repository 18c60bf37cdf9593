"""Who is let in beside their roles: what is proposed of roles, things opened by name, and emergencies."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word

PROPOSAL_KINDS = ("give", "end")
PROPOSAL_STATES = ("waiting", "agreed", "refused", "withdrawn")
_WAITING = text("state = 'waiting'")
_NOT_ENDED = text("ended_at IS NULL")
_UNDECIDED = text("agreed_at IS NULL AND ended_at IS NULL")


class RoleProposal(Base):
    """That a person is given a role over a unit, or loses the assignment named, as one proposes and another decides."""

    __tablename__ = "role_proposal"
    __table_args__ = (
        CheckConstraint(f"kind IN {PROPOSAL_KINDS!r}", name="kind"),
        CheckConstraint(f"state IN {PROPOSAL_STATES!r}", name="state"),
        CheckConstraint("clearance BETWEEN 0 AND 2", name="clearance"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="dates_in_order"),
        CheckConstraint("(kind = 'end') = (assignment_id IS NOT NULL)", name="an_end_names_its_assignment"),
        CheckConstraint("state <> 'agreed' OR decided_by_id <> proposed_by_id", name="two_people"),
        Index(
            "uq_role_proposal_one_waiting",
            "person_id", "role", "unit_id", "kind",
            unique=True, sqlite_where=_WAITING, postgresql_where=_WAITING,
        ),
        Index(None, "state", "proposed_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Word)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    role: Mapped[str] = mapped_column(Word)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    clearance: Mapped[int | None]
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("role_assignment.id", ondelete="RESTRICT"))
    reason: Mapped[str]
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    proposed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Word, default="waiting")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class NamedGrant(Base):
    """One thing opened to one person by name, with a clearance, until a day."""

    __tablename__ = "named_grant"
    __table_args__ = (
        CheckConstraint("clearance BETWEEN 0 AND 2", name="clearance"),
        CheckConstraint("to_on >= from_on", name="dates_in_order"),
        CheckConstraint("granted_by_id <> person_id", name="never_for_oneself"),
        CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_by_somebody"),
        Index(
            "uq_named_grant_one_from_a_day",
            "person_id", "entity_id", "from_on",
            unique=True, sqlite_where=_NOT_ENDED, postgresql_where=_NOT_ENDED,
        ),
        Index(None, "entity_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    entity_id: Mapped[int] = mapped_column(ForeignKey("entity.id", ondelete="CASCADE"))
    clearance: Mapped[int]
    from_on: Mapped[date]
    to_on: Mapped[date]
    granted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    granted_at: Mapped[datetime]
    reason: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))


class BrokenGlass(Base):
    """An emergency: who asked to read everything and why, who agreed, until when; one refused has ended unagreed."""

    __tablename__ = "broken_glass"
    __table_args__ = (
        CheckConstraint("agreed_by_id <> asked_by_id", name="two_people"),
        CheckConstraint("(agreed_at IS NULL) = (runs_out_at IS NULL)", name="agreed_until"),
        Index(
            "uq_broken_glass_one_undecided",
            "asked_by_id",
            unique=True, sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED,
        ),
        Index(None, "asked_by_id", "runs_out_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    asked_at: Mapped[datetime]
    reason: Mapped[str]
    agreed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    agreed_at: Mapped[datetime | None]
    runs_out_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class
