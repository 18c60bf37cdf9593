from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.rewording import Piece, paired, reworded

WORDS = st.lists(st.sampled_from(["the", "roof", "leaks", "in", "winter", "a", "£5m"]), max_size=30).map(" ".join)
LINES = st.lists(st.sampled_from(["rain", "frost", "wind", "heat"]), max_size=5)


def test_what_was_taken_out_and_put_in_stands_between_what_stayed() -> None:
    assert reworded("Buyers withdraw as interest rates rise", "Buyers withdraw or lower offers as interest falls") == (
        Piece("kept", "Buyers withdraw"),
        Piece("in", "or lower offers"),
        Piece("kept", "as interest"),
        Piece("out", "rates rise"),
        Piece("in", "falls"),
    )


@given(WORDS, WORDS)
def test_both_texts_can_be_read_back_word_for_word(before: str, after: str) -> None:
    pieces = reworded(before, after)
    assert " ".join(each.words for each in pieces if each.fate != "in").split() == before.split()
    assert " ".join(each.words for each in pieces if each.fate != "out").split() == after.split()
    assert all(each.words for each in pieces)
    assert all(one.fate != other.fate for one, other in pairwise(pieces))


@given(WORDS)
def test_words_that_stayed_are_one_piece_whatever_their_spaces(words: str) -> None:
    assert {each.fate for each in reworded(words, words.replace(" ", "  \n"))} <= {"kept"}


def test_a_word_that_changes_its_sign_is_another_word() -> None:
    assert reworded("It costs £5m.", "It costs £6m.") == (
        Piece("kept", "It costs"), Piece("out", "£5m."), Piece("in", "£6m."),
    )  # fmt: skip


@given(LINES, LINES)
def test_of_a_list_every_line_that_went_or_came_is_in_a_pair(before: list[str], after: list[str]) -> None:
    pairs = paired(before, after)
    gone, come = sum(1 for was, _ in pairs if was), sum(1 for _, now in pairs if now)
    assert len(before) - gone == len(after) - come
    assert all(was != now for was, now in pairs)


def test_a_line_put_in_between_is_the_only_change() -> None:
    assert paired(["rain", "wind"], ["rain", "frost", "wind"]) == (("", "frost"),)
