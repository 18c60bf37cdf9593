"""Who may be let in, by whom and for how long."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from riskapp.domain import access, permission_table
from riskapp.domain.access import AGREES, Asked, ByName, CannotAgree, CannotBreakGlass, CannotLetIn, CannotPropose, Days
from riskapp.domain.actors import Actor, Clearance, Facts, Grant, Role
from riskapp.domain.permissions import PERMISSIONS

ON = date(2026, 12, 1)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ASKED = Asked(7, Role.CHAMPION, "/1/2/", None, ON, None)
ADMINISTRATOR = Actor(1, grants=(Grant(Role.ADMINISTRATOR, "/1/"),))
HEAD = Actor(2, grants=(Grant(Role.HEAD_OF_ASSURANCE, "/1/"),))
PROPER = Actor(3, grants=(Grant(Role.PROPER_OFFICER, "/1/"),))
GIVEN = [role for role in Role if role is not Role.BROKEN_GLASS]


def said(refused) -> dict[str | None, str]:
    return {refusal.field: refusal.message for refusal in refused.value.refusals}


def propose(policy, asked=ASKED, held=(), by=ADMINISTRATOR):
    access.check_proposal(asked, held, policy.access, by=by, on=ON)


def refused_proposal(policy, asked=ASKED, **changes):
    with pytest.raises(CannotPropose) as refused:
        propose(policy, asked, **changes)
    return said(refused)


def agree(asked=ASKED, by=HEAD, held=(), proposed_by_id=1):
    access.check_agreement(asked, held, proposed_by_id=proposed_by_id, by=by, on=ON)


def refused_agreement(*arguments, **changes):
    with pytest.raises(CannotAgree) as refused:
        agree(*arguments, **changes)
    return said(refused)[None]


def test_a_role_is_proposed_for_another_from_today_on(policy):
    propose(policy)


def test_nobody_proposes_a_role_for_themselves(policy):
    assert "Choose somebody else" in refused_proposal(policy, by=replace_person(ADMINISTRATOR, 7))["person"]


def replace_person(actor, person_id):
    return Actor(person_id, grants=actor.grants)


def test_what_an_emergency_gives_is_given_to_nobody_else(policy):
    assert "is given to nobody" in refused_proposal(policy, replace(ASKED, role=Role.BROKEN_GLASS))["role"]
    assert "Nobody agrees" in refused_agreement(replace(ASKED, role=Role.BROKEN_GLASS), by=PROPER)


def test_the_days_of_a_role_are_in_order_and_not_gone_by(policy):
    past = replace(ASKED, from_on=ON - timedelta(days=1))
    assert "Enter today or a later day" in refused_proposal(policy, past)["from_on"]
    turned = replace(ASKED, to_on=ON - timedelta(days=1))
    assert "not before the first" in refused_proposal(policy, turned)["to_on"]


@pytest.mark.parametrize("role", [Role.EXTERNAL_AUDITOR, Role.EXTERNAL_READER])
def test_an_outsider_has_a_role_until_a_day_within_twelve_months(policy, role):
    outsider = replace(ASKED, role=role, to_on=date(2027, 12, 1))
    propose(policy, outsider)
    late = refused_proposal(policy, replace(outsider, to_on=date(2027, 12, 2)))["to_on"]
    assert "1 December 2027 at the latest" in late
    assert "policy 2.2" in late
    assert "Enter a last day" in refused_proposal(policy, replace(outsider, to_on=None))["to_on"]


@pytest.mark.parametrize(
    ("held", "overlaps"),
    [
        (Days(date(2026, 1, 1), None), True),
        (Days(date(2026, 1, 1), ON), True),
        (Days(date(2026, 1, 1), ON - timedelta(days=1)), False),
        (Days(ON, ON - timedelta(days=1)), True),  # ended on the day it began: its row is known by that day
        (Days(ON + timedelta(days=9), None), True),
    ],
)
def test_a_second_role_of_the_same_kind_over_the_same_unit_and_days_is_refused(policy, held, overlaps):
    if overlaps:
        assert "They have this role over this unit" in refused_proposal(policy, held=(held,))["from_on"]
    else:
        propose(policy, held=(held,))


@pytest.mark.parametrize("role", GIVEN)
@pytest.mark.parametrize("agreeing", GIVEN)
def test_only_the_role_that_may_agree_to_a_role_agrees_to_it(role, agreeing):
    by = Actor(9, grants=(Grant(agreeing, "/1/", Clearance.EXISTENCE_WITHHELD),))
    expected = {
        Role.HEAD_OF_ASSURANCE: Role.PROPER_OFFICER,
        Role.PROPER_OFFICER: Role.PROPER_OFFICER,
        Role.COMMISSIONER: Role.PROPER_OFFICER,
    }.get(role, Role.HEAD_OF_ASSURANCE)
    asked = replace(ASKED, role=role)
    if agreeing is expected:
        agree(asked, by=by)
    else:
        assert f"{expected.label} agrees to it" in refused_agreement(asked, by=by)


def test_every_role_but_the_one_of_an_emergency_can_be_agreed_to():
    assert set(AGREES) == set(GIVEN)


@pytest.mark.parametrize("clearance", [Clearance.EXEMPT, Clearance.EXISTENCE_WITHHELD])
def test_more_clearance_than_usual_is_agreed_to_by_the_proper_officer_alone(clearance):
    asked = replace(ASKED, clearance=clearance)
    assert "Proper officer agrees to it" in refused_agreement(asked, by=HEAD)
    agree(asked, by=PROPER)


def test_less_clearance_than_usual_is_agreed_to_as_usual():
    agree(replace(ASKED, role=Role.AUDITOR, clearance=Clearance.ORDINARY), by=HEAD)


def test_nobody_agrees_to_what_they_proposed_or_to_a_role_of_their_own():
    assert "nobody agrees to what they proposed" in refused_agreement(proposed_by_id=2)
    assert "nobody decides on a role of their own" in refused_agreement(by=replace_person(HEAD, 7))


def test_nobody_agrees_beyond_their_own_units_or_clearance():
    elsewhere = Actor(9, grants=(Grant(Role.HEAD_OF_ASSURANCE, "/1/3/"),))
    assert "does not reach over this unit" in refused_agreement(by=elsewhere)
    less = Actor(9, grants=(Grant(Role.HEAD_OF_ASSURANCE, "/1/", Clearance.EXEMPT),))
    assert "more clearance than your own" in refused_agreement(replace(ASKED, role=Role.AUDITOR), by=less)


def test_what_has_gone_by_or_was_given_meanwhile_is_not_agreed_to():
    assert "has gone by" in refused_agreement(replace(ASKED, from_on=ON, to_on=ON - timedelta(days=3)))
    with pytest.raises(CannotAgree) as refused:
        agree(held=(Days(date(2026, 1, 1), None),))
    assert "They have this role" in said(refused)["from_on"]


def test_an_end_needs_the_same_two_people():
    access.check_ending(ASKED, proposed_by_id=1, by=HEAD)
    for by in (replace_person(HEAD, 7), replace_person(HEAD, 1), PROPER):
        with pytest.raises(CannotAgree):
            access.check_ending(ASKED, proposed_by_id=1, by=by)


# ---- one thing by name
BODY = Facts(entity_id=40, unit_path="/1/")
EXEMPT_RISK = Facts(entity_id=41, unit_path="/1/", exempt_groups=frozenset({"all"}))
HIDDEN_RISK = replace(EXEMPT_RISK, is_existence_withheld=True)
OPEN_BODY = ByName(7, "body", Clearance.ORDINARY, ON, date(2027, 6, 1))
OPEN_RISK = replace(OPEN_BODY, kind="risk", clearance=Clearance.EXEMPT)


def let_in(policy, asked=OPEN_BODY, facts=BODY, by=PROPER, held=()):
    access.check_by_name(asked, facts, held, policy.access, by=by, on=ON)


def refused_name(policy, *arguments, **changes):
    with pytest.raises(CannotLetIn) as refused:
        let_in(policy, *arguments, **changes)
    return said(refused)


def test_a_thing_is_opened_for_six_months_at_most(policy):
    let_in(policy)
    assert (
        "1 June 2027 at the latest (policy 2.3)"
        in refused_name(policy, replace(OPEN_BODY, to_on=date(2027, 6, 2)))["to_on"]
    )
    assert "today or later" in refused_name(policy, replace(OPEN_BODY, to_on=ON - timedelta(days=1)))["to_on"]


def test_what_is_exempt_is_opened_by_the_proper_officer_alone(policy):
    let_in(policy, OPEN_RISK, EXEMPT_RISK)
    assert "proper officer alone" in refused_name(policy, OPEN_RISK, EXEMPT_RISK, by=HEAD)["clearance"]


def test_a_clearance_that_opens_nothing_is_refused(policy):
    let_in(policy, replace(OPEN_RISK, clearance=Clearance.ORDINARY), EXEMPT_RISK)  # what is not exempt in it
    assert "nothing opens" in refused_name(policy, OPEN_RISK, HIDDEN_RISK)["clearance"]
    let_in(policy, replace(OPEN_RISK, clearance=Clearance.EXISTENCE_WITHHELD), HIDDEN_RISK)


def test_nobody_opens_what_they_may_not_read_and_it_looks_as_if_it_were_not_there(policy):
    less = Actor(3, grants=(Grant(Role.PROPER_OFFICER, "/1/", Clearance.EXEMPT),))
    assert refused_name(policy, OPEN_RISK, HIDDEN_RISK, by=less) == {"thing": access.NOT_THERE}
    assert refused_name(policy, replace(OPEN_BODY, kind="unit")) == {"thing": access.NOT_THERE}
    more = replace(OPEN_RISK, clearance=Clearance.EXISTENCE_WITHHELD)
    assert "more clearance than your own" in refused_name(policy, more, EXEMPT_RISK, by=less)["clearance"]


def test_nobody_lets_themselves_in_nor_lets_somebody_in_twice(policy):
    assert "Choose somebody else" in refused_name(policy, by=replace_person(PROPER, 7))["person"]
    assert "End that first" in refused_name(policy, held=(Days(ON, ON + timedelta(days=9)),))["person"]


# ---- emergencies
def test_an_emergency_is_agreed_to_by_another_while_it_is_one(policy):
    asked = {"asked_by_id": 1, "rules": policy.access, "at": NOON}
    access.check_emergency(asked_at=NOON - timedelta(hours=4), by=HEAD, **asked)
    with pytest.raises(CannotBreakGlass, match="nobody agrees to what they asked for"):
        access.check_emergency(asked_at=NOON, by=ADMINISTRATOR, **asked)
    with pytest.raises(CannotBreakGlass, match="must ask again"):
        access.check_emergency(asked_at=NOON - timedelta(hours=4, seconds=1), by=HEAD, **asked)


# ---- the table as people read it
def test_the_table_says_every_line_of_every_permission():
    lines = [line for room in permission_table.rooms() for deed in room.deeds for line in deed.lines]
    assert len(lines) == sum(map(len, PERMISSIONS.values()))
    assert all(line[0].isupper() and line.endswith(".") for line in lines)


def test_every_role_and_clearance_is_explained():
    assert [role.name for role in permission_table.roles()] == [role.label for role in Role]
    assert [name for name, _words in permission_table.clearances()] == ["Ordinary", "Exempt", "Existence withheld"]


def test_the_document_is_what_the_table_says():
    kept = (Path(__file__).parents[2] / "docs/permissions.md").read_text(encoding="utf-8")
    assert kept == permission_table.markdown(), "run flask access table --out docs/permissions.md"
