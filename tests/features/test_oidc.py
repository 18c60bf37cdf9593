"""Signing in with a council account: linked once, and known for good."""

import logging
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.features.accounts import service as accounts
from riskapp.features.oidc import service
from riskapp.features.oidc.views import CALLBACK
from riskapp.models.database import db, transaction
from riskapp.models.oidc import ExternalIdentity, OidcInvitation, OidcSession
from riskapp.models.reminders import Message
from tests.adapters.test_mail import sink  # noqa: F401 - a fixture: a real mail server on this machine
from tests.builders import PASSWORD, ACouncil, actor, sign_in
from tests.council_accounts import events, goes, knows, linked, now
from tests.oidc_provider import CLIENT, SECOND_KEY, real_provider


@pytest.fixture
def council(app):
    return ACouncil()


def go_on(page):
    """Where the page before the provider leads."""
    found = re.search(r'button--go button--big" href="([^"]+)"', page.text)
    assert found, page.text
    return found[1].replace("&amp;", "&")


# ---- where none is set up
def test_where_no_provider_is_set_up_nothing_tells_of_one(council, client):
    assert "council account" not in client.get("/sign-in").text
    assert client.get("/sign-in/council-account").location == "/sign-in"
    assert client.get(CALLBACK).location == "/sign-in"
    sign_in(client, council.lead_person)
    assert "council account" not in client.get("/account").text.lower()
    assert "No sign-in provider is set up here" in client.get("/account/council-account").text


# ---- signing in
def test_who_is_linked_signs_in_and_comes_to_the_page_they_wanted(council, client, provider, known):
    linked(council.lead_person, provider)
    client.get("/actions?status=late")
    assert "Sign in with your council account" in client.get("/sign-in").text
    answer = goes(client, provider)
    assert answer.location == "/actions?status=late"
    assert council.lead.title in client.get("/account").text
    assert [event for event, _ in events(Event.SIGNED_IN)] == [Event.SIGNED_IN]
    assert db.session.scalars(select(ExternalIdentity.last_used_at)).one() is not None


def test_the_way_there_asks_for_a_code_with_pkce_a_state_and_a_nonce_and_for_no_more_than_who_it_is(
    council, client, provider, known
):
    sent = client.get("/sign-in/council-account")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(sent.location).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == ("code", "S256", "openid")
    assert asked["redirect_uri"] == f"http://localhost{CALLBACK}"
    secrets = {asked["state"], asked["nonce"], asked["code_challenge"], client.get_cookie("oidc").value}
    assert len(secrets) == 4
    assert all(len(each) == 43 for each in secrets)
    other = {parse_qs(urlsplit(client.get("/sign-in/council-account").location).query)["state"][0]}
    assert not secrets & other


def test_the_attempt_is_in_a_cookie_that_no_script_reads_and_that_goes_when_it_is_answered(
    app, council, client, provider, known
):
    linked(council.lead_person, provider)
    plain = client.get("/sign-in/council-account").headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Max-Age=600" in plain
    assert goes(client, provider).status_code == 302
    assert client.get_cookie("oidc") is None
    app.config["SESSION_COOKIE_SECURE"] = True
    kept = app.test_client().get("/sign-in/council-account").headers["Set-Cookie"]
    assert kept.startswith("__Host-oidc=")
    assert "Secure" in kept
    assert "Path=/" in kept
    assert "Domain" not in kept


def test_signing_in_gives_a_new_session_and_ends_the_one_the_browser_had(council, client, provider, known):
    linked(council.lead_person, provider)
    sign_in(client, council.lead_person)
    first = client.get_cookie("sid").value
    goes(client, provider)
    assert client.get_cookie("sid").value != first
    client.set_cookie("sid", first)
    assert client.get("/account").location == "/sign-in"


def test_how_they_signed_in_there_is_kept_beside_the_session(council, client, provider, known):
    linked(council.lead_person, provider)
    goes(client, provider, acr="phr", amr=["pwd", "mfa"])
    kept = db.session.scalars(select(OidcSession)).one()
    assert (kept.acr, kept.amr) == ("phr", ["pwd", "mfa"])


def test_attempts_that_nobody_answered_are_forgotten_by_the_next(council, app, provider, known):
    with time_machine.travel(now() - timedelta(minutes=11)), transaction():
        for _ in range(20):
            service.begin(at=now())
    with transaction():
        service.begin(at=now())
    assert db.session.scalar(select(db.func.count()).select_from(service.OidcFlow)) == 1


def test_a_key_that_is_new_is_asked_for_once_more_and_no_more_than_once_a_minute(
    council, client, provider, known, monkeypatch
):
    linked(council.lead_person, provider)
    assert goes(client, provider).status_code == 302
    known._known = replace(known._known, keys=known._known.keys[:1])
    provider.key, provider.header = SECOND_KEY, {"kid": "second"}
    assert goes(client, provider).status_code == 400
    known._known = replace(known._known, at=known._known.at - 61)
    assert goes(client, provider).status_code == 302


def test_entra_people_are_known_by_tenant_and_object_whatever_their_subject(council, client, provider, app):
    tenant, thing = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"
    issuer = f"{provider.issuer}/{tenant}/v2.0"
    knows(app, provider.issuer)
    app.extensions["oidc"]._now()
    found = app.extensions["oidc"]
    found.settings = replace(found.settings, issuer=issuer, is_entra=True)
    with transaction():
        mine = council.lead_person
        facts = {"issuer": tenant, "subject": thing, "linked_at": now(), "linked_by_id": mine.id}
        db.session.add(ExternalIdentity(person_id=mine.id, **facts))
    for subject in ("pairwise-1", "pairwise-2"):
        provider.claims = {"iss": issuer, "tid": tenant, "oid": thing}
        assert goes(app.test_client(), provider, subject=subject).location == "/"


# ---- linking
def test_somebody_links_their_own_account_after_proving_their_password_and_signs_in_with_it(
    council, app, provider, known
):
    client = app.test_client()
    sign_in(client, council.lead_person)
    page = client.post("/account/council-account", data={"password": PASSWORD})
    answer = goes(client, provider, go_on(page))
    assert answer.location == "/account/council-account"
    assert "Themselves" in client.get(answer.location).text
    assert goes(app.test_client(), provider).location == "/"
    ((_event, content),) = events(Event.ACCOUNT_LINKED)
    assert (content["after"]["person"], content["after"]["issuer"]) == (council.lead_person.id, provider.issuer)
    mails = db.session.scalars(select(Message).where(Message.person_id == council.lead_person.id)).all()
    assert [mail.subject for mail in mails if "linked to your account" in mail.subject]


def test_of_two_who_link_one_account_at_the_same_moment_the_slower_is_told(
    council, client, provider, known, monkeypatch
):
    linked(council.manager_person, provider)
    monkeypatch.setattr(service, "_identity", lambda _told: None)  # as the slower saw it
    sign_in(client, council.lead_person)
    answer = goes(client, provider, go_on(client.post("/account/council-account", data={"password": PASSWORD})))
    assert answer.status_code == 403
    assert "linked to another account" in answer.text


def test_a_wrong_password_links_nothing_and_counts_as_a_failed_try(council, client, provider, known):
    sign_in(client, council.lead_person)
    for _ in range(5):
        assert client.post("/account/council-account", data={"password": "not it"}).status_code == 422
    refused = client.post("/account/council-account", data={"password": PASSWORD})
    assert "Too many tries went wrong. Wait" in refused.text


def test_unlinking_ones_own_ends_every_session_and_the_account_opens_no_more(council, app, provider, known):
    linked(council.lead_person, provider)
    one, other = app.test_client(), app.test_client()
    sign_in(one, council.lead_person)
    assert goes(other, provider).status_code == 302
    assert one.post("/account/council-account/unlink", data={"password": "not it"}).status_code == 422
    assert one.post("/account/council-account/unlink", data={"password": PASSWORD}).location == "/sign-in"
    for browser in (one, other):
        assert browser.get("/account").location == "/sign-in"
    assert goes(app.test_client(), provider).status_code == 403
    assert [event for event, _ in events(Event.ACCOUNT_UNLINKED)] == [Event.ACCOUNT_UNLINKED]


def test_nobody_unlinks_their_only_way_in_but_an_administrator_can(council, app, provider, known):
    with transaction():
        council.lead_person.password_hash = None
    linked(council.lead_person, provider)
    client = app.test_client()
    goes(client, provider)
    assert "It is your only way in" in client.get("/account/council-account").text
    assert client.post("/account/council-account/unlink", data={"password": PASSWORD}).status_code == 422
    with pytest.raises(service.CannotLink, match="only way in"):
        service.unlink(council.lead_person.id, why="", by=actor(council.lead_person), at=now(), on=now().date())
    admin = app.test_client()
    sign_in(admin, council.administrator_person)
    page = f"/people/{council.lead_person.id}/council-account"
    assert admin.post(f"{page}/unlink", data={"why": ""}).status_code == 422
    assert admin.post(f"{page}/unlink", data={"why": "Left the council"}).location == page
    assert client.get("/account").location == "/sign-in"
    assert "Council account unlinked" in admin.get(f"/people/{council.lead_person.id}").text


# ---- invitations
@pytest.fixture
def mail(app, sink):  # noqa: F811 - the fixture
    app.extensions["settings"] = replace(app.extensions["settings"], smtp_url=sink.url)
    return sink


def test_an_administrator_mails_a_link_that_works_once_and_lets_in(council, app, provider, known, mail):
    admin, theirs = app.test_client(), app.test_client()
    person = council.manager_person
    sign_in(admin, council.administrator_person)
    page = f"/people/{person.id}/council-account"
    assert admin.post(f"{page}/invite").location == page
    assert "A link is on its way" in admin.get(page).text
    (letter,) = mail.received
    assert letter["To"] == person.email
    words = letter.get_body(("plain",)).get_content()
    link = re.search(r"http://localhost(/sign-in/invitation\?key=[\w-]{43})\b", words)
    assert link, words
    key = link[1].rpartition("=")[2]
    kept = db.session.scalars(select(OidcInvitation)).one()
    assert key.encode() not in kept.key_digest
    assert kept.runs_out_at - kept.made_at == timedelta(hours=72)
    assert not [each for each in db.session.scalars(select(Message)) if key in each.text]
    opened = theirs.get(link[1])
    assert person.email in opened.text
    assert theirs.get(link[1]).status_code == 200  # to read it uses nothing up
    answer = goes(theirs, provider, theirs.get(go_on(opened)).location)
    assert answer.location == "/"
    assert theirs.get("/account").status_code == 200
    assert theirs.get(link[1]).status_code == 400
    assert council.administrator_person.email in admin.get(page).text
    assert {event for event, _ in events(Event.ACCOUNT_INVITED, Event.ACCOUNT_LINKED)} == {
        Event.ACCOUNT_INVITED, Event.ACCOUNT_LINKED,
    }  # fmt: skip


def test_the_host_that_an_administrators_browser_claims_is_not_in_the_link(council, app, provider, known, mail):
    admin = app.test_client()
    sign_in(admin, council.administrator_person)
    page = f"/people/{council.manager_person.id}/council-account"
    admin.set_cookie("sid", admin.get_cookie("sid").value, domain="evil.example")
    admin.post(f"{page}/invite", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in "".join(each.as_string() for each in mail.received)
    assert len(mail.received) == 1


def test_a_link_that_the_mail_server_did_not_take_opens_nothing(council, app, provider, known, mail):
    mail.answer = "550 no such mailbox"
    admin = app.test_client()
    sign_in(admin, council.administrator_person)
    page = f"/people/{council.manager_person.id}/council-account"
    refused = admin.post(f"{page}/invite")
    assert refused.status_code == 422
    assert "The mail server did not take it" in refused.text
    assert db.session.scalars(select(OidcInvitation)).one().withdrawn_at is not None


def test_without_a_mail_server_no_link_is_made(council, app, provider, known):
    admin = app.test_client()
    sign_in(admin, council.administrator_person)
    refused = admin.post(f"/people/{council.manager_person.id}/council-account/invite")
    assert "No mail server is set" in refused.text
    assert db.session.scalars(select(OidcInvitation)).all() == []


def test_an_administrator_withdraws_a_link_and_sends_none_to_themselves(council, app, provider, known, mail):
    admin = app.test_client()
    sign_in(admin, council.administrator_person)
    own = f"/people/{council.administrator_person.id}/council-account"
    assert "Link your own council account from the page Account" in admin.post(f"{own}/invite").text
    page = f"/people/{council.manager_person.id}/council-account"
    admin.post(f"{page}/invite")
    assert admin.post(f"{page}/withdraw", data={"why": "The address was wrong"}).location == page
    assert "None is linked" in admin.get(page).text
    assert mail.received


# ---- signing out
def test_signing_out_ends_the_session_here_and_the_provider_has_a_page_of_its_own(council, client, provider, known):
    linked(council.lead_person, provider)
    goes(client, provider)
    token = client.get_cookie("sid").value
    client.post("/sign-out")
    client.set_cookie("sid", token)
    assert client.get("/account").location == "/sign-in"
    left = urlsplit(client.get("/sign-in/council-account/leave").location)
    assert f"{left.scheme}://{left.netloc}{left.path}" == f"{provider.issuer}/leave"
    assert parse_qs(left.query) == {"client_id": [CLIENT], "post_logout_redirect_uri": ["http://localhost/sign-in"]}


def test_a_provider_without_such_a_page_is_said_to_have_none(council, client, provider, known):
    provider.says = {"end_session_endpoint": None}
    assert client.get("/sign-in/council-account/leave").location == "/sign-in"
    assert "close the browser instead" in client.get("/sign-in").text


# ---- a provider that others wrote
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider, which runs in this process
def test_a_real_provider_lets_in_who_is_linked_and_nobody_else(council, app, caplog):
    caplog.set_level(logging.DEBUG)
    users = [real_provider.User(sub=name, claims={"email": council.lead_person.email}) for name in ("lead", "other")]
    with real_provider.run_server_in_thread(user_claims=users) as server:
        knows(app, f"http://localhost:{server.server_port}")

        class Real:
            issuer = f"http://localhost:{server.server_port}"

        linked(council.lead_person, Real, "lead")
        for name, status in (("lead", 302), ("other", 403)):
            client = app.test_client()
            address = client.get("/sign-in/council-account").location
            back = requests.post(address, data={"sub": name}, allow_redirects=False, timeout=5).headers["Location"]
            answer = client.get(f"{CALLBACK}?{urlsplit(back).query}")
            assert answer.status_code == status
            code = parse_qs(urlsplit(back).query)["code"][0]
            assert not [
                each for each in caplog.records if each.name.startswith("riskapp") and code in each.getMessage()
            ]


def test_who_has_no_password_is_told_to_sign_in_there_again_before_a_sensitive_deed(council, app, provider, known):
    with transaction():
        council.lead_person.password_hash = None
    with pytest.raises(accounts.HasNoPassword, match="sign in with your council account again"):
        accounts.prove(person_id=council.lead_person.id, password="anything", at=now())
