"""What came by plain http to the proxy: a page is asked for anew by https, and anything else is refused.

How it came is what the proxy says (X-Forwarded-Proto, as many hops back as PROXY_HOPS); where it says nothing, the
request is let be, so that a proxy that tells less cannot send a browser round for ever.
"""

from urllib.parse import quote

from flask import Flask, abort, redirect, request
from werkzeug.wrappers import Response

from riskapp.web import logs
from riskapp.web.origin import SAFE

OF_A_MONITOR = frozenset({"clock.health", "clock.ready"})
"""They are asked on the machine itself, and tell nothing of anybody."""


def install(app: Flask, base_url: str) -> None:
    """Insist on https for an application that people reach by it."""

    @app.before_request
    def _insist() -> Response | None:
        is_clear = request.scheme == "http" and "X-Forwarded-Proto" in request.headers
        if not is_clear or request.endpoint in OF_A_MONITOR:
            return None
        logs.warn("a request in the clear", reason="http")
        if request.method not in SAFE:
            abort(403)
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        return redirect(base_url + quote(request.path) + query, 308)
