"""What happens to a challenge: made beside an owner's score, answered, reminded of, and taken up where nobody does."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.domain.challenges import CannotAnswerChallenge, CannotChallenge, Standing, Verdict
from riskapp.domain.clock import Moment
from riskapp.domain.permissions import Facts, Permission, may
from riskapp.features.assessments import service as assessments
from riskapp.features.assessments.service import CannotScoreRisk, Money
from riskapp.features.challenges import jobs, queries, service
from riskapp.features.challenges.queries import Wanted
from riskapp.features.challenges.service import NewChallenge
from riskapp.features.readers import queries as readers
from riskapp.features.risks import service as risks
from riskapp.features.work import queries as work
from riskapp.models.audit import AuditEntry
from riskapp.models.challenges import Challenge
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.people import Absence
from riskapp.models.reminders import Message, Occurrence
from riskapp.models.risks import Assessment
from tests.builders import DAY, NOON, ACouncil, a_judgement, a_person, a_risk, actor, seat, sign_in

NOW = {"at": NOON, "on": DAY}
WHY = "Three months running is likely"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def risk(council):
    """Scored 3 by 3, owned by the team's manager."""
    with transaction():
        return a_risk(council)


def new(likelihood=4, impact=3, **changes):
    facts = {"dimension": "service", "why": WHY, "is_named": False, "submission_key": "key-1"} | changes
    return NewChallenge(likelihood, impact=impact, **facts)


def challenged(council, risk, by=None, *, on=DAY, **changes):
    with transaction():
        return service.challenge(risk, new(**changes), by=actor(by or council.lead_person), at=NOON, on=on)


def answered(council, row, *, agrees, why="Two of the three are over", on=DAY):
    with transaction():
        return service.answer(row.id, agrees=agrees, why=why, by=actor(council.manager_person), at=NOON, on=on)


def shown(who, risk, *, on=DAY):
    return queries.of_risk(actor(who), risk.id, on=on)


def current(risk):
    return assessments.current(risk).score


class TestChallenging:
    def test_a_second_score_stands_beside_the_owners_and_changes_nothing(self, council, risk):
        row = challenged(council, risk)
        assert (row.score, row.rating, row.due_on) == (12, "high", date(2026, 12, 15))
        assert row.assessment_id == assessments.current(risk).id
        assert current(risk) == 9

    def test_it_keeps_by_whom_in_which_post_and_under_which_policy(self, council, risk):
        row = challenged(council, risk)
        assert (row.by_id, row.by_post_id) == (council.lead_person.id, council.lead.id)
        assert row.policy_version_id == council.policy_id

    def test_the_owner_is_told_at_once_by_when_and_not_by_whom(self, council, risk):
        challenged(council, risk)
        mail = db.session.scalars(select(Message).where(Message.subject.contains("challenged"))).one()
        assert mail.person_id == council.manager_person.id
        assert "Answer by 15 Dec 2026" in mail.text
        assert council.lead.title not in mail.text
        assert WHY not in mail.text

    def test_an_owner_does_not_challenge_their_own(self, council, risk):
        with pytest.raises(CannotChallenge, match="You own this risk"):
            challenged(council, risk, council.manager_person)

    def test_nor_does_whoever_deputises_for_the_owner(self, council, risk):
        with transaction():
            seat(council.champion_person, council.manager, "deputy")
            db.session.add(Absence(person_id=council.manager_person.id, from_on=DAY, to_on=DAY))
        with pytest.raises(CannotChallenge, match="You own this risk"):
            challenged(council, risk, council.champion_person)

    def test_one_challenge_of_a_person_to_a_risk_is_open_at_a_time(self, council, risk):
        row = challenged(council, risk)
        with pytest.raises(CannotChallenge, match="You have challenged it already"):
            challenged(council, risk, submission_key="key-2")
        challenged(council, risk, council.director_person, submission_key="key-3")
        answered(council, row, agrees=False)
        challenged(council, risk, submission_key="key-4")
        assert db.session.scalar(select(func.count(Challenge.id))) == 3

    def test_the_same_form_sent_twice_is_one_challenge_and_another_persons_form_is_refused(self, council, risk):
        assert challenged(council, risk).id == challenged(council, risk).id
        with pytest.raises(CannotChallenge, match="sent before"):
            challenged(council, risk, council.director_person)

    @pytest.mark.parametrize("key", ["", "x" * 41, "a/b", "a b", "é"])
    def test_a_form_without_a_number_that_fits_is_refused(self, council, risk, key):
        with pytest.raises(CannotChallenge, match="without its number"):
            challenged(council, risk, submission_key=key)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"likelihood": 9}, "current_likelihood"),
            ({"likelihood": 0}, "current_likelihood"),
            ({"impact": 9}, "current_impact"),
            ({"dimension": "colour"}, "current_impact"),
            ({"why": "  "}, "why"),
            ({"likelihood": 3, "impact": 3}, "current_likelihood"),
        ],
    )
    def test_what_is_wrong_is_told_by_its_field(self, council, risk, changes, field):
        with pytest.raises(CannotChallenge) as refused:
            challenged(council, risk, **changes)
        assert [reason.field for reason in refused.value.refusals] == [field]

    @pytest.mark.parametrize("status", ["draft", "closed"])
    def test_only_an_open_risk_is_challenged(self, council, status):
        with transaction():
            other = a_risk(council, status=status)
        with pytest.raises(CannotChallenge, match="open risk"):
            challenged(council, other)


class TestAnswering:
    def test_agreeing_gives_the_challengers_score_through_the_usual_rules(self, council, risk):
        row = answered(council, challenged(council, risk), agrees=True)
        made = db.session.get_one(Assessment, row.new_assessment_id)
        assert (made.score, made.likelihood, made.impact, made.rationale) == (12, 4, 3, "Two of the three are over")
        assert (current(risk), made.state, row.answer) == (12, "in_force", "agreed")

    def test_agreeing_keeps_what_was_said_beside_the_score_and_levels_no_worse_than_the_challengers(self, council):
        beside = {"confidence": "low", "proximity": "near", "velocity": "sudden", "money": Money(1_000, 2_000, 9_000)}
        levels = {"service": 3, "financial": 2, "reputation": 4}
        with transaction():
            risk = a_risk(council)
            judgement = a_judgement(3, 3, impacts=levels, **beside)
            assessments.score(risk, "current", judgement, by=actor(council.manager_person), **NOW)
        row = answered(council, challenged(council, risk, likelihood=5), agrees=True)
        made = db.session.get_one(Assessment, row.new_assessment_id)
        assert (made.confidence, made.proximity, made.velocity) == ("low", "near", "sudden")
        assert (made.low_pounds, made.likely_pounds, made.high_pounds) == (1_000, 2_000, 9_000)
        assert (made.score, assessments.levels_of(made)) == (15, {"service": 3, "financial": 2})

    def test_agreeing_to_a_lower_score_across_the_appetite_line_waits_for_a_manager(self, council):
        with transaction():
            high = a_risk(council, current=(4, 4))
        row = answered(council, challenged(council, high, likelihood=1, impact=2), agrees=True)
        made = db.session.get_one(Assessment, row.new_assessment_id)
        assert (made.state, current(high)) == ("proposed", 16)
        assert shown(council.lead_person, high)[0].new_state == "proposed"

    def test_keeping_the_score_says_why_and_both_stay(self, council, risk):
        row = answered(council, challenged(council, risk), agrees=False)
        assert (row.answer, row.answer_why, row.new_assessment_id) == ("kept", "Two of the three are over", None)
        (each,) = shown(council.director_person, risk)
        assert (each.disputed_score, each.score, each.why) == (9, 12, WHY)
        assert (each.answered_by, each.standing) == (council.manager.title, Standing.KEPT)

    @pytest.mark.parametrize("agrees", [True, False])
    def test_an_answer_needs_a_reason(self, council, risk, agrees):
        with pytest.raises(CannotAnswerChallenge) as refused:
            answered(council, challenged(council, risk), agrees=agrees, why=" ")
        assert refused.value.refusals[0].field == "why"

    def test_only_the_owner_answers_and_only_once(self, council, risk):
        row = challenged(council, risk)
        with pytest.raises(CannotAnswerChallenge, match="The owner of the risk answers"), transaction():
            service.answer(row.id, agrees=True, why="Yes", by=actor(council.director_person), **NOW)
        answered(council, row, agrees=False)
        with pytest.raises(CannotAnswerChallenge, match="answered already"):
            answered(council, row, agrees=True)

    def test_a_deputy_of_an_owner_who_is_away_answers(self, council, risk):
        row = challenged(council, risk)
        with transaction():
            deputy = a_person()
            seat(deputy, council.manager, "deputy")
            db.session.add(Absence(person_id=council.manager_person.id, from_on=DAY, to_on=DAY))
        with transaction():
            service.answer(row.id, agrees=False, why="It holds", by=actor(deputy), **NOW)
        assert (row.answered_by_id, row.answered_by_post_id) == (deputy.id, council.manager.id)

    def test_an_answer_over_a_score_that_somebody_changed_meanwhile_is_refused(self, council, risk):
        row, seen = challenged(council, risk), assessments.current(risk).id
        with transaction():
            assessments.score(risk, "current", a_judgement(4, 4), by=actor(council.manager_person), **NOW)
        with pytest.raises(CannotAnswerChallenge, match="The score is 16 now"), transaction():
            service.answer(row.id, agrees=True, why="Yes", seen=seen, by=actor(council.manager_person), **NOW)

    def test_a_challenger_who_lets_the_name_be_known_is_told_the_answer_by_mail_and_nobody_else_is(self, council, risk):
        answered(council, challenged(council, risk), agrees=False)
        assert not db.session.scalars(select(Message).where(Message.subject.contains("was answered"))).all()
        answered(council, challenged(council, risk, is_named=True, submission_key="key-2"), agrees=False)
        (mail,) = db.session.scalars(select(Message).where(Message.subject.contains("was answered"))).all()
        assert mail.person_id == council.lead_person.id

    def test_every_deed_is_on_the_record_of_the_risk(self, council, risk):
        answered(council, challenged(council, risk), agrees=True)
        told = db.session.scalars(select(AuditEntry.event).where(AuditEntry.subject_id == risk.id)).all()
        assert {"risk:challenged", "risk:challenge_answered", "risk:scored"} <= set(told)

    def test_a_challenge_to_a_risk_that_closed_waits_for_nobody(self, council, risk):
        row = challenged(council, risk)
        with transaction():
            risks.close(risk, why="The contract is let", by=actor(council.lead_person), **NOW)
        assert shown(council.lead_person, risk)[0].standing is Standing.CLOSED
        with pytest.raises(CannotAnswerChallenge, match="not open"):
            answered(council, row, agrees=False)
        assert list(queries.due(by=DAY + timedelta(days=90))) == []
        assert queries.figures(actor(council.assurance_person), on=DAY).of == 0


class TestWhoMayChallenge:
    def facts(self, risk, **changes):
        return replace(readers.facts(risk_id=risk.id, on=DAY), **changes)

    def test_any_reader_may_but_the_owner(self, council, risk):
        facts = self.facts(risk)
        readers_of_it = ("champion", "lead", "director", "chief", "assurance", "member")
        assert all(
            may(actor(getattr(council, f"{name}_person")), Permission.CHALLENGE_RAISE, facts) for name in readers_of_it
        )
        for name in ("manager", "sibling_champion", "administrator"):
            assert not may(actor(getattr(council, f"{name}_person")), Permission.CHALLENGE_RAISE, facts), name

    def test_not_one_to_whom_its_scores_are_withheld(self, council, risk):
        champion = actor(council.lead_person)
        assert not may(champion, Permission.CHALLENGE_RAISE, self.facts(risk, exempt_groups=frozenset({"assessment"})))
        assert may(champion, Permission.CHALLENGE_RAISE, self.facts(risk, exempt_groups=frozenset({"plan"})))
        assert not may(actor(council.assurance_person), Permission.CHALLENGE_RAISE, Facts(is_open=True))

    def test_one_to_whom_they_are_exempt_but_who_is_cleared_may(self, council, risk):
        facts = self.facts(risk, exempt_groups=frozenset({"assessment"}))
        assert may(actor(council.assurance_person), Permission.CHALLENGE_RAISE, facts)


class TestWhoWasRight:
    def test_the_score_that_moves_to_the_challengers_side_proves_the_challenger_right(self, council, risk):
        answered(council, challenged(council, risk), agrees=False)
        later = DAY + timedelta(days=60)
        with transaction():
            assessments.score(risk, "current", a_judgement(5, 2), by=actor(council.manager_person), at=NOON, on=later)
        assert shown(council.lead_person, risk, on=later)[0].verdict is Verdict.RIGHT

    def test_a_score_that_stays_does_not(self, council, risk):
        answered(council, challenged(council, risk), agrees=False)
        assert shown(council.lead_person, risk)[0].verdict is Verdict.TO_BE_SEEN
        assert shown(council.lead_person, risk, on=DAY + timedelta(days=183))[0].verdict is Verdict.NOT_RIGHT

    def test_the_figures_of_the_council(self, council, risk):
        answered(council, challenged(council, risk), agrees=True)
        with transaction():
            other = a_risk(council)
        challenged(council, other, submission_key="key-2")
        found = queries.figures(actor(council.assurance_person), on=DAY + timedelta(days=30))
        assert (found.open, found.late, found.answered, found.in_time, found.of) == (1, 1, 1, 1, 2)
        assert (found.right, found.judged) == (1, 1)


class TestTheClock:
    def run(self, on):
        moment = Moment(on, NOON + (on - DAY))
        with transaction():
            return [job.run(moment) for job in jobs.JOBS]

    def rules_said(self, on):
        said = select(Occurrence.rule).where(Occurrence.due_on == on)
        return {rule.partition("#")[0] for rule in db.session.scalars(said)}

    @pytest.mark.parametrize(
        ("on", "rule"),
        [
            (date(2026, 12, 11), "challenge_due"),
            (date(2026, 12, 15), "challenge_due"),
            (date(2026, 12, 16), "challenge_overdue"),
        ],
    )
    def test_the_owner_is_reminded_before_on_the_day_and_after(self, council, risk, on, rule):
        challenged(council, risk)
        self.run(on)
        assert rule in self.rules_said(on)

    def test_what_is_answered_is_reminded_of_no_more(self, council, risk):
        answered(council, challenged(council, risk), agrees=False)
        self.run(date(2026, 12, 16))
        assert self.rules_said(date(2026, 12, 16)) == set()

    def test_five_working_days_late_it_goes_up_once_to_the_next_post_and_the_head_of_assurance(self, council, risk):
        row = challenged(council, risk, council.director_person)
        self.run(date(2026, 12, 21))
        assert row.went_up_on is None
        for day in (22, 22, 23):
            self.run(date(2026, 12, day))
        db.session.refresh(row)
        assert (row.went_up_on, row.went_up_to_post_id) == (date(2026, 12, 22), council.lead.id)
        told = db.session.scalars(select(Message).where(Message.subject.contains("is not answered"))).all()
        assert {mail.person_id for mail in told} == {council.lead_person.id, council.assurance_person.id}
        assert not any(council.director.title in mail.text for mail in told)

    def test_it_passes_over_a_post_above_that_nobody_answers_for(self, council, risk):
        row = challenged(council, risk, council.director_person)
        with transaction():
            db.session.add(Absence(person_id=council.lead_person.id, from_on=DAY, to_on=date(2027, 1, 31)))
        self.run(date(2026, 12, 22))
        db.session.refresh(row)
        assert row.went_up_to_post_id == council.director.id


class TestMyWork:
    def items(self, who):
        return [item for group in work.my_work(actor(who), on=DAY).groups for item in group.items]

    def test_a_challenge_wants_the_owner_and_tells_no_name_that_is_kept(self, council, risk):
        challenged(council, risk)
        (item,) = [item for item in self.items(council.manager_person) if item.kind == "challenge"]
        assert (item.due_on, item.proposed, item.challenger) == (date(2026, 12, 15), 12, "")
        assert not [item for item in self.items(council.lead_person) if item.kind == "challenge"]

    def test_it_tells_a_name_that_may_be_known(self, council, risk):
        challenged(council, risk, is_named=True)
        (item,) = [item for item in self.items(council.manager_person) if item.kind == "challenge"]
        assert item.challenger == council.lead.title

    def test_the_number_in_the_navigation_counts_what_is_due_this_week(self, council, risk):
        who = actor(council.manager_person)
        challenged(council, risk)
        assert work.waiting(who, DAY) == len(work.my_work(who, on=DAY).now) == 0
        challenged(council, risk, council.director_person, on=DAY - timedelta(days=10), submission_key="key-2")
        assert work.waiting(who, DAY) == len(work.my_work(who, on=DAY).now) == 1

    def test_the_challenger_sees_what_became_of_it(self, council, risk):
        row = challenged(council, risk)
        (mine,) = work.my_work(actor(council.lead_person), on=DAY).challenged
        assert (mine.score, mine.answer) == (12, None)
        answered(council, row, agrees=False)
        (mine,) = work.my_work(actor(council.lead_person), on=DAY).challenged
        assert mine.answer == "kept"
        assert work.my_work(actor(council.lead_person), on=DAY + timedelta(days=29)).challenged == ()
        assert work.my_work(actor(council.manager_person), on=DAY).challenged == ()

    def test_it_is_answered_in_place(self, council, risk, client):
        row = challenged(council, risk)
        sign_in(client, council.manager_person)
        page = client.get("/").text
        assert "Answer a challenge" in page
        reference = db.session.get_one(Entity, risk.id).reference
        said = {"answer": "agree", "why": "Agreed", "seen": str(assessments.current(risk).id), "back": "work"}
        answer = client.post(f"/risks/{reference}/challenges/{row.key}", data=said)
        assert answer.location == "/"
        db.session.expire_all()
        assert current(risk) == 12


class TestTheList:
    def test_it_is_filtered_sorted_and_paged(self, council):
        with transaction():
            low, high = a_risk(council, title="Alpha"), a_risk(council, title="Beta", current=(4, 4))
        answered(council, challenged(council, low, on=DAY - timedelta(days=30)), agrees=False)
        challenged(council, high, likelihood=5, impact=4, submission_key="key-2", on=DAY - timedelta(days=20))
        head = actor(council.assurance_person)

        def titles(page=1, size=50, **wanted):
            rows, total = queries.challenges(head, Wanted(**wanted), on=DAY, page=page, size=size)
            return [row.title for row in rows], total

        assert titles() == (["Beta", "Alpha"], 2)
        assert titles(sort="title") == (["Alpha", "Beta"], 2)
        assert titles(sort="-apart") == (["Beta", "Alpha"], 2)
        assert titles(page=2, size=1) == (["Alpha"], 2)
        assert titles(state="late") == (["Beta"], 1)
        assert titles(state="kept") == (["Alpha"], 1)
        assert titles(state="agreed") == ([], 0)
        assert titles(words="alph") == (["Alpha"], 1)

    def test_a_page_asks_as_many_queries_for_many_as_for_few(self, council, client, count_queries):
        sign_in(client, council.assurance_person)
        with transaction():
            risk = a_risk(council)
        challenged(council, risk)
        client.get("/challenges")
        few = count_queries(lambda: client.get("/challenges"))
        for number in range(12):
            with transaction():
                risk = a_risk(council)
            challenged(council, risk, submission_key=f"more-{number}")
        assert count_queries(lambda: client.get("/challenges")) == few <= 14

    def test_it_is_for_assurance_alone(self, council, client):
        for name, status in (("assurance", 200), ("manager", 404), ("member", 404), ("administrator", 404)):
            sign_in(client, getattr(council, f"{name}_person"))
            assert client.get("/challenges").status_code == client.get("/challenges.csv").status_code == status, name


def test_agreeing_twice_at_one_moment_scores_once(council, risk):
    row = challenged(council, risk)
    answered(council, row, agrees=True)
    with pytest.raises((CannotAnswerChallenge, CannotScoreRisk)):
        answered(council, row, agrees=True)
    scores = select(func.count(Assessment.id)).where(Assessment.risk_id == risk.id, Assessment.basis == "current")
    assert db.session.scalar(scores) == 2
