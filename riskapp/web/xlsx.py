"""What is on screen as a workbook, in which words are words and never a formula or a link."""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from flask import Response

from riskapp.domain.calendar import LONDON
from riskapp.domain.cells import looks_like_a_formula
from riskapp.web import exports

KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST = 32_767  # letters of one cell
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
WORDS_ONLY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook knows no zones; the same for all, so the same rows give the same file


def put(sheet: Any, place: tuple[int, int], value: object, *, day: Any, quoted: Any) -> None:
    """Write a value into a cell: the one way for words into a workbook.

    Words that look like a formula are marked as words, so that they stay so when somebody edits the cell.
    """
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(*place, value)
        case int() | float() | Decimal():
            sheet.write_number(*place, float(value))
        case datetime():
            sheet.write_string(*place, f"{value.astimezone(LONDON):%Y-%m-%d %H:%M}")
        case date():
            sheet.write_datetime(*place, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001 - a day has no zone
        case _:
            words = _NOT_IN_XML.sub("", str(value))[:LONGEST]
            sheet.write_string(*place, words, quoted if looks_like_a_formula(words) else None)


def answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Answer with a workbook of one sheet of that name, its heads kept in sight."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, WORDS_ONLY) as book:
        book.set_properties({"title": name, "created": MADE})
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        styles = {
            "day": book.add_format({"num_format": "d mmm yyyy"}),
            "quoted": book.add_format({"quote_prefix": True}),
        }
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, bold)
        number = 0
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                put(sheet, (number, column), value, **styles)
        sheet.freeze_panes(1, 0)
    exports.record(name, number)
    response = Response(file.getvalue(), content_type=KIND)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response
