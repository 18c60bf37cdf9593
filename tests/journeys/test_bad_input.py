"""What a careless or hostile hand may send: every answer is a page in words, and nothing is half saved."""

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from riskapp.app import create_app
from riskapp.features.accounts import service as accounts
from riskapp.models.actions import Action
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.risks import Risk
from riskapp.web.clock import now, today
from tests.conftest import settings_for
from tests.journeys.conftest import PASSWORD

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7 * 7 }} \u202e'; DROP TABLE risk; --"
TEXTS = ("title", "cause", "event", "consequence", "rationale")
LISTS = (
    "/registers", "/registers.csv", "/actions", "/actions.csv", "/actions/overdue", "/actions/overdue.csv",
    "/escalations", "/escalations.csv", "/escalations/route", "/bodies", "/plan", "/packs", "/policy", "/outbox",
    "/outbox.csv", "/clock", "/actions/chase", "/risks/new", "/actions/new", "/",
)  # fmt: skip
NONSENSE = (
    "sort=1;drop", "sort=-", "page=-1", "page=0", "page=999999999999", "page=٣", "page=1e9", "size=999999", "unit=x",
    "unit=" + "U" * 5000, "band=nonsense", "owner=-1", "owner=²", "likelihood=9&impact=x", "status=%00", "q=%00",
    "q=" + "word " * 2000, "q=%25%27%22%5C_%E2%80%AE", "q=(&q=[", "state=x&to=%25&text=%5C", "late=x&moved=y",
    "a=A-00000", "all=1&late=nonsense", "risk=R-00000", "tier=x&directorate=y", "unit=%F0%9F%92%A5&on=31-13-99",
)  # fmt: skip


@pytest.fixture(scope="module")
def council_app(council_copy) -> Flask:
    """The demonstration council with its doors as they are, forgery tokens aside."""
    app = create_app(settings_for(f"sqlite:///{council_copy}", council_copy.parent))
    app.config.update(WTF_CSRF_ENABLED=False)
    return app


@pytest.fixture(scope="module")
def enter(council_app):
    """Signs somebody in and gives their client; each account once."""
    tokens = {}

    def entered(name: str) -> FlaskClient:
        if name not in tokens:
            with council_app.app_context(), transaction():
                tokens[name] = accounts.sign_in(email=f"{name}@demo.example", password=PASSWORD, at=now(), is_demo=True)
        client = council_app.test_client()
        client.set_cookie("sid", tokens[name])
        return client

    return entered


def _chosen(page: str, name: str, words: str) -> str:
    """The value of an option by its words."""
    box = re.search(rf'<select[^>]*name="{name}".*?</select>', page, re.DOTALL)[0]
    return re.search(rf'<option[^>]*value="(\d+)"[^>]*>\s*{words}', box)[1]


@pytest.fixture
def risk_form(enter) -> dict[str, str]:
    """What a champion would send, whole and in order."""
    page = enter("champion").get("/risks/new").text
    levels = {
        f"{basis}_{axis}": "2" for basis in ("inherent", "current", "target") for axis in ("likelihood", "impact")
    }
    until = today() + timedelta(days=90)
    return levels | {
        "submission_key": re.search(r'name="submission_key"[^>]*value="(\w+)"', page)[1],
        "title": "A lift stands still", "cause": "old parts", "event": "the lift stops", "consequence": "stairs only",
        "unit": _chosen(page, "unit", "Housing Options"),
        "owner": _chosen(page, "owner", "Team Manager, Housing Options"),
        "category": "operations", "dimension": "service", "rationale": "It stopped twice.",
        "target_on-day": f"{until.day}", "target_on-month": f"{until.month}", "target_on-year": f"{until.year}",
        "deed": "send",
    }  # fmt: skip


@pytest.fixture
def action_form(enter) -> dict[str, str]:
    client = enter("owner")
    reference = re.search(r'href="/risks/(R-\w+)"', client.get("/registers").text)[1]
    page = client.get(f"/actions/new?risk={reference}").text
    post, until = _chosen(page, "owner", "Team Manager, Housing Options"), today() + timedelta(days=30)
    return {
        "submission_key": re.search(r'name="submission_key"[^>]*value="([\w-]+)"', page)[1],
        "source": reference, "title": "Mend it", "owner": post, "accountable": post, "priority": "medium",
        "start_on-day": f"{today().day}", "start_on-month": f"{today().month}", "start_on-year": f"{today().year}",
        "due_on-day": f"{until.day}", "due_on-month": f"{until.month}", "due_on-year": f"{until.year}",
    }  # fmt: skip


def _count(app: Flask, table, *, named: str | None = None) -> int:
    with app.app_context():
        query = select(func.count()).select_from(table)
        if named is not None:
            query = query.join(Entity, Entity.id == table.id).where(Entity.name == named)
        return db.session.scalar(query)


def _is_spelled_out(page: str) -> bool:
    return "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "{{ 7 * 7 }}" in page


def test_hostile_words_about_a_risk_are_shown_as_words(enter, risk_form) -> None:
    client = enter("champion")
    sent = risk_form | dict.fromkeys(TEXTS, HOSTILE)
    assert _is_spelled_out(client.post("/risks/new", data=sent | {"deed": "check"}).text)
    answer = client.post("/risks/new", data=sent, follow_redirects=True)
    assert answer.status_code == 200
    assert _is_spelled_out(answer.text)
    assert _is_spelled_out(client.get("/registers?status=draft").text)


def test_hostile_words_about_an_action_are_shown_as_words(enter, action_form) -> None:
    client = enter("owner")
    answer = client.post("/actions/new", data=action_form | {"title": HOSTILE}, follow_redirects=True)
    assert answer.status_code == 200
    assert _is_spelled_out(answer.text)
    path = answer.request.path
    version = re.search(r'name="version"[^>]*value="(\w+)"', answer.text)[1]
    said = client.post(
        f"{path}/update", data={"version": version, "progress": "10", "note": HOSTILE}, follow_redirects=True
    )
    assert said.status_code == 200
    assert _is_spelled_out(said.text)
    assert _is_spelled_out(client.get("/actions?q=alert").text)


@pytest.mark.parametrize(
    ("name", "path"),
    [("champion", "/risks/new"), ("owner", "/actions/new"), ("nobody", "/sign-in")],
)
def test_an_empty_form_names_each_field_and_leads_to_it(enter, council_app, name, path) -> None:
    client = council_app.test_client() if name == "nobody" else enter(name)
    page = client.post(path, data={}).text
    summary = re.search(r'<div class="[^"]*error-summary.*?</ul>', page, re.DOTALL)[0]
    leads = re.findall(r'href="#([^"]+)"', summary)
    ids = set(re.findall(r'\sid="([^"]+)"', page))
    assert leads
    assert set(leads) <= ids
    assert len(leads) == len(re.findall(r"<li>", summary))
    assert "<title>Error: " in page


def test_an_empty_form_about_an_action_names_the_field_and_leads_to_it(enter) -> None:
    client = enter("owner")
    path = re.search(r'href="(/actions/A-\w+)"', client.get("/actions?status=in_progress").text)[1]
    version = re.search(r'name="version"[^>]*value="(\d+)"', client.get(path).text)[1]
    for deed in ("update", "complete", "move", "cancel"):
        answer = client.post(f"{path}/{deed}", data={"version": version})
        assert answer.status_code == 422, deed
        summary = re.search(r'<div class="[^"]*error-summary.*?</ul>', answer.text, re.DOTALL)[0]
        leads = re.findall(r'href="#([^"]+)"', summary)
        assert leads, deed
        assert set(leads) <= set(re.findall(r'\sid="([^"]+)"', answer.text)), deed


def test_what_is_not_there_and_what_is_not_yours_are_one_page(enter) -> None:
    mine = set(re.findall(r"/risks/(R-\w+)", enter("champion").get("/registers?size=100").text))
    all_of_them = set(re.findall(r"/risks/(R-\w+)", enter("assurance").get("/registers?size=100").text))
    client = enter("champion")
    for path in sorted(all_of_them - mine)[::20]:
        theirs, nobodys = client.get(f"/risks/{path}"), client.get("/risks/R-00000")
        assert theirs.status_code == nobodys.status_code == 404
        assert _without_numbers(theirs.text) == _without_numbers(nobodys.text)
        assert client.post(f"/risks/{path}/open", data={}).status_code == 404


def _without_numbers(page: str) -> str:
    """A page without its request number, which differs each time, and its form's token, which differs each second."""
    page = re.sub(r"number: \w+", "", page)
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


@pytest.mark.parametrize(
    "path",
    ["/risks/", "/actions/", "/escalations/", "/bodies/", "/packs/meetings/", "/outbox/"],
)
@pytest.mark.parametrize("unknown", ["0", "R-00000", "x" * 3000, "%00", "..%2f..", "²", "99999999999999999999"])
def test_an_unknown_address_is_a_page_that_says_so(enter, path, unknown) -> None:
    answer = enter("assurance").get(path + unknown)
    assert answer.status_code == 404
    assert answer.text.count("<h1") == 1


def test_a_form_posted_twice_makes_one_risk(enter, council_app, risk_form) -> None:
    sent = risk_form | {"title": "Posted twice in a row"}
    answers = [enter("champion").post("/risks/new", data=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert len({answer.location for answer in answers}) == 1
    assert _count(council_app, Risk, named="Posted twice in a row") == 1


def test_a_form_posted_twice_at_once_makes_one_risk(enter, council_app, risk_form) -> None:
    sent, answers = risk_form | {"title": "Posted twice at once"}, []
    clients, gate = [enter("champion") for _ in range(2)], threading.Barrier(2)

    def post(client: FlaskClient) -> None:
        gate.wait()
        answers.append(client.post("/risks/new", data=sent))

    threads = [threading.Thread(target=post, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert len({answer.location for answer in answers}) == 1
    assert _count(council_app, Risk, named="Posted twice at once") == 1


def test_an_action_posted_twice_is_one_action(enter, council_app, action_form) -> None:
    sent = action_form | {"title": "Asked for twice"}
    answers = [enter("owner").post("/actions/new", data=sent) for _ in range(2)]
    assert len({answer.location for answer in answers}) == 1
    assert _count(council_app, Action, named="Asked for twice") == 1


def test_a_title_of_ten_thousand_letters_is_refused_in_words(enter, council_app, risk_form, action_form) -> None:
    before = _count(council_app, Risk), _count(council_app, Action)
    risk = enter("champion").post("/risks/new", data=risk_form | {"title": "a" * 10_000})
    action = enter("owner").post("/actions/new", data=action_form | {"title": "a" * 10_000})
    assert (risk.status_code, action.status_code) == (422, 422)
    assert "Use at most 150 characters" in risk.text
    assert "Use at most 200 characters" in action.text
    assert (_count(council_app, Risk), _count(council_app, Action)) == before


@pytest.mark.parametrize("changes", [
    {"unit": "999999999999999999999"}, {"unit": "x"}, {"owner": "-1"}, {"category": "nonsense"}, {"item": "7' or 1=1"},
    {"current_likelihood": "9"}, {"current_impact": "x"}, {"current_impact": "99999999999999999999"},
    {"dimension": "x"}, {"target_on-day": "31", "target_on-month": "2"}, {"target_on-year": "0"},
    {"target_on-year": "99999"}, {"submission_key": "k" * 5000}, {"deed": "nonsense", "title": " "},
])  # fmt: skip
def test_a_value_that_no_page_offers_is_refused_and_nothing_is_saved(enter, council_app, risk_form, changes) -> None:
    before = _count(council_app, Risk)
    answer = enter("champion").post("/risks/new", data=risk_form | changes)
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert _count(council_app, Risk) == before


def test_the_character_that_no_database_keeps_is_refused(enter, council_app, risk_form) -> None:
    before = _count(council_app, Risk)
    assert enter("champion").post("/risks/new", data=risk_form | {"title": "a\0b"}).status_code == 400
    assert _count(council_app, Risk) == before


@pytest.mark.parametrize("cost", ["-1", "x", "9" * 30, "99999999999999"])
def test_a_cost_that_no_budget_holds_is_refused_in_words(enter, action_form, cost) -> None:
    answer = enter("owner").post("/actions/new", data=action_form | {"cost": cost})
    assert answer.status_code == 422
    assert 'href="#cost"' in answer.text


@pytest.mark.parametrize("path", LISTS)
def test_an_address_of_nonsense_still_gives_a_page(enter, path) -> None:
    for query in NONSENSE:
        answer = enter("assurance").get(f"{path}?{query}")
        assert answer.status_code in ({400} if "%00" in query else {200, 302, 404}), f"{path}?{query[:60]}"
