"""The cookie that names a session on the server, and the page a visitor wanted before signing in."""

from flask import Response, current_app, request, session
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


def end(response: BaseResponse) -> BaseResponse:
    """Take the token away from the browser."""
    response.delete_cookie(_name(), secure=_secure(), httponly=True, samesite="Lax", path="/")
    return response


def remember_wanted_page() -> None:
    """Keep the path a visitor asked for, on this side: nothing in an address can then send anyone elsewhere."""
    if request.method == "GET":
        session[_WANTED] = request.full_path.rstrip("?")


def wanted_page() -> str | None:
    """Give the path kept before signing in, once."""
    wanted = session.pop(_WANTED, None)
    return str(wanted) if wanted else None


def never_cache(response: Response) -> Response:
    """Keep pages for one person out of every cache."""
    response.headers["Cache-Control"] = "no-store"  # also where a file was given out with a word of its own
    response.headers.add("Vary", "Cookie")
    return response
