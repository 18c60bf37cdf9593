"""The pages of exemption: marking, the desk, the decision with its password, and the record of who read what."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.domain.exemption import Outcome
from riskapp.features.classification import queries as classification
from riskapp.models.accounts import SignInFailure
from riskapp.models.database import db
from riskapp.models.entity import Classification
from riskapp.models.exemption import ExemptRead
from tests.builders import DAY, NOON, PASSWORD
from tests.features.test_exemption import AnExemptCouncil
from tests.pack_builders import reference_of, signed_in

TITLE = "The price of the waste contract"


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return AnExemptCouncil()


def _client(app, person):
    client = app.test_client()
    signed_in(client, person)
    return client


def _levels():
    return db.session.scalars(select(Classification.level).order_by(Classification.id)).all()


def _seen() -> str:
    return str(db.session.scalar(select(func.max(Classification.id))) or 0)


def _decision(**changes):
    review = DAY + timedelta(days=90)
    return {
        "group": "title", "outcome": "exempt", "paragraphs": ["3"], "public_interest": "The bids come first.",
        "review_on-day": review.day, "review_on-month": review.month, "review_on-year": review.year, "seen": _seen(),
    } | changes  # fmt: skip


def test_a_mark_made_on_the_page_withholds_and_a_second_press_of_the_button_makes_no_second_mark(app, council):
    client, reference = _client(app, council.champion_person), reference_of(council.risk)
    form = {"group": "title", "why": "It shows a price", "seen": "0"}
    assert client.post(f"/risks/{reference}/mark-exempt", data=form).status_code == 302
    again = client.post(f"/risks/{reference}/mark-exempt", data=form)
    assert again.status_code == 422
    assert "Somebody else marked or decided something here" in again.text
    assert _levels() == ["exempt"]
    member = _client(app, council.member_person)
    assert TITLE not in member.get("/registers").text
    assert "Withheld: may be exempt, not decided" in member.get(f"/risks/{reference}").text


def test_a_decision_that_discloses_asks_for_the_password_and_counts_a_wrong_one(app, council):
    council.mark("title")
    client, url = _client(app, council.proper_person), f"/risks/{reference_of(council.risk)}/exemption"
    without = client.post(url, data=_decision(outcome="public"))
    assert without.status_code == 422
    assert "It is asked again before anything is disclosed" in without.text
    wrong = client.post(url, data=_decision(outcome="public", password="not the password"))
    assert "That is not the password of your account" in wrong.text
    assert db.session.scalar(select(func.count(SignInFailure.id))) == 1
    assert classification.withheld((council.risk.id,), on=DAY)
    assert client.post(url, data=_decision(outcome="public", password=PASSWORD)).status_code == 302
    assert not classification.withheld((council.risk.id,), on=DAY)


def test_a_decision_to_exempt_needs_no_password_and_a_stale_one_is_refused(app, council):
    council.mark("title")
    client, url = _client(app, council.proper_person), f"/risks/{reference_of(council.risk)}/exemption"
    assert client.post(url, data=_decision(seen="0")).status_code == 422
    assert client.post(url, data=_decision()).status_code == 302
    page = _client(app, council.member_person).get("/registers").text
    assert "Withheld under paragraph 3 of Schedule 12A" in page


def test_a_faulty_decision_names_each_field(app, council):
    council.mark("title")
    url = f"/risks/{reference_of(council.risk)}/exemption"
    data = _decision(paragraphs=[], **{"review_on-year": 2031})
    page = _client(app, council.proper_person).post(url, data=data)
    assert page.status_code == 422
    assert "Choose the paragraphs of Schedule 12A" in page.text
    assert "1 December 2027 at the latest" in page.text


def test_the_desk_and_its_file_tell_the_proper_officer_what_waits(app, council):
    council.mark("title")
    client = _client(app, council.proper_person)
    assert "Waits for a decision" in client.get("/exemptions").text
    assert TITLE in client.get("/exemptions.csv?state=waits").text
    assert TITLE not in client.get("/exemptions.csv?state=overdue").text
    assert _client(app, council.assurance_person).get("/exemptions").status_code == 404


def test_each_reading_of_what_is_exempt_is_recorded_once_a_request_with_post_and_place(app, council):
    council.decide("title")
    client, reference = _client(app, council.assurance_person), reference_of(council.risk)
    for url in (f"/risks/{reference}", "/registers", "/registers.csv"):
        assert TITLE in client.get(url).text
    rows = db.session.scalars(select(ExemptRead).order_by(ExemptRead.id)).all()
    assert [row.outlet for row in rows] == ["Risk page", "Register", "Register as a file"]
    assert {(row.person_id, row.post_id, row.thing_id) for row in rows} == {
        (council.assurance_person.id, council.assurance.id, council.risk.id)
    }
    assert all(row.field_groups == ["title"] for row in rows)


def test_who_is_shown_nothing_that_is_exempt_leaves_no_line(app, council):
    council.decide("title")
    member = _client(app, council.member_person)
    for url in (f"/risks/{reference_of(council.risk)}", "/registers", "/registers.csv", "/actions"):
        member.get(url)
    assert db.session.scalar(select(func.count(ExemptRead.id))) == 0


def test_the_record_of_reading_is_filtered_by_risk_person_and_day_and_its_file_holds_no_title(app, council):
    council.decide("title")
    reference = reference_of(council.risk)
    _client(app, council.assurance_person).get(f"/risks/{reference}")
    client = _client(app, council.proper_person)
    for address, found in (
        (f"risk={reference}", True), ("risk=R-NONE", False), ("person=Head+of", True), ("person=Chief", False),
        (f"day={DAY}", True), (f"day={DAY - timedelta(days=1)}", False), ("outlet=Risk+page", True),
        ("outlet=Register", False),
    ):  # fmt: skip
        assert ("Head of Assurance</td>" in _rows(client, address)) == found, address
    assert TITLE not in client.get("/exemptions/readings.csv").text
    assert reference in client.get("/exemptions/readings.csv").text
    assert _client(app, council.chief_person).get("/exemptions/readings").status_code == 404


@pytest.mark.parametrize("day", ["nonsense", "2026-02-30", "9999-12-31"])
def test_a_day_of_reading_that_is_none_is_said_beside_its_box(app, council, day):
    client = _client(app, council.proper_person)
    for door in ("/exemptions/readings", "/exemptions/readings.csv"):
        page = client.get(f"{door}?day={day}")
        assert page.status_code == 422
        assert '<a href="#filter-day">Day must be a real date, like 2026-12-31</a>' in page.text
        assert "Nothing is looked for until the date is put right" in page.text


def _rows(client, address: str) -> str:
    """The cells that name the post, without their second lines."""
    return client.get(f"/exemptions/readings?{address}").text.replace('<span class="sub">', "</td>")


def test_withholding_more_shows_who_holds_the_words_already(app, council):
    council.decide("title")
    _client(app, council.assurance_person).get("/registers.csv")
    page = _client(app, council.proper_person).get(f"/risks/{reference_of(council.risk)}/exemption")
    assert "Who holds it already" in page.text
    assert "Register as a file" in page.text
    assert "Head of Assurance" in page.text


def test_a_risk_whose_existence_is_withheld_is_not_there_for_who_is_not_cleared(app, council):
    council.decide("all", Outcome.EXISTENCE_WITHHELD)
    reference = reference_of(council.risk)
    for person in (council.member_person, council.director_person):
        assert _client(app, person).get(f"/risks/{reference}").status_code == 404
        assert reference not in _client(app, person).get("/registers").text
    assert _client(app, council.proper_person).get(f"/risks/{reference}").status_code == 200
