"""The doors of packs: who may enter, what the button and the command do, and what they say when they cannot."""

import io
from datetime import date
from hashlib import sha256

import pypdf
import pytest
import time_machine

from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.packs import Pack, PackPart
from tests.builders import NOON, a_person
from tests.pack_builders import APaperCouncil, reference_of, signed_in


@pytest.fixture
def council(app):
    return APaperCouncil()


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(args=["packs", *words])


def address(council) -> str:
    return f"/packs/meetings/{council.meeting.reference}"


def pack_address(council, number=1) -> str:
    return f"/packs/{reference_of(council.build())}/part-{number}.pdf"


def downloads() -> int:
    return db.session.query(AuditEntry).filter_by(event="pack:downloaded").count()


def test_a_stranger_is_sent_to_sign_in_at_every_door(client, council):
    paper = pack_address(council)
    answers = [client.get("/packs"), client.get(address(council)), client.post(address(council)), client.get(paper)]
    assert [answer.status_code for answer in answers] == [302] * 4
    assert all("/sign-in" in answer.headers["Location"] for answer in answers)


def test_the_calendar_names_the_board_the_meeting_and_the_day_papers_are_due(client, council):
    signed_in(client, council.member_person)
    page = client.get("/packs").text
    assert "Audit Committee" in page
    assert "17 Dec 2026" in page
    assert "9 Dec 2026" in page


def test_the_head_of_assurance_builds_a_version_by_the_button_and_is_told_how_long_it_took(client, council):
    council.a_risk("Savings are late", 4, 5)
    signed_in(client, council.assurance_person)
    page = client.post(address(council), data={}, follow_redirects=True).text
    assert "Version 1 is built, with figures as at 1 December 2026. It took" in page
    assert db.session.query(Pack).count() == 1


def test_before_building_the_page_counts_what_a_pack_would_hold(client, council):
    council.a_risk("Savings are late", 4, 5)
    council.a_risk("The buyer withdraws", 4, 5, level="exempt")
    council.a_risk("Nobody decided", 4, 5, level=None)
    signed_in(client, council.assurance_person)
    words = " ".join(client.get(address(council)).text.split())
    assert "1 open risk is in neither part" in words
    assert "Exempt risks, in part 2" in words
    assert db.session.query(Pack).count() == 0


def test_a_member_reads_part_1_and_neither_builds_nor_sees_a_sign_of_part_2(client, council):
    council.a_risk("Savings are late", 4, 5)
    council.a_risk("The buyer withdraws", 4, 5, level="exempt")
    paper = pack_address(council)
    signed_in(client, council.member_person)
    page = client.get(address(council)).text
    assert "Part 1, public" in page
    assert "art 2" not in page
    assert "Build" not in page
    assert client.post(address(council)).status_code == 404
    answer = client.get(paper)
    assert answer.mimetype == "application/pdf"
    hidden, never = client.get(paper.replace("part-1", "part-2")), client.get("/packs/K-22222/part-1.pdf")
    assert hidden.status_code == never.status_code == 404
    assert downloads() == 0


def test_someone_with_an_account_and_no_role_finds_no_packs(client, council):
    paper = pack_address(council)
    with transaction():
        person = a_person()
    signed_in(client, person)
    assert [client.get(path).status_code for path in ("/packs", address(council), paper)] == [404] * 3


def test_the_paper_handed_out_is_the_one_whose_hash_is_kept_and_its_name_says_nothing_of_its_content(client, council):
    council.a_risk("Savings are late", 4, 5)
    paper = pack_address(council)
    signed_in(client, council.member_person)
    answer = client.get(paper)
    assert sha256(answer.data).hexdigest() == db.session.query(PackPart).one().pdf_sha256
    assert "audit-committee-2026-12-17-version-1-part-1.pdf" in answer.headers["Content-Disposition"]


def test_opening_part_2_is_recorded_each_time(client, council):
    council.a_risk("The buyer withdraws", 4, 5, level="exempt")
    paper = pack_address(council, 2)
    signed_in(client, council.assurance_person)
    answers = [client.get(paper), client.get(paper)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "buyer" not in answers[0].headers["Content-Disposition"]
    assert downloads() == 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [(("31", "2", "2026"), "Enter a real date for the figures"), (("1", "1", "2027"), "not known yet")],
)
def test_a_day_that_cannot_be_is_refused_beside_its_field(client, council, typed, words):
    signed_in(client, council.assurance_person)
    boxes = dict(zip(("as_at-day", "as_at-month", "as_at-year"), typed, strict=True))
    answer = client.post(address(council), data=boxes)
    assert words in answer.text
    assert "as_at-error" in answer.text
    assert db.session.query(Pack).count() == 0


def test_an_unknown_meeting_is_not_found(client, council):
    signed_in(client, council.assurance_person)
    assert client.get("/packs/meetings/M-22222").status_code == 404
    assert client.post("/packs/meetings/M-22222").status_code == 404


def test_the_command_lists_references_and_builds_the_same_paper_as_the_button(run, council, tmp_path):
    council.a_risk("Savings are late", 4, 5)
    listed = run("meetings").output
    assert council.meeting.reference in listed
    assert "no pack" in listed
    out = tmp_path / "pack.pdf"
    result = run("build", "--meeting", council.meeting.reference, "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "Built version 1 for Audit Committee, 17 December 2026, figures as at 1 December 2026." in result.output
    assert len(pypdf.PdfReader(io.BytesIO(out.read_bytes())).pages) > 3
    assert sha256(out.read_bytes()).hexdigest() == db.session.query(PackPart).one().pdf_sha256
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_command_builds_as_at_a_day_and_part_2(run, council, tmp_path):
    council.a_risk("The buyer withdraws", 4, 5, level="exempt")
    words = ("build", "--meeting", council.meeting.reference.lower(), "--as-at", "2026-10-01", "--part", "2")
    result = run(*words, "--out", str(tmp_path / "exempt.pdf"))
    assert result.exit_code == 0, result.output
    assert db.session.query(Pack).one().as_at == date(2026, 10, 1)
    assert "withdraws" in pypdf.PdfReader(tmp_path / "exempt.pdf").pages[0].extract_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--meeting", "M-22222", "--out", "{folder}/pack.pdf"), "There is no meeting M-22222"),
        (("--meeting", "{meeting}", "--out", "{folder}/none/pack.pdf"), "There is no folder"),
        (("--meeting", "{meeting}", "--out", "{folder}"), "is a directory"),
        (
            ("--meeting", "{meeting}", "--out", "{folder}/pack.pdf", "--as-at", "1999-03-03"),
            "No risk policy was in force",
        ),
        (("--meeting", "{meeting}", "--out", "{folder}/pack.pdf", "--as-at", "2027-03-03"), "not known yet"),
        (("--meeting", "{meeting}", "--out", "{folder}/pack.pdf", "--as-at", "soon"), "does not match the format"),
        (("--meeting", "{meeting}", "--out", "{folder}/pack.pdf", "--part", "2"), "there is no part 2"),
        (("--meeting", "{meeting}", "--out", "{folder}/pack.pdf", "--part", "3"), "3 is not in the range"),
    ],
)
def test_a_command_that_cannot_says_why_and_keeps_nothing(run, council, tmp_path, words, said):
    folder = tmp_path / "out"
    folder.mkdir()
    result = run("build", *(word.format(folder=folder, meeting=council.meeting.reference) for word in words))
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output
    assert list(folder.iterdir()) == []
    assert db.session.query(Pack).count() == 0


def test_a_paper_is_handed_out_as_it_was_frozen_even_when_the_drawing_changes(client, council, monkeypatch):
    paper = pack_address(council)
    signed_in(client, council.member_person)
    monkeypatch.setattr("riskapp.features.packs.service.render", lambda _data: b"drawn otherwise")
    given = client.get(paper).data
    assert sha256(given).hexdigest() == db.session.query(PackPart).filter_by(number=1).one().pdf_sha256


def test_a_part_that_was_frozen_before_papers_were_kept_is_drawn_from_its_snapshot(client, council):
    paper = pack_address(council)
    with transaction():
        db.session.query(PackPart).update({"pdf": None})
    signed_in(client, council.member_person)
    given = client.get(paper).data
    assert sha256(given).hexdigest() == db.session.query(PackPart).filter_by(number=1).one().pdf_sha256
