"""A view of the registers under a name: whose it is, who finds it, and that it shows nobody more than they may read."""

import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.domain.audit import Event
from riskapp.features.saved_views import queries, service
from riskapp.features.saved_views.service import CannotKeepView
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.saved_views import DefaultView, SavedView
from tests.builders import NOON, ACouncil, a_person, a_risk, actor, sign_in


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


def save(person, name="High", address=None, **changes):
    facts = {"share_with": None, "opens_first": False} | changes
    with transaction():
        return service.save(name=name, address=address or {"band": "high"}, by=actor(person), at=NOON, **facts)


def names(person):
    return [view.name for view in queries.views(actor(person))]


def refused(deed):
    with pytest.raises(CannotKeepView) as no, transaction():
        deed()
    return [(refusal.field, refusal.message) for refusal in no.value.refusals]


class TestWhoFindsIt:
    def test_only_its_maker_where_it_is_shared_with_nobody(self, council):
        save(council.champion_person)
        assert names(council.champion_person) == ["High"]
        assert names(council.manager_person) == names(council.assurance_person) == []

    def test_those_of_the_unit_and_below_where_it_is_shared(self, council):
        save(council.lead_person, share_with=council.service.id)
        assert names(council.champion_person) == names(council.sibling_champion_person) == ["High"]
        assert names(council.director_person) == [], "who stands above it finds it not"
        assert queries.views(actor(council.champion_person))[0].shared_with == "Housing Repairs"

    def test_everyone_with_a_post_or_a_role_where_it_is_shared_with_the_council(self, council):
        save(council.assurance_person, share_with=council.council.id)
        assert names(council.champion_person) == names(council.member_person) == ["High"]
        with transaction():
            nobody = a_person()
        assert names(nobody) == []

    def test_nobody_shares_with_a_unit_whose_register_they_do_not_keep(self, council):
        share = {"share_with": council.directorate.id}
        assert refused(lambda: save(council.champion_person, **share))[0][0] == "share_with"
        assert refused(lambda: save(council.member_person, **share))[0][0] == "share_with"
        assert [each.name for each in queries.audiences(actor(council.champion_person))] == ["Repairs Delivery"]
        assert queries.audiences(actor(council.member_person)) == ()


class TestKeeping:
    def test_a_name_is_needed_and_is_there_once_a_person(self, council):
        save(council.champion_person)
        assert refused(lambda: save(council.champion_person, name="  "))[0][0] == "name"
        assert refused(lambda: save(council.champion_person, name=" HIGH "))[0][0] == "name"
        save(council.manager_person)

    def test_only_what_an_address_can_say_is_kept(self, council):
        asked = {"band": "high", "page": "3", "endpoint": "x", "_external": "1", "q": "", "columns": "owner"}
        assert save(council.champion_person, address=asked).address == {"band": "high", "columns": "owner"}

    def test_its_maker_and_who_keeps_the_unit_change_it_and_nobody_else(self, council):
        view = save(council.lead_person, share_with=council.service.id)
        new = {"name": "Worse", "share_with": council.service.id, "at": NOON}
        assert refused(lambda: service.change(view.id, seen=1, by=actor(council.champion_person), **new))
        with transaction():
            service.change(view.id, seen=1, by=actor(council.lead_person), **new)
        assert names(council.champion_person) == ["Worse"]
        other = save(council.assurance_person, name="Of assurance", share_with=council.team.id)
        mine = {"name": "Of the team", "share_with": None, "seen": 1, "at": NOON}
        with transaction():
            service.change(other.id, by=actor(council.champion_person), **mine)
        assert names(council.champion_person) == ["Worse"], "who keeps the unit took it back"
        assert names(council.assurance_person) == ["Of the team"]

    def test_a_stale_form_is_refused(self, council):
        view = save(council.champion_person)
        by = actor(council.champion_person)
        with transaction():
            service.change(view.id, name="Newer", share_with=None, seen=1, by=by, at=NOON)
        assert (
            "changed after you loaded"
            in refused(lambda: service.change(view.id, name="Older", share_with=None, seen=1, by=by, at=NOON))[0][1]
        )
        assert "changed after you loaded" in refused(lambda: service.remove(view.id, seen=1, by=by, at=NOON))[0][1]

    def test_the_record_says_by_what_it_narrows_and_never_the_words(self, council):
        view = save(council.champion_person, address={"q": "quaggamire", "band": "high"})
        with transaction():
            service.remove(view.id, seen=1, by=actor(council.champion_person), at=NOON)
        kept = select(AuditEntry.event).where(AuditEntry.event.startswith("view:")).order_by(AuditEntry.id)
        events = db.session.scalars(kept).all()
        assert events == [Event.VIEW_SAVED, Event.VIEW_DELETED]
        assert db.session.scalar(select(func.count(SavedView.id))) == 0


class TestOpensFirst:
    def test_the_registers_open_with_it_for_one_person_and_whole_when_it_is_said(self, council, client):
        save(council.champion_person, share_with=council.team.id, opens_first=True)
        sign_in(client, council.champion_person)
        assert client.get("/registers").location == "/registers?band=high"
        assert client.get("/registers?register=whole").status_code == 200
        assert client.get("/registers?band=low").status_code == 200
        sign_in(client, council.manager_person)
        assert client.get("/registers").status_code == 200

    def test_when_it_is_deleted_the_whole_register_opens_again(self, council, client):
        view = save(council.champion_person, opens_first=True)
        with transaction():
            service.remove(view.id, seen=1, by=actor(council.champion_person), at=NOON)
        sign_in(client, council.champion_person)
        assert client.get("/registers").status_code == 200
        assert db.session.scalar(select(func.count()).select_from(DefaultView)) == 0

    def test_one_cannot_open_first_what_one_cannot_find(self, council):
        view = save(council.champion_person)
        assert refused(lambda: service.open_first(view.id, by=actor(council.manager_person), at=NOON))


class TestPages:
    def test_a_view_is_saved_from_the_register_found_renamed_and_deleted(self, council, client):
        sign_in(client, council.champion_person)
        page = client.get("/registers?band=high&sort=owner&page=2").text
        assert 'href="/registers/views/new?band=high&amp;sort=owner"' in page
        form = client.get("/registers/views/new?band=high&sort=owner").text
        assert 'value="band=high&amp;sort=owner"' in form
        data = {"address": "band=high&sort=owner&columns=owner&columns=review", "name": "Mine", "share_with": ""}
        made = client.post("/registers/views/new", data=data)
        asked = dict(part.split("=") for part in made.location.partition("?")[2].split("&"))
        assert asked == {"band": "high", "columns": "owner,review", "sort": "owner"}
        assert "Mine</a>" in client.get("/registers?band=high").text
        listed = client.get("/registers/views").text
        assert "Mine" in listed
        assert "Mine" in client.get("/registers/views.csv").text
        view = db.session.scalars(select(SavedView)).one()
        data = {"view": view.id, "seen": view.version, "name": "Ours", "share_with": str(council.team.id)}
        assert client.post("/registers/views/edit", data=data).status_code == 302
        assert "Ours" in client.get("/registers/views").text
        db.session.expire_all()
        assert client.post("/registers/views/delete", data={"view": view.id, "seen": view.version}).status_code == 302
        assert "Ours is deleted" in client.get("/registers/views").text

    def test_a_faulty_one_names_its_field(self, council, client):
        sign_in(client, council.champion_person)
        answer = client.post("/registers/views/new", data={"address": "band=high", "name": "", "share_with": "999"})
        assert answer.status_code == 422
        assert "Give the view a name" in answer.text
        assert "Choose a unit of the list, or nobody" in answer.text

    def test_another_person_s_view_looks_like_one_that_is_not_there(self, council, client):
        view = save(council.champion_person)
        sign_in(client, council.manager_person)
        for asked in (view.id, 987654, "x", ""):
            for path in ("/registers/views/edit", "/registers/views/delete", "/registers/views/first"):
                if asked == "" and path.endswith("first"):
                    continue
                answer = client.post(path, data={"view": asked, "seen": 1, "name": "Theirs"})
                assert answer.status_code == 302
                assert "is not there any more" in client.get("/registers/views").text
        assert db.session.get_one(SavedView, view.id).name == "High"

    def test_a_shared_view_shows_each_what_they_may_read(self, council, client):
        with transaction():
            a_risk(council, title="Ours", current=(4, 4))
            a_risk(council, title="Theirs", unit_id=council.sibling.id, current=(4, 4))
        save(council.lead_person, share_with=council.service.id, opens_first=False)
        read = {council.lead_person: {"Ours", "Theirs"}, council.sibling_champion_person: {"Theirs"}}
        for person, titles in read.items():
            sign_in(client, person)
            (view,) = queries.views(actor(person))
            page = client.get("/registers", query_string=dict(view.address)).text
            assert {title for title in ("Ours", "Theirs") if f">{title}<" in page} == titles
