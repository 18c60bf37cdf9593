"""What is on screen as CSV, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from riskapp.domain.cells import defused
from riskapp.web import exports

MOST_ROWS = 100_000


def cell(value: object) -> str:
    """Spell a value: the one way for words into a CSV file. Text that a spreadsheet would run is defused."""
    if value is None:
        return ""
    return defused(value) if isinstance(value, str) else str(value)


def answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Answer with a file of that name: UTF-8 with the mark that spreadsheets look for; the export is recorded."""
    file, count = io.StringIO(), 0
    writer = csv.writer(file)
    writer.writerow(cell(head) for head in heads)
    for row in rows:
        writer.writerow([cell(value) for value in row])
        count += 1
    exports.record(name, count)
    response = Response("\ufeff" + file.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
