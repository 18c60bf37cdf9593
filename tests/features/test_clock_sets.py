"""A day's work asks the database as often for many due things as for few, and two clocks at once double nothing."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import event, func, insert, select

from riskapp.domain.clock import Moment
from riskapp.features.audit import queries as audit
from riskapp.features.clock import jobs as running
from riskapp.features.escalation import jobs as escalation_jobs
from riskapp.features.escalation import service as escalation
from riskapp.features.reminders import jobs as reminder_jobs
from riskapp.features.reminders import service as reminders
from riskapp.models.actions import Action
from riskapp.models.audit import AuditSeal
from riskapp.models.bodies import Body
from riskapp.models.database import db, transaction
from riskapp.models.entity import new_entity
from riskapp.models.escalation import LIVE_DESKS, EscalationDesk, EscalationEvent
from riskapp.models.people import Absence
from riskapp.models.reminders import Attempt, Message, Occurrence
from riskapp.models.risks import Risk
from tests.builders import DAY, ACouncil, a_holder
from tests.features.test_escalation import raised
from tests.features.test_reminders import Server

FEW, MANY = 2, 9
EACH = ("risk", "action", "body")


@pytest.fixture
def council(app):
    return ACouncil()


def noon(on):
    return datetime.combine(on, time(12), UTC)


def evening(on):
    """Half-time of what was raised at noon has passed by then."""
    return noon(on) + timedelta(hours=5)


def with_things_due(council, number, *, on):
    """So many of everything that the clock acts on, each with an owner of its own."""
    with transaction():
        for _ in range(number):
            due_things(council, on=on)
        for person in (council.lead_person, council.director_person, council.chief_person):
            db.session.add(Absence(person_id=person.id, from_on=on - timedelta(days=5), to_on=on - timedelta(days=5)))
    for _ in range(number):
        owner, _person = owned(council)
        for score, back in ((12, 6), (20, 6), (12, 5), (12, 0)):
            day = on - timedelta(days=back)
            raised(council, score, owner=owner, at=noon(day), on=day)


def owned(council):
    with transaction():
        return a_holder(council.team, "officer")


def due_things(council, *, on):
    post, _person = a_holder(council.team, "officer")
    ids = {kind: new_entity(db.session(), kind, f"A {kind} of {post.title}").id for kind in EACH}
    risk = {
        "id": ids["risk"], "unit_id": council.team.id, "owner_post_id": post.id, "category": "operations",
        "status": "open", "event": "Repairs fall behind", "drafted_on": on - timedelta(days=90), "next_review_on": on,
    }  # fmt: skip
    action = {
        "id": ids["action"], "owner_post_id": post.id, "accountable_post_id": post.id,
        "start_on": on - timedelta(days=90), "due_on": on, "first_due_on": on,
    }  # fmt: skip
    body = {
        "id": ids["body"], "kind": "charity", "position": ids["body"], "purpose": "Homes", "legal_form": "Charity",
        "interest": "None", "roles": [], "lead_post_id": post.id, "review_every_months": 12, "next_review_on": on,
    }  # fmt: skip
    for table, row in ((Risk, risk), (Action, action), (Body, body)):
        db.session.execute(insert(table.__table__).values(**row))


def queries_of_a_day(app, on):
    """How often each job asked the database, and how much it found."""
    seen, asked, found = [], {}, {}

    def note(*_arguments):
        seen.append(1)

    event.listen(db.engine, "before_cursor_execute", note)
    for ran in running.run_day(app.extensions["jobs"], on=on, at=evening(on), now=lambda: evening(on)):
        assert (ran.fault, ran.done.failed) == (None, 0), ran
        asked[ran.job], found[ran.job] = len(seen), ran.done.found
        seen.clear()
    event.remove(db.engine, "before_cursor_execute", note)
    return asked, found


YOUNGER = {
    "answer_password_requests",
    "forget_wrong_tries",
    "encrypt_second_factors_anew",
    "forget_what_is_over",
    "forget_old_previews",
    "erase_what_is_due",
    "issue_a_checkpoint",
    "verify_the_audit_trail",
    "take_up_unanswered_challenges",
    "remind_of_challenges",
    "void_tolerances",
    "remind_of_tolerances",
}
"""Jobs that came with signing in, checkpoints, what is forgotten, challenges and tolerances, bounded with the rest."""
NOTHING_DUE = {
    "take_up_unanswered_challenges",
    "remind_of_challenges",
    "void_tolerances",
    "remind_of_tolerances",
    "answer_password_requests",
    "forget_wrong_tries",
    "encrypt_second_factors_anew",
    "forget_what_is_over",
    "forget_old_previews",
    "let_people_go",
    "hand_over_desks",
    "remind_champions_of_training",
    "erase_what_is_due",
    "verify_the_audit_trail",
}
"""Jobs about people who leave, champions to be trained, what is challenged or tolerated, and what is old: a council has
a few of them a week."""


def test_each_job_asks_as_often_for_many_due_things_as_for_few(app, council):
    queries_of_a_day(app, DAY - timedelta(days=7))  # the first day of all names the database
    with_things_due(council, FEW, on=DAY)
    few, found_few = queries_of_a_day(app, DAY)
    next_week = DAY + timedelta(days=7)
    with_things_due(council, MANY, on=next_week)
    many, found_many = queries_of_a_day(app, next_week)
    due = found_few.keys() - NOTHING_DUE
    assert all(found_many[job] >= found_few[job] + MANY - FEW for job in due), (found_few, found_many)
    assert many == few
    assert sum(asked for job, asked in many.items() if job not in YOUNGER) <= 120
    assert sum(many.values()) <= 160, many


def test_mail_that_leaves_the_house_is_claimed_sent_and_noted_one_by_one_and_asks_three_times_for_each(
    app, council, count_queries
):
    with transaction():
        for _ in range(MANY):
            due_things(council, on=DAY)
    moment = Moment(DAY, noon(DAY))
    writing = [job for job in app.extensions["jobs"] if job.name != "send_mail"]
    list(running.run_day(writing, on=DAY, at=moment.at, now=lambda: moment.at))
    server = Server()
    asked = count_queries(lambda: reminder_jobs.send_queued(server, moment, base_url="https://risk.council.example"))
    assert len(server.letters) == MANY
    assert asked == 3 * MANY + 2


def test_a_day_cut_into_small_parts_tells_the_same_and_tells_it_once(app, council, monkeypatch):
    monkeypatch.setattr(reminders, "AT_A_TIME", 2)
    monkeypatch.setattr(escalation_jobs, "AT_A_TIME", 2)
    with_things_due(council, FEW + 3, on=DAY)
    queries_of_a_day(app, DAY)
    everything_was_told_once(FEW + 3)


def test_one_case_that_fails_stops_no_other_and_is_counted(app, council, monkeypatch):
    with_things_due(council, 5, on=DAY)
    bad = db.session.scalars(select(EscalationDesk.case_id).where(EscalationDesk.due_at < noon(DAY))).first()
    whole = escalation._above

    def above(case, *arguments):
        if case.id == bad:
            raise ValueError("no")
        return whole(case, *arguments)

    monkeypatch.setattr(escalation, "_above", above)
    ran = {
        each.job: each.done
        for each in running.run_day(app.extensions["jobs"], on=DAY, at=evening(DAY), now=lambda: evening(DAY))
    }
    done = ran["expire_escalations"]
    assert (done.found, done.queued, done.failed) == (10, 9, 1)


def at_once(app, deed, clocks=2):
    """Do a deed by several clocks, each of which begins each job at the same moment as the others."""
    together, answers = Barrier(clocks, timeout=60), []

    def clock():
        with app.app_context():
            try:
                for job in running.in_order(app.extensions["jobs"]):
                    together.wait()
                    answers.append(deed(job))
            finally:
                db.session.remove()

    threads = [Thread(target=clock) for _ in range(clocks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_two_clocks_that_do_each_job_of_a_day_at_the_same_moment_double_nothing(app, council):
    with_things_due(council, MANY, on=DAY)
    moment = Moment(DAY, evening(DAY))
    answers = at_once(app, lambda job: running.run_job(job, moment, now=lambda: evening(DAY)))
    assert len(answers) == 2 * len(app.extensions["jobs"])
    db.session.rollback()
    db.session.expire_all()
    queries_of_a_day(app, DAY)  # what one of them could not do for the other, the next turn does
    everything_was_told_once(MANY)


def everything_was_told_once(number):
    """Of so many of everything: one occurrence each, in one message, tried once; one step up for each case."""
    kinds = Counter(rule.partition("#")[0] for rule in db.session.scalars(select(Occurrence.rule)))
    for rule in ("review_due", "action_due", "governance_review_due", "escalation_half_time"):
        assert kinds[rule] == number, rule
    assert kinds["escalation_top"] == number
    assert kinds["escalation_raised"] == 5 * number, "four landed, and one of them moved up"
    assert db.session.scalar(select(func.count()).where(Occurrence.message_id.is_(None))) == 0
    told = Counter(db.session.scalars(select(Occurrence.message_id)))
    tried = Counter(db.session.scalars(select(Attempt.message_id)))
    messages = set(db.session.scalars(select(Message.id)))
    assert set(told) == messages == set(tried)
    assert set(tried.values()) == {1}
    digests = [count for message, count in told.items() if count == len(EACH)]
    assert len(digests) == number, "one digest an owner"
    deeds = Counter(db.session.execute(select(EscalationEvent.case_id, EscalationEvent.deed)).all())
    assert {deed: times for (_, deed), times in deeds.items() if deed != "arrived" and times > 1} == {}
    assert Counter(deed for _, deed in deeds)["expired"] == number
    live = select(func.count()).where(EscalationDesk.state.in_(LIVE_DESKS)).group_by(EscalationDesk.case_id)
    assert list(db.session.scalars(live)) == [1] * (4 * number)
    verdict = audit.verify(db.session.connection())
    assert verdict.fault is None
    assert verdict.checked == db.session.scalar(select(func.count(AuditSeal.sequence)))
