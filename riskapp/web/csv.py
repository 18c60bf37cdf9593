"""A list as a CSV file that a spreadsheet opens safely."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from flask import Response

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins with one of these as a formula."""


def cell(value: object) -> str:
    """Spell a value: nothing for None, dates as ISO text, and words that look like a formula behind an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    looks_like_a_formula = text.lstrip(" ").startswith(DANGEROUS) and not isinstance(value, int | float)
    return f"'{text}" if looks_like_a_formula else text


def download(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Send rows under their heads as a file; a byte order mark tells spreadsheets that it is UTF-8."""
    response = Response(_lines(heads, rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _lines(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "\ufeff"
    for row in (heads, *rows):
        line = io.StringIO()
        csv.writer(line).writerow([cell(value) for value in row])
        yield line.getvalue()
