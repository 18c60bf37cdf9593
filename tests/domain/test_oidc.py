"""What an answer of a sign-in provider must be, and what it tells."""

from datetime import UTC, datetime, timedelta

import pytest

from riskapp.domain.oidc import AnswerRefused, Expected, Told, check_who_answered, secrets_of, told

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
US = Expected("https://id.council.example", "riskapp", "a-nonce")


def claims(**changes):
    at = int(AT.timestamp())
    honest = {"iss": US.issuer, "aud": "riskapp", "sub": "s1", "nonce": "a-nonce", "iat": at, "exp": at + 300}
    return honest | changes


def test_an_honest_answer_tells_who_it_is():
    assert told(claims(), US, at=AT) == Told("https://id.council.example", "s1")


def test_an_audience_may_be_a_list_of_us_alone():
    assert told(claims(aud=["riskapp"], azp="riskapp"), US, at=AT).subject == "s1"


def test_roles_and_how_they_signed_in_are_told_where_they_are_words():
    found = told(claims(roles=["a", 7, "b"], amr=["pwd", None, "mfa"], acr="phr"), US, at=AT)
    assert (found.roles, found.amr, found.acr) == (frozenset({"a", "b"}), ("pwd", "mfa"), "phr")
    assert told(claims(roles="admin", amr="mfa", acr=["x"]), US, at=AT) == Told(US.issuer, "s1")


@pytest.mark.parametrize(
    ("claim", "last_good", "first_bad"),
    [("exp", -59, -60), ("iat", -660, -661), ("iat", 60, 61), ("nbf", 60, 61)],
)
def test_clocks_may_differ_by_a_minute_and_no_more(claim, last_good, first_bad):
    at = AT.timestamp()
    assert told(claims(**{claim: at + last_good}), US, at=AT).subject == "s1"
    with pytest.raises(AnswerRefused) as no:
        told(claims(**{claim: at + first_bad}), US, at=AT)
    assert no.value.what == claim


def test_a_refusal_repeats_nothing_of_the_answer():
    with pytest.raises(AnswerRefused) as no:
        told(claims(nonce="somebody's nonce"), US, at=AT)
    assert "somebody" not in str(no.value)


def test_the_secrets_of_an_attempt_come_from_its_key_alone_and_are_unlike_each_other():
    one, again, other = secrets_of("key"), secrets_of("key"), secrets_of("another key")
    assert one == again
    parts = {one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}
    assert len(parts) == 6
    assert all(len(part) == 43 for part in parts)


@pytest.mark.parametrize(
    ("issuer", "always", "is_good"),
    [
        (US.issuer, True, True),
        (US.issuer, False, True),
        (None, False, True),
        (None, True, False),
        ("https://other.example", False, False),
    ],
)
def test_who_answered_is_who_was_asked(issuer, always, is_good):
    if is_good:
        check_who_answered(issuer, US.issuer, always_says=always)
    else:
        with pytest.raises(AnswerRefused):
            check_who_answered(issuer, US.issuer, always_says=always)


def test_time_that_is_no_number_is_refused():
    for odd in (float("nan"), float("inf"), True, "1", None, -(10**20)):
        with pytest.raises(AnswerRefused):
            told(claims(exp=odd), US, at=AT + timedelta())
