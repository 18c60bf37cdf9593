"""The pages of actions: found or not found alike, each form refusing at its field, nothing half-saved."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from riskapp.features.actions import service
from riskapp.models.actions import Action
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from tests.builders import DAY, NOON, ACouncil, an_action, an_old_risk, sign_in

WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def risk(council):
    with transaction():
        return an_old_risk(council)


@pytest.fixture
def action(council, risk):
    with transaction():
        return an_action(council, risk, due_on=DAY + WEEK, title="Appoint a second contractor")


def reference(thing):
    return db.session.scalars(select(Entity.reference).where(Entity.id == thing.id)).one()


def boxes(name, on):
    return {f"{name}-day": on.day, f"{name}-month": on.month, f"{name}-year": on.year}


def fresh(action):
    db.session.expire_all()
    return db.session.get_one(Action, action.id)


def send(client, action, deed, data, **how):
    """Send a form of the action's page, filled in over what it is now."""
    version = {"version": fresh(action).version}
    return client.post(f"/actions/{reference(action)}/{deed}", data=data | version, **how)


def test_the_page_shows_promises_in_words_to_those_who_may_read(council, action, client):
    sign_in(client, council.champion_person)
    page = client.get(f"/actions/{reference(action)}")
    assert page.status_code == 200
    assert "Appoint a second contractor" in page.text
    assert "1st date" in page.text


def test_the_champion_of_a_sibling_team_gets_what_an_unknown_reference_gets(council, action, client):
    sign_in(client, council.sibling_champion_person)
    hidden, unknown = client.get(f"/actions/{reference(action)}"), client.get("/actions/A-22222")
    assert hidden.status_code == unknown.status_code == 404
    assert _without_number(hidden.text) == _without_number(unknown.text)


def _without_number(page):
    return [line for line in page.splitlines() if "quote this number" not in line]


@pytest.mark.parametrize("deed", ["update", "complete", "move", "verify", "cancel"])
def test_who_may_not_change_an_action_finds_no_door(council, action, client, deed):
    sign_in(client, council.assurance_person)
    assert client.get(f"/actions/{reference(action)}").status_code == 200
    assert client.post(f"/actions/{reference(action)}/{deed}", data={"note": "x"}).status_code == 404


def test_saving_progress_returns_to_the_action_and_says_so(council, action, client):
    sign_in(client, council.manager_person)
    data = {"progress": "40", "note": "Bids are in."}
    answer = send(client, action, "update", data, follow_redirects=True)
    assert "Appoint a second contractor: Progress saved." in answer.text
    assert fresh(action).progress == 40


def test_saving_progress_from_my_work_returns_there(council, action, client):
    sign_in(client, council.manager_person)
    answer = send(client, action, "update", {"progress": "40", "back": "work"})
    assert answer.location == "/"


@pytest.mark.parametrize(
    ("deed", "data", "field", "words"),
    [
        ("update", {"progress": "101"}, "update-progress", "Progress is between 0 and 100"),
        ("update", {"progress": "half"}, "update-progress", "Give the progress, 0 to 100"),
        ("update", {"progress": "0", "note": ""}, "update-note", "say what has happened"),
        ("complete", {"note": " "}, "complete-note", "Say in one line what was done"),
        ("move", {"due_on-day": "31", "due_on-month": "2", "due_on-year": "2027"}, "move-due_on", "Enter a real date"),
        ("move", {}, "move-due_on", "Give the new due date"),
        ("move", boxes("due_on", DAY - WEEK) | {"reason": "Bids."}, "move-due_on", "has passed"),
        ("move", boxes("due_on", DAY + 3 * WEEK), "move-reason", "Say why the date moves"),
        ("cancel", {"reason": ""}, "cancel-reason", "Say why the action is cancelled"),
    ],
)
def test_a_refusal_names_its_field_and_changes_nothing(council, action, client, deed, data, field, words):
    sign_in(client, council.manager_person)
    before = (fresh(action).version, fresh(action).progress)
    answer = send(client, action, deed, data)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'href="#{field}"' in answer.text
    assert "<title>Error: " in answer.text
    assert (fresh(action).version, fresh(action).progress) == before


def test_the_later_of_two_who_change_an_action_is_told(council, action, client):
    sign_in(client, council.manager_person)
    seen = fresh(action).version
    address = f"/actions/{reference(action)}/update"
    assert client.post(address, data={"progress": "40", "version": seen}).status_code == 302
    late = client.post(address, data={"progress": "10", "version": seen})
    assert late.status_code == 422
    assert "Somebody else changed this action first" in late.text
    assert fresh(action).progress == 40


def test_a_form_that_does_not_say_what_it_was_filled_in_over_is_late_too(council, action, client):
    sign_in(client, council.manager_person)
    answer = client.post(f"/actions/{reference(action)}/update", data={"progress": "40"})
    assert answer.status_code == 422
    assert "Somebody else changed this action first" in answer.text
    assert fresh(action).progress == 0


def test_an_owner_who_moved_twice_is_sent_to_the_accountable_post(council, action, client):
    sign_in(client, council.manager_person)
    for weeks in (2, 3):
        data = boxes("due_on", DAY + weeks * WEEK) | {"reason": "Bids."}
        assert send(client, action, "move", data).status_code == 302
    page = client.get(f"/actions/{reference(action)}").text
    assert "Service Lead, Housing Repairs must agree to another move" in page
    assert "3rd date, 14 days after the first promise" in page


def test_a_completed_action_is_confirmed_by_somebody_else(council, action, client):
    sign_in(client, council.manager_person)
    send(client, action, "complete", {"note": "Signed."})
    refused = send(client, action, "verify", {"answer": "done"})
    assert "You own this action" in refused.text
    sign_in(client, council.lead_person)
    send(client, action, "verify", {"answer": "done"})
    assert fresh(action).status == "verified"


def new_action(council, risk, **changes):
    return {
        "source": reference(risk),
        "title": "Write the tender",
        "owner": council.manager.id,
        "accountable": council.lead.id,
        "priority": "high",
        "cost": "12,000",
        "submission_key": "once",
        **boxes("start_on", DAY),
        **boxes("due_on", DAY + WEEK),
    } | changes


def test_an_action_is_added_once_however_often_its_form_is_sent(council, risk, client):
    sign_in(client, council.champion_person)
    assert client.get(f"/actions/new?risk={reference(risk)}").status_code == 200
    first = client.post("/actions/new", data=new_action(council, risk))
    again = client.post("/actions/new", data=new_action(council, risk))
    assert first.location == again.location
    assert db.session.scalars(select(Action.cost)).all() == [12_000]


def test_no_action_is_added_to_a_risk_that_one_may_not_read_and_none_is_told_of(council, risk, client):
    sign_in(client, council.sibling_champion_person)
    answer = client.post("/actions/new", data=new_action(council, risk))
    assert (answer.status_code, "Choose the risk that the action treats" in answer.text) == (422, True)
    assert db.session.scalar(select(func.count(Action.id))) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Say what will be done"),
        ({"owner": "999999"}, "Choose the post that does it"),
        ({"accountable": ""}, "Choose the post that answers for it"),
        (boxes("due_on", DAY - WEEK), "The due date has passed"),
        ({"due_on-day": "", "due_on-month": "", "due_on-year": ""}, "Give the date by which it is done"),
        ({"start_on-month": "13"}, "Enter a real date for the start"),
        (boxes("start_on", DAY + 2 * WEEK), "The start is after the due date"),
        ({"cost": "-5"}, "from nought to £999 billion"),
        ({"cost": "much"}, "Give the cost in whole pounds"),
        ({"priority": "now"}, "Not a valid choice"),
        ({"source": "R-22222"}, "Choose the risk that the action treats"),
    ],
)
def test_a_new_action_is_refused_at_its_field(council, risk, client, changes, words):
    sign_in(client, council.champion_person)
    answer = client.post("/actions/new", data=new_action(council, risk, **changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert db.session.scalar(select(func.count(Action.id))) == 0


def test_no_action_is_added_to_a_risk_of_a_sibling_team(council, risk, client):
    sign_in(client, council.sibling_champion_person)
    assert client.get(f"/actions/new?risk={reference(risk)}").status_code == 404
    answer = client.post("/actions/new", data=new_action(council, risk))
    assert answer.status_code == 422
    assert db.session.scalar(select(func.count(Action.id))) == 0


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("q=contractor", 1),
        ("q=nothing", 0),
        ("status=late", 0),
        ("status=open", 1),
        ("moved=1", 0),
        ("sort=-owner", 1),
    ],
)
def test_the_list_narrows_by_its_address(council, action, client, query, count):
    sign_in(client, council.assurance_person)
    page = client.get(f"/actions?{query}")
    assert page.status_code == 200
    assert page.text.count("Appoint a second contractor") == count
    assert client.get(f"/actions.csv?{query}").text.count("Appoint a second contractor") == count


def test_of_two_forms_sent_at_the_same_moment_the_slower_finds_what_the_faster_made(council, risk, client, monkeypatch):
    sign_in(client, council.champion_person)
    add, calls = service.add, []

    def slower(*given, **moment):
        calls.append(given)
        if len(calls) == 1:
            raise IntegrityError("INSERT", {}, Exception("submission_key"))
        return add(*given, **moment)

    monkeypatch.setattr(service, "add", slower)
    assert client.post("/actions/new", data=new_action(council, risk)).status_code == 302
    assert db.session.scalar(select(func.count(Action.id))) == 1
