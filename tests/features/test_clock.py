"""The clock: each day once, by one process, whatever falls over."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from unittest import mock

import pytest
import time_machine
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from riskapp.domain.clock import DAILY_AT, TELLING, Done, Job, tick_of
from riskapp.features.clock import jobs as running
from riskapp.features.clock import queries, service
from riskapp.features.reminders import jobs
from riskapp.features.reminders import service as reminders
from riskapp.models.clock import JobRun
from riskapp.models.database import db, transaction
from riskapp.models.entity import new_entity
from riskapp.models.people import Person
from riskapp.models.reminders import Message, Occurrence
from riskapp.scheduler import Clock, scheduler_for
from tests.builders import DAY, NOON, ACouncil, actor, sign_in


@pytest.fixture
def council(app):
    return ACouncil()


def now():
    return NOON


def remembering(person_id, post_id, subject_id):
    def remember(moment):
        kept = reminders.remember(
            "review_due",
            subject_id=subject_id,
            post_id=post_id,
            person_id=person_id,
            due_on=moment.on,
            words="Due today.",
            at=moment.at,
        )
        return Done(1, int(kept is not None))

    return remember


@pytest.fixture
def a_days_jobs(council):
    with transaction():
        subject = new_entity(db.session(), "risk", "Voids take too long to let")
    deciding = Job("decide", remembering(council.manager_person.id, council.manager.id, subject.id), order=10)
    return (*jobs.JOBS, deciding)


def ran(jobs, on=DAY, at=NOON, **changes):
    return list(running.run_day(jobs, on=on, at=at, now=now, **changes))


def test_a_day_run_ahead_of_time_is_run_again_when_it_comes_and_holds_up_none_before_it(a_days_jobs):
    tomorrow = DAY + timedelta(days=1)
    ran(a_days_jobs)
    ran(a_days_jobs, on=tomorrow, at=tick_of(tomorrow))
    assert queries.last_day_done() == DAY
    assert queries.days_to_run(at=tick_of(tomorrow)) == (tomorrow,)


def test_what_the_database_said_of_a_row_is_not_told_on_the_page_of_the_clock(app):
    def fall_over(_moment):
        db.session.execute(text("INSERT INTO entity (kind, reference, name) VALUES (NULL, 'R-1', 'Secret words')"))

    (told,) = ran([Job("fall_over", fall_over)])
    assert told.fault == "IntegrityError: the log says more"


def count(table):
    return db.session.scalar(select(func.count()).select_from(table))


def test_decisions_come_before_the_messages_that_tell_of_them(a_days_jobs):
    assert [each.job for each in ran(a_days_jobs)] == ["decide", "queue_digests", "send_mail"]
    assert (count(Occurrence), count(Message)) == (1, 1)


def test_a_day_run_twice_adds_no_reminder_and_no_message(a_days_jobs):
    ran(a_days_jobs)
    before = (count(Occurrence), count(Message))
    ran(a_days_jobs)
    assert (count(Occurrence), count(Message)) == before


def test_a_job_that_falls_over_stops_no_other_and_keeps_nothing(a_days_jobs):
    def fall(moment):
        db.session.add(Person(email="half@demo.example"))
        db.session.flush()
        raise ValueError("no")

    told = {each.job: each for each in ran((Job("fall", fall, order=1), *a_days_jobs))}
    assert told["fall"].fault == "ValueError: no"
    assert told["decide"].done.queued == 1
    assert db.session.scalar(select(Person.id).where(Person.email == "half@demo.example")) is None
    assert db.session.scalar(select(JobRun.detail).where(JobRun.job == "fall")) == "ValueError: no"


def test_what_a_job_could_not_do_is_in_the_log_as_well(a_days_jobs, caplog):
    ran((Job("half", lambda _moment: Done(found=3, failed=2), order=1), *a_days_jobs))
    (said,) = [record for record in caplog.records if record.getMessage() == "a job could not do all"]
    assert (said.levelname, said.job, said.on, said.count) == ("WARNING", "half", DAY.isoformat(), 2)


def test_a_rehearsal_shows_what_would_happen_and_keeps_nothing(a_days_jobs):
    told = list(running.rehearse(a_days_jobs, on=DAY, at=NOON, now=now))
    assert [each.done.queued for each in told] == [1, 1, 0]
    assert (count(Occurrence), count(Message), count(JobRun)) == (0, 0, 0)


def test_after_an_outage_each_day_is_decided_once_and_told_together(a_days_jobs):
    ran(a_days_jobs, on=DAY)
    back = NOON + timedelta(days=4)
    list(running.catch_up(a_days_jobs, at=back, now=lambda: back))
    assert count(Occurrence) == 5
    assert count(Message) == 2, "the first day's, and one for the four days after"
    assert list(running.catch_up(a_days_jobs, at=back, now=lambda: back)) == []


def test_a_clock_that_never_ran_begins_with_today(app):
    assert queries.days_to_run(at=NOON) == (DAY,)
    assert queries.days_to_run(at=datetime(2026, 12, 1, 5, tzinfo=UTC)) == ()


def test_a_clock_set_back_does_no_day_again(a_days_jobs):
    ran(a_days_jobs, on=DAY)
    assert queries.days_to_run(at=NOON - timedelta(days=3)) == ()


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)])
def test_the_daily_tick_is_once_a_day_through_the_clock_changes(day):
    ticks = [tick_of(day + timedelta(days=n)) for n in (-1, 0, 1)]
    assert len({tick.astimezone(UTC).date() for tick in ticks}) == 3
    assert all((later - earlier) >= timedelta(hours=23) for earlier, later in pairwise(ticks))


def test_the_clock_is_late_when_a_day_is_an_hour_overdue(a_days_jobs):
    assert queries.health(at=NOON).state == "never ran"
    ran(a_days_jobs, on=DAY)
    assert queries.health(at=NOON).state == "on time"
    tick = tick_of(DAY + timedelta(days=1))
    assert queries.health(at=tick + timedelta(minutes=59)).state == "on time"
    assert queries.health(at=tick + timedelta(minutes=60)).state == "late"


def lease(holder, at):
    with transaction():
        return service.take_lease(holder, at=at)


def test_one_holder_at_a_time_and_another_after_its_death(app):
    assert lease("a", NOON)
    assert not lease("b", NOON + timedelta(seconds=30))
    assert lease("a", NOON + timedelta(seconds=30)), "a holder renews"
    assert not lease("b", NOON + timedelta(seconds=60))
    assert lease("b", NOON + timedelta(seconds=90))
    assert not lease("a", NOON + timedelta(seconds=100))


def test_two_clocks_do_a_days_work_once(app, a_days_jobs, monkeypatch):
    monkeypatch.setattr("riskapp.scheduler.now", now)
    clocks = Clock(app, a_days_jobs), Clock(app, a_days_jobs)
    assert [clock.do_days() for clock in clocks] == [3, 0]
    for clock in clocks:
        clock.do_minute()
    assert (count(Occurrence), count(Message)) == (1, 1)


def test_two_clocks_that_both_believe_they_may_act_still_double_nothing(app, a_days_jobs, monkeypatch):
    monkeypatch.setattr("riskapp.scheduler.now", now)
    monkeypatch.setattr(Clock, "keep_lease", lambda _clock: True)
    for clock in (Clock(app, a_days_jobs), Clock(app, a_days_jobs)):
        clock.do_days()
        ran(a_days_jobs)
    assert (count(Occurrence), count(Message)) == (1, 1)


def test_the_ticks_keep_away_from_the_hour_that_happens_twice(app):
    scheduler = scheduler_for(Clock(app, ()))
    assert {job.id for job in scheduler.get_jobs()} == {"heartbeat", "day", "minute"}
    assert DAILY_AT.hour not in {1, 2}


def test_only_urgent_jobs_run_each_minute(a_days_jobs):
    told = running.run_minute(a_days_jobs, on=DAY, at=NOON, now=now)
    assert [each.job for each in told] == ["send_mail"]
    assert count(JobRun) == 0, "a minute in which nothing happened leaves no row"
    assert all(job.order >= TELLING for job in a_days_jobs if job.name in {"queue_digests", "send_mail"})


def test_health_says_that_the_process_answers_and_nothing_else(app, client):
    answer = client.get("/health")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def ready(client):
    answer = client.get("/ready")
    return answer.status_code, answer.json


READY, NOT_READY = (200, {"status": "ready"}), (503, {"status": "not ready"})


def test_ready_means_a_clock_that_is_not_late(council, a_days_jobs, app, client):
    assert ready(client) == NOT_READY, "no clock has ever run"
    with transaction():
        service.take_lease("a clock", at=NOON)
    assert ready(client) == READY, "one runs and waits for its first day"
    ran(a_days_jobs)
    assert ready(client) == READY
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        assert ready(client) == NOT_READY, "two days were missed"


def test_ready_means_tables_of_this_version_and_a_database_that_answers(council, a_days_jobs, client):
    ran(a_days_jobs)
    with transaction():
        newest = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert ready(client) == NOT_READY
    with transaction():
        db.session.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": newest})
    assert ready(client) == READY
    with mock.patch("riskapp.features.clock.queries.health", side_effect=OperationalError("select", {}, Exception())):
        assert ready(client) == NOT_READY


def signed_in(client, person):
    client.get("/clock")  # the page wanted before signing in is the page shown after it
    sign_in(client, person)


def test_the_clock_page_shows_each_job_to_those_who_answer_for_it(council, a_days_jobs, client):
    ran(a_days_jobs)
    signed_in(client, council.assurance_person)
    page = client.get("/clock")
    assert (page.status_code, "Queue digests" in page.text) == (200, True)
    assert "Queue digests" in client.get("/clock.csv").text


def test_the_clock_page_is_not_for_a_champion(council, client):
    signed_in(client, council.champion_person)
    assert client.get("/clock").status_code == 404


def test_the_command_does_a_day_and_shows_what_it_would_do(council, app):
    runner = app.test_cli_runner()
    dry = runner.invoke(args=["clock", "run", "--on", "2026-12-01", "--dry-run"])
    assert (dry.exit_code, "Nothing was kept" in dry.output) == (0, True), dry.output
    assert count(JobRun) == 0
    with time_machine.travel(NOON):
        done = runner.invoke(args=["clock", "run", "--on", "2026-12-01"])
    assert (done.exit_code, "expire_escalations" in done.output) == (0, True), done.output
    assert queries.last_day_done() == DAY
    status = runner.invoke(args=["clock", "status"])
    assert "Last day done: 2026-12-01" in status.output


def command(app, *said):
    with time_machine.travel(NOON + timedelta(days=4)):
        answer = app.test_cli_runner().invoke(args=["clock", "run", *said])
    assert answer.exit_code == 0, answer.output
    return answer.output


def days_decided():
    return sorted(db.session.scalars(select(Occurrence.due_on)))


@pytest.mark.parametrize("last", [2, 4], ids=["a past day", "today"])
def test_the_command_first_decides_the_days_missed_before_the_one_asked_for_and_tells_them_together(
    app, a_days_jobs, last
):
    app.extensions["jobs"] = a_days_jobs
    ran(a_days_jobs)
    told = command(app, "--on", f"{DAY + timedelta(days=last)}")
    assert days_decided() == [DAY + timedelta(days=n) for n in range(last + 1)]
    assert told.count("which was missed") == last - 1
    assert count(Message) == 2, "the first day's, and one for the days after"
    assert queries.last_day_done() == DAY + timedelta(days=last)


def test_a_rehearsal_by_command_shows_the_missed_days_too_and_keeps_none(app, a_days_jobs):
    app.extensions["jobs"] = a_days_jobs
    ran(a_days_jobs)
    told = command(app, "--on", f"{DAY + timedelta(days=3)}", "--dry-run")
    assert told.count("which was missed") == 2
    assert "1 thing to do" in told
    assert (days_decided(), queries.last_day_done(), count(Message)) == ([DAY], DAY, 1)


def test_a_day_before_the_last_one_done_is_done_alone_and_adds_what_it_lacks(app, a_days_jobs):
    app.extensions["jobs"] = a_days_jobs
    ran(a_days_jobs)
    later = DAY + timedelta(days=3)
    list(running.run_day(a_days_jobs, on=later, at=tick_of(later), now=lambda: NOON + timedelta(days=3)))
    assert "missed" not in command(app, "--on", f"{DAY + timedelta(days=2)}")
    assert days_decided() == [DAY + timedelta(days=n) for n in (0, 2, 3)]
    assert queries.last_day_done() == later


def test_a_day_to_come_is_done_alone_by_command_and_hides_no_missed_one(app, a_days_jobs):
    app.extensions["jobs"] = a_days_jobs
    ran(a_days_jobs)
    assert "missed" not in command(app, "--on", f"{DAY + timedelta(days=6)}")
    assert queries.last_day_done() == DAY


def test_the_actor_of_a_query_is_always_named(council):
    assert queries.runs(actor(council.assurance_person), page=1) == ((), 0)
