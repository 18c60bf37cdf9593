"""What there is to ask of a risk, by the clauses of the policy."""

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from riskapp.domain.policy import PolicyRefused, parse_policy, read_documents
from riskapp.domain.quality import CHECKS, Kept, Outturn, findings, is_hopeful

DAY = date(2026, 12, 1)
WELL_KEPT = Kept(
    is_open=True,
    rating="very_high",
    inherent=25,
    current=20,
    target=9,
    next_review_on=DAY,
    has_action_in_date=True,
    causes=("Tender prices have risen by a fifth",),
    event="The contractor gives notice before the new contract begins",
    consequences=("Missed urgent repairs for 1,000 homes",),
    target_on=DAY,
    rating_since=date(2026, 6, 1),
)


def asked(policy, **changes):
    return [finding.check.key for finding in findings(policy, replace(WELL_KEPT, **changes), DAY)]


def test_a_well_kept_risk_is_asked_nothing(policy):
    assert asked(policy) == []


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"next_review_on": DAY - timedelta(days=1)}, "review_overdue"),
        ({"has_action_in_date": False}, "no_action"),
        ({"rating_since": date(2026, 3, 1)}, "stuck"),
        ({"inherent": 16}, "above_inherent"),
        ({"target": 20}, "target_no_better"),
        ({"target": 25}, "target_no_better"),
        ({"has_open_action": False}, "target_unreachable"),
        ({"target_on": DAY - timedelta(days=1)}, "target_late"),
        ({"is_held": False}, "no_holder"),
        ({"is_linked": False}, "no_objective"),
        ({"causes": ()}, "statement"),
        ({"event": "Failure to deliver the savings"}, "statement"),
    ],
)
def test_each_check_asks_for_what_it_is_about_and_nothing_else(policy, changes, check):
    assert asked(policy, **changes) == [check]


def test_nine_months_in_the_highest_band_are_not_yet_stuck_the_day_before(policy):
    assert asked(policy, rating_since=date(2026, 3, 2)) == []


def test_a_medium_risk_needs_no_action_and_is_never_stuck(policy):
    assert asked(policy, rating="medium", has_action_in_date=False, rating_since=date(2020, 1, 1)) == []


def test_a_draft_is_asked_only_about_its_scores_and_its_words(policy):
    neglected = {"next_review_on": DAY - timedelta(days=1), "is_held": False, "has_open_action": False}
    assert asked(policy, is_open=False, causes=(), **neglected) == ["statement"]


def test_what_a_reason_answers_is_asked_no_more(policy):
    assert asked(policy, inherent=16, reasons=frozenset({"above_inherent"})) == []


def test_of_an_opportunity_the_lower_score_is_the_worse(policy):
    gain = {"is_gain": True, "inherent": 4, "current": 9, "target": 16, "rating": "medium"}
    assert asked(policy, **gain) == []
    assert asked(policy, **gain | {"inherent": 12}) == ["above_inherent"]
    assert asked(policy, **gain | {"target": 6}) == ["target_no_better"]


def test_the_most_pressing_question_stands_first_and_each_quotes_its_clause(policy):
    worst = replace(WELL_KEPT, next_review_on=DAY - timedelta(days=3), is_held=False, causes=(), is_linked=False)
    found = findings(policy, worst, DAY)
    assert [finding.check.key for finding in found] == ["review_overdue", "no_holder", "no_objective", "statement"]
    assert found[0].words == "Its review is 3 days late."
    assert [finding.check.clause.ref for finding in found] == ["17.2", "17.9", "17.10", "17.11"]


def test_every_check_is_in_the_policy_with_words_of_its_own(policy):
    assert set(policy.quality.checks) == set(CHECKS)
    assert len({check.label for check in policy.quality.checks.values()}) == len(CHECKS)


def test_a_policy_may_ask_less(policy):
    fewer = {key: check for key, check in policy.quality.checks.items() if key != "no_objective"}
    assert asked(replace(policy, quality=replace(policy.quality, checks=fewer)), is_linked=False) == []


def test_a_policy_kept_from_before_asks_nothing(policy):
    assert asked(replace(policy, quality=None), is_linked=False, causes=()) == []


FELL_AND_CAME_TRUE, FELL_AND_DID_NOT = Outturn(20, 12, 12), Outturn(20, 12, 16)


@pytest.mark.parametrize(
    ("outturns", "asks"),
    [
        ((FELL_AND_DID_NOT,) * 3, True),
        ((FELL_AND_DID_NOT,) * 2, False),
        ((*(FELL_AND_DID_NOT,) * 3, FELL_AND_CAME_TRUE), False),
        ((Outturn(12, 12, 16),) * 5, False),
    ],
)
def test_forecasts_that_all_fell_and_never_came_true_are_questioned(policy, outturns, asks):
    assert is_hopeful(policy.quality, outturns) is asks


def _faults(change):
    documents = deepcopy(read_documents(Path(__file__).parents[2] / "policies"))
    change(documents["quality"])
    with pytest.raises(PolicyRefused) as refused:
        parse_policy(documents)
    return " ".join(reason.message for reason in refused.value.refusals)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda document: document["check"][0].update(key="mood"), "check 1, key: expected one of"),
        (lambda document: document["check"].append(document["check"][0]), "expected each check once"),
        (lambda document: document["check"][2].pop("months"), "expected the months and the ratings"),
        (lambda document: document["check"][2].update(ratings=["red"]), "expected ratings of scoring.toml"),
        (lambda document: document["check"][3].update(takes_a_reason="yes"), "expected true or false"),
        (lambda document: document["forecasts"].update(least=0), "from 1 to 1000"),
    ],
)
def test_a_faulty_chapter_is_refused_by_its_key(change, fault):
    assert fault in _faults(change)
