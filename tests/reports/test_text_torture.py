"""Hostile and odd text in every field of a paper: it is built, nothing of the text is lost, and nothing is opened."""

import itertools
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

from riskapp.reports.fonts import FONT_FOLDER, faces
from riskapp.reports.pack import render
from riskapp.reports.words import Typesetter
from tests.reports.sample import a_pack
from tests.reports.tagged_reader import TaggedReader

CHOSEN = {"position", "state", "place"}
"""Fields whose words come from a list and choose how something is drawn."""
ODD = (
    "<img src='/etc/passwd'>", "<b>bold", "</para>", "<para>", "AT&T", "&amp;", "&lt;", "&#60;b&#62;",
    "<council>", "<jo@x.example>", "<a href='file:///etc/passwd'>", "<a href='javascript:alert(1)'>",
    "<font color='[[x]]'>", "<unichar code='()'>", "<img src='http://127.0.0.1:9/x'>",
    "<img src='data:image/png;base64,x'>", "(unclosed", "closed)", "\\", "\\)", "\\(\\)", "\\101", "EMC",
    "ET Q", "endstream", "endobj", "%PDF-1.7", "%%EOF", "<</A 1>>", "[0 0 R]", "/Type /Catalog", "#20#41",
    "trailer", "BT (x) Tj ET", "{{ 7*7 }}", "{% x %}", "${x}", "%s %d %n", "%(x)s", "Tŷ Gŵyr", "naïve café",
    "Zażółć", "Straße", "İstanbul", "Ελληνικά", "Кириллица", "é combining", "→ ✓ ✗ •", "£1.5m – £2m", "½ ⅔ ‰",
    "“quotes” ‘x’", "a b", "a\u200bb", "\ufeffbom", "\u202ertl", "\u2066iso\u2069", "日本語", "العربية", "עברית",
    "😀🚀", "👩\u200d👩\u200d👧", "\U0010ffff", "\ue000", "\x07bell", "\x1b[31mred", "a\x09b", "a\x0d\x0ab",
    "\x7f\x80\x9f", "\ud800half", "ﬁligature", "Å angstrom", "soft\xadhyphen", "x" * 90, "i" * 200, "-", "--",
    "...", "0", "1e308", "NaN", "null", "None", "=1+1", "'; DROP TABLE x; --", "../../etc/passwd", "C:\\x",
    "\\\\host\\share", "$(id)", "`id`", "|id", ";id", "A" * 40 + " " + "B" * 40, "a/b/c", "a-b-c-d-e-f",
    "e.g. i.e.", "1,000,000", "100%", "#1", "@x", "~x",
)  # fmt: skip
NAMED = 300
WATCHED = {"open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "urllib.Request"}
Watched: list[tuple[str, str]] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watch.on and event in WATCHED:
        Watched.append((event, str(arguments[0])))


_watch.on = False
sys.addaudithook(_watch)


@contextmanager
def watched() -> Iterator[list[tuple[str, str]]]:
    """Give what is opened inside that is no font and no source of ours."""
    Watched.clear()
    found: list[tuple[str, str]] = []
    _watch.on = True
    try:
        yield found
    finally:
        _watch.on = False
        found += [
            (event, name)
            for event, name in Watched
            if Path(name).parent != FONT_FOLDER
            and not name.endswith((".py", ".pyc", ".so"))
            and "__pycache__" not in name
        ]


def numbered(value, words, numbers):
    """Put words with a number of their own in the place of every text of a tree."""
    if is_dataclass(value):
        changes = {
            each.name: numbered(getattr(value, each.name), words, numbers)
            for each in fields(value)
            if each.name not in CHOSEN and not (type(value).__name__ == "Band" and each.name != "name")
        }
        return replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(numbered(each, words, numbers) for each in value)
    return f"Q{next(numbers):03}q {words}" if isinstance(value, str) else value


def paper_of(words):
    """Draw a paper with the words in every field; gives it read back, and how many fields there were."""
    numbers = itertools.count()
    data = numbered(a_pack(3), words, numbers)
    return TaggedReader(render(data)), next(numbers)


def _unspaced(text):
    """Without spaces: a word longer than its line is broken, and each line ends with one."""
    return "".join(text.split())


def lost(paper, words):
    """How often a field's words stand in the paper, and each time letters went that no "…" tells of."""
    said, text = _unspaced(Typesetter(faces()).drawable(words)), _unspaced(paper.text)
    gone, times, numbers = [], 0, set()
    for found in re.finditer(r"Q(\d{3})q", text):
        times += 1
        numbers.add(found[1])
        wanted, here = f"{found[0]}{said}", text[found.start() : found.start() + 2_000]
        kept = next((at for at, pair in enumerate(zip(wanted, here, strict=False)) if pair[0] != pair[1]), len(wanted))
        is_cut = here[kept:].startswith("…") or here[:kept].endswith("…")
        if kept < len(wanted) and not is_cut:
            gone.append(f"{found[0]} {wanted[kept:][:30]!r} where the paper says {here[kept:][:30]!r}")
    return numbers, times, gone


def _tens(every):
    return [every[at : at + 10] for at in range(0, len(every), 10)]


def torture(every):
    """Draw a paper for each text; gives how many were drawn, fields, words found, and all that went wrong."""
    wrong, fields_seen, times = [], 0, 0
    for words in every:
        with watched() as opened:
            try:
                paper, _count = paper_of(words)
            except Exception as fault:  # noqa: BLE001 - whatever stops a paper is what is looked for
                wrong.append(f"{words!r}: {type(fault).__name__}")
                continue
        wrong += [f"{words!r} opened {each}" for each in opened]
        numbers, found, gone = lost(paper, words)
        wrong += [f"{words!r}: {each}" for each in gone]
        wrong += [f"{words!r}: heard is not seen"] if paper.text != paper.page_text else []
        fields_seen, times = max(fields_seen, len(numbers)), times + found
    return fields_seen, times, wrong


@pytest.fixture
def tell(capsys):
    def say(words: str) -> None:
        with capsys.disabled():
            print(f"\n{words}")  # noqa: T201 - the figure of a proof

    return say


def _say(tell, drawn, result):
    fields_seen, times, wrong = result
    assert wrong == [], wrong[:5]
    assert fields_seen >= 200
    assert times >= 200 * drawn
    tell(f"Text torture: {drawn} papers, {fields_seen} fields, {times:,} texts found whole or cut with a mark, "
         f"{len(wrong)} lost, failed or opened")  # fmt: skip


def test_odd_text_in_every_field_is_built_kept_and_opens_nothing(tell):
    """Many at once: each paper has as many of the texts in each field as a field may be long."""
    packed = [" ".join(each) for each in _tens(ODD)]
    _say(tell, len(packed), torture(packed))
    assert len(ODD) >= 100


@pytest.mark.drill
def test_each_odd_text_alone_and_in_company(tell):
    company = [f"{one} {two}" for one, two in zip(ODD, (*ODD[37:], *ODD[:37]), strict=True)]
    glued = [f"{one}{two}" for one, two in zip(ODD, (*ODD[61:], *ODD[:61]), strict=True)]
    every = [*ODD, *company, *glued]
    assert len(every) >= NAMED
    _say(tell, len(every), torture(every))


def test_the_watch_sees_a_file_that_is_opened(tmp_path):
    (tmp_path / "x.txt").touch()
    with watched() as opened:
        (tmp_path / "x.txt").read_text()
    assert opened == [("open", str(tmp_path / "x.txt"))]
