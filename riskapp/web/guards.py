"""Who may pass a door: every route names a permission, and every object is checked before it is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, Response, abort, g, redirect, request, url_for

from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.web import logs, sessions

P = ParamSpec("P")
R = TypeVar("R")

STANDS_OPEN = frozenset({"static", "style", "policy_reports"})
"""Endpoints of style and fonts, the same for everyone, and the one to which browsers say what they refused."""


@dataclass(frozen=True, slots=True)
class Known:
    """Who a session belongs to. While it waits at an endpoint, for a second factor, it opens nothing else.

    `is_proved` while its owner has proved so lately who they are that it counts for a sensitive deed.
    """

    actor: Actor
    is_proved: bool
    waits_at: str | None = None


def requires(permission: Permission, *, is_to_wait_at: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Name the permission a route stands on; the visitor is sent to sign in where it needs somebody.

    A route `is_to_wait_at` serves those too whose session waits there.
    """

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            waits_here = is_to_wait_at and _waits_here()
            if permission is not Permission.PUBLIC and g.actor.person_id is None and not waits_here:
                sessions.remember_wanted_page()
                elsewhere = redirect(url_for(_waiting_place() or "accounts.sign_in"))
                is_over = g.known is None and sessions.token()
                return cast("R", sessions.clear(elsewhere) if is_over else elsewhere)
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined] # read by the test that walks every route
        return guarded

    return mark


def actor() -> Actor:
    """Who is asking, with the posts and roles of this moment."""
    return cast("Actor", g.actor)


def whoever_waits() -> Actor:
    """Who is asking, on a page that serves those too whose session waits there."""
    return g.known.actor if g.known else actor()


def is_waiting() -> bool:
    """Say whether the session opens nothing yet."""
    return _waiting_place() is not None


def is_proved() -> bool:
    """Say whether who is asking has proved so lately who they are that it counts for a sensitive deed."""
    return g.known is not None and g.known.is_proved


def _waiting_place() -> str | None:
    return g.known.waits_at if g.known else None


def _waits_here() -> bool:
    place = _waiting_place()
    return place is not None and place.partition(".")[0] == request.blueprint


def is_known() -> bool:
    """Say whether it was looked up who is asking: not where a request failed before that."""
    return "actor" in g


def allow(permission: Permission, facts: Facts = Facts()) -> None:  # noqa: B008 - frozen, so shared safely
    """Let the actor pass, or answer as if the thing were not there: not allowed and not found look the same."""
    if not may(actor(), permission, facts):
        abort(404)


def allows(permission: Permission, facts: Facts = Facts()) -> bool:  # noqa: B008 - frozen, so shared safely
    """Say whether a button is worth showing."""
    return may(actor(), permission, facts)


def install(app: Flask, find_actor: Callable[[str, str], Known | None]) -> None:
    """Look up the actor before each request: `find_actor(token, request_id)` gives None for a stranger."""

    @app.before_request
    def _who_is_asking() -> None:
        number, token = logs.request_id(), sessions.token()
        g.known = find_actor(token, number) if token and request.endpoint not in STANDS_OPEN else None
        is_whole = g.known is not None and g.known.waits_at is None
        g.actor = g.known.actor if is_whole else Actor(person_id=None, request_id=number)

    @app.after_request
    def _keep_to_oneself(response: Response) -> Response:
        is_kept = request.endpoint in STANDS_OPEN and response.status_code < logs.FIRST_ERROR
        return response if is_kept else sessions.never_cache(response)
