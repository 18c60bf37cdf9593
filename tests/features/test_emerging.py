"""The watch list: put on it, looked at, promoted to a draft risk or dropped with a reason."""

import csv
import io
import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from riskapp.domain.clock import Moment
from riskapp.domain.life import CannotWatch
from riskapp.domain.permissions import Facts, Permission, may
from riskapp.features.emerging import jobs, queries, service
from riskapp.features.emerging.service import NewEmerging
from riskapp.models.database import db, transaction
from riskapp.models.emerging import EmergingLook, EmergingRisk
from riskapp.models.people import Person, Unit
from riskapp.models.reminders import Occurrence
from riskapp.models.risks import Risk
from tests.builders import DAY, NOON, ACouncil, actor, sign_in
from tests.features.test_risk_pages import _typed

NOW = {"at": NOON, "on": DAY}
LATEST = DAY + timedelta(days=90)  # three months on is Monday, 1 March 2027


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


def _watch(council, key="k1", **changes):
    facts = {"title": "A new law", "why": "It may cost more", "unit_id": council.team.id} | changes
    new = NewEmerging(key, **({"watcher_post_id": council.manager.id} | facts))
    with transaction():
        return service.watch(new, by=actor(council.champion_person), **NOW)


def _fields(refused):
    return {reason.field for reason in refused.value.refusals}


def test_it_is_looked_at_first_by_the_latest_day_of_the_policy_unless_an_earlier_one_is_given(council):
    assert _watch(council).look_on == LATEST
    assert _watch(council, key="k2", look_on=DAY).look_on == DAY


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"why": ""}, "why"),
        ({"unit_id": 0}, "unit"),
        ({"watcher_post_id": 0}, "watcher"),
        ({"look_on": DAY - timedelta(days=1)}, "look_on"),
        ({"look_on": LATEST + timedelta(days=1)}, "look_on"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(council, changes, field):
    with pytest.raises(CannotWatch) as refused:
        _watch(council, **changes)
    assert _fields(refused) == {field}


def test_a_look_is_kept_and_sets_the_next_one(council):
    row = _watch(council, look_on=DAY)
    with transaction():
        service.look(row, note="Nothing new", look_on=None, by=actor(council.manager_person), **NOW)
    assert row.look_on == LATEST
    assert db.session.scalars(select(EmergingLook.by_post_id)).one() == council.manager.id


def test_it_is_dropped_once_and_with_a_reason(council):
    row, by = _watch(council), actor(council.manager_person)
    with pytest.raises(CannotWatch) as refused, transaction():
        service.drop(row, why="", by=by, **NOW)
    assert _fields(refused) == {"why"}
    with transaction():
        service.drop(row, why="The bill fell", by=by, **NOW)
    with pytest.raises(CannotWatch, match="off the watch list already"), transaction():
        service.look(row, note="Again", look_on=None, by=by, **NOW)


def test_whoever_watches_is_reminded_before_the_look_on_the_day_and_when_it_is_late(council):
    _watch(council, look_on=DAY + timedelta(days=7))
    told = []
    for days in (0, 1, 7, 8, 22):
        day = DAY + timedelta(days=days)
        with transaction():
            jobs.remind_of_emerging_risks(Moment(day, NOON + timedelta(days=days)))
        told.append(len(db.session.scalars(select(Occurrence.id).where(Occurrence.rule.startswith("emerging"))).all()))
    assert told == [1, 1, 2, 3, 4]
    assert set(db.session.scalars(select(Occurrence.person_id))) == {council.manager_person.id}


def test_the_list_holds_what_the_table_of_permissions_lets_each_read(council):
    _watch(council)
    _watch(council, key="k2", unit_id=council.sibling.id, watcher_post_id=council.chief.id)
    rows = db.session.execute(select(EmergingRisk.key, EmergingRisk.watcher_post_id, Unit.path).join(Unit)).all()
    for person in db.session.scalars(select(Person)):
        who = actor(person)
        listed = {row.key for row in queries.emerging(who, queries.Wanted(), on=DAY)[0]}
        assert listed == {
            key
            for key, post, path in rows
            if may(who, Permission.EMERGING_READ, Facts(unit_path=path, owner_post_id=post))
        }


class TestPages:
    def test_it_is_put_on_the_list_looked_at_and_found_in_the_file(self, council, client):
        sign_in(client, council.champion_person)
        typed = {"key": "k", "title": "A new law", "why": "It may cost more", "unit": str(council.team.id)}
        typed |= {"watcher": str(council.manager.id)}
        assert client.post("/watch-list/new", data=typed | {"title": ""}).status_code == 422
        assert client.post("/watch-list/new", data=typed).location == "/watch-list/k"
        page = client.get("/watch-list/k").text
        seen = re.search(r'name="seen"[^>]*value="(\d+)"', page)[1]
        assert client.post("/watch-list/k/look", data={"seen": "0", "note": "x"}).status_code == 422
        assert client.post("/watch-list/k/look", data={"seen": seen, "note": "Nothing new"}).status_code == 302
        assert "Nothing new" in client.get("/watch-list/k").text
        assert "A new law" in client.get("/watch-list?q=law").text
        assert "A new law" not in client.get("/watch-list?state=dropped").text
        rows = list(csv.reader(io.StringIO(client.get("/watch-list.csv").text)))
        assert rows[1][:4] == ["A new law", "It may cost more", "Repairs Delivery", "Manager, Repairs Delivery"]

    def test_it_becomes_a_draft_risk_by_the_form_filled_with_its_words(self, council, client):
        _watch(council)
        sign_in(client, council.champion_person)
        form = client.get("/risks/new?emerging=k1").text
        assert 'value="A new law"' in form
        assert "It may cost more" in form
        assert client.post("/risks/new", data=_typed(council, origin="emerging:k1")).status_code == 302
        row = db.session.scalars(select(EmergingRisk)).one()
        assert (row.state, row.risk_id) == ("promoted", db.session.scalars(select(Risk.id)).one())
        assert "Logged as a risk" in client.get("/watch-list/k1").text

    def test_what_another_team_watches_is_not_there(self, council, client):
        _watch(council, unit_id=council.sibling.id)
        sign_in(client, council.champion_person)
        assert client.get("/watch-list/k1").status_code == 404
        assert client.post("/watch-list/k1/drop", data={"why": "x"}).status_code == 404
