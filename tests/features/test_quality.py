"""How registers are kept: the same questions on the list, in the league and on the risk itself."""

import csv
import io
from datetime import timedelta

import pytest

from riskapp.features.accounts import service as accounts
from riskapp.features.assessments import service as assessments
from riskapp.features.policy import queries as policies
from riskapp.features.quality import queries, service
from riskapp.features.quality.service import CannotExplain
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Entity, Link, new_entity
from riskapp.models.people import Tenure
from riskapp.models.plan import PlanItem
from riskapp.web.clock import now, today
from tests.builders import DAY, NOON, PASSWORD, ACouncil, a_judgement, a_risk, actor, an_action


@pytest.fixture
def council(app):
    return ACouncil()


def _policy():
    return policies.in_force(on=DAY).policy


def _asked(council, **changes):
    rows = queries.reviewed(actor(council.assurance_person), _policy(), on=DAY, **changes)
    return {row.title: [finding.check.key for finding in row.findings] for row in rows}


def _linked(risk):
    item = new_entity(db.session(), "direction", "A Direction")
    db.session.add(PlanItem(id=item.id, kind="direction", code="A", position=item.id, text="Do it"))
    db.session.flush()
    db.session.add(Link(from_id=risk.id, to_id=item.id, kind="threatens"))
    db.session.flush()
    return risk


def _well_kept(council, **changes):
    risk = _linked(a_risk(council, **changes))
    an_action(council, risk, due_on=DAY + timedelta(days=30))
    return risk


def test_a_well_kept_risk_is_listed_with_nothing_to_ask(council):
    _well_kept(council, title="Kept")
    assert _asked(council) == {"Kept": []}


def test_each_neglect_is_found_where_it_is(council):
    with transaction():
        _linked(a_risk(council, title="Unplanned", current=(5, 4)))
        a_risk(council, title="Unlinked")
    assert _asked(council)["Unplanned"] == ["no_action", "target_unreachable"]
    assert _asked(council)["Unlinked"] == ["target_unreachable", "no_objective"]


def test_a_post_that_nobody_holds_is_asked_about(council):
    _well_kept(council, title="Kept")
    db.session.query(Tenure).filter_by(post_id=council.manager.id).delete()
    assert _asked(council) == {"Kept": ["no_holder"]}


def test_time_in_the_highest_band_begins_anew_after_another_band(council):
    with transaction():
        old = _well_kept(council, title="Old", current=(5, 5), on=DAY - timedelta(days=400))
        moved = _linked(a_risk(council, title="Moved", current=(5, 5), on=DAY - timedelta(days=400)))
        an_action(council, moved, due_on=DAY + timedelta(days=30))
        for days, level in ((200, 2), (100, 5)):
            by, on = actor(council.lead_person), DAY - timedelta(days=days)
            row = assessments.score(moved, "current", a_judgement(level, level), by=by, at=NOON, on=on)
            if row.state == "proposed":
                assessments.agree(row, by=actor(council.manager_person) if moved.owner_post_id != council.manager.id
                                  else actor(council.director_person), at=NOON, on=on)  # fmt: skip
    del old
    assert "stuck" in _asked(council)["Old"]
    assert "stuck" not in _asked(council)["Moved"]


def test_a_closed_risk_and_a_draft_are_not_in_the_league(council):
    a_risk(council, status="draft")
    a_risk(council, status="closed")
    assert _asked(council) == {}


def test_what_is_withheld_in_part_is_neither_listed_nor_counted(council):
    with transaction():
        risk = a_risk(council, title="Secret")
        db.session.add(
            Classification(
                entity_id=risk.id, field_group="plan", level="exempt", paragraphs="3", reason="Affairs",
                public_interest="Weighed", from_on=DAY, review_on=DAY + timedelta(days=90),
            )
        )  # fmt: skip
    rows = queries.reviewed(actor(council.sibling_champion_person), _policy(), on=DAY)
    assert rows == ()
    assert "Secret" in _asked(council)


def test_the_league_counts_units_side_by_side_and_together(council):
    with transaction():
        _well_kept(council, title="Kept")
        a_risk(council, title="Asked")
        a_risk(council, title="Elsewhere", unit_id=council.sibling.id)
    rows = queries.reviewed(actor(council.assurance_person), _policy(), on=DAY, unit_path=council.service.path)
    league = queries.league(None, rows, under=council.service.path, whole="Housing Repairs")
    assert [(unit.name, unit.risks, unit.well_kept, unit.share) for unit in league.units] == [
        ("Repairs Delivery", 2, 1, 50),
        ("Voids", 1, 0, 0),
    ]
    assert (league.whole.risks, league.whole.well_kept) == (3, 1)
    assert dict(league.asked)["no_objective"] == 2


def test_a_reason_answers_a_check_until_a_score_moves(council):
    risk = _well_kept(council, title="Worse", current=(3, 3))
    with transaction():
        by = actor(council.manager_person)
        assessments.score(risk, "inherent", a_judgement(2, 2), by=by, at=NOON, on=DAY)
    assert _asked(council)["Worse"] == ["above_inherent"]
    check = _policy().quality.checks["above_inherent"]
    with transaction():
        service.explain(risk, check, why="The controls themselves do harm", by=by, at=NOON)
    assert _asked(council)["Worse"] == []
    with transaction():
        assessments.score(risk, "current", a_judgement(3, 4), by=by, at=NOON, on=DAY)
    assert _asked(council)["Worse"] == ["above_inherent"]


@pytest.mark.parametrize(("check", "why"), [("no_objective", "We know"), ("above_inherent", "  ")])
def test_a_check_that_takes_no_reason_and_a_reason_without_words_are_refused(council, check, why):
    risk = a_risk(council)
    with pytest.raises(CannotExplain):
        service.explain(risk, _policy().quality.checks[check], why=why, by=actor(council.manager_person), at=NOON)


def test_forecasts_are_held_against_what_came_about(council):
    first = DAY - timedelta(days=365)
    with transaction():
        risk = a_risk(council, title="Hoped", current=(4, 4), on=first)
        by = actor(council.manager_person)
        assessments.score(risk, "forecast", a_judgement(3, 3), by=by, at=NOON, on=first)
        assessments.score(risk, "forecast", a_judgement(2, 2), by=by, at=NOON, on=first + timedelta(days=9))
    [outturn] = queries.outturns(actor(council.assurance_person), on=DAY)["Housing"]
    assert (outturn.was, outturn.forecast, outturn.came) == (16, 4, 16)
    assert queries.outturns(actor(council.assurance_person), on=first + timedelta(days=20)) == {}


def _as(app, person):
    with transaction():
        token = accounts.sign_in(email=person.email, password=PASSWORD, at=now())
    client = app.test_client()
    client.set_cookie("sid", token)
    return client


class TestThePages:
    @pytest.fixture
    def reference(self, council):
        with transaction():
            risk = a_risk(council, on=today() - timedelta(days=10), title="Unlinked", current=(2, 2))
        return db.session.get_one(Entity, risk.id).reference

    def test_the_list_and_the_risk_ask_the_same(self, app, council, reference):
        client = _as(app, council.manager_person)
        listed, shown = client.get("/quality/risks").text, client.get(f"/risks/{reference}").text
        for words in ("The target is where the risk stands today.", "It says of no Direction"):
            assert words in listed
            assert words in shown

    def test_whoever_keeps_a_register_finds_the_way_there(self, app, council):
        assert 'href="/quality"' in _as(app, council.champion_person).get("/").text

    def test_a_filter_keeps_only_the_check_that_was_asked_for(self, app, council, reference):
        client = _as(app, council.manager_person)
        assert reference in client.get("/quality/risks?check=no_objective").text
        assert reference not in client.get("/quality/risks?check=review_overdue").text
        assert reference in client.get("/quality/risks?check=nonsense&sort=nonsense&unit=nonsense&page=99999").text

    def test_the_files_hold_what_the_pages_show(self, app, council, reference):
        client = _as(app, council.assurance_person)
        asked = list(csv.DictReader(io.StringIO(client.get("/quality/risks.csv").text.removeprefix("\ufeff"))))
        assert {(row["Reference"], row["Clause"]) for row in asked} >= {(reference, "17.6"), (reference, "17.10")}
        league = list(csv.DictReader(io.StringIO(client.get("/quality.csv").text.removeprefix("\ufeff"))))
        assert league[-1]["Unit"] == "The council"
        assert league[-1]["Linked to no objective"] == "1"

    def test_a_reason_is_given_from_the_risk_and_silences_its_question(self, app, council, reference):
        client = _as(app, council.manager_person)
        address = f"/risks/{reference}/quality/target_no_better"
        assert address in client.get(f"/risks/{reference}").text
        assert client.post(address, data={"why": ""}).status_code == 422
        page = client.post(address, data={"why": "The plan keeps it there"}, follow_redirects=True).text
        assert "The reason is on the record" in page
        assert "The target is where the risk stands today." not in page
        assert "The plan keeps it there" in page

    def test_a_check_that_takes_no_reason_has_no_page_for_one(self, app, council, reference):
        client = _as(app, council.manager_person)
        assert client.get(f"/risks/{reference}/quality/no_objective").status_code == 404
        assert client.get(f"/risks/{reference}/quality/nonsense").status_code == 404

    def test_who_may_not_score_gives_no_reason(self, app, council, reference):
        assert _as(app, council.assurance_person).get(f"/risks/{reference}/quality/target_no_better").status_code == 404


def test_a_thousand_risks_are_looked_at_in_three_queries(council, count_queries):
    with transaction():
        for _ in range(3):
            a_risk(council)
    who, policy = actor(council.assurance_person), _policy()
    assert count_queries(lambda: queries.reviewed(who, policy, on=DAY)) == 3
