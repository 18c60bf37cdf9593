"""What happens to the treatment of a risk: chosen, asked to be tolerated, accepted or refused, and void again."""

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.clock import Moment
from riskapp.domain.escalation_states import CaseState, Decision
from riskapp.domain.permissions import Permission, may
from riskapp.domain.tolerances import CannotTolerate, CannotTreat, Choice
from riskapp.features.assessments import service as assessments
from riskapp.features.audit import service as audit
from riskapp.features.escalation import service as escalation
from riskapp.features.readers import queries as readers
from riskapp.features.risks import service as risks
from riskapp.features.tolerances import jobs, queries, service
from riskapp.features.tolerances.queries import Wanted
from riskapp.features.work import queries as work
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.escalation import EscalationCase
from riskapp.models.people import Absence
from riskapp.models.reminders import Message, Occurrence
from riskapp.models.risks import Risk, RiskVersion
from riskapp.models.tolerances import Tolerance
from tests.builders import BY_HAND, DAY, NOON, PASSWORD, ACouncil, a_judgement, a_person, a_risk, actor, seat, sign_in

NOW = {"at": NOON, "on": DAY}
LAST = date(2027, 3, 31)
WHY = "The new contractor starts in April"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def above(council):
    """Scored 9, above optimal, owned by the team's manager: no rule escalates it."""
    with transaction():
        return a_risk(council)


@pytest.fixture
def beyond(council):
    """Scored 8, beyond tolerable, owned by the team's manager: only the rule on positions escalates it."""
    with transaction():
        return a_risk(council, category="security", current=(2, 4))


def choose(council, risk, option="tolerate", *, why=WHY, until=LAST, by=None, on=DAY):
    with transaction():
        choice = Choice(option, why, until if option == "tolerate" else None)
        return service.choose(risk, choice, by=actor(by or council.manager_person), at=NOON, on=on)


def accept(row, by, *, why="Agreed until then", until=LAST, on=DAY):
    with transaction():
        return service.accept(row.id, why=why, expires_on=until, by=actor(by), at=NOON, on=on)


def tolerated(council, risk, by=None, *, until=LAST):
    return accept(choose(council, risk, until=until), by or council.lead_person, until=until)


def score(council, risk, likelihood, impact, *, on=DAY):
    with transaction():
        judgement = a_judgement(likelihood, impact)
        return assessments.score(risk, "current", judgement, by=actor(council.manager_person), at=NOON, on=on)


def reword(risk):
    """Behind the back of every service, as a way that forgets to say so would."""
    risk.event = "Something else may happen"
    audit.record(Event.RISK_REWORDED, by=BY_HAND, at=NOON, subject_id=risk.id)


def states(risk):
    rows = select(Tolerance.state, Tolerance.ended_how).where(Tolerance.risk_id == risk.id).order_by(Tolerance.id)
    return [tuple(row) for row in db.session.execute(rows)]


def case_states(risk):
    rows = select(EscalationCase.state).where(EscalationCase.subject_id == risk.id).order_by(EscalationCase.id)
    return list(db.session.scalars(rows))


def mail_to(person, words):
    mine = Message.person_id == person.id, Message.subject.contains(words)
    return db.session.scalars(select(Message).where(*mine)).all()


def run(on, *chosen):
    with transaction():
        return [job.run(Moment(on, NOON + (on - DAY))) for job in chosen or jobs.JOBS]


class TestChoosing:
    def test_the_owner_chooses_and_what_it_was_stays_as_a_version(self, council, above):
        assert choose(council, above, "transfer", why="Insured from today") is None
        assert (above.treatment, above.treatment_why) == ("transfer", "Insured from today")
        kept = select(RiskVersion.words).where(RiskVersion.risk_id == above.id).order_by(RiskVersion.id)
        assert [words["treatment"] for words in db.session.scalars(kept)][-2:] == ["treat", "transfer"]
        told = select(AuditEntry).where(AuditEntry.event == "risk:treatment_changed")
        assert db.session.scalars(told).one().person_id == council.manager_person.id

    def test_within_appetite_the_owner_tolerates_alone(self, council):
        with transaction():
            within = a_risk(council, current=(2, 2))
        assert choose(council, within, until=None) is None
        assert within.treatment == "tolerate"
        assert states(within) == []

    def test_the_same_choice_for_the_same_reason_is_refused(self, council, above):
        choose(council, above, "transfer", why="Insured")
        with pytest.raises(CannotTreat, match="That is how it is treated"):
            choose(council, above, "transfer", why="Insured ")

    def test_a_closed_risk_keeps_its_treatment(self, council):
        with transaction():
            closed = a_risk(council, status="closed")
        with pytest.raises(CannotTreat, match="closed"):
            choose(council, closed, "transfer")

    def test_no_draft_begins_tolerated_above_appetite(self, council):
        with pytest.raises(risks.CannotDraft) as refused:
            a_risk(council, status="draft", treatment="tolerate")
        assert [reason.field for reason in refused.value.refusals] == ["treatment"]
        with transaction():
            assert a_risk(council, status="draft", treatment="tolerate", current=(2, 2)).treatment == "tolerate"

    def test_a_draft_above_appetite_is_not_asked_for(self, council):
        with transaction():
            draft = a_risk(council, status="draft")
        with pytest.raises(CannotTreat, match="Open it first"):
            choose(council, draft)


class TestAsking:
    def test_above_appetite_it_is_asked_of_the_tiers_post_and_nothing_has_changed(self, council, above):
        row = choose(council, above)
        assert (row.state, row.asked_of_post_id, row.tier) == ("asked", council.lead.id, "service_lead")
        assert above.treatment == "treat"
        (mail,) = mail_to(council.lead_person, "asked to accept")
        assert "31 Mar 2027" in mail.text
        assert WHY not in mail.text

    def test_beyond_tolerable_it_is_asked_of_the_director(self, council, beyond):
        assert choose(council, beyond).asked_of_post_id == council.director.id

    def test_it_goes_to_the_next_post_up_where_nobody_answers(self, council, above):
        with transaction():
            db.session.add(Absence(person_id=council.lead_person.id, from_on=DAY, to_on=DAY))
        row = choose(council, above)
        assert (row.asked_of_post_id, row.tier) == (council.director.id, "director")

    def test_asked_anew_the_earlier_question_is_replaced(self, council, above):
        choose(council, above)
        choose(council, above, why="And in May", until=LAST + timedelta(days=30))
        assert states(above) == [("ended", "replaced"), ("asked", None)]

    def test_choosing_otherwise_takes_the_question_back(self, council, above):
        choose(council, above)
        choose(council, above, "transfer", why="Insured")
        assert states(above) == [("ended", "withdrawn")]

    def test_whoever_is_asked_may_read_the_risk_in_page_and_list_and_nobody_else_more(self, council):
        with transaction():
            other = a_risk(council, unit_id=council.sibling.id, current=(3, 3))
        outsider = a_person()
        seat(outsider, council.lead, "deputy")
        with transaction():
            db.session.add(Absence(person_id=council.lead_person.id, from_on=DAY, to_on=DAY))
        who = actor(outsider)
        assert not self.reads(who, other)
        row = choose(council, other)
        assert row.asked_of_post_id == council.lead.id
        assert self.reads(who, other)
        assert not self.reads(actor(council.champion_person), other)

    def reads(self, who, risk):
        listed = select(Risk.id).where(Risk.id == risk.id, readers.readable(who, on=DAY))
        in_list = db.session.scalar(listed) is not None
        assert in_list is may(who, Permission.RISK_READ, readers.facts(risk_id=risk.id, on=DAY))
        return in_list


class TestAccepting:
    def test_it_binds_who_in_which_post_with_which_authority_to_the_state_accepted(self, council, above):
        row = tolerated(council, above)
        assert (row.state, row.from_on, row.expires_on) == ("in_force", DAY, LAST)
        assert (row.decided_by_id, row.asked_of_post_id, row.tier) == (
            council.lead_person.id, council.lead.id, "service_lead",
        )  # fmt: skip
        assert (row.score, row.position, row.event) == (9, "above", above.event)
        assert row.assessment_id == assessments.current(above).id
        assert (above.treatment, above.treatment_why) == ("tolerate", WHY)
        assert mail_to(council.manager_person, "accepted as it is")

    def test_a_deputy_of_a_post_that_is_away_accepts(self, council, above):
        row = choose(council, above)
        with transaction():
            deputy = a_person()
            seat(deputy, council.lead, "deputy")
            db.session.add(Absence(person_id=council.lead_person.id, from_on=DAY, to_on=DAY))
        assert accept(row, deputy).decided_by_id == deputy.id

    @pytest.mark.parametrize("name", ["manager", "director", "assurance", "champion"])
    def test_nobody_else_accepts(self, council, above, name):
        with pytest.raises(CannotTolerate, match="This is asked of Service Lead"):
            accept(choose(council, above), getattr(council, f"{name}_person"))

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"why": " "}, "why"), ({"until": None}, "expires_on"), ({"until": date(2027, 12, 2)}, "expires_on"),
         ({"until": DAY}, "expires_on")],
    )  # fmt: skip
    def test_a_reason_and_a_fit_last_day_are_needed(self, council, above, changes, field):
        row = choose(council, above)
        with pytest.raises(CannotTolerate) as refused:
            accept(row, council.lead_person, **changes)
        assert [reason.field for reason in refused.value.refusals] == [field]

    def test_whoever_accepts_may_give_less_time(self, council, above):
        assert accept(choose(council, above), council.lead_person, until=date(2027, 1, 31)).expires_on == date(
            2027, 1, 31
        )

    def test_above_optimal_an_owner_with_the_authority_may_and_the_record_says_so(self, council):
        with transaction():
            own = a_risk(council, owner_post_id=council.lead.id)
        row = accept(choose(council, own, by=council.lead_person), council.lead_person)
        assert row.is_own
        told = select(AuditEntry).where(AuditEntry.event == "risk:tolerance_accepted")
        assert db.session.scalars(told).one().subject_id == own.id

    def test_beyond_tolerable_an_owner_with_the_authority_must_ask_the_next_post_up(self, council):
        with transaction():
            own = a_risk(council, category="security", current=(2, 4), owner_post_id=council.director.id)
        row = choose(council, own, by=council.director_person)
        assert row.asked_of_post_id == council.chief.id
        assert not accept(row, council.chief_person).is_own

    def test_somebody_who_took_the_risk_over_meanwhile_does_not_accept_it_beyond_tolerable(self, council, beyond):
        row = choose(council, beyond)
        with transaction():
            seat(council.director_person, council.manager, "deputy")
            db.session.add(Absence(person_id=council.manager_person.id, from_on=DAY, to_on=DAY))
        with pytest.raises(CannotTolerate, match="somebody else must accept it"):
            accept(row, council.director_person)

    def test_a_risk_that_changed_since_is_asked_anew(self, council, above):
        row = choose(council, above)
        score(council, above, 3, 4)
        db.session.refresh(row)
        assert (row.state, row.ended_how) == ("ended", "changed")
        with pytest.raises(CannotTolerate, match="waits for nobody"):
            accept(row, council.lead_person)

    def test_a_reworded_risk_is_not_accepted_in_its_old_words(self, council, above):
        row = choose(council, above)
        with transaction():
            reword(above)
        with pytest.raises(CannotTolerate, match="its event was reworded"):
            accept(row, council.lead_person)

    def test_a_second_one_replaces_the_first(self, council, above):
        tolerated(council, above)
        row = accept(choose(council, above, why="Later", until=LAST + timedelta(days=30)), council.lead_person,
                     until=LAST + timedelta(days=30))  # fmt: skip
        assert states(above) == [("ended", "replaced"), ("in_force", None)]
        assert (row.state, above.treatment_why) == ("in_force", "Later")

    def test_two_who_decide_at_once_decide_once(self, council, above):
        row = choose(council, above)
        accept(row, council.lead_person)
        with pytest.raises(CannotTolerate, match="waits for nobody"), transaction():
            service.refuse(row.id, why="No", by=actor(council.lead_person), **NOW)


class TestRefusing:
    def test_it_stays_as_it_was_and_the_owner_is_told(self, council, above):
        row = choose(council, above)
        with transaction():
            service.refuse(row.id, why="Staff it first", by=actor(council.lead_person), **NOW)
        assert (states(above), above.treatment) == ([("refused", None)], "treat")
        (mail,) = mail_to(council.manager_person, "refused")
        assert "Staff it first" not in mail.text

    def test_a_reason_is_needed(self, council, above):
        row = choose(council, above)
        with pytest.raises(CannotTolerate) as refused, transaction():
            service.refuse(row.id, why=" ", by=actor(council.lead_person), **NOW)
        assert refused.value.refusals[0].field == "why"


class TestVoid:
    def test_a_score_that_rises_voids_it_at_once_and_the_owner_is_told(self, council, above):
        row = tolerated(council, above)
        score(council, above, 3, 4)
        db.session.refresh(row)
        assert (row.state, row.ended_how, row.ended_on) == ("ended", "changed", DAY)
        assert "its score rose from 9 to 12" in row.ended_why
        assert above.treatment == "treat"
        assert mail_to(council.manager_person, "A tolerance is void")
        assert case_states(above) == [CaseState.OPEN], "beyond tolerable now, so it goes up"

    @pytest.mark.parametrize(("likelihood", "impact"), [(3, 3), (2, 3), (1, 2)])
    def test_a_score_that_does_not_rise_leaves_it(self, council, above, likelihood, impact):
        tolerated(council, above)
        row = score(council, above, likelihood, impact)
        if row.state == "proposed":
            with transaction():
                assessments.agree(row, by=actor(council.director_person), **NOW)
        assert states(above) == [("in_force", None)]

    def test_another_unit_voids_it(self, council, above):
        tolerated(council, above)
        with transaction():
            risks.rehome(above, to_unit_id=council.sibling.id, why="Merged", by=actor(council.assurance_person), **NOW)
        assert states(above) == [("ended", "changed")]

    def test_an_owner_in_another_unit_voids_it_and_what_was_decided_stands(self, council, beyond):
        (case,) = db.session.scalars(select(EscalationCase).where(EscalationCase.subject_id == beyond.id))
        with transaction():
            escalation.acknowledge(case.id, by=actor(council.director_person), **NOW)
        row = choose(council, beyond)
        with transaction():
            by = actor(council.director_person)
            escalation.accept(case.id, decision=Decision.TAKE_ON, note="I take it", by=by, **NOW)
        db.session.refresh(row)
        assert (row.state, row.ended_how) == ("ended", "changed")
        assert case_states(beyond) == [CaseState.DECIDED]

    def test_closing_the_risk_ends_it_and_its_treatment_stays_on_the_record(self, council, above):
        tolerated(council, above)
        with transaction():
            risks.close(above, why="The contract is let", by=actor(council.director_person), **NOW)
        assert (states(above), above.treatment) == ([("ended", "closed")], "tolerate")

    def test_whoever_accepted_it_takes_it_back(self, council, above):
        row = tolerated(council, above)
        with pytest.raises(CannotTolerate, match="accepted it, and may take that back"), transaction():
            service.withdraw(row.id, why="No", by=actor(council.director_person), **NOW)
        with transaction():
            service.withdraw(row.id, why="The talks stalled", by=actor(council.lead_person), **NOW)
        assert (states(above), above.treatment) == ([("ended", "withdrawn")], "treat")

    def test_what_its_owner_tolerated_within_appetite_is_treated_again_once_it_rises_above(self, council):
        with transaction():
            within = a_risk(council, current=(2, 2))
        choose(council, within, until=None)
        score(council, within, 3, 3)
        assert (within.treatment, states(within)) == ("treat", [])

    def test_its_words_changed_by_a_way_that_did_not_say_so_are_found_by_the_clock(self, council, above):
        tolerated(council, above)
        with transaction():
            reword(above)
        assert states(above) == [("in_force", None)]
        run(DAY)
        assert states(above) == [("ended", "changed")]

    def test_the_service_that_rewords_asks_and_it_is_void_at_once(self, council, above):
        tolerated(council, above)
        with transaction():
            above.event = "Something else may happen"
            service.reconsider(above, by=actor(council.manager_person), **NOW)
        assert states(above) == [("ended", "changed")]


class TestEscalation:
    def test_while_it_is_in_force_the_rule_on_positions_rests(self, council, beyond):
        assert case_states(beyond) == [CaseState.OPEN]
        tolerated(council, beyond, council.director_person)
        assert case_states(beyond) == [CaseState.WITHDRAWN]
        score(council, beyond, 2, 4)
        assert case_states(beyond) == [CaseState.WITHDRAWN]

    def test_the_score_escalates_all_the_same(self, council):
        with transaction():
            high = a_risk(council, current=(3, 4))
        tolerated(council, high, council.director_person)
        assert case_states(high) == [CaseState.OPEN]

    def test_once_it_is_void_it_goes_up_anew(self, council, beyond):
        tolerated(council, beyond, council.director_person)
        run(LAST + timedelta(days=1))
        assert case_states(beyond) == [CaseState.WITHDRAWN, CaseState.OPEN]

    def test_what_was_decided_before_counts_no_more_once_it_is_void(self, council):
        with transaction():
            high = a_risk(council, current=(3, 4))
        (case,) = db.session.scalars(select(EscalationCase).where(EscalationCase.subject_id == high.id))
        with transaction():
            by = actor(council.director_person)
            escalation.acknowledge(case.id, by=by, **NOW)
            escalation.accept(case.id, decision=Decision.SUPPORT, note="Go on", by=by, **NOW)
        tolerated(council, high, council.director_person)
        run(LAST + timedelta(days=1))
        assert case_states(high) == [CaseState.STOOD_DOWN, CaseState.OPEN]


class TestTheClock:
    def test_it_is_in_force_on_its_last_day_and_void_on_the_next(self, council, above):
        row = tolerated(council, above)
        run(LAST)
        assert states(above) == [("in_force", None)]
        run(LAST + timedelta(days=1))
        db.session.refresh(row)
        assert (row.state, row.ended_how, row.ended_on) == ("ended", "expired", LAST + timedelta(days=1))
        assert row.ended_by_id is None
        assert (above.treatment, above.treatment_why) == (
            "treat", "It was tolerated until 1 Apr 2027. Its last day was 31 Mar 2027.",
        )  # fmt: skip
        assert mail_to(council.manager_person, "A tolerance is void")

    def test_run_again_it_changes_nothing(self, council, above):
        tolerated(council, above)
        for _ in range(2):
            run(LAST + timedelta(days=1))
        assert len(mail_to(council.manager_person, "A tolerance is void")) == 1
        told = select(AuditEntry).where(AuditEntry.event == "risk:tolerance_ended")
        assert len(db.session.scalars(told).all()) == 1

    def test_a_question_that_nobody_answered_ends_with_the_day_it_asked_for(self, council, above):
        choose(council, above)
        run(LAST + timedelta(days=1))
        assert (states(above), above.treatment) == ([("ended", "expired")], "treat")

    def test_before_the_clock_has_been_there_an_expired_one_bears_nothing(self, council, beyond):
        tolerated(council, beyond, council.director_person)
        assert queries.in_force(risk_id=beyond.id, on=LAST) is not None
        assert queries.in_force(risk_id=beyond.id, on=LAST + timedelta(days=1)) is None

    @pytest.mark.parametrize("before", [28, 7, 0])
    def test_the_owner_is_reminded_before_its_last_day(self, council, above, before):
        on = LAST - timedelta(days=before)
        tolerated(council, above)
        run(on)
        said = select(Occurrence.person_id).where(Occurrence.rule == "tolerance_ends", Occurrence.due_on == on)
        assert db.session.scalars(said).all() == [council.manager_person.id]

    def test_one_that_fails_stops_no_other(self, council, above, beyond, monkeypatch):
        tolerated(council, above)
        tolerated(council, beyond, council.director_person)
        whole = service._treat_again

        def treat_again(risk, *rest):
            if risk.id == above.id:
                raise ValueError("no")
            whole(risk, *rest)

        monkeypatch.setattr(service, "_treat_again", treat_again)
        (done,) = run(LAST + timedelta(days=1), jobs.JOBS[0])
        assert (done.found, done.queued, done.failed) == (2, 1, 1)
        assert (states(above), states(beyond)) == ([("in_force", None)], [("ended", "expired")])


class TestMyWork:
    def kinds(self, who, on=DAY):
        return [item.kind for group in work.my_work(actor(who), on=on).groups for item in group.items]

    def test_it_wants_whoever_is_asked_until_it_is_decided(self, council, above):
        row = choose(council, above)
        assert "tolerate" in self.kinds(council.lead_person)
        who = actor(council.lead_person)
        assert work.waiting(who, DAY) == len(work.my_work(who, on=DAY).now) == 1
        accept(row, council.lead_person)
        assert "tolerate" not in self.kinds(council.lead_person)

    def test_it_wants_its_owner_before_it_ends_until_it_is_asked_for_anew(self, council, above):
        tolerated(council, above)
        assert "tolerance_ends" not in self.kinds(council.manager_person)
        near = LAST - timedelta(days=5)
        who = actor(council.manager_person)
        assert "tolerance_ends" in self.kinds(council.manager_person, near)
        assert work.waiting(who, LAST) == len(work.my_work(who, on=LAST).now)
        choose(council, above, why="Once more", until=LAST + timedelta(days=60))
        assert "tolerance_ends" not in self.kinds(council.manager_person, near)


class TestTheList:
    def test_it_is_filtered_sorted_and_paged_and_holds_what_its_reader_may_read(self, council):
        with transaction():
            alpha = a_risk(council, title="Alpha")
            beta = a_risk(council, title="Beta", category="security", current=(2, 4), unit_id=council.sibling.id)
            gamma = a_risk(council, title="Gamma")
        tolerated(council, alpha)
        choose(council, beta, until=date(2027, 2, 1))
        tolerated(council, gamma, until=date(2027, 6, 1))
        score(council, gamma, 4, 4)
        head = actor(council.assurance_person)

        def titles(who=head, page=1, size=50, **wanted):
            rows, total = queries.tolerances(who, Wanted(**wanted), on=DAY, page=page, size=size)
            return [row.title for row in rows], total

        assert titles() == (["Beta", "Alpha"], 2)
        assert titles(state="all", sort="title") == (["Alpha", "Beta", "Gamma"], 3)
        assert titles(state="all", sort="-expires", page=2, size=1) == (["Alpha"], 3)
        assert titles(state="ended") == (["Gamma"], 1)
        assert titles(position="beyond") == (["Beta"], 1)
        assert titles(words="alph") == (["Alpha"], 1)
        assert titles(actor(council.champion_person)) == (["Alpha"], 1)
        assert queries.counts(head, on=DAY) == {"in_force": 1, "asked": 1, "refused": 0, "ended": 1}

    def test_a_page_asks_as_many_queries_for_many_as_for_few(self, council, client, count_queries):
        sign_in(client, council.assurance_person)
        for number in range(8):
            with transaction():
                risk = a_risk(council)
            choose(council, risk)
            if number == 0:
                client.get("/tolerances")
                few = count_queries(lambda: client.get("/tolerances"))
        assert count_queries(lambda: client.get("/tolerances")) == few <= 10


class TestThePages:
    def reference(self, risk):
        return db.session.get_one(Entity, risk.id).reference

    def seen(self, page):
        return page.split('name="seen"', 1)[1].split('value="', 1)[1].split('"', 1)[0]

    def typed(self, **changes):
        days = {"expires_on-day": "31", "expires_on-month": "3", "expires_on-year": "2027"}
        return {"option": "tolerate", "why": WHY} | days | changes

    def test_the_owner_asks_and_whoever_is_asked_accepts_with_the_password(self, council, above, client):
        reference = self.reference(above)
        sign_in(client, council.manager_person)
        address = f"/risks/{reference}/treatment"
        page = client.get(address).text
        assert "In the standard: retain by informed decision" in page
        assert "1 Dec 2027 at the latest" in page
        answer = client.post(address, data=self.typed(seen=self.seen(page)), follow_redirects=True)
        assert "It is asked for. Until it is accepted, nothing has changed." in answer.text
        sign_in(client, council.lead_person)
        with time_machine.travel(NOON + timedelta(minutes=20), tick=False):  # the sign-in proves no more who it is
            page = client.get(f"/risks/{reference}/tolerances").text
            said = self.typed(seen=self.seen(page), answer="accept", why="Agreed")
            refused = client.post(f"/risks/{reference}/tolerances/decide", data=said)
            assert refused.status_code == 422
            assert "Enter your password" in refused.text
            assert "Agreed" in refused.text
            done = client.post(
                f"/risks/{reference}/tolerances/decide", data=said | {"password": PASSWORD}, follow_redirects=True
            )
        assert "Accepted until 31 Mar 2027" in done.text
        shown = client.get(f"/risks/{reference}").text
        assert "Tolerated until 31 Mar 2027" in shown
        assert council.lead.title in shown

    def test_the_page_shows_it_beside_the_appetite_and_in_the_plan_and_says_who_accepted(self, council, client):
        with transaction():
            own = a_risk(council, owner_post_id=council.lead.id)
        accept(choose(council, own, by=council.lead_person), council.lead_person)
        sign_in(client, council.director_person)
        page = client.get(f"/risks/{self.reference(own)}").text
        assert page.count("Tolerated until 31 Mar 2027") == 2
        assert "who owns it" in page
        page = client.get(f"/risks/{self.reference(own)}/tolerances").text
        assert "who owns the risk" in page
        assert council.lead_person.email in page

    @pytest.mark.parametrize(
        ("changes", "field", "says"),
        [
            ({"why": ""}, "why", "Say why. The reason stays on the record"),
            ({"option": ""}, "option", "Choose how the risk is treated"),
            ({"option": "take"}, "option", "Choose how the risk is treated"),
            ({"expires_on-day": "32"}, "expires_on", "Enter a real date for the last day, like 31 3 2027"),
            ({"expires_on-year": "2028"}, "expires_on", "Give a last day after today, 1 Dec 2027 at the latest"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(self, council, above, client, changes, field, says):
        sign_in(client, council.manager_person)
        address = f"/risks/{self.reference(above)}/treatment"
        seen = self.seen(client.get(address).text)
        answer = client.post(address, data=self.typed(seen=seen, **changes))
        assert answer.status_code == 422
        assert f'<a href="#{field}">{says}' in answer.text
        assert states(above) == []

    def test_the_second_of_two_editors_is_told(self, council, above, client):
        sign_in(client, council.manager_person)
        address = f"/risks/{self.reference(above)}/treatment"
        seen = self.seen(client.get(address).text)
        score(council, above, 3, 3)
        answer = client.post(address, data=self.typed(seen=seen, option="transfer"))
        assert answer.status_code == 422
        assert "Somebody else changed this risk" in answer.text

    def test_nobody_but_the_owner_chooses_and_nobody_but_the_asked_decides(self, council, above, client):
        choose(council, above)
        reference = self.reference(above)
        for name in ("lead", "director", "assurance", "champion", "member"):
            sign_in(client, getattr(council, f"{name}_person"))
            assert client.get(f"/risks/{reference}/treatment").status_code == 404, name
            assert client.get(f"/risks/{reference}/tolerances").status_code == 200, name
            if name != "lead":
                answer = client.post(f"/risks/{reference}/tolerances/decide", data={"answer": "refuse", "why": "x"})
                assert answer.status_code == 404, name

    def test_what_is_accepted_is_taken_back_on_its_page(self, council, above, client):
        tolerated(council, above)
        reference = self.reference(above)
        sign_in(client, council.lead_person)
        page = client.get(f"/risks/{reference}/tolerances").text
        said = {"why": "The talks stalled", "seen": self.seen(page)}
        done = client.post(f"/risks/{reference}/tolerances/withdraw", data=said, follow_redirects=True)
        assert "Taken back" in done.text
        assert states(above) == [("ended", "withdrawn")]

    def test_the_file_holds_the_list(self, council, above, client):
        tolerated(council, above)
        sign_in(client, council.assurance_person)
        file = client.get("/tolerances.csv").text
        assert "Above optimal" in file
        assert "2027-03-31" in file
