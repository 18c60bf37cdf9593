from dataclasses import replace

import pytest

from riskapp.domain.permissions import Actor, Clearance, Facts, Grant, Permission, Role, Sitting, may, may_anywhere

HOUSING, REPAIRS, VOIDS, PLACE = "/1/2/", "/1/2/3/", "/1/2/4/", "/1/5/"
OWNER_POST, OTHER_POST = 70, 71


def someone(*grants: tuple[Role, str], posts: tuple[int, ...] = ()) -> Actor:
    return Actor(
        person_id=9,
        sittings=tuple(Sitting(post, f"Post {post}", "holder") for post in posts),
        grants=tuple(Grant(role, path) for role, path in grants),
    )


STRANGER = Actor(person_id=None)
CHAMPION = someone((Role.CHAMPION, REPAIRS))
DIRECTOR = someone((Role.MANAGER, HOUSING))
OWNER = someone(posts=(OWNER_POST,))
ASSURANCE = someone((Role.HEAD_OF_ASSURANCE, "/1/"))
DRAFTER = someone((Role.CHAMPION, REPAIRS), posts=(OTHER_POST,))
CLEARED_CHAMPION = Actor(person_id=9, grants=(Grant(Role.CHAMPION, REPAIRS, Clearance.EXEMPT),))
UNCLEARED_ASSURANCE = Actor(person_id=9, grants=(Grant(Role.HEAD_OF_ASSURANCE, "/1/", Clearance.EXEMPT),))
MEMBER = someone((Role.COMMITTEE, "/1/"))
ADMINISTRATOR = someone((Role.ADMINISTRATOR, "/1/"))
STAFF = someone()

OPEN_RISK = Facts(unit_path=REPAIRS, owner_post_id=OWNER_POST, is_open=True)
DRAFT = Facts(unit_path=REPAIRS, owner_post_id=OWNER_POST)
EXEMPT = Facts(
    unit_path=REPAIRS,
    owner_post_id=OWNER_POST,
    drafted_by_post_id=OTHER_POST,
    is_open=True,
    exempt_groups=frozenset(("title",)),
)
WITHHELD = replace(EXEMPT, is_existence_withheld=True)
ELSEWHERE = Facts(unit_path=VOIDS, owner_post_id=OWNER_POST, is_open=True)


@pytest.mark.parametrize(
    ("who", "risk", "reads"),
    [
        (CHAMPION, OPEN_RISK, True),
        (CHAMPION, ELSEWHERE, False),
        (CHAMPION, EXEMPT, True),
        (CHAMPION, WITHHELD, False),
        (DRAFTER, EXEMPT, True),
        (CLEARED_CHAMPION, EXEMPT, True),
        (CLEARED_CHAMPION, WITHHELD, False),
        (OWNER, WITHHELD, True),
        (ASSURANCE, WITHHELD, True),
        (UNCLEARED_ASSURANCE, WITHHELD, False),
        (UNCLEARED_ASSURANCE, EXEMPT, True),
        (DIRECTOR, ELSEWHERE, True),
        (DIRECTOR, Facts(unit_path=PLACE, is_open=True), False),
        (OWNER, ELSEWHERE, True),
        (ASSURANCE, EXEMPT, True),
        (MEMBER, OPEN_RISK, True),
        (MEMBER, DRAFT, False),
        (MEMBER, EXEMPT, True),
        (MEMBER, WITHHELD, False),
        (ADMINISTRATOR, OPEN_RISK, False),
        (STAFF, OPEN_RISK, False),
        (STRANGER, OPEN_RISK, False),
    ],
)
def test_a_risk_is_read_in_its_own_unit_by_its_owner_and_by_those_who_assure(who, risk, reads):
    assert may(who, Permission.RISK_READ, risk) is reads


def test_an_escalation_lets_its_desk_read_one_risk_and_no_other():
    on_route = someone(posts=(OTHER_POST,))
    assert may(on_route, Permission.RISK_READ, Facts(unit_path=PLACE, desk_post_ids=frozenset((OTHER_POST,))))
    assert not may(on_route, Permission.RISK_READ, Facts(unit_path=PLACE))


def test_who_owns_the_risk_never_answers_its_escalation():
    desk = Facts(owner_post_id=OWNER_POST, live_desk_post_id=OTHER_POST)
    assert may(someone(posts=(OTHER_POST,)), Permission.ESCALATION_ANSWER, desk)
    assert not may(someone(posts=(OTHER_POST, OWNER_POST)), Permission.ESCALATION_ANSWER, desk)
    assert not may(someone(posts=(OWNER_POST,)), Permission.ESCALATION_ANSWER, desk)


def test_a_manager_closes_what_others_own():
    assert may(DIRECTOR, Permission.RISK_CLOSE, OPEN_RISK)
    assert not may(someone((Role.MANAGER, HOUSING), posts=(OWNER_POST,)), Permission.RISK_CLOSE, OPEN_RISK)
    assert not may(ASSURANCE, Permission.RISK_CLOSE, OPEN_RISK)


def test_a_unit_path_is_a_whole_step_and_not_a_prefix_of_digits():
    champion_of_1_2 = someone((Role.CHAMPION, "/1/2/"))
    assert not may(champion_of_1_2, Permission.RISK_READ, Facts(unit_path="/1/23/", is_open=True))


def test_a_thing_whose_unit_is_unknown_is_in_nobodys_unit():
    assert not may(someone((Role.CHAMPION, "/")), Permission.RISK_READ, Facts(is_open=True))


@pytest.mark.parametrize("permission", [each for each in Permission if each is not Permission.PUBLIC])
def test_a_stranger_may_nothing_that_is_not_public(permission):
    everything = Facts(unit_path=REPAIRS, is_open=True, is_demo=True)
    assert not may(STRANGER, permission, everything)


def test_the_administrator_reads_no_content():
    content = [Permission.RISK_READ, Permission.ACTION_READ, Permission.ESCALATION_READ, Permission.PACK_READ]
    content += [Permission.BODY_READ, Permission.AUDIT_READ]
    assert not any(may(ADMINISTRATOR, permission, OPEN_RISK) for permission in content)


@pytest.mark.parametrize(
    ("who", "shown"), [(CHAMPION, True), (ASSURANCE, True), (MEMBER, False), (STAFF, False), (ADMINISTRATOR, False)]
)
def test_the_button_to_log_a_risk_is_shown_to_whom_it_lets_in_somewhere(who, shown):
    assert may_anywhere(who, Permission.RISK_DRAFT) is shown


def test_people_are_known_by_the_post_they_hold_before_one_they_stand_in_for():
    actor = Actor(person_id=1, sittings=(Sitting(5, "Deputised", "deputy"), Sitting(6, "Held", "holder")))
    assert actor.post.title == "Held"
    assert actor.sitting(5).capacity == "deputy"
    assert actor.sitting(99) is None
