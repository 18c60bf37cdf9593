"""Sessions live on the server, so that signing out ends them."""

import hashlib
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base


class WebSession(Base):
    """A signed-in browser: the SHA-256 of its token, never the token."""

    __tablename__ = "web_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @staticmethod
    def digest(token: str) -> bytes:
        """Give what is kept of a token."""
        return hashlib.sha256(token.encode()).digest()


class SignInFailure(Base):
    """A sign-in that did not match, kept to slow the next one down."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)
