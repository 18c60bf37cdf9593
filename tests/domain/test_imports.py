"""A file is read whatever spreadsheet wrote it, and each fault is told with its line, its column and what to do."""

from dataclasses import replace
from datetime import date

import pytest

from riskapp.domain.import_plan import PostState, State, TenureState, UnitState, plan
from riskapp.domain.imports import MOST_BYTES, MOST_ROWS, day, read

TODAY = date(2026, 12, 1)
UNITS = "name,kind,parent,opened\n"
PEOPLE = "email,post,unit,capacity,from,to\n"
NO_UNIT = "There is no unit called so. Correct the name, or add the unit first"
STATE = State(
    units=(
        UnitState(1, "U-22222", "The council", "council", None, date(2020, 4, 1), is_open=True),
        UnitState(2, "U-33333", "Housing", "directorate", 1, date(2020, 4, 1), is_open=True),
        UnitState(3, "U-44444", "Repairs", "service", 2, date(2020, 4, 1), is_open=True),
        UnitState(4, "U-55555", "Markets", "service", 2, date(2020, 4, 1), is_open=False),
        UnitState(5, "U-66666", "Places", "directorate", 1, date(2020, 4, 1), is_open=True),
        UnitState(6, "U-77777", "Repairs", "service", 5, date(2020, 4, 1), is_open=True),
    ),
    posts=(
        PostState(11, "Service Lead, Repairs", 3, is_open=True),
        PostState(12, "Old Post", 3, is_open=False),
        PostState(13, "Director of Housing", 2, is_open=True),
    ),
    tenures=(TenureState(21, 13, "head@council.gov.uk", "holder", date(2024, 4, 1), None),),
    accounts={"head@council.gov.uk": True, "gone@council.gov.uk": False},
)


def faults(kind, text):
    return [(fault.line, fault.column, fault.advice) for fault in read(kind, text.encode()).faults]


def planned(kind, text, *, own="admin@council.gov.uk", state=STATE):
    sheet = read(kind, text.encode())
    assert sheet.faults == ()
    return plan(kind, sheet.lines, state, today=TODAY, own_email=own)


def wrong(kind, text, **facts):
    return [(fault.line, fault.column, fault.advice) for fault in planned(kind, text, **facts).faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_file_is_read_in_each_encoding_that_spreadsheets_write(encoding):
    sheet = read("units", f"{UNITS}Children’s Café,team,Repairs,2026-04-01\r\n".encode(encoding))
    assert [line.cells["name"] for line in sheet.lines] == ["Children’s Café"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (UNITS.encode("utf-16"), "The file is not text. Save it as CSV in UTF-8 and choose it again"),
        (b"\x81\x8d", "The file is not text. Save it as CSV in UTF-8 and choose it again"),
        (b"", "The file is empty. Its first line is: name,kind,parent,opened"),
        (UNITS.encode(), "The file has a header and no lines. Add a line for each thing"),
        (b"x" * (MOST_BYTES + 1), "The file is larger than 5 MB. Cut it into parts of at most 5,000 lines"),
        (UNITS.encode() + b"a,team,b,2026-01-01\n" * (MOST_ROWS + 1), "A file holds at most 5,000 lines. Cut it into"),
        (b'name,kind,parent,opened\n"open', "The file cannot be read as CSV. Save it as CSV and choose it again"),
        (b"name;kind;parent;opened\n", "Missing: name, kind, parent, opened. Not known: name;kind;parent;opened."),
        (b"name,kind,parent\n", "Missing: opened. The first line must be: name,kind,parent,opened"),
        (b"name,kind,parent,opened,name\n", "A column is there twice. The first line must be:"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_file_is_one_fault_of_its_first_line(data, message):
    found = read("units", data).faults
    assert len(found) == 1
    assert found[0].line == 1
    assert found[0].advice.startswith(message)


def test_columns_may_stand_in_any_order_and_letter_case():
    sheet = read("units", b"Opened,PARENT,name,Kind\n1/4/2026,Repairs,Voids,Team\n")
    assert dict(sheet.lines[0].cells) == {"opened": "1/4/2026", "parent": "Repairs", "name": "Voids", "kind": "Team"}


def test_each_fault_names_its_line_its_column_and_what_to_do():
    text = UNITS + (
        ",team,Repairs,2026-04-01\n"
        "Voids,group,Repairs,31/2/2026\n"
        '"Two\nlines",team,Repairs,2026-04-01\n'
        "Gas,team,Repairs\n"
        "Lifts,team,Repairs,2026-04-01\n"
        "lifts,team,repairs,2026-04-01\n"
    )
    assert faults("units", text) == [
        (2, "name", "It is empty. Fill in name"),
        (3, "kind", "It is no kind of unit. Write directorate, service or team"),
        (3, "opened", "It is no date. Write 2026-12-31 or 31/12/2026"),
        (4, "name", "It holds a line break or another mark that is not shown. Write it on one line"),
        (6, "", "The line has 3 cells and the header 4. Put a cell with a comma into quotes"),
        (8, "", "Line 7 says the same. Take one out"),
    ]


def test_faults_of_people():
    text = PEOPLE + "no address,Post,Unit,boss,2026-04-01,2026-03-01\n"
    assert faults("people", text) == [
        (2, "email", "It is no e-mail address. Write it like name@council.gov.uk"),
        (2, "capacity", "It is no capacity. Write holder, acting or deputy"),
        (2, "to", "It ends before it begins. Give a later day, or none"),
    ]


def test_a_cell_that_our_own_files_defused_is_read_as_it_was():
    assert read("units", f"{UNITS}'=Sum,team,Repairs,2026-04-01\n".encode()).lines[0].cells["name"] == "=Sum"


@pytest.mark.parametrize(
    ("said", "on"),
    [
        ("2026-04-01", date(2026, 4, 1)),
        ("1/4/2026", date(2026, 4, 1)),
        ("04/31/2026", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_day_is_read_as_iso_or_as_written_in_britain(said, on):
    assert day(said) == on


def test_units_are_added_under_units_that_the_same_file_adds_whatever_their_order():
    text = f"{UNITS}Voids,team,Lettings,2026-04-01\nLettings,service,Housing,2026-04-01\n"
    made = planned("units", text)
    assert [(each.line, each.deed) for each in made.planned] == [(2, "add"), (3, "add")]
    assert made.planned[0].facts["parent_line"] == 3


def test_a_unit_that_is_there_is_left_or_its_opening_corrected():
    text = f"{UNITS}housing,directorate,The council,2020-04-01\nPlaces,directorate,U-22222,2021-04-01\n"
    made = planned("units", text).planned
    assert [each.deed for each in made] == ["leave", "change"]
    assert made[1].words == "Places: opened 1 Apr 2021, not 1 Apr 2020"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Voids,team,Nowhere,2026-04-01", ("parent", NO_UNIT)),
        ("Voids,team,Markets,2026-04-01", ("parent", "That unit is closed. Reopen it on its page, or name another")),
        ("Voids,team,Housing,2026-04-01", ("parent", "That is a directorate, and a team stands under a service")),
        ("Voids,team,Repairs,2026-04-01",
         ("parent", "More than one unit is called so. Write its reference, like U-7K4QX")),
        ("Voids,team,,2026-04-01", ("parent", "A team stands under a service. Write its name or reference")),
        ("Voids,team,U-44444,2026-12-02", ("opened", "That day is still to come. Add it when the day comes")),
        ("Our town,council,,2026-04-01", ("name", "There is one council, under another name. Rename it on its page")),
    ],
)  # fmt: skip
def test_a_unit_that_cannot_be_is_a_fault_of_its_column(line, fault):
    assert wrong("units", f"{UNITS}{line}\n") == [(2, *fault)]


def test_two_lines_with_one_name_under_one_unit_are_a_fault_of_the_later():
    text = f"{UNITS}Voids,team,U-44444,2026-04-01\nvoids,team,U-44444,2026-05-01\n"
    assert wrong("units", text) == [(3, "name", "Line 2 has a unit of that name under the same unit. Take one out")]


def test_a_person_is_put_into_a_post_and_an_unknown_address_becomes_an_account():
    text = f'{PEOPLE}New@council.gov.uk,"service lead, REPAIRS",U-44444,holder,2026-04-01,\n'
    made = planned("people", text)
    assert made.planned[0].words == (
        "new@council.gov.uk in Service Lead, Repairs as holder from 1 Apr 2026, a new account without a password"
    )


def test_the_same_tenure_is_left_and_with_an_end_it_is_ended():
    line = "head@council.gov.uk,Director of Housing,Housing,holder,2024-04-01,"
    assert planned("people", f"{PEOPLE}{line}\n").planned[0].deed == "leave"
    ended = planned("people", f"{PEOPLE}{line}2026-11-30\n").planned[0]
    assert (ended.deed, ended.facts) == ("change", {"tenure_id": 21, "to": "2026-11-30"})


NO_POST = "There is no post called so. Add it on the page of its unit first"
CLOSED_POST = "That post is closed. Reopen it on the page of its unit first"
CLOSED_ACCOUNT = "That account is closed. Open it on the person’s page first"
THEMSELVES = "Nobody puts themselves into a post. Ask another keeper to do it"
TAKEN = "is in the post then, from 1 Apr 2024 with no end. Give that one an end before, or correct this"


@pytest.mark.parametrize(
    ("email", "post", "unit", "capacity", "begins", "fault"),
    [
        ("a@b.uk", "Director of Housing", "Nowhere", "holder", "2026-04-01", ("unit", NO_UNIT)),
        ("a@b.uk", "No such post", "Housing", "holder", "2026-04-01", ("post", NO_POST)),
        ("a@b.uk", "Director of Housing", "Places", "holder", "2026-04-01",
         ("unit", "That is a post of Housing. Correct the unit or the post")),
        ("a@b.uk", "Old Post", "U-44444", "holder", "2026-04-01", ("post", CLOSED_POST)),
        ("gone@council.gov.uk", "Director of Housing", "Housing", "deputy", "2026-04-01", ("email", CLOSED_ACCOUNT)),
        ("admin@council.gov.uk", "Director of Housing", "Housing", "deputy", "2026-04-01", ("email", THEMSELVES)),
        ("a@b.uk", "Director of Housing", "Housing", "holder", "2026-04-01", ("from", f"Somebody else {TAKEN}")),
        ("head@council.gov.uk", "Director of Housing", "Housing", "holder", "2025-04-01",
         ("from", f"The same person {TAKEN}")),
    ],
)  # fmt: skip
def test_a_person_who_cannot_be_put_there_is_a_fault_of_its_column(email, post, unit, capacity, begins, fault):
    assert wrong("people", f"{PEOPLE}{email},{post},{unit},{capacity},{begins},\n") == [(2, *fault)]


def test_what_somebody_already_has_may_be_said_and_ended_by_themselves_and_never_lengthened():
    line = "head@council.gov.uk,Director of Housing,Housing,holder,2024-04-01,"
    own = "head@council.gov.uk"
    assert [each.deed for each in planned("people", f"{PEOPLE}{line}\n", own=own).planned] == ["leave"]
    assert [each.deed for each in planned("people", f"{PEOPLE}{line}2026-12-01\n", own=own).planned] == ["change"]
    ended = replace(STATE, tenures=(replace(STATE.tenures[0], to_on=date(2026, 6, 1)),))
    assert wrong("people", f"{PEOPLE}{line}\n", own=own, state=ended) == [(2, "email", THEMSELVES)]


def test_a_file_may_end_one_holder_and_begin_the_next():
    text = (
        f"{PEOPLE}a@b.uk,Director of Housing,Housing,holder,2026-04-01,\n"
        "head@council.gov.uk,Director of Housing,Housing,holder,2024-04-01,2026-03-31\n"
    )
    assert [each.deed for each in planned("people", text).planned] == ["add", "change"]
