"""The world of the matrix, built once for all tests of a run; what they try is undone each time."""

from dataclasses import replace

import pytest
import time_machine

from riskapp.app import create_app
from riskapp.models.database import db
from tests.authorisation.matrix import Matrix
from tests.authorisation.world import World
from tests.builders import NOON
from tests.conftest import POSTGRESQL, _empty, settings_for


def a_matrix(url, folder):
    """An application in production, since the demonstration shows its outbox to everybody, and a world in it."""
    app = create_app(settings_for(url, folder))
    app.extensions["settings"] = replace(app.extensions["settings"], mode="production")
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with app.app_context(), time_machine.travel(NOON, tick=False):
        world = World()
        db.session.expunge_all()
    return app, world


@pytest.fixture(scope="session")
def built(tmp_path_factory, migrated_sqlite):
    folder = tmp_path_factory.mktemp("matrix")
    path = folder / "world.sqlite"
    path.write_bytes(migrated_sqlite.read_bytes())
    app, world = a_matrix(f"sqlite:///{path}", folder)
    yield app, world
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def matrix(built):
    return Matrix(*built)


@pytest.fixture(scope="session")
def caught():
    """The seeded bugs that were caught in this run."""
    return set()


@pytest.fixture
def record_caught(caught):
    return caught.add


@pytest.fixture(scope="module")
def built_on_postgresql(request, tmp_path_factory):
    """The world in the run's own database on the server, which every other test of it empties before use."""
    if not POSTGRESQL:
        pytest.skip("PostgreSQL: set TEST_DATABASE_URL")
    url, folder = request.getfixturevalue("migrated_postgresql"), tmp_path_factory.mktemp("matrix_postgresql")
    empty = create_app(settings_for(url, folder))
    with empty.app_context():
        _empty(db.engine)
        db.engine.dispose()
    app, world = a_matrix(url, folder)
    yield app, world
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRESQL else [])])
def any_built(request):
    return request.getfixturevalue("built" if request.param == "sqlite" else "built_on_postgresql")


@pytest.fixture
def postgresql_matrix(built_on_postgresql):
    return Matrix(*built_on_postgresql)
