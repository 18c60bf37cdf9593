"""What tests of features share."""

import pytest
from sqlalchemy import event

from riskapp.models.database import db


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
