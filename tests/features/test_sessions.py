"""Sessions: listed, ended by hand and by what changes, replayed in vain; and the page wanted, which stays here."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.domain import one_time_codes as codes
from riskapp.domain.audit import Event
from riskapp.domain.clock import Moment
from riskapp.domain.permissions import Role
from riskapp.features.access import service as access
from riskapp.features.accounts import service as accounts
from riskapp.features.leaving import service as leaving
from riskapp.features.passwords import jobs as password_jobs
from riskapp.features.passwords import service as passwords
from riskapp.features.second_factor import service as second_factor
from riskapp.models.accounts import PasswordLink, SecondFactor, WebSession
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.people import Person, RoleAssignment
from riskapp.models.staffing import Departure
from riskapp.web import sessions
from tests.builders import DAY, NOON, PASSWORD, ACouncil, a_person, a_role, actor, sign_in

NEW = "kettle pebble lantern harbour"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36 Edg/140.0"
)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


@pytest.fixture
def council(app):
    return ACouncil()


def tokens_of(person, number):
    with transaction():
        return [
            accounts.start_session(person.id, at=NOON, instead_of="", by_what="password and code")
            for _ in range(number)
        ]


def opens(app, token, path="/account"):
    client = app.test_client()
    client.set_cookie("sid", token)
    return client.get(path).status_code == 200


def by_signing_out(app, council, tokens):
    for token in tokens:
        client = app.test_client()
        client.set_cookie("sid", token)
        client.post("/sign-out")


def by_being_disabled(app, council, tokens):
    with transaction():
        departure = Departure(person_id=council.lead_person.id, leaves_on=DAY, state="planned")
        leaving.carry_out(departure, by=actor(council.administrator_person), at=NOON, on=DAY)


def by_another_role(app, council, tokens):
    new = access.NewRole(council.lead_person.email, Role.AUDITOR, council.council.id, None, DAY, None, "For a while")
    with transaction():
        proposal = access.propose(new, by=actor(council.administrator_person), at=NOON, on=DAY)
    with transaction():
        access.agree(proposal.id, by=actor(council.assurance_person), at=NOON, on=DAY)


def by_a_role_that_ends(app, council, tokens):
    held = db.session.scalars(select(RoleAssignment).where(RoleAssignment.person_id == council.lead_person.id)).first()
    if held is None:
        held = a_role(council.lead_person, Role.CHAMPION, council.team)
    with transaction():
        proposal = access.propose_end(held.id, reason="Moved", by=actor(council.administrator_person), at=NOON, on=DAY)
    with transaction():
        access.agree(proposal.id, by=actor(council.assurance_person), at=NOON, on=DAY)


def by_another_password(app, council, tokens):
    with transaction():
        passwords.change(NEW, context=(), token="none of these", by=actor(council.lead_person), at=NOON)


def by_a_reset_of_the_second_factor(app, council, tokens):
    with transaction():
        key = {"encrypted_key": b"nobody reads it here", "made_at": NOON, "confirmed_at": NOON}
        db.session.add(SecondFactor(person_id=council.lead_person.id, **key))
    with transaction():
        second_factor.reset(council.lead_person.id, reason="Lost", by=actor(council.administrator_person), at=NOON)


ENDINGS = (
    by_signing_out, by_being_disabled, by_another_role, by_a_role_that_ends, by_another_password,
    by_a_reset_of_the_second_factor,
)  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda each: each.__name__)
def test_a_session_that_was_ended_is_replayed_in_vain(app, council, ending, tell):
    """Fifty sessions each, so that the four that the standard names make two hundred."""
    tokens = tokens_of(council.lead_person, 50)
    assert opens(app, tokens[0])
    assert opens(app, tokens[-1])
    ending(app, council, tokens)
    successes = sum(opens(app, token) for token in tokens)
    tell(f"Session replay {ending.__name__.replace('_', ' ')}: {successes} successes of {len(tokens)}")
    assert successes == 0
    assert len(tokens) >= 50


def test_another_persons_sessions_stay_when_mine_end(app, council):
    mine, other = tokens_of(council.lead_person, 1), tokens_of(council.manager_person, 1)
    by_another_password(app, council, mine)
    assert opens(app, other[0])


def test_who_changes_the_password_stays_signed_in_here_and_nowhere_else(app, council):
    here, there = app.test_client(), app.test_client()
    for client in (here, there):
        sign_in(client, council.lead_person)
    answer = here.post("/account/password", data={"old": PASSWORD, "password": NEW})
    assert answer.status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").location == "/sign-in"


def test_the_page_of_sessions_lists_each_and_ends_one_or_all_others(app, council):
    here, there, elsewhere = app.test_client(), app.test_client(), app.test_client()
    data = {"email": council.lead_person.email, "password": PASSWORD}
    for client, agent in ((here, FIREFOX), (there, EDGE), (elsewhere, "curl/8")):
        assert client.post("/sign-in", data=data, headers={"User-Agent": agent}).status_code == 302
    page = here.get("/account/sessions").text
    for words in ("Firefox on Linux", "Edge on Windows", "A browser", "This one", "signed in on 3 browsers"):
        assert words in page
    number = db.session.scalar(select(WebSession.id).where(WebSession.browser == "Edge on Windows"))
    here.post("/account/sessions/end", data={"session": str(number)})
    assert [client.get("/account").status_code for client in (here, there, elsewhere)] == [200, 302, 200]
    here.post("/account/sessions/end", data={"session": "others"})
    assert [client.get("/account").status_code for client in (here, there, elsewhere)] == [200, 302, 302]
    assert "signed in on 1 browser" in here.get("/account/sessions").text


@pytest.mark.parametrize("said", ["", "nought", "0", "-1", "9" * 30, "²"])
def test_nobody_ends_a_session_of_another_or_one_that_is_not_there(app, council, said):
    other = tokens_of(council.manager_person, 1)[0]
    number = db.session.scalar(select(WebSession.id))
    client = app.test_client()
    sign_in(client, council.lead_person)
    for each in (said, str(number)):
        assert client.post("/account/sessions/end", data={"session": each}).status_code == 302
    assert opens(app, other)


@pytest.mark.parametrize(
    ("name", "minutes"), [("administrator_person", 15), ("lead_person", 30), ("assurance_person", 30)]
)
def test_a_session_lasts_so_long_without_use(app, council, clock, name, minutes):
    token = tokens_of(getattr(council, name), 1)[0]
    clock.shift(timedelta(minutes=minutes))
    assert opens(app, token), "which counts as use"
    clock.shift(timedelta(minutes=minutes, seconds=1))
    assert not opens(app, token)


def test_a_session_in_use_ends_after_twelve_hours(app, council, clock):
    token = tokens_of(council.lead_person, 1)[0]
    for _ in range(12 * 4):
        assert opens(app, token)
        clock.shift(timedelta(minutes=15))
    assert opens(app, token)
    clock.shift(timedelta(seconds=1))
    assert not opens(app, token)


def test_a_sensitive_deed_asks_for_the_password_five_minutes_after_it_was_given(app, council, clock):
    client = app.test_client()
    sign_in(client, council.administrator_person)
    newcomer = a_person()
    form = {
        "person": newcomer.email, "role": "champion", "unit": str(council.team.id), "clearance": "",
        "from_on-day": "1", "from_on-month": "12", "from_on-year": "2026", "reason": "The team has none",
    }  # fmt: skip
    clock.shift(timedelta(minutes=5, seconds=1))
    asked = client.post("/access/propose", data=form)
    assert "Enter your password. It is asked again" in asked.text
    assert "The team has none" in asked.text, "nothing typed is lost"
    assert "not the password of your account" in client.post("/access/propose", data=form | {"password": "x"}).text
    assert client.post("/access/propose", data=form | {"password": PASSWORD}).status_code == 302
    assert "Your password" not in client.get("/access/propose").text, "it counts for the next deed as well"
    clock.shift(timedelta(minutes=5, seconds=1))
    assert "Your password" in client.get("/access/propose").text


def test_an_administrator_signs_somebody_out_everywhere_and_nobody_else(app, council):
    mine, other = tokens_of(council.lead_person, 3), tokens_of(council.manager_person, 1)
    admin, page = app.test_client(), f"/people/{council.lead_person.id}"
    sign_in(admin, council.administrator_person)
    assert "Sign them out everywhere" in admin.get(page).text
    assert "They are signed out everywhere." in admin.post(f"{page}/sign-out", follow_redirects=True).text
    assert not any(opens(app, token) for token in mine)
    assert opens(app, other[0])
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.SESSIONS_ENDED)).one()
    assert entry.person_id == council.administrator_person.id
    assert "They were signed in nowhere." in admin.post(f"{page}/sign-out", follow_redirects=True).text
    assert admin.post(f"/people/{council.administrator_person.id}/sign-out").status_code == 422, (
        "oneself, by the account"
    )
    assert app.test_client().post(f"{page}/sign-out").location == "/sign-in"


def test_proving_anew_who_one_is_gives_a_new_token_and_the_old_one_opens_nothing(app, council, clock):
    client = app.test_client()
    sign_in(client, council.administrator_person)
    clock.shift(timedelta(minutes=6))
    before = client.get_cookie("sid").value
    asked = {"person": "", "password": PASSWORD}
    assert client.post("/access/propose", data=asked | {"password": "not it"}).status_code == 200
    assert client.get_cookie("sid").value == before, "a wrong password changes nothing"
    form = {
        "person": a_person().email, "role": "champion", "unit": str(council.team.id), "clearance": "",
        "from_on-day": "1", "from_on-month": "12", "from_on-year": "2026", "reason": "x", "password": PASSWORD,
    }  # fmt: skip
    assert client.post("/access/propose", data=form).status_code == 302
    assert client.get_cookie("sid").value != before
    assert client.get("/account").status_code == 200
    assert not opens(app, before)
    assert db.session.scalar(select(func.count(WebSession.id))) == 1, "it is the same session"


def test_a_deed_that_begins_a_session_by_itself_keeps_the_token_that_it_gave(app, council, clock):
    client = app.test_client()
    sign_in(client, council.lead_person)
    client.get("/account/second-factor")
    factor = db.session.get(SecondFactor, council.lead_person.id)
    key = app.extensions["cipher"].decrypt(factor.encrypted_key, owner=factor.owner)
    clock.shift(timedelta(minutes=6))
    code = codes.code_of(key, codes.step_at(NOON + timedelta(minutes=6)))
    client.post("/account/second-factor", data={"code": code, "password": PASSWORD})
    assert client.get("/account").status_code == 200
    alive = db.session.scalars(select(WebSession).where(WebSession.ended_at.is_(None))).one()
    assert alive.by_what == "password and code"


def test_when_a_session_is_over_the_browser_drops_what_it_keeps_of_its_pages(app, council, clock):
    client = app.test_client()
    assert "Clear-Site-Data" not in client.get("/").headers, "a stranger has nothing to drop"
    sign_in(client, council.lead_person)
    assert "Clear-Site-Data" not in client.get("/").headers
    cleared = client.post("/sign-out").headers["Clear-Site-Data"]
    assert cleared == '"cache", "storage"', "and not the cookies of the council's other sites"
    sign_in(client, council.lead_person)
    clock.shift(timedelta(minutes=31))
    over = client.get("/")
    assert (over.location, over.headers["Clear-Site-Data"]) == ("/sign-in", cleared)


def test_no_cookie_is_too_large_for_a_browser_to_keep(app, council):
    client = app.test_client()
    noise = b"".join(hashlib.sha512(bytes([number])).digest() for number in range(46))
    for words in (base64.urlsafe_b64encode(noise).decode(), "\u0175" * 600, "a" * 4000):
        kept = client.get("/registers", query_string={"q": words}).headers.get("Set-Cookie", "")
        assert len(kept) < 4096
        form = client.get("/sign-in")
        assert all(len(each) < 4096 for each in form.headers.getlist("Set-Cookie"))
    assert client.get("/registers?q=voids").headers["Set-Cookie"], "one that fits is kept"


def test_what_is_signed_for_a_form_is_signed_by_sha_256(app, council, client):
    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    for signed in (token, client.get_cookie("form").value):
        signature = signed.rpartition(".")[2]
        assert len(base64.urlsafe_b64decode(f"{signature}=")) == 32


HOSTILE = (
    "//evil.example", "///evil.example", "////evil.example/", "//evil.example/%2f..", "/\\evil.example",
    "/\\/evil.example", "\\\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example",
    "/\r\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "\x00//evil.example",
    "/\x00/evil.example", "https://evil.example", "http://evil.example", "https:evil.example", "https:/evil.example",
    "http:///evil.example", "https:///evil.example", "HTTPS://EVIL.EXAMPLE", "ftp://evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)", "file:///etc/passwd", "evil.example", "www.evil.example/account", "@evil.example",
    "//user@evil.example", "//evil.example:443", "//evil.example?x=/account", "//evil.example#/account",
    "//localhost@evil.example/", "https://localhost.evil.example", "https://localhost@evil.example",
    "/%2f/evil.example", "/%2F%2Fevil.example", "/%5cevil.example", "/%5C/evil.example", "/%09/evil.example",
    "/%0d%0aLocation:%20//evil.example", "/%0aSet-Cookie:%20sid=x", "/account\r\nLocation: //evil.example",
    "/.//evil.example", "/./\\evil.example", "/..//evil.example", "/x/..//evil.example", "/x//../evil.example",
    "/%2e%2e//evil.example", "/\u2028/evil.example", "/\uff0fevil.example", "\uff0f\uff0fevil.example",
    "//evil\u3002example", "/\u202e/evil.example", "", "account", "?next=//evil.example", "#//evil.example",
    "/account\\..\\\\evil.example",
)  # fmt: skip


def test_no_hostile_address_is_where_one_lands_after_signing_in(app, council, tell):
    """By every way in: said in the address, and in a kept page that somebody managed to put into the cookie."""
    data = {"email": council.lead_person.email, "password": PASSWORD}
    landed = []
    for value in HOSTILE:
        client = app.test_client()
        with client.session_transaction() as kept:
            kept["wanted"] = value
        said = {"next": value, "wanted": value, "url": value, "redirect": value}
        landed.append(client.post("/sign-in", query_string=said, data=data | said).location)
    accepted = [value for value, where in zip(HOSTILE, landed, strict=True) if where not in {"/", None}]
    accepted += [value for value in HOSTILE if sessions.is_inside(value)]
    tell(f"Pages wanted: {len(HOSTILE)} hostile addresses, {len(accepted)} accepted")
    assert accepted == []
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize(
    "value", ["/", "/account", "/registers?status=draft&q=a%20b", "/risks/R-7K4QX", "/people/7#posts"]
)
def test_a_page_of_this_site_is_where_one_lands(app, council, value):
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["wanted"] = value
    data = {"email": council.lead_person.email, "password": PASSWORD}
    assert client.post("/sign-in", data=data).location == value


def test_a_page_wanted_is_kept_while_the_second_factor_is_asked_for(app, council):
    app.extensions["settings"] = replace(app.extensions["settings"], demands_second_factor=True)
    client = app.test_client()
    assert client.get("/clock?page=2").location == "/sign-in"
    data = {"email": council.assurance_person.email, "password": PASSWORD}
    landed = client.post("/sign-in", data=data).location
    assert client.get(landed).location == "/account/second-factor"
    with client.session_transaction() as kept:
        assert kept["wanted"] == "/clock?page=2"


def test_the_clock_forgets_sessions_and_links_that_open_nothing(app, council):
    tokens_of(council.lead_person, 2)
    with transaction():
        live, used, late = (
            passwords.send_link(council.lead_person, by=actor(council.lead_person), at=NOON) for _ in range(3)
        )
        used.ended_at, late.runs_out_at = NOON, NOON + timedelta(minutes=60)
    rows = (select(func.count(WebSession.id)), select(func.count(PasswordLink.id)))
    for later, left in (
        (timedelta(hours=12), (2, 3)),
        (timedelta(hours=12, seconds=1), (0, 3)),
        (timedelta(hours=26), (0, 1)),
    ):
        with transaction():
            password_jobs.forget_what_is_over(Moment(DAY, NOON + later))
        assert tuple(map(db.session.scalar, rows)) == left, later
    assert db.session.scalars(select(PasswordLink.id)).one() == live.id, "its message has not left yet"


def test_nothing_of_a_person_is_left_behind_in_the_table_of_sessions(council):
    tokens_of(council.lead_person, 1)
    columns = {column.name for column in WebSession.__table__.columns}
    assert not columns & {"token", "network", "email", "password"}
    assert db.session.scalar(select(func.count(Person.id))) > 0
