"""What the clock did on each day, and which process may act."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word


class JobRun(Base):
    """One job's work for one day: how much it found and queued, and what went wrong if something did."""

    __tablename__ = "job_run"
    __table_args__ = (Index(None, "job", "for_on"), Index(None, "started_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(Word)
    for_on: Mapped[date]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    found: Mapped[int] = mapped_column(default=0)
    queued: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    detail: Mapped[str] = mapped_column(default="")


class Lease(Base):
    """Who may act under a name, until when; a dead holder's lease runs out."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(Word, primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]
