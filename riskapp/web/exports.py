"""Every file of a list that leaves is recorded, whichever door it leaves by."""

from collections.abc import Callable, Mapping

from flask import Flask, current_app, request

Keep = Callable[[str, int, Mapping[str, str]], None]
"""Records an export: the list's name, the number of rows, and what was asked for."""


def install(app: Flask, keep: Keep) -> None:
    """Take what keeps the record: this storey knows no feature."""
    app.extensions["exports"] = keep


def record(name: str, rows: int) -> None:
    """Record that a file of so many rows was asked for, and how it was narrowed."""
    keep: Keep = current_app.extensions["exports"]
    keep(name, rows, {key: value for key, value in request.args.items() if value})
