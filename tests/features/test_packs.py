"""A pack says what the register says, keeps what it said, and tells the public nothing that is not public."""

import io
import json
from datetime import date

import pypdf
import pytest

from riskapp.features.figures import queries as figures
from riskapp.features.packs import queries, service
from riskapp.models.database import db
from riskapp.models.packs import Pack, PackPart
from tests.builders import DAY, actor
from tests.pack_builders import LAST_MEETING_ON, MEETING_ON, APaperCouncil, reference_of

AUTUMN = date(2026, 11, 2)


@pytest.fixture
def council(app):
    return APaperCouncil()


def part(pack, number=1):
    return db.session.query(PackPart).filter_by(pack_id=pack.id, number=number).one_or_none()


def data(pack, number=1):
    return service.read(part(pack, number).snapshot)


def text(paper: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper)).pages).split())


def everything(paper: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(paper))
    return text(paper) + str(dict(reader.metadata)) + str(reader.outline)


def test_a_pack_lists_the_open_public_risks_of_its_day_by_score(council):
    council.a_risk("Savings are late", 4, 5)
    council.a_risk("A roof leaks", 2, 2)
    council.close(council.a_risk("An old worry", 5, 5), "It has passed.", on=AUTUMN)
    council.a_risk("A draft decision", 3, 4, on=DAY)
    risks = data(council.build()).risks
    assert [(risk.item, risk.title, risk.now.score) for risk in risks] == [
        (1, "Savings are late", 20),
        (2, "A draft decision", 12),
        (3, "A roof leaks", 4),
    ]


def test_the_words_of_the_paper_hold_the_figures_of_the_register(council):
    council.a_risk("Savings are late", 4, 5)
    council.a_risk("A roof leaks", 2, 2)
    paper = service.draw(part(council.build()).snapshot)
    said = text(paper)
    assert "Savings are late" in said
    assert "A roof leaks" in said
    assert "Very high risks 1" in said
    assert "Of two risks, one is very high" in said


def test_a_risk_nobody_decided_on_stays_out_of_both_parts_and_is_counted_for_the_builder(council):
    council.a_risk("Nobody decided on me", 5, 5, level=None)
    council.a_risk("Only for staff", 5, 5, level="sensitive")
    made = service.contents(
        council.meeting, by=council.head, on=DAY, as_at=None, publisher=service.Publisher("X", is_illustrative=False)
    )
    assert made.public.risks == ()
    assert made.exempt is None
    assert made.left_out == 2


def test_an_exempt_risk_is_in_part_2_alone_with_its_reason(council):
    council.a_risk("The buyer withdraws", 4, 4, level="exempt")
    pack = council.build()
    assert data(pack).risks == ()
    [exemption] = data(pack, 2).exemptions
    assert exemption.risk.title == "The buyer withdraws"
    assert exemption.ground == "Paragraph 3, Schedule 12A"
    assert exemption.decided_by == "Chief Executive"


def test_part_1_is_the_same_to_the_byte_whatever_the_exempt_risks_say_and_whether_there_are_any(council):
    council.a_risk("Savings are late", 4, 5)
    body = council.a_body()
    without = service.draw(part(council.build()).snapshot)
    secret = council.a_risk("Zanzibar asks for delay", 5, 5, level="withheld", concerns=body.id)
    council.an_action(secret, "Write to Zanzibar", date(2026, 10, 1))
    council.an_escalation(secret, on=AUTUMN)
    pack = council.build()
    assert part(pack, 2) is not None
    with_secret = service.draw(part(pack).snapshot)
    assert with_secret == without
    assert "Zanzibar" not in everything(with_secret)
    assert "Zanzibar" not in json.dumps(part(pack).snapshot)


def test_a_risk_that_was_public_and_is_withheld_now_is_neither_listed_nor_said_to_have_gone(council):
    risk = council.a_risk("Zanzibar asks for delay", 5, 5)
    council.build(meeting=council.last_meeting, as_at=LAST_MEETING_ON)
    council.classify(risk, "exempt", on=AUTUMN)
    pack = council.build()
    assert "Zanzibar" not in json.dumps(part(pack).snapshot)


def test_a_risk_that_was_exempt_on_the_day_of_the_figures_stays_out_though_it_is_public_now(council):
    risk = council.a_risk("Zanzibar asks for delay", 5, 5, level="exempt")
    council.classify(risk, "public", on=DAY)
    assert data(council.build(as_at=AUTUMN)).risks == ()


def test_an_action_of_a_risk_that_is_not_public_is_not_counted(council):
    public = council.a_risk("Savings are late", 4, 5)
    council.an_action(public, "Publish the plan", date(2026, 10, 1), date(2026, 11, 1))
    council.an_action(council.a_risk("Inside", level=None), "Keep it inside", date(2026, 10, 1))
    paper = data(council.build())
    assert [(late.title, late.item, len(late.promised_on)) for late in paper.overdue] == [("Publish the plan", 1, 2)]
    assert sum(age.now for age in paper.ageing) == 1


def test_an_action_was_late_in_september_by_the_date_promised_then(council):
    risk = council.a_risk("Savings are late", 4, 5)
    council.an_action(risk, "Publish the plan", date(2026, 9, 10), date(2027, 1, 10))
    late = next(figure for figure in data(council.build()).figures if figure.label == "Actions overdue")
    assert (late.value, late.note) == ("0", "was 1 in September")


def test_overdue_actions_come_by_score_times_days_late(council):
    low = council.a_risk("A roof leaks", 2, 2)
    high = council.a_risk("Savings are late", 5, 4)
    council.an_action(low, "Long late", date(2026, 10, 2))
    council.an_action(high, "Short late", date(2026, 11, 11))
    assert [late.title for late in data(council.build()).overdue] == ["Short late", "Long late"]


def test_movement_counts_from_the_last_meeting_where_no_pack_was_built(council):
    up = council.a_risk("Rises", 2, 4)
    down = council.a_risk("Falls", 4, 4)
    gone = council.a_risk("Goes", 3, 3)
    council.a_risk("Stays", 3, 4)
    council.score(up, 4, 4, "Two bids failed.", on=AUTUMN)
    council.score(down, 2, 4, "The plan works.", on=AUTUMN)
    council.close(gone, "The lease ended.", on=AUTUMN)
    council.a_risk("Comes", 1, 4, on=AUTUMN)
    paper = data(council.build())
    moved = {risk.title: (risk.was.score if risk.was else None, risk.now.score) for risk in paper.risks}
    assert moved == {"Rises": (8, 16), "Falls": (16, 8), "Stays": (12, 12), "Comes": (None, 4)}
    assert [(each.title, each.was.score, each.why) for each in paper.departures] == [("Goes", 9, "The lease ended.")]
    why = {risk.title: risk.why for risk in paper.risks}
    assert why["Rises"] == "Likelihood went from 2 to 4. Two bids failed."
    assert why["Stays"] == ""
    assert paper.meeting.last_on == LAST_MEETING_ON


def test_a_reason_that_says_which_half_moved_is_not_said_twice(council):
    risk = council.a_risk("Rises", 2, 4)
    council.score(risk, 4, 4, "Two bids failed, so likelihood rose to 4.", on=AUTUMN)
    assert data(council.build()).risks[0].why == "Two bids failed, so likelihood rose to 4."


def test_movement_counts_from_what_the_last_pack_printed(council):
    risk = council.a_risk("Savings are late", 2, 4)
    last = council.build(meeting=council.last_meeting, as_at=date(2026, 9, 15))
    council.score(risk, 3, 4, "Worse.", on=date(2026, 9, 20))
    council.score(risk, 5, 4, "Worse still.", on=AUTUMN)
    paper = data(council.build())
    assert paper.meeting.last_on == last.as_at
    assert paper.risks[0].was.score == 8


def test_a_risk_the_last_pack_did_not_print_is_new_to_its_readers(council):
    council.build(meeting=council.last_meeting, as_at=date(2026, 9, 15))
    council.a_risk("Savings are late", 2, 4, on=date(2026, 9, 16))
    assert data(council.build()).risks[0].was is None


def test_a_pack_as_at_an_earlier_day_shows_that_day(council):
    risk = council.a_risk("Savings are late", 2, 4)
    council.score(risk, 5, 4, "Worse.", on=AUTUMN)
    paper = data(council.build(as_at=date(2026, 10, 1)))
    assert paper.risks[0].now.score == 8
    assert paper.meeting.as_at == date(2026, 10, 1)


def test_escalations_are_live_or_counted_by_how_they_were_answered(council):
    waiting = council.a_risk("Waits", 4, 4)
    council.an_escalation(waiting, on=date(2026, 11, 30))
    council.an_escalation(council.a_risk("Moved up", 4, 4), on=AUTUMN, state="expired")
    council.an_escalation(council.a_risk("Answered", 3, 5), on=AUTUMN, acknowledged_on=date(2026, 11, 3))
    paper = data(council.build())
    assert [(case.title, case.time_left) for case in paper.escalations] == [
        ("Answered", "19 working days late"),
        ("Waits", "1 working day left"),
    ]
    [count] = paper.answers
    assert (count.post, count.limit, count.raised, count.in_time, count.moved_up) == (
        "Director",
        "2 working days",
        3,
        1,
        1,
    )


def test_bodies_name_the_public_risks_behind_them(council):
    body = council.a_body()
    council.a_risk("Board papers are late", 2, 4, concerns=body.id)
    council.a_risk("Inside", 5, 5, level=None, concerns=body.id)
    [row] = data(council.build()).bodies
    assert (row.name, row.role, row.items) == ("Thames Freeport", "Accountable Body, funder", (1,))


def test_building_twice_makes_two_versions_of_one_content(council):
    council.a_risk("Savings are late", 4, 5)
    first, second = council.build(), council.build()
    assert (first.version, second.version) == (1, 2)
    assert part(first).content_code == part(second).content_code
    assert part(first).pdf_sha256 == part(second).pdf_sha256


def test_an_old_version_draws_the_same_bytes_after_everything_has_changed(council):
    risk = council.a_risk("Savings are late", 4, 5)
    pack = council.build()
    before = service.draw(part(pack).snapshot)
    council.score(risk, 1, 1, "Gone.", on=DAY)
    council.close(risk, "Done.", on=DAY)
    db.session.expire_all()
    assert service.draw(part(pack).snapshot) == before


def test_a_snapshot_holds_no_key_into_the_live_register(council):
    risk = council.a_risk("Savings are late", 4, 5)
    kept = json.dumps(part(council.build()).snapshot)
    reference = reference_of(risk)
    assert reference not in kept
    assert "risk_id" not in kept


def test_figures_of_a_day_to_come_are_refused_by_name_and_nothing_is_kept(council):
    with pytest.raises(service.CannotBuildPack, match="not known yet") as refusal:
        council.build(as_at=date(2027, 1, 1))
    assert refusal.value.refusals[0].field == "as_at"
    assert db.session.query(Pack).count() == 0


def test_figures_of_a_day_without_a_policy_are_refused(council):
    with pytest.raises(service.CannotBuildPack, match="No risk policy was in force on 3 March 1999"):
        council.build(as_at=date(1999, 3, 3))


def test_gathering_takes_the_same_number_of_queries_whatever_the_size(council, count_queries):
    council.a_risk("First", 4, 5)
    publisher = service.Publisher("X", is_illustrative=False)

    def gather():
        service.contents(council.meeting, by=council.head, on=DAY, as_at=None, publisher=publisher)

    gather()  # which policy is in force is asked once
    few = count_queries(gather)
    for number in range(8):
        risk = council.a_risk(f"Risk {number}", 3, 3)
        council.an_action(risk, f"Action {number}", date(2026, 10, 1))
    assert count_queries(gather) == few
    assert few <= 25


def test_the_rows_behind_a_paper_are_for_those_who_build_it(council):
    with pytest.raises(PermissionError):
        figures.source(actor(council.member_person), as_at=DAY, last_on=None)


def test_part_2_is_hidden_from_a_member_as_if_it_were_not_there(council):
    council.a_risk("The buyer withdraws", 4, 4, level="exempt")
    pack = council.build()
    reference = reference_of(pack)
    member = actor(council.member_person)
    assert queries.frozen(member, reference, 1) is not None
    assert queries.frozen(member, reference, 2) is None
    [meeting] = queries.meetings(member, reference=council.meeting.reference)
    assert [part.number for part in meeting.packs[0].parts] == [1]
    assert meeting.held_on == MEETING_ON
