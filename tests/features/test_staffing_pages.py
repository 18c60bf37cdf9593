"""The pages of people as a keeper uses them: what is typed badly is said beside its field, and nothing is half-done."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.domain.staffing import Span
from riskapp.features.champions import service as champions
from riskapp.features.staffing import service
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.people import Absence, Person, Tenure
from riskapp.models.staffing import Departure
from tests.builders import DAY, NOON, PASSWORD, ACouncil, a_person, a_post, a_risk, actor, sign_in

SOON = DAY + timedelta(days=10)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def keeper(app, council):
    return signed_in(app, council.administrator_person)


def signed_in(app, person):
    client = app.test_client()
    sign_in(client, person)
    return client


def dated(name, day):
    return {f"{name}-day": day.day, f"{name}-month": day.month, f"{name}-year": day.year}


def test_somebody_is_added_and_their_page_says_what_they_answer_for(council, keeper):
    post = a_post(council.team, "officer", title="Repairs Officer")
    db.session.commit()
    data = {"email": "new@council.example", "post": post.id, "capacity": "holder", **dated("from_on", DAY)}
    answer = keeper.post("/people/new", data=data, follow_redirects=True)
    assert "new@council.example is added" in answer.text
    assert "Repairs Officer" in answer.text
    again = keeper.post("/people/new", data=data)
    assert again.status_code == 422
    assert "new@council.example has an account already. Open their page to give a post" in again.text
    assert 'id="email-error"' in again.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": ""}, "Enter their e-mail address"),
        ({"email": "nobody"}, "like name@council.gov.uk"),
        ({"post": "987654321"}, "Choose a post of the list"),
        ({"post": "x"}, "Choose a post of the list"),
        ({"capacity": "king"}, "Choose whether they hold the post"),
        ({"from_on-day": "31", "from_on-month": "2"}, "Enter a real date for the first day"),
        ({"from_on-day": "", "from_on-month": "", "from_on-year": ""}, "Enter their first day"),
        (dated("to_on", DAY - timedelta(days=1)), "The last day is before the first"),
    ],
)
def test_what_is_typed_badly_is_said_and_adds_nobody(council, keeper, changes, words):
    post = a_post(council.team)
    db.session.commit()
    data = {"email": "new@council.example", "post": post.id, "capacity": "holder", **dated("from_on", DAY)} | changes
    answer = keeper.post("/people/new", data=data)
    assert answer.status_code == 422
    assert words in answer.text
    assert db.session.scalar(select(func.count(Person.id)).where(Person.email == "new@council.example")) == 0


def test_a_post_that_is_held_is_refused_with_who_holds_it_and_until_when(council, keeper):
    person = a_person()
    db.session.commit()
    data = {"seen": 1, "post": council.manager.id, "capacity": "holder", **dated("from_on", DAY)}
    answer = keeper.post(f"/people/{person.id}/post", data=data)
    assert answer.status_code == 422
    assert f"held by {council.manager_person.email} from 1 Apr 2021, with no end set" in answer.text


def test_the_later_of_two_administrators_is_told_and_may_send_it_again(council, keeper):
    person, first, second = a_person(), a_post(council.team), a_post(council.team)
    db.session.commit()
    url = f"/people/{person.id}/post"
    data = {"seen": 1, "post": first.id, "capacity": "holder", **dated("from_on", DAY)}
    assert keeper.post(url, data=data).status_code == 302
    late = keeper.post(url, data=data | {"post": second.id})
    assert late.status_code == 422
    assert "Somebody else changed" in late.text
    assert db.session.scalar(select(func.count(Tenure.id)).where(Tenure.person_id == person.id)) == 1
    assert 'name="seen" type="hidden" value="2"' in late.text
    assert keeper.post(url, data=data | {"post": second.id, "seen": 2}).status_code == 302


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 30])
def test_a_form_that_does_not_say_what_it_was_filled_in_over_is_stale(council, keeper, seen):
    person, post = a_person(), a_post(council.team)
    db.session.commit()
    data = {"seen": seen, "post": post.id, "capacity": "holder", **dated("from_on", DAY)}
    assert "Somebody else changed" in keeper.post(f"/people/{person.id}/post", data=data).text


def test_one_s_own_posts_are_another_s_to_change(council, keeper):
    me = council.administrator_person.id
    for page in ("post", "move", "leave"):
        answer = keeper.get(f"/people/{me}/{page}")
        assert answer.status_code == 422
        assert "You cannot change your own posts" in answer.text
    assert "This is you" in keeper.get(f"/people/{me}").text


def test_somebody_leaves_with_a_successor_and_it_is_taken_back(council, keeper):
    person, other = council.lead_person, a_person()
    db.session.commit()
    (tenure,) = db.session.scalars(select(Tenure).where(Tenure.person_id == person.id))
    page = keeper.get(f"/people/{person.id}/leave")
    assert "What becomes of Service Lead, Housing Repairs?" in page.text
    answers = {f"what-post-{tenure.id}": "successor", f"who-post-{tenure.id}": other.email}
    data = {"seen": person.version, **dated("gone_on", DAY), **answers}
    said = keeper.post(f"/people/{person.id}/leave", data=data, follow_redirects=True)
    assert "Their access has ended. Today this can be taken back" in said.text
    assert "Take the departure back" in said.text
    assert actor(other).sitting(council.lead.id) is not None
    db.session.refresh(person)
    back = keeper.post(f"/people/{person.id}/reinstate", data={"seen": person.version}, follow_redirects=True)
    assert "The departure is taken back" in back.text
    assert "Take the departure back" not in back.text
    assert actor(person).sitting(council.lead.id) is not None


def test_to_let_somebody_go_and_to_take_it_back_asks_for_the_password_again(council, keeper, clock):
    person = council.lead_person
    (tenure,) = db.session.scalars(select(Tenure).where(Tenure.person_id == person.id))
    data = {"seen": person.version, **dated("gone_on", DAY), f"what-post-{tenure.id}": "vacant"}
    clock.shift(timedelta(minutes=6))
    url = f"/people/{person.id}/leave"
    assert "Your password" in keeper.get(url).text
    refused = keeper.post(url, data=data)
    assert refused.status_code == 422
    assert "Enter your password. It is asked again" in refused.text
    assert re.search(rf'name="what-post-{tenure.id}" [^>]*value="vacant" checked', refused.text), "nothing is lost"
    assert "not the password" in keeper.post(url, data=data | {"password": "not it"}).text
    assert db.session.scalar(select(func.count(Departure.id))) == 0
    assert keeper.post(url, data=data | {"password": PASSWORD}).status_code == 302
    db.session.refresh(person)
    clock.shift(timedelta(minutes=6))
    back, seen = f"/people/{person.id}/reinstate", {"seen": person.version}
    assert "Enter your password. It is asked again" in keeper.post(back, data=seen).text
    db.session.refresh(person)
    assert not person.is_active
    assert keeper.post(back, data=seen | {"password": PASSWORD}).status_code == 302


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("", "Enter the address of whoever takes on Service Lead, Housing Repairs"),
        ("stranger@council.example", "No account has the address stranger@council.example"),
    ],
)
def test_a_successor_that_is_nobody_is_said_beside_the_box(council, keeper, who, words):
    person = council.lead_person
    (tenure,) = db.session.scalars(select(Tenure).where(Tenure.person_id == person.id))
    answers = {f"what-post-{tenure.id}": "successor", f"who-post-{tenure.id}": who}
    answer = keeper.post(f"/people/{person.id}/leave", data={"seen": 1, **dated("gone_on", DAY), **answers})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'id="who-post-{tenure.id}-error"' in answer.text
    assert db.session.scalar(select(func.count(Departure.id))) == 0


def test_somebody_moves(council, keeper):
    person, new = council.manager_person, a_post(council.sibling, "officer", title="Lettings Officer")
    db.session.commit()
    (tenure,) = db.session.scalars(select(Tenure).where(Tenure.person_id == person.id))
    data = {
        "seen": person.version,
        "post": new.id,
        "capacity": "holder",
        f"what-post-{tenure.id}": "vacant",
        **dated("from_on", DAY),
    }
    said = keeper.post(f"/people/{person.id}/move", data=data, follow_redirects=True)
    assert "Moved from 1 Dec 2026" in said.text
    assert [sitting.title for sitting in actor(person).sittings] == ["Lettings Officer"]


def test_a_person_says_their_own_absence_and_names_a_deputy(app, council):
    with transaction():
        a_risk(council)
    client = signed_in(app, council.manager_person)
    days = {**dated("from_on", SOON), **dated("to_on", SOON)}
    alone = client.post("/account/away", data=days)
    assert alone.status_code == 422
    assert "Nobody covers Manager, Repairs Delivery. Name a deputy, or tick" in alone.text
    covered = client.post("/account/away", data=days | {"deputy": council.champion_person.email})
    assert covered.status_code == 302
    assert council.manager.id in actor(council.champion_person, on=SOON).post_ids
    twice = client.post("/account/away", data=days | {"goes_up": "y"})
    assert "Already away from 11 Dec 2026 to 11 Dec 2026" in twice.text


def test_an_absence_is_called_off_twice_without_harm_and_only_by_its_own(app, council, keeper):
    with transaction():
        absence = service.be_away(
            council.manager_person,
            days=Span(SOON, SOON),
            deputy=None,
            goes_up=True,
            by=actor(council.manager_person),
            at=NOON,
            on=DAY,
        )
    signed_in(app, council.champion_person).post("/account/back", data={"absence": absence.id})
    assert db.session.scalar(select(func.count(Absence.id))) == 1
    for _ in range(2):
        answer = keeper.post(f"/people/{council.manager_person.id}/back", data={"absence": absence.id})
        assert answer.status_code == 302
    assert db.session.scalar(select(func.count(Absence.id))) == 0


def test_a_gap_is_listed_with_the_deed_that_mends_it(council, keeper):
    with transaction():
        a_risk(council)
        db.session.scalars(select(Tenure).where(Tenure.post_id == council.manager.id)).one().to_on = DAY - timedelta(1)
        person = a_person()
    listed = keeper.get("/people/without-a-holder").text
    assert "Manager, Repairs Delivery" in listed
    assert f"/people/holder?post={council.manager.id}" in listed
    assert "Manager, Repairs Delivery" in keeper.get("/people/without-a-holder.csv").text
    data = {"post": council.manager.id, "email": person.email, "capacity": "acting", **dated("from_on", DAY)}
    answer = keeper.post("/people/holder", data=data, follow_redirects=True)
    assert "Manager, Repairs Delivery is acted in from 1 Dec 2026" in answer.text
    assert "Every post with duties has somebody to answer today" in answer.text


def test_a_manager_appoints_trains_and_ends_the_champion_of_the_own_team_alone(app, council):
    person = a_person()
    db.session.commit()
    client = signed_in(app, council.manager_person)
    team, sibling = (_reference(unit) for unit in (council.team, council.sibling))
    data = {"email": person.email, **dated("from_on", DAY)}
    other = client.post("/people/champions/appoint", data=data | {"unit": sibling})
    assert "Choose a unit of the list" in other.text
    client.post("/people/champions/appoint", data=data | {"unit": team})
    (given,) = champions.of_person(person.id, on=DAY)
    late = client.post(f"/people/champions/{given.id}/training", data=dated("trained_on", DAY + timedelta(days=1)))
    assert "This day has not come yet" in late.text
    done = client.post(f"/people/champions/{given.id}/training", data=dated("trained_on", DAY), follow_redirects=True)
    assert "The next is due by 1 Dec 2027" in done.text
    ended = client.post(f"/people/champions/{given.id}/end", follow_redirects=True)
    assert "The appointment is ended, and the role with it" in ended.text


def _reference(unit):
    return db.session.get_one(Entity, unit.id).reference


def test_lists_are_files_too_and_hold_what_is_filtered(council, keeper):
    assert council.manager_person.email in keeper.get("/people.csv?q=repairs").text
    assert council.director_person.email not in keeper.get("/people.csv?q=repairs+champion").text
    assert "Voids" in keeper.get("/people/champions.csv?state=none").text


@pytest.mark.parametrize("query", ["state=nonsense", "sort=nonsense", "unit=U-XXXXX", "page=99", "q=%25", "page=x"])
def test_an_address_that_makes_no_sense_still_gives_a_list(council, keeper, query):
    assert keeper.get(f"/people?{query}").status_code == 200
    assert keeper.get(f"/people/champions?{query}").status_code == 200


def test_the_account_page_leads_to_one_s_own_absence(app, council):
    assert 'href="/account/away"' in signed_in(app, council.champion_person).get("/account").text
