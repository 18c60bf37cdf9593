"""What the policy says of opportunities, and of what goes with a score."""

from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest

from riskapp.domain.policy import PolicyRefused, parse_policy, read_documents
from riskapp.domain.scoring import CannotScore

DOCUMENTS = read_documents(Path(__file__).parents[2] / "policies")


def _with(change):
    documents = deepcopy(DOCUMENTS)
    change(documents["scoring"])
    return documents


def _faults(change):
    with pytest.raises(PolicyRefused) as refused:
        parse_policy(_with(change))
    return [reason.message for reason in refused.value.refusals]


def test_an_opportunity_has_words_of_its_own_for_the_same_bands(policy):
    gains = policy.scoring.of("opportunity")
    assert [rating.key for rating in gains.ratings] == [rating.key for rating in policy.scoring.ratings]
    assert not {rating.label for rating in gains.ratings} & {rating.label for rating in policy.scoring.ratings}
    assert all(rating.is_gain for rating in gains.ratings)


def test_a_policy_without_opportunities_is_a_policy_and_refuses_to_score_one():
    def drop(scoring):
        for name in ("opportunity", "confidence", "proximity", "velocity", "forecast"):
            del scoring[name]

    scoring = parse_policy(_with(drop)).scoring
    assert (scoring.aspects, scoring.forecast) == ((), None)
    with pytest.raises(CannotScore, match="does not say how an opportunity is scored"):
        scoring.of("opportunity")


def test_bands_of_opportunities_with_other_keys_are_refused():
    def rename(scoring):
        scoring["opportunity"]["rating"][0]["key"] = "tiny"

    assert any("expected the keys of the ratings of threats" in fault for fault in _faults(rename))


def test_a_step_said_twice_is_refused():
    def double(scoring):
        scoring["confidence"]["step"].append(scoring["confidence"]["step"][0])

    assert any("scoring.toml, confidence, step: expected each key once." in fault for fault in _faults(double))


@pytest.mark.parametrize(("month", "day"), [(2, 30), (4, 31)])
def test_a_year_end_that_no_year_has_is_refused(month, day):
    def move(scoring):
        scoring["forecast"] |= {"month": month, "day": day}

    assert any("expected a day that every year has" in fault for fault in _faults(move))


def test_the_financial_year_ends_on_the_next_31_march(policy):
    forecast = policy.scoring.forecast
    assert forecast.year_end(date(2027, 3, 31)) == date(2027, 3, 31)
    assert forecast.year_end(date(2027, 4, 1)) == date(2028, 3, 31)
