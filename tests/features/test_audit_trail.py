"""The pages, jobs and commands of the audit trail, on both databases."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, text, update

from riskapp.domain.access import page_of
from riskapp.domain.audit import Event
from riskapp.domain.audit_check import Tampering
from riskapp.domain.checkpoints import read_signed
from riskapp.domain.clock import Moment
from riskapp.domain.permissions import Clearance, Role
from riskapp.features.audit import queries as chain
from riskapp.features.audit import service as audit
from riskapp.features.audit_trail import jobs, queries, service
from riskapp.models.audit import AuditEntry, AuditErasure, AuditPayload
from riskapp.models.database import db, transaction
from riskapp.models.reminders import Message
from tests.builders import DAY, NOON, a_person, a_role, actor
from tests.chains import KEY
from tests.doors_council import EXEMPT, OWN, SECRET, ADoorsCouncil
from tests.pack_builders import reference_of, signed_in

READERS = ("assurance", "auditor", "commissioner")


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    app.extensions["settings"] = replace(app.extensions["settings"], mode="production", audit_key=KEY)
    made = ADoorsCouncil()
    with transaction():
        made.persons["external"] = a_person()
        a_role(made.persons["external"], Role.EXTERNAL_AUDITOR, made.council, to_on=DAY + timedelta(days=30))
    return made


@pytest.fixture
def visit(app, council):
    def open_as(name):
        client = app.test_client()
        signed_in(client, council.persons[name])
        return client

    return open_as


def _keys(page) -> list[str]:
    return re.findall(r"/audit/entries/([0-9a-f]{32})", page.text)


@pytest.mark.parametrize("name", READERS)
def test_those_who_answer_for_assurance_read_the_whole_trail(visit, name):
    page = visit(name).get("/audit")
    assert page.status_code == 200
    assert "Signed in" in page.text or "Opened" in page.text
    assert _keys(page)


def test_a_stranger_to_the_trail_finds_nothing_there(visit):
    for name in ("champion", "manager", "director", "member", "nobody", "proper_officer"):
        client = visit(name)
        assert client.get("/audit").status_code == 404, name
        assert client.get("/audit.csv").status_code == 404, name


def test_an_administrator_reads_of_the_system_and_never_of_a_risk(visit, council):
    client = visit("administrator")
    events = {line.split(",")[2] for line in client.get("/audit.csv").text.splitlines()[1:]}
    whole = visit("auditor").get("/audit?event=risk")
    key = _keys(whole)[0]
    assert "Scored" not in events
    assert not {"Drafted", "Opened", "Escalated", "Action added"} & events
    assert client.get(f"/audit/entries/{key}").status_code == 404
    assert client.get(f"/audit?record={reference_of(council.risks[OWN])}").text.count("/audit/entries/") == 0


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ("event=risk:opened", "Opened"),
        ("event=risk", "Drafted"),
        ("who=Head+of+Assurance", "/audit/entries/"),
        ("from=2026-12-01&to=2026-12-01", "/audit/entries/"),
        ("door=command", ""),
        ("sort=event", "/audit/entries/"),
        ("sort=nonsense&page=nonsense&event=nonsense", "No entry matches"),
        ("q=zymurgy", "No entry matches"),
        ("who=zymurgy", "No entry matches"),
        ("from=2030-01-01", "No entry matches"),
    ],
)
def test_the_trail_is_searched_by_person_event_door_day_and_words(visit, asked, is_found):
    page = visit("auditor").get(f"/audit?{asked}")
    assert page.status_code == 200
    assert is_found in page.text


@pytest.mark.parametrize(
    ("asked", "box", "said"),
    [
        ("from=nonsense", "from", "From must be a real date, like 2026-12-31"),
        ("from=2026-02-30", "from", "From must be a real date, like 2026-12-31"),
        ("to=31.12.2026", "to", "To must be a real date, like 2026-12-31"),
        ("to=2026-12-31&to=2026-12-30", "to", "To must be a real date, like 2026-12-31"),
        ("to=9999-12-31", "to", "To must be a real date, like 2026-12-31"),
        ("from=0001-01-01", "from", "From must be a real date, like 2026-12-31"),
        ("from=2026-12-02&to=2026-12-01", "to", "To must not be before From"),
    ],
)
@pytest.mark.parametrize("door", ["/audit", "/audit.csv"])
def test_a_day_that_is_none_is_said_beside_its_box_and_nothing_is_listed(visit, door, asked, box, said):
    page = visit("auditor").get(f"{door}?{asked}")
    assert page.status_code == 422
    assert f'<a href="#filter-{box}">{said}</a>' in page.text
    assert re.search(rf'id="filter-{box}-error"><span class="visually-hidden">Error: </span>{said}<', page.text)
    assert re.search(rf'<input aria-describedby="filter-{box}-error" aria-invalid="true"[^>]* name="{box}"', page.text)
    typed = asked.rpartition(f"{box}=")[2]
    assert re.search(rf'name="{box}"[^>]*type="text" value="[^"]*{typed}"', page.text), (
        "what was typed can be corrected"
    )
    assert _keys(page) == []
    assert "Nothing is looked for until the date is put right" in page.text
    assert "<title>Error: Audit trail" in page.text


@pytest.mark.parametrize("asked", ["from=&to=", "from=+&to=+", "from=2026-12-01&to=2026-12-01"])
def test_no_day_narrows_nothing_and_one_day_is_from_and_to_itself(visit, asked):
    page = visit("auditor").get(f"/audit?{asked}")
    assert page.status_code == 200
    assert _keys(page)


def test_a_record_is_found_by_its_reference_and_nothing_else_is(visit, council):
    reference = reference_of(council.risks[OWN])
    page = visit("auditor").get(f"/audit?record={reference.lower()}")
    others = set(re.findall(r"/risks/(R-\w+)", page.text)) - {reference}
    assert _keys(page)
    assert others == set()


def test_words_of_a_reason_are_found(visit, council):
    with transaction():
        audit.record(
            Event.RISK_CLOSED, by=council.head, at=NOON, subject_id=council.risks[OWN].id, why="A rare aardvark"
        )
    page = visit("auditor").get("/audit?q=aardvark")
    assert len(set(_keys(page))) == 1


def test_more_than_is_paged_is_said_and_not_counted_on(council, monkeypatch):
    monkeypatch.setattr(queries, "MOST_PAGED", 10)
    by = actor(council.persons["auditor"])
    found = queries.search(by, queries.scope(by, on=DAY), queries.Wanted(), page=99, size=10)
    assert (len(found.lines), found.total, found.has_more) == (10, 10, True)


def test_an_entry_shows_who_in_what_capacity_when_and_before_and_after(visit, council):
    by = replace(actor(council.lead_person), request_id="abcdef012345")
    sitting = replace(by.sittings[0], capacity="deputy")
    with transaction():
        kept = audit.record(
            Event.RISK_SCORED, by=replace(by, sittings=(sitting,)), at=NOON, subject_id=council.risks[OWN].id,
            before={"current": 6}, why="It grew",
            after={"current": 9, "state": "in_force", "due_on": date(2026, 12, 31)},
        )  # fmt: skip
    page = visit("auditor").get(f"/audit/entries/{kept.payload_digest.hex()[:32]}").text
    for words in (
        "Current score 6 to 9",
        "as its deputy",
        "in force",
        "31 Dec 2026",
        "It grew",
        "abcdef012345",
        "Not yet",
    ):
        assert words in page, words
    assert sitting.title in page


def test_an_entry_that_is_not_there_and_a_key_that_is_none_look_the_same(visit):
    client = visit("auditor")
    for key in ("0" * 32, "zz", "0" * 31, "0" * 64, "é" * 32):
        assert client.get(f"/audit/entries/{key}").status_code == 404


@pytest.mark.parametrize("kind", ["risks", "actions", "cases", "body"])
def test_a_record_tells_what_happened_to_it_to_whoever_may_read_it_and_to_nobody_else(visit, council, kind):
    thing = council.body if kind == "body" else getattr(council, kind)[OWN]
    reference = reference_of(thing)
    for name in ("assurance", "champion"):
        page = visit(name).get(f"/audit/records/{reference}")
        assert page.status_code == 200, name
        assert 'class="timeline' in page.text
        assert reference in page.text
    assert visit("nobody").get(f"/audit/records/{reference}").status_code == 404


def test_the_page_of_a_record_leads_to_its_time_line(visit, council):
    client = visit("champion")
    for key, thing in {"risk": council.risks, "action": council.actions, "escalation": council.cases}.items():
        reference = reference_of(thing[OWN])
        page = visit("assurance").get(page_of(key, reference)).text
        assert f"/audit/records/{reference}" in page, key
    assert (
        f"/audit/records/{reference_of(council.body)}" in client.get(page_of("body", reference_of(council.body))).text
    )


def test_a_list_that_leaves_as_a_file_leaves_an_entry_whichever_list_it_is(app, visit, council):
    client = visit("assurance")
    files = sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.endswith("_csv") and not rule.arguments and "GET" in rule.methods
    )
    for address in files:
        before = _count(Event.LIST_EXPORTED)
        answer = client.get(f"{address}?q=x")
        if answer.status_code == 200:
            assert _count(Event.LIST_EXPORTED) == before + 1, address
    told = chain.time_line(council.head, 0)
    assert told == ()
    row = db.session.execute(
        select(AuditPayload.content).join(AuditEntry, AuditEntry.id == AuditPayload.entry_id)
        .where(AuditEntry.event == Event.LIST_EXPORTED).order_by(AuditEntry.id)
    ).scalars().first()  # fmt: skip
    assert row["after"]["asked"] == {"q": "x"}
    assert len(files) > 12


def _count(event: Event) -> int:
    return len(db.session.scalars(select(AuditEntry.id).where(AuditEntry.event == event)).all())


def test_reading_exempt_words_leaves_an_entry_that_no_time_line_tells(visit, council):
    client, risk = visit("assurance"), council.risks[EXEMPT]
    client.get(f"/risks/{reference_of(risk)}")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.EXEMPT_SHOWN)).first()
    assert entry is not None
    assert entry.subject_id == risk.id
    assert Event.EXEMPT_SHOWN not in {each.event for each in chain.time_line(council.head, risk.id)}


def test_exempt_words_on_the_trail_are_told_to_who_is_cleared_and_that_is_recorded(visit, council):
    risk = council.risks[EXEMPT]
    reference = reference_of(risk)
    with transaction():
        audit.record(Event.RISK_SCORED, by=council.head, at=NOON, subject_id=risk.id, after={"current": 25}, why=SECRET)
    for address in (f"/audit?record={reference}", f"/audit.csv?record={reference}", f"/audit/records/{reference}"):
        before = _count(Event.EXEMPT_SHOWN)
        assert SECRET in visit("auditor").get(address).text, address
        assert _count(Event.EXEMPT_SHOWN) == before + 1, address
        assert SECRET not in visit("external").get(address).text, address


def test_who_is_not_cleared_reads_the_bare_deeds_of_an_exempt_risk_and_finds_none_of_its_words(visit, council):
    risk = council.risks[EXEMPT]
    reference = reference_of(risk)
    with transaction():
        audit.record(Event.RISK_SCORED, by=council.head, at=NOON, subject_id=risk.id, after={"current": 25}, why=SECRET)
    client = visit("external")
    page = client.get(f"/audit?record={reference}")
    assert page.status_code == 200
    assert "Opened" in page.text
    assert "score" not in page.text.lower().split("<tbody>")[1]
    assert SECRET not in page.text
    assert "No entry matches" in client.get(f"/audit?q={SECRET}").text
    for thing in (council.actions[EXEMPT], council.cases[EXEMPT]):
        assert "No entry matches" in client.get(f"/audit?record={reference_of(thing)}").text


def test_an_auditor_given_less_clearance_than_usual_is_told_less(council):
    with transaction():
        lesser = a_person()
        a_role(lesser, Role.AUDITOR, council.council, clearance=Clearance.ORDINARY)
    seen = queries.scope(actor(lesser), on=DAY)
    assert not seen.is_whole
    assert council.risks[EXEMPT].id in seen.outlined
    assert council.actions[EXEMPT].id in seen.hidden


def test_the_file_holds_what_the_page_shows(visit):
    rows = visit("auditor").get("/audit.csv?event=risk:opened").text.splitlines()
    assert rows[0].endswith("Erased under,Entry")
    assert len(rows) > 2
    assert all("Opened" in row for row in rows[1:])


def _moment(on: date = DAY, at: datetime = NOON) -> Moment:
    return Moment(on, at)


def test_the_clock_seals_then_signs_and_mails_the_checkpoint_to_internal_audit_once(council):
    with transaction():
        sealed = jobs.seal_the_audit_trail(_moment())
        issued = jobs.issue_a_checkpoint(_moment())
    with transaction():
        again = jobs.issue_a_checkpoint(_moment())
    assert sealed.found > 20
    assert (issued.found, issued.queued, again.queued) == (sealed.found, 1, 0)
    mail = db.session.scalars(select(Message).where(Message.subject.startswith("Audit trail"))).one()
    signed = read_signed(mail.text)
    assert mail.person_id == council.persons["auditor"].id
    assert mail.html == ""
    assert signed == chain.last_checkpoint()
    assert "audit verify --checkpoint" in mail.text


def test_without_a_key_the_clock_and_the_page_say_so_loudly_and_nothing_is_issued(app, council, visit):
    assert "No key is set" not in visit("auditor").get("/audit").text
    app.extensions["settings"] = replace(app.extensions["settings"], audit_key=None)
    with transaction():
        jobs.seal_the_audit_trail(_moment())
        done = jobs.issue_a_checkpoint(_moment())
    assert done.failed == 1
    assert "AUDIT_KEY" in done.detail
    assert chain.last_checkpoint() is None
    assert "No key is set" in visit("auditor").get("/audit").text


def test_the_clock_checks_the_trail_once_a_week_keeps_the_verdict_and_raises_the_alarm(visit, council):
    with transaction():
        jobs.seal_the_audit_trail(_moment())
        jobs.issue_a_checkpoint(_moment())
        assert jobs.verify_the_audit_trail(_moment()).detail == "It holds"
    with transaction():
        assert jobs.verify_the_audit_trail(_moment(at=NOON + timedelta(days=6))).detail == "Not due"
        assert "It holds" in visit("auditor").get("/audit").text
        db.session.execute(text("DELETE FROM audit_payload WHERE entry_id = (SELECT max(entry_id) FROM audit_seal)"))
    with transaction():
        done = jobs.verify_the_audit_trail(_moment(at=NOON + timedelta(days=8)))
    assert done.failed == 1
    assert done.queued == 2
    kept = chain.last_verification(council.head)
    assert kept.fault is Tampering.PAYLOAD_TAKEN
    page = visit("auditor").get("/audit").text
    assert "It does not hold" in page
    assert Tampering.PAYLOAD_TAKEN.words in page


def test_what_is_older_than_the_policy_keeps_is_erased_and_the_chain_stays_whole(council):
    old = NOON - timedelta(days=3 * 365)
    with transaction():
        kept = audit.record(Event.SIGNED_IN, by=council.head, at=old, after={"from": "somewhere"})
        young = audit.record(Event.RISK_CLOSED, by=council.head, at=old, subject_id=council.risks[OWN].id, why="Gone")
        jobs.seal_the_audit_trail(_moment())
    with transaction():
        assert jobs.erase_what_is_due(_moment()).found == 1
    with transaction():
        assert jobs.erase_what_is_due(_moment()).found == 0
        jobs.seal_the_audit_trail(_moment())
    erased = db.session.scalars(select(AuditErasure)).one()
    assert (erased.entry_id, erased.clause) == (kept.id, "15.2")
    assert db.session.get(AuditPayload, young.id) is not None
    assert chain.verify(db.session.connection()).fault is None


def test_what_is_erased_is_said_so_on_its_page_and_in_the_list(visit, council):
    person = council.persons["specialist"]
    with transaction():
        kept = audit.record(
            Event.PERSON_ADDED, by=council.head, at=NOON, after={"person": person.id, "name": "zymurgy"}
        )
        assert service.erase_person(person.id, why="They asked", by=council.head, at=NOON, on=DAY) >= 1
    client = visit("auditor")
    page = client.get(f"/audit/entries/{kept.payload_digest.hex()[:32]}").text
    assert "erased under policy 15.1" in page
    assert "zymurgy" not in page
    assert "Erased under policy 15.1" in client.get("/audit?event=person:added").text


def test_nobody_is_erased_who_is_not_there_or_without_a_reason(council):
    with pytest.raises(service.CannotErase, match="no person"):
        service.erase_person(987654, why="They asked", by=council.head, at=NOON, on=DAY)
    with pytest.raises(service.CannotErase, match="Say why"):
        service.erase_person(council.persons["champion"].id, why=" ", by=council.head, at=NOON, on=DAY)


class Commands:
    def __init__(self, app) -> None:
        self.run = app.test_cli_runner().invoke


def test_the_command_verifies_with_a_file_and_with_a_printed_line_and_ends_in_what_it_found(app, council, tmp_path):
    run = Commands(app).run
    assert run(args=["audit", "seal"]).exit_code == 0
    lines = run(args=["audit", "checkpoint"]).output.splitlines()
    file = tmp_path / "mail.txt"
    file.write_text(f"From: riskapp\n\n{lines[0]}\n\nbye")
    alone = run(args=["audit", "verify"])
    assert alone.exit_code == 0
    assert "No witness from outside" in alone.output
    for witness in (["--checkpoint", str(file)], ["--line", lines[1]]):
        held = run(args=["audit", "verify", *witness])
        assert held.exit_code == 0, held.output
        assert "No witness from outside" not in held.output
    with transaction():
        db.session.execute(update(AuditEntry).values(door="forged").where(AuditEntry.id == _first_id()))
    broken = run(args=["audit", "verify", "--checkpoint", str(file)])
    assert broken.exit_code == 1
    assert "FAILED at number 1" in broken.output
    assert "An entry was edited" in broken.output


def _first_id() -> int:
    return db.session.scalar(text("SELECT entry_id FROM audit_seal WHERE sequence = 1"))


def test_a_witness_that_cannot_be_used_is_refused_in_words(app, council, tmp_path):
    run = Commands(app).run
    run(args=["audit", "seal"])
    line = run(args=["audit", "checkpoint"]).output.splitlines()[0]
    words = line.split(" ")
    forged = {
        "nothing": "no checkpoint at all",
        "sequence": " ".join((*words[:3], "2", *words[4:])),
        "database": " ".join((*words[:2], "0" * 32, *words[3:])),
    }
    for name, said in forged.items():
        file = tmp_path / name
        file.write_text(said)
        answer = run(args=["audit", "verify", "--checkpoint", str(file)])
        assert answer.exit_code == 2, name
        assert "Error" in answer.output
    for refused in (["--line", "Page 1 of 9"], ["--public-key", "!"], ["--checkpoint", str(tmp_path / "gone")]):
        assert run(args=["audit", "verify", *refused]).exit_code == 2, refused
    file = tmp_path / "good"
    file.write_text(line)
    other = run(args=["audit", "verify", "--checkpoint", str(file), "--public-key", "A" * 43 + "="])
    assert other.exit_code == 2
    assert "another key" in other.output


def test_a_key_is_made_once_for_its_user_alone_and_its_public_half_is_shown(app, tmp_path):
    run = Commands(app).run
    out = tmp_path / "audit_key"
    made = run(args=["audit", "key", "--out", str(out)])
    assert made.exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert out.read_text().strip() not in made.output
    assert run(args=["audit", "key", "--out", str(out)]).exit_code == 1
    assert "Public half" in run(args=["audit", "key"]).output


def test_the_command_erases_a_person_and_says_how_much(app, council):
    done = Commands(app).run(args=["audit", "erase", "--person", str(council.persons["champion"].id), "--why", "Asked"])
    assert done.exit_code == 0
    assert "The chain is whole" in done.output
    refused = Commands(app).run(args=["audit", "erase", "--person", "987654", "--why", "Asked"])
    assert refused.exit_code == 1
