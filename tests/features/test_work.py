"""My work: what wants each person, in order of time, done in place; and the pages that anybody may read."""

from datetime import timedelta

import pytest
import time_machine

from riskapp.domain.work import by_time, end_of_week
from riskapp.features.actions import service as actions
from riskapp.features.assessments import service as assessments
from riskapp.features.assessments.service import Judgement
from riskapp.features.work import queries as work
from riskapp.models.database import transaction
from tests.builders import DAY, NOON, ACouncil, actor, an_action, an_old_risk, sign_in
from tests.features.test_actions_pages import reference

NOW = {"at": NOON, "on": DAY}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


def kinds(person):
    return [item.kind for group in work.my_work(actor(person), on=DAY).groups for item in group.items]


def titles(person):
    return [group.title for group in work.my_work(actor(person), on=DAY).groups]


class Thing:
    def __init__(self, days, name="a"):
        self.due_on = DAY + timedelta(days=days)
        self.order = (name,)


def test_work_stands_in_order_of_time():
    things = [Thing(0), Thing(-3), Thing(5), Thing(6), Thing(40), Thing(0, "0")]
    groups = by_time(things, DAY)  # DAY is a Tuesday, so its Sunday is five days on
    assert [(group.title, len(group.items)) for group in groups] == [
        ("Overdue", 1), ("Today", 2), ("This week", 1), ("Later", 2),
    ]  # fmt: skip
    assert [thing.order for thing in groups[1].items] == [("0",), ("a",)]


@pytest.mark.parametrize(("days", "sunday"), [(-1, 5), (0, 5), (3, 5), (4, 12), (5, 12), (6, 12)])
def test_a_week_ends_on_its_sunday_and_at_a_weekend_on_the_next(days, sunday):
    assert end_of_week(DAY + timedelta(days=days)) == DAY + timedelta(days=sunday)


def test_a_review_that_is_due_wants_the_owner_of_the_risk(council):
    with transaction():
        risk = an_old_risk(council)
    assert risk.next_review_on < DAY
    assert "review" in kinds(council.lead_person)
    assert "review" not in kinds(council.champion_person)
    assert titles(council.lead_person)[0] == "Overdue"


def test_a_draft_wants_its_owner_and_the_units_manager_and_nobody_else(council):
    with transaction():
        an_old_risk(council, is_open=False, owner=council.director)
    assert [kinds(person) for person in (council.director_person, council.manager_person, council.lead_person)] == [
        ["draft"], ["draft"], ["draft"],
    ]  # fmt: skip
    assert kinds(council.sibling_champion_person) == kinds(council.champion_person) == []


def test_an_escalation_wants_whoever_has_it_on_the_desk(council):
    with transaction():
        an_old_risk(council)
    assert "acknowledge" in kinds(council.director_person)
    (other,) = work.my_work(actor(council.lead_person), on=DAY).with_others
    assert other.post == "Director of Housing"


def test_an_action_wants_its_owner_and_once_complete_somebody_else(council):
    with transaction():
        action = an_action(council, an_old_risk(council, level=1))
    assert kinds(council.manager_person) == ["update"]
    with transaction():
        actions.complete(action, note="Done.", by=actor(council.manager_person), **NOW)
    assert kinds(council.manager_person) == []
    assert "confirm" in kinds(council.lead_person)


def test_a_lower_score_waits_for_a_manager_who_neither_owns_nor_proposed_it(council):
    with transaction():
        risk = an_old_risk(council)
    with transaction():
        assessments.score(
            risk, "current", Judgement(1, {"service": 1}, "All done."), by=actor(council.lead_person), **NOW
        )
    assert "agree" in kinds(council.manager_person)
    assert "agree" not in kinds(council.lead_person)


def test_the_number_in_the_navigation_is_what_the_page_counts(council):
    with transaction():
        risk = an_old_risk(council)
        an_old_risk(council, is_open=False)
        for days in (-3, 0, 4, 20):
            an_action(council, risk, due_on=DAY + timedelta(days=days))
        own = an_action(council, risk, owner_post_id=council.lead.id)
        actions.complete(own, note="Done.", by=actor(council.lead_person), **NOW)
    for name in ("lead", "manager", "director", "champion", "assurance", "member"):
        who = actor(getattr(council, f"{name}_person"))
        assert work.waiting(who, DAY) == len(work.my_work(who, on=DAY).now), name
    assert work.waiting(actor(council.manager_person), DAY) == 4


@pytest.mark.parametrize("name", ["lead", "manager", "director", "champion", "assurance", "member", "administrator"])
def test_everybody_has_a_first_page(council, client, name):
    with transaction():
        risk = an_old_risk(council)
        an_old_risk(council, is_open=False)
        an_action(council, risk, due_on=DAY - timedelta(days=3))
    sign_in(client, getattr(council, f"{name}_person"))
    page = client.get("/")
    assert page.status_code == 200
    assert "<h1>My work</h1>" in page.text


def test_an_empty_list_says_what_to_do(council, client):
    sign_in(client, council.champion_person)
    page = client.get("/").text
    assert "Nothing wants you in the next four weeks." in page
    assert "Log a risk" in page


def test_a_review_is_recorded_in_place(council, client):
    with transaction():
        risk = an_old_risk(council, level=1)
        risk_reference = reference(risk)
    with time_machine.travel(NOON + timedelta(days=120), tick=False):
        sign_in(client, council.lead_person)
        page = client.get("/").text
        seen = page.split('name="seen" value="')[1].split('"')[0]
        data = {"answer": "yes", "note": "The rota.", "seen": seen, "dimension": "financial", "back": "work"}
        answer = client.post(f"/risks/{risk_reference}/review", data=data)
        assert answer.status_code == 302
        assert "Confirm the review" not in client.get("/").text


def test_the_head_of_assurance_sees_the_council_in_figures(council, client):
    with transaction():
        an_action(council, an_old_risk(council), due_on=DAY - timedelta(days=3))
    sign_in(client, council.assurance_person)
    page = client.get("/").text
    assert "overdue actions" in page
    assert "of 1 open" in page


@pytest.mark.parametrize("address", ["/accessibility", "/privacy", "/help"])
def test_anybody_may_read_about_the_system(council, client, address):
    assert client.get(address).status_code == 200


def test_every_clause_of_the_policy_can_be_linked_to(council, client):
    sign_in(client, council.member_person)
    page = client.get("/policy").text
    for words in (
        'id="clause-6-3"',
        'id="clause-9-2"',
        "Over 80%, or several times a year",
        "Not set",
        "Every 2 weeks",
    ):
        assert words in page


def test_the_policy_says_how_a_risk_is_treated_and_who_may_tolerate_one(council, client):
    sign_in(client, council.member_person)
    page = client.get("/policy").text
    chapter = page[page.index('id="chapter-5"') : page.index('id="chapter-6"')]
    for words in ("Treatment and plans", "Take the opportunity", "Retain by informed decision", "Director", "6 months"):
        assert words in chapter
    assert "16. Challenge" in page


def test_the_first_page_asks_the_same_queries_however_much_there_is_to_do(council, client, count_queries):
    with transaction():
        risk = an_old_risk(council)
        an_old_risk(council, is_open=False)
        an_action(council, risk, owner_post_id=council.lead.id)
    sign_in(client, council.lead_person)
    client.get("/")
    few = count_queries(lambda: client.get("/"))
    with transaction():
        for _ in range(12):
            risk = an_old_risk(council)
            an_old_risk(council, is_open=False)
            an_action(council, risk, owner_post_id=council.lead.id)
    assert count_queries(lambda: client.get("/")) == few <= 14


def test_who_has_nothing_to_do_is_told_so_in_nine_queries(council, client, count_queries):
    sign_in(client, council.champion_person)
    client.get("/")
    assert count_queries(lambda: client.get("/")) <= 9
