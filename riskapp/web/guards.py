"""Who may pass a door: every route names a permission, and every object is checked before it is shown."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, Response, abort, g, redirect, request, url_for

from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.web import logs, sessions

P = ParamSpec("P")
R = TypeVar("R")

STANDS_OPEN = frozenset({"static", "style", "policy_reports"})
"""Endpoints of style and fonts, the same for everyone, and the one to which browsers say what they refused."""


def requires(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Name the permission a route stands on; the visitor is sent to sign in where it needs somebody."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if permission is not Permission.PUBLIC and g.actor.person_id is None:
                sessions.remember_wanted_page()
                return cast("R", redirect(url_for("accounts.sign_in")))
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined] # read by the test that walks every route
        return guarded

    return mark


def actor() -> Actor:
    """Who is asking, with the posts and roles of this moment."""
    return cast("Actor", g.actor)


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


def install(app: Flask, find_actor: Callable[[str, str], Actor | None]) -> None:
    """Look up the actor before each request: `find_actor(token, request_id)` gives None for a stranger."""

    @app.before_request
    def _who_is_asking() -> None:
        number, token = logs.request_id(), sessions.token()
        known = find_actor(token, number) if token and request.endpoint not in STANDS_OPEN else None
        g.actor = known or Actor(person_id=None, request_id=number)

    @app.after_request
    def _keep_to_oneself(response: Response) -> Response:
        return response if request.endpoint in STANDS_OPEN else sessions.never_cache(response)
