"""A little OpenID provider of the tests' own, which lies as it is told to, in ways that a real one never does."""

import base64
import hashlib
import json
import secrets
import threading
import time
import warnings
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.serving import make_server

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it still stands on a module that Authlib will drop; riskapp does not
    import oidc_provider_mock as real_provider  # noqa: F401 - handed on


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
CLIENT, SECRET = "riskapp-client", "a-client-secret-for-tests-only"
KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}, private=True)
SECOND_KEY = RSAKey.generate_key(2048, {"kid": "second", "use": "sig"}, private=True)
FOREIGN_KEY = RSAKey.generate_key(2048, {"kid": "first"}, private=True)
FOR_SECRETS = RSAKey.generate_key(2048, {"kid": "sealing", "use": "enc"}, private=True)
MISUSED = RSAKey.import_key({k: v for k, v in FOR_SECRETS.as_dict(private=True).items() if k != "use"})
SHARED = OctKey.import_key({"kty": "oct", "kid": "shared", "k": b64(b"s" * 64)})


class LyingProvider:
    """Answers honestly until `claims`, `header`, `token` or `answers` say otherwise; each case sets them anew."""

    def __init__(self) -> None:
        self.issuer = ""
        self.secrets: set[str] = set()  # every code and token that was ever given out
        self.honest()

    def honest(self) -> None:
        self.issued: dict[str, dict] = {}
        self.claims: dict[str, object] = {}  # laid over the honest ones; None takes a claim away
        self.header: dict[str, object] = {}
        self.key = KEY
        self.sign = lambda header, claims: jwt.encode(header, claims, self.key, algorithms=[header["alg"]])
        self.spoil = lambda token: token
        self.token_answer = None
        self.says: dict[str, object] = {}
        self.keys = [KEY, SECOND_KEY, FOR_SECRETS]
        self.shares_a_secret = False

    # ---- what a browser meets
    def authorise(self, address: str, subject: str, **claims: object) -> dict[str, str]:
        """Sign somebody in who came with an address, as the provider's page does, and give what goes back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["code_challenge_method"] == "S256"
        assert asked["response_type"] == "code"
        code = secrets.token_urlsafe(24)
        self.secrets.add(code)
        self.issued[code] = {"asked": asked, "claims": {"sub": subject, **claims}}
        return {"code": code, "state": asked["state"]}

    # ---- what riskapp asks
    def app(self) -> Flask:
        app = Flask("lying-provider")

        @app.get("/.well-known/openid-configuration")
        def describe() -> Response:
            return jsonify(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorise",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                    "end_session_endpoint": f"{self.issuer}/leave",
                    "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
                }
                | self.says
            )

        @app.get("/keys")
        def keys() -> Response:
            found = [key.as_dict(private=False) for key in self.keys]
            return jsonify({"keys": found + ([SHARED.as_dict(private=True)] if self.shares_a_secret else [])})

        @app.get("/authorise")
        def sign_in() -> Response:
            back = self.authorise(request.url, request.args.get("as", "somebody"))
            return redirect(f"{request.args['redirect_uri']}?{urlencode(back)}")

        @app.post("/token")
        def token() -> Response | tuple[Response, int]:
            return self.token_answer() if self.token_answer else self._token()

        @app.post("/elsewhere")
        def elsewhere() -> Response | tuple[Response, int]:
            return self._token()

        return app

    def _token(self) -> Response | tuple[Response, int]:
        said, client = request.form, request.authorization
        found = self.issued.pop(said.get("code", ""), None)
        if client is None or (client.username, client.password) != (CLIENT, SECRET):
            return jsonify({"error": "invalid_client"}), 401
        challenge = b64(hashlib.sha256(said.get("code_verifier", "").encode()).digest())
        if (
            found is None
            or found["asked"]["redirect_uri"] != said.get("redirect_uri")
            or found["asked"]["code_challenge"] != challenge
        ):
            return jsonify({"error": "invalid_grant"}), 400
        token = self._sign(found)
        access = secrets.token_urlsafe(24)
        self.secrets |= {token, access, said["code_verifier"], found["asked"]["nonce"], found["asked"]["state"]}
        return jsonify({"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": token})

    def _sign(self, found: dict) -> str:
        at = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": found["asked"]["nonce"]}
        return self._signed(claims | found["claims"], typ="JWT")

    def logout_token(self, **claims: object) -> str:
        """Say that somebody signed out, as the provider does, server to server; None takes a claim away."""
        at = int(time.time())
        honest = {"iss": self.issuer, "aud": CLIENT, "iat": at, "exp": at + 120, "jti": secrets.token_urlsafe(16)}
        token = self._signed(honest | {"events": {LOGOUT: {}}} | claims, typ="logout+jwt")
        self.secrets.add(token)
        return token

    def _signed(self, claims: dict, *, typ: str) -> str:
        claims |= self.claims
        header = {"alg": "RS256", "kid": "first", "typ": typ} | self.header
        told, head = ({name: v for name, v in each.items() if v is not None} for each in (claims, header))
        return self.spoil(self.sign(head, told))


def without_signature(header: dict, claims: dict) -> str:
    return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}."


@contextmanager
def served(app: Flask):
    """An application on a free port of this machine; gives its address."""
    door = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{door.server_port}"
    door.shutdown()
    thread.join()
    door.server_close()


@contextmanager
def a_lying_provider():
    lying = LyingProvider()
    with served(lying.app()) as address:
        lying.issuer = address
        yield lying
