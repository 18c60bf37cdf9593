from __future__ import annotations

import sys
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskapp.reports.fonts import FONT_FOLDER, faces
from riskapp.reports.pack import render
from riskapp.reports.words import clean
from tests.reports.sample import a_pack, a_risk
from tests.reports.tagged_reader import TaggedReader

HOSTILE = (
    '<img src="/etc/hostname"/>',
    "<b>bold",
    "AT&T &amp; <council> <jo@x.gov.uk>",
    '<a href="javascript:alert(1)">x</a>',
    "Tŷ Gŵyr → done ✓",
    "(brackets) \\ back (unclosed",
    "<font color='[[[x for x in ().__class__]]]'>",
    "%PDF-1.4 endobj EMC ET Q",
)


def everywhere(value, words):
    """Put words in the place of every text of a tree, save names that are chosen from a list."""
    if is_dataclass(value):
        fixed = {"position", "state", "place"}
        changes = {
            each.name: everywhere(getattr(value, each.name), words)
            for each in fields(value)
            if each.name not in fixed and not (type(value).__name__ == "Band" and each.name != "name")
        }
        return replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(everywhere(each, words) for each in value)
    return words if isinstance(value, str) else value


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_in_every_field_come_out_as_they_are(words):
    paper = TaggedReader(render(everywhere(a_pack(8), words)))
    assert clean(words) in paper.text
    assert paper.text == paper.page_text


def test_control_characters_are_left_out_and_part_words_where_they_stood_between():
    assert clean("a\x00b\x07c\td\r\ne\u200bf\u202eg") == "a b c d e fg"


def test_a_letter_that_no_font_has_is_written_as_its_number():
    paper = TaggedReader(render(a_pack(0, decisions=(), risks=(a_risk(title="Launch \U0001f680 now"),))))
    assert "Launch [U+1F680] now" in paper.text


def test_half_a_letter_does_not_stop_the_pack():
    assert "ab" in TaggedReader(render(a_pack(0, risks=(a_risk(title="a\ud800b"),)))).text


def test_ten_thousand_letters_make_no_page_of_their_own():
    long = "A very long reason. " * 500
    plain = a_pack(12)
    risks = (replace(plain.risks[0], why=long, title=long), *plain.risks[1:])
    paper, before = TaggedReader(render(replace(plain, risks=risks))), TaggedReader(render(plain))
    assert len(paper.content) <= len(before.content) + 2
    assert "more letters in the record" in paper.text


def test_ten_thousand_letters_without_a_space_are_broken():
    paper = TaggedReader(render(a_pack(0, risks=(a_risk(title="W" * 10_000, owner="i" * 10_000),))))
    assert "W" * 20 in paper.text


def test_only_fonts_are_opened():
    opened = []
    watching = [True]

    def watch(event, arguments):
        if watching[0] and event in {"open", "socket.connect", "subprocess.Popen", "os.system"}:
            opened.append((event, str(arguments[0])))

    faces.cache_clear()
    sys.addaudithook(watch)
    try:
        render(everywhere(a_pack(8), HOSTILE[0]))
    finally:
        watching[0] = False
    strange = [
        (event, name)
        for event, name in opened
        if Path(name).parent != FONT_FOLDER and not name.endswith((".py", ".pyc", ".so")) and "__pycache__" not in name
    ]
    assert strange == []


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=300))
def test_no_text_stops_a_pack_and_no_letter_is_lost(words):
    data = a_pack(0, risks=(a_risk(title=words, why=words),), late=0, cases=0)
    paper = TaggedReader(render(data))
    assert paper.text == paper.page_text


def test_an_early_date_has_its_year():
    assert "1 Jan 1900" in TaggedReader(render(a_pack(0, risks=(a_risk(next_review_on=date(1900, 1, 1)),)))).text
