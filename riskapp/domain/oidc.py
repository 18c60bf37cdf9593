"""What an answer of the council's sign-in provider must be before anybody is let in by it.

Source: OpenID Connect Core 1.0, 3.1.3.7; RFC 9207 for who answered; RFC 8725 for signatures. An answer that fails is
refused by the name of what was wrong in it, and none of its values is repeated: they are secrets of somebody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from riskapp.domain.refusal import Cannot, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that only the provider can make: never none, and never a secret that both sides know (HS256)."""

SCOPE = "openid"
"""All that is asked for: names and addresses are not needed, since nobody is known by them."""

FLOW_FOR = timedelta(minutes=10)
INVITATION_FOR = timedelta(hours=72)
CLOCKS_DIFFER = timedelta(seconds=60)
TOKEN_FOR = timedelta(minutes=10)
"""An answer is fetched within moments of being made, so an older one was made for something else."""

LONGEST_NAME = 255
"""Of an issuer or a subject, as OpenID Connect limits a subject."""


class AnswerRefused(Cannot):
    """The provider's answer is not one for this browser, this moment and this riskapp; the field names what is not."""

    @property
    def what(self) -> str:
        """The name of what was wrong, fit for a log."""
        return str(self.refusals[0].field)


class CannotEnter(Cannot):
    """The provider knows who this is, and riskapp has no open account linked to them."""


class CannotLink(Cannot):
    """The council account cannot be linked to this person, or not be unlinked."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What one attempt to sign in is known by: to the provider and back, in the token, and when it is fetched."""

    state: str
    nonce: str
    verifier: str  # RFC 7636: 43 characters


def secrets_of(key: str) -> Secrets:
    """Derive the secrets of an attempt from the key that only the browser holds, so that none of them is kept."""
    return Secrets(*(_derived(key, use) for use in ("state", "nonce", "code_verifier")))


def _derived(key: str, use: str) -> str:
    digest = hmac.digest(key.encode(), use.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Expected:
    """Who must have answered, to whom, and to which attempt."""

    issuer: str
    client_id: str
    nonce: str
    is_entra: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Who somebody is to the provider, for good; the roles it gives them; and how they signed in there."""

    issuer: str  # for Entra the tenant (tid)
    subject: str  # for Entra the object (oid)
    roles: frozenset[str] = frozenset()
    acr: str | None = None
    amr: tuple[str, ...] = ()
    session: str | None = None  # there, as it is named when it ends


def told(claims: Mapping[str, object], expected: Expected, *, at: datetime) -> Told:
    """Read the claims of a token whose signature holds; refuse (`AnswerRefused`) one for another, or another time."""
    check_parties(claims, issuer=expected.issuer, client_id=expected.client_id)
    check_times(claims, at)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise refused("nonce")
    issuer, subject = _who(claims, expected)
    acr, amr, session = claims.get("acr"), claims.get("amr"), claims.get("sid")
    return Told(
        issuer,
        subject,
        frozenset(map(_shown, _texts(claims.get("roles")))),
        acr if isinstance(acr, str) else None,
        tuple(_texts(amr)),
        session if isinstance(session, str) else None,
    )


def check_parties(claims: Mapping[str, object], *, issuer: str, client_id: str) -> None:
    """Refuse a token of another issuer, or for anybody else than us alone."""
    if claims.get("iss") != issuer:
        raise refused("iss")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if audiences != [client_id]:  # a token for us and others could have been given to any of them
        raise refused("aud")
    if claims.get("azp", client_id) != client_id:
        raise refused("azp")


def check_times(claims: Mapping[str, object], at: datetime) -> None:
    """Refuse a token that has run out, was made a while ago, or is of a time to come."""
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    if expires <= at - CLOCKS_DIFFER:
        raise refused("exp")
    if not at - TOKEN_FOR - CLOCKS_DIFFER <= issued <= at + CLOCKS_DIFFER:
        raise refused("iat")
    if "nbf" in claims and _instant(claims, "nbf") > at + CLOCKS_DIFFER:
        raise refused("nbf")


def _instant(claims: Mapping[str, object], name: str) -> datetime:
    seconds = claims.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise refused(name)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise refused(name) from None


def _who(claims: Mapping[str, object], expected: Expected) -> tuple[str, str]:
    subject = _name(claims, "sub")
    if not expected.is_entra:
        return expected.issuer, subject
    tenant, person = _name(claims, "tid"), _name(claims, "oid")
    if f"/{tenant}/" not in expected.issuer:
        raise refused("tid")
    return tenant, person


def _name(claims: Mapping[str, object], claim: str) -> str:
    found = claims.get(claim)
    if not isinstance(found, str) or not is_name(found):
        raise refused(claim)
    return found


def is_name(said: str) -> bool:
    """Say whether it can be a name: of an issuer, a subject, a role, a session or a token."""
    return 0 < len(said) <= LONGEST_NAME and said.isprintable()


def _shown(role: str) -> str:
    """A role as it was named; one that no policy could name is spelt so that it can be kept, and stays such a one."""
    return role if is_name(role) else f"{role[:60]!a}"


def _texts(found: object) -> tuple[str, ...]:
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()


def check_who_answered(issuer: str | None, expected: str, *, always_says: bool) -> None:
    """Refuse an answer that another provider gave (RFC 9207); one that always names itself must do so here too."""
    if issuer != expected and (issuer is not None or always_says):
        raise refused("iss")


def refused(what: str) -> AnswerRefused:
    """Say that something in an answer was wrong, by its name alone."""
    return AnswerRefused(Refusal(what, f"The answer of the sign-in provider is not to be trusted: {what}"))
