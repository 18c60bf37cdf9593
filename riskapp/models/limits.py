"""How often something was asked for, counted in the database so that all processes share one count."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word


class RateLimit(Base):
    """One deed of one asker in one window of time: a keyed digest of who, never who."""

    __tablename__ = "rate_limit"

    deed: Mapped[str] = mapped_column(Word, primary_key=True)
    asker: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    count: Mapped[int]
