"""The time line of everything: what is on it, how it is found, and what of it is told to whom."""

import csv
import io
import re
from datetime import date

import pytest
import time_machine
from sqlalchemy import select

from riskapp.domain.history import Kind, Mark, withheld
from riskapp.features.actions import service as actions
from riskapp.features.audit import service as audit
from riskapp.features.classification import queries as classification
from riskapp.features.escalation import queries as escalations
from riskapp.features.escalation import service as escalation
from riskapp.features.history import queries, views
from riskapp.features.past import service as past
from riskapp.features.readers import queries as readers
from riskapp.features.risks import service as risks
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Link
from riskapp.models.exemption import ExemptRead
from riskapp.models.people import Person
from riskapp.models.reminders import Message
from riskapp.models.risks import Risk
from tests.builders import DAY, NOON, actor, sign_in
from tests.lived_council import reword
from tests.pack_builders import reference_of, signed_in
from tests.past_builders import OPENED, SCORED, SCORED_AGAIN, APastCouncil, day_before

REWORDED, PLANNED, MOVED, TAKEN_ON = date(2026, 4, 7), date(2026, 5, 4), date(2026, 7, 6), date(2026, 8, 4)


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


class AToldCouncil(APastCouncil):
    """Something of every kind happens to the risk."""

    def deeds(self):
        yield from super().deeds()
        yield REWORDED, self._reword
        yield PLANNED, self._plan
        yield MOVED, self._move
        yield TAKEN_ON, self._take_on

    def _reword(self, on: date) -> None:
        said = {"title": "Repairs fall far behind", "event": "The contractor leaves", "causes": ("Prices rise",)}
        with transaction():
            reword(self.risk, **said, **self.by(self.manager_person, on))

    def _plan(self, on: date) -> None:
        with transaction():
            risks.review(self.risk, note="Read the report", **self.by(self.manager_person, on))
        self.action = self.an_action("Sign two more firms", on=on, due_on=date(2026, 8, 3))

    def _move(self, on: date) -> None:
        with transaction():
            by = self.by(self.director_person, on)
            actions.move_due_date(self.action, to=date(2026, 10, 5), reason="Holidays", **by)

    def _take_on(self, on: date) -> None:
        with transaction():
            by = self.by(self.lead_person, on)
            risks.take_on(self.risk.id, to_post_id=self.lead.id, why="It is mine", **by)
        self.decide("plan", "public", on=on)

    def told(self, person: Person | None = None):
        reader = actor(person or self.assurance_person)
        about = queries.about(reader, self.reference, on=DAY)
        assert about is not None
        facts = readers.facts(risk_id=about.id, on=DAY)
        scored = () if "assessment" in about.withheld else queries.scores(reader, risk_id=about.id)
        return queries.time_line(reader, about, facts, scored, on=DAY)


@pytest.fixture
def council(app):
    return AToldCouncil()


@pytest.fixture
def visit(app, council):
    def go(address="", person=None):
        client = app.test_client()
        signed_in(client, person or council.assurance_person)
        return client.get(f"/risks/{council.reference}/history{address}")

    return go


def _plain(page: str) -> str:
    """The words of a page as they are read, whoever hears or sees them."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


class TestWhatIsTold:
    def test_everything_is_on_it_the_last_first(self, council):
        told = council.told()
        assert {each.kind for each in told} == set(Kind) - {Kind.DECISION, Kind.OTHER}
        assert [each.at for each in told] == sorted((each.at for each in told), reverse=True)
        days = {each.kind: each.at.date() for each in told}
        assert (days[Kind.WORDS], days[Kind.REVIEW], days[Kind.OWNER]) == (REWORDED, PLANNED, TAKEN_ON)

    def test_scores_say_what_they_were_and_their_levels(self, visit):
        page = _plain(visit("?kind=score").text)
        for words in (
            "Current score 16 to 25; likelihood 4 to 5, impact 4 to 5",
            "Current score 9 to 16; likelihood 3 to 4, impact 3 to 4",
            "Target score 4; likelihood 2, impact 2, by 31 Mar 2027",
            "Inherent score 25; likelihood 5, impact 5",
        ):
            assert words in page

    def test_a_score_that_waits_and_one_that_was_agreed_to_say_so(self, council, visit):
        council.score(2, 2, on=date(2026, 10, 5))
        page = _plain(visit("?kind=score").text)
        assert "impact 5 to 2: proposed, until somebody else agrees" in page

    def test_a_change_of_words_is_told_word_by_word_for_eyes_and_for_ears(self, visit):
        page = visit("?kind=words").text
        heard = _plain(page)
        assert "Title Repairs fall put in: far ; behind" in heard
        assert re.search(r"Event The contractor taken out: gives notice [^;]*; put in: leaves ;", heard)
        assert "Cause taken out: Tender prices have risen by a fifth ; put in: Prices rise ;" in heard
        assert '<ins><span class="visually-hidden">put in: </span>far' in page
        assert "<del>" in page

    def test_who_owns_it_is_told_by_their_posts(self, visit):
        page = _plain(visit("?kind=owner").text)
        assert "Taken on by another post" in page
        assert "Owner taken out: Manager, Repairs Delivery ; put in: Service Lead, Housing Repairs ;" in page

    def test_actions_say_how_they_moved_and_lead_to_their_pages(self, council, visit):
        page = visit("?kind=action").text
        mark = reference_of(council.action)
        assert f'<a href="/actions/{mark}">{mark}</a> Due date moved from 3 Aug 2026 to 5 Oct 2026' in page
        assert "Action added" in page

    def test_an_action_that_treats_it_no_more_is_still_in_its_history(self, council):
        with transaction():
            link = db.session.scalars(select(Link).where(Link.kind == "treats")).one()
            past.end_link(link, on=SCORED_AGAIN)
        assert [each.event for each in council.told() if each.kind is Kind.ACTION] == ["action:moved", "action:added"]

    def test_an_escalation_tells_its_desks_and_what_was_decided(self, council, visit):
        risk = council.log("Boilers fail", on=SCORED, opened_on=SCORED, current=(4, 4))
        desk = escalations.live_desks()[0]
        with transaction():
            escalation.acknowledge(desk.case_id, **council.by(council.director_person, SCORED, 12))
        with transaction():
            decided = {"decision": escalation.Decision.SUPPORT, "note": "So be it"}
            escalation.accept(desk.case_id, **decided, **council.by(council.director_person, SCORED, 13))
        council.reference = reference_of(risk)
        page = _plain(visit("?sort=at").text)
        order = (
            "Escalated Its current score is 16", "Came to the desk Director of Housing", "Escalation acknowledged",
            "Escalation decided: support",
        )  # fmt: skip
        places = [page.find(words) for words in order]
        assert min(places) > 0, page
        assert places == sorted(places)
        assert "Escalation decided: support So be it. Director of Housing" in _plain(visit("?kind=decision").text)

    def test_mail_is_told_by_the_post_and_what_it_was_about_and_holds_no_address(self, visit):
        page = _plain(visit("?kind=mail").text)
        assert "E-mail that waits to be sent to Director of Housing: A risk has come to you" in page
        for message in db.session.scalars(select(Message)):
            assert message.address not in visit().text
            assert message.address not in visit(".csv").text
            message.state = "uncertain"
        db.session.commit()
        assert "E-mail that may not have arrived to Director of Housing" in _plain(visit("?kind=mail").text)

    def test_what_nobody_knew_of_yet_is_told_in_plain_words(self, council, visit):
        with transaction():
            audit.record(
                "tolerance:granted_for_a_year", by=actor(council.lead_person), at=NOON, subject_id=council.risk.id
            )  # type: ignore[arg-type]
        page = _plain(visit("?kind=other").text)
        assert "Granted for a year" in page
        assert "1 entry" in page

    def test_a_change_that_no_entry_tells_is_told_all_the_same(self, council):
        with transaction():
            risk = db.session.get_one(Risk, council.risk.id)
            risk.treatment_why = "It pays"
            past.keep_risk(risk, **council.when(DAY))
            audit.record("risk:closed", by=actor(council.lead_person), at=NOON, subject_id=risk.id)  # type: ignore[arg-type]
        first = council.told()[1]
        assert (first.kind, first.changes[0].label, first.changes[0].after) == (
            Kind.WORDS,
            "Why this treatment",
            "It pays",
        )


class TestThePage:
    def test_it_is_found_by_kind_paged_and_turned_round(self, council, visit, monkeypatch):
        monkeypatch.setattr(views, "PAGE", 15)
        total = len(council.told())
        first, second = visit().text, visit("?page=2").text
        assert f"1 to 15 of {total}" in first
        assert f"16 to {total} of {total}" in second
        assert "Drafted<small>" in visit("?sort=at").text
        assert "Drafted<small>" not in first
        assert visit("?kind=nonsense&page=99&sort=x").status_code == 200
        assert "Nothing of that kind happened." in visit("?kind=other").text

    def test_the_file_holds_every_page_and_marks_what_changed(self, council, visit):
        rows = list(csv.DictReader(io.StringIO(visit(".csv").text.removeprefix("\ufeff"))))
        assert len(rows) == len(council.told())
        (words,) = [row for row in rows if row["Kind"] == "Words"]
        assert words["Changes"].startswith("Title: Repairs fall +far+ behind; Cause: [Tender prices")
        assert len(list(csv.DictReader(io.StringIO(visit(".csv?kind=words").text)))) == 1

    def test_it_shows_the_score_over_time_and_the_way_to_a_past_day(self, council, visit):
        page = visit().text
        assert "Score over time. 9 from 2 Mar 2026, 16 from 1 Jun 2026, 25 from 1 Sep 2026." in page
        assert "Target: 4 by 31 Mar 2027, set on 2 Mar 2026" in page
        assert f'action="/risks/{council.reference}"' in page
        assert 'name="as_at"' in page

    def test_the_page_of_the_risk_tells_the_latest_of_it_and_leads_here(self, council, client, count_queries):
        sign_in(client, council.assurance_person)
        page = client.get(f"/risks/{council.reference}").text
        assert f'href="/risks/{council.reference}/history"' in page
        assert "Current score 16 to 25" in page
        assert "Due date moved from 3 Aug 2026 to 5 Oct 2026" in page
        assert page.count("<li><time") == 12
        assert count_queries(lambda: client.get(f"/risks/{council.reference}/history")) <= 16

    def test_a_reword_among_the_latest_is_told_word_by_word_there_too(self, council, client):
        with transaction():
            said = {"title": "Repairs stop", "event": "The contractor leaves", "causes": ("Prices rise",)}
            reword(council.risk, **said, **council.by(council.lead_person, day_before(DAY)))
        sign_in(client, council.assurance_person)
        page = client.get(f"/risks/{council.reference}").text
        assert "Title Repairs taken out: fall far behind ; put in: stop ;" in _plain(page)
        assert "stop" not in _plain(client.get(f"/risks/{council.reference}?as_at={SCORED_AGAIN}").text)

    def test_a_risk_of_others_has_no_history(self, council, visit):
        assert visit(person=council.sibling_champion_person).status_code == 404
        assert visit(".csv", council.sibling_champion_person).status_code == 404


SECRET = "quaggamire"


class TestWhatIsWithheld:
    """The lead owns the risk by now, so a member of the committee and the chief's reader stand for the uncleared."""

    def _hide(self, council, group="all", on=SCORED, until=None):
        council.decide(group, "exempt", on=on)
        if until:
            council.decide(group, "public", on=until)

    def test_of_a_risk_that_is_exempt_the_bare_deeds_are_told_and_no_word(self, council, visit):
        self._hide(council)
        told = council.told(council.member_person)
        assert {each.event for each in told} == {
            "risk:drafted", "risk:opened", "risk:taken_on", "risk:classified",
        }  # fmt: skip
        assert all(each.is_bare for each in told)
        page = visit(person=council.member_person).text
        for words in ("far", "Read the report", "It is mine", "Due date", "Score over time", "E-mail that", "Holidays"):
            assert words not in page, words
        assert "Part of this risk is withheld from you" in page
        assert len(council.told(council.proper_person)) > 20

    def test_what_was_said_while_it_was_exempt_stays_withheld_and_what_came_after_is_told(self, council):
        self._hide(council, on=REWORDED, until=date(2026, 8, 1))
        told = council.told(council.member_person)
        before = [each for each in told if each.at.date() < date(2026, 8, 1)]
        assert {each.event for each in before} == {"risk:drafted", "risk:opened", "risk:classified"}
        assert all(each.is_bare and not each.changes for each in before)
        assert not next(each for each in told if each.event == "risk:taken_on").is_bare
        assert {each.kind for each in council.told(council.member_person) if each.at.date() == SCORED_AGAIN} >= {
            Kind.SCORE
        }

    @pytest.mark.parametrize(
        ("group", "labels"),
        [("title", {"Cause", "Event"}), ("statement", {"Title"}), ("assessment", None), ("plan", None)],
    )
    def test_one_group_is_left_out_of_what_changed(self, council, group, labels):
        self._hide(council, group)
        changes = [each for each in council.told(council.member_person) if each.kind is Kind.WORDS]
        found = {change.label for each in changes for change in each.changes}
        assert found == (labels or {"Title", "Cause", "Event"})
        assert all(each.is_bare and not each.content for each in changes)

    def test_scores_are_told_unless_they_are_what_is_withheld(self, council):
        self._hide(council, "plan")
        assert Kind.SCORE in {each.kind for each in council.told(council.member_person)}
        self._hide(council, "assessment", on=SCORED_AGAIN)
        assert Kind.SCORE not in {each.kind for each in council.told(council.member_person)}

    def test_the_latest_on_the_page_of_the_risk_keep_to_the_same(self, app, council):
        self._hide(council, on=REWORDED, until=date(2026, 8, 1))
        client = app.test_client()
        signed_in(client, council.member_person)
        page = client.get(f"/risks/{council.reference}").text
        assert "Read the report" not in page
        assert "Holidays" not in page
        assert "Current score 16 to 25" in page

    def test_an_action_that_speaks_of_another_exempt_risk_is_not_told(self, council):
        other = council.log("The price of land", on=OPENED, opened_on=OPENED, unit_id=council.sibling.id)
        council.decide("all", "exempt", on=OPENED, risk=other)
        action = council.an_action(f"Buy the {SECRET}", on=PLANNED, due_on=DAY, treats=(other,))
        for person, is_told in ((council.member_person, False), (council.proper_person, True)):
            marks = {each.reference for each in council.told(person)}
            assert (reference_of(action) in marks) == is_told

    def test_days_of_a_withheld_existence_are_not_there_for_who_is_not_cleared_for_it(self, council):
        council.decide("all", "withheld", on=REWORDED)
        council.decide("all", "public", on=date(2026, 8, 1))
        days = {each.at.date() for each in council.told(council.member_person)}
        assert min(days) >= date(2026, 8, 1)

    def test_each_reading_is_recorded_where_it_was_read(self, council, visit):
        self._hide(council, "title", on=REWORDED, until=SCORED_AGAIN)
        for address in ("", ".csv"):
            visit(address)
            visit(address, council.member_person)
        rows = db.session.scalars(select(ExemptRead).order_by(ExemptRead.id)).all()
        assert [(row.outlet, row.field_groups) for row in rows] == [
            ("History of a risk", ["title"]), ("History of a risk as a file", ["title"]),
        ]  # fmt: skip


def test_the_rule_of_the_domain_and_the_query_withhold_the_same(council):
    """One decides for lists in SQL, the other for each entry: twins."""
    council.mark("title", on=date(2026, 4, 20))
    council.decide("title", "internal", on=date(2026, 5, 20))
    council.decide("statement", "exempt", on=date(2026, 6, 20))
    council.decide("statement", "public", on=date(2026, 7, 20))
    council.mark("assessment", on=date(2026, 9, 20))
    made = db.session.scalars(select(Classification).where(Classification.entity_id == council.risk.id)).all()
    marks = [Mark(each.field_group, each.level, each.state, each.from_on, each.number) for each in made]
    for month in range(3, 13):
        then = date(2026, month, 1)
        things = classification.withheld_things(on=DAY, since=then)
        row = db.session.execute(select(things).where(things.c.entity_id == council.risk.id)).mappings().first()
        groups = {name for name, why in (row or {}).items() if name != "entity_id" and why is not None}
        assert groups == withheld(marks, then=then, now=DAY).groups, then
