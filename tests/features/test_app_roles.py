"""App roles: the policy's table gives and ends roles at sign-in, and what brings nothing is recorded and shown."""

import csv
import io
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Role
from riskapp.features.oidc import service
from riskapp.features.policy import service as policy
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.people import RoleAssignment, Unit
from tests.builders import BY_HAND, POLICIES, ACouncil, a_role, actor, read_documents, sign_in
from tests.council_accounts import events, goes, linked, now

MAPPED = {"app_role": "Risk.Committee", "role": "committee", "unit": "council"}


@pytest.fixture
def council(app):
    return ACouncil()


def roles_of(person):
    on = now().date()
    rows = db.session.scalars(select(RoleAssignment).where(RoleAssignment.person_id == person.id))
    return {row.role for row in rows if row.to_on is None or row.to_on >= on}


def reference(unit):
    return db.session.get_one(Entity, unit.id).reference


def adopt(*rows, days_ago=0):
    documents = {name: dict(each) for name, each in read_documents(POLICIES).items()}
    documents["policy"] |= {"number": documents["policy"]["number"] + 1 + days_ago}
    documents["access"] |= {"council_account": documents["access"]["council_account"] | {"role": list(rows)}}
    with transaction():
        policy.adopt(documents, by=BY_HAND, at=now(), on=now().date() - timedelta(days=days_ago))


def test_app_roles_bring_roles_at_sign_in_and_take_them_away_again(council, app, provider, known):
    team = {"app_role": "Risk.Champion", "role": "champion", "unit": reference(council.team)}
    adopt(MAPPED, team)
    linked(council.lead_person, provider)
    person, hand = council.lead_person, {Role.MANAGER}
    goes(app.test_client(), provider, roles=["Risk.Committee", "Risk.Champion", "Unheard.Of"])
    assert roles_of(person) == hand | {Role.COMMITTEE, Role.CHAMPION}
    given = db.session.scalars(select(RoleAssignment).where(RoleAssignment.person_id == person.id)).all()
    assert {row.unit_id for row in given if row.role == Role.CHAMPION} == {council.team.id}
    assert {row.reason for row in given if row.role != Role.MANAGER} == {"council account"}
    goes(app.test_client(), provider, roles=["Risk.Champion"])
    assert roles_of(person) == hand | {Role.CHAMPION}
    goes(app.test_client(), provider, roles=["Risk.Champion", "Risk.Committee"])  # again, on the same day
    assert roles_of(person) == hand | {Role.COMMITTEE, Role.CHAMPION}
    goes(app.test_client(), provider)
    assert roles_of(person) == hand
    told = [(event, content["why"]) for event, content in events(Event.ROLE_GRANTED, Event.ROLE_ENDED)]
    assert told.count((Event.ROLE_GRANTED, "council account")) == 3
    assert told.count((Event.ROLE_ENDED, "council account")) == 3


def test_a_role_given_by_hand_is_never_touched(council, app, provider, known):
    adopt(MAPPED)
    with transaction():
        a_role(council.lead_person, Role.COMMITTEE, council.council)
    linked(council.lead_person, provider)
    for roles in (["Risk.Committee"], []):
        goes(app.test_client(), provider, roles=roles)
        assert Role.COMMITTEE in roles_of(council.lead_person)
    rows = db.session.scalars(select(RoleAssignment).where(RoleAssignment.role == Role.COMMITTEE)).all()
    assert [row.reason for row in rows if row.person_id == council.lead_person.id] == ["for a test"]


def test_what_a_provider_brought_ends_when_its_account_is_unlinked(council, app, provider, known):
    linked(council.lead_person, provider)
    adopt(MAPPED)
    goes(app.test_client(), provider, roles=["Risk.Committee"])
    assert Role.COMMITTEE in roles_of(council.lead_person)
    admin = actor(council.administrator_person)
    with transaction():
        service.unlink(council.lead_person.id, why="For a test", by=admin, at=now(), on=now().date())
    assert roles_of(council.lead_person) == {Role.MANAGER}


def test_a_unit_that_nobody_knows_brings_nothing(council, app, provider, known):
    adopt(MAPPED | {"unit": "U-ZZZZZ"})
    linked(council.lead_person, provider)
    assert goes(app.test_client(), provider, roles=["Risk.Committee"]).status_code == 302
    assert roles_of(council.lead_person) == {Role.MANAGER}


@pytest.mark.parametrize(
    "role", ["head_of_assurance", "proper_officer", "administrator", "broken_glass", "external_auditor"]
)
def test_no_policy_maps_a_role_that_two_people_must_give_or_that_must_end(council, role):
    with pytest.raises(Exception, match=r"access\.toml, council_account, role 1, role: expected one of"):
        adopt(MAPPED | {"role": role})


def unknown():
    return [(content["after"]["app_role"], content["why"]) for _, content in events(Event.APP_ROLE_UNKNOWN)]


def test_an_app_role_that_the_policy_does_not_name_is_recorded_once_and_shown(council, app, provider, known):
    adopt(MAPPED)
    linked(council.lead_person, provider)
    for _ in range(2):
        goes(app.test_client(), provider, roles=["Risk.Committee", "Unheard.Of"])
    assert unknown() == [("Unheard.Of", "The policy in force does not name it")]
    admin = app.test_client()
    sign_in(admin, council.administrator_person)
    page = admin.get("/access/app-roles").text
    assert "1 app role that the policy does not name" in page
    assert "The policy does not name it" in page
    assert council.lead_person.email in page
    assert "Named for 1 person" in page
    assert "1 person has the role by it" in page
    only = admin.get("/access/app-roles?state=no_line").text
    assert "Unheard.Of" in only
    assert only.count(council.lead_person.email) == 1


def test_a_line_whose_unit_is_not_there_is_told_of_before_and_after_somebody_is_named_for_it(
    council, app, provider, known
):
    team = {"app_role": "Risk.Champion", "role": "champion", "unit": reference(council.team)}
    lost = {"app_role": "Risk.Lost", "role": "manager", "unit": "U-ZZZZZ"}
    adopt(MAPPED, team, lost)
    head = app.test_client()
    sign_in(head, council.assurance_person)
    page = head.get("/access/app-roles").text
    assert "It brings nothing: no unit has the reference U-ZZZZZ" in page
    assert "the unit is closed" not in page
    linked(council.lead_person, provider)
    with transaction():
        db.session.get_one(Unit, council.team.id).closed_on = date(2026, 1, 1)
    goes(app.test_client(), provider, roles=["Risk.Lost", "Risk.Champion"])
    assert roles_of(council.lead_person) == {Role.MANAGER}
    assert unknown() == [
        ("Risk.Champion", f"No open unit is {team['unit']}, as the policy names it"),
        ("Risk.Lost", "No open unit is U-ZZZZZ, as the policy names it"),
    ]
    page = head.get("/access/app-roles").text
    assert "It brings nothing: the unit is closed" in page
    assert "2 app roles whose unit is not there" in page


def test_it_is_recorded_again_when_the_reason_is_another_and_gone_when_it_is_named_no_more(
    council, app, provider, known
):
    adopt(MAPPED, days_ago=1)
    linked(council.lead_person, provider)
    goes(app.test_client(), provider, roles=["Risk.New"])
    adopt({"app_role": "Risk.New", "role": "committee", "unit": "U-ZZZZZ"})
    goes(app.test_client(), provider, roles=["Risk.New"])
    assert [why for _, why in unknown()] == [
        "The policy in force does not name it", "No open unit is U-ZZZZZ, as the policy names it",
    ]  # fmt: skip
    goes(app.test_client(), provider)
    admin = app.test_client()
    sign_in(admin, council.administrator_person)
    assert council.lead_person.email not in admin.get("/access/app-roles").text


def test_the_list_is_given_as_a_file_and_an_app_role_that_no_database_could_keep_is_spelt(
    council, app, provider, known
):
    linked(council.lead_person, provider)
    assert goes(app.test_client(), provider, roles=["Odd\0Role", "x" * 400]).status_code == 302
    admin = app.test_client()
    sign_in(admin, council.administrator_person)
    rows = list(csv.reader(io.StringIO(admin.get("/access/app-roles.csv?sort=app_role").text.lstrip("\ufeff"))))
    assert [row[2] for row in rows[1:]] == ["'Odd\\x00Role'", "'" + "x" * 60 + "'"]
    assert {row[3] for row in rows[1:]} == {"Nothing: the policy does not name it"}


def test_a_change_of_roles_at_sign_in_ends_the_sessions_that_were_open(council, app, provider, known):
    adopt(MAPPED)
    linked(council.lead_person, provider)
    first, second = app.test_client(), app.test_client()
    goes(first, provider)
    goes(second, provider)
    assert first.get("/account").status_code == 200, "nothing changed"
    goes(second, provider, roles=["Risk.Committee"])
    assert first.get("/account").location == "/sign-in"
    assert second.get("/account").status_code == 200


def test_who_may_not_see_roles_does_not_see_app_roles(council, app):
    champion = app.test_client()
    sign_in(champion, council.champion_person)
    assert champion.get("/access/app-roles").status_code == 404
    assert champion.get("/access/app-roles.csv").status_code == 404


def test_the_page_says_so_where_no_provider_is_set_up(council, app):
    admin = app.test_client()
    sign_in(admin, council.administrator_person)
    page = admin.get("/access/app-roles").text
    assert "No sign-in provider is set up here" in page
    assert "Risk.Auditor" in page
