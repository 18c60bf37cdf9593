"""What every test stands on: an application over an empty, migrated database, on SQLite and on PostgreSQL.

`TEST_DATABASE_URL` names a PostgreSQL server. Where it is missing, what was not tested is named at the end; under
CI=true that is a failure.
"""

import os
import secrets
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from playwright.sync_api import sync_playwright
from sqlalchemy import Engine, create_engine, make_url, text

from riskapp.app import create_app
from riskapp.models.database import Base, db
from riskapp.models.search import INDEX
from riskapp.settings import LIMITS, Settings
from tests.browser import ARGUMENTS, AXE, CHROMIUM

IN_CI = os.environ.get("CI") == "true"
POSTGRESQL = os.environ.get("TEST_DATABASE_URL")
TOLD = "told"
NOT_RUN = pytest.StashKey[set[str]]()


def pytest_configure(config):
    config.stash[NOT_RUN] = set()
    if not POSTGRESQL:
        config.stash[NOT_RUN].add("PostgreSQL: set TEST_DATABASE_URL=postgresql://user@host/database")
        if IN_CI:
            raise pytest.UsageError("CI tests on PostgreSQL too: TEST_DATABASE_URL is missing")


def pytest_terminal_summary(terminalreporter, config):
    told = (
        words for each in terminalreporter.getreports("passed") for key, words in each.user_properties if key == TOLD
    )
    for words in told:
        terminalreporter.write_line(f"PROVED: {words}", bold=True)
    for line in sorted(config.stash[NOT_RUN]):
        terminalreporter.write_line(f"NOT TESTED: {line}", red=True, bold=True)


def pytest_collection_modifyitems(items):
    for item in items:
        if "postgresql" in item.nodeid.rpartition("[")[2]:
            item.add_marker("postgresql")


def settings_for(database_url: str, folder: Path, **changes: str) -> Settings:
    """Settings of a demonstration, or changed; how the tester's own database is reached is the tester's business."""
    environment = {
        "RISKAPP_MODE": "demo",
        "DATA_DIR": str(folder),
        "BASE_URL": "http://localhost",
        "DEMO_PASSWORD": "a password for tests only",
        **{f"LIMIT_{deed.replace(' ', '_').upper()}": "999999 in 60" for deed in LIMITS},  # tests ask fast
        **changes,
    }
    return replace(Settings.from_environment(environment), database_url=database_url)


def _migrate(settings: Settings) -> None:
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade(directory=app.extensions["migrate"].directory)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sqlite")
    path = folder / "template.sqlite"
    _migrate(settings_for(f"sqlite:///{path}", folder))
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(tmp_path_factory):
    """A database of this run's own on the server, dropped at the end."""
    admin = make_url(POSTGRESQL).set(drivername="postgresql+psycopg")
    name = f"riskapp_{secrets.token_hex(6)}"
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    url = admin.set(database=name).render_as_string(hide_password=False)
    _migrate(settings_for(url, tmp_path_factory.mktemp("postgresql")))
    yield url
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def _empty(engine) -> None:
    """Delete what a test left and number from one again; to truncate, as an owner can, takes thirty times as long."""
    tables = [f'"{table}"' for table in (*Base.metadata.tables, INDEX)]
    with engine.begin() as connection:
        if not connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
            connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"))
            return
        filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables)  # noqa: S608 - the models' own names
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # in any order, past every trigger
        for name in connection.scalars(text(filled)).all():
            connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608 - the same
        connection.execute(text("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"))


KEPT: dict[str, Engine | None] = {}
"""The engine of each database that the tests of a run use in turn: it keeps the SQL that it built for the test before,
which takes longer to build than to run."""
_make_engine = db._make_engine


def _kept_engine(key, options, app):
    url = make_url(options["url"]).render_as_string(hide_password=False)
    if url not in KEPT:
        return _make_engine(key, options, app)
    KEPT[url] = KEPT[url] or _make_engine(key, {**options, "query_cache_size": 2000}, app)
    return KEPT[url]


class KeptTemplates(BytecodeCache):
    """Templates as they were compiled for the test before."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if compiled := self._compiled.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(compiled)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


db._make_engine = _kept_engine
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": KeptTemplates()}


@pytest.fixture(scope="session")
def the_sqlite(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("one") / "riskapp.sqlite"


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRESQL else [])])
def database_url(request):
    """The address of an empty, migrated database; a test that uses it runs once for each kind."""
    if request.param == "sqlite":
        path = request.getfixturevalue("the_sqlite")
        for old in path.parent.iterdir():
            old.unlink()  # with what it had yet to write into itself
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("migrated_postgresql")
    KEPT.setdefault(url, None)
    return url


@pytest.fixture
def app(database_url, tmp_path):
    app = create_app(settings_for(database_url, tmp_path))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with app.app_context():
        if database_url.startswith("postgresql"):
            _empty(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def uncached(monkeypatch):
    """Build each statement anew, so that a fault let in is not hidden by a statement that was kept before it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("riskapp.features.") and name.endswith(".queries") and ".policy." not in name:
            for key, found in vars(module).copy().items():
                if getattr(found, "__wrapped__", None):
                    monkeypatch.setattr(module, key, found.__wrapped__)
    return monkeypatch


@pytest.fixture(scope="session")
def chromium(request):
    """A browser for the whole run; where there is none the test is skipped and named, and in CI it fails."""
    missing = None if CHROMIUM else "a browser: apt-get install chromium"
    missing = missing or (None if AXE.exists() else "accessibility: make dev fetches axe-core")
    if missing:
        request.config.stash[NOT_RUN].add(missing)
        pytest.fail(missing) if IN_CI else pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def tell(record_property):
    """Say how much was tried, at the end of the run: a proof without its count proves nothing."""
    return lambda words: record_property(TOLD, words)


@pytest.fixture
def client(app):
    return app.test_client()
