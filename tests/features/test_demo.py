"""The demonstration council, loaded through the real services: whole, telling, and the same wherever it is loaded."""

import hashlib
import secrets
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from riskapp.app import create_app
from riskapp.domain.escalation_states import CaseState, DeskState
from riskapp.features.audit import queries as trail
from riskapp.features.demo import service
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.batches import Batch, BatchLine
from riskapp.models.bodies import Body
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Person, Unit
from riskapp.models.reminders import Message, Occurrence
from riskapp.models.risks import Assessment, Review, Risk, RiskStanding
from riskapp.models.saved_views import SavedView
from tests.builders import BY_HAND, a_unit
from tests.conftest import _empty, settings_for

ON = date(2026, 12, 1)
AT = datetime(2026, 12, 1, 17, tzinfo=UTC)
COMPARED = (
    Entity,
    Link,
    Unit,
    Risk,
    Assessment,
    RiskStanding,
    Review,
    Action,
    EscalationCase,
    EscalationDesk,
    Occurrence,
)


@pytest.fixture(scope="module")
def prints() -> dict[str, dict[str, str]]:
    """What each database held after the load, a digest for each table."""
    return {}


@pytest.fixture
def loaded(database_url, tmp_path):
    """The council of a given day in an empty database."""
    app = create_app(settings_for(database_url, tmp_path))
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            _empty(db.engine)
        with transaction():
            service.load(jobs=app.extensions["jobs"], by=BY_HAND, at=AT, on=ON)
        yield app
        db.session.remove()
        db.engine.dispose()


def _plain(value: object) -> str:
    """Spell a value alike on every database: one of them keeps the keys of a document in an order of its own."""
    return str(sorted(value.items())) if isinstance(value, dict) else str(value)


def _digests() -> dict[str, str]:
    """A digest of each table; an occurrence has no id here, since one refused as told before uses a number up."""
    said = {}
    for table in COMPARED:
        columns = [column for column in table.__table__.columns if (table, column.name) != (Occurrence, "id")]
        rows = sorted(repr([_plain(value) for value in row]) for row in db.session.execute(select(*columns)))
        said[table.__tablename__] = hashlib.sha256("".join(rows).encode()).hexdigest()
    return said


def _count(column, *where) -> Counter:
    return Counter(dict(db.session.execute(select(column, func.count()).where(*where).group_by(column)).all()))


def test_the_council_shows_every_state_that_the_pages_tell_of_and_is_the_same_on_every_database(loaded, prints):
    # One load is slow, so what is true of it is asked in one test.
    rating = (
        select(Assessment.rating, func.count())
        .join(RiskStanding, RiskStanding.current_id == Assessment.id)
        .join(Risk, Risk.id == RiskStanding.risk_id)
        .where(Risk.status == "open")
        .group_by(Assessment.rating)
    )
    bands = dict(db.session.execute(rating).all())
    assert sum(bands.values()) >= 80
    assert set(bands) == {"low", "medium", "high", "very_high"}
    assert set(_count(Risk.status)) == {"draft", "open", "closed"}
    assert len(_count(Risk.category)) == 13

    year = db.session.execute(select(func.min(Assessment.effective_on), func.max(Assessment.effective_on))).one()
    assert (year[1] - year[0]).days > 365

    assert db.session.scalar(select(func.count(Action.id))) >= 200
    late = db.session.scalar(select(func.count(Action.id)).where(Action.status.in_(OPEN_STATUSES), Action.due_on < ON))
    assert late >= 40
    assert {1, 2, 3} <= set(_count(Action.times_moved))

    assert {CaseState.OPEN, CaseState.DECIDED, CaseState.RETURNED, CaseState.WITHDRAWN} <= set(
        _count(EscalationCase.state)
    )
    assert set(DeskState) - {DeskState.RAISED} <= set(_count(EscalationDesk.state))

    bodies = db.session.scalars(select(Entity.name).join(Body, Body.id == Entity.id).order_by(Body.position)).all()
    assert len(bodies) >= 8
    assert bodies[0] == "Thames Freeport"
    units = _count(Unit.kind)
    assert units["directorate"] >= 6
    assert units["service"] >= 20
    assert units["team"] >= 60

    assert db.session.scalar(select(func.count(Person.id)).where(Person.purpose.is_not(None))) == 10
    assert db.session.scalar(select(func.count(Message.id))) > 100
    assert db.session.scalar(select(func.count(Person.id)).where(Person.password_hash.is_not(None))) == 0
    assert trail.verify(db.session.connection()).fault is None

    assert db.session.scalar(select(func.count(SavedView.id))) >= 4
    assert set(_count(Batch.deed, Batch.undone_at.is_(None))) == {"chase"}
    assert set(_count(Batch.deed, Batch.undone_at.is_not(None))) == {"review"}
    assert _count(BatchLine.state)["undone"] >= 2

    prints[db.engine.dialect.name] = _digests()
    first, *others = prints.values()
    assert [table for other in others for table in first if other[table] != first[table]] == []


def test_a_council_that_is_there_is_never_loaded_over(app):
    runner = app.test_cli_runner()
    with transaction():
        db.session.add(Person(email="somebody@council.example"))
        a_unit(name="A real council")
    answer = runner.invoke(args=["demo", "load"])
    assert answer.exit_code == 1
    assert "holds a council already" in answer.output


def test_outside_demo_mode_nothing_is_loaded(database_url, tmp_path):
    settings = settings_for(
        database_url,
        tmp_path,
        RISKAPP_MODE="production",
        SECRET_KEY=secrets.token_hex(32),
        BASE_URL="https://risk.example",
    )
    app = create_app(settings)
    answer = app.test_cli_runner().invoke(args=["demo", "load"])
    assert answer.exit_code == 1
    assert "RISKAPP_MODE=demo" in answer.output
    with app.app_context():
        db.engine.dispose()
