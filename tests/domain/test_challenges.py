"""A second score beside the owner's: by when it is answered, who may know whose it was, and who proved right."""

from dataclasses import replace
from datetime import date

import pytest

from riskapp.domain.challenges import (
    CannotChallenge,
    Counted,
    Named,
    Place,
    Standing,
    Verdict,
    due_on,
    figures,
    goes_up_on,
    may_know,
    rules_of,
    sealed_name,
    standing,
    superiors,
    verdict,
)
from riskapp.domain.escalation_route import build_route
from riskapp.domain.organisation import PostFact, Seat, UnitFact
from riskapp.domain.permissions import Actor, Grant, Role, Sitting

DAY = date(2026, 12, 1)
OWNER, LEAD, DIRECTOR, CHIEF, BESIDE = 10, 11, 12, 13, 14
DISPUTED, HIGHER, LOWER = Place(3, 3, 9, 2), Place(3, 4, 12, 3), Place(2, 3, 6, 2)


def place(likelihood, impact):
    return Place(likelihood, impact, likelihood * impact, 2)


@pytest.fixture
def judged(policy):
    facts = {"answer": "kept", "raised_on": DAY, "disputed": DISPUTED, "challenger": HIGHER, "later": (), "on": DAY}
    return lambda **changes: verdict(policy.challenge, **(facts | changes))


@pytest.mark.parametrize(
    ("on", "due"),
    [(DAY, date(2026, 12, 15)), (date(2026, 12, 18), date(2027, 1, 6)), (date(2026, 12, 5), date(2026, 12, 18))],
)
def test_an_answer_is_due_after_ten_working_days(policy, on, due):
    assert due_on(policy, on) == due


def test_it_goes_up_five_working_days_after_that(policy):
    assert goes_up_on(policy, date(2026, 12, 15)) == date(2026, 12, 22)


def test_a_policy_from_before_the_chapter_is_told_in_words(policy):
    with pytest.raises(CannotChallenge, match="says nothing of challenge yet"):
        rules_of(replace(policy, challenge=None))


@pytest.mark.parametrize(
    ("answer", "due", "is_open", "stands"),
    [
        (None, DAY, True, Standing.OPEN),
        (None, date(2026, 11, 30), True, Standing.LATE),
        (None, date(2026, 11, 30), False, Standing.CLOSED),
        ("agreed", date(2026, 11, 30), True, Standing.AGREED),
        ("kept", date(2026, 11, 30), False, Standing.KEPT),
    ],
)
def test_where_a_challenge_stands(answer, due, is_open, stands):
    assert standing(answer, due, DAY, is_risk_open=is_open) is stands


def test_the_challenger_proved_right_where_the_owner_agreed(judged):
    assert judged(answer="agreed") is Verdict.RIGHT


@pytest.mark.parametrize("answer", [None, "kept"])
def test_the_challenger_proved_right_where_the_score_moved_to_that_side_in_time(judged, answer):
    assert judged(answer=answer, later=[(date(2027, 6, 1), place(5, 2))]) is Verdict.RIGHT


@pytest.mark.parametrize(
    "later",
    [
        [],
        [(date(2027, 5, 31), LOWER)],
        [(date(2027, 5, 31), DISPUTED)],
        [(date(2027, 6, 2), HIGHER)],
    ],
    ids=["never moved", "moved the other way", "as before", "a day too late"],
)
def test_the_challenger_did_not_prove_right_where_it_did_not(judged, later):
    assert judged(later=later, on=date(2027, 6, 2)) is Verdict.NOT_RIGHT


def test_within_six_months_it_is_still_to_be_seen(judged):
    assert judged(later=[(DAY, LOWER)], on=date(2027, 6, 1)) is Verdict.TO_BE_SEEN


def test_a_lower_challenge_proves_right_by_a_fall(judged):
    assert judged(challenger=LOWER, later=[(DAY, place(2, 4))]) is Verdict.RIGHT
    assert judged(challenger=LOWER, later=[(DAY, HIGHER)], on=date(2028, 1, 1)) is Verdict.NOT_RIGHT


def test_the_same_score_from_another_place_proves_right_by_that_place_alone(judged):
    sideways = {"disputed": place(2, 3), "challenger": place(3, 2)}
    assert judged(**sideways, later=[(DAY, place(3, 2))]) is Verdict.RIGHT
    assert judged(**sideways, later=[(DAY, place(3, 3))], on=date(2028, 1, 1)) is Verdict.NOT_RIGHT


def a_route(policy):
    units = [
        UnitFact(1, None, "council", "Council"), UnitFact(2, 1, "directorate", "Housing"),
        UnitFact(3, 2, "service", "Repairs"), UnitFact(4, 3, "team", "Delivery"),
    ]  # fmt: skip
    posts = [
        PostFact(OWNER, 4, "team_manager", "Manager"), PostFact(LEAD, 3, "service_lead", "Lead"),
        PostFact(DIRECTOR, 2, "director", "Director"), PostFact(CHIEF, 1, "chief_executive", "Chief"),
        PostFact(BESIDE, 4, "officer", "Officer"),
    ]  # fmt: skip
    return build_route(policy, units, posts, [Seat(post.id, post.id * 10) for post in posts])


def test_superiors_are_the_posts_above_the_owner_the_nearest_first(policy):
    route = a_route(policy)
    assert superiors(route, policy, OWNER) == (LEAD, DIRECTOR, CHIEF)
    assert superiors(route, policy, DIRECTOR) == (CHIEF,)
    assert superiors(route, policy, CHIEF) == ()


def test_an_officer_on_no_tier_has_the_teams_manager_above(policy):
    assert superiors(a_route(policy), policy, BESIDE) == (OWNER, LEAD, DIRECTOR, CHIEF)


def somebody(person_id=2, *, post=None, role=None, path="/1/"):
    sittings = (Sitting(post, "A post", "holder"),) if post else ()
    return Actor(person_id, sittings=sittings, grants=(Grant(role, path),) if role else ())


KEPT = Named(by_id=1, is_named=False, owner_post_id=OWNER)


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (somebody(1), True),
        (somebody(post=LEAD), True),
        (somebody(role=Role.HEAD_OF_ASSURANCE), True),
        (somebody(role=Role.ASSURANCE_OFFICER), True),
        (somebody(role=Role.AUDITOR), True),
        (somebody(post=OWNER), False),
        (somebody(post=OWNER, role=Role.HEAD_OF_ASSURANCE), False),
        (somebody(post=BESIDE), False),
        (somebody(role=Role.AUDITOR, path="/1/2/"), False),
        (somebody(role=Role.EXTERNAL_AUDITOR), False),
        (somebody(role=Role.COMMISSIONER), False),
        (somebody(role=Role.ADMINISTRATOR), False),
        (somebody(role=Role.BROKEN_GLASS), False),
        (somebody(), False),
        (Actor(None), False),
    ],
)
def test_who_may_know_a_name_that_is_kept(policy, actor, may):
    assert may_know(policy.challenge, actor, KEPT, (LEAD, DIRECTOR, CHIEF)) is may


def test_everybody_may_know_a_name_that_the_challenger_lets_be_known(policy):
    assert may_know(policy.challenge, somebody(post=OWNER), replace(KEPT, is_named=True), ())


def test_a_deputy_of_the_owner_who_also_stands_above_does_not_know_it(policy):
    both = Actor(2, sittings=(Sitting(OWNER, "Manager", "deputy"), Sitting(LEAD, "Lead", "holder")))
    assert not may_know(policy.challenge, both, KEPT, (LEAD,))


def test_the_hash_of_a_name_is_of_that_person_in_that_post_alone():
    salt = bytes(16)
    made = {sealed_name(salt, 1, 2), sealed_name(salt, 1, None), sealed_name(salt, 12, None), sealed_name(b"x", 1, 2)}
    assert len(made) == 4
    assert sealed_name(salt, 1, 2) in made


def test_the_figures_count_what_waits_what_was_answered_and_who_proved_right():
    counted = [
        Counted(Standing.OPEN, Verdict.TO_BE_SEEN, is_in_time=False),
        Counted(Standing.LATE, Verdict.RIGHT, is_in_time=False),
        Counted(Standing.AGREED, Verdict.RIGHT, is_in_time=True),
        Counted(Standing.KEPT, Verdict.NOT_RIGHT, is_in_time=False),
        Counted(Standing.CLOSED, Verdict.NOT_RIGHT, is_in_time=False),
    ]
    found = figures(counted)
    assert (found.open, found.late, found.answered, found.in_time, found.of) == (2, 1, 2, 1, 4)
    assert (found.right, found.judged) == (2, 3)
    assert figures([]).of == 0
