"""Reminders: once, to whoever answers, and never lost on the way out."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from riskapp.adapters.mail import Outcome
from riskapp.domain.audit import Event
from riskapp.domain.clock import Moment
from riskapp.domain.reminders import SubjectFact
from riskapp.features.audit import service as audit
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.features.reminders import jobs, queries, service
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Link, new_entity
from riskapp.models.people import Absence, Tenure
from riskapp.models.reminders import Attempt, Message, Occurrence
from tests.builders import DAY, NOON, ACouncil, a_person, actor, seat, sign_in

MOMENT = {"at": NOON, "on": DAY}


@pytest.fixture
def council(app):
    return ACouncil()


class Server:
    """A mailer that answers as told, and keeps what it was given."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.letters = []

    def send(self, letter):
        self.letters.append(letter)
        return Outcome(self.answers.pop(0) if self.answers else "sent")


def a_subject(kind="risk", name="Voids take too long to let"):
    return new_entity(db.session(), kind, name)


def remembered(council, *, person=None, subject=None, rule="review_due", due_on=DAY):
    return service.remember(
        rule,
        subject_id=(subject or a_subject()).id,
        post_id=council.manager.id,
        person_id=(person or council.manager_person).id,
        due_on=due_on,
        words="Due today.",
        at=NOON,
    )


def told(council, *, person=None, subject=None):
    clause = policies.in_force(on=DAY).policy.escalation.moving_up_clause
    return service.notify(
        "escalation_raised",
        subject_id=(subject or a_subject("escalation")).id,
        post_id=council.lead.id,
        person_id=(person or council.lead_person).id,
        heading="A risk has come to you",
        words="Acknowledge it.",
        clause=clause,
        **MOMENT,
    )


def sent(server, at=NOON):
    return jobs.send_queued(server, Moment(DAY, at), base_url="https://risk.council.example")


def messages():
    return db.session.scalars(select(Message).order_by(Message.id), execution_options={"populate_existing": True}).all()


def test_the_same_reminder_is_remembered_once(council):
    with transaction():
        subject = a_subject()
        assert remembered(council, subject=subject) is not None
        assert remembered(council, subject=subject) is None
        assert remembered(council, subject=subject, due_on=DAY + timedelta(days=1)) is not None


def test_the_database_itself_refuses_a_double(council):
    with transaction():
        kept = remembered(council)
    copy = {column.name: getattr(kept, column.name) for column in Occurrence.__table__.columns if column.name != "id"}
    with pytest.raises(IntegrityError):
        db.session.execute(Occurrence.__table__.insert().values(**copy))
    db.session.rollback()


def due_for(post, on=DAY):
    return [SubjectFact("review", a_subject().id, on, post.id)]


def test_a_reminder_goes_to_whoever_answers_for_the_post(council):
    with transaction():
        made = service.remind(due_for(council.manager), **MOMENT)
    assert (made.found, made.queued, made.unreachable) == (1, 1, ())
    assert db.session.scalars(select(Occurrence)).one().person_id == council.manager_person.id


def test_of_a_vacant_post_the_deputy_is_reminded(council):
    with transaction():
        vacate(council.manager)
        deputy = a_person()
        seat(deputy, council.manager, "deputy")
        service.remind(due_for(council.manager), **MOMENT)
    assert db.session.scalars(select(Occurrence)).one().person_id == deputy.id


def vacate(post):
    db.session.execute(update(Tenure).where(Tenure.post_id == post.id).values(to_on=date(2026, 11, 1)))


def test_where_nobody_answers_for_a_post_the_manager_above_is_reminded_and_told_why(council):
    with transaction():
        vacate(council.champion)
        service.remind(due_for(council.champion), **MOMENT)
    kept = db.session.scalars(select(Occurrence)).one()
    assert kept.person_id == council.manager_person.id
    assert "Nobody answers for Risk Champion, Repairs Delivery" in kept.words


def test_where_nobody_is_above_either_the_post_is_named(council):
    with transaction():
        for person in (council.manager_person, council.lead_person, council.director_person, council.chief_person):
            db.session.add(Absence(person_id=person.id, from_on=DAY, to_on=DAY))
        made = service.remind(due_for(council.manager), **MOMENT)
    assert (made.queued, made.unreachable) == (0, ("Manager, Repairs Delivery",))


def test_a_digest_joins_what_is_due_for_a_person_the_late_first(council):
    with transaction():
        remembered(council, rule="review_due")
        remembered(council, rule="action_overdue", subject=a_subject("action", "Let the ten longest voids"))
        assert service.queue_digests(**MOMENT).queued == 1
    (message,) = messages()
    assert message.subject == "2 things to do: action overdue (1), review due (1)"
    assert message.text.index("Let the ten longest voids") < message.text.index("Voids take too long")
    assert "{site}/actions/A-" in message.text
    assert "policy 10.4" in message.text


def test_a_person_gets_one_digest_a_day(council):
    with transaction():
        remembered(council)
        service.queue_digests(**MOMENT)
        remembered(council)
        assert service.queue_digests(**MOMENT).queued == 0
    with transaction():
        assert service.queue_digests(at=NOON, on=DAY + timedelta(days=1)).queued == 1


def test_of_a_thing_that_waited_several_days_the_digest_says_it_once(council):
    with transaction():
        subject = a_subject()
        for back in (14, 7, 0):
            remembered(council, subject=subject, rule="review_overdue", due_on=DAY - timedelta(days=back))
        service.queue_digests(**MOMENT)
    assert messages()[0].text.count("Voids take too long") == 1


def test_an_exempt_name_is_in_no_message_nor_that_of_an_action_on_it(council):
    with transaction():
        risk, action = a_subject(name="A secret settlement"), a_subject("action", "Settle in secret")
        db.session.add(Link(from_id=action.id, to_id=risk.id, kind="treats"))
        classified(risk, council)
        remembered(council, subject=risk)
        remembered(council, subject=action, rule="action_due")
        service.queue_digests(**MOMENT)
    (message,) = messages()
    assert "secret" not in message.subject + message.text + message.html
    assert risk.reference in message.text
    assert action.reference in message.text


def classified(entity, council):
    db.session.add(Classification(entity_id=entity.id, level="sensitive", from_on=date(2026, 1, 1), field_group="all"))
    audit.record(Event.RISK_CLASSIFIED, by=actor(council.assurance_person), at=NOON, subject_id=entity.id)


def test_what_is_sent_carries_the_address_of_this_riskapp(council):
    with transaction():
        told(council)
    server = Server()
    assert sent(server).found == 1
    assert "https://risk.council.example/escalations/E-" in server.letters[0].text
    assert "{site}" not in server.letters[0].text + server.letters[0].html
    assert messages()[0].state == "sent"


def test_nothing_is_sent_twice(council):
    with transaction():
        told(council)
    server = Server()
    sent(server)
    sent(server)
    assert len(server.letters) == 1


def test_a_server_that_is_down_loses_nothing_and_is_tried_again_later(council):
    with transaction():
        told(council)
        told(council)
    server = Server("unreachable")
    sent(server)
    assert len(server.letters) == 1, "one wait for an outage, not one for each message"
    assert {message.state for message in messages()} == {"queued"}
    sent(server, NOON + timedelta(minutes=5))
    assert [message.state for message in messages()] == ["sent", "sent"]


def test_a_simulated_day_of_refusal_loses_nothing(council):
    with transaction():
        told(council)
    for minutes in range(0, 24 * 60, 5):
        sent(Server(*["unreachable"] * 5), NOON + timedelta(minutes=minutes))
    assert messages()[0].state == "queued"
    assert sent(Server(), NOON + timedelta(days=2)).found == 1


def test_a_poisonous_message_is_parked_after_the_last_try_and_stops_no_other(council):
    with transaction():
        bad = told(council)
    at = NOON
    for _ in range(len(service.RETRY_AFTER) + 1):
        sent(Server("refused"), at)
        at += timedelta(days=2)
    assert messages()[0].state == "parked"
    with transaction():
        told(council)
    sent(Server(), at)
    assert [message.state for message in messages()] == ["parked", "sent"]
    assert db.session.scalar(select(func.count(Attempt.id)).where(Attempt.message_id == bad.id)) == 8


def test_an_escalation_in_doubt_goes_once_more_with_the_same_number(council):
    with transaction():
        told(council)
    server = Server("unknown", "unknown")
    for hours in range(3):
        sent(server, NOON + timedelta(hours=hours))
    assert [letter.key for letter in server.letters] == [server.letters[0].key] * 2
    assert messages()[0].state == "uncertain"


def test_a_digest_in_doubt_is_shown_and_not_sent_again(council):
    with transaction():
        remembered(council)
        service.queue_digests(**MOMENT)
    server = Server("unknown")
    sent(server)
    sent(server, NOON + timedelta(hours=2))
    assert (len(server.letters), messages()[0].state) == (1, "uncertain")


def test_what_a_process_was_sending_when_it_died_is_in_doubt(council):
    with transaction():
        remembered(council)
        service.queue_digests(**MOMENT)
    with transaction():
        assert service.claim(at=NOON) is not None
    sent(Server(), NOON + timedelta(minutes=5))
    assert messages()[0].state == "sending", "the other process may still be at it"
    sent(Server(), NOON + timedelta(minutes=11))
    assert messages()[0].state == "uncertain"


def test_an_account_that_is_closed_gets_no_mail_and_is_named(council):
    with transaction():
        gone = a_person(is_active=False)
        remembered(council, person=gone)
        made = service.queue_digests(**MOMENT)
    assert (made.queued, len(made.unreachable)) == (0, 1)
    assert people.addresses((gone.id,)) == {}


def test_the_outbox_filters_sorts_and_opens(council):
    with transaction():
        message = told(council)
        remembered(council)
        service.queue_digests(**MOMENT)
    reader = actor(council.assurance_person)
    assert queries.outbox(reader, queries.Wanted(), page=1)[1] == 2
    assert [row.id for row in queries.outbox(reader, queries.Wanted(text="has come to you"), page=1)[0]] == [message.id]
    assert queries.outbox(reader, queries.Wanted(to="Service Lead"), page=1)[1] == 1
    assert queries.outbox(reader, queries.Wanted(state="sent"), page=1) == ((), 0)
    opened = queries.message(reader, message.id, policies.in_force(on=DAY).policy, on=DAY)
    assert opened.groups[0].items[0].words == "Acknowledge it."
    assert queries.message(reader, 10_000, policies.in_force(on=DAY).policy, on=DAY) is None


def signed_in(client, person):
    client.get("/outbox")  # the page wanted before signing in is the page shown after it
    sign_in(client, person)


def test_a_newcomer_reads_the_outbox_of_a_demonstration(council, client):
    with transaction():
        message = told(council)
    signed_in(client, council.champion_person)
    page = client.get("/outbox")
    assert (page.status_code, "A risk has come to you" in page.text) == (200, True)
    opened = client.get(f"/outbox/{message.id}")
    assert "Acknowledge it." in opened.text
    assert "http://localhost/escalations/E-" in opened.text
    assert client.get("/outbox.csv?text=come").text.count("\r\n") == 2


def test_outside_a_demonstration_a_champion_does_not_read_the_outbox(council, app):
    app.extensions["settings"] = production(app.extensions["settings"])
    client = app.test_client()
    signed_in(client, council.champion_person)
    assert client.get("/outbox").status_code == 404
    assert client.get("/outbox.csv").status_code == 404


def production(settings):
    return replace(settings, mode="production")
