"""The pages of access, clicked by the people they are for."""

import csv
import io
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from riskapp.domain import permission_table
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Clearance, Role
from riskapp.features.access import service
from riskapp.features.access.service import NewNamedGrant
from riskapp.models.access import BrokenGlass, RoleProposal
from riskapp.models.audit import AuditEntry, AuditPayload
from riskapp.models.database import db, transaction
from tests.builders import DAY, NOON, PASSWORD, a_person, a_risk, a_role, actor, sign_in
from tests.features.test_access import AnAccessCouncil, reference_of
from tests.pack_builders import APaperCouncil


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def council(app):
    return AnAccessCouncil()


@pytest.fixture
def risk(council):
    with transaction():
        return a_risk(council)


@pytest.fixture
def as_(app):
    """A browser of its own for each person."""

    def of(person):
        client = app.test_client()
        sign_in(client, person)
        return client

    return of


def a_form(council, **changes):
    return {
        "person": council.newcomer.email,
        "role": "champion",
        "unit": str(council.team.id),
        "clearance": "",
        "from_on-day": "1",
        "from_on-month": "12",
        "from_on-year": "2026",
        "to_on-day": "",
        "to_on-month": "",
        "to_on-year": "",
        "reason": "The team has no champion",
    } | changes


def test_a_role_is_proposed_agreed_to_used_and_ended_and_each_counts_at_once(council, risk, as_):
    newcomer, head, admin = map(as_, (council.newcomer, council.assurance_person, council.administrator_person))
    page = f"/risks/{reference_of(risk.id)}"
    assert newcomer.get(page).status_code == 404
    sent = admin.post("/access/propose", data=a_form(council))
    assert sent.status_code == 302
    assert newcomer.get(page).status_code == 404
    assert "Agree to it" not in admin.get(sent.location).text
    assert "Agree to it" in head.get(sent.location).text
    assert head.post(f"{sent.location}/decide", data={"deed": "agree"}).status_code == 302
    assert newcomer.get(page).location == "/sign-in", "a session begun with other roles is over"
    sign_in(newcomer, council.newcomer)
    assert newcomer.get(page).status_code == 200
    assert "Risk champion" in newcomer.get("/account").text

    held = db.session.scalars(select(service.RoleAssignment).order_by(service.RoleAssignment.id.desc())).first()
    end = admin.post(f"/access/roles/{held.id}/end", data={"reason": "Moved to another team"})
    assert newcomer.get(page).status_code == 200
    assert head.post(f"{end.location}/decide", data={"deed": "agree"}).status_code == 302
    assert newcomer.get(page).location == "/sign-in"
    sign_in(newcomer, council.newcomer)
    assert newcomer.get(page).status_code == 404
    assert "Moved to another team" in head.get("/access?state=ended").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"person": "nobody@demo.example"}, "No account that is open has this address"),
        ({"role": "broken_glass"}, "Choose a role"),
        ({"role": ""}, "Choose a role"),
        ({"unit": ""}, "Choose a unit"),
        ({"from_on-year": "2025"}, "Enter today or a later day"),
        ({"from_on-day": "32"}, "Enter a real date for the first day"),
        ({"role": "external_auditor"}, "1 December 2027 at the latest"),
        ({"reason": " "}, "Say why"),
    ],
)
def test_a_form_that_is_wrong_says_what_to_do(council, as_, changes, said):
    answer = as_(council.administrator_person).post("/access/propose", data=a_form(council, **changes))
    assert answer.status_code == 200
    assert said in answer.text
    assert "There is a problem" in answer.text
    assert db.session.scalars(select(RoleProposal)).first() is None


def test_a_refusal_by_page_needs_its_reason_and_an_agreement_beyond_ones_own_says_whose_it_is(council, as_):
    proposal = council.proposed(clearance=Clearance.EXEMPT)
    head = as_(council.assurance_person)
    address = f"/access/proposals/{proposal.id}/decide"
    assert "Say why you refuse it" in head.post(address, data={"deed": "refuse"}).text
    assert "Proper officer agrees to it" in head.post(address, data={"deed": "agree"}).text
    assert head.post(address, data={"deed": "refuse", "why": "Not now"}).status_code == 302
    assert "Not now" in head.get(f"/access/proposals/{proposal.id}").text


def test_who_proposed_it_takes_it_back_and_nobody_else_is_offered_to(council, as_):
    proposal = council.proposed()
    assert as_(council.assurance_person).post(f"/access/proposals/{proposal.id}/withdraw").status_code == 404
    admin = as_(council.administrator_person)
    assert admin.post(f"/access/proposals/{proposal.id}/withdraw").status_code == 302
    assert "Withdrawn" in admin.get("/access/proposals").text


def test_the_menu_counts_what_waits_for_another(council, as_):
    council.proposed()
    assert 'Access <span class="n n--live">1</span>' in as_(council.assurance_person).get("/account").text
    assert 'Access <span class="n n--live">' not in as_(council.administrator_person).get("/account").text
    assert 'href="/access"' not in as_(council.champion_person).get("/account").text


def named_form(council, thing, **changes):
    return {
        "thing": thing,
        "person": council.newcomer.email,
        "clearance": "0",
        "to_on-day": "31",
        "to_on-month": "12",
        "to_on-year": "2026",
        "reason": "For the review",
    } | changes


def test_a_thing_is_opened_by_name_shows_at_once_and_is_gone_the_day_after(council, risk, as_, clock):
    newcomer, proper = as_(council.newcomer), as_(council.proper_person)
    page = f"/risks/{reference_of(risk.id)}"
    assert newcomer.get(page).status_code == 404
    assert proper.post("/access/named/give", data=named_form(council, reference_of(risk.id))).status_code == 302
    assert newcomer.get(page).status_code == 200
    assert reference_of(risk.id) in newcomer.get("/registers?status=all").text
    assert reference_of(risk.id) in newcomer.get("/account").text
    clock.move_to(NOON.replace(day=31))
    assert as_(council.newcomer).get(page).status_code == 200
    clock.move_to(NOON.replace(year=2027, month=1, day=1))
    after = as_(council.newcomer)
    assert after.get(page).status_code == 404
    assert reference_of(risk.id) not in after.get("/account").text
    assert "Run out" in as_(council.proper_person).get("/access/named?state=expired").text


def test_what_is_ended_is_closed_on_the_next_click(council, risk, as_):
    newcomer, head = as_(council.newcomer), as_(council.assurance_person)
    grant = council.opened(risk.id)
    page = f"/risks/{reference_of(risk.id)}"
    assert newcomer.get(page).status_code == 200
    assert "Say why" in head.post(f"/access/named/{grant.id}/end", data={"reason": ""}).text
    assert head.post(f"/access/named/{grant.id}/end", data={"reason": "Done"}).status_code == 302
    assert newcomer.get(page).status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"thing": "R-22222"}, "that you may read has this reference"),
        ({"clearance": "1"}, "the proper officer alone lets somebody in"),
        ({"to_on-year": "2028"}, "1 June 2027 at the latest"),
        ({"to_on-day": ""}, "Enter a real date for the last day"),
        ({"person": "nobody@demo.example"}, "No account that is open has this address"),
    ],
)
def test_a_form_that_would_open_too_much_says_what_to_do(council, risk, as_, changes, said):
    head = as_(council.assurance_person)
    answer = head.post("/access/named/give", data=named_form(council, reference_of(risk.id)) | changes)
    assert answer.status_code == 200
    assert said in answer.text


def test_an_emergency_is_lived_through_page_by_page(council, risk, as_, clock):
    admin, head = as_(council.administrator_person), as_(council.assurance_person)
    page = f"/risks/{reference_of(risk.id)}"
    assert "Say why" in admin.post("/access/emergencies", data={"reason": ""}).text
    assert admin.post("/access/emergencies", data={"reason": "The copy is broken"}).status_code == 302
    assert admin.get(page).status_code == 404
    glass = db.session.scalars(select(BrokenGlass)).one()
    decide = f"/access/emergencies/{glass.id}/decide"
    assert admin.post(decide, data={"deed": "agree"}).status_code == 404
    assert head.post(decide, data={"deed": "agree"}).status_code == 302

    told = admin.get(page)
    assert told.status_code == 200
    assert "You read everything until 4:00pm, and every page is recorded" in told.text
    assert "every page is recorded. <a" in admin.get("/account").text
    assert "every page is recorded. <a" not in head.get("/account").text
    assert recorded() == [("risks.risk", reference_of(risk.id), 200), ("accounts.account", None, 200)]

    clock.move_to(NOON + timedelta(hours=3, minutes=59))
    soon = as_(council.administrator_person)
    assert soon.get(page).status_code == 200
    clock.move_to(NOON + timedelta(hours=4))
    assert soon.get(page).status_code == 404
    assert "every page is recorded. <a" not in soon.get("/account").text


def test_to_agree_to_an_emergency_asks_for_the_password_again_and_to_refuse_it_does_not(council, as_, clock):
    admin, head = as_(council.administrator_person), as_(council.assurance_person)
    admin.post("/access/emergencies", data={"reason": "The copy is broken"})
    glass = db.session.scalars(select(BrokenGlass)).one()
    decide = f"/access/emergencies/{glass.id}/decide"
    assert f'href="{decide}"' in head.get("/access/emergencies").text
    assert "Your password" not in head.get(decide).text, "it was given just before"
    clock.shift(timedelta(minutes=6))
    asked = head.get(decide).text
    assert "Your password" in asked
    assert "The copy is broken" in asked
    assert "It is asked again before a change like this" in head.post(decide, data={"deed": "agree"}).text
    assert "not the password" in head.post(decide, data={"deed": "agree", "password": "not it"}).text
    db.session.refresh(glass)
    assert glass.agreed_at is None
    assert head.post(decide, data={"deed": "agree", "password": PASSWORD}).status_code == 302
    db.session.refresh(glass)
    assert glass.agreed_at is not None
    again = head.post(decide, data={"deed": "agree"})
    assert "This was decided already" in again.text
    assert "There is nothing for you to decide here" in again.text
    admin.post(f"/access/emergencies/{glass.id}/end")
    admin.post("/access/emergencies", data={"reason": "Again"})
    second = db.session.scalars(select(BrokenGlass).order_by(BrokenGlass.id.desc())).first()
    clock.shift(timedelta(minutes=6))
    assert head.post(f"/access/emergencies/{second.id}/decide", data={"deed": "refuse"}).status_code == 302


def recorded() -> list[tuple[str, str | None, int]]:
    rows = db.session.scalars(
        select(AuditPayload.content)
        .join(AuditEntry, AuditEntry.id == AuditPayload.entry_id)
        .where(AuditEntry.event == Event.GLASS_READ)
        .order_by(AuditEntry.id)
    )
    return [(each["after"]["page"], each["after"]["reference"], each["after"]["status"]) for each in rows]


def test_an_emergency_changes_nothing_and_its_end_counts_on_the_next_click(council, risk, as_):
    admin = as_(council.administrator_person)
    admin.post("/access/emergencies", data={"reason": "The copy is broken"})
    glass = db.session.scalars(select(BrokenGlass)).one()
    as_(council.assurance_person).post(f"/access/emergencies/{glass.id}/decide", data={"deed": "agree"})
    page = f"/risks/{reference_of(risk.id)}"
    for door in ("score", "review", "close"):
        assert admin.get(f"{page}/{door}").status_code == 404
    assert admin.post(f"/access/emergencies/{glass.id}/end").status_code == 302
    assert admin.get(page).status_code == 404


def test_a_page_that_cannot_be_recorded_in_an_emergency_is_not_shown(council, risk, as_, monkeypatch):
    admin = as_(council.administrator_person)
    admin.post("/access/emergencies", data={"reason": "The copy is broken"})
    glass = db.session.scalars(select(BrokenGlass)).one()
    as_(council.assurance_person).post(f"/access/emergencies/{glass.id}/decide", data={"deed": "agree"})
    real = service.audit.record

    def broken(what, **facts):
        if what is Event.GLASS_READ:
            raise OSError("the disk is full")
        return real(what, **facts)

    monkeypatch.setattr(service.audit, "record", broken)
    admin.application.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    answer = admin.get(f"/risks/{reference_of(risk.id)}")
    assert answer.status_code == 500
    assert "Repairs fall behind" not in answer.text


def test_the_page_says_every_line_of_the_table_to_everybody_with_an_account(council, as_):
    said = as_(council.champion_person).get("/access/table").get_data(as_text=True).replace("&#39;", "'")
    for room in permission_table.rooms():
        assert room.name in said
        for deed in room.deeds:
            assert deed.words in said
            assert all(line in said for line in deed.lines)
    assert permission_table.LOOK_THE_SAME in said
    assert "/access/proposals" not in said


def test_the_command_writes_the_document(app, tmp_path):
    out = tmp_path / "permissions.md"
    done = app.test_cli_runner().invoke(args=["access", "table", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_text(encoding="utf-8") == permission_table.markdown()
    assert app.test_cli_runner().invoke(args=["access", "table"]).output == permission_table.markdown()


@pytest.mark.parametrize("page", ["/access", "/access/proposals", "/access/named", "/access/emergencies"])
def test_a_list_is_found_sorted_paged_and_the_same_as_a_file(council, risk, as_, page):
    council.given()
    council.opened(risk.id)
    head, admin = as_(council.assurance_person), as_(council.administrator_person)
    admin.post("/access/emergencies", data={"reason": "The copy is broken"})
    whole = head.get(page)
    assert whole.status_code == 200
    address = council.administrator_person.email if "emergencies" in page else council.newcomer.email
    rows = list(csv.reader(io.StringIO(head.get(f"{page}.csv?q={address}").text.removeprefix("\ufeff"))))
    assert len(rows) == 2
    assert address in rows[1]
    assert address in head.get(f"{page}?q={address}").text
    assert head.get(f"{page}?q=quaggamire").text.count("</table>") <= 1
    assert len(head.get(f"{page}.csv?q=quaggamire").text.splitlines()) == 1
    for changes in ("sort=person", "sort=-person", "sort=nonsense", "state=nonsense", "page=99", "state=all&page=0"):
        assert head.get(f"{page}?{changes}").status_code == 200


def test_more_roles_than_a_page_holds_go_on_to_the_next(council, as_):
    with transaction():
        for day in range(30):
            service.db.session.add(
                service.RoleAssignment(
                    person_id=council.newcomer.id,
                    role=Role.CHAMPION,
                    unit_id=council.team.id,
                    from_on=NOON.date() - timedelta(days=day + 1),
                    reason="for a test",
                )
            )
    head = as_(council.assurance_person)
    assert "page=2" in head.get("/access").text
    assert head.get("/access?page=2").status_code == 200


def test_a_pack_and_a_body_opened_by_name_are_all_of_their_kind_that_a_guest_finds(app, as_):
    council = APaperCouncil()
    with transaction():
        council.classify(council.a_risk("A price is talked of", 4, 4), "exempt", on=DAY)
    pack, body = council.build(), council.a_body()
    with transaction():
        guest, proper = a_person(), a_person()
        a_role(proper, Role.PROPER_OFFICER, council.council)

    def let_in(thing, clearance):
        new = NewNamedGrant(guest.email, reference_of(thing.id), clearance, DAY, DAY, "For the review")
        with transaction():
            return service.let_in(new, by=actor(proper), at=NOON, on=DAY)

    parts = [f"/packs/{reference_of(pack.id)}/part-{number}.pdf" for number in (1, 2)]
    page = f"/bodies/{reference_of(body.id)}"
    client = as_(guest)
    assert [client.get(each).status_code for each in (*parts, page)] == [404] * 3
    grant = let_in(pack, Clearance.ORDINARY)
    let_in(body, Clearance.ORDINARY)
    assert [client.get(each).status_code for each in (*parts, page)] == [200, 404, 200]
    menu = client.get("/account").text
    assert ('href="/bodies"' in menu, 'href="/packs"' in menu) == (True, False)
    with transaction():
        service.end_named_grant(grant.id, why="More is needed", by=actor(proper), at=NOON)
        let_in_again = NewNamedGrant(guest.email, reference_of(pack.id), Clearance.EXEMPT, DAY, DAY, "All of it")
        service.let_in(let_in_again, by=actor(proper), at=NOON, on=DAY)
    assert [client.get(each).status_code for each in parts] == [200, 200]
