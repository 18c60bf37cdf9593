from __future__ import annotations

from datetime import date

import pytest

from riskapp.domain.pack_words import (
    Answers,
    BodyFact,
    Lateness,
    RiskFact,
    Standing,
    actions_finding,
    beyond_finding,
    bodies_finding,
    counted,
    decisions,
    escalations_finding,
    first_finding,
    moves_finding,
    number,
    questions,
    register_finding,
    standing_finding,
    strange_numbers,
)


def a_fact(item=1, score=12, was=12, **changes):
    facts = {"title": f"Risk {item}", "owner": "Chief Finance Officer", "is_worst": score >= 16}
    return RiskFact(item=item, score=score, was=was, **{**facts, **changes})


def a_standing(*risks, before=2, **changes):
    return Standing(risks, **{"worst": "Very high", "since": "September", "worst_before": before, **changes})


@pytest.mark.parametrize(("count", "words"), [(0, "no"), (1, "one"), (9, "nine"), (10, "10"), (1200, "1,200")])
def test_counts_are_words_up_to_nine_and_figures_from_ten(count, words):
    assert number(count) == words


def test_one_thing_is_singular():
    assert counted(1, "risk") == "one risk"
    assert counted(2, "body", "bodies") == "two bodies"


def test_more_of_the_worst_is_said_with_both_figures():
    standing = a_standing(*(a_fact(item, 20, 20) for item in range(3)), before=2)
    assert first_finding(standing) == "More risks are very high than in September: 3, was 2."


def test_fewer_of_the_worst_does_not_hide_what_has_grown():
    standing = a_standing(a_fact(1, 12, 9), a_fact(2, 20, 20), before=4)
    assert first_finding(standing) == "Fewer risks are very high than in September, but one risk has grown."


def test_an_empty_register_is_said_in_a_sentence():
    assert first_finding(a_standing()) == "There is no risk on the register."
    assert standing_finding(a_standing()) == "There is no risk on the register."


def test_the_first_pack_compares_with_nothing():
    standing = a_standing(a_fact(1, 20, None), before=None, since="")
    assert first_finding(standing) == "Of one risk, one is very high and none beyond appetite."
    assert moves_finding(standing) == ""


def test_was_and_now_stand_in_the_same_breath():
    standing = a_standing(a_fact(1, 20), a_fact(2, 9), before=3)
    assert standing_finding(standing) == "Of two risks, one is very high, was three in September."


def test_moves_count_every_risk_once():
    standing = a_standing(a_fact(1, 20, 16), a_fact(2, 9, 12), a_fact(3, 9, None), a_fact(4), departed=2)
    assert moves_finding(standing) == (
        "One risk rose, one fell and one is new. One has not moved since September. Two risks have left the register."
    )


def test_the_furthest_beyond_appetite_is_named():
    standing = a_standing(a_fact(1, 15, limit=12), a_fact(2, 20, limit=12), a_fact(3, 12, limit=12))
    assert beyond_finding(standing) == (
        "Two risks are beyond what the council is willing to bear. Item 2 is furthest, 8 over its limit of 12."
    )


def test_a_score_at_the_limit_is_not_beyond_it():
    assert beyond_finding(a_standing(a_fact(1, 12, limit=12))).startswith("No risk is beyond")


def test_the_longest_stay_at_the_worst_is_said():
    standing = a_standing(a_fact(1, 20, worst_months=25), a_fact(2, 16, worst_months=8))
    assert register_finding(standing) == (
        "The register holds two risks. Two have been very high, the longest for 25 months."
    )


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (Lateness(0), "No action is overdue."),
        (
            Lateness(17, 21, 4),
            "17 actions are overdue, four fewer than in the last pack. Four are more than 90 days late.",
        ),
        (Lateness(1, 1), "One action is overdue."),
        (Lateness(5, 3), "Five actions are overdue, two more than in the last pack."),
    ],
)
def test_overdue_actions_are_counted_against_the_last_pack(late, said):
    assert actions_finding(late) == said


def test_unanswered_escalations_are_said():
    answers = Answers(raised=16, in_time=14, moved_up=2, live=5, late=1)
    assert escalations_finding(answers) == (
        "Of 16 escalations, 14 were answered in time and two moved up because nobody answered. Five are live, one late."
    )


def test_late_and_missing_reviews_are_counted():
    bodies = (BodyFact("A", is_late=True), BodyFact("B", was_reviewed=False), BodyFact("C"))
    assert bodies_finding(bodies) == "Of three bodies, one has a review that is late and one has never had one."


def test_questions_come_from_a_rise_a_stay_and_a_late_review():
    standing = a_standing(a_fact(2, 20, 16, limit=12), a_fact(4, 16, 16, worst_months=25))
    bodies = (BodyFact("Thames Freeport", date(2026, 6, 30), is_late=True),)
    drafts = questions(standing, Lateness(17, long=4), bodies)
    assert [draft.text for draft in drafts] == [
        "What will bring item 2 back down: “Risk 2”?",
        "Why has item 4 been very high for 25 months?",
        "When will Thames Freeport have its governance review?",
    ]
    assert drafts[0].why == "It rose from 16 to 20. The most the council will bear is 12."
    assert drafts[2].why == "It was due on 30 June 2026."


def test_late_actions_are_asked_about_when_nothing_worse_is():
    (draft,) = questions(a_standing(a_fact()), Lateness(17, long=4), ())
    assert draft.text == "What stands in the way of the actions more than 90 days late?"
    assert draft.why == "Four are, of 17 overdue."


def test_decisions_name_the_owner_who_has_stood_longest_by_post():
    standing = a_standing(a_fact(1, 20, limit=12), a_fact(4, 16, worst_months=25, limit=20))
    assert [draft.text for draft in decisions(standing)] == [
        "Note how the two risks have moved.",
        "Decide whether enough is being done about the one risk beyond appetite, or ask for more.",
        "Call the owner of item 4, Chief Finance Officer, to the next meeting.",
    ]


def test_a_number_that_is_not_in_the_snapshot_is_found():
    assert strange_numbers("It rose from 16 to 21 and costs £1,250.", ["16", "score 20", "£1,250"]) == ("21",)
