"""The pages of units and posts: filled in, checked with what it means, done, told to the later of two, and undone."""

import csv
import html
import io
import re

import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.features.organisation import service
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.people import Post, Unit
from tests.builders import NOON, a_post, a_risk, a_unit, actor
from tests.features.test_organisation import ALargerCouncil
from tests.pack_builders import reference_of, signed_in

DAYS = {"on-day": "1", "on-month": "12", "on-year": "2026"}
OPENED = {"opened_on-day": "1", "opened_on-month": "12", "opened_on-year": "2026"}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ALargerCouncil()


@pytest.fixture
def admin(app, council):
    client = app.test_client()
    signed_in(client, council.administrator_person)
    return client


def said(answer):
    """The words of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def hidden(answer):
    """What the form of a page carries without showing it."""
    return {
        name: html.unescape(value)
        for name, value in re.findall(
            r'type="hidden"(?: id="\w+")? name="([^"]+)"(?: type="hidden")? value="([^"]*)"', answer.text
        )
        + re.findall(r'name="([^"]+)" type="hidden" value="([^"]*)"', answer.text)
        if name != "csrf_token"
    }


def check(client, url, **data):
    """Open a form, fill it in and ask what it means."""
    form = client.get(url)
    assert form.status_code == 200, form.text
    return client.post(url, data=hidden(form) | data | {"step": "check"})


def carry_out(client, url, **data):
    """Fill in, check and confirm."""
    checked = check(client, url, **data)
    assert checked.status_code == 200, said(checked)
    return client.post(url, data=hidden(checked) | {"step": "do"})


def of(unit, deed=""):
    return f"/organisation/units/{reference_of(unit)}{'/' + deed if deed else ''}"


def test_a_unit_is_added_in_two_steps_and_its_page_opens(council, admin):
    url, parent = f"/organisation/units/new?under={reference_of(council.parks)}", reference_of(council.parks)
    checked = check(admin, url, name="Grounds", kind="team", parent=parent, **OPENED)
    assert "It stands under Parks from the day it opened." in said(checked)
    assert db.session.scalar(select(func.count(Unit.id))) == 8
    done = admin.post(url, data=hidden(checked) | {"step": "do"})
    assert "Grounds is part of the council." in said(admin.get(done.location))
    assert "Added as a team called Grounds" in said(admin.get(done.location))


def test_the_confirmation_sent_twice_adds_one_unit(council, admin):
    url = "/organisation/units/new"
    facts = {"name": "Grounds", "kind": "team", "parent": reference_of(council.parks)} | OPENED
    data = hidden(check(admin, url, **facts)) | {"step": "do"}
    assert admin.post(url, data=data).location == admin.post(url, data=data).location
    assert db.session.scalar(select(func.count(Unit.id))) == 9


def test_a_second_unit_of_the_same_name_is_refused_beside_its_field_and_what_was_typed_stays(council, admin):
    answer = check(
        admin, "/organisation/units/new", name="parks", kind="service", parent=reference_of(council.places), **OPENED
    )
    assert answer.status_code == 422
    assert "Places has a unit called parks already" in said(answer)
    assert 'value="parks"' in answer.text


def test_moving_says_what_moves_before_it_is_done_and_can_be_taken_back_from_the_page(council, admin):
    with transaction():
        a_risk(council)
    checked = check(admin, of(council.service, "move"), parent=reference_of(council.places))
    assert "Housing Repairs goes from Housing to Places. What moves: 3 units, 4 posts and 1 open risk." in said(checked)
    assert "1 person no longer, 1 person from now on" in said(checked)
    assert db.session.get_one(Unit, council.service.id).parent_id == council.directorate.id
    admin.post(of(council.service, "move"), data=hidden(checked) | {"step": "do"})
    page = admin.get(of(council.service))
    assert "Moved from Housing to Places" in said(page)
    back = re.search(r'<a href="([^"]+)">Move it back under Housing</a>', page.text)
    form = admin.get(html.unescape(back[1]))
    assert f'selected value="{reference_of(council.directorate)}"' in form.text
    carry_out(admin, html.unescape(back[1]), parent=reference_of(council.directorate))
    assert "Moved from Places to Housing" in said(admin.get(of(council.service)))


def test_a_place_that_cannot_be_is_not_offered_and_refused_when_it_is_sent(council, admin):
    url = of(council.service, "move")
    assert reference_of(council.team) not in admin.get(url).text.partition("<select")[2].partition("</select")[0]
    answer = check(admin, url, parent=reference_of(council.team))
    assert "Repairs Delivery is part of Housing Repairs, which cannot be moved under its own part" in said(answer)
    answer = check(admin, url, parent=reference_of(council.service))
    assert "Housing Repairs cannot be moved under itself" in said(answer)


def test_what_a_change_means_is_checked_again_when_it_has_moved_in_between(council, admin):
    checked = check(admin, of(council.service, "move"), parent=reference_of(council.places))
    with transaction():
        a_risk(council)
    again = admin.post(of(council.service, "move"), data=hidden(checked) | {"step": "do"})
    assert "What it means has changed since you looked. Nothing was done." in said(again)
    assert db.session.get_one(Unit, council.service.id).parent_id == council.directorate.id
    assert admin.post(of(council.service, "move"), data=hidden(again) | {"step": "do"}).status_code == 302


def test_the_later_of_two_administrators_is_told_what_changed_and_nothing_of_theirs_is_kept(council, admin, app):
    checked = check(admin, of(council.service, "rename"), name="Repairs")
    with transaction():
        service.move(council.service.id, to_id=council.places.id, seen=1, by=actor(council.assurance_person), at=NOON)
    late = admin.post(of(council.service, "rename"), data=hidden(checked) | {"step": "do"})
    assert late.status_code == 422
    assert (
        "This was changed after you loaded the page: Moved from Housing to Places, by Head of Assurance at 12:00pm "
        "on 1 Dec 2026. Nothing of yours was kept." in said(late)
    )
    assert db.session.get_one(Entity, council.service.id).name == "Housing Repairs"
    again = admin.post(of(council.service, "rename"), data=hidden(late) | {"name": "Repairs", "step": "check"})
    assert admin.post(of(council.service, "rename"), data=hidden(again) | {"step": "do"}).status_code == 302


def test_merging_and_its_undoing_are_found_on_the_pages(council, admin):
    with transaction():
        a_risk(council)
    into = reference_of(council.sibling)
    checked = check(admin, of(council.team, "merge"), into=into, **DAYS)
    assert "What goes over to Voids: 2 posts and 1 open risk." in said(checked)
    assert "2 roles over Repairs Delivery will reach nothing" in said(checked)
    admin.post(of(council.team, "merge"), data=hidden(checked) | {"step": "do"})
    page = admin.get(of(council.team))
    assert "Merged into Voids and closed on 1 Dec 2026." in said(page)
    assert "Undo the merger" in said(page)
    undo = admin.get(of(council.team, "part"))
    assert admin.post(of(council.team, "part"), data=hidden(undo) | {"step": "do"}).status_code == 302
    assert "Parted from Voids: the merger was undone" in said(admin.get(of(council.team)))


def test_closing_names_what_stands_in_the_way_with_links_and_no_title_of_a_risk_for_an_administrator(
    council, admin, app
):
    with transaction():
        risk = a_risk(council, title="Scaffold collapse at the depot")
    page = admin.get(of(council.team, "close"))
    assert "It has 1 open risk: have it closed, or merge the unit into another." in said(page)
    assert "It has 2 open posts: close it first, or merge the unit into another." in said(page)
    assert reference_of(risk) in page.text
    assert f"/risks/{reference_of(risk)}" not in page.text
    assert f"/organisation/posts/{council.manager.id}/close" in page.text
    sent = admin.post(of(council.team, "close"), data=DAYS | {"version": "1", "step": "check"})
    assert sent.status_code == 422
    head = app.test_client()
    signed_in(head, council.assurance_person)
    assert f'href="/risks/{reference_of(risk)}"' in head.get(of(council.team, "close")).text
    for url in (
        "/organisation",
        "/organisation/units.csv",
        of(council.team),
        of(council.team, "close"),
        of(council.team, "merge"),
    ):
        assert "Scaffold" not in admin.get(url).text


def test_an_empty_unit_is_closed_and_reopened(council, admin):
    carry_out(admin, of(council.parks, "close"), **DAYS)
    assert of(council.parks) not in admin.get("/organisation").text
    assert of(council.parks) in admin.get("/organisation?closed=yes").text
    page = admin.get(of(council.parks))
    assert "Reopen it" in said(page)
    undo = admin.get(of(council.parks, "reopen"))
    assert admin.post(of(council.parks, "reopen"), data=hidden(undo) | {"step": "do"}).status_code == 302
    assert of(council.parks) in admin.get("/organisation").text


def test_a_date_that_is_none_is_refused_in_words(council, admin):
    answer = check(admin, of(council.parks, "close"), **(DAYS | {"on-day": "31", "on-month": "2"}))
    assert "Enter a real date for the closing, like 31 3 2027" in said(answer)
    answer = check(admin, of(council.parks, "close"), **(DAYS | {"on-day": "2"}))
    assert "That day is still to come" in said(answer)


def test_the_file_of_units_is_what_is_on_screen_and_runs_no_formula(council, admin):
    with transaction():
        a_unit(council.parks, kind="team", name="=HYPERLINK(1)")
    rows = list(csv.reader(io.StringIO(admin.get("/organisation/units.csv?kind=team").text.lstrip("\ufeff"))))
    assert [row[1] for row in rows[1:]] == ["Repairs Delivery", "Voids", "'=HYPERLINK(1)"]


def test_the_list_is_paged_and_sorted(council, admin):
    with transaction():
        for number in range(70):
            a_unit(council.parks, kind="team", name=f"Team {number:02}")
    assert "41 to 78 of 78" in said(admin.get("/organisation?page=2"))
    first = admin.get("/organisation?sort=-name&page=1").text
    assert first.index("Voids") < first.index("Team 69")


def test_a_hostile_name_is_shown_and_not_run(council, admin):
    carry_out(admin, of(council.parks, "rename"), name="<script>alert(1)</script>")
    for url in ("/organisation", of(council.parks), of(council.places), of(council.parks, "move")):
        assert "<script>alert" not in admin.get(url).text
    assert (
        "<script>alert(1)</script>" in said(admin.get(of(council.parks)))
        or "alert(1)" in admin.get(of(council.parks)).text
    )


def test_an_officer_reads_and_changes_nothing(council, app):
    client = app.test_client()
    signed_in(client, council.manager_person)
    page = client.get(of(council.team))
    assert page.status_code == 200
    assert council.manager_person.email not in page.text
    assert "Rename" not in said(page)
    before = db.session.scalar(select(func.count(AuditEntry.id)))
    for deed in ("rename", "move", "merge", "close", "reopen", "part", "posts/new"):
        assert client.get(of(council.team, deed)).status_code == 404
        assert client.post(of(council.team, deed), data={"step": "do"}).status_code == 404
    assert db.session.scalar(select(func.count(AuditEntry.id))) == before


def test_a_keeper_sees_who_sits_in_a_post_by_address(council, admin):
    assert council.manager_person.email in admin.get(of(council.team)).text


def test_a_post_is_added_renamed_closed_and_reopened(council, admin):
    carry_out(admin, of(council.sibling, "posts/new"), title="Manager, Voids", kind="team_manager", **OPENED)
    post = db.session.scalars(select(Post).where(Post.title == "Manager, Voids")).one()
    page = said(admin.get(of(council.sibling)))
    assert "Manager, Voids Team manager Vacant" in page
    url = f"/organisation/posts/{post.id}"
    carry_out(admin, f"{url}/rename", title="Voids Manager")
    assert "Post renamed from Manager, Voids to Voids Manager" in said(admin.get(of(council.sibling)))
    carry_out(admin, f"{url}/close", **DAYS)
    assert "1 closed post" in said(admin.get(of(council.sibling)))
    undo = admin.get(f"{url}/reopen")
    admin.post(f"{url}/reopen", data=hidden(undo) | {"step": "do"})
    assert "Post reopened: Voids Manager" in said(admin.get(of(council.sibling)))


def test_two_administrators_editing_one_post(council, admin):
    with transaction():
        post = a_post(council.sibling, title="Voids Officer")
    url = f"/organisation/posts/{post.id}/rename"
    first, second = (check(admin, url, title=title) for title in ("Empty Homes Officer", "Voids Lead"))
    admin.post(url, data=hidden(first) | {"step": "do"})
    late = admin.post(url, data=hidden(second) | {"step": "do"})
    assert "Post renamed from Voids Officer to Empty Homes Officer, by Administrator at 12:00pm" in said(late)
    db.session.expire_all()
    assert db.session.get_one(Post, post.id).title == "Empty Homes Officer"
