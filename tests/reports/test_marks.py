from __future__ import annotations

import pytest

from riskapp.reports.ink import contrast, fill_of, lightness, readable_on
from riskapp.reports.marks import Travel
from riskapp.reports.pack_data import Band
from riskapp.reports.slips import moved
from tests.reports.sample import AS_AT, LAST


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_words_on_a_band_can_be_read(count):
    for rank in range(count):
        fill = fill_of(Band("Any"), rank, count)
        assert contrast(fill.words, fill.ground) >= 4.5


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_bands_get_darker_as_they_get_worse(count):
    shades = [lightness(fill_of(Band("Any"), rank, count).ground) for rank in range(count)]
    assert shades == sorted(shades, reverse=True)
    assert len(set(shades)) == count


@pytest.mark.parametrize("ground", ["#000000", "#FFFFFF", "#777777", "#E3913C", "#005EA5"])
def test_words_on_a_councils_own_colour_are_chosen_to_be_read(ground):
    fill = fill_of(Band("Any", fill=ground), 0, 4)
    assert fill.words == readable_on(ground)
    assert contrast(fill.words, ground) >= 4.0


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (Travel(20, 16), "Up 4"),
        (Travel(9, 12), "Down 3"),
        (Travel(9, 9), "Same"),
        (Travel(9, None), "New"),
        (Travel(gone="Merged"), "Merged"),
    ],
)
def test_up_always_means_worse(mark, words):
    assert mark.words() == words


def test_a_slip_says_how_often_and_how_far():
    assert moved((LAST,)) == "first date stands"
    assert moved((LAST, AS_AT)) == "moved once, 57 days"
    assert moved((LAST, AS_AT, AS_AT)) == "moved twice, 57 days"
    assert moved((LAST, LAST, LAST, AS_AT)) == "moved 3 times, 57 days"
