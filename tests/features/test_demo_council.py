"""The demonstration council's data: complete, consistent and fit to be read by a councillor or an auditor."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from riskapp.domain import appetite

COUNCIL = Path(__file__).parents[2] / "riskapp/features/demo/council"
FILES = ("organisation", "plan", "risks", "actions", "bodies", "escalations")
DATA: dict[str, Any] = {}
for name in FILES:
    DATA |= tomllib.loads((COUNCIL / f"{name}.toml").read_text(encoding="utf-8"))

UNITS = {unit["key"]: unit for unit in DATA["unit"]}
POSTS = {post["key"]: post for post in DATA["post"]}
BOARDS = {board["key"]: board for board in DATA["board"]}
RISKS = {risk["key"]: risk for risk in DATA["risk"]}
ACTIONS = {action["key"]: action for action in DATA["action"]}
BODIES = {body["key"]: body for body in DATA["body"]}
OPEN_RISKS = [risk for risk in RISKS.values() if risk["status"] == "open"]
OPEN_ACTIONS = [a for a in ACTIONS.values() if a["status"] in {"proposed", "agreed", "in_progress"}]
CATEGORIES = set(appetite.CATEGORIES)


def units_of(kind: str) -> list[str]:
    return [key for key, unit in UNITS.items() if unit["kind"] == kind]


def line_of(unit: str) -> list[str]:
    """The unit and everything above it, up to the council."""
    line = [unit]
    while "parent" in UNITS[line[-1]]:
        line.append(UNITS[line[-1]]["parent"])
    return line


def score(risk: dict[str, Any]) -> int:
    now = risk["history"][-1]
    return int(now["likelihood"] * now["impact"])


def sentences(value: Any) -> list[str]:
    """Every string in the data that holds more than one word, cut into sentences."""
    if isinstance(value, str):
        return re.split(r"(?<=[.!?]) ", value) if " " in value else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [sentence for part in parts for sentence in sentences(part)]


SENTENCES = sentences(list(DATA.values()))


# Organisation


def test_the_council_has_its_directorates_services_and_teams() -> None:
    assert units_of("council") == ["council"]
    assert len(units_of("directorate")) >= 6
    assert len(units_of("service")) >= 20
    assert len(units_of("team")) >= 60


def test_every_unit_hangs_under_the_tier_above_it() -> None:
    above = {"directorate": "council", "service": "directorate", "team": "service"}
    assert len(UNITS) == len(DATA["unit"])
    assert all(UNITS[u["parent"]]["kind"] == above[u["kind"]] for u in UNITS.values() if u["kind"] != "council")


@pytest.mark.parametrize(
    ("kind", "post_kind"),
    [
        ("team", "team_manager"),
        ("team", "risk_champion"),
        ("service", "service_lead"),
        ("directorate", "director"),
    ],
)
def test_every_unit_has_one_post_of_each_kind_it_needs(kind: str, post_kind: str) -> None:
    held = Counter(post["unit"] for post in POSTS.values() if post["kind"] == post_kind)
    assert held == Counter(units_of(kind))


def test_posts_are_unique_and_stand_in_a_unit() -> None:
    assert len(POSTS) == len(DATA["post"]) == len({post["title"] for post in POSTS.values()})
    assert all(post["unit"] in UNITS for post in POSTS.values())


def test_some_posts_are_vacant_at_several_levels() -> None:
    vacant = [post for post in POSTS.values() if post.get("vacant")]
    assert len(vacant) >= 6
    assert {"team_manager", "service_lead", "risk_champion"} <= {post["kind"] for post in vacant}
    assert any(post["kind"] == "team_manager" and "deputy" not in post for post in vacant)


def test_a_deputy_is_another_post_that_is_filled() -> None:
    deputies = {key: post["deputy"] for key, post in POSTS.items() if "deputy" in post}
    assert len(deputies) >= 8
    assert all(deputy != key and not POSTS[deputy].get("vacant") for key, deputy in deputies.items())


def test_every_statutory_and_governing_post_exists() -> None:
    kinds = Counter(post["kind"] for post in POSTS.values())
    single = [
        "chief_executive",
        "section_151",
        "monitoring_officer",
        "head_of_assurance",
        "proper_officer",
        "administrator",
    ]
    assert [kinds[kind] for kind in single] == [1] * len(single)
    assert kinds["commissioner"] >= 1
    assert kinds["auditor"] >= 2
    assert kinds["member"] >= 8


def test_boards_have_a_post_a_purpose_and_meetings_either_side_of_the_day() -> None:
    assert len(BOARDS) >= 9
    assert {board["led_by"] for board in BOARDS.values()} == {"Member", "Commissioner", "officer"}
    assert all(POSTS[board["post"]]["kind"] == "board" and board["purpose"] for board in BOARDS.values())
    for key in BOARDS:
        days = [meeting["day_offset"] for meeting in DATA["meeting"] if meeting["board"] == key]
        assert min(days) < 0 < max(days)
    audit = {meeting["day_offset"] for meeting in DATA["meeting"] if meeting["board"] == "audit_committee"}
    assert {-75, 17} <= audit
    assert all(meeting["papers_lead_days"] >= 3 for meeting in DATA["meeting"])


def test_nine_accounts_sit_in_posts_that_are_filled() -> None:
    accounts = {account["email"]: account for account in DATA["account"]}
    names = "champion owner manager director assurance committee auditor commissioner admin"
    assert set(accounts) == set(names.split())
    assert all(not POSTS[account["post"]].get("vacant") for account in accounts.values())
    assert all(account["role"] and account["label"] and account["purpose"] for account in accounts.values())


def test_champion_owner_manager_and_director_stand_in_one_line() -> None:
    unit = {account["email"]: POSTS[account["post"]]["unit"] for account in DATA["account"]}
    line = line_of(unit["champion"])
    assert unit["manager"] == line[0]
    assert unit["owner"] == line[1]
    assert unit["director"] == line[2]


# Plan


def test_the_plan_has_every_direction_priority_workstream_and_outcome() -> None:
    assert [direction["code"] for direction in DATA["direction"]] == list("ABCDEFGHIJ")
    assert len(DATA["priority"]) == 3
    assert len(DATA["workstream"]) == 7
    assert len(DATA["outcome"]) == 12
    assert len(DATA["assurance"]) == 8


def test_the_plan_refers_only_to_itself() -> None:
    codes = {direction["code"] for direction in DATA["direction"]}
    priorities = {priority["key"] for priority in DATA["priority"]}
    workstreams = {workstream["key"] for workstream in DATA["workstream"]}
    outcomes = {outcome["key"] for outcome in DATA["outcome"]}
    objectives = [objective for workstream in DATA["workstream"] for objective in workstream["objectives"]]
    assert {workstream["priority"] for workstream in DATA["workstream"]} == priorities
    assert {code for objective in objectives for code in objective["directions"]} == codes
    assert len({objective["key"] for objective in objectives}) == len(objectives)
    for assurance in DATA["assurance"]:
        assert assurance["line"] == "independent"
        assert set(assurance["outcomes"]) <= outcomes
        assert set(assurance["workstreams"]) <= workstreams
    assert all(post in POSTS for priority in DATA["priority"] for post in priority["lead_posts"])


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
