"""What the database itself refuses, whoever asks."""

from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

from riskapp.models.accounts import WebSession
from riskapp.models.database import db
from riskapp.models.entity import Link, new_entity
from riskapp.models.reminders import Occurrence
from tests.builders import DAY, NOON, a_person, a_post, a_unit, seat


def _refused(constraint: str = "") -> None:
    with pytest.raises(IntegrityError) as fault:
        db.session.flush()
    assert constraint in str(fault.value) or db.engine.dialect.name == "sqlite"
    db.session.rollback()


def test_a_post_has_one_holder_at_a_time(app):
    post = a_post(a_unit())
    seat(a_person(), post)
    with pytest.raises(IntegrityError):
        seat(a_person(), post)


def test_a_post_may_have_had_another_holder_before(app):
    post = a_post(a_unit())
    seat(a_person(), post, to_on=DAY)
    seat(a_person(), post)


def test_a_tenure_does_not_end_before_it_begins(app):
    with pytest.raises(IntegrityError):
        seat(a_person(), a_post(a_unit()), from_on=DAY, to_on=DAY.replace(year=2025))


def test_nothing_is_linked_to_itself(app):
    thing = new_entity(db.session(), "body", "Example Homes Limited")
    db.session.add(Link(from_id=thing.id, to_id=thing.id, kind="worsens"))
    _refused("not_to_itself")


def test_the_same_link_is_made_once(app):
    one, other = (new_entity(db.session(), "body", name) for name in ("One", "Other"))
    for _ in range(2):
        db.session.add(Link(from_id=one.id, to_id=other.id, kind="worsens"))
    _refused("uq_link")


def test_a_reminder_of_one_rule_about_one_thing_reaches_a_person_once_a_day(app):
    thing, person = new_entity(db.session(), "body", "Example Homes Limited"), a_person()
    for _ in range(2):
        db.session.add(
            Occurrence(
                rule="governance_review_due",
                subject_id=thing.id,
                person_id=person.id,
                due_on=DAY,
                made_at=NOON,
                words="Review the body",
            )
        )
    _refused("uq_occurrence_once")


def test_an_entity_of_an_unknown_kind_is_refused(app):
    with pytest.raises(IntegrityError):
        db.session.execute(text("INSERT INTO entity (kind, reference, name) VALUES ('rumour', 'X-1', 'A rumour')"))


def test_an_instant_without_a_time_zone_is_refused(app):
    naive = datetime(2026, 12, 1, 12)  # noqa: DTZ001 - the fault under test
    db.session.add(WebSession(token_digest=b"x", person_id=a_person().id, started_at=naive, seen_at=NOON))
    with pytest.raises(StatementError, match="no time zone"):
        db.session.flush()


def test_an_instant_comes_back_aware_and_in_utc(app):
    kept = WebSession(token_digest=b"x", person_id=a_person().id, started_at=NOON, seen_at=NOON)
    db.session.add(kept)
    db.session.commit()
    db.session.expire_all()
    assert kept.started_at == NOON
    assert kept.started_at.utcoffset().total_seconds() == 0


def test_postgresql_compiles_no_query_of_a_page(app):
    """It may take a second to compile a long query that runs in a millisecond."""
    if db.engine.dialect.name == "postgresql":
        assert db.session.scalar(text("SHOW jit")) == "off"
