"""Logout that the sign-in provider tells of: what ends sessions, and every token that must end none."""

import hmac
import json
import logging
import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.domain.audit import Event
from riskapp.models.database import db
from riskapp.models.oidc import OidcLogout
from tests.builders import ACouncil, sign_in
from tests.council_accounts import events, goes, knows, linked, now
from tests.oidc_provider import (
    CLIENT,
    FOREIGN_KEY,
    KEY,
    LOGOUT,
    MISUSED,
    SECRET,
    SHARED,
    b64,
    without_signature,
)

DOOR = "/sign-in/council-account/signed-out"
SUBJECT, THERE = "a-subject", "the session there"
FLOOR = 40


def reasons_told(caplog) -> list[str]:
    """Why logout tokens were refused; what else was logged of the same requests is passed over."""
    return [each.reason for each in caplog.records if hasattr(each, "reason")]


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def person(council, provider, known):
    linked(council.lead_person, provider, SUBJECT)
    return council.lead_person


def tells(app, token):
    return app.test_client().post(DOOR, data={"logout_token": token})


def signed_in(app, provider, subject=SUBJECT, **claims):
    client = app.test_client()
    assert goes(client, provider, subject=subject, **claims).status_code == 302
    return client


def is_in(client):
    return client.get("/account").status_code == 200


# ---- what ends sessions
def test_who_signs_out_there_is_signed_out_here_and_it_is_on_the_record(app, person, provider):
    here, elsewhere = (signed_in(app, provider, sid=sid) for sid in (THERE, "another session"))
    answer = tells(app, provider.logout_token(sub=SUBJECT, sid=THERE))
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert not is_in(here)
    assert is_in(elsewhere)
    ((_event, content),) = events(Event.SESSIONS_ENDED)
    assert content["after"] == {"person": person.id, "sessions": 1}
    assert content["why"] == "Signed out at the provider"


def test_a_session_is_enough_to_be_named_by_and_so_is_a_subject(app, person, provider):
    here = signed_in(app, provider, sid=THERE)
    assert tells(app, provider.logout_token(sid=THERE)).status_code == 200
    assert not is_in(here)
    by_password = app.test_client()
    sign_in(by_password, person)
    both = [by_password, signed_in(app, provider, sid="a second"), signed_in(app, provider)]
    assert tells(app, provider.logout_token(sub=SUBJECT)).status_code == 200
    assert [is_in(each) for each in both] == [False] * 3, "a subject alone ends all that the person has open"


def test_nobody_elses_session_ends(app, council, person, provider):
    linked(council.manager_person, provider, "another subject")
    theirs = signed_in(app, provider, "another subject", sid=THERE)
    for claims in ({"sub": SUBJECT}, {"sub": SUBJECT, "sid": THERE}, {"sid": "a session of nobody"}):
        assert tells(app, provider.logout_token(**claims)).status_code == 200, "over already, which is no fault"
    assert is_in(theirs)


def test_a_session_of_which_the_provider_gave_no_name_ends_with_any_of_that_person(app, council, person, provider):
    linked(council.manager_person, provider, "another subject")
    nameless, theirs = signed_in(app, provider), signed_in(app, provider, "another subject")
    assert tells(app, provider.logout_token(sub=SUBJECT, sid=THERE)).status_code == 200
    assert not is_in(nameless)
    assert is_in(theirs)


def test_an_answer_that_was_on_its_way_while_its_session_ended_lets_nobody_in(app, person, provider, caplog):
    client = app.test_client()
    address = client.get("/sign-in/council-account").location
    tells(app, provider.logout_token(sid=THERE))
    assert goes(client, provider, address, subject=SUBJECT, sid=THERE).status_code == 400
    assert reasons_told(caplog)[-1] == "sid"
    assert is_in(signed_in(app, provider, sid="a session after it"))


def test_with_entra_a_session_is_named_and_a_subject_tells_nothing(app, council, provider, caplog):
    knows(app, provider.issuer, is_entra=True)
    assert tells(app, provider.logout_token(sub=SUBJECT)).status_code == 400
    assert reasons_told(caplog)[-1] == "sid"
    assert tells(app, provider.logout_token(sub=SUBJECT, sid=THERE)).status_code == 200


@pytest.mark.parametrize("kind", ["logout+jwt", "Logout+JWT", "application/logout+jwt", "JWT", None])
def test_a_logout_token_may_call_itself_so_or_not(app, person, provider, kind):
    provider.header = {"typ": kind}
    assert tells(app, provider.logout_token(sub=SUBJECT)).status_code == 200


def test_the_form_of_another_server_needs_no_token_of_ours(app, person, provider):
    app.config["WTF_CSRF_ENABLED"] = True
    here = signed_in(app, provider, sid=THERE)
    assert tells(app, provider.logout_token(sid=THERE)).status_code == 200
    assert not is_in(here)


def test_of_one_token_that_comes_twice_at_one_moment_one_counts(app, person, provider):
    token, answers = provider.logout_token(sub=SUBJECT), []

    def send():
        with app.app_context():
            answers.append(tells(app, token).status_code)
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(answers) == [200, 400, 400, 400]


def test_that_a_token_came_is_forgotten_when_it_could_count_no_more(app, person, provider):
    with time_machine.travel(now() - timedelta(minutes=30)):
        for _ in range(3):
            assert tells(app, provider.logout_token(sub=SUBJECT)).status_code == 200
    assert tells(app, provider.logout_token(sub=SUBJECT)).status_code == 200
    assert db.session.scalar(select(func.count(OidcLogout.token_digest))) == 1


def test_where_no_provider_is_set_up_nothing_counts(app, council, provider):
    assert tells(app, provider.logout_token(sub=SUBJECT)).status_code == 400


def test_a_provider_that_cannot_be_asked_ends_nothing_and_is_told_that_it_failed(app, council, provider, caplog):
    knows(app, "http://127.0.0.1:9")
    assert tells(app, provider.logout_token(sub=SUBJECT)).status_code == 400
    assert "the sign-in provider failed" in caplog.messages


# ---- what must end none
def at(**delta):
    return lambda: int((now() + timedelta(**delta)).timestamp())


CLAIMS = [
    ("iss", "another issuer", {"iss": "https://elsewhere.example"}),
    ("iss", "no issuer", {"iss": None}),
    ("aud", "another audience", {"aud": "another-client"}),
    ("aud", "an audience beside us", {"aud": [CLIENT, "another-client"]}),
    ("aud", "no audience", {"aud": None}),
    ("azp", "another authorised party", {"azp": "another-client"}),
    ("exp", "one that has run out", {"exp": at(minutes=-2)}),
    ("exp", "one without an end", {"exp": None}),
    ("exp", "an end that is a word", {"exp": "tomorrow"}),
    ("iat", "one of yesterday", {"iat": at(days=-1), "exp": at(days=1)}),
    ("iat", "one of tomorrow", {"iat": at(days=1), "exp": at(days=2)}),
    ("iat", "one of no time", {"iat": None}),
    ("nbf", "one that does not hold yet", {"nbf": at(minutes=5)}),
    ("nonce", "a nonce", {"nonce": "of a sign-in"}),
    ("nonce", "an empty nonce", {"nonce": ""}),
    ("events", "no event", {"events": None}),
    ("events", "no event among them", {"events": {}}),
    ("events", "another event", {"events": {"http://schemas.openid.net/event/other": {}}}),
    ("events", "the event as a word", {"events": LOGOUT}),
    ("events", "the event in a list", {"events": [LOGOUT]}),
    ("events", "an event that is no object", {"events": {LOGOUT: True}}),
    ("jti", "no name of its own", {"jti": None}),
    ("jti", "an empty name of its own", {"jti": ""}),
    ("jti", "a name of its own that is a number", {"jti": 7}),
    ("jti", "a name of its own beyond all length", {"jti": "j" * 256}),
    ("sub", "neither subject nor session", {"sub": None}),
    ("sub", "a subject that is a list", {"sub": [SUBJECT]}),
    ("sub", "an empty subject", {"sub": ""}),
    ("sid", "a session that is a number", {"sid": 7}),
    ("sid", "an empty session", {"sid": ""}),
]
CASES = {}


def case(why, name=None):
    """A case, which gives a token or the form that is sent, and the word by which it must be refused."""

    def keep(function):
        CASES[name or function.__name__.replace("_", " ")] = (why, function)
        return function

    return keep


for _why, _name, _claims in CLAIMS:

    def _with_claims(provider, claims=_claims):
        said = {name: value() if callable(value) else value for name, value in claims.items()}
        return provider.logout_token(**{"sub": SUBJECT} | said)

    case(_why, _name)(_with_claims)


@case("alg")
def no_signature(provider):
    provider.sign, provider.header = without_signature, {"alg": "none"}
    return provider.logout_token(sub=SUBJECT)


@case("alg")
def no_signature_in_another_spelling(provider):
    provider.sign, provider.header = without_signature, {"alg": "NONE"}
    return provider.logout_token(sub=SUBJECT)


def hs256(provider, secret: bytes, **header):
    def sign(head, claims):
        signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}"

    provider.header, provider.sign = {"alg": "HS256", **header}, sign
    return provider.logout_token(sub=SUBJECT)


@case("alg")
def hs256_with_the_public_key(provider):
    return hs256(provider, KEY.as_pem(private=False))


@case("alg")
def hs256_with_the_client_secret(provider):
    return hs256(provider, SECRET.encode())


@case("alg")
def hs256_with_a_secret_that_both_sides_know(provider):
    return hs256(provider, SHARED.raw_value, kid="shared")


@case("alg")
def an_algorithm_that_the_provider_does_not_name(provider):
    provider.header = {"alg": "RS512"}
    return provider.logout_token(sub=SUBJECT)


@case("signature")
def another_key_under_the_same_name(provider):
    provider.key = FOREIGN_KEY
    return provider.logout_token(sub=SUBJECT)


@case("kid")
def a_key_that_nobody_knows(provider):
    provider.header = {"kid": "third"}
    return provider.logout_token(sub=SUBJECT)


@case("kid")
def a_key_that_is_for_secrets(provider):
    provider.header, provider.key = {"kid": "sealing"}, MISUSED
    return provider.logout_token(sub=SUBJECT)


@case("header")
def a_token_that_says_where_its_key_is(provider):
    provider.header, provider.key = {"jku": "https://elsewhere.example/keys"}, FOREIGN_KEY
    return provider.logout_token(sub=SUBJECT)


@case("signature")
def claims_that_were_changed(provider):
    head, _claims, signature = provider.logout_token(sid="another").split(".")
    claims = {"iss": provider.issuer, "sub": SUBJECT, "events": {LOGOUT: {}}}
    return f"{head}.{b64(json.dumps(claims).encode())}.{signature}"


@case("typ")
def a_token_of_another_kind(provider):
    provider.header = {"typ": "at+jwt"}
    return provider.logout_token(sub=SUBJECT)


@case("nonce")
def the_answer_to_a_sign_in(provider):
    provider.header = {"typ": "JWT"}
    return provider.logout_token(sub=SUBJECT, nonce="n", events={LOGOUT: {}})


@case("events")
def the_token_of_a_sign_in_without_its_nonce(provider):
    provider.header = {"typ": "JWT"}
    return provider.logout_token(sub=SUBJECT, events=None)


@case("id_token")
def what_is_no_token(_provider):
    return "no token at all"


@case("id_token")
def an_empty_token(_provider):
    return ""


@case("logout_token")
def a_token_without_end(provider):
    return provider.logout_token(sub=SUBJECT) + "A" * 200_000


@case("logout_token")
def no_token(_provider):
    return {}


@case("logout_token")
def two_tokens(provider):
    return {"logout_token": [provider.logout_token(sub=SUBJECT), provider.logout_token(sub=SUBJECT)]}


@case("logout_token")
def a_token_in_the_address(provider):
    return f"{DOOR}?logout_token={provider.logout_token(sub=SUBJECT)}"


def test_every_token_that_should_sign_nobody_out_is_refused_for_its_own_reason(app, person, provider, caplog, tell):
    caplog.set_level(logging.DEBUG)
    here, wrong = signed_in(app, provider, sid=THERE), []
    for name, (why, make) in CASES.items():
        provider.honest()
        knows(app, provider.issuer)
        said = make(provider)
        caplog.clear()
        asked = said if isinstance(said, dict) else {} if str(said).startswith(DOOR) else {"logout_token": said}
        door = said if str(said).startswith(DOOR) else DOOR
        answer = app.test_client().post(door, data=asked)
        reasons = reasons_told(caplog)
        if (answer.status_code, reasons) != (400, [why]) or answer.json != {"error": "invalid_request"}:
            wrong.append(f"{name}: {answer.status_code} {reasons}, not for {why}")
        if not is_in(here):
            wrong.append(f"{name}: it ended a session")
            here = signed_in(app, provider, sid=THERE)
    assert not wrong, "\n".join(wrong)
    assert len(CASES) >= FLOOR
    tell(f"Logout tokens: {len(CASES)} false ones, {len(wrong)} accepted")


def test_a_token_counts_once(app, person, provider, caplog):
    token = provider.logout_token(sub=SUBJECT)
    assert tells(app, token).status_code == 200
    here = signed_in(app, provider)
    assert tells(app, token).status_code == 400
    assert reasons_told(caplog)[-1] == "jti"
    assert is_in(here)
    with time_machine.travel(now() + timedelta(minutes=14)):
        assert tells(app, token).status_code == 400, "and when it is forgotten, it is too old"


def test_a_logout_token_lets_nobody_in(app, person, provider):
    client = app.test_client()
    address = client.get("/sign-in/council-account").location
    nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    provider.claims = {"nonce": None, "events": {LOGOUT: {}}, "jti": "one"}
    assert nonce
    assert goes(client, provider, address, subject=SUBJECT).status_code == 400


def test_nobody_is_told_anything_by_a_get_and_no_token_is_in_the_log(app, person, provider, caplog):
    caplog.set_level(logging.DEBUG)
    assert app.test_client().get(DOOR).status_code == 405
    token = provider.logout_token(sub=SUBJECT, sid=THERE)
    tells(app, token)
    assert token not in caplog.text
    assert THERE not in caplog.text
