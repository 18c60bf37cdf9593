"""The demonstration council's organisation, plan, bodies and words: complete, and fit for an auditor."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from tests.features.demo_council import ACTIONS, BODIES, DATA, POSTS, RISKS, UNITS, line_of, units_of

BOARDS = {board["key"]: board for board in DATA["board"]}


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
    single = (
        "chief_executive",
        "section_151",
        "monitoring_officer",
        "head_of_assurance",
        "proper_officer",
        "administrator",
    )
    assert [kinds[kind] for kind in single] == [1] * 6
    assert kinds["commissioner"] >= 1
    assert kinds["auditor"] >= 1
    assert [kinds[kind] for kind in ("external_auditor", "external_reader", "assurance_officer")] == [1] * 3
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


def test_ten_accounts_sit_in_posts_that_are_filled() -> None:
    accounts = {account["email"]: account for account in DATA["account"]}
    assert set(accounts) == {
        "champion",
        "owner",
        "manager",
        "director",
        "assurance",
        "proper-officer",
        "committee",
        "auditor",
        "commissioner",
        "admin",
    }
    assert all(not POSTS[account["post"]].get("vacant") for account in accounts.values())
    assert all(account["role"] and account["label"] and account["purpose"] for account in accounts.values())


def test_champion_owner_manager_and_director_stand_in_one_line() -> None:
    unit = {account["email"]: POSTS[account["post"]]["unit"] for account in DATA["account"]}
    line = line_of(unit["champion"])
    assert unit["owner"] == line[0]
    assert unit["manager"] == line[1]
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


# Bodies


def test_thames_freeport_comes_first_with_the_sums_awarded_to_it() -> None:
    first = DATA["body"][0]
    assert first["key"] == "thames_freeport"
    assert "accountable_body" in first["roles"]
    assert [line["awarded"] for line in first["money"]] == [25_000_000, 2_257_000, 1_000_000]
    assert len(BODIES) >= 8
    assert all(body["name"].startswith("Example ") for body in DATA["body"][1:])
    assert sum(body["next_review"] < 0 for body in BODIES.values()) == 1


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_is_led_reviewed_and_represented(body: dict[str, Any]) -> None:
    review, seats = body["last_review"], body["appointments"]
    holders = {seat["post"] for seat in seats if "post" in seat}
    assert not POSTS[body["lead"]].get("vacant")
    assert review["reviewer"] in {"an independent reviewer", *POSTS} - holders - {body["lead"]}
    assert len(review["headings"]) == 5
    assert set(review["headings"].values()) <= {"weak", "partly", "sound", "strong"}
    assert review["day"] < 0
    for seat in seats:
        assert ("post" in seat) != ("vacant_since" in seat)
        assert seat["role"] in {"director", "observer", "trustee", "member"}
        assert seat.get("vacant_since", seat.get("from")) < 0
    assert all(post in POSTS for post in holders)
    assert all(0 <= line["passed_on"] <= line["awarded"] for line in body["money"])


# Words


def test_sentences_have_under_twenty_words() -> None:
    assert [sentence for sentence in SENTENCES if len(sentence.split()) >= 20] == []


def test_no_abbreviation_needs_explaining() -> None:
    allowed = {"RMAP", "PDF", "CSV"}
    found = {word for sentence in SENTENCES for word in re.findall(r"\b[A-Z]{2,}\b", sentence)}
    assert found <= allowed


def test_no_word_comforts_pleads_or_dates_the_story() -> None:
    words = r"\b(please|successfully|robust|significant|ongoing|Mr|Mrs|Ms|Cllr|January|February|April|June|July"
    words += r"|August|September|October|November|December)\b|!|'"
    assert [sentence for sentence in SENTENCES if re.search(words, sentence)] == []


def test_titles_are_short_clauses_without_a_full_stop() -> None:
    titles = [row["title"] for row in (*RISKS.values(), *ACTIONS.values())]
    assert [title for title in titles if title.endswith(".") or len(title) > 90] == []
    clauses = [clause for risk in RISKS.values() for clause in (risk["event"], *risk["causes"], *risk["consequences"])]
    assert [clause for clause in clauses if clause.endswith(".")] == []
