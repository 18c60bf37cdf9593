"""The demonstration council's risks, actions and escalations: consistent, owned and kept."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from tests.features.demo_council import (
    ACTIONS,
    BODIES,
    DATA,
    OPEN_RISKS,
    POSTS,
    RISKS,
    line_of,
    score,
    units_of,
)

OPEN_ACTIONS = [a for a in ACTIONS.values() if a["status"] in {"proposed", "agreed", "in_progress"}]
CATEGORIES = {
    "strategy", "governance", "operations", "legal", "property", "financial", "commercial", "people",
    "technology", "information", "security", "project", "reputational",
}  # fmt: skip


# Risks


def test_there_are_enough_risks_in_every_band() -> None:
    scores = [score(risk) for risk in OPEN_RISKS]
    assert len(OPEN_RISKS) >= 84
    assert len(RISKS) == len(DATA["risk"]) == len({risk["title"] for risk in RISKS.values()})
    assert sum(value >= 20 for value in scores) == 6
    assert sum(12 <= value < 20 for value in scores) >= 22
    assert sum(5 <= value < 12 for value in scores) >= 35
    assert sum(value < 5 for value in scores) >= 21
    assert Counter(risk["status"] for risk in RISKS.values())["draft"] == 4
    assert Counter(risk["status"] for risk in RISKS.values())["closed"] == 5


def test_risks_cover_every_category_direction_and_directorate() -> None:
    assert {risk["category"] for risk in OPEN_RISKS} == CATEGORIES
    links = {link for risk in OPEN_RISKS for link in risk["links"]}
    assert {f"direction:{code}" for code in "ABCDEFGHIJ"} <= links
    assert {f"workstream:{workstream['key']}" for workstream in DATA["workstream"]} <= links
    assert {unit for risk in OPEN_RISKS for unit in line_of(risk["unit"])} >= set(units_of("directorate"))


@pytest.mark.parametrize("risk", RISKS.values(), ids=RISKS)
def test_a_risk_is_stated_owned_and_linked(risk: dict[str, Any]) -> None:
    owner = POSTS[risk["owner"]]
    known = {f"direction:{direction['code']}" for direction in DATA["direction"]}
    known |= {f"{kind}:{row['key']}" for kind in ("workstream", "outcome") for row in DATA[kind]}
    assert risk["kind"] == "threat"
    assert risk["category"] in CATEGORIES
    assert 1 <= len(risk["causes"]) <= 3
    assert risk["event"]
    assert 1 <= len(risk["consequences"]) <= 3
    assert risk["links"]
    assert set(risk["links"]) <= known
    assert not owner.get("vacant")
    assert owner["unit"] in line_of(risk["unit"]) or owner["key"] == "head_of_assurance"
    assert risk.get("body", "thames_freeport") in BODIES
    assert risk["treatment"] in {"treat", "tolerate", "transfer", "terminate"}
    assert risk["treatment_why"]


@pytest.mark.parametrize("risk", RISKS.values(), ids=RISKS)
def test_a_risk_has_a_history_that_its_other_scores_allow(risk: dict[str, Any]) -> None:
    days = [entry["day"] for entry in risk["history"]]
    assert -420 <= risk["opened"] == days[0]
    assert days == sorted(set(days))
    assert days[-1] < 0
    assert all(entry["why"] for entry in risk["history"])
    worst_likelihood, worst_impact = risk["inherent"]
    for entry in risk["history"]:
        assert 1 <= entry["likelihood"] <= worst_likelihood <= 5
        assert 1 <= entry["impact"] <= worst_impact <= 5
    now = risk["history"][-1]
    assert 1 <= risk["target"][0] <= now["likelihood"]
    assert 1 <= risk["target"][1] <= now["impact"]
    if risk["status"] == "draft":
        assert risk["opened"] >= -10
        assert "last_review" not in risk
    else:
        assert risk["opened"] <= -30
        assert 2 <= len(days) <= 5
        assert days[-1] <= risk["last_review"] <= 0
    assert ("closed" in risk) == (risk["status"] == "closed")
    if "closed" in risk:
        assert days[-1] <= risk["closed"]["day"] < 0
        assert risk["closed"]["why"]


def test_scores_moved_up_and_down_and_stayed() -> None:
    moves = Counter[int]()
    for risk in RISKS.values():
        for before, after in pairwise(risk["history"]):
            was, now = (entry["likelihood"] * entry["impact"] for entry in (before, after))
            moves[(now > was) - (now < was)] += 1
    assert min(moves[-1], moves[0], moves[1]) >= 20


def test_exempt_risks_name_their_paragraph_and_reason() -> None:
    classes = Counter(risk["classification"] for risk in RISKS.values())
    assert classes["exempt"] == 4
    assert classes["internal"] >= 3
    assert set(classes) == {"public", "internal", "exempt"}
    for risk in RISKS.values():
        exempt = risk["classification"] == "exempt"
        assert (risk.get("exempt_paragraph") == "3") == exempt
        assert ("exempt_reason" in risk) == exempt


def test_every_external_body_has_a_risk() -> None:
    linked = Counter(risk["body"] for risk in OPEN_RISKS if "body" in risk)
    assert set(linked) == set(BODIES)
    assert linked["thames_freeport"] == 5


# Actions


def test_actions_are_enough_late_enough_and_moved_often_enough() -> None:
    late = [-action["due"][-1]["day"] for action in OPEN_ACTIONS if action["due"][-1]["day"] < 0]
    moves = Counter(len(action["due"]) - 1 for action in ACTIONS.values())
    assert len(ACTIONS) == len(DATA["action"]) >= 210
    assert 40 <= len(late) <= 50
    assert (min(late), max(late)) == (1, 151)
    assert (moves[1], moves[2], moves[3]) == (35, 15, 5)
    assert {action["status"] for action in ACTIONS.values()} == {
        "proposed", "agreed", "in_progress", "complete", "verified", "cancelled",
    }  # fmt: skip


def test_every_open_risk_has_an_action_and_most_have_several() -> None:
    count = Counter(action["risk"] for action in ACTIONS.values())
    assert all(count[risk["key"]] for risk in OPEN_RISKS)
    assert sum(count[risk["key"]] >= 2 for risk in OPEN_RISKS) > 0.75 * len(OPEN_RISKS)
    assert all(count[risk["key"]] >= 2 for risk in OPEN_RISKS if score(risk) >= 12)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_action_is_owned_and_keeps_every_promise(action: dict[str, Any]) -> None:
    assert action["risk"] in RISKS
    assert not POSTS[action["owner"]].get("vacant")
    assert not POSTS[action["accountable"]].get("vacant")
    assert action["owner"] != action["accountable"]
    assert action["priority"] in {"high", "medium", "low"}
    assert action.get("cost", 1) > 0
    assert action["due"][0]["why"] == ""
    for before, after in pairwise(action["due"]):
        assert before["day"] < after["day"]
        assert before["promised"] <= after["promised"] <= min(before["day"], 0)
        assert after["why"]


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_actions_status_agrees_with_its_progress(action: dict[str, Any]) -> None:
    done = action["status"] in {"complete", "verified"}
    assert (action["progress"] == 100) == done
    assert ("completed" in action) == done
    if done:
        assert action["start"] < action["completed"] < 0
    if action["status"] in {"proposed", "agreed"}:
        assert action["progress"] == 0
    if action["status"] == "in_progress":
        assert 0 < action["progress"] < 100
        assert action["start"] < 0
    assert ("note" in action) == (action["status"] == "cancelled")


# Escalations


def test_escalations_stand_in_every_state() -> None:
    states = Counter(case["state"] for case in DATA["escalation"])
    assert len(DATA["escalation"]) >= 16
    assert set(states) == {
        "waiting", "acknowledged", "passed_on", "moved_up", "returned", "withdrawn", "decided",
    }  # fmt: skip
    assert len({case["risk"] for case in DATA["escalation"]}) == len(DATA["escalation"])


@pytest.mark.parametrize("case", DATA["escalation"], ids=lambda case: case["risk"])
def test_an_escalation_is_raised_for_a_reason_and_answered_by_posts(case: dict[str, Any]) -> None:
    risk = RISKS[case["risk"]]
    last = {
        "waiting": "", "acknowledged": "acknowledge", "passed_on": "pass_on", "moved_up": "expire",
        "returned": "return", "withdrawn": "withdraw", "decided": "accept",
    }[case["state"]]  # fmt: skip
    deeds = [step["do"] for step in case["steps"]]
    assert 9 <= case["hour"] <= 16
    assert risk["status"] == "open"
    assert case["by"] == "policy" or case["by"] == risk["owner"]
    assert case["by"] != "policy" or case["raised"] in {entry["day"] for entry in risk["history"]}
    assert case["reason"]
    assert (last in deeds) if last else not deeds
    for step in case["steps"]:
        assert step["after_hours"] > 0
        assert step["note"]
        assert (step["by"] == "clock") == (step["do"] == "expire")
        assert step["by"] == "clock" or not POSTS[step["by"]].get("vacant")
        assert step["do"] == "withdraw" or step["by"] != risk["owner"]


def test_ordinary_answers_differ() -> None:
    notes = [answer["note"] for answer in DATA["ordinary"]]
    assert len(set(notes)) == len(notes) >= 6
