"""What is on screen as CSV, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence

from flask import Flask, Response, current_app, request

MOST_ROWS = 100_000
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for a formula (ASVS 1.2.10)."""


Keep = Callable[[str, int, Mapping[str, str]], None]
"""Records an export: the list's name, the number of rows, and what was asked for."""


def install(app: Flask, keep: Keep) -> None:
    """Have every file that leaves recorded, whichever door it leaves by."""
    app.extensions["exports"] = keep


def cell(value: object) -> str:
    """Spell a value; text that a spreadsheet would run gets an apostrophe in front, numbers stay numbers."""
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(DANGEROUS) else text


def answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Answer with a file of that name: UTF-8 with the mark that spreadsheets look for; the export is recorded."""
    file, count = io.StringIO(), 0
    writer = csv.writer(file)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([cell(value) for value in row])
        count += 1
    keep: Keep = current_app.extensions["exports"]
    keep(name, count, {key: value for key, value in request.args.items() if value})
    response = Response("\ufeff" + file.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
