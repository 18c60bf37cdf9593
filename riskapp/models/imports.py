"""Files of people and units that were read but not yet applied, kept so that what is applied is what was shown."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word


class ImportPreview(Base):
    """A file as it was read: its cells, what each line would do, and the state of the organisation it was read against.

    `key` is its address, which nobody guesses. Once applied, it keeps what was done and can do nothing again.
    """

    __tablename__ = "import_preview"
    __table_args__ = (CheckConstraint("kind IN ('units', 'people')", name="kind"), Index(None, "by_id", "made_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Word, unique=True)
    kind: Mapped[str] = mapped_column(Word)
    file_name: Mapped[str]
    content: Mapped[dict[str, Any]]
    fingerprint: Mapped[str]
    made_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    applied_at: Mapped[datetime | None]
