"""Measure the registers over 10,000 risks of 1,000 units, by every filter: `python -m benchmarks.registers [--risks N]`.

A page is held to three times its own SQL through the bare driver, and to twelve queries whatever it shows; it fails
where one is slower. Some risks are escalated and some exempt, so that who is not cleared pays for what is withheld.
"""

import argparse
import json
import os
import platform
import random
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import flask_migrate
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from benchmarks import council
from benchmarks.run import RESULTS, Statements, _signed_in, bare, figures, timed
from riskapp.app import create_app
from riskapp.domain.columns import COLUMNS
from riskapp.domain.permissions import Role
from riskapp.features.accounts.service import hash_password
from riskapp.features.policy import queries as policies
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Entity
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Person, Post, Unit
from riskapp.models.risks import Review, Risk
from riskapp.serve import settle
from riskapp.settings import LIMITS, Settings
from riskapp.web.clock import today

TIMES = 12
MOST_QUERIES, MOST_RATIO = 12, 3.0
MEMBER = "member@bench.example"
ESCALATED, EXEMPT = 10, 50
"""Of so many risks one is escalated, and one exempt."""


def pages(unit: str) -> Iterator[tuple[str, str]]:
    """Name every filter, each kind of register and each order, with its address."""
    whole = "/registers?size=100"
    yield "whole, 100 rows", whole
    yield "whole, 15 rows", "/registers"
    yield "whole, page 50", f"{whole}&page=50"
    words = {
        "one word": "payroll", "two words": "payroll fire", "a beginning": "sav", "one letter": "r", "no match": "zebra",
        "a reference": "R-7",
    }  # fmt: skip
    for name, said in words.items():
        yield f"words: {name}", f"{whole}&q={said.replace(' ', '+')}"
    yield "words, nearest first", f"{whole}&q=payroll+fire&sort=-near"
    for kind in ("council", "directorate", "service", "team", "programme", "body"):
        yield f"register: {kind}", f"{whole}&register={kind}"
    yield "register: one directorate", f"{whole}&register=directorate&unit={unit}"
    yield "register: one directorate with all below", f"{whole}&register=directorate&unit={unit}&below=yes"
    asked = (
        "band=high%2B", "inherent=very_high", "target=low", "category=financial", "kind=threat", "status=all",
        "appetite=beyond", "likelihood=4&impact=4", "treatment=treat", "escalation=live", "escalation=none",
        "actions=late", "actions=none_in_date", f"review_to={today()}", f"reviewed_from={today() - timedelta(days=60)}",
        f"opened_from={today() - timedelta(days=90)}", f"target_by_to={today() + timedelta(days=400)}",
    )  # fmt: skip
    for narrowed in asked:
        yield f"filter: {narrowed.partition('=')[0]}", f"{whole}&{narrowed}"
    for key, column in COLUMNS.items():
        yield f"order: {key}", f"{whole}&sort={'-' if column.is_down_first else ''}{key}"
    yield "all columns", f"{whole}&columns=all"
    yield "many filters at once", f"{whole}&q=payroll&band=medium%2B&status=all&actions=late&sort=owner&columns=all"
    yield "similar as one types", "/risks/similar?q=The+budget+for+school+repairs+and+drainage+is+spent"


def main() -> None:
    """Build, measure, keep, and fail where a page is too slow or asks too much."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--risks", type=int, default=10_000)
    reader.add_argument("--database", help="an empty PostgreSQL database; a fresh SQLite file if not said")
    asked = reader.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        limits = {f"LIMIT_{deed.replace(' ', '_').upper()}": "999999 in 60" for deed in LIMITS}
        environment = {"RISKAPP_MODE": "demo", "DATA_DIR": folder, "BASE_URL": "http://localhost", **limits}
        if asked.database:
            environment["DATABASE_URL"] = asked.database
        app = create_app(Settings.from_environment(environment))
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            result = _measured(app, asked.risks)
            db.session.remove()
            db.engine.dispose()
    path = RESULTS / f"registers-{result['database']}-{asked.risks}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    slow = result["too slow or asking too much"]
    print(f"Kept in benchmarks/results/{path.name}. {slow or 'Every page is within its bounds.'}", file=sys.stderr)
    sys.exit(bool(slow))


def _measured(app: Flask, size: int) -> dict[str, object]:
    on = today()
    flask_migrate.upgrade(directory=app.extensions["migrate"].directory)
    made = council.build(size, on=on)
    _escalate_and_withhold(on)
    settle()
    unit = str(
        db.session.scalar(
            select(Entity.reference).join(Unit, Unit.id == Entity.id).where(Unit.kind == "directorate").limit(1)
        )
    )
    readers = {"assurance": made.email, "member": MEMBER}
    measured: dict[str, dict[str, object]] = {}
    for who, email in readers.items():
        client = _signed_in(app, email)
        for name, url in pages(unit):
            if who == "member" and "similar" in url:
                continue
            measured[f"{who}: {name}"] = _page(client, url)
            print(f"  {who}: {name:<44} {json.dumps(measured[f'{who}: {name}'])}", flush=True)
    return {
        "risks": size,
        "units": db.session.scalar(select(db.func.count(Unit.id))),
        "database": db.engine.dialect.name,
        "on": on.isoformat(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "too slow or asking too much": [
            name for name, row in measured.items() if row["ratio"] >= MOST_RATIO or row["queries"] > MOST_QUERIES
        ],
        "worst ratio": max(row["ratio"] for row in measured.values()),
        "most queries": max(row["queries"] for row in measured.values()),
        "measured": measured,
    }


def _page(client: FlaskClient, url: str) -> dict[str, object]:
    def page() -> None:
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)

    page()
    with Statements() as heard:
        page()
    return figures(timed(page, TIMES), timed(bare(heard.kept), TIMES), queries=len(heard.kept))


def _escalate_and_withhold(on: date) -> None:
    """Put one risk in ten on a desk, make one in fifty exempt, review each, and let a member of the committee in."""
    luck, at = random.Random(11), datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    with transaction():
        top = db.session.scalars(select(Unit).where(Unit.parent_id.is_(None))).one()
        council.person(MEMBER, top, "member", "Member", Role.COMMITTEE, at, on - timedelta(days=300))
        known = hash_password(council.PASSWORD)
        db.session.execute(update(Person).where(Person.email == MEMBER).values(password_hash=known))
    with db.engine.begin() as connection:
        risks = connection.execute(select(Risk.id, Risk.unit_id, Risk.owner_post_id).order_by(Risk.id)).all()
        posts = connection.scalars(select(Post.id).where(Post.kind.in_(("director", "chief_executive")))).all()
        version = policies.in_force(on=on).version_id
        first = (connection.scalar(select(db.func.max(Entity.id))) or 0) + 1
        cases = [(first + number, *risk) for number, risk in enumerate(risks[::ESCALATED])]
        entities = [council.entity(number, "escalation", luck) for number, *_ in cases]
        connection.execute(insert(Entity.__table__), entities)
        connection.execute(
            insert(EscalationCase.__table__),
            [
                {
                    "id": number, "subject_id": risk_id, "unit_id": unit_id, "owner_post_id": owner, "is_drill": False,
                    "state": luck.choice(("open", "open", "decided")), "raised_at": at, "reason": "It grows",
                    "clause": "6.3", "facts": {}, "policy_version_id": version,
                }
                for number, risk_id, unit_id, owner in cases
            ],
        )  # fmt: skip
        connection.execute(
            insert(EscalationDesk.__table__),
            [
                {
                    "id": place, "case_id": number, "branch": "line", "tier": "director", "clause": "6.3",
                    "post_id": luck.choice(posts), "skipped": [], "state": luck.choice(("raised", "accepted")),
                    "arrived_at": at, "due_at": at,
                }
                for place, (number, *_) in enumerate(cases, start=1)
            ],
        )  # fmt: skip
        connection.execute(
            insert(Classification.__table__),
            [
                {
                    "entity_id": risk_id, "field_group": luck.choice(("all", "title", "statement", "assessment")),
                    "number": 2, "level": "exempt", "state": "decided", "paragraphs": "3",
                    "public_interest": "A price", "from_on": on - timedelta(days=30),
                }
                for risk_id, *_ in risks[::EXEMPT]
            ],
        )  # fmt: skip
        connection.execute(
            insert(Review.__table__),
            [
                {
                    "risk_id": risk_id, "held_on": on - timedelta(days=luck.randint(1, 200)), "outcome": "confirmed",
                    "note": "I looked.",
                }
                for risk_id, *_ in risks
            ],
        )  # fmt: skip
        connection.exec_driver_sql("ANALYZE")


if __name__ == "__main__":
    main()
