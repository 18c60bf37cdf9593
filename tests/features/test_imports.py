"""A file of units or people is shown line by line, applied whole or not at all, and once; what moved is shown anew."""

import csv
import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.domain.clock import Moment
from riskapp.features.imports import jobs, service
from riskapp.features.organisation import service as organisation
from riskapp.features.passwords import service as passwords
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, rehearsal, transaction
from riskapp.models.entity import Entity
from riskapp.models.imports import ImportPreview
from riskapp.models.people import Person, Tenure, Unit
from riskapp.models.reminders import Message
from riskapp.settings import OidcSettings
from tests.builders import DAY, NOON, a_post, actor
from tests.features.test_organisation import ALargerCouncil, paths_are_true
from tests.features.test_organisation_pages import said
from tests.pack_builders import reference_of, signed_in

UNITS = "name,kind,parent,opened\n"
PEOPLE = "email,post,unit,capacity,from,to\n"


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    council = ALargerCouncil()
    with transaction():
        council.vacant = a_post(council.sibling, "team_manager", title="Manager, Voids")
    return council


@pytest.fixture
def admin(app, council):
    client = app.test_client()
    signed_in(client, council.administrator_person)
    return client


def send(client, kind, text, *, name="a file.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    return client.post("/organisation/import", data={"kind": kind, "file": (io.BytesIO(data), name)})


def count(table):
    return db.session.scalar(select(func.count()).select_from(table))


def test_units_are_shown_first_and_applied_whole(council, admin):
    text = (
        f"{UNITS}Voids Two,team,Estates,2026-04-01\nEstates,service,Places,1/4/2026\nParks,service,Places,2020-04-01\n"
    )
    url = send(admin, "units", text).location
    assert count(Unit) == 8
    page = said(admin.get(url))
    assert "To be added 2 To be changed 0 Left as it is 1" in page
    assert "Team Voids Two under Estates, opened 1 Apr 2026." in page
    done = said(admin.get(admin.post(url).location))
    assert "Done: 2 added, 0 changed, 1 left." in done
    assert count(Unit) == 10
    assert paths_are_true()


def test_people_are_put_into_posts_and_an_unknown_address_becomes_an_account_without_a_password(council, admin):
    text = f'{PEOPLE}New@council.gov.uk,"Manager, Voids",Voids,holder,2026-11-02,\n'
    url = send(admin, "people", text).location
    assert "new@council.gov.uk in Manager, Voids as holder from 2 Nov 2026, a new account" in said(admin.get(url))
    assert db.session.scalar(select(Person.id).where(Person.email == "new@council.gov.uk")) is None
    admin.post(url)
    person = db.session.scalars(select(Person).where(Person.email == "new@council.gov.uk")).one()
    assert person.password_hash is None
    assert actor(person).post_ids == {council.vacant.id}


def welcomed():
    return {each.address: each.text for each in db.session.scalars(select(Message).order_by(Message.id))}


TWO_NEW = (
    f'{PEOPLE}new@council.gov.uk,"Manager, Voids",Voids,holder,2026-11-02,\n'
    'New@council.gov.uk,"Manager, Repairs Delivery",Repairs Delivery,deputy,2026-11-02,\n'
    'other@council.gov.uk,"Manager, Repairs Delivery",Repairs Delivery,deputy,2026-11-02,\n'
)


def test_whoever_gets_an_account_is_told_once_where_to_choose_a_password(app, council, admin):
    url = send(admin, "people", TWO_NEW).location
    assert "2 new accounts. A mail tells each of them where to choose a password." in said(admin.get(url))
    assert welcomed() == {}, "a preview writes to nobody"
    for _ in range(2):
        admin.post(url)
    assert set(welcomed()) == {"new@council.gov.uk", "other@council.gov.uk"}
    assert count(Message) == 2
    assert "Choose a password to sign in" in welcomed()["new@council.gov.uk"]
    assert "/forgotten-password" in welcomed()["new@council.gov.uk"]
    with transaction():
        person = db.session.scalars(select(Person).where(Person.email == "new@council.gov.uk")).one()
        assert not passwords.welcome(person, at=NOON), "whoever asks for it again"
    assert count(Message) == 2


def test_who_has_an_account_already_is_not_written_to(council, admin):
    text = f'{PEOPLE}{council.lead_person.email},"Manager, Voids",Voids,holder,2026-11-02,\n'
    url = send(admin, "people", text).location
    assert "new account" not in said(admin.get(url))
    admin.post(url)
    assert welcomed() == {}


def test_a_rehearsal_of_an_import_writes_to_nobody(app, council, admin):
    key = send(admin, "people", TWO_NEW).location.rpartition("/")[2]
    with rehearsal():
        assert service.apply(key, welcomes=True, by=actor(council.administrator_person), at=NOON)
        assert count(Message) == 2
    assert count(Message) == 0


def test_where_people_sign_in_with_council_accounts_nobody_is_told_of_a_password(app, council, admin):
    provider = OidcSettings("https://id.council.example", "riskapp", "a secret", "your council account", is_entra=False)
    app.extensions["settings"] = replace(app.extensions["settings"], oidc=provider)
    url = send(admin, "people", TWO_NEW).location
    assert "Nobody is written to: send each the link to their council account" in said(admin.get(url))
    admin.post(url)
    assert count(Message) == 0
    joined = {"email": "joins@council.gov.uk", "capacity": "holder", "from_on-day": 1, "from_on-month": 12}
    answer = admin.post("/people/new", data=joined | {"from_on-year": 2026, "post": ""}, follow_redirects=True)
    assert "joins@council.gov.uk is added. Send them the link to sign in by." in answer.text
    assert count(Message) == 0


def test_one_file_may_end_a_holder_and_begin_the_next(council, admin):
    text = (
        f'{PEOPLE}new@council.gov.uk,"Manager, Repairs Delivery",Repairs Delivery,holder,2026-11-02,\n'
        f'{council.manager_person.email},"Manager, Repairs Delivery",Repairs Delivery,holder,2021-04-01,2026-11-01\n'
    )
    admin.post(send(admin, "people", text).location)
    tenures = db.session.execute(
        select(Tenure.from_on, Tenure.to_on).where(Tenure.post_id == council.manager.id).order_by(Tenure.from_on)
    ).all()
    assert [(str(begins), str(ends)) for begins, ends in tenures] == [
        ("2021-04-01", "2026-11-01"),
        ("2026-11-02", "None"),
    ]


def test_a_preview_applied_twice_does_nothing_twice(council, admin):
    url = send(admin, "units", f"{UNITS}Estates,service,Places,2026-04-01\n").location
    admin.post(url)
    entries = count(AuditEntry)
    again = said(admin.get(admin.post(url).location))
    assert "The file was applied before. Nothing was done again." in again
    assert (count(Unit), count(AuditEntry)) == (9, entries)
    assert "Apply the file" not in again


def test_the_same_file_chosen_again_has_nothing_left_to_do(council, admin):
    text = f"{UNITS}Estates,service,Places,2026-04-01\n"
    admin.post(send(admin, "units", text).location)
    page = said(admin.get(send(admin, "units", text).location))
    assert "Every line says what is there already. There is nothing to do." in page


def test_what_the_organisation_holds_now_reads_as_nothing_to_do(council, admin):
    for kind in ("units", "people"):
        file = admin.get(f"/organisation/import/{kind}.csv").data
        page = said(admin.get(send(admin, kind, file).location))
        assert "There is nothing to do." in page, page


def test_a_file_with_unknown_units_does_nothing_and_says_line_column_and_what_to_do(council, admin):
    url = send(admin, "units", f"{UNITS}Estates,service,Places,2026-04-01\nGas,team,Nowhere,2026-04-01\n").location
    page = said(admin.get(url))
    assert "Nothing can be done while 1 thing is to be put right." in page
    assert "3 To put right Column parent “Nowhere”: There is no unit called so. Correct the name" in page
    assert admin.post(url).status_code == 422
    assert count(Unit) == 8


def test_what_is_to_be_put_right_downloads_as_a_file_that_runs_no_formula(council, admin):
    url = send(admin, "units", f'{UNITS}"=HYPERLINK(""http://evil.example"")",gang,Places,2026-04-01\n').location
    rows = list(csv.reader(io.StringIO(admin.get(f"{url}/faults.csv").text.lstrip("\ufeff"))))
    assert rows == [
        ["Line", "Column", "It says", "What to do"],
        ["2", "kind", "gang", "It is no kind of unit. Write directorate, service or team"],
    ]
    url = send(admin, "people", f"{PEOPLE}=1+1,x,y,holder,2026-04-01,\n").location
    assert "'=1+1" in admin.get(f"{url}/faults.csv").text


def test_hostile_cells_are_shown_and_not_run(council, admin):
    text = f"{UNITS}<script>alert(1)</script>,team,Parks,2026-04-01\n\"=cmd|' /C calc'!A0\",team,Parks,2026-04-01\n"
    url = send(admin, "units", text, name="<b>.csv").location
    page = admin.get(url).text
    assert "<script>alert" not in page
    assert "<b>.csv" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    admin.post(url)
    assert "'=cmd" in admin.get("/organisation/units.csv").text


def test_a_file_is_refused_after_the_organisation_moved_and_shown_anew(council, admin):
    url = send(admin, "units", f"{UNITS}Estates,service,Places,2026-04-01\n").location
    with transaction():
        organisation.rename(council.places.id, name="Place", seen=1, by=actor(council.assurance_person), at=NOON)
    answer = admin.post(url)
    assert answer.location != url
    page = said(admin.get(answer.location))
    assert "The organisation was changed after you looked. Nothing was done." in page
    assert "There is no unit called so" in page
    assert count(Unit) == 8


def test_all_is_done_or_nothing(council, admin, monkeypatch):
    url = send(admin, "units", f"{UNITS}Estates,service,Places,2026-04-01\nGas,team,Estates,2026-04-01\n").location
    real, calls = service.people.add_unit, []

    def fail_at_the_second(**facts):
        calls.append(facts)
        if len(calls) == 2:
            raise RuntimeError("the disk is full")
        return real(**facts)

    monkeypatch.setattr(service.people, "add_unit", fail_at_the_second)
    assert admin.post(url).status_code == 500
    assert count(Unit) == 8
    monkeypatch.undo()
    admin.post(url)
    assert count(Unit) == 10


def test_a_preview_is_its_senders_alone_and_goes_when_the_next_file_is_chosen(council, admin, app):
    url = send(admin, "units", f"{UNITS}Estates,service,Places,2026-04-01\n").location
    head = app.test_client()
    signed_in(head, council.assurance_person)
    for answer in (head.get(url), head.post(url), head.get(f"{url}/faults.csv")):
        assert answer.status_code == 404
    send(admin, "units", f"{UNITS}Trees,service,Places,2026-04-01\n")
    assert admin.get(url).status_code == 404
    assert count(ImportPreview) == 1


def test_the_clock_forgets_files_after_thirty_days_whoever_sent_them(council, admin):
    admin.post(send(admin, "units", f"{UNITS}Estates,service,Places,2026-04-01\n").location)
    for days, left in ((30, 1), (31, 0)):
        with transaction():
            jobs.forget_old_previews(Moment(DAY, NOON + timedelta(days=days)))
        assert count(ImportPreview) == left


def test_nobody_puts_themselves_into_a_post(council, admin):
    email = council.administrator_person.email
    url = send(admin, "people", f'{PEOPLE}{email},"Manager, Voids",Voids,holder,2026-11-02,\n').location
    assert "Nobody puts themselves into a post. Ask another keeper to do it" in said(admin.get(url))
    assert admin.post(url).status_code == 422


def test_no_file_and_a_header_that_is_wrong_are_said(council, admin):
    answer = admin.post("/organisation/import", data={"kind": "units"})
    assert answer.status_code == 422
    assert "Choose the CSV file" in said(answer)
    page = said(admin.get(send(admin, "units", "team;lead\nx;y\n").location))
    assert "Missing: name, kind, parent, opened" in page


def _a_workbook() -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", UNITS * 50)
    return file.getvalue()


@pytest.mark.parametrize("name", ["units.xlsx", "units", "units.csv.exe", "units.csv ", "csv", ".csv.html"])
def test_a_file_whose_name_is_of_another_kind_is_refused_beside_its_field(council, admin, name):
    answer = send(admin, "units", f"{UNITS}Estates,service,Places,2026-04-01\n", name=name)
    assert answer.status_code == 422
    assert "Choose a file whose name ends in .csv" in said(answer)
    assert count(ImportPreview) == 0
    assert send(admin, "units", f"{UNITS}Estates,service,Places,2026-04-01\n", name="UNITS.CSV").status_code == 302


@pytest.mark.parametrize(
    "data",
    [_a_workbook(), b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\0", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\x1f\x8b\x08\0"],
)
def test_a_file_that_is_called_csv_and_is_none_is_not_read_as_one(council, admin, data):
    page = said(admin.get(send(admin, "units", data, name="units.csv").location))
    assert "The file is not text. Save it as CSV in UTF-8" in page


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.csv", "..\\..\\boot.csv", "/etc/shadow.csv", "a%0d%0aSet-Cookie: sid=x.csv",
        "\u202egnp.csv", '"; filename="evil.exe.csv', "x" * 5000 + ".csv", "<svg onload=alert(1)>.csv", "🙂.csv",
    ],
)  # fmt: skip
def test_a_hostile_name_of_a_file_is_cut_and_shown_as_words_and_is_no_path(council, admin, name, tmp_path):
    answer = send(admin, "units", f"{UNITS}Estates,service,Places,2026-04-01\n", name=name)
    assert answer.status_code == 302
    kept = db.session.scalars(select(ImportPreview)).one()
    assert len(kept.file_name) <= 100
    shown = admin.get(answer.location)
    assert shown.status_code == 200
    assert "<svg onload" not in shown.text
    faults = admin.get(f"{answer.location}/faults.csv")
    assert faults.headers["Content-Disposition"] == 'attachment; filename="faults-in-units.csv"'


def test_a_name_with_the_character_that_no_database_keeps_is_refused(council, admin):
    assert send(admin, "units", UNITS, name="a\0b.csv").status_code == 400


def test_a_file_of_more_than_five_megabytes_is_refused_in_words(council, admin):
    by = actor(council.administrator_person)
    with transaction():
        made = service.preview(
            kind="units", file_name="big.csv", data=b"x" * (5 * 1024 * 1024 + 1), by=by, at=NOON, on=DAY
        )
    assert "The file is larger than 5 MB." in said(admin.get(f"/organisation/import/{made.key}"))


def test_a_windows_file_keeps_its_letters(council, admin):
    text = f"{UNITS}Children’s Café,team,Parks,2026-04-01\n".encode("cp1252")
    admin.post(send(admin, "units", text).location)
    assert db.session.scalar(select(Entity.id).where(Entity.name == "Children’s Café"))


def test_an_officer_cannot_import(council, app):
    client = app.test_client()
    signed_in(client, council.manager_person)
    assert client.get("/organisation/import").status_code == 404
    assert send(client, "units", UNITS).status_code == 404
    assert client.get("/organisation/import/people.csv").status_code == 404
    assert not re.search("/organisation/import", client.get("/organisation").text)
    assert reference_of(council.parks) in client.get("/organisation").text
