"""How a risk is treated, who may accept one above appetite, and what voids that."""

from dataclasses import replace
from datetime import date

import pytest

from riskapp.domain.appetite import Position
from riskapp.domain.escalation import Trigger, tiers_reached
from riskapp.domain.escalation_route import CannotEscalate, authority, build_route
from riskapp.domain.organisation import PostFact, Seat, UnitFact
from riskapp.domain.tolerances import (
    CannotTolerate,
    CannotTreat,
    Choice,
    State,
    check,
    check_acceptance,
    is_worse,
    material_changes,
    needed,
    suffices,
)

DAY, NEXT_YEAR = date(2026, 12, 1), date(2027, 3, 31)
WITHIN, ABOVE, BEYOND, UNSET = (
    Position.WITHIN, Position.ABOVE_OPTIMAL, Position.BEYOND_TOLERABLE, Position.NOT_SET,
)  # fmt: skip


@pytest.fixture
def facts(policy):
    medium = policy.scoring.rating("medium")
    return lambda score, position, **more: Trigger(score, medium, position, "operations", **more)


def fields(refused):
    return [reason.field for reason in refused.value.refusals]


@pytest.mark.parametrize(
    ("score", "position", "tier", "latest"),
    [
        (9, ABOVE, "service_lead", date(2027, 12, 1)),
        (8, BEYOND, "director", date(2027, 6, 1)),
        (12, BEYOND, "director", date(2027, 6, 1)),
        (20, BEYOND, "chief_executive", date(2027, 6, 1)),
        (25, BEYOND, "commissioner", date(2027, 6, 1)),
        (15, ABOVE, "director", date(2027, 12, 1)),
        (15, UNSET, "director", date(2027, 6, 1)),
    ],
)
def test_the_position_names_a_tier_and_the_score_may_name_a_higher_one(policy, facts, score, position, tier, latest):
    found = needed(policy, facts(score, position), DAY)
    assert (found.tier, found.latest) == (tier, latest)


@pytest.mark.parametrize(("score", "position"), [(9, WITHIN), (20, WITHIN), (4, UNSET)])
def test_within_appetite_or_where_none_is_set_and_no_tier_reached_the_owner_may_alone(policy, facts, score, position):
    assert needed(policy, facts(score, position), DAY) is None


def test_a_tolerance_in_force_does_not_lower_the_tier_that_the_next_one_needs(policy, facts):
    assert needed(policy, facts(8, BEYOND, is_tolerated=True), DAY).tier == "director"


@pytest.mark.parametrize(
    ("choice", "wrong"),
    [
        (Choice("ignore", "Because"), ["option"]),
        (Choice("take", "Because"), ["option"]),
        (Choice("treat", "  "), ["why"]),
        (Choice("tolerate", "", None), ["why", "expires_on"]),
        (Choice("tolerate", "Because", DAY), ["expires_on"]),
        (Choice("tolerate", "Because", date(2027, 12, 2)), ["expires_on"]),
    ],
)
def test_what_is_wrong_with_a_choice_is_told_by_its_field(policy, facts, choice, wrong):
    with pytest.raises(CannotTreat) as refused:
        check(policy, choice, "threat", facts(9, ABOVE), DAY)
    assert fields(refused) == wrong


def test_the_latest_day_and_its_clause_are_told(policy, facts):
    with pytest.raises(CannotTreat, match=r"1 Dec 2027 at the latest \(policy 5\.5\)"):
        check(policy, Choice("tolerate", "Because"), "threat", facts(9, ABOVE), DAY)


@pytest.mark.parametrize("option", ["treat", "transfer", "terminate"])
def test_no_other_option_needs_anybody(policy, facts, option):
    assert check(policy, Choice(option, "Because"), "threat", facts(25, BEYOND), DAY) is None


def test_an_opportunity_is_taken_and_not_terminated(policy, facts):
    assert check(policy, Choice("take", "Because"), "opportunity", facts(9, ABOVE), DAY) is None
    with pytest.raises(CannotTreat):
        check(policy, Choice("terminate", "Because"), "opportunity", facts(9, ABOVE), DAY)


def test_a_policy_from_before_the_chapter_is_told_in_words_and_asks_for_nobody(policy, facts):
    older = replace(policy, treatment=None)
    with pytest.raises(CannotTreat, match="says nothing of treatment yet"):
        check(older, Choice("treat", "Because"), "threat", facts(9, ABOVE), DAY)
    assert needed(older, facts(9, ABOVE), DAY) is None


def test_every_option_says_what_it_is_in_the_standard(policy):
    assert {option.key: option.equivalent for option in policy.treatment.options} == {
        "treat": ("remove the source", "change the likelihood", "change the consequences"),
        "tolerate": ("retain by informed decision",),
        "transfer": ("share",),
        "terminate": ("avoid",),
        "take": ("take or increase to pursue an opportunity",),
    }
    assert "ISO 31000:2018" in policy.treatment.edition


def test_beyond_tolerable_two_people_are_needed_and_above_optimal_the_record_says_it_was_one(policy, facts):
    said = {"why": "Because", "expires_on": NEXT_YEAR, "is_own": True, "own": policy.treatment.own_clause, "on": DAY}
    check_acceptance(needed(policy, facts(9, ABOVE), DAY), **said)
    with pytest.raises(CannotTolerate, match=r"somebody else must accept it \(policy 5\.3\)"):
        check_acceptance(needed(policy, facts(8, BEYOND), DAY), **said)


def test_an_acceptance_needs_a_reason_and_a_last_day(policy, facts):
    wants, own = needed(policy, facts(9, ABOVE), DAY), policy.treatment.own_clause
    with pytest.raises(CannotTolerate) as refused:
        check_acceptance(wants, why=" ", expires_on=None, is_own=False, own=own, on=DAY)
    assert fields(refused) == ["expires_on", "why"]


@pytest.mark.parametrize(
    ("tier", "is_enough"), [("service_lead", False), ("director", True), ("chief_executive", True), ("duke", False)]
)
def test_a_tier_suffices_from_the_one_that_is_needed_up(policy, facts, tier, is_enough):
    assert suffices(policy, tier, needed(policy, facts(8, BEYOND), DAY)) is is_enough


@pytest.fixture
def then(policy):
    return State(6, policy.scoring.rating("medium"), WITHIN, "An event", unit_id=1, owner_unit_id=1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"score": 9}, ("its score rose from 6 to 9",)),
        ({"score": 8}, ()),
        ({"score": 1}, ()),
        ({"rating": "high"}, ("its band went from Medium to High",)),
        ({"rating": "low"}, ()),
        ({"position": ABOVE}, ("it went from within to above optimal",)),
        ({"event": "Another event"}, ("its event was reworded",)),
        ({"event": " An event "}, ()),
        ({"unit_id": 2}, ("it went to another unit",)),
        ({"owner_unit_id": 2}, ("its owner is in another unit",)),
        ({"score": 12, "event": "Else"}, ("its score rose from 6 to 12", "its event was reworded")),
    ],
)
def test_what_a_material_change_is(policy, then, changes, words):
    if "rating" in changes:
        changes = {"rating": policy.scoring.rating(changes["rating"])}
    assert material_changes(policy.treatment, then, replace(then, **changes)) == words


def test_a_change_that_the_policy_does_not_name_is_none(policy, then):
    fewer = replace(policy.treatment, changes=frozenset({"band"}))
    assert material_changes(fewer, then, replace(then, event="Else", unit_id=2, position=BEYOND)) == ()


@pytest.mark.parametrize(
    ("now", "before", "worse"),
    [
        (BEYOND, ABOVE, True), (ABOVE, WITHIN, True), (ABOVE, ABOVE, False), (WITHIN, BEYOND, False),
        (UNSET, WITHIN, False), (BEYOND, UNSET, True), (WITHIN, UNSET, False),
    ],
)  # fmt: skip
def test_which_position_is_worse(now, before, worse):
    assert is_worse(now, before) is worse


def test_a_tolerated_position_escalates_nobody_and_its_score_does_all_the_same(policy, facts):
    reached = lambda score, **more: [each.tier for each in tiers_reached(policy, facts(score, BEYOND, **more))]  # noqa: E731 - said thrice
    assert reached(8) == ["director"]
    assert reached(8, is_tolerated=True) == []
    assert reached(10, is_tolerated=True) == ["service_lead"]


def a_route(policy, *, lead=True):
    units = [UnitFact(1, None, "council", "Council"), UnitFact(2, 1, "directorate", "Housing"),
             UnitFact(3, 2, "service", "Repairs")]  # fmt: skip
    posts = [PostFact(11, 3, "service_lead", "Lead"), PostFact(12, 2, "director", "Director")]
    seats = [Seat(11, 110 if lead else None), Seat(12, 120)]
    return build_route(policy, units, posts, seats)


def test_the_authority_is_the_tiers_own_post_or_the_next_up_where_nobody_answers(policy):
    assert authority(a_route(policy), policy, 3, "service_lead") == ("service_lead", 11)
    assert authority(a_route(policy, lead=False), policy, 3, "service_lead") == ("director", 12)
    assert authority(a_route(policy), policy, 3, "service_lead", but_for=11) == ("director", 12)
    with pytest.raises(CannotEscalate, match="Nobody on the escalation route can accept this"):
        authority(a_route(policy), policy, 3, "director", but_for=12)
