"""A form counts only if our own page sent it: what the browser says of its origin, beside the form's token."""

from urllib.parse import urlsplit

from flask import Flask, abort, request

from riskapp.web import logs

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES = frozenset({"same-origin", "none"})  # "none": no page sent it, the person at the browser did
UNCHECKED = frozenset({"policy_reports"})
"""Doors that change nothing, to which browsers send without telling who asked."""

SIGNED = frozenset({"logout.told"})
"""Doors to which another server sends what it has signed: of these no token of a form is asked."""


def is_own(base_url: str) -> bool:
    """Say whether the browser calls this request our own; one that says nothing is left to the token."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site.lower() not in OWN_SITES:
        return False
    return origin is None or origin == f"{urlsplit(base_url).scheme}://{request.host}"


def install(app: Flask, base_url: str) -> None:
    """Refuse a write from another site before anything reads it; the host was checked against TRUSTED_HOSTS."""

    @app.before_request
    def _refuse_what_others_send() -> None:
        if request.method not in SAFE and request.endpoint not in UNCHECKED and not is_own(base_url):
            logs.warn("a write from another site", reason="origin")
            abort(403)
