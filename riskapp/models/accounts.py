"""Sessions live on the server, so that signing out ends them; beside them what proves who somebody is."""

import hashlib
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.models.database import Base, Word


class WebSession(Base):
    """A signed-in browser: the SHA-256 of its token, never the token.

    `by_what` is how its owner proved who they are, and `proved_at` when they last did.
    """

    __tablename__ = "web_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    by_what: Mapped[str | None] = mapped_column(Word)
    proved_at: Mapped[datetime | None]
    browser: Mapped[str | None]

    @staticmethod
    def digest(token: str) -> bytes:
        """Give what is kept of a token."""
        return hashlib.sha256(token.encode()).digest()


class SignInFailure(Base):
    """A sign-in that did not match, kept to slow the next one down: by the address typed, and from where."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index(None, "network", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(index=True)
    network: Mapped[str | None] = mapped_column(Word)
    at: Mapped[datetime] = mapped_column(index=True)


class SecondFactor(Base):
    """The key that a person's telephone shares with riskapp, encrypted, and the last half minute whose code was used.

    It counts from when a code was first entered; until then it is being set up.
    """

    __tablename__ = "second_factor"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    encrypted_key: Mapped[bytes]
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)

    @property
    def owner(self) -> str:
        """For whom the key is encrypted."""
        return f"second factor of person {self.person_id}"


class RecoveryCode(Base):
    """A code that stands in for the telephone once: the SHA-256 of it, never the code."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    used_at: Mapped[datetime | None]


class PasswordRequest(Base):
    """Somebody asked for a link to choose a password: the address as typed, whether or not an account has it.

    The clock answers it, so that the page takes as long for an account as for none.
    """

    __tablename__ = "password_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    network: Mapped[str | None] = mapped_column(Word)
    at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]


class PasswordLink(Base):
    """A link to choose a password, in one message: its token is made as the message leaves, and kept as its SHA-256."""

    __tablename__ = "password_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), unique=True)
    made_at: Mapped[datetime]
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    runs_out_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
