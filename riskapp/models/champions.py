"""Risk champions: who was appointed to which unit and when, and what they were trained on."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base


class ChampionAppointment(Base):
    """A person as the risk champion of a unit, from one date to another, and who appointed them."""

    __tablename__ = "champion_appointment"
    __table_args__ = (
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="dates_in_order"),
        UniqueConstraint("unit_id", "person_id", "from_on"),
        Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    appointed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))


class TrainingRecord(Base):
    """A training that a champion took; `next_on` is when the policy of that day wants the next, if it does."""

    __tablename__ = "training_record"
    __table_args__ = (UniqueConstraint("person_id", "trained_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    trained_on: Mapped[date]
    next_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
