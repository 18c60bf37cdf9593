"""What a password must be, how long wrong tries wait, and codes that count once."""

import hashlib
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from zxcvbn.matching import RANKED_DICTIONARIES

from riskapp.adapters.guessing import is_breached, is_guessable
from riskapp.domain import one_time_codes as codes
from riskapp.domain.actors import Actor, Clearance, Grant, Role
from riskapp.domain.policy import parse_policy, read_documents
from riskapp.domain.signing_in import CannotChoose, check_password, wait_in_words

RULES = parse_policy(read_documents(Path(__file__).parents[2] / "policies")).signing_in
CONTEXT = ("Estuary Council", "lead.officer@estuary.example")
AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
KEY = b"12345678901234567890"  # of the tables in RFC 6238, appendix B


def refused(password, *, has_second_factor=False):
    try:
        check_password(password, RULES, has_second_factor=has_second_factor, context=CONTEXT, is_guessable=is_guessable)
    except CannotChoose as no:
        return no.refusals[0].message
    return None


@pytest.mark.parametrize(
    "password",
    [
        "winter rain on slate roofs",
        "ffzqpwnkxjrtmvb",
        "hen wlad fy nhadau ŵŷ",
        "🙂 harbour 🙃 lantern ✨ gravel",
        "no figure or capital or sign in it at all",
        "x" + "kettle pebble lantern harbour gravel mitten walnut copper saddle "[:63],
        "kettle pebble lantern " * 9,
    ],
)
def test_a_long_password_of_any_characters_is_taken(password):
    assert refused(password) is None


def test_without_a_second_factor_fifteen_characters_are_asked_for_and_with_one_twelve():
    for length, alone, with_one in ((11, False, False), (12, False, True), (14, False, True), (15, True, True)):
        password = "ffzqpwnkxjrtmvb"[:length]
        assert (refused(password) is None, refused(password, has_second_factor=True) is None) == (alone, with_one)


def test_common_passwords_are_refused_and_so_are_those_made_long_by_repeating_or_counting(tell):
    common = sorted(RANKED_DICTIONARIES["passwords"], key=RANKED_DICTIONARIES["passwords"].get)
    drawn = random.Random(20261201).sample([each for each in common if len(each) >= 6], 400)  # noqa: S311 - a test's draw
    long = [each for each in common if len(each) >= 12]
    tried = [*common[:3000], *long, *(each * 3 for each in drawn), *(f"{each}1234567890" for each in drawn)]
    taken = [each for each in tried if refused(each, has_second_factor=True) is None]
    tell(f"Common passwords: {len(tried):,} tried as they are or made longer, {len(taken)} taken")
    assert taken == []
    assert len(tried) > 3_900


@pytest.mark.parametrize("ending", ["\n", ":37\r\n"])
@pytest.mark.parametrize("number", [1, 2, 3, 1000])
def test_each_password_of_a_list_of_breaches_is_found_and_no_other(tmp_path, number, ending):
    inside = [f"breached password {each}" for each in range(number)]
    digests = sorted(hashlib.sha1(each.encode(), usedforsecurity=False).hexdigest().upper() for each in inside)
    (file := tmp_path / "hashes").write_text("".join(f"{each}{ending}" for each in digests), newline="")
    assert all(is_breached(each, file) for each in inside)
    assert not any(is_breached(f"of no breach {each}", file) for each in range(200))


@pytest.mark.parametrize(
    "password",
    [
        "riskapp riskapp riskapp", "Estuary Council 2026", "lead.officer@estuary.example", "officer-officer-officer",
        "EstuaryCouncil!!!!", "password of estuary", "aaaaaaaaaaaaaaaaaaaa", "qwertyuiopasdfghjkl",
        "123456789012345678", "abcdefghijklmnopqrst", "january february", "Summer2026Summer2026",
    ],
)  # fmt: skip
def test_words_of_the_council_walks_over_the_keys_and_repeats_are_refused(password):
    assert refused(password) is not None


def test_more_than_two_hundred_characters_are_refused_in_words():
    assert refused("kettle pebble lantern " * 10) == "Use at most 200 characters"


def test_the_wait_doubles_from_half_a_minute_to_a_quarter_of_an_hour_and_never_beyond():
    waits = [RULES.waits_until(RULES.account, failures, AT) for failures in (*range(4, 13), 10_000)]
    assert waits[0] is None
    assert [(each - AT).total_seconds() for each in waits[1:]] == [30, 60, 120, 240, 480, 900, 900, 900, 900]
    assert RULES.waits_until(RULES.network, 99, AT) is None
    assert RULES.waits_until(RULES.network, 100, AT) == AT + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "1 second"), (30, "30 seconds"), (60, "1 minute"), (61, "2 minutes"), (900, "15 minutes")],
)
def test_a_wait_is_said_in_words(seconds, words):
    assert wait_in_words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize("role", [*Role])
def test_who_needs_a_second_factor_is_named_or_reads_what_is_exempt(role):
    named = {Role.HEAD_OF_ASSURANCE, Role.ASSURANCE_OFFICER, Role.ADMINISTRATOR, Role.PROPER_OFFICER}
    readers = {Role.AUDITOR, Role.COMMISSIONER, Role.BROKEN_GLASS}
    assert RULES.demands_second_factor(Actor(1, grants=(Grant(role, "/1/"),))) == (role in named | readers)
    assert RULES.demands_second_factor(Actor(1, grants=(Grant(role, "/1/", Clearance.EXEMPT),)))


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
     (20000000000, "353130")],
)  # fmt: skip
def test_codes_are_those_of_the_standard(seconds, code):
    assert codes.code_of(KEY, codes.step_at(datetime.fromtimestamp(seconds, UTC))) == code


@pytest.mark.parametrize(("off", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_out_by_one_step(off, counts):
    step = codes.step_at(AT) + off
    found = codes.step_of(KEY, codes.code_of(KEY, step), at=AT, after=0)
    assert found == (step if counts else None)


def test_a_code_that_was_used_and_those_before_it_count_no_more():
    step = codes.step_at(AT)
    assert codes.step_of(KEY, codes.code_of(KEY, step), at=AT, after=step) is None
    assert codes.step_of(KEY, codes.code_of(KEY, step - 1), at=AT, after=step) is None
    assert codes.step_of(KEY, codes.code_of(KEY, step + 1), at=AT, after=step) == step + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "۱۲۳۴۵۶", "1" * 200])
def test_what_is_no_code_is_none(code):
    assert codes.step_of(KEY, code, at=AT, after=0) is None


def test_recovery_codes_are_read_however_they_are_typed():
    code = codes.recovery_code(bytes(range(10)))
    assert codes.recovery_digest(code) == codes.recovery_digest(f" {code.lower().replace('-', ' ')} ")
    assert len(codes.tidy(code)) == 16


def test_the_picture_names_the_account_and_the_key():
    address = codes.address_of(KEY, account="officer@estuary.example", issuer="riskapp")
    assert address == (
        "otpauth://totp/riskapp:officer%40estuary.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=riskapp"
    )
