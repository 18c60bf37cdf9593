from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.appetite import Position
from riskapp.domain.calendar import LONDON
from riskapp.domain.escalation import Trigger, acknowledge_by, decide_by, half_time, tiers_reached
from riskapp.domain.scoring import Rating

HIGH = Rating("high", "High", 3, 4)


def a_trigger(score, position=Position.WITHIN, category="technology"):
    return Trigger(score, HIGH, position, category)


def tiers(policy, *facts):
    return [decision.tier for decision in tiers_reached(policy, a_trigger(*facts))]


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (9, []),
        (10, ["service_lead"]),
        (12, ["service_lead"]),
        (15, ["service_lead", "director"]),
        (16, ["service_lead", "director"]),
        (20, ["service_lead", "director", "chief_executive"]),
        (25, ["service_lead", "director", "chief_executive", "commissioner"]),
    ],
)
def test_a_score_at_the_threshold_reaches_the_tier(policy, score, expected):
    assert tiers(policy, score) == expected


def test_beyond_tolerable_reaches_the_director_whatever_the_score(policy):
    assert tiers(policy, 4, Position.BEYOND_TOLERABLE) == ["director"]
    assert tiers(policy, 9, Position.ABOVE_OPTIMAL) == []
    assert tiers(policy, 9, Position.NOT_SET) == []


def test_a_decision_quotes_its_clauses_and_says_why(policy):
    decision = tiers_reached(policy, a_trigger(16, Position.BEYOND_TOLERABLE))[-1]
    assert (decision.tier, decision.post_kind, decision.clause.ref) == ("director", "director", "6.3")
    assert [clause.ref for clause in decision.clauses] == ["6.3", "6.1"]
    assert decision.why == ("Its current score is 16, High (policy 6.3). It is beyond tolerable (policy 6.1).")


@given(low=st.integers(1, 25), high=st.integers(1, 25), place=st.sampled_from(Position))
def test_a_higher_score_reaches_no_fewer_tiers(policy, low, high, place):
    low, high = sorted((low, high))
    assert set(tiers(policy, low, place)) <= set(tiers(policy, high, place))


def test_time_to_answer_runs_in_working_hours(policy):
    arrived = datetime(2026, 11, 30, 15, 10, tzinfo=LONDON)
    due = acknowledge_by(policy, "director", arrived)
    assert due == datetime(2026, 12, 2, 15, 10, tzinfo=LONDON)
    assert half_time(policy.calendar, arrived, due) == datetime(2026, 12, 1, 15, 10, tzinfo=LONDON)
    assert decide_by(policy, "director", datetime(2026, 12, 1, 9, 41, tzinfo=LONDON)) == datetime(
        2026, 12, 4, 9, 41, tzinfo=LONDON
    )
