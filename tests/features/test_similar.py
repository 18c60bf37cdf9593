"""Risks like the one that is typed are shown, to join rather than repeat; none that the champion may not read."""

from datetime import timedelta

import pytest
import time_machine

from riskapp.domain.audit import Event
from riskapp.features.audit import service as audit
from riskapp.features.similar import queries
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification
from riskapp.models.exemption import ExemptRead
from tests.builders import BY_HAND, DAY, NOON, ACouncil, a_risk, actor, sign_in
from tests.pack_builders import reference_of

TYPED = "Scaffolding collapses on the western roofs"


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def risk(council):
    with transaction():
        a_risk(council, title="Nothing of the kind")
        return a_risk(council, title="The scaffolding at the western school")


def similar(person, text=TYPED, **more):
    return queries.similar(actor(person), text=text, on=DAY, **more)


def withhold(risk, level, group="all"):
    with transaction():
        db.session.add(
            Classification(
                entity_id=risk.id, field_group=group, level=level, state="decided", paragraphs="3",
                reason="A price", public_interest="A price", from_on=DAY - timedelta(days=1),
            )
        )  # fmt: skip
        audit.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=NOON, subject_id=risk.id)


def test_a_risk_that_shares_two_telling_words_is_similar_and_says_which(council, risk):
    (found,) = similar(council.champion_person)
    assert found.title == "The scaffolding at the western school"
    assert set(found.shared) == {"scaffolding", "western"}


@pytest.mark.parametrize("text", ["Scaffolding", "the of and", "", "western wester", "aardvarks and zebras"])
def test_one_word_is_not_enough(council, risk, text):
    assert similar(council.champion_person, text=text) == ()


def test_words_of_causes_and_consequences_count_too(council, risk):
    found = similar(council.champion_person, text="Tender prices and urgent repairs")
    assert {each.title for each in found} == {"Nothing of the kind", "The scaffolding at the western school"}


def test_a_closed_risk_and_the_one_itself_are_not_similar(council, risk):
    assert similar(council.champion_person, but=risk.id) == ()
    with transaction():
        a_risk(council, title="Scaffolding in the western wing", status="closed")
    assert len(similar(council.champion_person)) == 1


@pytest.mark.parametrize(("level", "group"), [("exempt", "all"), ("exempt", "title"), ("withheld", "all")])
def test_an_exempt_risk_is_never_suggested_to_who_may_not_read_it(council, client, risk, level, group):
    withhold(risk, level, group)
    for person in (council.lead_person, council.sibling_champion_person):
        assert similar(person) == (), person.email
        sign_in(client, person)
        told = client.get("/risks/similar", query_string={"q": TYPED})
        assert told.json["risks"] == []
        assert reference_of(risk) not in told.text
        assert "school" not in client.post("/risks/new", data={"title": TYPED, "deed": "check"}).text
    assert len(similar(council.assurance_person)) == 1


class TestAsOneTypes:
    def test_it_says_what_the_check_says(self, council, client, risk):
        sign_in(client, council.champion_person)
        told = client.get("/risks/similar", query_string={"q": TYPED})
        assert told.mimetype == "application/json"
        assert told.json["words"] == "1 similar risk on the registers you may see"
        (found,) = told.json["risks"]
        assert found["title"] == "The scaffolding at the western school"
        assert found["address"] == f"/risks/{reference_of(risk)}"
        assert found["join"] == found["address"]
        assert sorted(found["shared"]) == ["scaffolding", "western"]
        page = client.post("/risks/new", data={"title": TYPED, "deed": "check"}).text
        assert "1 similar risk on the registers you may see" in page
        assert "Add what you know to it" in page

    def test_only_who_may_add_to_it_is_led_to(self, council, client, risk):
        with transaction():
            council_risk = a_risk(council, title="Scaffolding on western roads", unit_id=council.sibling.id)
        sign_in(client, council.lead_person)
        told = client.get("/risks/similar", query_string={"q": TYPED}).json["risks"]
        assert {each["address"] for each in told if each["join"]} == {
            f"/risks/{reference_of(each)}" for each in (risk, council_risk)
        }
        assert queries.joinable(actor(council.member_person), references=[reference_of(risk)], on=DAY) == frozenset()

    @pytest.mark.usefixtures("risk")
    def test_who_logs_no_risk_finds_no_such_page(self, council, client):
        sign_in(client, council.member_person)
        assert client.get("/risks/similar", query_string={"q": TYPED}).status_code == 404

    def test_what_is_exempt_and_shown_is_recorded(self, council, client, risk):
        withhold(risk, "exempt")
        sign_in(client, council.assurance_person)
        client.get("/risks/similar", query_string={"q": TYPED})
        read = db.session.query(ExemptRead).all()
        assert [(row.thing_id, row.outlet) for row in read] == [(risk.id, "Similar and linked risks")]

    @pytest.mark.usefixtures("risk")
    def test_a_long_text_is_cut_and_signs_break_nothing(self, council, client):
        sign_in(client, council.champion_person)
        for said in ('"; DROP TABLE risk; --', "scaffolding* AND (western", "' OR 1=1", "x" * 5000, "NEAR(\"a\" 'b')"):
            assert client.get("/risks/similar", query_string={"q": said}).status_code == 200
