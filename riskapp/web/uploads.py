"""How much a door takes in: a form by default, and a file where the door says so."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

F = TypeVar("F", bound=Callable[..., Any])

MEGABYTE = 1024 * 1024
A_FORM = MEGABYTE
"""More than every field of the largest form, each as long as it may be."""


def takes(megabytes: int) -> Callable[[F], F]:
    """Let a door take a file: so many megabytes, with the form round it."""

    def mark(view: F) -> F:
        view.most_bytes = megabytes * MEGABYTE + A_FORM  # type: ignore[attr-defined] # read before the request is
        return view

    return mark


def most_bytes() -> int:
    """Give what the door that was asked for takes."""
    view = current_app.view_functions.get(request.endpoint or "")
    return int(getattr(view, "most_bytes", A_FORM))


def install(app: Flask) -> None:
    """Set the limit before anything reads what was sent."""

    @app.before_request
    def _take_no_more() -> None:
        request.max_content_length = most_bytes()
