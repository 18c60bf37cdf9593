"""What tests of features share."""

import pytest
from sqlalchemy import event

from riskapp.models.database import db
from tests.council_accounts import knows
from tests.oidc_provider import a_lying_provider


@pytest.fixture
def count_queries(app):
    def count(work) -> int:
        seen = []

        def note(*_arguments):
            seen.append(1)

        event.listen(db.engine, "before_cursor_execute", note)
        work()
        event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    return count


@pytest.fixture
def provider():
    with a_lying_provider() as provider:
        yield provider


@pytest.fixture
def known(app, provider):
    """Riskapp knows the provider."""
    knows(app, provider.issuer)
    return app.extensions["oidc"]
