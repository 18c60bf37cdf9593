"""The cookie that names a session on the server, where it is, and the page a visitor wanted before signing in."""

import re
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Response, current_app, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse

_WANTED = "wanted"


def _name() -> str:
    return "__Host-sid" if _secure() else "sid"


def _secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def token() -> str:
    """Read the token the browser sent; empty if none."""
    return request.cookies.get(_name(), "")


def start(response: BaseResponse, new_token: str) -> BaseResponse:
    """Give the browser its token, which no script can read and no other site can send along with a form."""
    response.set_cookie(_name(), new_token, secure=_secure(), httponly=True, samesite="Lax", path="/")
    return response


def let_in(new_token: str, *, home: str) -> BaseResponse:
    """Begin the session of who has just signed in, at the page they wanted or at `home`; nothing before is kept."""
    wanted = wanted_page()
    session.clear()
    return start(redirect(wanted or home), new_token)


def end(response: BaseResponse) -> BaseResponse:
    """Take the token away from the browser."""
    response.delete_cookie(_name(), secure=_secure(), httponly=True, samesite="Lax", path="/")
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
    if request.method == "GET":
        session[_WANTED] = request.full_path.rstrip("?")


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
