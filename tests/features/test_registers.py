"""What a register shows, in what order, and how the address says it."""

import csv
import io
import re
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import event

from riskapp.domain.audit import Event
from riskapp.domain.columns import COLUMNS, USUAL, heads
from riskapp.domain.search import words_of
from riskapp.features.assessments import service as assessments
from riskapp.features.assessments.service import Money
from riskapp.features.audit import service as audit
from riskapp.features.narrowing.queries import ORDERS, Filters
from riskapp.features.packs import service as packs
from riskapp.features.plan import service as plan
from riskapp.features.policy import queries as policies
from riskapp.features.registers import forms, queries
from riskapp.features.registers.queries import Choices
from riskapp.features.risks import service as risks
from riskapp.models.database import db, transaction
from riskapp.models.entity import new_entity
from riskapp.models.escalation import EscalationCase, EscalationDesk
from tests.builders import BY_HAND, DAY, NOON, ACouncil, a_judgement, a_risk, actor, an_action, sign_in

COMMITTEE_DAY = date(2026, 10, 1)


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def reader(council):
    return actor(council.assurance_person)


def _titles(reader, filters=None, **order):
    return [row.title for row in queries.register(reader, filters or Filters(on=DAY), **order)]


def _kept(council, *risks_wanted):
    with transaction():
        return [a_risk(council, **wanted) for wanted in risks_wanted]


def test_the_worst_stand_first_and_ties_by_reference(council, reader):
    _kept(
        council, *({"title": f"Even {n}", "current": (3, 3)} for n in range(4)), {"title": "Worst", "current": (5, 5)}
    )
    rows = queries.register(reader, Filters(on=DAY))
    assert rows[0].title == "Worst"
    assert [row.reference for row in rows[1:]] == sorted(row.reference for row in rows[1:])


@pytest.mark.parametrize("sort", sorted(ORDERS))
@pytest.mark.parametrize("descending", [True, False])
def test_every_order_holds_every_risk_once_across_pages(council, reader, sort, descending):
    _kept(council, *({"current": (1 + n % 5, 1 + n % 3)} for n in range(7)), {"status": "draft"})
    every = Filters(on=DAY, status="all")
    order = {"sort": sort, "descending": descending}
    pages = [row for start in (0, 3, 6) for row in queries.register(reader, every, **order, offset=start, limit=3)]
    assert pages == list(queries.register(reader, every, **order))
    assert len({row.reference for row in pages}) == queries.census(reader, every).found == 8


def test_a_draft_without_a_review_stands_last_in_either_order(council, reader):
    _kept(council, {"title": "Open"}, {"title": "Draft", "status": "draft"})
    every = Filters(on=DAY, status="all")
    assert _titles(reader, every, sort="review", descending=True)[-1] == "Draft"
    assert _titles(reader, every, sort="review", descending=False)[-1] == "Draft"


class TestFilters:
    @pytest.fixture(autouse=True)
    def _risks(self, council):
        with transaction():
            self.item = plan.add_item(
                kind="direction", code="A", position=1, title="Money", text="", by=BY_HAND, at=NOON
            )
        _kept(
            council,
            {"title": "Plain"},
            {"title": "Below", "unit_id": council.sibling.id, "current": (5, 5)},
            {"title": "100% of a_budget", "category": "financial", "link_ids": [self.item.id]},
            {"title": "Owned above", "owner_post_id": council.lead.id, "category": "legal", "current": (1, 2)},
            {"title": "Draft", "status": "draft"},
            {"title": "Closed", "status": "closed"},
        )
        self.council = council

    def found(self, reader, **filters):
        return set(_titles(reader, Filters(on=DAY, **filters)))

    def test_open_risks_are_shown_first(self, reader):
        assert self.found(reader) == {"Plain", "Below", "100% of a_budget", "Owned above"}

    def test_by_status(self, reader):
        assert self.found(reader, status="draft") == {"Draft"}
        assert self.found(reader, status="closed") == {"Closed"}
        assert len(self.found(reader, status="all")) == 6

    def test_by_a_unit_and_all_below_it(self, reader):
        assert self.found(reader, unit_path=self.council.sibling.path) == {"Below"}
        assert len(self.found(reader, unit_path=self.council.directorate.path)) == 4

    def test_by_category_owner_and_plan(self, reader):
        assert self.found(reader, category="legal") == {"Owned above"}
        assert self.found(reader, owner_post_id=self.council.lead.id) == {"Owned above"}
        assert self.found(reader, item_id=self.item.id) == {"100% of a_budget"}

    def test_by_band_cell_and_appetite(self, reader):
        assert self.found(reader, ratings=("very_high",)) == {"Below"}
        assert self.found(reader, cell=(1, 2)) == {"Owned above"}
        assert "Below" in self.found(reader, position="beyond")
        assert "Owned above" in self.found(reader, position="within")

    @pytest.mark.parametrize("said", ["100%", "A_BUDGET", "budg 100", "“100”", "100 - of a_budget", "BUDGET* OR \"of'"])
    def test_by_words_whose_signs_mean_nothing(self, reader, said):
        assert self.found(reader, words=words_of(said.replace("OR", ""))) == {"100% of a_budget"}

    def test_by_reference_and_by_event(self, reader):
        row = queries.register(reader, Filters(on=DAY, words=("below",)))[0]
        assert self.found(reader, words=words_of(row.reference)) == {"Below"}
        assert self.found(reader, words=words_of(row.reference.lower()[2:6])) == {"Below"}
        assert len(self.found(reader, words=("contract", "notice"))) == 4

    def test_counts_by_place_are_the_rows(self, reader):
        standings = queries.census(reader, Filters(on=DAY)).standings
        assert sum(each.count for each in standings) == 4
        assert [(each.likelihood, each.impact, each.count) for each in standings if each.rating == "very_high"] == [
            (5, 5, 1)
        ]

    def test_a_champion_counts_only_what_is_theirs(self):
        theirs = actor(self.council.sibling_champion_person)
        assert self.found(theirs) == {"Below"}
        assert queries.census(theirs, Filters(on=DAY)).found == 1


class TestMovement:
    @pytest.fixture(autouse=True)
    def _year(self, council, reader):
        early, late = COMMITTEE_DAY - timedelta(days=90), COMMITTEE_DAY + timedelta(days=10)
        owner = {"by": actor(council.manager_person), "at": NOON}
        with transaction():
            for title, now in (("Up", (4, 4)), ("Down", (2, 4)), ("Same", (3, 3))):
                risk = a_risk(council, title=title, current=(3, 3), on=early, category="property")
                assessments.score(risk, "current", a_judgement(*now), **owner, on=late)
            moved_early = a_risk(council, title="Moved before", current=(5, 5), on=early)
            assessments.score(moved_early, "current", a_judgement(4, 5), **owner, on=early + timedelta(days=9))
            a_risk(council, title="New", on=late)
            closed = a_risk(council, title="Closed since", on=early)
            risks.close(closed, why="Gone", by=actor(council.lead_person), at=NOON, on=late)
            long_gone = a_risk(council, title="Closed before", on=early)
            risks.close(long_gone, why="Gone", by=actor(council.lead_person), at=NOON, on=early + timedelta(days=1))
        self.filters = Filters(on=DAY, since=COMMITTEE_DAY)
        self.reader = reader

    def test_is_counted_since_the_day(self):
        counted = queries.census(self.reader, self.filters).movement
        assert counted == {"up": 1, "down": 1, "same": 2, "new": 1, "closed": 1}

    def test_opens_the_list_of_each_count(self):
        for kind, number in queries.census(self.reader, self.filters).movement.items():
            listed = queries.register(self.reader, Filters(on=DAY, since=COMMITTEE_DAY, travel=kind))
            assert len(listed) == number, kind
            assert {row.moved.kind for row in listed} == {kind}

    def test_says_the_score_before(self):
        moved = {row.title: row.moved.words for row in queries.register(self.reader, self.filters)}
        assert moved == {
            "Up": "Up from 9", "Down": "Down from 9", "Same": "Same", "Moved before": "Same", "New": "New",
        }  # fmt: skip

    def test_is_nothing_without_a_meeting(self):
        assert queries.census(self.reader, Filters(on=DAY)).movement == {}


def test_the_last_meeting_of_the_audit_committee_counts(council):
    with transaction():
        audit_committee = packs.add_board(name="Audit Committee", led_by="Member", purpose="", by=BY_HAND, at=NOON)
        cabinet = packs.add_board(name="Cabinet", led_by="Member", purpose="", by=BY_HAND, at=NOON)
        for board, day in ((audit_committee, 1), (audit_committee, 20), (cabinet, 25)):
            held = date(2026, 11, day)
            packs.plan_meeting(board, name="Meeting", held_on=held, papers_due_on=held, by=BY_HAND, at=NOON)
    assert queries.last_committee(on=DAY) == date(2026, 11, 20)
    assert queries.last_committee(on=date(2026, 11, 1)) is None


def test_a_live_escalation_is_told_by_its_post(council, reader):
    (risk,) = _kept(council, {})
    with transaction():
        entity = new_entity(db.session(), "escalation", "An escalation")
        known = {"reason": "16", "clause": "6.3", "facts": {}, "policy_version_id": council.policy_id}
        db.session.add(EscalationCase(id=entity.id, subject_id=risk.id, unit_id=risk.unit_id, raised_at=NOON, **known))
        db.session.flush()
        for post, state in ((council.lead, "passed_on"), (council.director, "notified")):
            desk = {"tier": "director", "clause": "6.3", "arrived_at": NOON, "due_at": NOON}
            db.session.add(EscalationDesk(case_id=entity.id, post_id=post.id, state=state, **desk))
        audit.record(Event.ESCALATION_RAISED, by=BY_HAND, at=NOON, subject_id=entity.id)
    assert queries.register(reader, Filters(on=DAY))[0].with_post == "Director of Housing"


def test_a_register_costs_the_same_however_long_it_is(council, reader):
    def cost():
        asked = []
        event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        filters = Filters(on=DAY, since=COMMITTEE_DAY)
        census = queries.census(reader, filters)
        rows = queries.register(reader, filters, limit=200)
        assert census.found == sum(each.count for each in census.standings) == len(rows)
        assert sum(census.movement.values()) == len(rows)
        return len(rows), len(asked)

    _kept(council, *({} for _ in range(10)))
    few = cost()
    _kept(council, *({} for _ in range(190)))
    assert (few, cost()) == ((10, 2), (200, 2))


def test_a_page_of_a_register_asks_seven_queries_with_ten_risks_and_with_three_hundred(council, client, count_queries):
    with time_machine.travel(NOON, tick=False):
        sign_in(client, council.assurance_person)

        def page():
            assert client.get("/registers?size=100").status_code == 200

        page()  # the policy is read once a process
        _kept(council, *({} for _ in range(10)))
        few = count_queries(page)
        _kept(council, *({} for _ in range(290)))
        assert count_queries(page) == few <= 7


def as_usual(offer):
    """What is asked for where the address says nothing: the scales of the policy go with it, to be put in order by."""
    steps = tuple((each.name, tuple(step.key for step in each.steps)) for each in offer.policy.scoring.aspects)
    return Filters(on=DAY, since=COMMITTEE_DAY, steps=steps)


@pytest.mark.usefixtures("council")
class TestAddress:
    @pytest.fixture
    def offer(self):
        return forms.Offer(
            policy=policies.in_force(on=DAY).policy,
            choices=Choices((), (), owners=((7, "Director of Housing"),), since=COMMITTEE_DAY),
            on=DAY,
        )

    def test_an_empty_one_is_the_usual_register(self, offer):
        state = forms.read({}, offer)
        assert (state.filters, state.sort, state.descending, state.page, state.size) == (
            as_usual(offer), "current", True, 1, 15,
        )  # fmt: skip
        assert state.columns == USUAL

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("band", "purple"), ("category", "weather"), ("owner", "8"), ("owner", "x"), ("status", "gone"),
            ("page", "0"), ("page", "-1"), ("page", "x"), ("page", "9" * 30), ("size", "10000"), ("sort", "colour"),
            ("sort", "--title"), ("likelihood", "99"), ("travel", "sideways"), ("unit", "U-NONE"),
            ("item", "D-NONE"), ("register", "street"), ("body", "B-NONE"), ("below", "yes"), ("q", "%_"),
            ("sort", "-near"), ("review_from", "soon"), ("review_from", "2026-13-01"), ("opened_to", "20261201"),
            ("columns", "colour"), ("nonsense", "1"), ("page", "²"),
        ],
    )  # fmt: skip
    def test_what_means_nothing_is_left_out_and_told(self, offer, name, value):
        state = forms.read({name: value}, offer)
        assert state.is_partly_ignored
        assert state.filters == as_usual(offer)

    def test_a_band_and_above_is_every_band_from_it(self, offer):
        assert forms.read({"band": "high+"}, offer).filters.ratings == ("high", "very_high")
        assert forms.read({"band": "high"}, offer).filters.ratings == ("high",)

    def test_it_is_written_back_as_it_was_read(self, offer):
        asked = {
            "q": "roof",
            "band": "high",
            "owner": "7",
            "likelihood": "3",
            "impact": "4",
            "sort": "title",
            "page": "2",
        }
        state = forms.read(asked, offer)
        assert not state.is_partly_ignored
        assert state.address() == asked

    def test_a_change_returns_to_the_first_page(self, offer):
        state = forms.read({"band": "high", "page": "3"}, offer)
        assert state.address(band=None) == {"register": "whole"}, "or the view that opens first would open"
        assert state.address(page=4) == {"band": "high", "page": 4}

    def test_a_head_turns_its_own_order_round(self, offer):
        by_title = forms.read({"sort": "title"}, offer)
        assert by_title.sorted_by("title")["sort"] == "-title"
        assert by_title.sorted_by("current")["sort"] == "-current"

    def test_columns_are_kept_in_the_address_in_their_own_order(self, offer):
        state = forms.read({"columns": "review,owner"}, offer)
        assert state.columns == ("title", "owner", "review")
        assert state.address() == {"columns": "title,owner,review"}
        assert forms.read({"columns": ",".join(USUAL)}, offer).address() == {"register": "whole"}
        assert forms.read({"columns": "all"}, offer).columns == tuple(COLUMNS)
        assert forms.read({"columns": ",".join(COLUMNS)}, offer).address() == {"columns": "all"}

    def test_days_and_sums_are_read_and_said(self, offer):
        state = forms.read({"review_to": "2026-12-31", "opened_from": "2026-01-01", "money_from": "£1,500,000"}, offer)
        assert {key: ends for key, *ends in state.filters.days} == {
            "review": [None, date(2026, 12, 31)], "opened": [date(2026, 1, 1), None],
        }  # fmt: skip
        assert state.filters.pounds == (1_500_000, None)
        assert sorted(state.labels.values()) == [
            "Likely cost or gain at least £1.5m", "Next review on or before 31 Dec 2026",
            "Opened on or after 1 Jan 2026",
        ]  # fmt: skip

    def test_one_end_of_the_matrix_is_enough(self, offer):
        assert forms.read({"likelihood": "3"}, offer).filters.cell == (3, None)

    def test_the_nearest_first_needs_words(self, offer):
        assert forms.read({"q": "roof", "sort": "-near"}, offer).sort == "near"
        assert forms.read({"sort": "-near"}, offer).sort == "current"


class TestColumns:
    """Each column can be shown, narrowed by and put in order by, on the page and in a file."""

    @pytest.fixture(autouse=True)
    def _risks(self, council, client):
        with time_machine.travel(NOON, tick=False):
            with transaction():
                money = Money(low=100_000, likely=250_000, high=900_000)
                sure = a_judgement(4, 4, confidence="high", proximity="imminent", velocity="slow", money=money)
                judgements = {
                    "inherent": a_judgement(5, 5),
                    "current": sure,
                    "target": a_judgement(2, 2, target_on=DAY),
                }
                late = a_risk(council, title="Late", judgements=judgements, on=DAY - timedelta(days=40))
                an_action(council, late, due_on=DAY - timedelta(days=3))
                an_action(council, late, due_on=DAY + timedelta(days=30))
                a_risk(council, title="Plain", current=(2, 2))
            sign_in(client, council.assurance_person)
            yield

    def titles(self, client, asked):
        page = client.get(f"/registers?{asked}")
        assert "means nothing" not in page.text, asked
        return set(re.findall(r'class="table__title"[^>]*>([^<]+)<', page.text))

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("actions=late", {"Late"}), ("actions=none_in_date", {"Plain"}), ("actions=in_date", {"Late"}),
            ("escalation=live", {"Late"}), ("escalation=none", {"Plain"}), ("escalation=decided", set()),
            ("likelihood=4", {"Late"}), ("impact=2", {"Plain"}), ("inherent=very_high", {"Late", "Plain"}),
            ("target=low", {"Late", "Plain"}), ("kind=threat", {"Late", "Plain"}), ("kind=opportunity", set()),
            ("treatment=treat", {"Late", "Plain"}), ("treatment=tolerate", set()),
            ("confidence=high", {"Late"}), ("proximity=distant", set()), ("velocity=slow", {"Late"}),
            ("money_from=200000", {"Late"}), ("money_to=200000", set()),
            ("opened_to=2026-11-01", {"Late"}), ("drafted_from=2026-11-30", {"Plain"}),
            ("closed_from=2026-01-01", set()),
            ("reviewed_to=2026-11-01", {"Late"}), ("review_to=2026-12-01", {"Late"}),
            ("review_from=2027-05-01", {"Plain"}),
        ],
    )  # fmt: skip
    def test_each_narrows_the_register(self, client, asked, found):
        assert self.titles(client, asked) == found

    def test_all_of_them_are_shown_on_the_page_and_in_a_file(self, client):
        page = client.get("/registers?columns=all").text
        for words in ("Imminent", "£250,000", "2 open", "1 late", "Manager, Repairs Delivery", "Treat"):
            assert words in page, words
        rows = list(csv.DictReader(io.StringIO(client.get("/registers.csv?columns=all").text.removeprefix("\ufeff"))))
        late = next(row for row in rows if row["Title"] == "Late")
        assert list(late) == list(heads(COLUMNS))
        assert (late["Open actions"], late["Late actions"], late["Proximity"]) == ("2", "1", "Imminent")
        assert late["Likely cost or gain"] == "250000"

    def test_a_file_has_the_columns_that_are_on_the_page(self, client):
        file = client.get("/registers.csv?columns=owner,review").text.removeprefix("\ufeff").splitlines()
        assert file[0] == "Reference,Title,Owner,Next review"
        usual = client.get("/registers.csv").text.removeprefix("\ufeff").splitlines()[0]
        assert usual.split(",") == list(heads(USUAL))

    def test_ticked_boxes_are_one_choice_of_columns(self, client):
        page = client.get("/registers?columns=title&columns=owner&columns=event").text
        shown = re.findall(r"<th scope=\"col\"[^>]*>(?:<a[^>]*>|<span[^>]*>)?([^<]+)", page)
        assert [each for each in shown if each != "Likelihood"][-4:] == ["Choose", "Risk", "Event", "Owner"]


def test_threats_and_opportunities_are_each_on_a_map_of_their_own(council, client):
    with time_machine.travel(NOON, tick=False):
        _kept(council, {"title": "A threat", "current": (4, 4)}, {"title": "A chance", "kind": "opportunity"})
        sign_in(client, council.assurance_person)
        page = client.get("/registers").text
        assert "1 open risk, by current score" in page
        assert "1 opportunity" in page
        theirs = client.get("/registers?kind=opportunity").text
        assert "Fair" in theirs
        assert "A threat" not in theirs
