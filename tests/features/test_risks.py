"""What happens to a risk, and to its score."""

from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from riskapp.domain.appetite import CATEGORIES
from riskapp.domain.refusal import Cannot
from riskapp.features.assessments import service as assessments
from riskapp.features.risks import service
from riskapp.features.risks.service import Statement
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.risks import Assessment, Review, Risk, RiskCause, RiskStanding, RiskVersion
from tests.builders import DAY, NOON, ACouncil, a_judgement, a_new_risk, a_risk, actor


@pytest.fixture
def council(app):
    return ACouncil()


def _by(person):
    return {"by": actor(person), "at": NOON, "on": DAY}


def _fields(refused):
    return {reason.field for reason in refused.value.refusals}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"statement": Statement("  ", ("c",), "An event", ("d",))}, "title"),
        ({"statement": Statement("A title", ("c",), " ", ("d",))}, "event"),
        ({"category": "weather"}, "category"),
        ({"unit_id": 0}, "unit"),
        ({"owner_post_id": 0}, "owner"),
        ({"judgements": {}}, "current_likelihood"),
    ],
)
def test_what_is_wrong_with_a_draft_is_told_by_its_field(council, changes, field):
    with pytest.raises(service.CannotDraft) as refused:
        service.draft(a_new_risk(council, **changes), **_by(council.champion_person))
    assert field in _fields(refused)


def test_a_score_off_the_scales_is_told_by_its_basis_and_axis(council):
    new = a_new_risk(council, current=(9, 3))
    with pytest.raises(service.CannotDraft) as refused:
        service.draft(new, **_by(council.champion_person))
    assert _fields(refused) == {"current_likelihood"}


def test_a_target_day_that_has_passed_is_refused(council):
    late = a_judgement(2, 2, target_on=DAY - timedelta(days=1))
    judgements = {**a_new_risk(council).judgements, "target": late}
    with pytest.raises(service.CannotDraft) as refused:
        service.draft(a_new_risk(council, judgements=judgements), **_by(council.champion_person))
    assert _fields(refused) == {"target_on"}


def test_a_statement_without_a_cause_is_kept(council):
    with transaction():
        risk = a_risk(council, status="draft", statement=Statement("A title", ("", " "), "An event", ()))
    assert db.session.scalar(select(func.count(RiskCause.id)).where(RiskCause.risk_id == risk.id)) == 0


def test_the_same_submission_is_the_same_risk(council):
    for _ in range(2):
        with transaction():
            a_risk(council, status="draft", submission_key="once")
    assert db.session.scalar(select(func.count(Risk.id))) == 1


def test_a_submission_of_somebody_else_is_refused(council):
    with transaction():
        a_risk(council, status="draft", submission_key="theirs")
    with pytest.raises(service.CannotDraft):
        service.draft(a_new_risk(council, submission_key="theirs"), **_by(council.manager_person))


@pytest.mark.parametrize(
    ("current", "due"),
    [
        ((1, 1), date(2027, 6, 1)),  # Low: six months
        ((3, 2), date(2027, 3, 1)),  # Medium: three months
        ((3, 5), date(2027, 1, 4)),  # High: a month, and New Year is no working day
        ((5, 5), date(2026, 12, 15)),  # Very high: two weeks
    ],
)
def test_opening_sets_the_first_review_by_policy(council, current, due):
    with transaction():
        risk = a_risk(council, current=current)
    assert (risk.status, risk.opened_on, risk.next_review_on) == ("open", DAY, due)


def test_an_open_risk_is_not_opened_again(council):
    with transaction():
        risk = a_risk(council)
    with pytest.raises(service.CannotOpen):
        service.open_risk(risk, **_by(council.manager_person))


def test_drafting_and_opening_twice_is_one_open_risk(council):
    for _ in range(2):
        with transaction():
            risk = service.draft_and_open(a_new_risk(council, submission_key="k"), **_by(council.manager_person))
    assert risk.status == "open"
    assert db.session.scalar(select(func.count(Review.id))) == 1


def test_a_higher_score_counts_at_once(council):
    with transaction():
        risk = a_risk(council, current=(2, 2))
        made = assessments.score(risk, "current", a_judgement(4, 4), **_by(council.manager_person))
    standing = db.session.get_one(RiskStanding, risk.id)
    assert (made.state, made.score, standing.current_id) == ("in_force", 16, made.id)
    assert db.session.get_one(Assessment, standing.previous_id).score == 4


def test_a_lower_score_on_the_same_side_of_appetite_counts_at_once(council):
    with transaction():
        risk = a_risk(council, current=(5, 5))
        made = assessments.score(risk, "current", a_judgement(4, 5), **_by(council.manager_person))
    assert made.state == "in_force"


class TestALowerScoreAcrossTheAppetiteLine:
    @pytest.fixture
    def proposed(self, council):
        with transaction():
            risk = a_risk(council, current=(5, 5))
            return assessments.score(risk, "current", a_judgement(1, 2), **_by(council.manager_person))

    def test_waits(self, proposed):
        assert proposed.state == "proposed"
        assert assessments.current(db.session.get_one(Risk, proposed.risk_id)).score == 25

    def test_is_not_agreed_by_the_owner(self, council, proposed):
        with pytest.raises(assessments.CannotScoreRisk):
            assessments.agree(proposed, **_by(council.manager_person))

    def test_is_not_agreed_by_whoever_proposed_it(self, council):
        with transaction():
            risk = a_risk(council, current=(5, 5))
            theirs = assessments.score(risk, "current", a_judgement(1, 2), **_by(council.champion_person))
        with pytest.raises(assessments.CannotScoreRisk):
            assessments.agree(theirs, **_by(council.champion_person))

    def test_is_agreed_once_by_two_at_the_same_moment(self, app, council, proposed):
        db.session.commit()
        number, together, answers = proposed.id, Barrier(2), []

        def agree(who):
            with app.app_context():
                row = db.session.get_one(Assessment, number)
                db.session.get_one(Risk, row.risk_id)
                together.wait()
                try:
                    with transaction():
                        assessments.agree(row, by=who, at=NOON, on=DAY)
                    answers.append("agreed")
                except assessments.CannotScoreRisk:
                    answers.append("refused")
                finally:
                    db.session.remove()

        managers = [actor(council.lead_person), actor(council.director_person)]
        threads = [Thread(target=agree, args=(who,)) for who in managers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        in_force = select(func.count(Assessment.id)).where(
            Assessment.basis == "current", Assessment.state == "in_force", Assessment.id > number
        )
        assert sorted(answers) == ["agreed", "refused"]
        assert db.session.scalar(in_force) == 1

    def test_counts_once_another_manager_agrees(self, council, proposed):
        with transaction():
            assessments.agree(proposed, **_by(council.lead_person))
        now = assessments.current(db.session.get_one(Risk, proposed.risk_id))
        assert (now.score, now.state, now.by_id) == (2, "in_force", council.lead_person.id)
        assert proposed.state == "proposed", "what was said stays as it was said"

    def test_is_agreed_once(self, council, proposed):
        with transaction():
            assessments.agree(proposed, **_by(council.lead_person))
        with pytest.raises(assessments.CannotScoreRisk):
            assessments.agree(proposed, **_by(council.director_person))

    def test_gives_way_to_a_later_proposal(self, council, proposed):
        risk = db.session.get_one(Risk, proposed.risk_id)
        with transaction():
            assessments.score(risk, "current", a_judgement(2, 2), **_by(council.manager_person))
        with pytest.raises(assessments.CannotScoreRisk):
            assessments.agree(proposed, **_by(council.lead_person))


def test_a_draft_may_be_scored_lower_freely(council):
    with transaction():
        risk = a_risk(council, status="draft", current=(5, 5))
        made = assessments.score(risk, "current", a_judgement(1, 1), **_by(council.champion_person))
    assert made.state == "in_force"


def test_a_closed_risk_is_not_scored(council):
    with transaction():
        risk = a_risk(council, status="closed")
    with pytest.raises(assessments.CannotScoreRisk):
        assessments.score(risk, "current", a_judgement(), **_by(council.manager_person))


def test_no_assessment_is_ever_changed(council):
    with transaction():
        risk = a_risk(council, current=(2, 2))
    before = {row.id: (row.score, row.rationale) for row in db.session.scalars(select(Assessment))}
    with transaction():
        assessments.score(risk, "current", a_judgement(4, 4, rationale="Worse"), **_by(council.manager_person))
    db.session.expire_all()
    after = {row.id: (row.score, row.rationale) for row in db.session.scalars(select(Assessment))}
    assert before.items() <= after.items()


def test_a_review_that_confirms_moves_the_next_one(council):
    with transaction():
        risk = a_risk(council, current=(3, 2), on=date(2026, 9, 1))
        made = service.review(risk, note="Read the contractor's report", **_by(council.manager_person))
    assert (made.outcome, made.was_due_on, risk.next_review_on) == ("confirmed", date(2026, 12, 1), date(2027, 3, 1))


def test_a_review_may_score_anew(council):
    with transaction():
        risk = a_risk(council, current=(3, 2))
        made = service.review(risk, note="Worse", judgement=a_judgement(5, 5), **_by(council.manager_person))
    assert (made.outcome, assessments.current(risk).score) == ("rescored", 25)


@pytest.mark.parametrize(("status", "note"), [("open", "  "), ("draft", "Looked"), ("closed", "Looked")])
def test_a_review_needs_an_open_risk_and_a_word(council, status, note):
    with transaction():
        risk = a_risk(council, status=status)
    with pytest.raises(service.CannotReview):
        service.review(risk, note=note, **_by(council.manager_person))


@pytest.mark.parametrize(("status", "why"), [("open", " "), ("draft", "Gone"), ("closed", "Gone")])
def test_closing_needs_an_open_risk_and_a_reason(council, status, why):
    with transaction():
        risk = a_risk(council, status=status)
    with pytest.raises(service.CannotClose):
        service.close(risk, why=why, **_by(council.lead_person))


def test_a_closed_risk_keeps_its_reason_and_is_reviewed_no_more(council):
    with transaction():
        risk = a_risk(council)
        service.close(risk, why="  The contract is let ", **_by(council.lead_person))
    assert (risk.status, risk.closed_on, risk.closed_why, risk.next_review_on) == (
        "closed",
        DAY,
        "The contract is let",
        None,
    )


def test_every_step_of_a_life_keeps_a_version_and_leaves_an_entry(council):
    with transaction():
        risk = a_risk(council, status="closed")
    versions = db.session.scalars(select(RiskVersion.status).order_by(RiskVersion.version)).all()
    entries = db.session.scalars(select(AuditEntry.event).where(AuditEntry.subject_id == risk.id)).all()
    assert list(versions) == ["draft", "open", "closed"]
    assert {"risk:drafted", "risk:opened", "risk:closed"} <= set(entries)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_can_be_logged(council, category):
    with transaction():
        assert a_risk(council, category=category).category == category


def test_taking_a_risk_on_makes_the_desk_its_owner_and_keeps_the_version_before(council):
    with transaction():
        risk = a_risk(council)
        owner = risk.owner_post_id
        service.take_on(risk.id, to_post_id=council.director.id, why="Mine to carry.", **_by(council.director_person))
    kept = select(RiskVersion.owner_post_id).where(RiskVersion.risk_id == risk.id).order_by(RiskVersion.version)
    assert risk.owner_post_id == council.director.id
    assert db.session.scalars(kept).all()[-2:] == [owner, council.director.id]


def test_only_an_open_risk_is_escalated_by_hand(council):
    risk = a_risk(council, status="draft")
    with pytest.raises(service.CannotEscalateRisk):
        service.escalate(risk, reason="It grows.", **_by(council.manager_person))


def test_a_risk_escalated_by_hand_needs_a_reason(council):
    with pytest.raises(Cannot) as refused:
        service.escalate(a_risk(council), reason=" ", **_by(council.manager_person))
    assert _fields(refused) == {"reason"}


def test_a_form_sent_again_with_another_owner_does_not_open_the_draft_of_the_first(council):
    new = a_new_risk(council, owner_post_id=council.director.id, submission_key="once")
    service.draft(new, **_by(council.champion_person))
    with pytest.raises(service.CannotOpen):
        service.draft_and_open(replace(new, owner_post_id=council.manager.id), **_by(council.champion_person))
    assert db.session.scalars(select(Risk.status)).all() == ["draft"]
