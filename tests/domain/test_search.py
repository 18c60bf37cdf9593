"""What somebody looks for is cut into the words that the index knows."""

import pytest

from riskapp.domain.search import MOST_WORDS, words_of


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Damp and mould", ("damp", "and", "mould")),
        ("  £13.65m  savings ", ("13", "65m", "savings")),
        ("R-7K4QX", ("r", "7k4qx")),
        ("a_budget 100%", ("a", "budget", "100")),
        ('title:* OR "x" NOT (y) ^2 -z', ("title", "or", "x", "not", "y", "2", "z")),
        ("café CAFÉ", ("café",)),
        ("%_'\"", ()),
        ("", ()),
    ],
)
def test_signs_part_words_and_are_none(said, words):
    assert words_of(said) == words


def test_more_words_than_narrow_a_search_are_left_out():
    assert len(words_of(" ".join(map(str, range(50))))) == MOST_WORDS
