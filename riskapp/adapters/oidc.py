"""The council's sign-in provider: what it says of itself, its keys, and the token it gives for a code.

Authlib speaks the protocol (code flow, PKCE S256); joserfc checks the signature. A token is read and dropped here:
neither it nor a code is kept, logged or put into the words of a fault.
"""

import time
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from requests import RequestException

from riskapp.domain.logout import KINDS
from riskapp.domain.oidc import ALGORITHMS, SCOPE, Secrets, refused
from riskapp.settings import OidcSettings

KNOWN_FOR = 3600.0
ASK_AGAIN_AFTER = 60.0
"""Seconds for which what a provider says is good, and after which a key that is not known is asked for once more."""
PATIENCE = 10
LONGEST_TOKEN = 100_000
BASIC = "client_secret_basic"
ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
IN_A_HEADER = ("jwk", "jku", "x5u", "x5c", "crit")
"""With these a token would bring its own key, or ask for rules that nobody here knows."""


class ProviderFailed(Exception):
    """The provider cannot be reached, or does not describe itself so that it can be used: the name of what is wrong."""


@dataclass(frozen=True, slots=True)
class _Known:
    says: Mapping[str, Any]
    keys: tuple[Mapping[str, Any], ...]
    at: float


class Provider:
    """One provider, asked over https; it remembers for an hour what it read of it."""

    def __init__(self, settings: OidcSettings, *, redirect_uri: str) -> None:
        self.settings = settings
        self._redirect_uri = redirect_uri
        self._known: _Known | None = None

    def address_to_sign_in(self, secrets: Secrets) -> str:
        """Give the address at the provider where somebody signs in, and from where they come back."""
        says = self._now().says
        address, _state = self._session().create_authorization_url(
            says["authorization_endpoint"],
            state=secrets.state,
            nonce=secrets.nonce,
            code_verifier=secrets.verifier,
        )
        return str(address)

    def address_to_sign_out(self, back_to: str) -> str | None:
        """Give the address at the provider where somebody signs out of it; None if it has none."""
        end = self._now().says.get("end_session_endpoint")
        if not isinstance(end, str) or not self._is_safe(end):
            return None
        asked = urlencode({"client_id": self.settings.client_id, "post_logout_redirect_uri": back_to})
        return f"{end}{'&' if '?' in end else '?'}{asked}"

    @property
    def always_says_who_answers(self) -> bool:
        """Whether each answer of this provider names it (RFC 9207)."""
        return self._now().says.get("authorization_response_iss_parameter_supported") is True

    def claims(self, code: str, verifier: str) -> dict[str, Any]:
        """Exchange a code for a token and give what is signed in it; refuse (`AnswerRefused`) what no key proves."""
        return self._verified(self._token(code, verifier))

    def logout_claims(self, token: str) -> dict[str, Any]:
        """Give what is signed in a logout token; refuse (`AnswerRefused`) what no key proves, or calls itself else."""
        if len(token) > LONGEST_TOKEN:
            raise refused("logout_token")
        return self._verified(token, kinds=KINDS)

    def _token(self, code: str, verifier: str) -> str:
        says = self._now().says
        try:
            answer = self._session().fetch_token(
                says["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                redirect_uri=self._redirect_uri,
                code_verifier=verifier,
            )
        except OAuthError:
            raise refused("code") from None
        except (RequestException, ValueError, TypeError, KeyError) as fault:
            raise ProviderFailed(f"token_endpoint: {type(fault).__name__}") from None
        token = answer.get("id_token")
        if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
            raise refused("id_token")
        return token

    def _verified(self, token: str, *, kinds: Container[str] | None = None) -> dict[str, Any]:
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError, TypeError):
            raise refused("id_token") from None
        algorithm = header.get("alg")
        if algorithm not in self._algorithms() or any(name in header for name in IN_A_HEADER):
            raise refused("alg" if algorithm not in self._algorithms() else "header")
        if kinds is not None and str(header.get("typ", "JWT")).lower() not in kinds:
            raise refused("typ")
        registry, key = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False), self._key(header)
        try:
            found = jwt.decode(token, key, registry=registry).claims
        except (JoseError, ValueError, TypeError):
            raise refused("signature") from None
        return dict(found)

    def _algorithms(self) -> frozenset[str]:
        said = self._now().says.get("id_token_signing_alg_values_supported") or ["RS256"]
        return frozenset(ALGORITHMS) & frozenset(each for each in said if isinstance(each, str))

    def _key(self, header: Mapping[str, Any]) -> Key:
        """Find the one key that the header names; a new one is asked for, at most once a minute."""
        found = self._keys_for(header)
        if not found and self._known and time.monotonic() - self._known.at > ASK_AGAIN_AFTER:
            self._known = None
            found = self._keys_for(header)
        if len(found) != 1:
            raise refused("kid")
        return import_key(dict(found[0]))

    def _keys_for(self, header: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        named = "kid" in header
        return [
            key
            for key in self._now().keys
            if (not named or key.get("kid") == header["kid"]) and key.get("alg", header["alg"]) == header["alg"]
        ]

    def _now(self) -> _Known:
        if self._known is None or time.monotonic() - self._known.at > KNOWN_FOR:
            self._known = self._read()
        return self._known

    def _read(self) -> _Known:
        says = self._document(self.settings.discovery)
        if says.get("issuer") != self.settings.issuer:
            raise ProviderFailed("issuer: the provider calls itself otherwise than OIDC_ISSUER")
        for name in ADDRESSES:
            if not isinstance(says.get(name), str) or not self._is_safe(says[name]):
                raise ProviderFailed(f"{name}: not an https:// address")
        keys = self._document(says["jwks_uri"]).get("keys")
        if not isinstance(keys, list):
            raise ProviderFailed("jwks_uri: no keys")
        fit = tuple(key for key in keys if isinstance(key, dict) and _signs(key))
        return _Known(says, fit, time.monotonic())

    def _document(self, address: str) -> dict[str, Any]:
        name = urlsplit(address).path.rpartition("/")[2]
        try:
            with self._session() as session:
                answer = session.request("GET", address, withhold_token=True, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (RequestException, ValueError) as fault:
            raise ProviderFailed(f"{name}: {type(fault).__name__}") from None
        if answer.is_redirect or not isinstance(found, dict):
            raise ProviderFailed(f"{name}: not a document")
        return found

    def _is_safe(self, address: str) -> bool:
        """Whether it is asked as safely as the issuer is: over http only where the issuer itself is, in tests."""
        return urlsplit(address).scheme in {"https", urlsplit(self.settings.issuer).scheme}

    def _session(self) -> OAuth2Session:
        known = self._known.says if self._known else {}
        methods = known.get("token_endpoint_auth_methods_supported") or [BASIC]
        session = OAuth2Session(
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method=BASIC if BASIC in methods else "client_secret_post",
            default_timeout=PATIENCE,
        )
        session.max_redirects = 0  # a redirect could lead the secret, or this server, elsewhere
        return session


def _signs(key: Mapping[str, Any]) -> bool:
    """Whether it is a public key for signatures: never a secret that both sides know."""
    return key.get("kty") in {"RSA", "EC", "OKP"} and key.get("use", "sig") == "sig"
