"""Roles by two people, things opened by name, and emergencies: what the services keep, tell and record."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from riskapp.domain.access import CannotAgree, CannotBreakGlass, CannotLetIn, CannotPropose
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Clearance, Facts, Grant, Permission, Role, may
from riskapp.features.access import queries, service
from riskapp.features.access.service import NewNamedGrant, NewRole
from riskapp.features.policy import queries as policies
from riskapp.models.access import BrokenGlass, NamedGrant, RoleProposal
from riskapp.models.audit import AuditEntry, AuditPayload
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Entity
from riskapp.models.people import RoleAssignment
from riskapp.models.reminders import Message
from tests.builders import DAY, NOON, ACouncil, a_person, a_risk, a_role, actor

WHEN = {"at": NOON, "on": DAY}


class AnAccessCouncil(ACouncil):
    """A council with a proper officer, an internal auditor and somebody who has no role."""

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            self.proper_person, self.auditor_person, self.newcomer = a_person(), a_person(), a_person()
            a_role(self.proper_person, Role.PROPER_OFFICER, self.council)
            a_role(self.auditor_person, Role.AUDITOR, self.council)
        self.administrator_actor = actor(self.administrator_person)
        self.head = actor(self.assurance_person)
        self.proper = actor(self.proper_person)

    def new_role(self, role=Role.CHAMPION, **changes) -> NewRole:
        facts = {
            "email": self.newcomer.email, "role": role, "unit_id": self.team.id, "clearance": None,
            "from_on": DAY, "to_on": None, "reason": "The team has no champion",
        }  # fmt: skip
        return NewRole(**(facts | changes))

    def proposed(self, **changes) -> RoleProposal:
        with transaction():
            return service.propose(self.new_role(**changes), by=self.administrator_actor, **WHEN)

    def given(self, **changes) -> RoleAssignment:
        proposal = self.proposed(**changes)
        with transaction():
            return service.agree(proposal.id, by=self.head, **WHEN)

    def classified(self, risk, level="exempt"):
        with transaction():
            row = Classification(entity_id=risk.id, field_group="all", level=level, from_on=DAY, paragraphs="3")
            db.session.add(row)
            service.audit.record(Event.RISK_CLASSIFIED, by=self.proper, at=NOON, subject_id=risk.id)
        return risk

    def opened(self, thing_id, clearance=Clearance.ORDINARY, by=None, **changes) -> NamedGrant:
        facts = {
            "email": self.newcomer.email, "reference": reference_of(thing_id), "clearance": clearance,
            "from_on": DAY, "to_on": DAY + timedelta(days=30), "reason": "For the review",
        }  # fmt: skip
        with transaction():
            return service.let_in(NewNamedGrant(**(facts | changes)), by=by or self.proper, **WHEN)


def reference_of(entity_id: int) -> str:
    return db.session.get_one(Entity, entity_id).reference


def events() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.event).order_by(AuditEntry.id)))


@pytest.fixture
def council(app):
    return AnAccessCouncil()


@pytest.fixture
def risk(council):
    with transaction():
        return a_risk(council)


# ---- roles
def test_a_role_counts_once_another_has_agreed_and_both_are_kept(council):
    proposal = council.proposed()
    assert not actor(council.newcomer).has_role(Role.CHAMPION)
    with transaction():
        given = service.agree(proposal.id, why="They know the team", by=council.head, **WHEN)
    assert actor(council.newcomer).grants == (Grant(Role.CHAMPION, council.team.path),)
    assert (given.granted_by_id, given.agreed_by_id) == (council.administrator_person.id, council.assurance_person.id)
    assert events()[-2:] == [Event.ROLE_PROPOSED, Event.ROLE_GRANTED]


def test_a_clearance_comes_with_the_role_it_was_agreed_with(council):
    proposal = council.proposed(clearance=Clearance.EXEMPT)
    with pytest.raises(CannotAgree, match="Proper officer agrees to it"), transaction():
        service.agree(proposal.id, by=council.head, **WHEN)
    with transaction():
        service.agree(proposal.id, by=council.proper, **WHEN)
    assert actor(council.newcomer).grants == (Grant(Role.CHAMPION, council.team.path, Clearance.EXEMPT),)


def test_a_proposal_is_decided_once(council):
    proposal = council.proposed()
    with transaction():
        service.refuse(proposal.id, why="They leave soon", by=council.head, at=NOON)
    with pytest.raises(CannotAgree, match="decided already"), transaction():
        service.agree(proposal.id, by=council.head, **WHEN)
    assert not actor(council.newcomer).grants
    assert events()[-1] == Event.ROLE_REFUSED


def test_only_who_proposed_it_withdraws_it_and_who_proposed_it_does_not_refuse_it(council):
    proposal = council.proposed()
    with pytest.raises(CannotPropose), transaction():
        service.withdraw(proposal.id, by=council.head, at=NOON)
    with pytest.raises(CannotAgree), transaction():
        service.refuse(proposal.id, why="No", by=council.administrator_actor, at=NOON)
    with transaction():
        service.withdraw(proposal.id, by=council.administrator_actor, at=NOON)
    assert events()[-1] == Event.ROLE_WITHDRAWN


def test_a_form_sent_twice_is_one_proposal_and_another_like_it_is_refused(council):
    first = council.proposed()
    assert council.proposed().id == first.id
    with pytest.raises(CannotPropose, match="proposed already"):
        council.proposed(from_on=DAY + timedelta(days=1))
    assert db.session.scalar(select(func.count(RoleProposal.id))) == 1


def test_an_overlapping_role_is_refused_when_it_is_proposed(council):
    council.given()
    with pytest.raises(CannotPropose, match="They have this role over this unit"):
        council.proposed(from_on=DAY + timedelta(days=5))


def test_an_account_that_is_closed_gets_no_role(council):
    with transaction():
        db.session.get_one(type(council.newcomer), council.newcomer.id).is_active = False
    with pytest.raises(CannotPropose, match="No account that is open"):
        council.proposed()


def test_a_role_that_waited_begins_on_the_day_it_is_agreed_to(council):
    proposal = council.proposed()
    with transaction():
        given = service.agree(proposal.id, by=council.head, at=NOON, on=DAY + timedelta(days=3))
    assert given.from_on == DAY + timedelta(days=3)


def test_a_role_that_is_ended_counts_no_more_that_day_and_counted_before(council):
    held = council.given()
    later = DAY + timedelta(days=9)
    with transaction():
        end = service.propose_end(held.id, reason="Moved", by=council.administrator_actor, at=NOON, on=later)
    assert actor(council.newcomer, on=later).has_role(Role.CHAMPION)
    with transaction():
        service.agree(end.id, by=council.head, at=NOON, on=later)
    assert not actor(council.newcomer, on=later).has_role(Role.CHAMPION)
    assert actor(council.newcomer, on=later - timedelta(days=1)).has_role(Role.CHAMPION)
    assert (held.ended_by_id, held.ended_why) == (council.assurance_person.id, "Moved")
    assert events()[-1] == Event.ROLE_ENDED


def test_a_role_given_and_ended_on_one_day_counts_on_none(council):
    held = council.given()
    with transaction():
        end = service.propose_end(held.id, reason="A mistake", by=council.administrator_actor, **WHEN)
        service.agree(end.id, by=council.head, **WHEN)
    assert not actor(council.newcomer).grants
    with pytest.raises(CannotPropose, match="ended already"), transaction():
        service.propose_end(held.id, reason="Again", by=council.administrator_actor, **WHEN)


def test_an_administrator_who_loses_the_role_loses_the_emergency_with_it(council):
    glass = broken(council)
    held = db.session.scalars(
        select(RoleAssignment).where(RoleAssignment.person_id == council.administrator_person.id)
    ).one()
    with transaction():
        end = service.propose_end(held.id, reason="Left", by=council.administrator_actor, **WHEN)
        service.agree(end.id, by=actor(a_second_head(council)), **WHEN)
    assert glass.ended_at == NOON
    assert not actor(council.administrator_person, at=NOON).grants


def a_second_head(council):
    person = a_person()
    a_role(person, Role.HEAD_OF_ASSURANCE, council.council)
    return person


def test_a_policy_kept_from_before_the_chapter_gives_roles_but_opens_nothing(council, risk, monkeypatch):
    version = policies.in_force(on=DAY)
    older = object.__new__(type(version.policy))
    for name in type(version.policy).__slots__:
        object.__setattr__(older, name, None if name == "access" else getattr(version.policy, name))
    monkeypatch.setitem(
        db.session.info[policies.KNOWN], DAY, type(version)(version.version_id, "3", version.in_force_from, older)
    )
    assert council.given()
    with pytest.raises(CannotLetIn, match="no chapter on access"):
        council.opened(risk.id)


# ---- things opened by name
def test_a_thing_opened_by_name_is_read_until_its_last_day(council, risk):
    grant = council.opened(risk.id)
    facts = Facts(entity_id=risk.id, unit_path=council.team.path)
    assert actor(council.newcomer).named == {risk.id: Clearance.ORDINARY}
    assert may(actor(council.newcomer, on=grant.to_on), Permission.RISK_READ, facts)
    assert not may(actor(council.newcomer, on=grant.to_on + timedelta(days=1)), Permission.RISK_READ, facts)
    assert not actor(council.newcomer, on=DAY - timedelta(days=1)).named
    assert events()[-1] == Event.NAMED_GRANT_GIVEN


def test_what_is_exempt_opens_with_the_clearance_that_the_proper_officer_gives(council, risk):
    council.classified(risk)
    with pytest.raises(CannotLetIn, match="proper officer alone"):
        council.opened(risk.id, Clearance.EXEMPT, by=council.head)
    council.opened(risk.id, Clearance.EXEMPT)
    assert actor(council.newcomer).named == {risk.id: Clearance.EXEMPT}


def test_one_form_sent_twice_opens_once_and_another_for_the_same_days_is_refused(council, risk):
    assert council.opened(risk.id).id == council.opened(risk.id).id
    with pytest.raises(CannotLetIn, match="End that first"):
        council.opened(risk.id, to_on=DAY + timedelta(days=3))


def test_what_is_ended_is_closed_at_once_and_can_be_opened_anew(council, risk):
    grant = council.opened(risk.id)
    with transaction():
        service.end_named_grant(grant.id, why="Done", by=council.head, at=NOON)
    assert not actor(council.newcomer).named
    assert events()[-1] == Event.NAMED_GRANT_ENDED
    assert council.opened(risk.id).id != grant.id


def test_a_reference_of_nothing_and_of_a_kind_that_is_not_opened_are_refused_alike(council):
    said = []
    for reference in ("R-22222", reference_of(council.team.id)):
        with pytest.raises(CannotLetIn) as refused:
            council.opened(council.team.id, reference=reference)
        said.append(refused.value.refusals)
    assert said[0] == said[1]


def test_a_grant_on_what_may_not_even_be_told_of_is_listed_to_whom_it_may_be_told(council, risk):
    council.opened(council.classified(risk, "withheld").id, Clearance.EXISTENCE_WITHHELD)
    listed = {
        name: len(queries.named_grants(each, on=DAY))
        for name, each in (("administrator", council.administrator_actor), ("head", council.head))
    }
    assert listed == {"administrator": 0, "head": 1}


# ---- emergencies
def asked(council) -> BrokenGlass:
    with transaction():
        return service.ask_in_emergency(reason="The quaggamire is lost", by=council.administrator_actor, **WHEN)


def broken(council) -> BrokenGlass:
    made = asked(council)
    with transaction():
        return service.agree_to_emergency(made.id, by=council.head, **WHEN)


def test_an_emergency_opens_everything_once_another_agreed_and_runs_out_by_the_minute(council):
    made = asked(council)
    everything = Grant(Role.BROKEN_GLASS, "/")
    assert everything not in actor(council.administrator_person, at=NOON).grants
    with pytest.raises(CannotBreakGlass), transaction():
        service.agree_to_emergency(made.id, by=council.administrator_actor, **WHEN)
    with transaction():
        service.agree_to_emergency(made.id, by=council.head, **WHEN)
    last = NOON + timedelta(hours=4)
    assert everything in actor(council.administrator_person, at=NOON).grants
    assert everything in actor(council.administrator_person, at=last - timedelta(seconds=1)).grants
    assert everything not in actor(council.administrator_person, at=last).grants
    assert everything not in actor(council.administrator_person).grants


def test_those_who_watch_over_it_are_told_at_once_and_the_mail_keeps_the_reason_to_itself(council):
    broken(council)
    mails = db.session.scalars(select(Message).order_by(Message.id)).all()
    watching = {council.assurance_person.email, council.auditor_person.email}
    assert [{mail.address for mail in mails[:2]}, {mail.address for mail in mails[2:]}] == [watching, watching]
    assert mails[0].subject.startswith("An administrator asks to read everything in an emergency")
    assert mails[2].subject.startswith("An administrator may read everything until 16:00 on 1 December")
    assert not [mail for mail in mails if "quaggamire" in mail.subject + mail.text + mail.html]


def test_nothing_is_told_of_what_was_taken_back_with_its_transaction(council):
    with pytest.raises(RuntimeError), transaction():
        service.ask_in_emergency(reason="Lost", by=council.administrator_actor, **WHEN)
        raise RuntimeError
    assert db.session.scalar(select(func.count(Message.id))) == 0


def test_an_emergency_is_asked_for_once_and_again_when_nobody_answered(council):
    made = asked(council)
    assert asked(council).id == made.id
    later = NOON + timedelta(hours=5)
    with pytest.raises(CannotBreakGlass, match="must ask again"), transaction():
        service.agree_to_emergency(made.id, by=council.head, at=later, on=DAY)
    with transaction():
        again = service.ask_in_emergency(reason="Still", by=council.administrator_actor, at=later, on=DAY)
    assert again.id != made.id
    assert made.ended_at == later


def test_an_emergency_is_ended_early_or_refused(council):
    glass = broken(council)
    with pytest.raises(CannotBreakGlass, match="may read everything already"):
        asked(council)
    with transaction():
        service.end_emergency(glass.id, by=council.administrator_actor, at=NOON + timedelta(hours=1))
    assert not actor(council.administrator_person, at=NOON + timedelta(hours=1)).has_role(Role.BROKEN_GLASS)
    second = asked(council)
    with transaction():
        service.refuse_emergency(second.id, by=council.head, at=NOON)
    with pytest.raises(CannotBreakGlass, match="decided already"), transaction():
        service.agree_to_emergency(second.id, by=council.head, **WHEN)
    states = [row.state for row in queries.emergencies(council.head, at=NOON, on=DAY)]
    assert states == ["over", "refused"]
    assert events().count(Event.GLASS_ASKED) == 2
    assert events()[-1] == Event.GLASS_REFUSED


def test_what_is_read_in_an_emergency_is_recorded_with_its_thing(council, risk):
    with transaction():
        reference = reference_of(risk.id)
        service.record_reading(
            page="risks.risk", reference=reference, status=200, by=council.administrator_actor, at=NOON
        )
    entry, payload = db.session.execute(
        select(AuditEntry, AuditPayload)
        .join(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .where(AuditEntry.event == Event.GLASS_READ)
    ).one()
    assert entry.subject_id == risk.id
    assert payload.content["after"] == {"page": "risks.risk", "reference": reference, "status": 200}


def test_what_waits_for_a_person_is_counted_without_their_own(council):
    council.proposed()
    asked(council)
    assert db.session.scalar(select(queries.waiting_counted(council.head))) == 2
    assert db.session.scalar(select(queries.waiting_counted(council.administrator_actor))) == 0


def test_roles_names_and_emergencies_cost_no_query_more_than_roles_alone(council, risk, count_queries):
    council.opened(risk.id)
    broken(council)
    plain = count_queries(lambda: actor(council.administrator_person))
    assert count_queries(lambda: actor(council.administrator_person, at=NOON)) == plain
