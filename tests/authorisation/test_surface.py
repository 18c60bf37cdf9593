"""What every page sends to every role, and that no cell of any file is a formula."""

import csv
import io
import re
import zipfile
from html.parser import HTMLParser

import pytest
from sqlalchemy import event

from riskapp.domain.cells import as_written, looks_like_a_formula
from riskapp.models.database import db
from riskapp.web import csv as csv_files
from riskapp.web import headers, xlsx
from riskapp.web import xlsx as xlsx_files
from tests.authorisation.matrix import in_haste
from tests.authorisation.oracle_tables import DOORS, PERSONAS

PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", " =", "\u00a0=", "\u3000@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
WORDS = "1+1|cmd|' /C calc'!A0;,\"x\""
READERS = ("head_of_assurance", "administrator", "proper_officer", "internal_auditor", "champion")
SCRIPTED = {"risks.log": r'<script src="/static/js/similar\.js\?v=[0-9a-f]{12}" defer>'}
"""The one page that asks for a script, and the tag by which it does: a file of our own, and nothing inline."""
A_VIDEO = {"script", "iframe", "object", "embed", "base", "meta http-equiv", "style"}


class Looker(HTMLParser):
    """Notes what a page may not hold: a script, a style or a handler of its own, or an address of another site."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        names = {name for name, _value in attributes}
        if tag in A_VIDEO or "style" in names or "http-equiv" in names or any(name.startswith("on") for name in names):
            self.found.append(self.get_starttag_text())
        for name, value in attributes:
            if name in {"href", "src", "action", "formaction"} and not re.match(r"[/?#](?!/)|mailto:|$", value or ""):
                self.found.append(self.get_starttag_text())


def test_every_page_sends_every_header_to_every_role(matrix, tell):
    wrong, answers, pages = [], 0, 0
    with in_haste():
        for persona in PERSONAS.values():
            for door in (each for each in DOORS if each.method == "GET"):
                answer = matrix.through(persona, door, matrix.world.names[matrix.world.things[door.names][0]])
                answers += 1
                what = f"{persona.key} {door.endpoint} {answer.status_code}"
                is_scripted = door.endpoint in SCRIPTED and answer.status_code == 200
                due = headers.HEADERS | ({"Content-Security-Policy": headers.SCRIPTED} if is_scripted else {})
                wrong += [f"{what}: {name}" for name, value in due.items() if answer.headers.get(name) != value]
                if answer.headers.get("Cache-Control") != "no-store" or "Cookie" not in answer.headers.get("Vary", ""):
                    wrong.append(f"{what}: kept by a cache")
                if answer.mimetype == "text/html":
                    pages += 1
                    found = Looker(answer.text).found
                    if is_scripted:
                        scripts = [each for each in found if re.fullmatch(SCRIPTED[door.endpoint], each)]
                        assert len(scripts) == 1, what
                        found.remove(scripts[0])
                    wrong += [f"{what}: {each}" for each in found]
    assert wrong == [], wrong[:10]
    assert len(PERSONAS) >= 12
    assert answers > 1_000
    assert pages > 800
    tell(f"Headers: {answers:,} answers ({pages:,} pages) to {len(PERSONAS)} roles, {len(wrong)} wrong")


def _answers(matrix, readers=READERS):
    """What each door that is asked by GET answers to a few readers, whose doors together are all of them."""
    with in_haste():
        for key in readers:
            for door in (each for each in DOORS if each.method == "GET"):
                yield door, matrix.through(PERSONAS[key], door, matrix.world.names[matrix.world.things[door.names][0]])


STARTS = {
    "text/html": r"<!doctype html>", "text/csv": "\ufeff", "application/json": r"[{\[]", "text/plain": r"[ -~\n]+$",
    "application/pdf": r"%PDF-1\.", xlsx.KIND: r"PK\x03\x04",
}  # fmt: skip


def test_every_answer_is_of_the_kind_and_in_the_letters_that_it_says(matrix, tell):
    wrong, kinds = [], {}
    for door, answer in _answers(matrix):
        said = answer.mimetype
        kinds[said] = kinds.get(said, 0) + 1
        is_text = said.startswith("text/")
        words = answer.data.decode("utf-8" if is_text else "latin-1")
        if is_text and answer.content_type != f"{said}; charset=utf-8":
            wrong.append(f"{door.endpoint}: {answer.content_type}")
        if answer.status_code not in {301, 302, 308} and not re.match(STARTS[said], words, re.IGNORECASE):
            wrong.append(f"{door.endpoint}: {said} begins {words[:20]!r}")
    assert wrong == []
    assert set(kinds) == set(STARTS)
    tell(f"Kinds of answer: {kinds}")


def test_every_page_of_who_is_signed_in_has_the_button_to_sign_out(matrix):
    without, pages = [], 0
    for door, answer in _answers(matrix):
        if answer.mimetype == "text/html" and answer.status_code == 200:
            pages += 1
            without += [] if 'method="post" action="/sign-out"' in answer.text else [door.endpoint]
    assert without == []
    assert pages > 200


A_NAME = re.compile(r'attachment; filename="?[a-z0-9-]+\.(csv|xlsx)"?|inline; filename=[a-z0-9-]+\.pdf')


def test_every_file_has_a_name_of_ours(matrix):
    names = {
        answer.headers["Content-Disposition"]
        for _door, answer in _answers(matrix)
        if "Content-Disposition" in answer.headers
    }
    assert [name for name in names if not A_NAME.fullmatch(name)] == []
    assert len(names) >= 20


MAY_CHANGE = {
    "audit_entry": "that something exempt was read, or a file taken away",
    "audit_payload": "the same", "exempt_read": "the same",
    "rate_limit": "how often a file is asked for",
    "unit": "the council's row is written as it is, which lets nobody else change the tree meanwhile",
    "oidc_flow": "that somebody set out to sign in elsewhere",
    "second_factor": "the key that the page shows, and that counts for nothing until its code is entered",
}  # fmt: skip


def test_to_look_at_a_page_changes_nothing_but_the_record_of_it(matrix, monkeypatch):
    changed = {}

    def note(session, *_rest):
        for row in (*session.new, *session.dirty, *session.deleted):
            changed.setdefault(row.__tablename__, set()).add(asked.endpoint)

    def note_statement(state):
        if state.is_insert or state.is_update or state.is_delete:
            table = state.bind_mapper.local_table.name if state.bind_mapper else str(state.statement)
            changed.setdefault(table, set()).add(asked.endpoint)

    event.listen(db.session, "before_flush", note)
    event.listen(db.session, "do_orm_execute", note_statement)
    try:
        with in_haste():
            for key in READERS:
                for asked in (each for each in DOORS if each.method == "GET"):
                    named = matrix.world.names[matrix.world.things[asked.names][0]]
                    for method in ("GET", "HEAD"):
                        matrix.through(PERSONAS[key], asked, named, method)
    finally:
        event.remove(db.session, "before_flush", note)
        event.remove(db.session, "do_orm_execute", note_statement)
    strange = {table: sorted(doors)[:5] for table, doors in changed.items() if table not in MAY_CHANGE}
    assert strange == {}, str(strange)


@pytest.fixture
def hostile(monkeypatch):
    """Puts, in place of a file's rows, one row for each prefix, in every column; keeps the widths of the files."""
    widths = {}

    def answering(answer):
        def answered(name, heads, _rows):
            widths[name] = len(heads)
            return answer(name, heads, [[prefix + WORDS] * len(heads) for prefix in PREFIXES])

        return answered

    monkeypatch.setattr(csv_files, "answer", answering(csv_files.answer))
    monkeypatch.setattr(xlsx_files, "answer", answering(xlsx_files.answer))
    return widths


def _whole(matrix, door):
    for key in READERS:
        answer = matrix.through(PERSONAS[key], door, matrix.world.names[matrix.world.things[door.names][0]])
        if answer.status_code == 200:
            return answer
    raise AssertionError(f"nobody reaches {door.endpoint}")


def test_no_cell_of_any_csv_file_is_a_formula_and_each_can_be_read_back(matrix, hostile, tell):
    doors = [each for each in DOORS if each.method == "GET" and _is_file(matrix, each, ".csv")]
    cells, unescaped, lost = 0, [], []
    with in_haste():
        for door in doors:
            rows = list(csv.reader(io.StringIO(_whole(matrix, door).data.decode("utf-8-sig"), newline="")))
            assert len(rows) == len(PREFIXES) + 1, door.endpoint
            for prefix, row in zip(PREFIXES, rows[1:], strict=True):
                for column, cell in zip(rows[0], row, strict=True):
                    cells += 1
                    if looks_like_a_formula(cell) or not cell.startswith("'"):
                        unescaped.append((door.endpoint, column, prefix))
                    if as_written(cell) != prefix + WORDS:
                        lost.append((door.endpoint, column, prefix))
    assert unescaped == []
    assert lost == []
    assert len(doors) >= 18
    assert cells >= len(PREFIXES) * 100
    tell(f"Formula cells: {len(doors)} files, {sum(hostile.values())} columns, {cells:,} cells, {len(unescaped)} "
         f"unescaped; {cells - len(lost):,} of {cells:,} read back as they were written")  # fmt: skip


def _is_file(matrix, door, ending):
    return any(rule.rule.endswith(ending) for rule in matrix.app.url_map.iter_rules(door.endpoint))


def test_no_cell_of_the_workbook_is_a_formula(matrix, hostile, tell):
    (door,) = [each for each in DOORS if each.endpoint == "risks.register_xlsx"]
    answer = _whole(matrix, door)
    assert answer.mimetype == xlsx.KIND
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in book.namelist() if "external" in name.lower() or "vba" in name.lower()]
        assert "hyperlink" not in sheet
        styles = book.read("xl/styles.xml").decode()
        words = book.read("xl/sharedStrings.xml").decode()
    kinds = re.findall(r'<c r="[A-Z]+\d+"(?: s="\d+")? t="(\w+)"', sheet)
    assert set(kinds) == {"s"}
    assert "<f>" not in sheet
    assert 'quotePrefix="1"' in styles
    assert words.count("cmd") == len(PREFIXES)
    assert len(kinds) >= len(PREFIXES) * 10
    tell(f"Workbook: {len(kinds)} cells, 0 formulas")
