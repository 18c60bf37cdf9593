import pytest

from riskapp.domain.geometry.lettering import width_of
from riskapp.domain.geometry.shapes import Picture, Words
from tests.web import specimen

DRAWN = (
    specimen.chart,
    specimen.fresh_chart,
    specimen.ruler,
    specimen.tie,
    specimen.plain_tie,
    specimen.route,
    specimen.bars,
    specimen.matrix,
)


def reach(words: Words) -> tuple[float, float]:
    """From where to where a line of text runs."""
    width = width_of(words.text, words.size, 700 if words.weight == 700 else 600 if words.weight == 600 else 400)
    left = {"start": words.x, "middle": words.x - width / 2, "end": words.x - width}[words.anchor]
    return left, left + width


def pictures() -> list[Picture]:
    made = [draw() for draw in DRAWN]
    return [picture for each in made for picture in (each.wide, each.phone) if picture]


@pytest.mark.parametrize("picture", pictures())
def test_no_word_runs_out_of_its_picture(picture: Picture) -> None:
    for shape in picture.shapes:
        if isinstance(shape, Words):
            left, right = reach(shape)
            assert left >= -1, shape
            assert right <= picture.width + 1, shape
            assert shape.size * 0.7 <= shape.y <= picture.height, shape


def test_now_is_a_dot_in_the_colour_of_its_band() -> None:
    kinds = [shape.kind for shape in specimen.chart().wide.shapes if shape.form == "dot"]
    assert kinds.count("band-5") == 1


def test_a_line_without_a_control_says_so_and_one_not_yet_asked_about_says_nothing() -> None:
    said = [shape.text for shape in specimen.tie().wide.shapes if shape.form == "words"]
    assert said.count("No control") == 1
    assert "No control" not in [shape.text for shape in specimen.plain_tie().wide.shapes if shape.form == "words"]


def test_controls_that_recover_stand_from_the_event_outwards() -> None:
    at = {shape.text: shape.x for shape in specimen.tie().wide.shapes if shape.form == "words"}
    assert at["Monthly cash"] < at["Early notice"]


def test_a_bar_of_nought_that_matter_is_all_tint() -> None:
    kinds = [shape.kind for shape in specimen.bars().wide.shapes if shape.form == "box"]
    assert kinds.count("accent-box") == 6  # five bars and the legend
