"""Near misses: told in three questions without a name, and what is made of them."""

import csv
import io
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Facts, Permission, may
from riskapp.features.near_misses import queries, service
from riskapp.features.near_misses.service import NewNearMiss
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.near_misses import NearMiss
from riskapp.models.people import Person, Unit
from riskapp.models.risks import Risk
from tests.builders import DAY, NOON, ACouncil, a_person, a_risk, actor, sign_in
from tests.features.test_risk_pages import _typed

NOW = {"at": NOON, "on": DAY}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


def _new(council, key="k1", **changes):
    facts = {"what": "A ladder fell", "stopped_by": "Luck", "unit_id": council.team.id, "happened_on": DAY} | changes
    return NewNearMiss(key, **facts)


def _tell(council, person=None, **changes):
    with transaction():
        return service.tell(_new(council, **changes), by=actor(person or council.member_person), **NOW)


def _ref(risk):
    return db.session.get_one(Entity, risk.id).reference


def _fields(refused):
    return {reason.field for reason in refused.value.refusals}


def test_a_near_miss_holds_no_name_and_its_entry_is_about_no_unit_and_no_risk(council):
    with transaction():
        risk = a_risk(council)
    row = _tell(council, council.manager_person, risk=_ref(risk).lower())
    assert not [name for name in NearMiss.__table__.columns.keys() if "by_" in name or "person" in name]  # noqa: SIM118
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.NEAR_MISS_TOLD)).one()
    assert entry.subject_id is None
    assert (row.state, row.risk_id) == ("linked", risk.id)


def test_the_same_form_sent_twice_is_one_near_miss(council):
    assert _tell(council).id == _tell(council).id


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"what": " "}, "what"),
        ({"stopped_by": ""}, "stopped_by"),
        ({"unit_id": 0}, "unit"),
        ({"happened_on": DAY + timedelta(days=1)}, "happened_on"),
        ({"risk": "R-ZZZZZ"}, "risk"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(council, changes, field):
    with pytest.raises(service.CannotTell) as refused, transaction():
        service.tell(_new(council, **changes), by=actor(council.member_person), **NOW)
    assert _fields(refused) == {field}


def test_a_risk_that_one_may_not_read_is_as_good_as_not_there(council):
    with transaction():
        risk = a_risk(council, unit_id=council.sibling.id, owner_post_id=council.director.id, status="draft")
    told = set()
    for reference in (_ref(risk), "R-ZZZZZ"):
        with pytest.raises(service.CannotTell) as refused, transaction():
            service.tell(_new(council, risk=reference), by=actor(council.member_person), **NOW)
        told.add(str(refused.value))
    assert len(told) == 1


def test_the_list_holds_what_the_table_of_permissions_lets_each_read(council):
    _tell(council)
    _tell(council, key="k2", unit_id=council.sibling.id)
    paths = {each.key: db.session.get_one(Unit, each.unit_id).path for each in db.session.scalars(select(NearMiss))}
    with transaction():
        a_person()
    seen = 0
    for person in db.session.scalars(select(Person)):
        who = actor(person)
        listed = {row.key for row in queries.near_misses(who, queries.Wanted(), on=DAY)[0]}
        may_read = {key for key, path in paths.items() if may(who, Permission.NEAR_MISS_READ, Facts(unit_path=path))}
        assert listed == may_read
        seen += len(listed)
    assert seen > 4


def test_it_is_settled_once_and_with_a_reason(council):
    row = _tell(council)
    by = actor(council.champion_person)
    with pytest.raises(service.CannotSettle) as refused, transaction():
        service.leave(row.id, why=" ", by=by, **NOW)
    assert _fields(refused) == {"why"}
    with transaction():
        service.leave(row.id, why="The ladder is gone", by=by, **NOW)
    with transaction():
        risk = a_risk(council)
    with pytest.raises(service.CannotSettle, match="settled it already"), transaction():
        service.link(row.id, reference=_ref(risk), by=by, **NOW)


class TestPages:
    def test_whoever_has_an_account_tells_of_one_from_my_work(self, council, client):
        sign_in(client, council.member_person)
        assert "/near-misses/new" in client.get("/").text
        typed = {"key": "k", "what": "A ladder fell", "stopped_by": "Luck", "unit": str(council.team.id)}
        typed |= {"happened_on-day": "1", "happened_on-month": "12", "happened_on-year": "2026"}
        assert client.post("/near-misses/new", data=typed | {"stopped_by": ""}).status_code == 422
        assert client.post("/near-misses/new", data=typed).location == "/"
        assert db.session.scalars(select(NearMiss.what)).all() == ["A ladder fell"]
        assert client.get("/near-misses/k").status_code == 404, "who told reads none, unless they keep the register"

    def test_the_keeper_finds_it_links_it_and_the_risk_says_so(self, council, client):
        _tell(council)
        with transaction():
            risk = a_risk(council)
        sign_in(client, council.champion_person)
        assert "A ladder fell" in client.get("/near-misses").text
        assert client.get("/near-misses?q=nothing").text.count("A ladder fell") == 0
        rows = list(csv.reader(io.StringIO(client.get("/near-misses.csv").text)))
        assert rows[1][0] == "A ladder fell"
        assert client.post("/near-misses/k1/link", data={"risk": "R-ZZZZZ"}).status_code == 422
        assert client.post("/near-misses/k1/link", data={"risk": _ref(risk)}).status_code == 302
        page = client.get(f"/risks/{_ref(risk)}").text
        assert "Near miss of 1 Dec 2026" in page
        assert "A near miss linked" in page

    def test_a_risk_is_logged_from_it_with_its_words_and_keeps_where_it_came_from(self, council, client):
        _tell(council)
        sign_in(client, council.champion_person)
        form = client.get("/risks/new?near_miss=k1").text
        assert 'value="near_miss:k1"' in form
        assert ">A ladder fell</textarea>" in form.replace("\n", "").replace("\r", "")
        typed = _typed(council, origin="near_miss:k1")
        for _ in range(2):  # sent twice, it is one risk
            assert client.post("/risks/new", data=typed).status_code == 302
        row = db.session.scalars(select(NearMiss)).one()
        assert (row.state, row.risk_id) == ("logged", db.session.scalars(select(Risk.id)).one())

    def test_a_near_miss_of_another_team_is_no_origin(self, council, client):
        _tell(council, unit_id=council.sibling.id)
        sign_in(client, council.champion_person)
        assert "A ladder fell" not in client.get("/risks/new?near_miss=k1").text
        client.post("/risks/new", data=_typed(council, origin="near_miss:k1"))
        assert db.session.scalars(select(NearMiss.state)).one() == "new"
