"""What a provider must have signed before anybody is signed out by it (OpenID Connect Back-Channel Logout 1.0, 2.6).

A logout token is no answer to anything: it has no nonce, it names the event, and it counts once. One that fails is
refused by the name of what was wrong in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.domain.oidc import CLOCKS_DIFFER, TOKEN_FOR, check_parties, check_times, is_name, refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

EVENT = "http://schemas.openid.net/event/backchannel-logout"
KINDS = frozenset({"logout+jwt", "application/logout+jwt", "jwt"})
"""What the header may call it, where it says so at all."""

KEPT_FOR = TOKEN_FOR + 3 * CLOCKS_DIFFER
"""How long it is kept that a token came, and which session is over: an older one is refused by its time."""


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Who is signed out at the provider: everywhere, or in the one session that is named."""

    issuer: str
    token_id: str
    subject: str | None
    session: str | None


def logged_out(claims: Mapping[str, object], *, issuer: str, client_id: str, at: datetime) -> LoggedOut:
    """Read the claims of a logout token whose signature holds; refuse (`AnswerRefused`) what is none for us and now."""
    check_parties(claims, issuer=issuer, client_id=client_id)
    check_times(claims, at)
    if "nonce" in claims:  # an answer to a sign-in, played back to sign somebody out
        raise refused("nonce")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise refused("events")
    token_id = _named(claims, "jti")
    if token_id is None:
        raise refused("jti")
    told = LoggedOut(issuer, token_id, _named(claims, "sub"), _named(claims, "sid"))
    if told.subject is None and told.session is None:
        raise refused("sub")
    return told


def _named(claims: Mapping[str, object], claim: str) -> str | None:
    found = claims.get(claim)
    if found is None:
        return None
    if not isinstance(found, str) or not is_name(found):
        raise refused(claim)
    return found
