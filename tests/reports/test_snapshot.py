from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskapp.reports.snapshot import SnapshotError, content_code, from_json, to_json
from tests.reports.sample import a_pack, a_risk, an_exempt_part


@pytest.mark.parametrize("data", [a_pack(84), a_pack(0), an_exempt_part(), a_pack(5, sign_off=None)])
def test_a_snapshot_reads_back_as_it_was(data):
    assert from_json(to_json(data)) == data


def test_a_snapshot_is_written_one_way_only():
    text = to_json(a_pack(12))
    assert text == json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@settings(deadline=None)
@given(st.text())
def test_any_text_survives_a_snapshot(words):
    data = a_pack(0, risks=(a_risk(title=words),))
    assert from_json(to_json(data)) == data


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda raw: raw.pop("risks"), "pack.risks: missing"),
        (lambda raw: raw.update(secret=1), "pack.secret: not known"),
        (lambda raw: raw["risks"][0].update(title=7), r"pack.risks\[0\].title: expected str, found 7"),
        (lambda raw: raw["risks"][0].update(item=True), r"pack.risks\[0\].item: expected int"),
        (
            lambda raw: raw["risks"][0].update(position="Maybe"),
            r"pack.risks\[0\].position: expected one of Within",
        ),
        (
            lambda raw: raw["meeting"].update(held_on="soon"),
            "pack.meeting.held_on: expected a date like 2026-12-31",
        ),
        (lambda raw: raw.update(bands="Low"), "pack.bands: expected a list"),
        (lambda raw: raw.update(meeting=[]), "pack.meeting: expected an object"),
        (lambda raw: raw.update(format=99), "format: expected 1, found 99"),
    ],
)
def test_what_is_wrong_in_a_snapshot_is_named(change, place):
    raw = json.loads(to_json(a_pack(2)))
    change(raw)
    with pytest.raises(SnapshotError, match=place):
        from_json(json.dumps(raw))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"pack"'])
def test_what_is_no_snapshot_is_refused(text):
    with pytest.raises(SnapshotError):
        from_json(text)


def test_the_content_code_follows_the_content():
    data = a_pack(5)
    code = content_code(data)
    assert code == content_code(from_json(to_json(data)))
    assert code.startswith("P1-")
    assert content_code(an_exempt_part()).startswith("P2-")
    assert code != content_code(replace(data, ground="x"))
