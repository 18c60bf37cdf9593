"""The surface that a stranger meets: whose word counts, how often one may ask, what an error tells, what is logged."""

import io
import json
import logging
import re
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from riskapp.app import create_app
from riskapp.models.accounts import SecondFactor, WebSession
from riskapp.models.database import db, transaction
from riskapp.models.limits import RateLimit
from riskapp.models.people import RoleAssignment
from riskapp.web import limits, logs
from riskapp.web.clock import now
from riskapp.web.errors import PAGES, _page_before
from tests.builders import NOON, PASSWORD, sign_in
from tests.conftest import _empty, settings_for
from tests.doors_council import OWN, ADoorsCouncil
from tests.pack_builders import reference_of, signed_in

SITE = "https://risk.council.example"
A_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"

ORIGINS = (
    "null", "", "https://evil.example", "http://evil.example", "https://risk.council.example.evil.example",
    "https://evil-risk.council.example", "https://riskxcouncil.example", "https://council.example",
    "https://sub.risk.council.example", "http://risk.council.example", "https://risk.council.example:8443",
    "https://risk.council.example:443", "https://risk.council.example.", "https://risk.council.example/",
    "https://risk.council.example@evil.example", "https://evil.example#risk.council.example",
    "https://evil.example?risk.council.example", "https://evil.example/risk.council.example",
    "//risk.council.example", "risk.council.example", "HTTPS://RISK.COUNCIL.EXAMPLE", "https://RISK.council.example",
    "https://risk.council.example https://evil.example", "https://evil.example https://risk.council.example",
    "https://risk.council.example,https://evil.example", "file://", "file:///etc", "data:", "data:text/html,x",
    "javascript:alert(1)", "blob:https://risk.council.example/x", "chrome-extension://aaaa", "about:blank",
    "https://localhost", "http://localhost", "https://127.0.0.1", "https://[::1]", "https://risk.council.exаmple",
    "https://xn--risk.council.example", "*", "https://*.council.example", "ftp://risk.council.example", "undefined",
)  # fmt: skip
HOSTS = (
    "evil.example", "risk.council.example.evil.example", "evil-risk.council.example", "sub.risk.council.example",
    "council.example", "risk.council.example@evil.example", "evil.example:443", "evil.example#risk.council.example",
    "risk.council.example/evil.example", "risk.council.example\\evil.example", "localhost", "127.0.0.1", "[::1]",
    "169.254.169.254", "0", "risk.council.example evil.example", "risk.council.example,evil.example", "*",
    ".risk.council.example", "risk.council.exаmple".encode().decode("latin-1"), "xn--risk.council.example", "a" * 300,
)  # fmt: skip
ELSEWHERE = (
    "//evil.example", "///evil.example", "////evil.example", "/////evil.example", "/\\evil.example",
    "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "//\\evil.example", "http://evil.example",
    "https://evil.example", "HTTPS://evil.example", "https:evil.example", "https:/evil.example",
    "http:///evil.example", "https:\\\\evil.example", "ftp://evil.example", "javascript:alert(1)",
    "JavaScript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
    "mailto:x@evil.example", "/\t/evil.example", "/%09/evil.example", "/%2f/evil.example", "/%2fevil.example",
    "%2f%2fevil.example", "/%5cevil.example", "/%5c%5cevil.example", "//evil.example/%2f..",
    "//evil.example@risk.council.example", "https://risk.council.example@evil.example",
    "https://risk.council.example.evil.example", "//evil%00.example", "/..//evil.example", "/.//evil.example",
    "/;@evil.example", "//;@evil.example", "@evil.example", ".evil.example", "?next=//evil.example",
    "#//evil.example", " //evil.example", "\u3000//evil.example", "/\u2028/evil.example", "//evil。example",
    "//еvil.example", "//[::1]", "//0x7f000001", "//2130706433", "//127.0.0.1", "///localhost",
    "https:////evil.example", "https:/\\evil.example", "/https://evil.example", "/\r\nLocation: //evil.example",
    "/%0d%0aLocation:%20//evil.example", "//evil.example:80", "//evil.example?x", "//evil.example#x",
    "work//evil.example",
)  # fmt: skip


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False) as travelled:
        yield travelled


@pytest.fixture
def tell(capsys):
    def say(words: str) -> None:
        with capsys.disabled():
            print(f"\n{words}")  # noqa: T201 - the figure of a proof

    return say


def an_app(database_url, folder, **changes):
    return create_app(settings_for(database_url, folder, **changes))


@pytest.fixture
def made(database_url, tmp_path):
    """Gives an application with settings of its own, over an empty database."""
    apps = []

    def make(**changes):
        app = an_app(database_url, tmp_path, **changes)
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        pushed = app.app_context()
        pushed.push()
        apps.append(pushed)
        if len(apps) == 1:
            if database_url.startswith("postgresql"):
                _empty(db.engine)
            app.extensions["council"] = ADoorsCouncil()
        return app

    yield make
    for pushed in reversed(apps):
        db.session.remove()
        db.engine.dispose()
        pushed.pop()


@pytest.fixture
def production(made):
    return made(RISKAPP_MODE="production", SECRET_KEY=A_KEY, BASE_URL=SITE)


@pytest.fixture
def app(made):
    return made()


@pytest.fixture
def council(app):
    return app.extensions["council"]


def live_sessions():
    return db.session.scalar(select(func.count(WebSession.id)).where(WebSession.ended_at.is_(None)))


# Whose word counts


def test_no_origin_but_our_own_may_write_and_none_is_told_that_it_may_read(production, tell):
    client, accepted = production.test_client(), []
    for origin in ORIGINS:
        sent = {"Host": "risk.council.example", "Origin": origin.encode().decode("latin-1")}
        written = client.post("/sign-in", data={"email": "x"}, headers=sent)
        read = client.get("/sign-in", headers=sent)
        if written.status_code != 403 or "Access-Control" in f"{read.headers}{written.headers}":
            accepted.append(origin)
    assert accepted == []
    assert len(ORIGINS) >= 40
    own = {"Host": "risk.council.example", "Origin": SITE, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/sign-in", data={"email": "x"}, headers=own).status_code == 200, "our own may"
    tell(f"Origins: {len(ORIGINS)} tried, {len(accepted)} accepted")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "Cross-Site", "same-origin, cross-site"])
def test_what_the_browser_calls_another_site_may_not_write(app, council, site):
    client = app.test_client()
    signed_in(client, council.manager_person)
    assert client.post("/sign-out", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert live_sessions() == 1
    assert client.post("/sign-out", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302
    assert live_sessions() == 0


A_FORM = "application/x-www-form-urlencoded"
BODIES = ("text/plain", "application/json", "multipart/form-data; boundary=x", A_FORM, "")


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("token", ["", "a" * 40, "IjAi.aaaa.bbbb"])
def test_a_write_without_our_token_does_nothing_whatever_its_body(app, council, kind, token):
    client = app.test_client()
    signed_in(client, council.manager_person)
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/sign-out", data=f"csrf_token={token}", content_type=kind)
    assert answer.status_code == 400
    assert live_sessions() == 1


def test_the_token_of_another_visitor_does_not_count(app, council):
    mine, theirs = app.test_client(), app.test_client()
    signed_in(mine, council.manager_person)
    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', theirs.get("/sign-in").text)[1]
    assert mine.post("/sign-out", data={"csrf_token": token}).status_code == 400
    assert live_sessions() == 1


def test_a_host_that_is_not_ours_is_answered_with_nothing_of_itself(production, tell):
    client, accepted = production.test_client(), []
    for host in HOSTS:
        answer = client.get("/sign-in", headers={"Host": host})
        forwarded = client.get("/registers", headers={"Host": "risk.council.example", "X-Forwarded-Host": host})
        is_said = len(host) > 1 and host in f"{answer.headers}{answer.text}{forwarded.headers}{forwarded.text}"
        if answer.status_code != 400 or is_said or forwarded.headers["Location"] != "/sign-in":
            accepted.append((host, answer.status_code))
        assert re.search(r"number: [0-9a-f]{12}", answer.text), "an error before any door has its number too"
    assert accepted == []
    assert len(HOSTS) >= 20
    assert client.get("/sign-in", headers={"Host": "risk.council.example"}).status_code == 200
    tell(f"Hosts: {len(HOSTS)} tried, each also as X-Forwarded-Host, {len(accepted)} accepted")


def test_no_address_that_a_visitor_gives_leads_elsewhere(app, council, tell):
    client, left, tried = app.test_client(), [], 0
    signed_in(client, council.manager_person)
    for address in ELSEWHERE:
        path = address.replace("\r", "%0d").replace("\n", "%0a").replace("\t", "%09")
        plain = address.isascii() and address.isprintable()
        answers = [
            client.get("/registers", query_string=dict.fromkeys(("next", "back", "url", "return_to"), address)),
            client.post("/people/absence/back", data={"back": address, "next": address}),
            client.get("/", environ_overrides={"PATH_INFO": f"/{path.removeprefix('/')}".encode().decode("latin-1")}),
            client.post("/policy-reports?next=" + path, data="x"),
        ]
        if plain:
            answers.append(client.post("/me/away", data={"back": address}, headers={"Referer": address}))
        tried += len(answers)
        for answer in answers:
            where = answer.headers.get("Location", "/")
            leads = re.findall(r'href="([^"]*)"', answer.text) if answer.mimetype == "text/html" else []
            strange = [each for each in leads if _is_elsewhere(each)]
            if strange or not re.match(r"(http://localhost)?/(?![/\\])", where):
                left.append((address, where, strange[:2], answer.request.path))
    assert left == [], left[:3]
    assert len(ELSEWHERE) >= 60
    tell(f"Redirects: {len(ELSEWHERE)} values, {tried} tries, {len(left)} led elsewhere")


def _is_elsewhere(href: str) -> bool:
    return not re.match(r"(http://localhost)?/(?![/\\])|[?#]|$", href)


def test_the_page_before_is_a_link_only_if_it_was_ours(app):
    for address in ELSEWHERE:
        if not address.isascii() or not address.isprintable():
            continue
        with app.test_request_context("/", headers={"Referer": address}):
            assert _page_before() is None, address
    with app.test_request_context("/", headers={"Referer": "http://localhost//evil.example"}):
        assert _page_before() is None
    with app.test_request_context("/", headers={"Referer": "http://localhost/risks/R-1?a=b"}):
        assert _page_before() == "/risks/R-1?a=b"


def test_https_in_base_url_makes_cookies_and_headers_for_https_also_behind_a_proxy(production, made):
    client = production.test_client()
    answer = client.get("/sign-in", headers={"Host": "risk.council.example"}, base_url="http://risk.council.example")
    cookies = answer.headers.getlist("Set-Cookie")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert all(re.match(r"__Host-\w+=.*; Secure; HttpOnly; Path=/; SameSite=Lax$", each) for each in cookies)
    assert cookies
    assert "Strict-Transport-Security" not in made().test_client().get("/sign-in").headers


@pytest.fixture
def behind_a_proxy(made):
    """Asks through one proxy, which says how the request came to it."""
    app = made(RISKAPP_MODE="production", SECRET_KEY=A_KEY, BASE_URL=f"{SITE}/risk", PROXY_HOPS="1")
    client = app.test_client()

    def asks(path, method="GET", came="http", **changes):
        told = {"X-Forwarded-Proto": came} if came else {}
        sent = {"Host": "risk.council.example", **told, **changes}
        return client.open(path, method=method, headers=sent, base_url="http://risk.council.example")

    return asks


def test_a_page_asked_for_in_the_clear_is_asked_for_anew_by_https_and_nothing_else_is(behind_a_proxy):
    for path in ("/sign-in", "/registers?q=a%20b&page=2", "/nothing", "//evil.example/x", "/%0d%0aLocation:%20x"):
        answer = behind_a_proxy(path)
        assert answer.status_code == 308, path
        assert answer.location.startswith(f"{SITE}/risk/"), answer.location
        assert "\n" not in answer.location
        assert "Set-Cookie" not in answer.headers
    assert behind_a_proxy("/registers?q=a%20b&page=2").location == f"{SITE}/risk/registers?q=a%20b&page=2"
    own = {"Origin": SITE, "Sec-Fetch-Site": "same-origin"}
    for method in ("POST", "PUT", "DELETE"):
        assert behind_a_proxy("/sign-in", method, **own).status_code == 403, "what was sent is not to be sent again"
    assert behind_a_proxy("/policy-reports", "POST").status_code == 403


def test_what_came_by_https_or_from_a_monitor_beside_the_proxy_is_answered(behind_a_proxy):
    assert behind_a_proxy("/sign-in", came="https").status_code == 200
    assert behind_a_proxy("/sign-in", came=None).status_code == 200, "a proxy that does not say"
    assert behind_a_proxy("/health").status_code == 200


def test_the_page_that_logs_a_risk_alone_lets_our_own_script_run(app, council):
    client = app.test_client()
    sign_in(client, council.champion_person)
    others = ("/", "/registers", "/registers/views/new", "/risks/similar?q=x", "/risks/R-NONE", "/help")
    policies = {path: client.get(path).headers["Content-Security-Policy"] for path in ("/risks/new", *others)}
    policies["posted"] = client.post("/risks/new", data={}).headers["Content-Security-Policy"]
    scripted = {path for path, policy in policies.items() if "script-src" in policy}
    assert scripted == {"/risks/new", "posted"}
    for path in scripted:
        said = dict(part.split(" ", 1) for part in policies[path].split("; "))
        assert (said["script-src"], said["connect-src"], said["default-src"]) == ("'self'", "'self'", "'none'")
        assert (said["require-trusted-types-for"], said["trusted-types"]) == ("'script'", "'none'")


# How often one may ask


@pytest.fixture
def hasty(made):
    """An application that lets each thing be done three times in a minute."""
    every = {f"LIMIT_{deed}": "3 in 60" for deed in ("SIGN_IN", "EXPORT", "SEARCH", "WRITE", "REPORT", "LOGOUT")}
    return made(**every)


def test_what_is_asked_for_too_often_is_refused_and_told_when_to_come_back(hasty, at_noon):
    council, client = hasty.extensions["council"], hasty.test_client()
    sign_in(client, council.manager_person)
    for ask in (
        lambda: client.get("/actions.csv"),
        lambda: client.get("/registers?q=voids"),
        lambda: client.get("/risks/similar?q=voids"),
        lambda: client.post("/risks/new", data={}),
    ):
        assert [ask().status_code for _ in range(3)].count(429) == 0
        refused = ask()
        assert refused.status_code == 429
        wait = int(refused.headers["Retry-After"])
        assert 1 <= wait <= 60
        assert f"Wait {wait} second" in refused.text
        at_noon.shift(timedelta(seconds=wait))
        assert ask().status_code != 429
        at_noon.shift(timedelta(minutes=1))  # two of them are counted as one deed
    assert client.get("/registers").status_code == 200, "to read a page is not counted"


def test_tries_to_sign_in_are_counted_by_account_and_address_together_and_by_address(hasty, monkeypatch):
    monkeypatch.setattr(limits, "SIGN_IN_TIMES", 10)
    council, client = hasty.extensions["council"], hasty.test_client()

    def try_in(email, address):
        data = {"email": email, "password": "not it"}
        return client.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": address}).status_code

    mail = council.manager_person.email
    assert [try_in(mail, "192.0.2.1") for _ in range(4)] == [200, 200, 200, 429]
    assert try_in(f" {mail.upper()} ", "192.0.2.1") == 429, "the same account, spelt otherwise"
    assert try_in(mail, "192.0.2.2") == 200, "its owner, elsewhere, is not shut out"
    tries = [try_in(f"nobody-{number}@demo.example", "192.0.2.1") for number in range(40)]
    assert tries.count(200) == 3 * limits.SIGN_IN_TIMES - 5
    assert [try_in(f"x{n}@demo.example", f"2001:db8::{n}") for n in range(40)].count(200) == 3 * limits.SIGN_IN_TIMES


def test_codes_are_counted_for_whose_they_are_so_that_an_office_of_one_address_signs_in(hasty):
    council = hasty.extensions["council"]
    people = [council.manager_person, council.champion_person, council.chief_person, council.lead_person]
    with transaction():
        for person in people:
            db.session.add(a_factor(person))
    clients = [hasty.test_client() for _ in people]
    for client, person in zip(clients, people, strict=True):
        sign_in(client, person)
    answers = [client.post("/sign-in/code", data={"code": "000000"}).status_code for client in clients]
    assert answers == [200] * 4, "each has three"
    assert [clients[0].post("/sign-in/code", data={"code": "000000"}).status_code for _ in range(3)] == [200, 200, 429]
    assert clients[1].post("/sign-in/code", data={"code": "000000"}).status_code == 200


def test_what_is_asked_of_nobody_in_particular_counts_for_the_address_alone(hasty):
    client = hasty.test_client()
    assert [client.post("/choose-password", data={"password": "x"}).status_code for _ in range(5)] == [200] * 5


def test_what_the_provider_tells_is_counted_by_its_address(hasty, monkeypatch):
    monkeypatch.setattr(limits, "ADDRESS_TIMES", 2)
    client = hasty.test_client()
    answers = [client.post("/sign-in/council-account/signed-out").status_code for _ in range(7)]
    assert answers == [400] * 6 + [429]


def a_factor(person):
    cipher = current_app.extensions["cipher"]
    factor = SecondFactor(person_id=person.id, made_at=NOON, confirmed_at=NOON)
    factor.encrypted_key = cipher.encrypt(b"a key of twenty byte", owner=factor.owner, at=NOON)
    return factor


def test_what_is_kept_of_who_asked_is_a_digest_and_not_for_long(hasty, at_noon):
    client = hasty.test_client()
    client.post("/sign-in", data={"email": "canary@demo.example"}, environ_base={"REMOTE_ADDR": "192.0.2.77"})
    kept = [bytes(row.asker) for row in db.session.scalars(select(RateLimit))]
    assert len(kept) == 2
    assert all(len(each) == 16 and b"canary" not in each and b"192.0.2" not in each for each in kept)
    at_noon.shift(timedelta(hours=1))
    client.post("/sign-in", data={"email": "another@demo.example"})
    assert db.session.scalar(select(func.min(RateLimit.ends_at))) > NOON + timedelta(hours=1)


def test_a_forwarded_address_counts_only_through_as_many_proxies_as_were_named(made):
    app = made(LIMIT_SIGN_IN="1 in 60")
    forged = [
        app.test_client().post("/sign-in", data={"email": "x"}, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
        for n in range(2)
    ]
    assert forged == [200, 429]


# What an error tells


def test_every_error_has_a_page_of_its_own_with_a_number(app):
    for status in (*sorted(PAGES), 401, 406, 410, 418, 422, 501, 502, 504):
        app.add_url_rule(f"/broken/{status}", f"broken{status}", view_func=_broken(status))
    client = app.test_client()
    for status in (*PAGES, 401, 406, 410, 418, 422, 501, 502, 504):
        answer = client.get(f"/broken/{status}")
        assert answer.status_code == status
        assert answer.text.count("<h1") == 1
        assert re.search(r"number: [0-9a-f]{12}", answer.text)
        assert "Traceback" not in answer.text
        assert answer.headers["Content-Security-Policy"]


def _broken(status):
    def view():
        fault = HTTPException("nobody reads this")
        fault.code = status
        raise fault

    return view


def test_a_fault_tells_nothing_of_itself_and_its_number_is_in_the_log(made, caplog):
    app = made()
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    with mock.patch("riskapp.features.work.views.render_template", side_effect=ValueError("canary in a fault")):
        answer = app.test_client().get("/help")
    assert answer.status_code == 500
    assert "canary" not in answer.text
    number = re.search(r"number: ([0-9a-f]{12})", answer.text)[1]
    assert any(getattr(record, "request_id", "") == number and record.exc_info for record in caplog.records)


def test_without_a_database_a_page_says_so_without_asking_it(made):
    app = made()
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    fault = OperationalError("SELECT canary", {}, Exception("canary"))
    with (
        mock.patch("riskapp.features.policy.queries.in_force", side_effect=fault),
        mock.patch("riskapp.app.accounts.asking", side_effect=fault),
    ):
        client = app.test_client()
        client.set_cookie("sid", "some token")
        answer = client.get("/registers")
    assert answer.status_code == 503
    assert re.search(r"number: [0-9a-f]{12}", answer.text)
    assert "canary" not in answer.text
    assert answer.headers["Content-Security-Policy"]


def test_a_form_takes_no_file_and_a_door_for_files_takes_what_it_says(app, council):
    client = app.test_client()
    signed_in(client, council.manager_person)

    def sends(path, megabytes):
        return client.post(path, data=b"kind=" + b"x" * (megabytes * 1_000_000), content_type=A_FORM)

    refused = sends("/risks/new", 2)
    assert refused.status_code == 413
    assert "at most 1 MB here" in refused.text
    assert sends("/sign-in", 2).status_code == 413
    assert sends("/organisation/import", 5).status_code != 413
    assert sends("/organisation/import", 7).status_code == 413


def test_there_is_no_console_and_no_door_of_a_developer(production):
    client = production.test_client()
    for path in ("/console", "/debug", "/_debug", "/__debugger__", "/test", "/.git/config", "/.env", "/server-status"):
        assert client.get(path, headers={"Host": "risk.council.example"}).status_code == 404
    assert client.get("/sign-in?__debugger__=yes&cmd=resource&f=style.css", headers={"Host": "risk.council.example"})
    assert not production.debug


def test_security_txt_says_whom_to_tell_and_does_not_run_out(made, at_noon):
    client = made(SECURITY_CONTACT="mailto:security@council.example").test_client()
    for _year in range(3):
        answer = client.get("/.well-known/security.txt")
        said = dict(line.split(": ", 1) for line in answer.text.splitlines())
        assert answer.mimetype == "text/plain"
        assert said["Contact"] == "mailto:security@council.example"
        assert said["Canonical"] == "http://localhost/.well-known/security.txt"
        assert said["Expires"] > f"{now():%Y-%m-%dT%H:%M:%SZ}"
        at_noon.shift(timedelta(days=365))


def test_what_is_asked_for_as_if_it_were_a_file_is_not_found_and_kept_by_nobody(app, council):
    client = app.test_client()
    signed_in(client, council.manager_person)
    for path in ("/account/x.css", "/account.css", "/account;x.css", "/account%2fx.css", "/registers/logo.svg",
                 "/static/none.css", "/static/account.txt", "/registers.css", "/my.woff2"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["Cache-Control"] == "no-store", path
        assert council.manager_person.email not in answer.text
    style = re.search(r'href="(/style/[^"]+)"', client.get("/account").text)[1]
    assert "immutable" in client.get(style).headers["Cache-Control"], "style is the one thing that is kept"


def test_what_was_written_twice_over_is_read_once(app, council):
    client = app.test_client()
    signed_in(client, council.assurance_person)
    email, by_address = council.manager_person.email, f"/people/{council.manager_person.id}"
    once = "".join(f"%{ord(letter):02x}" for letter in email.partition("@")[0])
    assert by_address in client.get(f"/people?q={once}").text
    assert by_address not in client.get(f"/people?q={once.replace('%', '%25')}").text
    reference = reference_of(council.risks[OWN])
    once = "".join(f"%{ord(letter):02x}" for letter in reference)
    assert client.get(f"/risks/{once}").status_code == 200
    assert client.get(f"/risks/{once.replace('%', '%25')}").status_code == 404


def test_a_value_said_twice_is_read_once_and_not_from_elsewhere(app, council):
    client = app.test_client()
    wrong, right = "not the password", PASSWORD
    email = council.manager_person.email
    for query, form in (
        ({"password": right}, {"email": email, "password": wrong}),
        ({"email": email, "password": right}, {}),
    ):
        assert client.post("/sign-in", query_string=query, data=form).status_code == 200, "an address is no form"
    twice = [("email", email), ("password", wrong), ("password", right)]
    answer = client.post("/sign-in", data="&".join(f"{k}={v.replace(' ', '+')}" for k, v in twice), content_type=A_FORM)
    assert answer.status_code == 200, "the first counts"


FURTHER = {"id": "1", "owner_id": "1", "is_active": "0", "state": "done", "role": "administrator", "person_id": "1"}


def test_what_a_form_does_not_ask_for_changes_nothing(app, council):
    client, person = app.test_client(), council.manager_person
    signed_in(client, person)
    roles = select(func.count(RoleAssignment.id))
    before = db.session.scalar(roles), person.email
    said = FURTHER | {"old": PASSWORD, "password": "kettle pebble lantern harbour", "email": "other@demo.example"}
    assert client.post("/account/password", data=said).status_code == 302
    db.session.refresh(person)
    assert (db.session.scalar(roles), person.email) == before
    assert person.is_active


# What is logged


@pytest.fixture
def lines(capsys):
    """Gives the lines that production would write, each read as JSON."""
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(logs.OneLine())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("riskapp.web").setLevel(logging.INFO)

    def written():
        raw = stream.getvalue()
        return raw, [json.loads(line) for line in raw.splitlines()]

    yield written
    root.removeHandler(handler)
    root.setLevel(level)


CANARY = "canary7f3a\r\nINFO forged"


def test_no_line_of_the_log_holds_what_somebody_wrote(made, lines, tell):
    app = made(LIMIT_SEARCH="2 in 60")
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    council, client = app.extensions["council"], app.test_client()
    sign_in(client, council.manager_person)
    fields = dict.fromkeys(("title", "cause", "event", "email", "password", "q", "reason", "note", "file"), CANARY)
    told = {"User-Agent": "canary7f3a", "Referer": "http://localhost/canary7f3a", "Cookie": "x=canary7f3a"}
    for _ in range(4):
        client.get("/registers", query_string=fields, headers=told)
    client.get("/risks/canary7f3a", headers=told)
    client.get("/nothing/canary7f3a%0d%0aINFO", headers=told)
    client.post("/risks/new", data=fields, headers=told)
    client.post("/sign-in", data=fields, headers=told)
    client.open("/registers", method="CANARY7F3A", headers=told)
    client.post("/sign-out", data=fields, headers={**told, "Origin": "https://canary7f3a.example"})
    client.post("/policy-reports", json={"csp-report": {"effective-directive": "canary7f3a", "blocked-uri": CANARY}})
    client.post("/policy-reports", json={"csp-report": {"effective-directive": "script-src-elem"}})
    with mock.patch("riskapp.features.work.views.render_template", side_effect=ValueError(CANARY)):
        client.get("/help", headers=told)
    with mock.patch("riskapp.features.work.views.render_template", side_effect=KeyError(council.manager_person.email)):
        client.get("/privacy", headers=told)
    with mock.patch("riskapp.features.work.views.render_template", side_effect=lambda *_a, **_k: _ask(CANARY)):
        client.get("/accessibility", headers=told)
    logging.getLogger("riskapp.test").error("an event %s", CANARY, extra={"request_id": "x", "title": CANARY})
    logging.getLogger("gunicorn.error").warning(f"Invalid request from {CANARY}")  # noqa: G004 - as a library may
    raw, read = lines()
    assert "canary7f3a" not in raw.lower()
    assert "demo.example" not in raw
    assert PASSWORD not in raw
    assert "192.0.2" not in raw
    assert "127.0.0.1" not in raw
    people = {council.manager_person.name} if hasattr(council.manager_person, "name") else set()
    assert not any(name in raw for name in people)
    requests = [line for line in read if line["event"] == "request"]
    assert len(requests) >= 15
    assert all({"time", "level", "request_id", "method", "status", "ms"} <= set(line) for line in requests)
    assert {line["route"] for line in requests if "route" in line} >= {"/registers", "/risks/<reference>"}
    assert council.manager_person.id in {line.get("actor") for line in requests}
    assert {"a browser refused something", "too many requests", "a write from another site"} <= {
        line["event"] for line in read
    }
    assert {line.get("directive") for line in read} == {None, "unknown", "script-src-elem"}
    assert {line.get("fault") for line in read} >= {"ValueError", "KeyError"}
    tell(f"Logs: {len(read)} lines, 12 places planted with canaries, 0 found")


def _ask(words):
    db.session.execute(text("SELECT :words FROM no_such_table"), {"words": words})


def test_the_demonstration_writes_lines_for_people():
    record = logging.LogRecord("riskapp.clock", logging.INFO, "f", 1, "a job ran", (), None)
    record.job = "send_mail"
    line = logs.Plain("%(name)s %(message)s").format(record)
    assert line == "riskapp.clock a job ran job=send_mail"
    assert logs.configuration(is_demo=False)["formatters"]["line"]["()"] is logs.OneLine
