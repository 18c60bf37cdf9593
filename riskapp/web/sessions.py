"""The cookie that names a session on the server, where it is, and the page a visitor wanted before signing in."""

import hashlib
import re
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Response, after_this_request, current_app, redirect, request, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import Signer
from werkzeug.wrappers import Response as BaseResponse

_WANTED, _RENEWED = "wanted", "riskapp.session"
LONGEST_WANTED = 1000
"""Bytes of a page wanted that is kept: a browser drops a cookie beyond 4,096 bytes, and a form's token with it."""
LEFT_IN_A_BROWSER = '"cache", "storage"'
"""What is cleared once a session is over. Not "cookies": that takes along those of the council's other sites."""


class FormCookie(SecureCookieSessionInterface):
    """The cookie behind forms, signed by SHA-256 in place of the library's SHA-1."""

    digest_method = staticmethod(hashlib.sha256)


Signer.default_digest_method = staticmethod(hashlib.sha256)
"""And so are the tokens of forms, for which Flask-WTF takes what is usual in the library."""


def _name() -> str:
    return "__Host-sid" if _secure() else "sid"


def _secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def token() -> str:
    """Read the token the browser sent, or the one it was given since; empty if none."""
    renewed: str | None = request.environ.get(_RENEWED)
    return renewed or request.cookies.get(_name(), "")


def start(response: BaseResponse, new_token: str) -> BaseResponse:
    """Give the browser its token, which no script can read and no other site can send along with a form."""
    response.set_cookie(_name(), new_token, secure=_secure(), httponly=True, samesite="Lax", path="/")
    return response


def renew(new_token: str) -> None:
    """Let the browser go on by a new token, unless the answer begins or ends a session by itself."""
    request.environ[_RENEWED] = new_token

    @after_this_request
    def _give(response: Response) -> Response:
        is_said = any(each.startswith(f"{_name()}=") for each in response.headers.getlist("Set-Cookie"))
        return response if is_said else start(response, new_token)  # type: ignore[return-value] # the same object


def let_in(new_token: str, *, home: str) -> BaseResponse:
    """Begin the session of who has just signed in, at the page they wanted or at `home`; nothing before is kept."""
    wanted = wanted_page()
    session.clear()
    return start(redirect(wanted or home), new_token)


def end(response: BaseResponse) -> BaseResponse:
    """Take the token away from the browser, and all that it keeps of the pages."""
    response.delete_cookie(_name(), secure=_secure(), httponly=True, samesite="Lax", path="/")
    return clear(response)


def clear(response: BaseResponse) -> BaseResponse:
    """Have the browser drop what it keeps of the pages of a session that is over."""
    response.headers["Clear-Site-Data"] = LEFT_IN_A_BROWSER
    return response


def network() -> str:
    """Where a request comes from, as wrong tries are counted: an address, of IPv6 the network that one house has."""
    try:
        found = ip_address(request.remote_addr or "")
    except ValueError:
        return ""
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def browser() -> str:
    """Say in a few words what browser a request comes from, as far as it says so itself."""
    said = request.headers.get("User-Agent", "")
    program = next((words for sign, words in _PROGRAMS if sign in said), "A browser")
    machine = next((words for sign, words in _MACHINES if sign in said), "")
    return f"{program} on {machine}" if machine else program


_PROGRAMS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
_MACHINES = (("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS X", "a Mac"), ("CrOS", "a Chromebook"), ("Linux", "Linux"))  # fmt: skip
"""What each puts into its header; the first that fits, since many name others too."""


def remember_wanted_page() -> None:
    """Keep the path a visitor asked for, on this side: nothing in an address can then send anyone elsewhere."""
    wanted = request.full_path.rstrip("?")
    if request.method == "GET" and len(wanted.encode()) <= LONGEST_WANTED:
        session[_WANTED] = wanted


def wanted_page() -> str | None:
    """Give the path kept before signing in, once, if it is one of this site."""
    wanted = session.pop(_WANTED, None)
    return wanted if isinstance(wanted, str) and is_inside(wanted) else None


def is_inside(path: str) -> bool:
    """Whether a browser that is sent to this address stays on this site, however it reads it.

    One slash and no second, nor what browsers take for one; no sign that they drop or that ends a header; no step back.
    """
    return bool(_INSIDE.fullmatch(path)) and not _SHIFTY.search(path.partition("?")[0].partition("#")[0])


_INSIDE = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_SHIFTY = re.compile(r"//|/\.{1,2}(/|$)|%(2f|5c|2e|0|1)", re.IGNORECASE)


def never_cache(response: Response) -> Response:
    """Keep pages for one person out of every cache."""
    response.headers["Cache-Control"] = "no-store"  # also where a file was given out with a word of its own
    response.headers.add("Vary", "Cookie")
    return response
