"""How severe what happened is, by when Members are briefed, and the foresight rate."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from riskapp.domain.issues import CannotRaiseIssue, Foresight, Rate, brief_by, rates, severity, total
from riskapp.domain.policy import parse_policy, read_documents

POLICY = parse_policy(read_documents(Path(__file__).parents[2] / "policies"))
DAY = date(2026, 12, 1)
WAS_KNOWN = timedelta(days=POLICY.life.foresight_days)


def test_the_severity_is_that_of_the_impact_at_the_top_likelihood():
    top = max(level.value for level in POLICY.scoring.likelihood)
    for impact in POLICY.scoring.impacts:
        scored = severity(POLICY, "service", impact)
        cell = POLICY.scoring.matrix[top, impact]
        assert (scored.likelihood, scored.impact, scored.score) == (top, impact, cell.score)


def test_an_impact_off_the_scales_is_refused_at_its_field():
    with pytest.raises(CannotRaiseIssue) as refused:
        severity(POLICY, "service", 9)
    assert {reason.field for reason in refused.value.refusals} == {"impact"}


@pytest.mark.parametrize(
    ("rating", "by"), [("very_high", date(2026, 12, 3)), ("high", date(2026, 12, 8)), ("low", None)]
)
def test_members_are_briefed_within_the_working_days_of_the_policy(rating, by):
    assert brief_by(POLICY, rating, DAY) == by


@pytest.mark.parametrize(
    ("since", "days", "is_foreseen"),
    [
        (None, None, False),
        (DAY, 0, False),
        (DAY - WAS_KNOWN + timedelta(days=1), 29, False),
        (DAY - WAS_KNOWN, 30, True),
    ],
)
def test_an_issue_was_foreseen_if_it_was_on_a_register_long_enough_before(since, days, is_foreseen):
    known = Foresight(DAY, since, "Housing")
    assert (known.days_before, known.is_foreseen(POLICY.life)) == (days, is_foreseen)


def test_the_rate_is_counted_by_year_and_directorate_the_last_year_first():
    early, late = DAY - WAS_KNOWN, DAY - timedelta(days=1)
    counted = rates(
        [
            Foresight(DAY, early, "Housing"),
            Foresight(DAY, late, "Housing"),
            Foresight(DAY, None, "Housing"),
            Foresight(DAY, None, "Place"),
            Foresight(DAY.replace(year=2025), None, "Housing"),
        ],
        POLICY.life,
    )
    assert list(counted) == [(2026, "Housing"), (2026, "Place"), (2025, "Housing")]
    assert counted[2026, "Housing"] == Rate(3, 2, 1)
    assert counted[2026, "Housing"].percent == 33
    assert total(counted.values()) == Rate(5, 2, 1)
    assert Rate().percent is None
    assert Rate(8, 8, 1).percent == 13
