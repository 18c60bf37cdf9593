"""A risk and a register as they stood on a past day: what counts by when, and what a page of the past refuses."""

import csv
import io
from datetime import date

import pytest
import time_machine
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.features.actions import service as actions
from riskapp.features.assessments import service as assessments
from riskapp.features.audit import service as audit
from riskapp.features.escalation import queries as escalations
from riskapp.features.escalation import service as escalation
from riskapp.features.past import service as past
from riskapp.features.past.service import UnkeptChangeError
from riskapp.features.registers import queries as registers
from riskapp.features.registers.queries import Filters
from riskapp.features.risks import queries
from riskapp.features.risks import service as risks
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity, Link
from riskapp.models.exemption import ExemptRead
from riskapp.models.risks import Risk, RiskVersion
from tests.builders import DAY, NOON, a_judgement, actor, sign_in
from tests.lived_council import reword
from tests.pack_builders import reference_of, signed_in
from tests.past_builders import LOGGED, OPENED, SCORED, SCORED_AGAIN, TITLE, APastCouncil, day_before


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return APastCouncil()


@pytest.fixture
def back(council):
    """The page of the risk as it stood at the end of a day, for the Head of Assurance or somebody else."""

    def look(then, person=None, risk=None):
        reader, about = actor(person or council.assurance_person), risk or council.risk
        return queries.risk_then(reader, about.id, reference_of(about), on=DAY, then=then)

    return look


@pytest.fixture
def visit(app, council):
    def go(address, person=None, **more):
        client = app.test_client()
        signed_in(client, person or council.assurance_person)
        return client.get(address, **more)

    return go


class TestWhatStood:
    def test_the_score_that_held_at_the_end_of_the_day_with_the_one_before(self, back):
        told = {day: (page.current.score, page.was) for day in (OPENED, SCORED, SCORED_AGAIN) if (page := back(day))}
        assert told == {OPENED: (9, None), SCORED: (16, 9), SCORED_AGAIN: (25, 16)}
        assert back(day_before(SCORED)).current.score == 9, "a score counts from its own day on"

    def test_a_draft_an_open_and_a_closed_risk(self, council, back):
        with transaction():
            risks.close(council.risk, why="The contract is let", **council.by(council.lead_person, date(2026, 11, 2)))
        told = {day: back(day).row for day in (LOGGED, OPENED, date(2026, 11, 1), date(2026, 11, 2))}
        assert [each.status for each in told.values()] == ["draft", "open", "open", "closed"]
        assert told[LOGGED].opened_on is told[LOGGED].next_review_on is told[date(2026, 11, 1)].closed_on is None
        assert told[date(2026, 11, 1)].closed_why is None
        assert told[date(2026, 11, 2)].closed_why == "The contract is let"
        assert back(day_before(LOGGED)) is None

    def test_the_words_the_owner_and_the_unit_of_the_day(self, council, back):
        day = date(2026, 7, 1)
        with transaction():
            said = {"title": "Homes flood", "event": "A river rises", "causes": ("Rain", "Old pipes")}
            reword(council.risk, **said, **council.by(council.manager_person, day))
            risks.rehome(
                council.risk, to_unit_id=council.sibling.id, why="Merged", **council.by(council.chief_person, day)
            )
        before, after = back(day_before(day)), back(day)
        assert (before.title, before.causes) == (TITLE, ("Tender prices have risen by a fifth",))
        assert (after.title, after.row.event, after.causes) == ("Homes flood", "A river rises", ("Rain", "Old pipes"))
        assert before.consequences == after.consequences
        assert (before.units[-1][1], after.units[-1][1]) == ("Repairs Delivery", "Voids")

    def test_two_changes_of_one_day_come_to_the_last_of_them(self, council, back):
        for hour, title in ((9, "The first try"), (17, "The second try")):
            with transaction():
                reword(
                    council.risk, title=title, event="It rains", causes=("Rain",),
                    **council.by(council.manager_person, SCORED, hour),
                )  # fmt: skip
        assert back(SCORED).title == "The second try"
        assert back(day_before(SCORED)).title == TITLE

    def test_a_correction_made_later_shows_from_the_later_day_on(self, council, back):
        """The two times: it counts from its business day, and is there once it was recorded."""
        corrected, recorded = date(2026, 5, 1), date(2026, 8, 3)
        with transaction():
            made = council.by(council.manager_person, corrected) | {"at": council.when(recorded)["at"]}
            assessments.score(council.risk, "target", a_judgement(3, 3, target_on=date(2027, 3, 31)), **made)
        told = {day: back(day).target.score for day in (corrected, day_before(recorded), recorded)}
        assert told == {corrected: 4, day_before(recorded): 4, recorded: 9}

    def test_what_was_done_after_midnight_is_of_the_next_day_in_london(self, council, back):
        """Half past eleven in the evening of 30 June in UTC is half past twelve on 1 July here."""
        with transaction():
            when = council.by(council.manager_person, date(2026, 7, 1), 0) | {"on": date(2026, 7, 1)}
            risks.review(council.risk, note="Late", **when)
        assert back(date(2026, 6, 30)).row.next_review_on < back(date(2026, 7, 1)).row.next_review_on

    def test_an_action_with_what_was_promised_and_said_by_then(self, council, back):
        added, told, moved = date(2026, 5, 4), date(2026, 6, 8), date(2026, 7, 6)
        action = council.an_action("Sign two more firms", on=added, due_on=date(2026, 8, 3))
        with transaction():
            actions.update(action, progress=40, note="One has signed", **council.by(council.lead_person, told))
        with transaction():
            actions.move_due_date(
                action, to=date(2026, 10, 5), reason="Holidays", **council.by(council.director_person, moved)
            )
        with transaction():
            actions.complete(action, note="Both signed", **council.by(council.lead_person, date(2026, 10, 1)))
        assert back(day_before(added)).actions == ()
        told = {day: back(day).actions[0] for day in (added, told, moved, date(2026, 10, 1))}
        assert [(each.status, each.progress) for each in told.values()] == [
            ("agreed", 0), ("in_progress", 40), ("in_progress", 40), ("complete", 100),
        ]  # fmt: skip
        assert [len(each.promises) for each in told.values()] == [1, 1, 2, 2]
        assert [each.due_on.month for each in told.values()] == [8, 8, 10, 10]

    def test_links_as_they_were(self, council, back):
        other = council.log("Boilers fail", on=LOGGED, opened_on=OPENED)
        made, ended = date(2026, 5, 4), date(2026, 7, 6)
        with transaction():
            db.session.add(Link(from_id=council.risk.id, to_id=other.id, kind="worsens", from_on=made))
        with transaction():
            past.end_link(db.session.scalars(select(Link).where(Link.kind == "worsens")).one(), on=ended)
        days = (day_before(made), made, day_before(ended), ended)
        assert [[each.name for each in back(day).links] for day in days] == [[], ["Boilers fail"], ["Boilers fail"], []]
        assert back(made, risk=other).links[0].name == TITLE, "both ways round"

    def test_a_linked_risk_bears_the_title_of_the_day(self, council, back):
        other = council.log("Boilers fail", on=LOGGED, opened_on=OPENED)
        with transaction():
            db.session.add(Link(from_id=council.risk.id, to_id=other.id, kind="worsens", from_on=OPENED))
        with transaction():
            reword(other, title="Boilers burst", event="x", causes=("y",), **council.by(council.manager_person, SCORED))
        assert [back(day).links[0].name for day in (OPENED, SCORED)] == ["Boilers fail", "Boilers burst"]

    def test_an_escalation_as_it_stood_on_its_desk(self, council, back):
        risk = council.log("Boilers fail", on=SCORED, opened_on=SCORED, current=(4, 4))
        desk = escalations.live_desks()[0]
        acknowledged, decided = date(2026, 6, 2), date(2026, 6, 3)
        first_due = desk.due_at
        director = council.by(council.director_person, acknowledged)
        with transaction():
            escalation.acknowledge(desk.case_id, **director)
        second_due = db.session.get_one(type(desk), desk.id, populate_existing=True).due_at
        with transaction():
            escalation.accept(
                desk.case_id, decision=escalation.Decision.SUPPORT, note="So be it",
                **council.by(council.director_person, decided),
            )  # fmt: skip
        told = {day: back(day, risk=risk).desks[-1] for day in (SCORED, acknowledged, decided)}
        assert [each.state for each in told.values()] == ["notified", "acknowledged", "accepted"]
        assert [each.due_at for each in told.values()] == [first_due, second_due, second_due]
        assert [each.case_state for each in told.values()] == ["open", "open", "decided"]
        assert told[acknowledged].left_at is told[SCORED].acknowledged_at is None

    def test_an_escalation_stood_on_the_reason_of_the_day(self, back):
        reasons = [back(day).desks[0].reason for day in (SCORED, SCORED_AGAIN)]
        assert reasons[0] != reasons[1], "the second score took it up"
        assert back(DAY).desks[0].reason == reasons[1]

    def test_targets_and_forecasts_as_they_were_set(self, council, back):
        council.score(3, 3, on=date(2026, 8, 3), basis="target", target_on=date(2027, 6, 30))
        assert [each.score for each in back(SCORED).assessed if each.basis == "target"] == [4]
        assert [each.score for each in back(SCORED_AGAIN).assessed if each.basis == "target"] == [4, 9]


class TestTheRegister:
    def test_rows_counts_and_movement_are_of_the_day(self, council):
        reader = actor(council.assurance_person)
        council.log("Boilers fail", on=date(2026, 7, 1), opened_on=date(2026, 7, 2))
        told = {}
        for then in (LOGGED, OPENED, SCORED, date(2026, 7, 2), None):
            filters = Filters(on=DAY, then=then, since=day_before(SCORED))
            census = registers.census(reader, filters)
            rows = registers.register(reader, filters)
            assert census.found == len(rows)
            told[then] = ([row.current.score for row in rows], [row.moved.words for row in rows])
        assert told == {
            LOGGED: ([], []),
            OPENED: ([9], ["Same"]),
            SCORED: ([16], ["Up from 9"]),
            date(2026, 7, 2): ([16, 9], ["Up from 9", "New"]),
            None: ([25, 9], ["Up from 9", "New"]),
        }

    @pytest.mark.parametrize(
        ("address", "found"),
        [
            ("", 1), ("&q=fall+behind", 1), ("&q=homes", 0), ("&band=high", 1), ("&band=very_high", 0),
            ("&likelihood=4&impact=4", 1), ("&likelihood=5&impact=5", 0), ("&status=draft", 1), ("&status=all", 2),
            ("&appetite=beyond", 1), ("&sort=review", 1), ("&sort=-title&page=9", 1), ("&category=operations", 1),
        ],
    )  # fmt: skip
    def test_filters_and_orders_are_of_the_day(self, council, visit, address, found):
        council.log("Boilers fail", on=SCORED)
        with transaction():
            reword(
                council.risk, title="Homes flood", event="A river rises", causes=("Rain",),
                **council.by(council.manager_person, SCORED_AGAIN),
            )  # fmt: skip
        page = visit(f"/registers?as_at={SCORED}{address}").text
        assert f"<h2>{found} risk{'' if found == 1 else 's'}" in page
        assert "Homes flood" not in page

    def test_the_files_hold_the_rows_of_the_day_and_bear_it_in_their_names(self, visit):
        answer = visit(f"/registers.csv?as_at={SCORED}")
        (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
        assert (row["Current score"], row["Escalated to"]) == ("16", "Director of Housing")
        for form in ("csv", "xlsx"):
            name = visit(f"/registers.{form}?as_at={SCORED}").headers["Content-Disposition"]
            assert f"register-as-at-{SCORED}.{form}" in name

    def test_owners_to_choose_from_are_those_of_the_day(self, council, visit):
        council.log("Boilers fail", on=SCORED, opened_on=SCORED, current=(4, 4))
        desk, day = escalations.live_desks()[0], date(2026, 6, 3)
        with transaction():
            escalation.acknowledge(desk.case_id, **council.by(council.director_person, day))
        with transaction():
            take = {"decision": escalation.Decision.TAKE_ON, "note": "It is mine"}
            escalation.accept(desk.case_id, **take, **council.by(council.director_person, day, 11))
        owned = f'<option value="{council.director.id}">Director of Housing</option>'
        assert owned not in visit(f"/registers?as_at={SCORED}").text
        assert owned in visit(f"/registers?as_at={day}").text

    def test_every_link_but_the_way_back_keeps_the_day(self, visit):
        page = visit(f"/registers?as_at={SCORED}&status=all").text
        links = [part.partition('"')[0] for part in page.split('href="')]
        kept = [each for each in links if each.startswith(("/registers?", "/registers.", "/risks/R"))]
        assert len(kept) > 15
        assert [each for each in kept if f"as_at={SCORED}" not in each] == ["/registers?status=all"]
        assert "Log a risk</a></div>" not in page


class TestThePage:
    def test_it_says_the_day_and_the_way_back_and_offers_no_deed(self, council, visit):
        page = visit(f"/risks/{council.reference}?as_at={SCORED}", council.manager_person).text
        assert "As it stood at the end of 1 June 2026" in page
        assert f'href="/risks/{council.reference}">Back to today' in page
        today = visit(f"/risks/{council.reference}", council.manager_person).text
        for deed in ("Re-score", "Record a review", "Add an action", "Set the target again", "Escalate it"):
            assert deed not in page, deed
        assert "Re-score" in today
        assert "Then 16" in page
        assert "Now 16" not in page
        assert "Current score 16 to 25" not in page, "what came later is not in its history"
        assert "Current score 9 to 16" in page

    def test_links_to_what_has_a_past_keep_the_day(self, council, visit):
        other = council.log("Boilers fail", on=LOGGED, opened_on=OPENED)
        with transaction():
            db.session.add(Link(from_id=council.risk.id, to_id=other.id, kind="worsens", from_on=OPENED))
        page = visit(f"/risks/{council.reference}?as_at={SCORED}").text
        assert f"/risks/{reference_of(other)}?as_at={SCORED}" in page
        assert f"/registers?as_at={SCORED}" in page

    def test_today_is_no_past_day(self, council, visit):
        assert "As it stood" not in visit(f"/risks/{council.reference}?as_at={DAY}").text.replace("As it stood on", "")
        assert visit(f"/registers?as_at={DAY}").status_code == 200

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ("2026-12-02", "2 December 2026 is still to come"),
            ("2026-02-31", "Enter a real day as year, month and day"),
            ("<script>", "Enter a real day as year, month and day"),
            ("2001-01-01", "on 2 March 2026. Choose that day or a later one"),
        ],
    )
    def test_a_day_that_cannot_be_shown_is_refused_at_its_field(self, council, visit, said, words):
        answer = visit(f"/risks/{council.reference}", query_string={"as_at": said})
        assert answer.status_code == 422
        assert '<a href="#as_at">' in answer.text
        assert words in answer.text
        assert "<script>" not in answer.text
        assert TITLE not in answer.text

    @pytest.mark.parametrize("address", ["/registers", "/registers.csv", "/registers.xlsx"])
    def test_a_register_of_before_the_record_began_says_when_it_began(self, visit, address):
        answer = visit(f"{address}?as_at=2024-03-31&status=all")
        assert answer.status_code == 422
        assert "record begins on 1 April 2024. Choose that day or a later one" in answer.text
        assert '<input type="hidden" name="status" value="all">' in answer.text

    @pytest.mark.parametrize("deed", ["open", "agree", "score", "close"])
    def test_nothing_is_done_in_the_past(self, app, council, deed):
        client = app.test_client()
        signed_in(client, council.manager_person)
        answer = client.post(f"/risks/{council.reference}/{deed}?as_at={SCORED}", data={})
        assert answer.status_code == 422
        assert "nothing can be changed there. Go to the page of today" in answer.text

    def test_a_risk_of_others_is_not_there_on_any_day(self, council, visit):
        for then in (SCORED, DAY, date(2001, 1, 1)):
            answer = visit(f"/risks/{council.reference}?as_at={then}", council.sibling_champion_person)
            assert answer.status_code == 404

    def test_less_that_was_kept_is_said_with_the_day_from_which_all_is(self, council, visit):
        db.session.execute(RiskVersion.__table__.update().where(RiskVersion.valid_from < SCORED).values(is_whole=False))
        db.session.commit()
        told = visit(f"/risks/{council.reference}?as_at={OPENED}").text
        assert "Of that time less was kept" in told
        assert "All of it is kept from 1 Jun 2026 on." in told
        assert "less was kept" not in visit(f"/risks/{council.reference}?as_at={SCORED}").text

    def test_it_costs_few_queries_and_the_page_of_today_no_more_than_before(self, council, client, count_queries):
        sign_in(client, council.assurance_person)
        council.an_action("Sign two more firms", on=SCORED, due_on=DAY)

        def cost(address):
            visited = client.get(address)
            assert visited.status_code == 200
            return count_queries(lambda: client.get(address))

        assert cost(f"/risks/{council.reference}") <= 11
        assert cost(f"/risks/{council.reference}?as_at={SCORED}") <= 14
        assert cost(f"/registers?as_at={SCORED}") <= 12
        assert cost(f"/registers.csv?as_at={SCORED}") <= 12


SECRET = "quaggamire"


class TestTheStricterOfThenAndNow:
    """The lead of the service and a member of the committee are not cleared; the proper officer is, and is recorded."""

    @pytest.fixture
    def says(self, council, app):
        """Whether any outlet of a day holds the secret words of the risk for an uncleared reader."""
        with transaction():
            reword(
                council.risk, title=f"The {SECRET} deal", event=f"The {SECRET} fails", causes=(f"A {SECRET}",),
                **council.by(council.manager_person, OPENED),
            )  # fmt: skip
        council.score(5, 5, on=date(2026, 5, 1), rationale=f"The {SECRET} grows")
        council.an_action(f"Buy the {SECRET}", on=date(2026, 5, 1), due_on=DAY)

        def told(then, person=None):
            client, said = app.test_client(), ""
            signed_in(client, person or council.lead_person)
            for address in ("/registers?status=all", f"/risks/{council.reference}?", "/registers.csv?status=all"):
                said += client.get(f"{address}&as_at={then}").text
            return SECRET in said

        return told

    def test_exempt_now_is_withheld_on_every_day_before(self, council, says):
        assert says(SCORED)
        council.decide("all", "exempt", on=SCORED_AGAIN)
        for day in (OPENED, SCORED, day_before(SCORED_AGAIN), SCORED_AGAIN, day_before(DAY)):
            assert not says(day), day
            assert says(day, council.proper_person), day

    def test_exempt_then_is_withheld_though_it_is_public_now(self, council, says):
        council.decide("all", "exempt", on=SCORED)
        council.decide("all", "public", on=SCORED_AGAIN)
        assert not says(SCORED)
        assert not says(day_before(SCORED_AGAIN))
        assert says(SCORED_AGAIN)
        assert not says(day_before(SCORED)), "it was decided since that the words of that day were exempt"

    def test_a_mark_that_was_decided_against_withholds_its_own_days_alone(self, council, says):
        council.mark("all", on=SCORED)
        council.decide("all", "internal", on=SCORED_AGAIN)
        told = {day: says(day) for day in (day_before(SCORED), SCORED, day_before(SCORED_AGAIN), SCORED_AGAIN)}
        assert list(told.values()) == [True, False, False, True]

    def test_an_existence_that_was_withheld_since_is_told_of_no_day_before(self, council, says, visit):
        council.decide("all", "withheld", on=SCORED)
        council.decide("all", "internal", on=SCORED_AGAIN)
        assert says(SCORED_AGAIN)
        for day in (OPENED, SCORED):
            assert not says(day)
            assert council.reference not in visit(f"/registers?status=all&as_at={day}", council.lead_person).text
            told = visit(f"/risks/{council.reference}?as_at={day}", council.lead_person)
            assert (told.status_code, "Nothing of this risk is open to you" in told.text) == (422, True)

    @pytest.mark.parametrize("group", ["title", "statement", "assessment", "plan"])
    def test_a_group_that_is_withheld_says_why_and_the_others_are_told(self, council, back, group):
        council.decide(group, "exempt", on=SCORED_AGAIN)
        page = back(SCORED, council.lead_person)
        assert page.withheld == {group: "Withheld under paragraph 3 of Schedule 12A"}
        assert (page.title == TITLE) == (group != "title")
        assert bool(page.row.event) == bool(page.causes) == bool(page.consequences) == (group != "statement")
        assert bool(page.current) == (group != "assessment")
        assert bool(page.row.treatment) == (group != "plan")
        assert page.desks == ()

    def test_an_action_that_treats_another_risk_is_gone_where_that_one_was_exempt_then(self, council, back):
        other = council.log("The price of land", on=OPENED, opened_on=OPENED, unit_id=council.sibling.id)
        council.decide("all", "exempt", on=OPENED, risk=other)
        council.decide("all", "public", on=SCORED_AGAIN, risk=other)
        council.an_action("Buy the land", on=date(2026, 5, 1), due_on=DAY, treats=(other,))
        assert back(SCORED, council.lead_person).actions == ()
        assert len(back(SCORED_AGAIN, council.lead_person).actions) == 1
        assert len(back(SCORED, council.proper_person).actions) == 1

    def test_who_reads_only_what_is_open_reads_no_draft_of_the_past(self, council, back, visit):
        assert back(LOGGED, council.member_person) is None
        assert back(OPENED, council.member_person) is not None
        assert TITLE not in visit(f"/registers?status=all&as_at={LOGGED}", council.member_person).text
        with transaction():
            risks.close(council.risk, why="Let", **council.by(council.lead_person, date(2026, 11, 2)))
        assert visit(f"/risks/{council.reference}?as_at={SCORED}", council.member_person).status_code == 404

    def test_a_new_owner_reads_the_past_of_what_is_theirs_now(self, council, back):
        with transaction():
            risks.take_on(
                council.risk.id, to_post_id=council.sibling_champion.id, why="Mine",
                **council.by(council.director_person, SCORED_AGAIN),
            )  # fmt: skip
        assert back(SCORED, council.sibling_champion_person).owner == "Manager, Repairs Delivery"
        assert back(SCORED_AGAIN, council.sibling_champion_person).owner == "Risk Champion, Voids"

    def test_each_reading_of_the_past_is_recorded_where_it_was_read(self, council, visit):
        council.decide("title", "exempt", on=SCORED)
        council.decide("title", "public", on=SCORED_AGAIN)
        addresses = (f"/risks/{council.reference}", "/registers", "/registers.csv", "/registers.xlsx")
        for address in addresses:
            assert visit(f"{address}?as_at={SCORED}").status_code == 200
        rows = db.session.scalars(select(ExemptRead).order_by(ExemptRead.id)).all()
        assert [row.outlet for row in rows] == [
            "Risk as it stood on a past day", "Register as it stood on a past day",
            "Register of a past day as a file", "Register of a past day as a file",
        ]  # fmt: skip
        assert all(row.field_groups == ["title"] for row in rows)
        for address in addresses:
            visit(f"{address}?as_at={SCORED_AGAIN}")
            visit(f"{address}?as_at={SCORED}", council.lead_person)
        assert len(db.session.scalars(select(ExemptRead.id)).all()) == len(rows)


class TestWhatIsKept:
    def test_a_change_of_a_risk_or_an_action_that_nobody_kept_is_refused(self, council):
        action = council.an_action("Sign two more firms", on=SCORED, due_on=DAY)
        by = {"by": actor(council.manager_person), "at": NOON}
        for row, changes, event in (
            (council.risk, {"next_review_on": DAY}, Event.RISK_REVIEWED),
            (action, {"progress": 99}, Event.ACTION_UPDATED),
        ):
            with pytest.raises(UnkeptChangeError, match=f"{type(row).__name__} {row.id}"), transaction():
                for name, value in changes.items():
                    setattr(db.session.get_one(type(row), row.id), name, value)
                audit.record(event, subject_id=row.id, **by)

    def test_a_link_that_is_taken_out_without_being_kept_is_refused(self, council):
        council.an_action("Sign two more firms", on=SCORED, due_on=DAY)
        with pytest.raises(UnkeptChangeError, match="EndedLink"), transaction():
            db.session.delete(db.session.scalars(select(Link).where(Link.kind == "treats")).one())

    def test_what_did_not_change_is_kept_once(self, council):
        before = len(db.session.scalars(select(RiskVersion.id)).all())
        with transaction():
            for hour in (10, 11):
                past.keep_risk(db.session.get_one(Risk, council.risk.id), **council.when(DAY, hour))
        assert len(db.session.scalars(select(RiskVersion.id)).all()) == before

    def test_words_that_change_beside_the_row_make_a_version_of_their_own(self, council):
        with transaction():
            risk = db.session.get_one(Risk, council.risk.id)
            db.session.get_one(Entity, risk.id).name = "Another title"
            past.keep_risk(risk, **council.when(DAY))
            audit.record(Event.RISK_REWORDED, by=actor(council.manager_person), at=NOON, subject_id=risk.id)
        kept = db.session.scalars(select(RiskVersion).order_by(RiskVersion.version.desc())).first()
        assert (kept.title, kept.version) == ("Another title", db.session.get_one(Risk, council.risk.id).version)
