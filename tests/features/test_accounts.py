"""Signing in and out: nothing tells whether an account exists, and a session that ended is over."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, func, select

from riskapp.features.accounts import service as accounts
from riskapp.models.accounts import SignInFailure, WebSession
from riskapp.models.database import db, transaction
from riskapp.models.people import RoleAssignment
from riskapp.web import sessions
from tests.builders import NOON, PASSWORD, ACouncil, sign_in


@pytest.fixture
def council(app):
    return ACouncil()


def attempt(client, email, password=PASSWORD):
    return client.post("/sign-in", data={"email": email, "password": password})


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(council, client):
    wrong = attempt(client, council.lead_person.email, "not the password")
    unknown = attempt(client, "nobody@demo.example", "not the password")
    assert wrong.status_code == unknown.status_code
    assert "Enter the e-mail address and password of an account" in wrong.text
    assert wrong.text.replace(council.lead_person.email, "x") == unknown.text.replace("nobody@demo.example", "x")


def test_after_five_wrong_tries_the_wait_grows_is_said_in_words_and_the_right_password_works_after_it(council, client):
    email = council.lead_person.email
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(5):
            attempt(client, email, "not the password")
        for wait, words in ((30, "30 seconds"), (60, "1 minute"), (120, "2 minutes"), (240, "4 minutes")):
            assert f"Wait {words}, then try again" in attempt(client, email).text, "even with the right password"
            clock.shift(timedelta(seconds=wait))
            assert "Enter the e-mail address and password" in attempt(client, email, "not the password").text
        clock.shift(timedelta(minutes=8))
        assert attempt(client, email).status_code == 302
        assert db.session.scalar(select(func.count(SignInFailure.id))) == 0


def test_a_try_that_comes_too_early_does_not_make_the_wait_longer(council, client):
    email = council.lead_person.email
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(40):
            attempt(client, email, "not the password")
        clock.shift(timedelta(seconds=30))
        assert attempt(client, email).status_code == 302


def test_an_address_that_no_account_has_waits_in_the_same_words(council, client):
    with time_machine.travel(NOON, tick=False):
        for _ in range(5):
            attempt(client, "nobody@demo.example", "not the password")
        assert "Wait 30 seconds, then try again" in attempt(client, "nobody@demo.example").text


def test_a_hundred_wrong_tries_from_one_address_of_the_network_wait_and_others_do_not(council, client):
    with time_machine.travel(NOON, tick=False) as clock:
        with transaction():
            for number in range(100):
                accounts.remember_failure(email=f"{number}@demo.example", at=NOON, network="203.0.113.7")
        form = {"email": council.lead_person.email, "password": PASSWORD}
        there = {"REMOTE_ADDR": "203.0.113.7"}
        assert "Wait 30 seconds" in client.post("/sign-in", data=form, environ_base=there).text
        assert client.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": "203.0.113.8"}).status_code == 302
        clock.shift(timedelta(seconds=31))
        assert client.post("/sign-in", data=form, environ_base=there).status_code == 302


def test_all_addresses_of_one_house_count_as_one(app):
    for said, kept in (("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("198.51.100.4", "198.51.100.4"), ("", "")):
        with app.test_request_context("/", environ_base={"REMOTE_ADDR": said}):
            assert sessions.network() == kept


def test_wrong_tries_are_forgotten_by_the_clock_once_they_count_no_more(council):
    with transaction():
        for hours in (0, 23, 25, 200):
            accounts.remember_failure(email="nobody@demo.example", at=NOON - timedelta(hours=hours))
    with transaction():
        assert accounts.forget_failures(at=NOON) == 2


def test_the_letters_case_of_an_address_does_not_matter(council, client):
    assert attempt(client, council.lead_person.email.upper()).status_code == 302


def test_signing_out_ends_the_session_on_the_server(council, client):
    sign_in(client, council.lead_person)
    token = client.get_cookie("sid").value
    client.post("/sign-out")
    client.set_cookie("sid", token)
    assert client.get("/").location == "/sign-in"
    assert db.session.scalar(select(func.count(WebSession.id)).where(WebSession.ended_at.is_(None))) == 0


def test_the_token_itself_is_not_kept(council, client):
    sign_in(client, council.lead_person)
    kept = db.session.scalars(select(WebSession.token_digest)).one()
    assert client.get_cookie("sid").value.encode() not in kept


@pytest.mark.parametrize(("later", "where"), [(timedelta(minutes=29), None), (timedelta(minutes=31), "/sign-in")])
def test_a_session_without_use_for_half_an_hour_is_over(council, client, later, where):
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, council.lead_person)
        clock.shift(later)
        assert client.get("/account").location == where


def test_a_visitor_comes_to_the_page_they_wanted(council, client):
    client.get("/actions?status=late")
    assert attempt(client, council.lead_person.email).location == "/actions?status=late"


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/%2f/evil.example"]
)
def test_the_page_wanted_never_leaves_this_site(council, client, elsewhere):
    client.get(elsewhere)
    client.get(f"/sign-in?next={elsewhere}")
    location = attempt(client, council.lead_person.email).location
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_choosing_an_account_fills_in_its_address(council, client):
    assert 'value="owner@demo.example"' in client.get("/sign-in?email=owner@demo.example").text


@pytest.mark.parametrize(
    ("data", "words"), [({}, "Enter your e-mail address"), ({"email": "a@b"}, "Enter your password")]
)
def test_an_empty_field_is_named(council, client, data, words):
    assert words in client.post("/sign-in", data=data).text


def test_the_account_page_says_posts_roles_and_over_what(council, client):
    sign_in(client, council.champion_person)
    page = client.get("/account").text
    for words in (
        "Risk Champion, Repairs Delivery",
        "You hold it",
        "Champion",
        "Repairs Delivery",
        "Keep the register",
    ):
        assert words in page


def test_an_account_that_was_closed_is_a_stranger_at_once(council, client):
    sign_in(client, council.lead_person)
    council.lead_person.is_active = False
    db.session.commit()
    assert client.get("/account").location == "/sign-in"


def test_who_is_asking_is_one_query_and_is_written_down_once_a_minute(council, client, count_queries):
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, council.lead_person)
        page = lambda: client.get("/nowhere")  # noqa: E731 - said thrice
        page()  # the policy is read once a process
        before = count_queries(page)
        clock.shift(timedelta(seconds=61))
        assert count_queries(page) == before + 1
        assert count_queries(page) == before
        assert db.session.scalar(select(WebSession.seen_at)) == NOON + timedelta(seconds=61)


def test_a_role_that_was_taken_away_counts_no_more_at_the_next_request(council, client):
    sign_in(client, council.assurance_person)
    assert client.get("/clock").status_code == 200
    with transaction():
        db.session.execute(delete(RoleAssignment).where(RoleAssignment.person_id == council.assurance_person.id))
    assert client.get("/clock").status_code == 404
