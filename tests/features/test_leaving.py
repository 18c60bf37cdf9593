"""Somebody moves or leaves: posts go on, access ends on the day, nothing stays with who has gone."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from riskapp.domain.audit import Event
from riskapp.domain.clock import Moment
from riskapp.domain.permissions import Actor, Role
from riskapp.domain.refusal import Cannot
from riskapp.domain.staffing import CannotKeepPerson, CannotLeave, Span
from riskapp.features.accounts import service as accounts
from riskapp.features.champions import service as champions
from riskapp.features.duties import queries as duties
from riskapp.features.escalation import queries as escalations
from riskapp.features.escalation import service as escalation
from riskapp.features.leaving import jobs, service
from riskapp.features.leaving.service import Answer
from riskapp.features.people import queries as people
from riskapp.features.risks import service as risks
from riskapp.features.staffing import service as staffing
from riskapp.features.work import queries as work
from riskapp.models.audit import AuditEntry
from riskapp.models.champions import ChampionAppointment
from riskapp.models.database import db, transaction
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Person, Post, RoleAssignment, Tenure
from riskapp.models.reminders import Message
from riskapp.models.staffing import Departure
from tests.builders import DAY, NOON, PASSWORD, ACouncil, a_person, a_post, a_risk, actor, seat

TOMORROW, SOON = DAY + timedelta(days=1), DAY + timedelta(days=10)
VACANT = Answer("vacant")


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def keeper(council) -> Actor:
    return actor(council.administrator_person)


def answers_for(person, answer=VACANT, on=DAY):
    posts = {f"post-{tenure.id}": answer for tenure in service.lasting(person, on=on)}
    return posts | {f"champion-{each.id}": answer for each in champions.of_person(person.id, on=on)}


def leave(keeper, person, gone_on=DAY, answers=None, *, seen=None, at=NOON, on=DAY) -> Departure:
    with transaction():
        return service.leave(
            person,
            gone_on=gone_on,
            answers=answers_for(person, on=gone_on) if answers is None else answers,
            seen=person.version if seen is None else seen,
            by=keeper,
            at=at,
            on=on,
        )


def undo(keeper, departure, *, at=NOON, on=DAY, seen=None):
    person = db.session.get_one(Person, departure.person_id)
    with transaction():
        service.undo(departure, seen=person.version if seen is None else seen, by=keeper, at=at, on=on)


def words(no):
    return " ".join(reason.message for reason in no.value.refusals)


def fields(no):
    return [reason.field for reason in no.value.refusals]


def everything(person):
    """What a person has, as a picture to compare."""
    return service._picture(person)


def a_live_desk(council) -> EscalationDesk:
    """An escalation on the service lead's desk, acknowledged."""
    with transaction():
        risk = a_risk(council)
        risks.escalate(risk, reason="It grows", by=actor(council.manager_person), at=NOON, on=DAY)
        (desk,) = escalations.live_desks()
        assert desk.post_id == council.lead.id
        escalation.acknowledge(desk.case_id, by=actor(council.lead_person), at=NOON, on=DAY)
    return desk


# ---- leaving today
def test_leaving_today_closes_the_account_ends_posts_and_roles_and_every_session(council, keeper):
    person = council.lead_person
    with transaction():
        tokens = [accounts.sign_in(email=person.email, password=PASSWORD, at=NOON) for _ in range(2)]
    departure = leave(keeper, person)
    assert departure.state == "done"
    assert people.actor_for(person.id, on=DAY) is None
    assert [accounts.keep_alive(token, at=NOON) for token in tokens] == [None, None]
    yesterday = DAY - timedelta(days=1)
    assert {row.to_on for row in db.session.scalars(select(Tenure).where(Tenure.person_id == person.id))} == {yesterday}
    roles = select(RoleAssignment.to_on).where(RoleAssignment.person_id == person.id)
    assert set(db.session.scalars(roles)) == {yesterday}
    with pytest.raises(accounts.CannotSignIn):
        accounts.sign_in(email=person.email, password=PASSWORD, at=NOON)


def test_each_thing_that_leaving_does_is_on_the_record(council, keeper):
    with transaction():
        accounts.sign_in(email=council.lead_person.email, password=PASSWORD, at=NOON)
    leave(keeper, council.lead_person)
    written = set(db.session.scalars(select(AuditEntry.event).where(AuditEntry.person_id == keeper.person_id)))
    assert written >= {
        Event.PERSON_LEAVES, Event.PERSON_LEFT, Event.POST_LEFT, Event.ROLE_ENDED, Event.SESSIONS_ENDED,
    }  # fmt: skip


def test_the_successor_has_the_post_its_role_and_the_escalation_on_my_work(council, keeper):
    desk = a_live_desk(council)
    successor = a_person()
    (tenure,) = service.lasting(council.lead_person, on=DAY)
    leave(keeper, council.lead_person, answers={f"post-{tenure.id}": Answer("successor", successor)})
    now = actor(successor)
    assert now.sitting(council.lead.id).capacity == "holder"
    assert now.has_role(Role.MANAGER)
    db.session.refresh(desk)
    assert desk.person_id == successor.id
    (item,) = [item for group in work.my_work(now, on=DAY).groups for item in group.items if item.kind == "decide"]
    assert item.reference
    told = db.session.scalars(select(Message).where(Message.person_id == successor.id)).all()
    assert ["An escalation has come to you" in message.subject for message in told] == [True]


def test_somebody_who_acts_takes_the_desk_too(council, keeper):
    desk = a_live_desk(council)
    acting = a_person()
    (tenure,) = service.lasting(council.lead_person, on=DAY)
    leave(keeper, council.lead_person, answers={f"post-{tenure.id}": Answer("acting", acting)})
    db.session.refresh(desk)
    assert (desk.person_id, desk.capacity) == (acting.id, "acting")


def test_left_vacant_the_escalation_goes_up_the_route(council, keeper):
    desk = a_live_desk(council)
    leave(keeper, council.lead_person)
    db.session.refresh(desk)
    assert desk.state == "passed_on"
    assert escalations.live_desk(case_id=desk.case_id).post_id == council.director.id
    assert escalations.has_event(case_id=desk.case_id, deed="went_past")


def test_a_successor_who_owns_the_risk_does_not_answer_for_it(council, keeper):
    desk = a_live_desk(council)
    (tenure,) = service.lasting(council.lead_person, on=DAY)
    leave(keeper, council.lead_person, answers={f"post-{tenure.id}": Answer("successor", council.manager_person)})
    assert escalations.live_desk(case_id=desk.case_id).post_id == council.director.id


def test_at_the_top_it_waits_and_the_head_of_assurance_is_told(council, keeper):
    desk = a_live_desk(council)
    while desk.post_id != council.chief.id:
        holder = people.actor_for(desk.person_id, on=DAY)
        with transaction():
            escalation.pass_on(desk.case_id, why="It is beyond me", by=holder, at=NOON, on=DAY)
        (desk,) = escalations.live_desks()
    leave(keeper, council.chief_person)
    assert escalations.live_desk(case_id=desk.case_id).id == desk.id
    assert (desk.case_id, desk.id) in escalations.times_of(case_ids=(desk.case_id,), deed=escalation.AT_THE_TOP)


def test_nothing_is_left_with_somebody_who_has_gone(council, keeper):
    a_live_desk(council)
    for person in (council.lead_person, council.manager_person, council.champion_person):
        leave(keeper, person)
    gone = select(Person.id).where(Person.is_active.is_(False))
    lasting = (Tenure.to_on.is_(None)) | (Tenure.to_on >= DAY)
    assert db.session.scalar(select(func.count(Tenure.id)).where(Tenure.person_id.in_(gone), lasting)) == 0
    live = EscalationDesk.state.in_(("raised", "notified", "acknowledged"))
    assert db.session.scalar(select(func.count(EscalationDesk.id)).where(EscalationDesk.person_id.in_(gone), live)) == 0
    listed = {row.title for row in duties.without_holder(keeper, on=DAY)}
    assert listed == {"Manager, Repairs Delivery", "Risk Champion, Repairs Delivery"}


# ---- what is refused
def test_each_post_wants_an_answer(council, keeper):
    with pytest.raises(CannotLeave) as no:
        leave(keeper, council.lead_person, answers={})
    assert "Say what becomes of Service Lead, Housing Repairs" in words(no)
    db.session.refresh(council.lead_person)
    assert council.lead_person.is_active


def test_a_successor_must_be_named(council, keeper):
    (tenure,) = service.lasting(council.lead_person, on=DAY)
    with pytest.raises(CannotLeave) as no:
        leave(keeper, council.lead_person, answers={f"post-{tenure.id}": Answer("successor")})
    assert fields(no) == [f"who-post-{tenure.id}"]


@pytest.mark.parametrize("gone", ["today", "soon"])
def test_a_successor_who_leaves_too_is_refused_and_nothing_is_changed(council, keeper, gone):
    other = council.director_person
    leave(keeper, other, DAY if gone == "today" else SOON)
    (tenure,) = service.lasting(council.lead_person, on=DAY)
    with pytest.raises(CannotLeave) as no:
        leave(keeper, council.lead_person, answers={f"post-{tenure.id}": Answer("successor", other)})
    assert "Name somebody" in words(no)
    assert "has left" in words(no) if gone == "today" else "is leaving too" in words(no)
    assert actor(council.lead_person).sitting(council.lead.id) is not None


def test_nobody_succeeds_themselves(council, keeper):
    with pytest.raises(CannotLeave, match="Name somebody else"):
        leave(
            keeper,
            council.lead_person,
            answers=answers_for(council.lead_person, Answer("successor", council.lead_person)),
        )


def test_nobody_leaves_before_joining(council, keeper):
    with transaction():
        person = staffing.join(
            email="new@council.example",
            post=None,
            capacity="holder",
            from_on=DAY,
            to_on=None,
            welcomes=True,
            by=keeper,
            at=NOON,
            on=DAY,
        )
    for gone_on in (DAY - timedelta(days=3), DAY):
        with pytest.raises(CannotLeave, match="They joined on 1 Dec 2026"):
            leave(keeper, person, gone_on)


def test_nobody_leaves_before_a_post_they_have_taken_up_since(council, keeper):
    with transaction():
        seat(council.lead_person, a_post(council.team, title="Second post"), from_on=DAY - timedelta(days=5))
    with pytest.raises(CannotLeave, match="They have had Second post since 26 Nov 2026"):
        leave(keeper, council.lead_person, DAY - timedelta(days=9))


def test_two_administrators_who_let_one_person_go_at_once_do_it_once(council, keeper):
    seen = council.lead_person.version
    leave(keeper, council.lead_person, seen=seen)
    with pytest.raises(CannotKeepPerson, match="Somebody else changed"):
        leave(actor(council.assurance_person), council.lead_person, answers={}, seen=seen)
    assert db.session.scalar(select(func.count(Departure.id))) == 1


def test_nobody_lets_themselves_go_and_nobody_goes_twice(council, keeper):
    with pytest.raises(CannotKeepPerson):
        leave(keeper, council.administrator_person)
    leave(keeper, council.lead_person, SOON)
    with pytest.raises(CannotLeave, match="leaving already"):
        leave(keeper, council.lead_person, SOON)


# ---- a day to come
def test_until_the_day_all_stays_and_on_it_the_clock_lets_them_go(council, keeper):
    desk = a_live_desk(council)
    successor = a_person()
    (tenure,) = service.lasting(council.lead_person, on=DAY)
    departure = leave(keeper, council.lead_person, SOON, answers={f"post-{tenure.id}": Answer("successor", successor)})
    assert departure.state == "planned"
    assert actor(council.lead_person, on=SOON - timedelta(days=1)).has_role(Role.MANAGER)
    assert council.lead.id not in actor(successor).post_ids
    _clock(SOON - timedelta(days=1))
    assert council.lead_person.is_active
    ran = _clock(SOON)
    assert (ran.found, ran.queued, ran.failed) == (1, 1, 0)
    db.session.refresh(desk)
    assert (council.lead_person.is_active, departure.state, desk.person_id) == (False, "done", successor.id)
    assert actor(successor, on=SOON).has_role(Role.MANAGER)
    assert _clock(SOON).found == 0


def _clock(on):
    at = datetime.combine(on, NOON.timetz())
    with transaction():
        done = jobs.let_people_go(Moment(on, at))
        jobs.hand_over_desks(Moment(on, at))
    return done


def test_the_clock_hands_over_a_desk_whose_person_moved_on_that_day(council, keeper):
    desk = a_live_desk(council)
    successor = a_person()
    (tenure,) = service.lasting(council.lead_person, on=DAY)
    move(keeper, council.lead_person, SOON, {f"post-{tenure.id}": Answer("successor", successor)})
    _clock(TOMORROW)
    db.session.refresh(desk)
    assert desk.person_id == council.lead_person.id
    _clock(SOON)
    db.session.refresh(desk)
    assert desk.person_id == successor.id


# ---- taking it back
def test_taken_back_on_the_day_they_have_again_exactly_what_they_had(council, keeper):
    desk = a_live_desk(council)
    successor = a_person()
    with transaction():
        champions.appoint(council.lead_person, council.team, days=Span(DAY - timedelta(days=9)), by=keeper, at=NOON)
    before, nothing = everything(council.lead_person), everything(successor)
    departure = leave(
        keeper, council.lead_person, answers=answers_for(council.lead_person, Answer("successor", successor))
    )
    assert everything(council.lead_person) != before
    assert db.session.scalar(select(func.count(ChampionAppointment.id))) == 2
    undo(keeper, departure)
    assert everything(council.lead_person) == before
    assert everything(successor) == nothing
    db.session.refresh(desk)
    assert desk.person_id == council.lead_person.id
    assert actor(council.lead_person).has_role(Role.MANAGER)
    assert (council.lead_person.is_active, council.lead_person.leaves_on) == (True, None)


def test_a_departure_to_come_is_called_off(council, keeper):
    before = everything(council.lead_person)
    departure = leave(keeper, council.lead_person, SOON)
    undo(keeper, departure, on=TOMORROW)
    assert everything(council.lead_person) == before
    assert _clock(SOON).found == 0


def test_a_departure_is_not_taken_back_the_day_after(council, keeper):
    departure = leave(keeper, council.lead_person)
    with pytest.raises(CannotLeave, match="not later"):
        undo(keeper, departure, on=TOMORROW)


def test_a_post_given_to_another_since_is_not_taken_from_them_unasked(council, keeper):
    departure = leave(keeper, council.lead_person)
    with transaction():
        other = a_person()
        staffing.name_for(council.lead, other, capacity="holder", days=Span(DAY), by=keeper, at=NOON, on=DAY)
    with pytest.raises(CannotLeave) as no:
        undo(keeper, departure)
    assert f"was given to {other.email}" in words(no)
    assert not db.session.get_one(Person, departure.person_id).is_active


def test_two_who_take_it_back_at_once_do_it_once(council, keeper):
    departure = leave(keeper, council.lead_person)
    seen = council.lead_person.version
    undo(keeper, departure, seen=seen)
    with pytest.raises(CannotKeepPerson):
        undo(actor(council.assurance_person), departure, seen=seen)


# ---- moving
def move(keeper, person, from_on=DAY, answers=None, post: Post | None = None, seen=None):
    with transaction():
        service.move(
            person,
            from_on=from_on,
            post=post,
            capacity="holder",
            answers=answers_for(person) if answers is None else answers,
            seen=person.version if seen is None else seen,
            by=keeper,
            at=NOON,
            on=DAY,
        )


def test_a_mover_gives_one_post_up_and_takes_another_with_its_role(council, keeper):
    new = a_post(council.sibling, "team_manager", title="Manager, Voids, second")
    move(keeper, council.manager_person, post=new)
    now = actor(council.manager_person)
    assert [sitting.title for sitting in now.sittings] == [new.title]
    assert [grant.unit_path for grant in now.grants] == [council.sibling.path]
    assert council.manager_person.is_active


def test_a_mover_may_keep_a_post(council, keeper):
    new = a_post(council.sibling, "team_manager")
    move(keeper, council.manager_person, post=new, answers=answers_for(council.manager_person, Answer("keep")))
    assert len(actor(council.manager_person).sittings) == 2


def test_a_move_that_changes_nothing_is_refused(council, keeper):
    with pytest.raises(CannotLeave, match="Nothing changes"):
        move(keeper, council.manager_person, answers=answers_for(council.manager_person, Answer("keep")))


def test_a_move_into_a_post_that_is_taken_leaves_the_old_one_as_it_was(council, keeper):
    with pytest.raises(Cannot, match="is held by"):
        move(keeper, council.manager_person, post=council.lead)
    assert council.manager.id in actor(council.manager_person).post_ids


def test_a_mover_s_desk_goes_to_the_successor(council, keeper):
    desk = a_live_desk(council)
    successor = a_person()
    move(
        keeper,
        council.lead_person,
        post=a_post(council.sibling),
        answers=answers_for(council.lead_person, Answer("successor", successor)),
    )
    db.session.refresh(desk)
    assert desk.person_id == successor.id
    assert db.session.get_one(EscalationCase, desk.case_id).state == "open"


def test_a_champion_who_leaves_hands_the_appointment_on(council, keeper):
    by = actor(council.assurance_person)
    with transaction():
        champions.appoint(council.champion_person, council.team, days=Span(DAY - timedelta(days=9)), by=by, at=NOON)
    next_one = a_person()
    answers = {
        key: Answer("successor", next_one) if key.startswith("champion") else VACANT
        for key in answers_for(council.champion_person)
    }
    leave(keeper, council.champion_person, answers=answers)
    assert [(grant.role, grant.unit_path) for grant in actor(next_one).grants] == [(Role.CHAMPION, council.team.path)]
