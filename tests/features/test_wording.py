"""What happens to the words of a risk, to the posts with a part in it, and to expert advice on it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from riskapp.domain.permissions import Permission
from riskapp.domain.wording import CannotReword
from riskapp.features.accounts import service as accounts
from riskapp.features.assessments import service as assessments
from riskapp.features.readers import queries as readers
from riskapp.features.wording import queries, service
from riskapp.features.wording.service import CannotCommission, Commission, Overtaken
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.risks import Expertise, RiskDuty, RiskVersion
from riskapp.web.clock import now, today
from tests.builders import DAY, NOON, PASSWORD, ACouncil, a_post, a_risk, actor


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def risk(council):
    return a_risk(council)


def _kept(risk):
    return queries.wording(None, risk.id)


def _reword(risk, council, *, seen=None, why="", **changes):
    kept = _kept(risk)
    by = actor(council.manager_person)
    said, seen = replace(kept.wording, **changes), seen or kept.version
    return service.reword(risk, said, why=why, seen=seen, by=by, at=NOON, on=DAY)


def test_a_change_is_kept_as_a_version_and_says_who_changed_what_and_why(council, risk):
    changed = _reword(risk, council, title="Repairs stop", causes=("One cause", "Another"), why="After the audit")
    assert changed == ("title", "causes")
    assert _kept(risk).wording.causes == ("One cause", "Another")
    versions = db.session.scalars(select(RiskVersion).filter_by(risk_id=risk.id).order_by(RiskVersion.version)).all()
    assert versions[-1].title == "Repairs stop"
    assert versions[-1].words["causes"] == ["One cause", "Another"]
    assert versions[-2].title != "Repairs stop"
    entry = db.session.scalars(select(AuditEntry).filter_by(subject_id=risk.id, event="risk:reworded")).one()
    assert entry.post_id == council.manager.id


def test_a_change_of_one_cause_alone_is_a_new_version(council, risk):
    before = _kept(risk).version
    _reword(risk, council, causes=("Only this",))
    assert _kept(risk).version > before


def test_changing_nothing_is_told(council, risk):
    with pytest.raises(CannotReword, match="Nothing was changed"):
        _reword(risk, council)


def test_a_closed_risk_is_not_reworded(council):
    risk = a_risk(council, status="closed")
    with pytest.raises(CannotReword, match="Open it again first"):
        _reword(risk, council, title="Repairs stop")


def test_words_filled_in_over_an_older_version_change_nothing_and_both_are_told(council, risk):
    seen = _kept(risk).version
    _reword(risk, council, title="Theirs", event="Their event")
    with pytest.raises(Overtaken) as first:
        service.reword(
            risk,
            replace(queries.at_version(None, risk.id, seen), title="Mine", causes=("My cause",)),
            why="",
            seen=seen,
            by=actor(council.champion_person),
            at=NOON,
            on=DAY,
        )
    merged = first.value.merged
    assert merged.conflicts == ("title",)
    assert (merged.wording.title, merged.wording.event, merged.wording.causes) == ("Mine", "Their event", ("My cause",))
    assert _kept(risk).wording.title == "Theirs"


def test_another_category_holds_the_score_against_another_appetite(council):
    risk = a_risk(council, current=(3, 3))
    assert assessments.current(risk).position == "within" or assessments.current(risk).position == "above"
    _reword(risk, council, category="legal")
    held = assessments.current(risk)
    assert (held.score, held.position) == (9, "beyond")


def test_a_category_with_a_wider_appetite_waits_for_somebody_to_agree(council):
    risk = a_risk(council, current=(3, 3), category="legal")
    _reword(risk, council, category="technology")
    assert assessments.current(risk).position == "beyond"


class TestPartsInARisk:
    def test_the_champion_who_drafts_it_is_its_champion(self, council, risk):
        assert _kept(risk).wording.champion == council.champion.id

    def test_a_part_ends_on_its_day_and_stays_on_the_record(self, council, risk):
        _reword(risk, council, champion=council.sibling_champion.id)
        rows = db.session.scalars(select(RiskDuty).filter_by(risk_id=risk.id, duty="champion").order_by(RiskDuty.id))
        assert [(row.post_id, row.to_on) for row in rows] == [
            (council.champion.id, DAY),
            (council.sibling_champion.id, None),
        ]

    def test_who_contributes_may_read_it_and_who_did_no_longer(self, council, risk):
        helper = actor(council.sibling_champion_person)

        def reads():
            return db.session.scalars(select(Entity.id).join_from(Entity, type(risk)).where(_readable(helper))).all()

        assert reads() == []
        _reword(risk, council, contributors=(council.sibling_champion.id,))
        assert reads() == [risk.id]
        assert council.sibling_champion.id in readers.facts(risk_id=risk.id, on=DAY).other_post_ids
        _reword(risk, council, contributors=())
        assert reads() == []

    @pytest.mark.parametrize("part", ["champion", "lead_member"])
    def test_a_post_that_is_not_there_is_refused(self, council, risk, part):
        with pytest.raises(CannotReword) as refused:
            _reword(risk, council, **{part: 999_999})
        assert [reason.field for reason in refused.value.refusals] == [part]

    def test_a_post_that_was_closed_stays_where_it_is_and_is_not_given_anew(self, council, risk):
        old = a_post(council.team, title="An old post")
        _reword(risk, council, contributors=(old.id,))
        old.closed_on = DAY
        db.session.flush()
        _reword(risk, council, title="Repairs stop")
        assert _kept(risk).wording.contributors == (old.id,)
        with pytest.raises(CannotReword):
            _reword(risk, council, lead_member=old.id)


def _readable(who):
    return readers.readable(who, on=DAY)


class TestExpertise:
    def _asked(self, council, risk, **changes):
        said = replace(Commission("A firm of surveyors", "How damp the homes are", 4_500, DAY), **changes)
        return service.commission(risk, said, by=actor(council.manager_person), at=NOON, on=DAY)

    def test_is_kept_with_what_it_costs_and_then_with_what_it_said(self, council, risk):
        row = self._asked(council, risk)
        db.session.flush()
        service.receive(row, advice="Two in ten are", by=actor(council.manager_person), at=NOON, on=DAY)
        [kept] = queries.expertise(None, risk.id)
        assert (kept.pounds, kept.advice, kept.received_on) == (4_500, "Two in ten are", DAY)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"of_whom": " "}, "of_whom"),
            ({"about": ""}, "about"),
            ({"pounds": -1}, "pounds"),
            ({"pounds": 10**13}, "pounds"),
            ({"due_on": DAY - timedelta(days=1)}, "due_on"),
        ],
    )
    def test_what_is_wrong_with_it_is_told_by_its_field(self, council, risk, changes, field):
        with pytest.raises(CannotCommission) as refused:
            self._asked(council, risk, **changes)
        assert [reason.field for reason in refused.value.refusals] == [field]

    def test_advice_on_the_record_is_not_changed(self, council, risk):
        row = self._asked(council, risk)
        service.receive(row, advice="Two in ten are", by=actor(council.manager_person), at=NOON, on=DAY)
        with pytest.raises(CannotCommission):
            service.receive(row, advice="None is", by=actor(council.manager_person), at=NOON, on=DAY)


def _as(app, person):
    with transaction():
        token = accounts.sign_in(email=person.email, password=PASSWORD, at=now())
    client = app.test_client()
    client.set_cookie("sid", token)
    return client


class TestThePage:
    @pytest.fixture
    def reference(self, council):
        with transaction():
            risk = a_risk(council, on=today() - timedelta(days=10), title="Repairs run late")
        return db.session.get_one(Entity, risk.id).reference

    def _typed(self, page: str, **changes) -> dict[str, str]:
        seen = re.search(r'name="seen" type="hidden" value="(\d+)"', page)[1]
        event = re.search(r'<textarea[^>]*name="event"[^>]*>\s*([^<]*)<', page)[1]
        typed = {"seen": seen, "title": "Repairs run late", "event": event, "category": "operations"}
        return typed | {"causes-0": "Tender prices have risen by a fifth", "consequences-0": "Missed repairs"} | changes

    def test_one_more_box_keeps_what_was_typed_and_saves_nothing(self, app, council, reference):
        client = _as(app, council.manager_person)
        typed = self._typed(client.get(f"/risks/{reference}/words").text, title="Half typed", more="cause")
        page = client.post(f"/risks/{reference}/words", data=typed)
        assert "Half typed" in page.text
        assert 'name="causes-1"' in page.text
        assert "Half typed" not in client.get(f"/risks/{reference}").text

    def test_the_second_of_two_sees_both_versions_and_chooses(self, app, council, reference):
        first, second = _as(app, council.manager_person), _as(app, council.champion_person)
        page = second.get(f"/risks/{reference}/words").text
        theirs = self._typed(first.get(f"/risks/{reference}/words").text, title="Their title", event="Their event")
        assert first.post(f"/risks/{reference}/words", data=theirs).status_code == 302
        mine = self._typed(page, title="My title")
        answer = second.post(f"/risks/{reference}/words", data=mine)
        assert answer.status_code == 422
        assert "Manager, Repairs Delivery changed this risk while you wrote" in answer.text
        assert {"Their title", "My title", "Their event"} <= set(
            re.findall(r"(?:Their|My) (?:title|event)", answer.text)
        )
        again = self._typed(answer.text, title="My title") | {"conflicts": "title"}
        undecided = second.post(f"/risks/{reference}/words", data=again)
        assert undecided.status_code == 422
        assert "Choose which to keep" in undecided.text
        mixed = again | {"keep-title": "theirs", "causes-0": "My cause"}
        assert second.post(f"/risks/{reference}/words", data=mixed).status_code == 302
        shown = second.get(f"/risks/{reference}").text
        assert "Their title" in shown
        assert "Their event" in shown
        assert "My cause" in shown

    def test_who_keeps_all_that_the_other_wrote_changes_nothing(self, app, council, reference):
        first, second = _as(app, council.manager_person), _as(app, council.champion_person)
        page = second.get(f"/risks/{reference}/words").text
        first.post(f"/risks/{reference}/words", data=self._typed(page, title="Their title"))
        answer = second.post(f"/risks/{reference}/words", data=self._typed(page, title="My title"))
        again = self._typed(answer.text, title="My title") | {"conflicts": "title", "keep-title": "theirs"}
        kept = second.post(f"/risks/{reference}/words", data=again, follow_redirects=True).text
        assert "It stays as they wrote it." in kept

    def test_a_form_without_its_version_is_not_over_the_version_of_now(self, app, council, reference):
        client = _as(app, council.manager_person)
        typed = self._typed(client.get(f"/risks/{reference}/words").text, title="Sent bare")
        del typed["seen"]
        assert client.post(f"/risks/{reference}/words", data=typed).status_code == 422
        assert "Sent bare" not in client.get(f"/risks/{reference}").text

    def test_who_may_not_keep_the_risk_may_not_change_its_words(self, app, council, reference):
        assert _as(app, council.member_person).get(f"/risks/{reference}/words").status_code in {403, 404}
        assert Permission.RISK_REWORD.words.startswith("Change what a risk says")

    def test_advice_asked_for_is_listed_and_kept(self, app, council, reference):
        client = _as(app, council.manager_person)
        asked = {"of_whom": "A firm of surveyors", "about": "How damp", "pounds": "4,500"}
        page = client.post(f"/risks/{reference}/expertise", data=asked, follow_redirects=True).text
        assert "£4,500" in page
        number = db.session.scalars(select(Expertise.id)).one()
        address = f"/risks/{reference}/expertise/{number}"
        assert client.post(address, data={"advice": ""}).status_code == 422
        assert "Two in ten" in client.post(address, data={"advice": "Two in ten"}, follow_redirects=True).text

    def test_advice_of_another_risk_is_not_found(self, app, council, reference):
        client = _as(app, council.manager_person)
        client.post(f"/risks/{reference}/expertise", data={"of_whom": "A firm", "about": "How damp"})
        with transaction():
            other = db.session.get_one(Entity, a_risk(council, on=today()).id).reference
        number = db.session.scalars(select(Expertise.id)).one()
        assert client.get(f"/risks/{other}/expertise/{number}").status_code == 404
