"""Champions are appointed with their role, trained, and reminded; what is missing is listed."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from riskapp.domain.champions import CannotAppoint, CannotTrain
from riskapp.domain.clock import Moment
from riskapp.domain.permissions import Role
from riskapp.domain.staffing import Span
from riskapp.features.champions import jobs, queries, service
from riskapp.features.champions.queries import Wanted
from riskapp.models.database import db, transaction
from riskapp.models.people import RoleAssignment
from riskapp.models.reminders import Occurrence
from tests.builders import DAY, NOON, ACouncil, a_person, actor

YESTERDAY = DAY - timedelta(days=1)


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def assures(council):
    return actor(council.assurance_person)


def appoint(by, person, unit, days=None):
    with transaction():
        return service.appoint(person, unit, days=days or Span(DAY), by=by, at=NOON)


def train(by, person, trained_on):
    with transaction():
        return service.record_training(person, trained_on=trained_on, note="", by=by, at=NOON, on=DAY)


def grants(person, on=DAY):
    return [(grant.role, grant.unit_path) for grant in actor(person, on=on).grants]


def test_the_role_begins_and_ends_with_the_appointment(council, assures):
    person = a_person()
    given = appoint(assures, person, council.team)
    assert grants(person) == [(Role.CHAMPION, council.team.path)]
    with transaction():
        service.end_by(given, on=DAY + timedelta(days=5), by=assures, at=NOON)
    assert grants(person, on=DAY + timedelta(days=4)) == [(Role.CHAMPION, council.team.path)]
    assert grants(person, on=DAY + timedelta(days=5)) == []


def test_an_appointment_with_a_last_day_ends_the_role_on_it(council, assures):
    person = a_person()
    appoint(assures, person, council.team, Span(DAY, DAY + timedelta(days=3)))
    (role,) = db.session.scalars(select(RoleAssignment).where(RoleAssignment.person_id == person.id))
    assert role.to_on == DAY + timedelta(days=3)


def test_an_appointment_that_is_ended_on_its_first_day_leaves_no_role(council, assures):
    person = a_person()
    given = appoint(assures, person, council.team)
    with transaction():
        service.end_by(given, on=DAY, by=assures, at=NOON)
    assert grants(person) == []


def test_nobody_appoints_trains_or_ends_themselves(council):
    manager = actor(council.manager_person)
    with pytest.raises(CannotAppoint, match="cannot appoint yourself"):
        appoint(manager, council.manager_person, council.team)
    with pytest.raises(CannotTrain, match="Somebody else records"):
        train(manager, council.manager_person, YESTERDAY)
    given = appoint(actor(council.lead_person), council.manager_person, council.team)
    with pytest.raises(CannotAppoint, match="cannot end your own"):
        service.end_by(given, on=DAY, by=manager, at=NOON)


def test_somebody_who_has_gone_or_is_going_is_not_appointed(council, assures):
    with pytest.raises(CannotAppoint, match="has left"):
        appoint(assures, a_person(is_active=False), council.team)
    with pytest.raises(CannotAppoint, match="is leaving too"):
        appoint(assures, a_person(leaves_on=DAY + timedelta(days=5)), council.team)


def test_an_appointment_is_made_once(council, assures):
    person = a_person()
    appoint(assures, person, council.team)
    with pytest.raises(CannotAppoint, match="on those days already"):
        appoint(assures, person, council.team)


def test_teams_without_a_champion_and_trainings_out_of_date_are_listed(council, assures):
    old, new = a_person(), a_person()
    appoint(assures, old, council.team, Span(DAY - timedelta(days=500)))
    train(assures, old, DAY - timedelta(days=400))
    states = {row.unit: row.state(DAY) for row in queries.rows(assures, Wanted(), on=DAY)}
    assert states == {"Repairs Delivery": "overdue", "Voids": "none"}
    appoint(assures, new, council.sibling)
    states = {row.unit: row.state(DAY) for row in queries.rows(assures, Wanted(), on=DAY)}
    assert states == {"Repairs Delivery": "overdue", "Voids": "in_date"}
    train(assures, old, YESTERDAY)
    assert [row.unit for row in queries.rows(assures, Wanted(state="overdue"), on=DAY)] == []


def test_a_training_says_when_the_next_is_due_and_is_recorded_once(council, assures):
    person = a_person()
    made = train(assures, person, YESTERDAY)
    assert made.next_on == YESTERDAY.replace(year=2027)
    assert train(assures, person, YESTERDAY).id == made.id


def test_a_manager_sees_the_teams_of_the_own_service_alone(council):
    rows = queries.rows(actor(council.manager_person), Wanted(), on=DAY)
    assert {row.unit for row in rows} == {"Repairs Delivery"}
    assert queries.rows(actor(council.champion_person), Wanted(), on=DAY) == ()


def remind(on):
    with transaction():
        return jobs.remind_champions_of_training(Moment(on, datetime.combine(on, NOON.timetz())))


def told():
    rows = db.session.execute(select(Occurrence.rule, Occurrence.person_id, Occurrence.due_on).order_by(Occurrence.id))
    return [tuple(row) for row in rows]


def test_the_clock_reminds_a_champion_before_training_is_due_and_after(council, assures):
    person = council.champion_person
    appoint(assures, person, council.team, Span(DAY - timedelta(days=500)))
    train(assures, person, DAY.replace(year=2025))  # so that the next is due on Tuesday 1 December 2026
    remind(DAY - timedelta(days=7))
    remind(DAY - timedelta(days=7))
    remind(DAY - timedelta(days=6))
    remind(DAY)
    remind(DAY + timedelta(days=1))
    assert told() == [
        ("champion_training_due", person.id, DAY - timedelta(days=7)),
        ("champion_training_due", person.id, DAY),
        ("champion_training_overdue", person.id, DAY + timedelta(days=1)),
    ]


def test_a_champion_without_a_post_is_reminded_through_the_manager_of_the_team(council, assures):
    appoint(assures, a_person(), council.team, Span(DAY - timedelta(days=30)))
    remind(DAY)
    assert [person_id for _rule, person_id, _on in told()] == [council.manager_person.id]
