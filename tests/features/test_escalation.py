"""Escalations as they live: raised, answered, moved up by time, and never lost."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from riskapp.domain.appetite import Position
from riskapp.domain.audit import Event
from riskapp.domain.escalation import Trigger
from riskapp.domain.escalation_states import CannotAcknowledge, CannotMoveDesk, CaseState, Decision, DeskState
from riskapp.domain.permissions import THE_CLOCK, Permission, may
from riskapp.features.audit import service as audit
from riskapp.features.escalation import queries, service
from riskapp.features.policy import queries as policies
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Entity, Link, new_entity
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Absence, Tenure
from riskapp.models.reminders import Message, Occurrence
from tests.builders import DAY, NOON, ACouncil, a_holder, a_person, actor, seat

MOMENT = {"at": NOON, "on": DAY}


@pytest.fixture
def council(app):
    return ACouncil()


def a_subject(name="Voids take too long to let"):
    return new_entity(db.session(), "risk", name)


def facts(score, *, position="within", category="financial"):
    policy = policies.in_force(on=DAY).policy
    cell = min((cell for cell in policy.scoring.matrix.values() if cell.score >= score), key=lambda cell: cell.score)
    rating = policy.scoring.rating(cell.rating_key)
    return Trigger(score, rating, Position.of(position), category)


def considered(council, subject, score, *, owner=None, by=None, at=NOON, on=DAY, **changes):
    with transaction():
        service.consider(
            subject.id,
            unit_id=council.team.id,
            owner_post_id=(owner or council.manager).id,
            facts=facts(score, **changes),
            by=by or actor(council.champion_person),
            at=at,
            on=on,
        )
    return db.session.scalars(
        select(EscalationCase).where(EscalationCase.subject_id == subject.id).order_by(EscalationCase.id.desc())
    ).first()


def raised(council, score=12, **changes):
    with transaction():
        subject = a_subject()
    return considered(council, subject, score, **changes)


def desk_of(case):
    return queries.live_desk(case_id=case.id)


def mailed(person, rule=None):
    query = select(Message).join(Occurrence).where(Message.person_id == person.id)
    return db.session.scalars(query.where(Occurrence.rule.startswith(rule)) if rule else query).all()


def test_a_score_below_every_tier_raises_nothing(council):
    assert raised(council, 9) is None


def test_a_score_at_a_threshold_goes_to_the_desk_of_its_tier_and_tells_it(council):
    case = raised(council, 15)
    desk = desk_of(case)
    assert (desk.post_id, desk.person_id) == (council.director.id, council.director_person.id)
    assert (desk.state, case.clause) == (DeskState.NOTIFIED, "6.3")
    message = mailed(council.director_person)[0]
    assert f"/escalations/{ref(case)}" in message.text
    assert "policy 6.3" in message.text


def ref(case):
    return db.session.get_one(Entity, case.id).reference


def test_a_vacant_post_goes_to_its_deputy(council):
    with transaction():
        away(council.lead_person)
        deputy = a_person()
        seat(deputy, council.lead, "deputy")
    desk = desk_of(raised(council, 12))
    assert (desk.person_id, desk.capacity) == (deputy.id, "deputy")


def away(person):
    db.session.add(Absence(person_id=person.id, from_on=date(2026, 11, 1), to_on=date(2027, 3, 1)))


def test_a_vacant_post_without_a_deputy_is_passed_over_and_the_desk_says_so(council):
    with transaction():
        away(council.lead_person)
    desk = desk_of(raised(council, 12))
    assert desk.post_id == council.director.id
    assert desk.skipped == ["Service Lead, Housing Repairs is away and has no deputy."]


def test_where_nobody_can_take_it_the_case_stays_open_and_the_head_of_assurance_is_told_once(council):
    with transaction():
        for person in (council.lead_person, council.director_person, council.chief_person):
            away(person)
    case = raised(council, 12)
    assert (case.state, desk_of(case)) == (CaseState.OPEN, None)
    assert queries.stranded_cases() == (case,)
    with transaction():
        assert not service.land_stranded((case,), by=THE_CLOCK, **MOMENT)
    assert len(mailed(council.assurance_person)) == 1


def test_a_stranded_case_lands_as_soon_as_somebody_is_there(council):
    with transaction():
        for person in (council.lead_person, council.director_person, council.chief_person):
            away(person)
    case = raised(council, 12)
    with transaction():
        seat(a_person(), council.lead, "deputy")
        assert service.land_stranded((case,), by=THE_CLOCK, **MOMENT)
    assert desk_of(case).post_id == council.lead.id


def test_a_second_trigger_joins_the_live_case(council):
    case = raised(council, 12)
    again = considered_again(council, case, 11)
    assert again.id == case.id
    assert db.session.scalar(select(func.count(EscalationDesk.id))) == 1
    assert again.facts["was"] == 12


def considered_again(council, case, score, **changes):
    return considered(council, db.session.get_one(Entity, case.subject_id), score, **changes)


def test_a_higher_score_moves_a_live_case_up(council):
    case = raised(council, 12)
    considered_again(council, case, 16)
    assert desk_of(case).post_id == council.director.id
    assert [desk.state for desk in desks(case)] == ["passed_on", "notified"]


def desks(case):
    return db.session.scalars(
        select(EscalationDesk).where(EscalationDesk.case_id == case.id).order_by(EscalationDesk.id)
    ).all()


def test_a_score_that_falls_below_every_tier_withdraws_the_case_and_tells_its_desk(council):
    case = raised(council, 12)
    considered_again(council, case, 4)
    assert (case.state, desk_of(case)) == (CaseState.WITHDRAWN, None)
    assert mailed(council.lead_person, "withdrawn")


def test_what_was_decided_is_not_raised_again_by_the_same_score_but_by_a_higher_tier(council):
    case = decided(council)
    assert considered_again(council, case, 12).id == case.id
    higher = considered_again(council, case, 16)
    assert higher.id != case.id
    assert case.state == CaseState.STOOD_DOWN


def decided(council, decision=Decision.SUPPORT):
    case = raised(council, 12)
    by = actor(council.lead_person)
    with transaction():
        service.acknowledge(case.id, by=by, **MOMENT)
        service.accept(case.id, decision=decision, note="The plan is enough.", by=by, **MOMENT)
    return case


def test_acknowledging_starts_the_time_to_decide(council):
    case = raised(council, 12)
    with transaction():
        service.acknowledge(case.id, by=actor(council.lead_person), **MOMENT)
    desk = desk_of(case)
    assert desk.state == DeskState.ACKNOWLEDGED
    assert desk.due_at == datetime(2026, 12, 4, 12, tzinfo=UTC)  # 24 working hours, three days of eight


def test_acknowledging_twice_is_refused_in_words(council):
    case = raised(council, 12)
    by = actor(council.lead_person)
    with transaction():
        service.acknowledge(case.id, by=by, **MOMENT)
    with pytest.raises(CannotAcknowledge, match="acknowledged already"), transaction():
        service.acknowledge(case.id, by=by, **MOMENT)


def test_nobody_answers_for_a_desk_that_is_not_theirs(council):
    case = raised(council, 12)
    with pytest.raises(service.CannotAnswer, match="is with Service Lead"), transaction():
        service.acknowledge(case.id, by=actor(council.director_person), **MOMENT)


def test_nobody_answers_an_escalation_of_a_risk_they_own(council):
    case = raised(council, 12, owner=council.lead)
    assert desk_of(case).post_id == council.director.id
    with transaction():
        seat(council.director_person, council.lead, "acting")
        away(council.lead_person)
    with pytest.raises(service.CannotAnswer, match="You own this risk"), transaction():
        service.acknowledge(case.id, by=actor(council.director_person), **MOMENT)


@pytest.mark.parametrize(
    ("deed", "field"),
    [("return_with_advice", "advice"), ("pass_on", "why")],
)
def test_returning_and_passing_on_need_a_reason(council, deed, field):
    case = raised(council, 12)
    with pytest.raises(service.CannotAnswer) as refusal, transaction():
        getattr(service, deed)(case.id, **{field: "  "}, by=actor(council.lead_person), **MOMENT)
    assert refusal.value.refusals[0].field == field
    assert desk_of(case).state == DeskState.NOTIFIED


def test_returning_ends_the_case_and_tells_the_owner(council):
    case = raised(council, 12)
    with transaction():
        service.return_with_advice(case.id, advice="Ask the contractor.", by=actor(council.lead_person), **MOMENT)
    assert (case.state, desk_of(case)) == (CaseState.RETURNED, None)
    assert mailed(council.manager_person, "escalation_returned")


def test_passing_on_gives_it_to_the_next_post_up(council):
    case = raised(council, 12)
    with transaction():
        service.pass_on(case.id, why="It needs money.", by=actor(council.lead_person), **MOMENT)
    assert desk_of(case).post_id == council.director.id
    assert mailed(council.director_person, "escalation_raised")


def test_passing_on_from_the_top_is_refused_in_words(council):
    case = raised(council, 20)
    with pytest.raises(service.CannotPassOn, match="top of the route"), transaction():
        service.pass_on(case.id, why="It needs money.", by=actor(council.chief_person), **MOMENT)


def test_a_decision_needs_an_acknowledgement_first(council):
    case = raised(council, 12)
    with pytest.raises(CannotMoveDesk, match="Acknowledge"), transaction():
        service.accept(case.id, decision=Decision.SUPPORT, note="Enough.", by=actor(council.lead_person), **MOMENT)


def test_taking_on_moves_ownership_by_the_function_of_its_kind(council, monkeypatch):
    moved = []
    monkeypatch.setitem(service.OWNERSHIP_MOVES, "risk", lambda subject_id, **told: moved.append((subject_id, told)))
    case = decided(council, Decision.TAKE_ON)
    assert moved[0][0] == case.subject_id
    assert moved[0][1]["to_post_id"] == council.lead.id
    assert case.owner_post_id == council.lead.id


def test_no_other_decision_moves_ownership(council, monkeypatch):
    moved = []
    monkeypatch.setitem(service.OWNERSHIP_MOVES, "risk", lambda *_, **__: moved.append(1))
    case = decided(council, Decision.RESOURCES)
    assert (moved, case.owner_post_id) == ([], council.manager.id)


def test_what_cannot_change_its_owner_cannot_be_taken_on(council, monkeypatch):
    monkeypatch.delitem(service.OWNERSHIP_MOVES, "risk", raising=False)
    case = raised(council, 12)
    by = actor(council.lead_person)
    with transaction():
        service.acknowledge(case.id, by=by, **MOMENT)
    with pytest.raises(service.CannotAnswer, match="cannot change its owner"), transaction():
        service.accept(case.id, decision=Decision.TAKE_ON, note="Mine.", by=by, **MOMENT)
    assert desk_of(case).state == DeskState.ACKNOWLEDGED


def test_time_that_runs_out_moves_it_up_and_tells_both(council):
    case = raised(council, 12)
    late = desk_of(case).due_at
    with transaction():
        assert service.expire((desk_of(case),), by=THE_CLOCK, at=late, on=DAY + timedelta(days=1))
    assert desk_of(case).post_id == council.director.id
    assert mailed(council.lead_person, "escalation_expired")
    assert mailed(council.director_person, "escalation_raised")


def test_nothing_expires_before_its_time(council):
    case = raised(council, 12)
    with transaction():
        assert not service.expire(
            (desk_of(case),), by=THE_CLOCK, at=desk_of(case).due_at - timedelta(seconds=1), on=DAY
        )


def test_at_the_top_it_stays_and_the_head_of_assurance_is_told_once(council):
    case = raised(council, 20)
    late = desk_of(case).due_at
    for minutes in (0, 1):
        with transaction():
            happened = service.expire(
                (desk_of(case),), by=THE_CLOCK, at=late + timedelta(minutes=minutes), on=DAY + timedelta(days=2)
            )
        assert happened == (minutes == 0)
    assert desk_of(case).post_id == council.chief.id
    assert len(mailed(council.assurance_person)) == 1


def test_half_of_the_time_gone_reminds_once(council):
    case = raised(council, 12)
    half = NOON + timedelta(hours=4)
    for at, told in ((half - timedelta(minutes=1), False), (half, True), (half + timedelta(minutes=1), False)):
        with transaction():
            assert service.remind_at_half_time((desk_of(case),), at=at, on=DAY) == told
    assert len(mailed(council.lead_person, "escalation_half_time")) == 1


def test_a_person_raises_it_by_hand_to_at_least_one_tier_up(council):
    with transaction():
        subject = a_subject()
        case = by_hand(council, subject, actor(council.champion_person))
    assert desk_of(case).post_id == council.lead.id
    with pytest.raises(service.CannotRaise, match="is with Service Lead"), transaction():
        by_hand(council, subject, actor(council.champion_person))


def by_hand(council, subject, by, reason="The contractor has stopped work."):
    return service.raise_by_hand(
        subject.id,
        unit_id=council.team.id,
        owner_post_id=council.manager.id,
        facts=facts(6),
        reason=reason,
        by=by,
        **MOMENT,
    )


def test_raising_by_hand_needs_a_reason_and_a_falling_score_leaves_it_alone(council):
    with transaction():
        subject = a_subject()
    with pytest.raises(service.CannotRaise, match="Say why"), transaction():
        by_hand(council, subject, actor(council.champion_person), reason=" ")
    with transaction():
        case = by_hand(council, subject, actor(council.champion_person))
    considered_again(council, case, 4)
    assert case.state == CaseState.OPEN


def test_a_withdrawal_needs_a_reason_and_closing_the_subject_needs_none_of_its_own(council):
    case = raised(council, 12)
    with pytest.raises(service.CannotWithdraw), transaction():
        service.withdraw(case.id, why="", by=actor(council.assurance_person), **MOMENT)
    with transaction():
        service.stand_down(case.subject_id, why="The risk was closed.", by=actor(council.manager_person), at=NOON)
    assert case.state == CaseState.WITHDRAWN


def test_the_database_refuses_a_second_live_desk_on_a_branch(council):
    case = raised(council, 12)
    with pytest.raises(IntegrityError):
        db.session.execute(
            EscalationDesk.__table__.insert().values(
                case_id=case.id,
                branch="line",
                tier="director",
                clause="6.3",
                post_id=council.director.id,
                skipped=[],
                state="raised",
                arrived_at=NOON,
                due_at=NOON,
            )
        )
    db.session.rollback()


def test_the_list_holds_exactly_what_the_permission_grants(council):
    with transaction():
        officer, officer_person = a_holder(council.sibling, "officer")
    cases = [raised(council, 12), raised(council, 20), raised(council, 12, owner=officer)]
    people = [officer_person, *(person for name, person in vars(council).items() if name.endswith("_person"))]
    for person in people:
        by = actor(person)
        shown = {row.reference for row in queries.cases(by, queries.Wanted(state="all"), **MOMENT)[0]}
        allowed = {
            view.row.reference
            for view in (queries.case(by, ref(case), **MOMENT) for case in cases)
            if may(by, Permission.ESCALATION_READ, view.facts)
        }
        assert shown == allowed, person.email


def test_the_list_sorts_filters_and_counts(council):
    low, high = raised(council, 12), raised(council, 20)
    by = actor(council.assurance_person)
    rows, total = queries.cases(by, queries.Wanted(sort="-score"), **MOMENT)
    assert ([row.reference for row in rows], total) == ([ref(high), ref(low)], 2)
    assert queries.cases(by, queries.Wanted(tier="service_lead"), **MOMENT)[1] == 1
    assert queries.cases(by, queries.Wanted(text="no such words"), **MOMENT) == ((), 0)


def test_what_waits_for_a_person_is_what_my_work_shows(council):
    case = raised(council, 12)
    waiting = queries.desks_waiting(actor(council.lead_person), **MOMENT)
    assert [row.reference for row in waiting] == [ref(case)]
    assert queries.desks_waiting(actor(council.director_person), **MOMENT) == ()


def test_a_message_about_an_exempt_risk_holds_its_reference_and_no_more(council):
    with transaction():
        subject = a_subject("A settlement with a former contractor")
        db.session.add(
            Classification(entity_id=subject.id, level="exempt", from_on=date(2026, 1, 1), field_group="all")
        )
        audit.record(Event.RISK_CLASSIFIED, by=actor(council.assurance_person), at=NOON, subject_id=subject.id)
    case = considered(council, subject, 12)
    message = mailed(council.lead_person)[0]
    assert "settlement" not in message.subject + message.text + message.html
    assert ref(case) in message.text


def test_nor_does_one_about_an_action_on_an_exempt_risk(council):
    with transaction():
        risk, action = a_subject("A settlement"), new_entity(db.session(), "action", "Settle with the contractor")
        db.session.add(Link(from_id=action.id, to_id=risk.id, kind="treats"))
        db.session.add(Classification(entity_id=risk.id, level="exempt", from_on=date(2026, 1, 1), field_group="all"))
        audit.record(Event.RISK_CLASSIFIED, by=actor(council.assurance_person), at=NOON, subject_id=risk.id)
        case = by_hand(council, action, actor(council.champion_person), reason="It cannot wait")
    (message, *_) = db.session.scalars(select(Message)).all()
    assert "ettle" not in message.subject + message.text + message.html
    assert ref(case) in message.text


def test_the_proof_names_what_is_broken(council):
    with transaction():
        board, _person = a_holder(council.council, "commissioner", title="Chair, Improvement and Recovery Board")
    found = queries.proof(on=DAY)
    assert found.teams == 2
    assert any("Voids" in words for words in found.warnings) or not found.faults
    with transaction():
        for tenure in db.session.scalars(select(Tenure).where(Tenure.post_id == board.id)):
            tenure.to_on = date(2026, 11, 1)
    assert "Repairs Delivery does not reach" in " ".join(queries.proof(on=DAY).faults)


def test_the_command_proves_the_route_and_exits_with_1_when_it_is_broken(council, app):
    runner = app.test_cli_runner()
    broken = runner.invoke(args=["escalation", "check", "--on", "2026-12-01"])
    assert (broken.exit_code, "BROKEN" in broken.output) == (1, True)
    with transaction():
        a_holder(council.council, "commissioner", title="Chair, Improvement and Recovery Board")
    whole = runner.invoke(args=["escalation", "check", "--on", "2026-12-01"])
    assert (whole.exit_code, "2 teams reaches the top" in whole.output) == (0, True)
