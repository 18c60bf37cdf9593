"""The doors of registers and risks: what is typed, what is shown, and who is turned away."""

import csv
import io
import re
import threading
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from riskapp.domain.audit import Event
from riskapp.features.accounts import service as accounts
from riskapp.features.assessments import service as risk_scores
from riskapp.features.audit import service as audit
from riskapp.features.risks import queries
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Entity
from riskapp.models.risks import Assessment, Review, Risk
from riskapp.web.clock import now, today
from tests.builders import DAY, PASSWORD, ACouncil, Person, a_judgement, a_risk, actor, an_action

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7 * 7 }}"


@pytest.fixture
def council(app):
    return ACouncil()


def _as(app, person: Person) -> FlaskClient:
    with transaction():
        token = accounts.sign_in(email=person.email, password=PASSWORD, at=now())
    client = app.test_client()
    client.set_cookie("sid", token)
    return client


def _kept(council, **changes) -> str:
    with transaction():
        risk = a_risk(council, on=today() - timedelta(days=10), **changes)
    return db.session.get_one(Entity, risk.id).reference


def _typed(council, **changes) -> dict[str, str]:
    day = today() + timedelta(days=200)
    typed = {
        "submission_key": "k1",
        "title": "Repairs contractor withdraws before the re-tender completes",
        "cause": "Tender prices have risen by a fifth",
        "event": "The contractor gives three months' notice",
        "consequence": "Missed urgent repairs",
        "unit": str(council.team.id),
        "owner": str(council.manager.id),
        "category": "commercial",
        "dimension": "service",
        "target_on-day": str(day.day),
        "target_on-month": str(day.month),
        "target_on-year": str(day.year),
        "rationale": "Two letters since September",
        "deed": "send",
    }
    for basis, level in (("inherent", "5"), ("current", "4"), ("target", "2")):
        typed |= {f"{basis}_likelihood": level, f"{basis}_impact": level}
    return typed | changes


def _count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table))


def _seen(page: str) -> str:
    return re.search(r'name="seen"[^>]*value="([^"]+)"', page)[1]


class TestLogging:
    def test_the_form_offers_the_champions_team_and_its_manager(self, app, council):
        page = _as(app, council.champion_person).get("/risks/new").text
        assert f'<option selected value="{council.team.id}">Repairs Delivery</option>' in page
        assert f'<option selected value="{council.manager.id}">Manager, Repairs Delivery</option>' in page
        assert "Voids</option>" not in page, "another team's risks are not the champion's to draft"

    def test_all_that_was_typed_makes_a_draft(self, app, council):
        answer = _as(app, council.champion_person).post("/risks/new", data=_typed(council))
        assert answer.status_code == 302
        risk = db.session.scalars(select(Risk)).one()
        assert (risk.status, risk.category, risk.owner_post_id) == ("draft", "commercial", council.manager.id)
        scores = dict(db.session.execute(select(Assessment.basis, Assessment.score)).all())
        assert scores == {"inherent": 25, "current": 16, "target": 4}

    def test_sent_twice_it_is_one_risk(self, app, council):
        client = _as(app, council.champion_person)
        places = {client.post("/risks/new", data=_typed(council)).location for _ in range(2)}
        assert (len(places), _count(Risk)) == (1, 1)

    def test_sent_many_times_at_the_same_moment_it_is_one_risk(self, app, council):
        clients = [_as(app, council.champion_person) for _ in range(4)]
        data, places = _typed(council), []
        start = threading.Barrier(len(clients))

        def send(client):
            start.wait()
            places.append(client.post("/risks/new", data=data).location)

        threads = [threading.Thread(target=send, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(set(places)), _count(Risk)) == (1, 1), places

    def test_no_risk_is_logged_for_a_unit_of_others(self, app, council):
        data = _typed(council, unit=str(council.sibling.id))
        answer = _as(app, council.champion_person).post("/risks/new", data=data)
        assert answer.status_code == 422
        assert '<a href="#unit">Choose the team whose risk it is' in answer.text
        assert _count(Risk) == 0

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("title", " ", "Give the risk a title of a few words"),
            ("title", "x" * 10_000, "Use at most 150 characters"),
            ("event", "", "Say what might happen"),
            ("unit", "999", "Choose the team whose risk it is"),
            ("owner", "x", "Choose the post that owns the risk"),
            ("category", "", "Choose the category of the risk"),
            ("item", "-1", "Choose from the plan, or leave it empty"),
            ("dimension", "colour", "Choose the kind of impact that hurts most"),
            ("current_likelihood", "", "Choose a current likelihood"),
            ("current_likelihood", "9", "Choose a likelihood of 1, 2, 3, 4 or 5"),
            ("inherent_impact", "x", "Choose an inherent impact"),
            ("target_impact", "0", "Choose an impact of 1, 2, 3, 4 or 5"),
            ("target_on-day", "32", "Enter a real date for the target, like 31 3 2027"),
            ("target_on-year", "2020", "The day for the target has passed"),
            ("rationale", "", "Say in a sentence why these scores"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(self, app, council, field, value, says):
        answer = _as(app, council.champion_person).post("/risks/new", data=_typed(council, **{field: value}))
        name = field.partition("-")[0]
        assert answer.status_code == 422
        assert re.search(rf'<a href="#{name}">{re.escape(says)}', answer.text), "the summary leads to the field"
        assert "Tender prices have risen by a fifth" in answer.text, "what was typed is still there"
        assert _count(Risk) == 0

    def test_an_empty_form_names_every_field_and_breaks_nothing(self, app, council):
        answer = _as(app, council.champion_person).post("/risks/new", data={"deed": "send"})
        assert answer.status_code == 422
        assert "Say by when the target is to be reached" in answer.text

    def test_checking_the_scores_keeps_nothing_and_says_what_opening_sets_off(self, app, council):
        page = _as(app, council.champion_person).post("/risks/new", data=_typed(council, deed="check")).text
        assert _count(Risk) == 0
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
        assert "Goes to Director of Housing, who has 2 working days to acknowledge (policy" in words
        assert "Needs one action in date within 10 working days (policy 5.4)" in words
        assert "Reviewed every month (policy 7.1)" in words

    def test_checking_shows_the_similar_risks_one_may_see(self, app, council):
        _kept(council, title="The repairs contractor withdraws")
        _kept(council, title="Another repairs contractor withdraws", unit_id=council.sibling.id)
        page = _as(app, council.champion_person).post("/risks/new", data=_typed(council, deed="check")).text
        assert "The repairs contractor withdraws" in page
        assert "Another repairs contractor withdraws" not in page

    def test_advice_on_the_statement_never_blocks(self, app, council):
        client = _as(app, council.champion_person)
        page = client.post("/risks/new", data=_typed(council, cause="", deed="check")).text
        assert "Without a cause nobody can prevent it" in page
        assert client.post("/risks/new", data=_typed(council, cause="")).status_code == 302

    def test_a_manager_opens_it_at_once(self, app, council):
        _as(app, council.manager_person).post("/risks/new", data=_typed(council, deed="open"))
        assert db.session.scalars(select(Risk.status)).one() == "open"

    def test_a_champion_does_not_open_it_and_loses_no_word(self, app, council):
        answer = _as(app, council.champion_person).post("/risks/new", data=_typed(council, deed="open"))
        assert (answer.status_code, _count(Risk)) == (422, 0)
        assert "Two letters since September" in answer.text

    def test_who_may_draft_nowhere_finds_no_form(self, app, council):
        assert _as(app, council.member_person).get("/risks/new").status_code == 404

    def test_hostile_words_are_shown_as_words(self, app, council):
        fields = ("title", "cause", "event", "consequence", "rationale")
        client = _as(app, council.champion_person)
        where = client.post("/risks/new", data=_typed(council, **dict.fromkeys(fields, HOSTILE))).location
        for address in (where, "/registers?status=draft", f"/registers?q={HOSTILE}"):
            page = client.get(address).text
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)" in page
            assert "49" not in re.findall(r"onload=&#39;x&#39; (\S+)", page)


class TestAnOpportunityIsLogged:
    def test_in_words_of_its_own_and_nothing_speaks_of_harm_or_of_escalation_by_its_score(self, app, council):
        page = _as(app, council.champion_person).get("/risks/new?kind=opportunity").text
        assert "there is a chance that" in page
        assert "The kind of gain that counts for most" in page
        assert "hurts most decides" not in page
        assert "A current score of 10 or more" not in page

    def test_and_kept_as_one(self, app, council):
        client = _as(app, council.champion_person)
        shown = client.post("/risks/new", data=_typed(council, kind="opportunity"), follow_redirects=True).text
        assert "Opportunity" in shown
        assert db.session.scalars(select(Risk)).one().kind == "opportunity"


class TestReading:
    def test_unknown_and_forbidden_look_the_same(self, app, council):
        hidden = _kept(council, unit_id=council.sibling.id, owner_post_id=council.sibling_champion.id)
        client = _as(app, council.champion_person)
        number = re.compile(r"[0-9a-f]{12}")
        for deed in ("", "/score", "/review", "/close"):
            unknown, forbidden = client.get(f"/risks/R-ZZZZZ{deed}"), client.get(f"/risks/{hidden}{deed}")
            assert (unknown.status_code, forbidden.status_code) == (404, 404)
            assert number.sub("", unknown.text) == number.sub("", forbidden.text)
        for deed in ("open", "agree", "close", "score"):
            assert client.post(f"/risks/{hidden}/{deed}", data={}).status_code == 404

    @pytest.mark.parametrize("status", ["draft", "open", "closed"])
    def test_a_risk_shows_what_is_known_of_it(self, app, council, status):
        reference = _kept(council, title="Repairs fall behind", status=status)
        page = _as(app, council.assurance_person).get(f"/risks/{reference}").text
        for words in ("Repairs fall behind", reference, "Tender prices have risen by a fifth", "Manager, Repairs"):
            assert words in page

    def test_a_red_risk_without_an_action_is_nudged(self, app, council):
        reference = _kept(council, current=(5, 4))
        assert "No action is in date." in _as(app, council.manager_person).get(f"/risks/{reference}").text

    def test_the_file_of_a_register_holds_every_page_and_no_formula(self, app, council):
        for number in range(20):
            _kept(council, title=f"=HYPERLINK({number})")
        answer = _as(app, council.assurance_person).get("/registers.csv?sort=title")
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        assert len(rows) == 20
        assert all(row["Title"].startswith("'=HYPERLINK") for row in rows)
        assert rows[0]["Current score"] == "9"
        assert db.session.scalar(select(AuditEntry.id).where(AuditEntry.event == "list:exported")) is not None

    @pytest.mark.parametrize(
        "address",
        ["?page=99", "?page=x", "?band=purple", "?likelihood=3", "?sort=colour", "?q=%25%27--", "?unit=U-X&size=7"],
    )
    def test_a_register_survives_any_address(self, app, council, address):
        _kept(council)
        assert _as(app, council.assurance_person).get(f"/registers{address}").status_code == 200

    def test_a_stranger_is_sent_to_sign_in(self, app):
        for path in ("/registers", "/risks/new", "/plan", "/risks/R-ZZZZZ"):
            assert app.test_client().get(path).location.startswith("/sign-in")


class TestDeeds:
    def test_a_draft_is_opened_by_its_owner_and_not_by_its_champion(self, app, council):
        reference = _kept(council, status="draft")
        assert _as(app, council.champion_person).post(f"/risks/{reference}/open").status_code == 404
        assert _as(app, council.manager_person).post(f"/risks/{reference}/open").status_code == 302
        assert db.session.scalars(select(Risk.status)).one() == "open"

    def test_a_proposed_score_is_agreed_by_another_manager(self, app, council):
        reference = _kept(council, current=(5, 5))
        owner, lead = _as(app, council.manager_person), _as(app, council.lead_person)
        typed = {"current_likelihood": "1", "current_impact-service": "2", "rationale": "Let again"}
        typed["seen"] = _seen(owner.get(f"/risks/{reference}/score").text)
        assert "2 is proposed" in owner.post(f"/risks/{reference}/score", data=typed, follow_redirects=True).text
        assert "Agree to 2" not in owner.get(f"/risks/{reference}").text
        page = lead.get(f"/risks/{reference}").text
        proposed = re.search(r'name="proposed" value="(\d+)"', page)[1]
        lead.post(f"/risks/{reference}/agree", data={"proposed": proposed})
        assert "You agreed. The current score is 2." in lead.get(f"/risks/{reference}").text

    def test_the_second_of_two_editors_is_told_and_nothing_is_lost(self, app, council):
        reference = _kept(council)
        first, second = _as(app, council.manager_person), _as(app, council.champion_person)
        seen = _seen(first.get(f"/risks/{reference}/score").text)
        typed = {"current_likelihood": "4", "current_impact-service": "4", "seen": seen}
        first.post(f"/risks/{reference}/score", data=typed | {"rationale": "Mine"})
        answer = second.post(f"/risks/{reference}/score", data=typed | {"rationale": "My own words"})
        assert answer.status_code == 422
        assert "Somebody else changed this risk" in answer.text
        assert "My own words" in answer.text

    def test_a_review_sent_twice_is_one_review(self, app, council):
        reference = _kept(council)
        client = _as(app, council.manager_person)
        typed = {"answer": "yes", "note": "Read the report", "dimension": "service"}
        typed["seen"] = _seen(client.get(f"/risks/{reference}/review").text)
        for _ in range(2):
            client.post(f"/risks/{reference}/review", data=typed)
        assert db.session.scalar(select(func.count(Review.id)).where(Review.outcome == "confirmed")) == 1

    def test_a_review_that_says_no_needs_the_new_score(self, app, council):
        reference = _kept(council)
        client = _as(app, council.manager_person)
        typed = {"answer": "no", "note": "Worse", "dimension": "service"}
        typed["seen"] = _seen(client.get(f"/risks/{reference}/review").text)
        answer = client.post(f"/risks/{reference}/review", data=typed)
        assert answer.status_code == 422
        assert "Choose a likelihood of 1, 2, 3, 4 or 5" in answer.text

    def test_closing_needs_a_reason(self, app, council):
        reference = _kept(council)
        client = _as(app, council.lead_person)
        seen = _seen(client.get(f"/risks/{reference}/close").text)
        assert "Say why the risk is closed" in client.post(f"/risks/{reference}/close", data={"seen": seen}).text
        client.post(f"/risks/{reference}/close", data={"seen": seen, "why": "The contract is let"})
        assert "The contract is let" in client.get(f"/risks/{reference}").text

    def test_an_owner_does_not_close_their_own(self, app, council):
        reference = _kept(council)
        assert _as(app, council.manager_person).get(f"/risks/{reference}/close").status_code == 404


def test_an_action_that_also_treats_an_exempt_risk_is_not_named_to_the_committee(council):
    with transaction():
        shown, hidden = a_risk(council), a_risk(council)
        an_action(council, shown, title="Fit new boilers")
        an_action(council, shown, title="Buy the site", source_ids=(shown.id, hidden.id))
        db.session.add(Classification(entity_id=hidden.id, level="exempt", from_on=DAY))
        audit.record(Event.RISK_CLASSIFIED, by=actor(council.assurance_person), at=now(), subject_id=hidden.id)
    reference = db.session.get_one(Entity, shown.id).reference
    told = {
        person: [action.title for action in queries.risk(actor(person), reference, on=DAY).actions]
        for person in (council.member_person, council.champion_person)
    }
    assert told[council.member_person] == ["Fit new boilers"]
    assert told[council.champion_person] == ["Fit new boilers", "Buy the site"]


def test_the_page_of_a_risk_asks_twelve_queries_however_long_its_history(app, council, count_queries):
    reference = _kept(council)
    client = _as(app, council.manager_person)
    page = lambda: client.get(f"/risks/{reference}")  # noqa: E731 - said thrice
    page()
    few = count_queries(page)
    found = db.session.scalars(select(Risk)).one()
    with transaction():
        for _ in range(12):
            an_action(council, found)
            risk_scores.score(
                found, "current", a_judgement(4, 4), by=actor(council.manager_person), at=now(), on=today()
            )
    assert count_queries(page) == few <= 12
