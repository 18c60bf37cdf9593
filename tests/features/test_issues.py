"""Issues: raised from a risk or as a surprise, gone up, briefed, closed; and what was known of them before."""

import csv
import io
import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.clock import Moment
from riskapp.domain.escalation_states import Decision
from riskapp.domain.issues import CannotKeepIssue, CannotRaiseIssue
from riskapp.domain.permissions import Permission, may
from riskapp.features.escalation import queries as escalations
from riskapp.features.escalation import service as escalation
from riskapp.features.exemption import service as exemptions
from riskapp.features.issues import jobs, queries, service
from riskapp.features.issues.service import NewIssue
from riskapp.features.life.queries import issue_readable
from riskapp.features.work import queries as work
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Entity, Link
from riskapp.models.escalation import EscalationCase
from riskapp.models.issues import Issue
from riskapp.models.people import Person
from riskapp.models.reminders import Occurrence
from tests.builders import DAY, NOON, ACouncil, a_risk, actor, an_old_risk, sign_in

NOW = {"at": NOON, "on": DAY}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


def _new(council, **changes):
    facts = {
        "title": "The contractor left",
        "what": "It handed back the keys",
        "happened_on": DAY,
        "dimension": "service",
        "impact": 4,
        "owner_post_id": council.manager.id,
    }
    return NewIssue(**(facts | changes))


def _happened(council, risk, *, may_recur=True, **changes):
    with transaction():
        return service.happened(
            risk, _new(council, **changes), may_recur=may_recur, by=actor(council.lead_person), **NOW
        )


def _surprise(council, **changes):
    unit = changes.pop("unit", council.team)
    with transaction():
        return service.surprise(
            _new(council, **changes), unit_id=unit.id, category="operations", by=actor(council.champion_person), **NOW
        )


def _ref(row):
    return db.session.get_one(Entity, row.id).reference


def _fields(refused):
    return {reason.field for reason in refused.value.refusals}


def _case(row):
    return escalations.standing_case(subject_id=row.id)


def test_a_risk_that_happened_keeps_its_history_and_stays_open_where_it_may_happen_again(council):
    with transaction():
        risk = an_old_risk(council)
    row = _happened(council, risk)
    assert (risk.status, row.status, row.risk_id, row.may_recur) == ("open", "open", risk.id, True)
    assert (row.likelihood, row.impact) == (5, 4)
    events = db.session.scalars(select(AuditEntry.event).where(AuditEntry.subject_id == risk.id)).all()
    assert Event.RISK_HAPPENED in events


def test_a_risk_that_cannot_happen_again_is_closed_with_it(council):
    with transaction():
        risk = an_old_risk(council, owner=council.manager)
    _happened(council, risk, may_recur=False)
    assert (risk.status, risk.closed_why) == (
        "closed",
        "It happened, and cannot happen again. It handed back the keys",
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"what": ""}, "what"),
        ({"happened_on": DAY + timedelta(days=1)}, "happened_on"),
        ({"dimension": "weather"}, "dimension"),
        ({"impact": 9}, "impact"),
        ({"owner_post_id": 0}, "owner"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(council, changes, field):
    with pytest.raises(CannotRaiseIssue) as refused:
        _surprise(council, **changes)
    assert _fields(refused) == {field}


def test_only_an_open_threat_becomes_an_issue(council):
    with transaction():
        risk = a_risk(council, status="draft")
    with pytest.raises(CannotRaiseIssue, match="Only an open threat"):
        _happened(council, risk)


def test_the_same_form_sent_twice_is_one_issue(council):
    with transaction():
        risk = an_old_risk(council, owner=council.manager)
    first = _happened(council, risk, may_recur=False, submission_key="k")
    assert _happened(council, risk, may_recur=False, submission_key="k").id == first.id


def test_what_was_known_on_the_day_before_is_kept_with_it(council):
    with transaction():
        risk = an_old_risk(council, level=4)
    row = _happened(council, risk)
    known = queries.issue(actor(council.lead_person), _ref(row), on=DAY)
    assert (known.registered_on, known.held_score, known.known.days_before) == (DAY - timedelta(days=90), 16, 90)
    assert known.stopped.startswith("Not yet acknowledged by ")


def test_a_risk_that_was_logged_afterwards_was_not_known(council):
    with transaction():
        risk = a_risk(council)
    row = _happened(council, risk, happened_on=DAY - timedelta(days=1))
    assert (row.registered_on, row.held_score, row.stopped_as) == (None, None, None)


def test_a_risk_that_was_closed_when_it_happened_was_on_no_register(council):
    with transaction():
        risk = an_old_risk(council, owner=council.manager)
        past = {"at": NOON - timedelta(days=20), "on": DAY - timedelta(days=20)}
        service.risks.close(risk, why="Over", by=actor(council.lead_person), **past)
        service.risks.reopen(risk, why="Back", by=actor(council.lead_person), **NOW)
    assert _happened(council, risk, happened_on=DAY - timedelta(days=10)).registered_on is None
    assert _happened(council, risk, happened_on=DAY - timedelta(days=30)).registered_on == DAY - timedelta(days=90)


def test_it_goes_up_by_the_same_route_and_whoever_takes_it_on_owns_it(council):
    row = _surprise(council, impact=3)
    case = _case(row)
    desk = escalations.live_desk(case_id=case.id)
    with transaction():
        by = actor(db.session.get_one(Person, desk.person_id))
        escalation.acknowledge(case.id, by=by, **NOW)
        escalation.accept(case.id, decision=Decision.TAKE_ON, note="I take it", by=by, **NOW)
    assert row.owner_post_id == desk.post_id


def test_a_mild_one_is_escalated_by_hand_and_stands_down_when_it_is_closed(council):
    row = _surprise(council, impact=1)
    assert _case(row) is None
    with transaction():
        service.escalate(row, reason="It is in the papers", by=actor(council.champion_person), **NOW)
        service.close(row, why="It is over", by=actor(council.lead_person), **NOW)
    states = db.session.scalars(select(EscalationCase.state).where(EscalationCase.subject_id == row.id)).all()
    assert states == ["withdrawn"]
    with pytest.raises(CannotKeepIssue, match="closed"), transaction():
        service.escalate(row, reason="Again", by=actor(council.champion_person), **NOW)


def test_members_are_briefed_before_it_is_closed_and_once(council):
    row, by = _surprise(council, impact=5), actor(council.manager_person)
    assert row.brief_by == DAY + timedelta(days=2)
    with pytest.raises(CannotKeepIssue, match="Members are still to be briefed"), transaction():
        service.close(row, why="It is over", by=by, **NOW)
    with pytest.raises(CannotKeepIssue) as refused, transaction():
        service.brief(row, whom=" ", by=by, **NOW)
    assert _fields(refused) == {"whom"}
    with transaction():
        service.brief(row, whom="The Cabinet Member for Housing, by telephone", by=by, **NOW)
        service.close(row, why="It is over", by=by, **NOW)
    assert (row.briefed_on, row.briefed_by_post_id, row.status) == (DAY, council.manager.id, "closed")


def test_its_owner_is_reminded_to_brief_members_until_it_is_done(council):
    row = _surprise(council, impact=5)
    told = []
    for days in (0, 1, 2, 3, 6):
        with transaction():
            jobs.remind_of_briefings(Moment(DAY + timedelta(days=days), NOON + timedelta(days=days)))
        told.append(len(db.session.scalars(select(Occurrence.id).where(Occurrence.rule.startswith("briefing"))).all()))
    assert told == [0, 1, 2, 3, 4]
    with transaction():
        service.brief(row, whom="The Leader, in person", by=actor(council.manager_person), **NOW)
    assert list(queries.briefings_due(by=DAY + timedelta(days=30))) == []


class TestWithheld:
    def _mark(self, council, risk):
        with transaction():
            exemptions.mark(risk.id, group="title", why="It names a firm", by=actor(council.assurance_person), **NOW)

    def _levels(self, row):
        query = select(Classification.field_group, Classification.level, Classification.reason)
        return [tuple(each) for each in db.session.execute(query.where(Classification.entity_id == row.id))]

    def test_what_is_withheld_of_the_risk_is_withheld_of_the_issue(self, council):
        with transaction():
            risk = an_old_risk(council)
        self._mark(council, risk)
        assert self._levels(_happened(council, risk)) == [("title", "exempt", None)]

    def test_a_later_mark_on_the_risk_goes_on_to_the_issue(self, council):
        with transaction():
            risk = an_old_risk(council)
        row = _happened(council, risk)
        assert queries.issue(actor(council.champion_person), _ref(row), on=DAY) is not None
        self._mark(council, risk)
        assert self._levels(row) == [("title", "exempt", None)]
        assert queries.issue(actor(council.champion_person), _ref(row), on=DAY) is None

    def test_the_list_holds_what_the_table_of_permissions_lets_each_read(self, council):
        with transaction():
            risk, beside = an_old_risk(council), an_old_risk(council, unit=council.sibling)
        rows = [_happened(council, risk), _happened(council, beside), _surprise(council, impact=1)]
        self._mark(council, beside)
        with transaction():
            service.close(rows[2], why="Over", by=actor(council.lead_person), **NOW)
        seen = 0
        for person in db.session.scalars(select(Person)):
            who = actor(person)
            listed = set(db.session.scalars(select(Issue.id).where(issue_readable(who, on=DAY))))
            everyone = actor(council.assurance_person)
            facts = {
                row.id: queries.facts(everyone, queries.issue(everyone, _ref(row), on=DAY), on=DAY) for row in rows
            }
            assert listed == {number for number, each in facts.items() if may(who, Permission.ISSUE_READ, each)}
            seen += len(listed)
        assert seen > 12


class TestPages:
    def _typed(self, council, **changes):
        typed = {"submission_key": "k", "title": "The contractor left", "what": "It handed back the keys"}
        typed |= {"happened_on-day": "1", "happened_on-month": "12", "happened_on-year": "2026", "impact": "5"}
        return typed | {"dimension": "service", "owner": str(council.manager.id)} | changes

    def test_from_the_page_of_a_risk_to_its_issue_and_back(self, council, client):
        with transaction():
            risk = an_old_risk(council)
        reference = _ref(risk)
        sign_in(client, council.champion_person)
        address = f"/risks/{reference}/happened"
        assert address in client.get(f"/risks/{reference}").text
        seen = re.search(r'name="seen"[^>]*value="(\d+)"', client.get(address).text)[1]
        typed = self._typed(council, seen=seen, may_recur="no")
        answer = client.post(address, data=typed)
        assert answer.status_code == 422
        assert "Only a manager who does not own the risk closes it" in answer.text
        answer = client.post(address, data=typed | {"may_recur": "yes"})
        assert answer.status_code == 302
        page = client.get(answer.location).text
        assert "90 days" in page
        assert "To be briefed" in page
        assert answer.location in client.get(f"/risks/{reference}").text

    def test_a_surprise_is_entered_and_found_in_the_register_and_the_log(self, council, client):
        sign_in(client, council.champion_person)
        typed = self._typed(council, unit=str(council.team.id), category="operations")
        assert client.post("/issues/new", data=typed | {"title": ""}).status_code == 422
        answer = client.post("/issues/new", data=typed)
        assert answer.status_code == 302
        assert "The contractor left" in client.get("/issues?q=contractor").text
        assert "The contractor left" not in client.get("/issues?state=closed").text
        rows = list(csv.reader(io.StringIO(client.get("/issues.csv").text)))
        assert rows[1][1:3] == ["The contractor left", "It handed back the keys"]
        log = client.get("/issues/surprises").text
        assert "No: a surprise" in log
        assert "0 of 1" in log
        rows = list(csv.reader(io.StringIO(client.get("/issues/surprises.csv").text)))
        assert rows[1][4] == "No"

    def test_the_foresight_rate_is_shown_by_year_and_directorate(self, council, client):
        with transaction():
            risk = an_old_risk(council)
        _happened(council, risk)
        _surprise(council)
        sign_in(client, council.assurance_person)
        page = client.get("/issues/surprises").text
        assert "50%" in page
        assert "1 of 2" in page
        assert "Housing" in page
        assert "The contractor left" in client.get("/issues/surprises?known=no").text

    def test_its_deeds_are_done_on_its_page_and_an_overtaken_one_is_refused(self, council, client):
        row = _surprise(council, impact=5)
        sign_in(client, council.manager_person)
        address = f"/issues/{_ref(row)}"
        assert client.post(f"{address}/brief", data={"seen": "0", "whom": "The Leader"}).status_code == 422
        assert client.post(f"{address}/brief", data={"seen": "1", "whom": ""}).status_code == 422
        assert client.post(f"{address}/brief", data={"seen": "1", "whom": "The Leader"}).status_code == 302
        assert "Members briefed" in client.get(address).text
        assert client.post(f"{address}/close", data={"seen": "2", "why": "Over"}).status_code == 404, "its owner"

    def test_the_briefing_stands_in_my_work_of_its_owner_and_is_recorded_there(self, council, client):
        row = _surprise(council, impact=5)
        assert work.counts(actor(council.manager_person), DAY).work == 1
        sign_in(client, council.manager_person)
        page = client.get("/").text
        assert "Brief Members" in page
        seen = re.search(r'name="seen" value="(\d+)"', page)[1]
        typed = {"seen": seen, "whom": "The Leader", "back": "work"}
        assert client.post(f"/issues/{_ref(row)}/brief", data=typed).location == "/"
        assert "Brief Members" not in client.get("/").text

    def test_an_action_treats_an_issue(self, council, client):
        row = _surprise(council)
        sign_in(client, council.manager_person)
        page = client.get(f"/actions/new?risk={_ref(row)}").text
        assert "The contractor left" in page
        typed = {"source": _ref(row), "submission_key": "a", "title": "Appoint another", "priority": "high"}
        typed |= {"owner": str(council.manager.id), "accountable": str(council.lead.id)}
        for name, day in (("start_on", "1"), ("due_on", "15")):
            typed |= {f"{name}-day": day, f"{name}-month": "12", f"{name}-year": "2026"}
        answer = client.post("/actions/new", data=typed)
        assert answer.status_code == 302
        assert db.session.scalars(select(Link.kind).where(Link.to_id == row.id)).all() == ["treats"]
        assert "Appoint another" in client.get(f"/issues/{_ref(row)}").text
        assert "The contractor left" in client.get(answer.location).text

    def test_an_issue_of_another_team_is_not_there(self, council, client):
        row = _surprise(council, unit=council.sibling, owner_post_id=council.director.id, impact=1)
        sign_in(client, council.manager_person)
        assert client.get(f"/issues/{_ref(row)}").status_code == 404
        assert client.get(f"/actions/new?risk={_ref(row)}").status_code == 404
