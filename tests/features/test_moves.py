"""A risk that goes to another team: what changes with it, and what is said before."""

import re

import pytest
import time_machine
from sqlalchemy import select

from riskapp.features.risks import service as risks
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.escalation import EscalationCase
from riskapp.models.risks import RiskDuty, RiskVersion
from tests.builders import DAY, NOON, ACouncil, a_risk, actor, sign_in

NOW = {"at": NOON, "on": DAY}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


def _champions(risk):
    query = select(RiskDuty.post_id, RiskDuty.to_on).where(RiskDuty.risk_id == risk.id, RiskDuty.duty == "champion")
    return [tuple(row) for row in db.session.execute(query.order_by(RiskDuty.id))]


def _move(council, risk, unit, *, why="It is about empty homes"):
    with transaction():
        risks.move(risk, to_unit_id=unit.id, why=why, by=actor(council.lead_person), **NOW)


def test_its_history_its_owner_and_its_escalation_go_with_it(council):
    with transaction():
        risk = a_risk(council, current=(5, 5))
    case = db.session.scalars(select(EscalationCase).where(EscalationCase.subject_id == risk.id)).one()
    _move(council, risk, council.sibling)
    assert (risk.unit_id, risk.owner_post_id) == (council.sibling.id, council.manager.id)
    assert case.unit_id == council.sibling.id
    kept = select(RiskVersion.unit_id).where(RiskVersion.risk_id == risk.id).order_by(RiskVersion.version)
    assert list(db.session.scalars(kept))[-2:] == [council.team.id, council.sibling.id]


def test_the_champion_of_the_new_team_keeps_it_from_then_on(council):
    with transaction():
        risk = a_risk(council)
    _move(council, risk, council.sibling)
    assert _champions(risk) == [(council.champion.id, DAY), (council.sibling_champion.id, None)]
    words = select(RiskVersion.words).where(RiskVersion.risk_id == risk.id).order_by(RiskVersion.version.desc())
    assert db.session.scalar(words)["champion"] == council.sibling_champion.id


def test_where_no_champion_is_nobody_champions_it(council):
    with transaction():
        risk = a_risk(council)
    _move(council, risk, council.service)
    assert _champions(risk) == [(council.champion.id, DAY)]


@pytest.mark.parametrize(
    ("status", "unit", "why", "field"),
    [
        ("open", "sibling", " ", "why"),
        ("open", "team", "A reason", "unit"),
        ("open", None, "A reason", "unit"),
        ("closed", "sibling", "A reason", None),
    ],
)
def test_a_move_that_makes_no_sense_is_refused_by_its_field(council, status, unit, why, field):
    with transaction():
        risk = a_risk(council, status=status)
    to = getattr(council, unit).id if unit else 0
    with pytest.raises(risks.CannotHandOver) as refused, transaction():
        risks.move(risk, to_unit_id=to, why=why, by=actor(council.lead_person), **NOW)
    assert {reason.field for reason in refused.value.refusals} == {field}


def _typed(page, unit):
    version = re.search(r'name="version"[^>]*value="(\d+)"', page)[1]
    return {"version": version, "key": "k", "step": "check", "unit": str(unit.id), "why": "It is about empty homes"}


def test_the_page_says_what_changes_before_it_is_done(council, client):
    with transaction():
        risk = a_risk(council, current=(5, 5))
    reference = db.session.get_one(Entity, risk.id).reference
    address = f"/risks/{reference}/move"
    sign_in(client, council.lead_person)
    assert address in client.get(f"/risks/{reference}").text
    typed = _typed(client.get(address).text, council.sibling)
    check = client.post(address, data=typed).text
    assert "Its champion becomes Risk Champion, Voids." in check
    assert "Manager, Repairs Delivery still owns it" in check
    assert "An escalation goes up by" in check
    assert "Its escalation stays with Director of Housing" in check or "Its escalation stays with" in check
    assert db.session.get_one(type(risk), risk.id).unit_id == council.team.id
    means = re.search(r'name="means" value="(\w+)"', check)[1]
    assert client.post(address, data=typed | {"step": "do", "means": means}).location == f"/risks/{reference}"
    assert db.session.get_one(type(risk), risk.id).unit_id == council.sibling.id


def test_a_unit_that_one_does_not_manage_is_not_offered_and_refused(council, client):
    with transaction():
        risk = a_risk(council, owner_post_id=council.lead.id)
    address = f"/risks/{db.session.get_one(Entity, risk.id).reference}/move"
    sign_in(client, council.manager_person)
    page = client.get(address).text
    assert "Voids" not in page
    answer = client.post(address, data=_typed(page, council.sibling))
    assert answer.status_code == 422
    assert "Choose the team or unit it belongs to" in answer.text
