"""Files of units and people: how a file is read, and what is wrong with a line, told so that it can be put right."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from riskapp.domain.cells import as_written
from riskapp.domain.organisation import KINDS
from riskapp.domain.refusal import Cannot

MOST_ROWS = 5_000
MOST_BYTES = 5 * 1024 * 1024
MOST_LETTERS = 150
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "units": ("name", "kind", "parent", "opened"),
    "people": ("email", "post", "unit", "capacity", "from", "to"),
}
MAY_BE_EMPTY = {"parent", "to"}
CAPACITIES = ("holder", "acting", "deputy")
DATES = ("opened", "from", "to")
_EMAIL = re.compile(r"[^@\s,;<>()\"']+@[^@\s,;<>()\"']+\.[^@\s,;<>()\"'.]+")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_BRITISH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


class CannotImport(Cannot):
    """The file cannot be read, or what was previewed can no longer be applied."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line: the column, or "" for the whole line, what it says there, and what to do."""

    line: int
    column: str
    said: str
    advice: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file with its cells by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says, line by line, and every fault in it that can be seen without the organisation."""

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]


def decode(data: bytes) -> str | None:
    """Read UTF-8, with or without its mark, else Windows-1252 as spreadsheets write it; None is neither."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


class _UnreadableError(Exception):
    """The file as a whole is no such file: what it says, and what to do."""

    def __init__(self, said: str, advice: str) -> None:
        self.said, self.advice = said, advice


def read(kind: str, data: bytes) -> Sheet:
    """Read a file of a kind; a file that is no such file is one fault of line 1."""
    try:
        head, lines = _head_and_lines(kind, data)
    except _UnreadableError as no:
        return Sheet((), (Fault(1, "", no.said[:MOST_LETTERS], no.advice),))
    return _sheet(head, lines)


def _head_and_lines(kind: str, data: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    if len(data) > MOST_BYTES:
        raise _UnreadableError("", "The file is larger than 5 MB. Cut it into parts of at most 5,000 lines")
    text = decode(data)
    if text is None:
        raise _UnreadableError("", "The file is not text. Save it as CSV in UTF-8 and choose it again")
    try:
        rows = list(_rows(text))
    except csv.Error as no:
        raise _UnreadableError(str(no), "The file cannot be read as CSV. Save it as CSV and choose it again") from no
    if not rows:
        raise _UnreadableError("", f"The file is empty. Its first line is: {','.join(COLUMNS[kind])}")
    head = [cell.strip().casefold() for cell in rows[0][1]]
    _refuse_head(head, COLUMNS[kind])
    lines = [(number, cells) for number, cells in rows[1:] if any(cell.strip() for cell in cells)]
    if not lines:
        raise _UnreadableError("", "The file has a header and no lines. Add a line for each thing")
    if len(lines) > MOST_ROWS:
        raise _UnreadableError(f"{len(lines):,} lines", f"A file holds at most {MOST_ROWS:,} lines. Cut it into parts")
    return head, lines


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give each row with the line it begins on, since a quoted cell may hold line breaks."""
    reader, begins = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    for cells in reader:
        yield begins, cells
        begins = reader.line_num + 1


def _refuse_head(head: Sequence[str], columns: Sequence[str]) -> None:
    if sorted(head) == sorted(columns):
        return
    missing = [column for column in columns if column not in head]
    strange = [column for column in head if column not in columns]
    parts = [
        f"Missing: {', '.join(missing)}" if missing else "",
        f"Not known: {', '.join(each or 'an empty column' for each in strange)}" if strange else "",
        "A column is there twice" if not missing and not strange else "",
    ]
    said = ". ".join(part for part in parts if part)
    raise _UnreadableError(",".join(head), f"{said}. The first line must be: {','.join(columns)}")


def _sheet(head: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> Sheet:
    lines: list[Line] = []
    faults: list[Fault] = []
    seen: dict[tuple[tuple[str, str], ...], int] = {}
    for number, cells in rows:
        if len(cells) != len(head):
            advice = f"The line has {len(cells)} cells and the header {len(head)}. Put a cell with a comma into quotes"
            faults.append(Fault(number, "", ",".join(cells)[:MOST_LETTERS], advice))
            continue
        line = Line(number, {name: _plain(cell) for name, cell in zip(head, cells, strict=True)})
        key = tuple(sorted((name, cell.casefold()) for name, cell in line.cells.items()))
        if key in seen:
            faults.append(
                Fault(number, "", ",".join(cells)[:MOST_LETTERS], f"Line {seen[key]} says the same. Take one out")
            )
            continue
        seen[key] = number
        faults += _faults_of(line)
        lines.append(line)
    return Sheet(tuple(lines), tuple(faults))


def _plain(cell: str) -> str:
    """Take off outer spaces, and the apostrophe that our own files put before what looks like a formula."""
    return as_written(cell.strip()).strip()


def _faults_of(line: Line) -> Iterator[Fault]:
    for column, said in line.cells.items():
        if advice := _advice(column, said):
            yield Fault(line.number, column, said[:MOST_LETTERS], advice)
    begins, ends = (day(line.cells.get(column, "")) for column in ("from", "to"))
    if begins and ends and ends < begins:
        yield Fault(line.number, "to", line.cells["to"], "It ends before it begins. Give a later day, or none")


def _advice(column: str, said: str) -> str:
    if not said:
        return "" if column in MAY_BE_EMPTY else f"It is empty. Fill in {column}"
    if len(said) > MOST_LETTERS:
        return f"Use at most {MOST_LETTERS} characters"
    if any(not letter.isprintable() for letter in said):
        return "It holds a line break or another mark that is not shown. Write it on one line"
    is_right, advice = _RULES.get(column, (bool, ""))
    return "" if is_right(said) else advice


def day(said: str) -> date | None:
    """Read 2026-12-31 or 31/12/2026; anything else is no date."""
    try:
        if found := _ISO.fullmatch(said):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _BRITISH.fullmatch(said):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None
    return None


_A_DAY = (lambda said: day(said) is not None, "It is no date. Write 2026-12-31 or 31/12/2026")
_RULES: Mapping[str, tuple[Callable[[str], object], str]] = {
    **dict.fromkeys(DATES, _A_DAY),
    "email": (_EMAIL.fullmatch, "It is no e-mail address. Write it like name@council.gov.uk"),
    "kind": (
        lambda said: said.casefold() in KINDS,
        f"It is no kind of unit. Write {', '.join(KINDS[1:-1])} or {KINDS[-1]}",
    ),
    "capacity": (
        lambda said: said.casefold() in CAPACITIES,
        f"It is no capacity. Write {', '.join(CAPACITIES[:-1])} or {CAPACITIES[-1]}",
    ),
}
"""What a column holds, and what to do where it does not."""
