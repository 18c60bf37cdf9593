import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.references import ALPHABET, PREFIXES, TOKEN_BYTES, reference_from


@given(st.sampled_from(sorted(PREFIXES)), st.binary(min_size=TOKEN_BYTES, max_size=TOKEN_BYTES))
def test_a_reference_is_its_kind_and_five_letters_that_cannot_be_misread(kind, token):
    prefix, _, letters = reference_from(kind, token).partition("-")
    assert prefix == PREFIXES[kind]
    assert len(letters) == 5
    assert set(letters) <= set(ALPHABET)
    assert not set(letters) & set("01OIUL")


def test_every_kind_has_a_letter_of_its_own():
    assert len(set(PREFIXES.values())) == len(PREFIXES)


def test_neighbouring_tokens_do_not_show_a_sequence():
    first, second = (reference_from("risk", number.to_bytes(TOKEN_BYTES)) for number in (7_000_000, 7_000_001))
    assert first != second


def test_an_unknown_kind_has_no_reference():
    with pytest.raises(KeyError):
        reference_from("rumour", bytes(TOKEN_BYTES))
