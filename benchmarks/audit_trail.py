"""Measure the audit trail at a million entries: `python -m benchmarks.audit_trail [--entries N] [--url postgresql+psycopg://...]`.

A chain is generated as the application would have made it, in a database of its own; then it is verified, and the
pages' searches are asked.
"""

import argparse
import random
import resource
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import flask_migrate
from sqlalchemy import insert, text

from riskapp.app import create_app
from riskapp.domain.permissions import Actor, Grant, Role
from riskapp.features.audit import queries as audit
from riskapp.features.audit_trail import queries
from riskapp.models.audit import AuditDatabase
from riskapp.models.database import db
from riskapp.settings import Settings
from tests.chains import BEGINS, DAY, Chain

A_DAY = 5000


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--url", help="an empty PostgreSQL database; SQLite in a folder of its own if not said")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.url or f"sqlite:///{Path(folder) / 'trail.sqlite'}"
        settings = Settings.from_environment({"RISKAPP_MODE": "demo", "DATABASE_URL": url, "DATA_DIR": folder})
        app = create_app(settings)
        with app.app_context():
            flask_migrate.upgrade(directory=app.extensions["migrate"].directory)
            begun = time.perf_counter()
            _generate(asked.entries)
            print(f"made {asked.entries:,} entries on {db.engine.dialect.name} in {time.perf_counter() - begun:.0f} s")
            _verify()
            _search()
            db.session.remove()
            db.engine.dispose()


def _generate(entries: int) -> None:
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            connection.execute(text("PRAGMA foreign_keys=OFF"))
        name = "0123456789abcdef0123456789abcdef"
        connection.execute(insert(AuditDatabase).values(id=1, name=name))
        made = Chain(connection, random.Random(1), name=name)
        for day in range(-(-entries // A_DAY)):
            made.grow(1, min(A_DAY, entries - day * A_DAY), first=day)
            connection.commit()
        connection.execute(text("ANALYZE"))
        connection.commit()


def _verify() -> None:
    for _ in range(2):
        begun = time.perf_counter()
        verdict = audit.verify(db.session.connection())
        seconds = time.perf_counter() - begun
        assert verdict.fault is None, verdict
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        rate = verdict.checked / seconds
        print(f"verified {verdict.checked:,} entries in {seconds:.1f} s ({rate:,.0f} a second), {memory} MB at most")
        db.session.rollback()


def _search() -> None:
    actor = Actor(person_id=1, grants=(Grant(Role.AUDITOR, "/1/"),))
    last = (BEGINS + DAY * 100).date()
    asked = {
        "the last entries": queries.Wanted(),
        "page 200": queries.Wanted(),
        "one kind of event": queries.Wanted(event="risk"),
        "by event": queries.Wanted(sort="event"),
        "one record": queries.Wanted(reference="R-NONE"),
        "words in the reason": queries.Wanted(words="price"),
        "words that are nowhere": queries.Wanted(words="zymurgy"),
        "one day": queries.Wanted(from_on=last, to_on=last),
        "a month by words": queries.Wanted(from_on=last - timedelta(days=30), to_on=last, words="zymurgy"),
        "the command line": queries.Wanted(door="command"),
        "a person who is nowhere": queries.Wanted(who="nobody"),
    }
    for named, wanted in asked.items():
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            seen = queries.scope(actor, on=date(2026, 12, 1))
            assert seen is not None
            found = queries.search(actor, seen, wanted, page=200 if named == "page 200" else 1)
            times.append((time.perf_counter() - begun) * 1000)
        more = "+" if found.has_more else ""
        print(f"{named:<26}{min(times):8.0f} ms  {found.total:,}{more} entries")


if __name__ == "__main__":
    main()
