"""The migrations build what the code knows, on both databases, and can be taken back."""

from datetime import UTC, datetime
from pathlib import Path

import flask_migrate
import pytest
from flask import current_app
from sqlalchemy import func, inspect, select, text

from riskapp.app import create_app
from riskapp.models.accounts import SecondFactor
from riskapp.models.database import Base, db
from riskapp.models.search import INDEX
from tests.builders import ACouncil
from tests.conftest import settings_for

VERSIONS = Path(__file__).parents[2] / "migrations/versions"
(ENCRYPTING,) = VERSIONS.glob("*_encrypted_factors.py")
BEFORE_KEYS_WERE_ENCRYPTED = f"{int(ENCRYPTING.name[:4]) - 1:04}"


@pytest.fixture
def empty(database_url, tmp_path, request):
    """An application over a database without tables."""
    if database_url.startswith("postgresql"):
        pytest.importorskip("psycopg")
    app = create_app(
        settings_for(database_url if "postgresql" in database_url else f"sqlite:///{tmp_path}/new", tmp_path)
    )
    with app.app_context():
        yield app.extensions["migrate"].directory
        flask_migrate.upgrade(directory=app.extensions["migrate"].directory)
        db.session.remove()
        db.engine.dispose()


def test_the_tables_of_the_code_are_those_of_the_migrations(empty):
    flask_migrate.upgrade(directory=empty)
    flask_migrate.check(directory=empty)


def test_going_down_to_the_bottom_leaves_nothing_and_going_up_again_all(empty):
    flask_migrate.upgrade(directory=empty)
    flask_migrate.downgrade(directory=empty, revision="base")
    assert _tables() == {"alembic_version"}
    flask_migrate.upgrade(directory=empty)
    assert _tables() == {*Base.metadata.tables, "alembic_version", INDEX}


def _tables() -> set[str]:
    """The tables of the database, without those that FTS5 keeps beside its own."""
    return {name for name in inspect(db.engine).get_table_names() if not name.startswith(f"{INDEX}_")}


def test_what_is_kept_stays_through_every_step_down_and_up_again(empty):
    flask_migrate.upgrade(directory=empty)
    flask_migrate.downgrade(directory=empty, revision="base")  # what other tests left on the server
    flask_migrate.upgrade(directory=empty)
    ACouncil()
    tables = ("entity", "unit", "post", "person", "tenure", "role_assignment", "audit_entry")
    kept = _counts(tables)
    db.session.remove()
    flask_migrate.downgrade(directory=empty, revision="0001")
    flask_migrate.upgrade(directory=empty)
    assert _counts(tables) == kept
    assert kept["unit"] == 5


def _counts(tables):
    metadata = Base.metadata.tables
    return {name: db.session.scalar(select(func.count()).select_from(metadata[name])) for name in tables}


def test_every_foreign_key_says_what_happens_when_its_row_goes():
    silent = [
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.ondelete is None
    ]
    assert silent == []


def test_migrations_are_numbered_one_after_another():
    numbers = sorted(path.name.split("_")[0] for path in VERSIONS.glob("*.py"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_sqlite_checks_foreign_keys_and_lets_readers_read_while_one_writes(app):
    if db.engine.dialect.name != "sqlite":
        return
    assert db.session.scalar(text("PRAGMA foreign_keys")) == 1
    assert db.session.scalar(text("PRAGMA journal_mode")) == "wal"


def test_the_keys_of_second_factors_are_encrypted_on_the_way_up_and_come_back_on_the_way_down(empty):
    flask_migrate.upgrade(directory=empty)
    flask_migrate.downgrade(directory=empty, revision="base")
    flask_migrate.upgrade(directory=empty, revision=BEFORE_KEYS_WERE_ENCRYPTED)
    key = b"a key of twenty byte"
    with db.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO person (id, email, is_active, version) VALUES (7, 'a@b.example', true, 1)")
        )
        facts = {"key": key, "at": datetime(2026, 1, 1, tzinfo=UTC)}
        connection.execute(
            text("INSERT INTO second_factor (person_id, key, made_at, last_step) VALUES (7, :key, :at, 5)"), facts
        )
    flask_migrate.upgrade(directory=empty)
    kept = db.session.scalars(select(SecondFactor)).one()
    assert kept.last_step == 5
    assert key not in kept.encrypted_key
    assert current_app.extensions["cipher"].decrypt(kept.encrypted_key, owner=kept.owner) == key
    db.session.remove()
    flask_migrate.downgrade(directory=empty, revision=BEFORE_KEYS_WERE_ENCRYPTED)
    with db.engine.connect() as connection:
        assert bytes(connection.scalar(text("SELECT key FROM second_factor"))) == key


def test_no_key_of_a_second_factor_is_left_in_the_file_of_a_database_that_was_brought_up(tmp_path):
    path = tmp_path / "old.sqlite"
    app = create_app(settings_for(f"sqlite:///{path}", tmp_path))
    folder, key = app.extensions["migrate"].directory, b"a key of twenty byte"
    with app.app_context():
        flask_migrate.upgrade(directory=folder, revision=BEFORE_KEYS_WERE_ENCRYPTED)
        with db.engine.begin() as connection:
            people = ((number, f"{number}@b.example") for number in range(1, 200))
            for number, email in people:
                facts = {"id": number, "email": email, "key": key, "at": datetime(2026, 1, 1, tzinfo=UTC)}
                connection.execute(
                    text("INSERT INTO person (id, email, is_active, version) VALUES (:id, :email, true, 1)"), facts
                )
                connection.execute(
                    text("INSERT INTO second_factor (person_id, key, made_at, last_step) VALUES (:id, :key, :at, 5)"),
                    facts,
                )
        _written_out()
        assert key in path.read_bytes()
        flask_migrate.upgrade(directory=folder)
        _written_out()
        db.session.remove()
        db.engine.dispose()
    assert key not in path.read_bytes()


def _written_out():
    with db.engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
