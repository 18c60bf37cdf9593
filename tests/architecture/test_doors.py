"""What every door has in common: its token, its session, its cookie; who may pass is tests/authorisation."""

import re
from dataclasses import replace

import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.domain.permissions import Permission
from riskapp.features.accounts import queries as accounts
from riskapp.models.accounts import WebSession
from riskapp.models.actions import Chase
from riskapp.models.database import db
from riskapp.web.guards import STANDS_OPEN
from tests.builders import DAY, NOON, PASSWORD, sign_in
from tests.doors_council import OWN, SIBLING, ADoorsCouncil
from tests.pack_builders import reference_of, signed_in


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    """In production: the demonstration shows its outbox to everybody."""
    app.extensions["settings"] = replace(app.extensions["settings"], mode="production")
    return ADoorsCouncil()


def rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in STANDS_OPEN]


def client_of(app, person):
    client = app.test_client()
    signed_in(client, person)
    return client


def test_one_action_of_another_team_refuses_a_whole_chase(app, council):
    both = [reference_of(council.actions[key]) for key in (OWN, SIBLING)]
    client = client_of(app, council.champion_person)
    assert client.get(f"/actions/chase?a={both[0]}").status_code == 200
    assert client.get(f"/actions/chase?a={both[0]}&a={both[1]}").status_code == 404
    assert client.post("/actions/chase", data={"references": " ".join(both)}).status_code == 404
    assert db.session.scalar(select(func.count(Chase.id))) == 0


def test_a_form_with_its_token_passes(app, council):
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
    assert token
    data = {"email": council.manager_person.email, "password": PASSWORD, "csrf_token": token[1]}
    assert client.post("/sign-in", data=data).status_code == 302


def test_signing_in_gives_a_new_session_and_ends_the_one_before(app, council):
    client = app.test_client()
    client.set_cookie("sid", "a token that somebody else chose")
    sign_in(client, council.manager_person)
    first = client.get_cookie("sid").value
    assert first != "a token that somebody else chose"
    sign_in(client, council.manager_person)
    assert accounts.asking(first, at=NOON, on=DAY) is None
    assert db.session.scalar(select(func.count(WebSession.id)).where(WebSession.ended_at.is_(None))) == 1


def test_a_session_that_was_ended_opens_nothing_when_its_cookie_is_sent_again(app, council):
    client = app.test_client()
    sign_in(client, council.manager_person)
    token = client.get_cookie("sid").value
    client.post("/sign-out")
    client.set_cookie("sid", token)
    assert client.get("/account").status_code == 302


def test_no_script_reads_the_cookie_of_a_session_and_https_keeps_it_to_https(app, council):
    data = {"email": council.manager_person.email, "password": PASSWORD}
    plain = app.test_client().post("/sign-in", data=data).headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    app.config["SESSION_COOKIE_SECURE"] = True
    set_by_https = app.test_client().post("/sign-in", data=data).headers.getlist("Set-Cookie")
    kept = next(each for each in set_by_https if each.startswith("__Host-sid="))
    assert "Secure" in kept
    assert "Path=/" in kept


def test_the_host_that_a_visitor_claims_is_in_no_answer(app, council):
    client = client_of(app, council.assurance_person)
    for url in ("/", "/registers", "/outbox", "/sign-in"):
        answer = client.get(url, headers={"Host": "evil.example"})
        assert "evil.example" not in f"{answer.headers} {answer.text}"


def test_every_door_of_a_thing_asks_for_more_than_an_account(app):
    lax = {rule.endpoint for rule in rules(app) if rule.arguments} & {
        rule.endpoint
        for rule in rules(app)
        if app.view_functions[rule.endpoint].permission in {Permission.PUBLIC, Permission.SIGNED_IN}
    }
    assert lax == {"audit_trail.record"}, "it asks for the right to read the record, whatever that is"
