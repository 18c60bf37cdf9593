"""What goes with a score: every kind of impact, how sure, how soon, how fast, how much, a forecast, and gains."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from riskapp.features.assessments import service
from riskapp.features.assessments.service import CannotScoreRisk, Money
from riskapp.features.risks import queries
from riskapp.features.risks import service as risks
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.escalation import EscalationCase
from riskapp.models.risks import AssessmentImpact, RiskStanding
from tests.builders import DAY, NOON, ACouncil, a_judgement, a_new_risk, a_risk, actor


@pytest.fixture
def council(app):
    return ACouncil()


def _score(risk, council, basis="current", **changes):
    by = actor(council.manager_person)
    return service.score(risk, basis, a_judgement(4, 4, **changes), by=by, at=NOON, on=DAY)


def _refused(risk, council, basis="current", **changes):
    with pytest.raises(CannotScoreRisk) as refused:
        _score(risk, council, basis, **changes)
    return {reason.field: reason.message for reason in refused.value.refusals}


def test_of_several_kinds_of_impact_the_worst_decides_and_each_is_kept(council):
    row = _score(a_risk(council), council, impacts={"service": 2, "financial": 5, "legal": 1})
    assert (row.impact, row.score, row.rating) == (5, 20, "very_high")
    kept = db.session.execute(
        select(AssessmentImpact.dimension, AssessmentImpact.level).filter_by(assessment_id=row.id)
    )
    assert {each.dimension: each.level for each in kept} == {"service": 2, "financial": 5, "legal": 1}


def test_what_goes_with_a_score_is_kept_with_it(council):
    money = Money(100_000, 250_000, 1_015_000_000)
    row = _score(a_risk(council), council, confidence="low", proximity="near", velocity="sudden", money=money)
    assert (row.confidence, row.proximity, row.velocity) == ("low", "near", "sudden")
    assert (row.low_pounds, row.likely_pounds, row.high_pounds) == (100_000, 250_000, 1_015_000_000)


def test_a_step_that_the_policy_does_not_have_is_refused_by_its_field(council):
    risk = a_risk(council)
    assert _refused(risk, council, confidence="sure") == {"confidence": "Choose a confidence of Low, Medium or High"}
    assert set(_refused(risk, council, proximity="soon", velocity="now")) == {"proximity", "velocity"}


@pytest.mark.parametrize(
    ("money", "field"),
    [
        (Money(-1, 2, 3), "low_pounds"),
        (Money(3, 2, 4), "likely_pounds"),
        (Money(1, 5, 4), "high_pounds"),
        (Money(1, 2, 10**16), "high_pounds"),
    ],
)
def test_sums_out_of_order_or_beyond_reason_are_refused_by_their_field(council, money, field):
    assert set(_refused(a_risk(council), council, money=money)) == {field}


def test_a_target_for_a_day_that_has_passed_is_refused(council):
    assert set(_refused(a_risk(council), council, "target", target_on=DAY - timedelta(days=1))) == {"target_on"}


def test_a_forecast_is_for_the_end_of_the_financial_year_and_changes_nothing_else(council):
    risk = a_risk(council)
    before = risk.next_review_on
    row = _score(risk, council, "forecast")
    standing = db.session.get_one(RiskStanding, risk.id)
    assert row.target_on == date(2027, 3, 31)
    assert standing.forecast_id == row.id
    assert service.current(risk).score == 9
    assert risk.next_review_on == before
    assert db.session.scalars(select(EscalationCase)).all() == []


def test_a_second_forecast_stands_beside_the_first(council):
    risk = a_risk(council)
    first, second = _score(risk, council, "forecast"), _score(risk, council, "forecast", impacts={"service": 1})
    assert db.session.get_one(RiskStanding, risk.id).forecast_id == second.id
    assert first.score == 16


class TestAnOpportunity:
    @pytest.fixture
    def opportunity(self, council):
        return a_risk(council, kind="opportunity", current=(5, 5))

    def test_is_scored_by_a_matrix_of_its_own_and_held_against_no_appetite(self, opportunity):
        held = service.current(opportunity)
        assert (held.score, held.rating, held.position) == (25, "very_high", "no_limit")

    def test_is_never_escalated_by_its_score(self, opportunity):
        del opportunity
        assert db.session.scalars(select(EscalationCase)).all() == []

    def test_is_escalated_by_a_person(self, council, opportunity):
        case = risks.escalate(
            opportunity, reason="We need leave to bid", by=actor(council.manager_person), at=NOON, on=DAY
        )
        assert case.reason == "We need leave to bid"

    def test_a_lower_score_of_it_waits_for_nobody(self, council, opportunity):
        assert _score(opportunity, council, impacts={"service": 1}).state == "in_force"

    def test_is_shown_as_what_it_is(self, council, opportunity):
        reference = db.session.get_one(Entity, opportunity.id).reference
        page = queries.risk(actor(council.manager_person), reference, on=DAY)
        assert page.row.kind == "opportunity"

    def test_a_kind_that_is_neither_is_refused(self, council):
        with pytest.raises(risks.CannotDraft) as refused:
            risks.draft(a_new_risk(council, kind="chance"), by=actor(council.champion_person), at=NOON, on=DAY)
        assert "kind" in {reason.field for reason in refused.value.refusals}


def test_a_proposal_that_is_agreed_keeps_what_went_with_it(council):
    with transaction():
        risk = a_risk(council, current=(5, 5))
        row = service.score(
            risk,
            "current",
            a_judgement(1, 2, confidence="high", money=Money(1, 2, 3)),
            by=actor(council.manager_person),
            at=NOON,
            on=DAY,
        )
        service.agree(row, by=actor(council.lead_person), at=NOON, on=DAY)
    held = service.current(risk)
    assert (held.confidence, held.likely_pounds, held.state) == ("high", 2, "in_force")
