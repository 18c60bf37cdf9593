"""A risk merged into another, and one that is opened again: what happens, and what the pages say."""

import re

import pytest
import time_machine
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.life import CannotMerge
from riskapp.features.closures import service
from riskapp.features.life import queries as lives
from riskapp.features.risks import service as risks
from riskapp.models.audit import AuditEntry
from riskapp.models.closures import RiskMerger
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import EscalationCase
from riskapp.models.people import Post
from riskapp.models.risks import Review, RiskDuty, RiskVersion
from tests.builders import DAY, NOON, ACouncil, a_risk, actor, an_action, sign_in

NOW = {"at": NOON, "on": DAY}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


def _ref(risk):
    return db.session.get_one(Entity, risk.id).reference


def _two(council, **changes):
    with transaction():
        return a_risk(council, title="Repairs fall behind", **changes), a_risk(council, title="Repairs run late")


def _merge(council, one, into, *, by=None, why="Both tell of the contractor leaving"):
    with transaction():
        return service.merge(one, into=_ref(into), why=why, by=actor(by or council.lead_person), **NOW)


def _events(risk):
    return list(db.session.scalars(select(AuditEntry.event).where(AuditEntry.subject_id == risk.id)))


def _field(refused):
    return {reason.field for reason in refused.value.refusals}


def test_a_merged_risk_is_closed_and_both_histories_say_so(council):
    one, other = _two(council)
    _merge(council, one, other)
    assert (one.status, one.closed_why) == ("closed", "Both tell of the contractor leaving")
    assert other.status == "open"
    assert Event.RISK_MERGED in _events(one)
    assert Event.RISK_TOOK_OVER in _events(other)
    versions = select(RiskVersion.version).where(RiskVersion.risk_id == other.id).order_by(RiskVersion.version)
    assert list(db.session.scalars(versions)) == [1, 2, 3]


def test_live_actions_links_contributors_and_the_owner_go_over_and_nothing_twice(council):
    one, other = _two(council, owner_post_id=council.lead.id)
    with transaction():
        live, done = an_action(council, one), an_action(council, one)
        done.status = "cancelled"
        third = a_risk(council)
        an_action(council, one, source_ids=(one.id, other.id))
        db.session.add_all(
            Link(from_id=a, to_id=b, kind="worsens")
            for a, b in ((one.id, third.id), (other.id, one.id), (third.id, one.id), (third.id, other.id))
        )
        db.session.add(RiskDuty(risk_id=one.id, post_id=council.director.id, duty="contributor", from_on=DAY))
        db.session.add(RiskDuty(risk_id=one.id, post_id=council.member.id, duty="lead_member", from_on=DAY))
        service.audit.record(Event.ACTION_UPDATED, by=actor(council.champion_person), at=NOON, subject_id=done.id)
    _merge(council, one, other, by=council.director_person)
    links = db.session.execute(select(Link.from_id, Link.kind).where(Link.to_id == other.id)).all()
    assert {(each.from_id, each.kind) for each in links} >= {(live.id, "treats"), (third.id, "worsens")}
    assert (done.id, "treats") not in {tuple(each) for each in links}
    assert len(links) == len(set(links))
    out = db.session.execute(select(Link.to_id, Link.kind).where(Link.from_id == other.id)).all()
    assert {tuple(each) for each in out} == {(third.id, "worsens"), (one.id, "worsens")}
    parts = select(RiskDuty.post_id).where(RiskDuty.risk_id == other.id, RiskDuty.duty == "contributor")
    assert set(db.session.scalars(parts)) == {council.lead.id, council.director.id}


def test_a_merger_in_a_circle_is_refused_and_so_is_one_into_what_was_merged(council):
    one, other = _two(council)
    with transaction():
        third = a_risk(council)
    _merge(council, one, other)
    with pytest.raises(CannotMerge, match="circle"), transaction():
        service.merge(other, into=_ref(one), why="The same", by=actor(council.lead_person), **NOW)
    with pytest.raises(CannotMerge, match=f"Give {_ref(other)}"), transaction():
        service.merge(third, into=_ref(one), why="The same", by=actor(council.lead_person), **NOW)


def test_what_the_actor_may_not_change_is_as_good_as_not_there(council):
    with transaction():
        one = a_risk(council, owner_post_id=council.lead.id)
        beside = a_risk(council, unit_id=council.sibling.id, owner_post_id=council.director.id)
    told = set()
    for reference in (_ref(beside), "R-ZZZZZ", ""):
        with pytest.raises(CannotMerge) as refused, transaction():
            service.merge(one, into=reference, why="The same", by=actor(council.manager_person), **NOW)
        assert _field(refused) == {"into"}
        told.add(str(refused.value))
    assert len(told) == 1


def test_a_merger_without_a_reason_is_refused(council):
    one, other = _two(council)
    with pytest.raises(CannotMerge) as refused, transaction():
        service.merge(one, into=_ref(other), why="  ", by=actor(council.lead_person), **NOW)
    assert _field(refused) == {"why"}


def test_to_open_it_again_undoes_a_merger_and_then_it_can_be_merged_anew(council):
    one, other = _two(council)
    row = _merge(council, one, other)
    with transaction():
        risks.reopen(one, why="They differ after all", by=actor(council.lead_person), **NOW)
    db.session.refresh(row)
    assert (one.status, one.closed_on, one.closed_why, row.undone_on) == ("open", None, None, DAY)
    assert not lives.life(actor(council.lead_person), risk_id=one.id, on=DAY).is_merged
    _merge(council, other, one)
    assert db.session.scalar(select(RiskMerger.into_id).where(RiskMerger.undone_on.is_(None))) == one.id


def test_a_risk_opened_again_is_reviewed_and_escalated_anew(council):
    with transaction():
        risk = a_risk(council, current=(5, 5))
        risks.close(risk, why="The contract is let", by=actor(council.lead_person), **NOW)
    live = select(EscalationCase.id).where(EscalationCase.subject_id == risk.id, EscalationCase.state == "open")
    assert db.session.scalar(live) is None
    with transaction():
        risks.reopen(risk, why="The winner withdrew", by=actor(council.lead_person), **NOW)
    assert risk.next_review_on > DAY
    assert db.session.scalar(live) is not None
    last = db.session.scalars(select(Review).where(Review.risk_id == risk.id).order_by(Review.id.desc())).first()
    assert (last.outcome, last.note) == ("opened", "Opened again. The winner withdrew")


@pytest.mark.parametrize(("status", "why", "field"), [("open", "A reason", None), ("closed", " ", "why")])
def test_only_a_closed_risk_is_opened_again_and_only_with_a_reason(council, status, why, field):
    with transaction():
        risk = a_risk(council, status=status)
    with pytest.raises(risks.CannotReopen) as refused, transaction():
        risks.reopen(risk, why=why, by=actor(council.lead_person), **NOW)
    assert _field(refused) == {field}


def test_a_risk_whose_owner_has_gone_is_not_opened_again(council):
    with transaction():
        risk = a_risk(council, status="closed")
        db.session.get_one(Post, risk.owner_post_id).closed_on = DAY
    with pytest.raises(risks.CannotReopen, match="owner’s post has been closed"), transaction():
        risks.reopen(risk, why="It is back", by=actor(council.lead_person), **NOW)


def test_the_page_of_each_tells_of_the_other_to_who_may_read_it(council, client, app):
    one, other = _two(council)
    _merge(council, one, other)
    sign_in(client, council.manager_person)
    merged = client.get(f"/risks/{_ref(one)}").text
    assert "Merged into" in merged
    assert f'href="/risks/{_ref(other)}">Repairs run late</a>' in merged
    assert "Open it again" not in merged, "its owner does not open it again"
    took = client.get(f"/risks/{_ref(other)}").text
    assert f'href="/risks/{_ref(one)}">Repairs fall behind</a><small>Merged into this one' in took


def test_who_may_not_read_the_other_is_told_no_more_than_that_it_was_merged(council, client):
    with transaction():
        one = a_risk(council, unit_id=council.sibling.id, owner_post_id=council.manager.id)
        other = a_risk(council, owner_post_id=council.director.id, title="A secret name")
    _merge(council, one, other, by=council.lead_person)
    sign_in(client, council.sibling_champion_person)
    page = client.get(f"/risks/{_ref(one)}").text
    assert "into a risk that you may not read" in page
    assert "A secret name" not in page


def test_the_life_of_a_risk_is_one_query_and_its_page_one_more(council, count_queries):
    one, other = _two(council)
    _merge(council, one, other)
    by = actor(council.lead_person)
    assert count_queries(lambda: lives.life(by, risk_id=other.id, on=DAY)) == 1


class TestPages:
    def test_a_merger_is_checked_before_it_is_done(self, council, client):
        one, other = _two(council)
        with transaction():
            an_action(council, one)
        sign_in(client, council.lead_person)
        address = f"/risks/{_ref(one)}/merge"
        page = client.get(address).text
        typed = {"version": re.search(r'name="version"[^>]*value="(\d+)"', page)[1], "key": "k", "step": "check"}
        typed |= {"into": _ref(other).lower(), "why": "The same contractor"}
        check = client.post(address, data=typed).text
        assert "1 live action will treat" in check
        assert "Repairs run late" in check
        assert db.session.scalar(select(RiskMerger.id)) is None
        means = re.search(r'name="means" value="(\w+)"', check)[1]
        answer = client.post(address, data=typed | {"step": "do", "means": means})
        assert answer.location == f"/risks/{_ref(one)}"
        assert db.session.scalar(select(RiskMerger.into_id)) == other.id

    def test_what_is_wrong_is_said_at_its_field(self, council, client):
        one, _other = _two(council)
        sign_in(client, council.lead_person)
        typed = {"version": str(one.version), "key": "k", "step": "check", "into": _ref(one), "why": ""}
        answer = client.post(f"/risks/{_ref(one)}/merge", data=typed)
        assert answer.status_code == 422
        assert "Say how they are the same" in answer.text
        answer = client.post(f"/risks/{_ref(one)}/merge", data=typed | {"why": "The same"})
        assert "That is this risk itself" in answer.text

    def test_it_is_opened_again_on_its_page_with_a_reason(self, council, client):
        with transaction():
            risk = a_risk(council, status="closed")
        sign_in(client, council.lead_person)
        address = f"/risks/{_ref(risk)}/reopen"
        assert "Open it again" in client.get(f"/risks/{_ref(risk)}").text
        seen = re.search(r'name="seen"[^>]*value="(\d+)"', client.get(address).text)[1]
        assert client.post(address, data={"seen": seen, "why": ""}).status_code == 422
        assert "Somebody else changed" in client.post(address, data={"seen": "1", "why": "It is back"}).text
        assert client.post(address, data={"seen": seen, "why": "It is back"}).status_code == 302
        assert db.session.get_one(type(risk), risk.id).status == "open"
