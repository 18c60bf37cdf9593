"""Accounts of the council's sign-in provider: whose they are, attempts to sign in with one, and what one brought."""

import hashlib
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from riskapp.domain.app_roles import Outcome
from riskapp.models.database import Base, Word

PURPOSES = ("sign_in", "link", "invitation")
_OPEN = text("used_at IS NULL AND withdrawn_at IS NULL")


def digest(secret: str) -> bytes:
    """Give what is kept of a secret (32 bytes)."""
    return hashlib.sha256(secret.encode()).digest()


class ExternalIdentity(Base):
    """Somebody as the provider knows them for good: issuer and subject, or for Entra tenant and object."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("person_id", "issuer"))

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    issuer: Mapped[str]
    subject: Mapped[str]
    linked_at: Mapped[datetime]
    linked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    last_used_at: Mapped[datetime | None]


class OidcInvitation(Base):
    """A link, mailed once, by which one person links their council account: the SHA-256 of its key, never the key."""

    __tablename__ = "oidc_invitation"
    __table_args__ = (
        CheckConstraint("used_at IS NULL OR withdrawn_at IS NULL", name="used_or_withdrawn"),
        Index("uq_oidc_invitation_one_open", "person_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    made_at: Mapped[datetime]
    runs_out_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class OidcFlow(Base):
    """An attempt that was sent to the provider: what it is for, and whether its one answer has come."""

    __tablename__ = "oidc_flow"
    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES!r}", name="purpose"),
        CheckConstraint("(purpose = 'link') = (person_id IS NOT NULL)", name="a_link_names_its_person"),
        CheckConstraint("(purpose = 'invitation') = (invitation_id IS NOT NULL)", name="an_invitation_is_named"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    purpose: Mapped[str] = mapped_column(Word)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("oidc_invitation.id", ondelete="CASCADE"))
    started_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]


class OidcSession(Base):
    """How the provider says that somebody signed in to it, beside the session that began so (RFC 8176 for `amr`).

    Of the session there it is kept by what digest it is named when it ends (`sid`), where the provider names it.
    """

    __tablename__ = "oidc_session"

    session_id: Mapped[int] = mapped_column(ForeignKey("web_session.id", ondelete="CASCADE"), primary_key=True)
    acr: Mapped[str | None]
    amr: Mapped[list[str]]
    sid_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)


class OidcLogout(Base):
    """That a logout token came, and which session it ended, until neither it nor an answer of that session counts."""

    __tablename__ = "oidc_logout"

    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    sid_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)
    forgotten_at: Mapped[datetime] = mapped_column(index=True)


class OidcRole(Base):
    """That a role came from the provider: only such a one is ever ended by it."""

    __tablename__ = "oidc_role"

    assignment_id: Mapped[int] = mapped_column(ForeignKey("role_assignment.id", ondelete="CASCADE"), primary_key=True)


class OidcClaim(Base):
    """An app role that the provider named for somebody at their last sign-in, and what came of it."""

    __tablename__ = "oidc_claim"
    __table_args__ = (
        CheckConstraint(f"outcome IN {tuple(map(str, Outcome))!r}", name="outcome"),
        UniqueConstraint("identity_id", "app_role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("external_identity.id", ondelete="CASCADE"))
    app_role: Mapped[str]
    outcome: Mapped[str] = mapped_column(Word)
    said_at: Mapped[datetime]
