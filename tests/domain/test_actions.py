from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.actions import (
    TRANSITIONS,
    CannotMoveAction,
    CannotMoveDueDate,
    CannotPromise,
    CannotVerify,
    Deed,
    Status,
    days_late,
    deeds_of,
    may_move,
    may_promise,
    may_verify,
    move,
    needs_approval,
    ordinal,
    plan_due_on,
    slippage,
    urgency,
)

ON = date(2026, 12, 1)
PROMISES = (date(2026, 8, 28), date(2026, 10, 16), date(2026, 11, 30))


def refusals_of(policy, promises, to, *, reason="The supplier is late", is_approved=False):
    with pytest.raises(CannotMoveDueDate) as refused:
        may_move(policy, promises, to, reason=reason, is_approved=is_approved, on=ON)
    return [(refusal.field, refusal.message) for refusal in refused.value.refusals]


def test_an_action_lives_from_proposed_to_verified():
    status = Status.PROPOSED
    for deed in (Deed.AGREE, Deed.START, Deed.COMPLETE, Deed.VERIFY):
        status = move(status, deed)
    assert status is Status.VERIFIED


def test_what_was_not_done_after_all_is_sent_back():
    assert move(Status.COMPLETE, Deed.SEND_BACK) is Status.IN_PROGRESS


def test_every_other_deed_is_refused_in_words():
    for status, deed in product(Status, Deed):
        if (status, deed) not in TRANSITIONS:
            with pytest.raises(CannotMoveAction, match="You cannot"):
                move(status, deed)
    with pytest.raises(CannotMoveAction, match=r"^You cannot verify an action that is in progress\.$"):
        move(Status.IN_PROGRESS, Deed.VERIFY)


def test_a_verified_or_cancelled_action_allows_nothing_more():
    assert deeds_of(Status.VERIFIED) == deeds_of(Status.CANCELLED) == ()
    assert deeds_of(Status.COMPLETE) == (Deed.VERIFY, Deed.SEND_BACK)


def test_slippage_says_which_date_it_is_and_how_far_from_the_first():
    slipped = slippage(PROMISES, ON)
    assert slipped.words == "3rd date, 94 days after the first promise"
    assert (slipped.times_moved, slipped.days_after_first, slipped.days_past_first) == (2, 94, 95)


@pytest.mark.parametrize(
    ("promises", "words"),
    [
        ([date(2026, 12, 5)], "1st date"),
        ([date(2026, 12, 5), date(2026, 12, 6)], "2nd date, 1 day after the first promise"),
        ([date(2026, 12, 5), date(2026, 12, 3)], "2nd date, 2 days before the first promise"),
        (
            [date(2026, 12, 5), date(2026, 12, 9), date(2026, 12, 5)],
            "3rd date, the same day as the first promise",
        ),
    ],
)
def test_slippage_is_said_plainly(promises, words):
    assert slippage(promises, ON).words == words


def test_an_action_without_a_promise_is_a_fault_of_the_program():
    with pytest.raises(ValueError, match="at least one date"):
        slippage([], ON)


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd"), (113, "113th")],
)
def test_dates_are_numbered_as_english_does(number, words):
    assert ordinal(number) == words


def test_an_open_action_is_late_from_the_day_after_its_date():
    assert days_late(date(2026, 12, 1), Status.IN_PROGRESS, ON) == 0
    assert days_late(date(2026, 11, 30), Status.IN_PROGRESS, ON) == 1
    assert days_late(date(2027, 1, 1), Status.AGREED, ON) == 0


@given(due=st.dates(), on=st.dates(), status=st.sampled_from(Status))
def test_days_late_are_never_negative_and_none_when_done(due, on, status):
    late = days_late(due, status, on)
    assert late >= 0
    assert status.is_open or late == 0


def test_urgency_is_score_times_days_late():
    assert urgency(16, 97) == 1552


def test_a_first_date_in_the_past_is_refused():
    with pytest.raises(CannotPromise) as refused:
        may_promise(date(2026, 11, 30), ON)
    assert refused.value.refusals[0].field == "due_on"
    may_promise(ON, ON)


def test_the_owner_moves_a_date_twice_alone(policy):
    may_move(policy, PROMISES[:1], date(2026, 12, 20), reason="Tenders are late", is_approved=False, on=ON)
    may_move(policy, PROMISES[:2], date(2026, 12, 20), reason="Tenders are late", is_approved=False, on=ON)
    assert not needs_approval(policy, PROMISES[:2])


def test_a_third_move_needs_the_accountable_person(policy):
    assert needs_approval(policy, PROMISES)
    assert refusals_of(policy, PROMISES, date(2026, 12, 20)) == [
        (
            "approved_by",
            "The date has moved twice. The accountable person must agree to another move (policy 9.2).",
        )
    ]
    may_move(policy, PROMISES, date(2026, 12, 20), reason="Agreed", is_approved=True, on=ON)


def test_a_date_does_not_move_without_a_reason(policy):
    assert refusals_of(policy, PROMISES[:1], date(2026, 12, 20), reason="  ") == [
        ("reason", "Say why the date moves. The reason stays on the record.")
    ]


def test_a_date_does_not_move_into_the_past_nor_to_itself(policy):
    assert refusals_of(policy, PROMISES[:1], date(2026, 11, 30))[0] == (
        "due_on",
        "The new date has passed. Give today or a later day.",
    )
    later = (date(2026, 12, 20),)
    assert refusals_of(policy, later, date(2026, 12, 20))[0][1] == "This is the date it has now. Give another."


def test_all_that_is_wrong_with_a_move_is_told_at_once(policy):
    fields = [field for field, _ in refusals_of(policy, PROMISES, date(2026, 11, 1), reason="")]
    assert fields == ["due_on", "reason", "approved_by"]


def test_an_owner_does_not_verify_their_own_action():
    with pytest.raises(CannotVerify, match="Someone else confirms"):
        may_verify(7, 7)
    may_verify(7, 8)


def test_a_high_risk_needs_an_action_within_ten_working_days(policy):
    assert plan_due_on(policy, "high", ON) == date(2026, 12, 15)
    assert plan_due_on(policy, "very_high", date(2026, 12, 18)) == date(2027, 1, 6)
    assert plan_due_on(policy, "medium", ON) is None
