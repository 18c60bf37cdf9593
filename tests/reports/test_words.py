from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskapp.reports
from riskapp.reports.fonts import FontsMissingError, faces
from riskapp.reports.words import LONGEST, STYLES, Run, Typesetter, clean, on_page

BODY = STYLES["body"]


@pytest.fixture
def typesetter():
    return Typesetter(faces())


def said(block):
    return " ".join("".join(piece.text for piece in line) for line in block.lines)


def test_no_module_of_reports_reads_markup():
    folder = Path(riskapp.reports.__file__).parent
    assert [path.name for path in folder.rglob("*.py") if "Paragraph(" in path.read_text("utf-8")] == []


def test_what_is_cut_off_is_counted():
    text = clean("x" * (LONGEST + 1234))
    assert text.endswith("(and 1,234 more letters in the record)")


@settings(deadline=None)
@given(st.text(alphabet="ab cdé,-W", max_size=400), st.integers(30, 400))
def test_lines_hold_every_word_and_fit_their_width(text, width):
    typesetter = Typesetter(faces())
    block = typesetter.para(text, BODY, width)
    assert said(block).replace(" ", "") == clean(text).replace(" ", "")
    for line in block.lines:
        assert sum(piece.width for piece in line) <= width + 0.1


def test_a_line_is_as_wide_as_its_letters_are_when_drawn(typesetter):
    runs = (Run("Audit Committee, Thursday.", bold=True), Run(" Figures as they stood"))
    for line in typesetter.para(runs, BODY, 400).lines:
        for piece in line:
            drawn = faces()[piece.weight].width(piece.text) * BODY.size / 1000
            assert piece.width == pytest.approx(drawn)


def test_a_block_over_its_lines_is_cut_with_an_ellipsis_and_says_so(typesetter):
    block = typesetter.para("one two three four five six seven eight", BODY, 60, 2)
    assert len(block.lines) == 2
    assert block.is_cut
    assert said(block).endswith("…")
    assert not typesetter.para("one", BODY, 60, 2).is_cut


def test_a_bracket_stays_with_its_link(typesetter):
    block = typesetter.para(on_page("Note the moves.", "moves"), BODY, 400)
    assert said(block) == "Note the moves (page 00)."
    assert [piece.goes_to for piece in block.lines[0]] == ["", "moves", ""]


def test_a_letter_that_the_family_lacks_is_drawn_in_the_stand_in():
    regular = faces()["R"]
    fonts = [font.fontName for font, _ in regular.runs("a→b")]
    assert len(fonts) == 3
    assert fonts[0] == fonts[2] != fonts[1]


def test_tabular_digits_have_one_width():
    widths = {faces()["RT"].width(digit) for digit in "0123456789"}
    assert len(widths) == 1
    assert len({faces()["R"].width(digit) for digit in "0123456789"}) > 1


def test_missing_fonts_are_named_with_what_to_do(tmp_path):
    with pytest.raises(FontsMissingError, match=r"400Regular\.ttf is missing\. Run `make setup`"):
        faces(tmp_path)


def test_a_file_that_is_no_font_is_named(tmp_path):
    for path in (Path(riskapp.reports.__file__).parents[1] / "web/static/vendor/fonts/pdf").glob("*.ttf"):
        (tmp_path / path.name).write_bytes(b"not a font")
    with pytest.raises(FontsMissingError, match="is not a font"):
        faces(tmp_path)
