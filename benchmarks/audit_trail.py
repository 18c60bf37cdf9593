"""Measure the audit trail at a million entries: `python -m benchmarks.audit_trail [--entries N] [--url postgresql+psycopg://...]`.

A chain is generated as the application would have made it, in a database of its own; then it is verified, whole and
with its last entry edited, and the pages' searches are asked. Seconds of the processor are those of this process.
"""

import argparse
import json
import os
import platform
import random
import resource
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import flask_migrate
from sqlalchemy import insert, text

from riskapp.app import create_app
from riskapp.domain.audit_check import Tampering
from riskapp.domain.permissions import Actor, Grant, Role
from riskapp.features.audit import queries as audit
from riskapp.features.audit_trail import queries
from riskapp.models.audit import AuditDatabase
from riskapp.models.database import db
from riskapp.settings import Settings
from tests.chains import BEGINS, DAY, Chain

A_DAY = 5000
RESULTS = Path(__file__).parent / "results"


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
            dialect = db.engine.dialect.name
            print(f"made {asked.entries:,} entries on {dialect} in {time.perf_counter() - begun:.0f} s")
            measured = {**_verify(), "search, ms": _search(), "last entry edited": _verify_edited()}
            db.session.remove()
            db.engine.dispose()
    told = {"entries": asked.entries, "database": dialect, "python": platform.python_version()}
    told |= {"cores": len(os.sched_getaffinity(0)), "load": round(os.getloadavg()[0], 1), "measured": measured}
    path = RESULTS / f"audit-trail-{dialect}.json"
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(f"kept in benchmarks/results/{path.name}")


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


def _verify() -> dict[str, object]:
    return {name: _verified(None) for name in ("first walk", "second walk")}


def _verify_edited() -> dict[str, float]:
    last = "(SELECT max(id) FROM audit_entry)"
    db.session.execute(text(f"UPDATE audit_entry SET event = 'risk:forged' WHERE id = {last}"))
    return _verified(Tampering.ENTRY_EDITED)


def _verified(expected: Tampering | None) -> dict[str, float]:
    begun, worked = time.perf_counter(), time.process_time()
    verdict = audit.verify(db.session.connection())
    seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    db.session.rollback()
    assert (verdict.fault.kind if verdict.fault else None) == expected, verdict
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"walked {verdict.checked:,} entries in {seconds:.1f} s ({processor:.1f} s of the processor), {memory} MB at most"
    )
    return {"seconds": round(seconds, 1), "processor": round(processor, 1), "mb": memory}


def _search() -> dict[str, int]:
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
    found_in = {}
    for named, wanted in asked.items():
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            seen = queries.scope(actor, on=date(2026, 12, 1))
            assert seen is not None
            found = queries.search(actor, seen, wanted, page=200 if named == "page 200" else 1)
            times.append((time.perf_counter() - begun) * 1000)
        more = "+" if found.has_more else ""
        found_in[named] = round(min(times))
        print(f"{named:<26}{min(times):8.0f} ms  {found.total:,}{more} entries")
    return found_in


if __name__ == "__main__":
    main()
