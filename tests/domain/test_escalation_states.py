from itertools import product

import pytest

from riskapp.domain.escalation_states import (
    CASE_TRANSITIONS,
    TRANSITIONS,
    CannotAcknowledge,
    CannotMoveCase,
    CannotMoveDesk,
    CaseDeed,
    CaseState,
    Decision,
    DeskDeed,
    DeskState,
    move,
    move_case,
)


def test_a_desk_is_notified_acknowledged_and_accepted():
    state = DeskState.RAISED
    for deed in (DeskDeed.NOTIFY, DeskDeed.ACKNOWLEDGE, DeskDeed.ACCEPT):
        state = move(state, deed)
    assert state is DeskState.ACCEPTED


def test_who_has_seen_it_before_the_mail_went_out_may_acknowledge():
    assert move(DeskState.RAISED, DeskDeed.ACKNOWLEDGE) is DeskState.ACKNOWLEDGED


def test_a_live_desk_can_be_returned_passed_on_withdrawn_and_can_expire():
    for state in DeskState:
        for deed in (DeskDeed.RETURN, DeskDeed.PASS_ON, DeskDeed.WITHDRAW, DeskDeed.EXPIRE):
            assert ((state, deed) in TRANSITIONS) is state.is_live


def test_every_other_deed_is_refused_and_changes_nothing():
    for state, deed in product(DeskState, DeskDeed):
        if (state, deed) not in TRANSITIONS:
            with pytest.raises(CannotMoveDesk):
                move(state, deed)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (DeskState.ACKNOWLEDGED, "has been acknowledged already"),
        (DeskState.PASSED_ON, "has been passed on"),
        (DeskState.WITHDRAWN, "has been withdrawn"),
        (DeskState.EXPIRED, "was not answered in time and has moved up"),
        (DeskState.RETURNED, "has been returned"),
        (DeskState.ACCEPTED, "has been decided"),
    ],
)
def test_acknowledging_too_late_says_what_happened_meanwhile(state, words):
    with pytest.raises(CannotAcknowledge) as refused:
        move(state, DeskDeed.ACKNOWLEDGE)
    assert str(refused.value) == f"This escalation {words}. Nothing was changed."


def test_a_decision_comes_after_acknowledging():
    with pytest.raises(CannotMoveDesk, match="Acknowledge the escalation first"):
        move(DeskState.NOTIFIED, DeskDeed.ACCEPT)


def test_only_taking_it_on_moves_ownership():
    assert [decision for decision in Decision if decision.moves_ownership] == [Decision.TAKE_ON]


def test_a_case_ends_once_and_a_decided_one_stands_down():
    assert move_case(CaseState.OPEN, CaseDeed.DECIDE) is CaseState.DECIDED
    assert move_case(CaseState.DECIDED, CaseDeed.STAND_DOWN) is CaseState.STOOD_DOWN
    for state, deed in product(CaseState, CaseDeed):
        if (state, deed) not in CASE_TRANSITIONS:
            with pytest.raises(CannotMoveCase, match="You cannot"):
                move_case(state, deed)
