"""Measure what people wait for, beside floors of the same run: `make bench`, or `python -m benchmarks.run --risks 10000`.

A floor is the least that any program could do: the page's own SQL without the page, a route that answers "ok", a bare
canvas with the pack's words. Ratios to a floor travel between machines; times do not.
"""

import argparse
import io
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import pypdf
from flask import Flask
from flask.testing import FlaskClient
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import event, select

from benchmarks import council
from benchmarks.forms import a_new_risk
from riskapp.app import create_app
from riskapp.domain.permissions import Actor, Permission
from riskapp.features.clock import jobs as clock
from riskapp.features.packs import service as packs
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.serve import settle
from riskapp.settings import Settings
from riskapp.web import guards
from riskapp.web.clock import now, today

RESULTS = Path(__file__).parent / "results"
COUNTED = 100
WARM_UP = 5


class Statements:
    """The SQL that ran while it listened, to count it and to run it again bare."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, Any]] = []

    def __enter__(self) -> "Statements":
        self.kept.clear()
        event.listen(db.engine, "before_cursor_execute", self._keep)
        return self

    def __exit__(self, *_fault: object) -> None:
        event.remove(db.engine, "before_cursor_execute", self._keep)

    def _keep(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        self.kept.append((statement, parameters))


def timed(deed: Callable[[], object], times: int = COUNTED) -> list[float]:
    """Do it a few times to warm up, then give the milliseconds of each counted time."""
    for _ in range(WARM_UP):
        deed()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        deed()
        taken.append((time.perf_counter() - begin) * 1000)
    return taken


def figures(taken: list[float], floor: list[float], **more: object) -> dict[str, object]:
    """Say p50, p95, and the ratio of the medians."""
    middle, least = statistics.median(taken), statistics.median(floor)
    return {
        "p50_ms": round(middle, 2),
        "p95_ms": round(sorted(taken)[int(len(taken) * 0.95) - 1], 2),
        "floor_p50_ms": round(least, 3),
        "ratio": round(middle / least, 1),
        **more,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def bare(statements: list[tuple[str, Any]]) -> Callable[[], None]:
    """Make the floor of a page: its own reads through the bare driver, rows fetched and thrown away."""
    reads = [each for each in statements if each[0].lstrip().upper().startswith(("SELECT", "WITH"))]

    def again() -> None:
        with db.engine.connect() as connection:
            cursor = connection.connection.cursor()
            for statement, parameters in reads:
                cursor.execute(statement, parameters)
                cursor.fetchall()
            cursor.close()

    return again


def measure_page(client: FlaskClient, url: str) -> dict[str, object]:
    """Measure a page against its own SQL."""

    def page() -> None:
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)

    page()
    with Statements() as heard:
        page()
    size = len(client.get(url).data)
    return figures(timed(page), timed(bare(heard.kept)), queries=len(heard.kept), bytes=size)


def measure_posts(client: FlaskClient, made: council.Made, empty: list[float]) -> dict[str, object]:
    """Measure logging a risk, from the form's post to the redirect, against an empty route."""

    def post() -> None:
        answer = client.post("/risks/new", data=a_new_risk(made, key=uuid.uuid4().hex))
        assert answer.status_code == 302, answer.get_data(as_text=True)[:3000]

    with Statements() as heard:
        post()
    return figures(timed(post, 20), empty, queries=len(heard.kept))


def measure_pack(client: FlaskClient, on: date) -> dict[str, object]:
    """Measure the button that freezes a pack and the download that draws it, against a bare canvas with its words."""
    by = Actor(person_id=None, door="benchmark")
    with transaction():
        board = packs.add_board(name="Audit Committee", led_by="Member", purpose="Benchmark", by=by, at=now())
        held_on, papers = on + timedelta(days=20), on + timedelta(days=12)
        meeting = packs.plan_meeting(
            board, name="Audit Committee", held_on=held_on, papers_due_on=papers, by=by, at=now()
        )
        url = f"/packs/meetings/{db.session.get_one(Entity, meeting.id).reference}"
    drawn: dict[str, bytes] = {}

    def build() -> None:
        answer = client.post(url)
        assert answer.status_code == 302, answer.get_data(as_text=True)[:2000]

    def download() -> None:
        newest = db.session.scalars(select(Entity.reference).where(Entity.kind == "pack").order_by(Entity.id.desc()))
        drawn["pdf"] = client.get(f"/packs/{newest.first()}/part-1.pdf").data

    with Statements() as heard:
        build()
    download()
    pages = [page.extract_text().splitlines() for page in pypdf.PdfReader(io.BytesIO(drawn["pdf"])).pages]

    def canvas() -> None:
        sheet = Canvas(io.BytesIO(), pagesize=A4)
        for lines in pages:
            text = sheet.beginText(40, 800)
            for line in lines:
                text.textLine(line)
            sheet.drawText(text)
            sheet.showPage()
        sheet.save()

    least = timed(canvas, 5)
    drawing = figures(timed(download, 5), least, pages=len(pages), bytes=len(drawn["pdf"]))
    return {"freeze": figures(timed(build, 3), least, queries=len(heard.kept)), "draw": drawing}


def measure_clock(app: Flask, on: date) -> dict[str, object]:
    """Measure a day's work over everything, a new day each time, against its own reads."""
    days = iter(range(1, 100))

    def day() -> None:
        next_day = on + timedelta(days=next(days))
        at = datetime(next_day.year, next_day.month, next_day.day, 6, 30, tzinfo=UTC)
        list(clock.run_day(app.extensions["jobs"], on=next_day, at=at, now=now))

    with Statements() as heard:
        day()
    return figures(timed(day, 5), timed(bare(heard.kept), 5), queries=len(heard.kept))


def run(size: int, database_url: str | None) -> dict[str, object]:
    """Build the council and measure everything once."""
    on = today()
    folder = tempfile.mkdtemp()
    environment = {"RISKAPP_MODE": "demo", "DATA_DIR": folder, "BASE_URL": "http://localhost"}
    if database_url:
        environment["DATABASE_URL"] = database_url
    app = create_app(Settings.from_environment(environment))
    app.config["WTF_CSRF_ENABLED"] = False
    app.add_url_rule("/empty", "empty", guards.requires(Permission.SIGNED_IN)(lambda: "ok"))
    with app.app_context():
        flask_migrate.upgrade(directory=app.extensions["migrate"].directory)
        begin = time.perf_counter()
        made = council.build(size, on=on)
        print(f"Built {size:,} risks in {time.perf_counter() - begin:.1f} s on {db.engine.dialect.name}.", flush=True)
        db.session.remove()
        settle()  # as a server does once it has started; what building left behind is no part of any page
        client = _signed_in(app, made.email)
        empty = timed(lambda: client.get("/empty"))
        measured: dict[str, object] = {"empty route": {"p50_ms": round(statistics.median(empty), 2)}}
        pages = {
            "register, 100 rows": "/registers?size=100",
            "register, 100 rows, filtered and sorted": "/registers?size=100&band=very_high&sort=owner",
            "risk": f"/risks/{made.reference}",
            "overdue actions": "/actions/overdue",
            "my work": "/",
        }
        for name, url in pages.items():
            measured[name] = measure_page(client, url)
            _say(name, measured[name])
        champions = "register, 100 rows, for a champion"
        measured[champions] = measure_page(_signed_in(app, made.champion_email), pages["register, 100 rows"])
        _say(champions, measured[champions])
        measured["log a risk"] = measure_posts(_signed_in(app, made.champion_email), made, empty)
        _say("log a risk", measured["log a risk"])
        measured["daily clock"] = measure_clock(app, on)
        _say("daily clock", measured["daily clock"])
        pack = f"pack of {min(size, council.PUBLIC)} risks"
        measured[pack] = measure_pack(client, on)
        _say(pack, measured[pack])
        dialect = db.engine.dialect.name
    return {
        "risks": size,
        "database": dialect,
        "on": on.isoformat(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "measured": measured,
    }


def _signed_in(app: Flask, email: str) -> FlaskClient:
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": email, "password": council.PASSWORD})
    assert answer.status_code == 302, answer.status_code
    return client


def _say(name: str, row: object) -> None:
    print(f"  {name:<42} {json.dumps(row)}", flush=True)


def main() -> None:
    """Measure, print, and keep the figures."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--risks", type=int, default=1000)
    reader.add_argument("--database", help="an empty database; a fresh SQLite file if not said")
    reader.add_argument(
        "--keep", help="the name of the file in benchmarks/results; after database and size if not said"
    )
    asked = reader.parse_args()
    result = run(asked.risks, asked.database)
    RESULTS.mkdir(exist_ok=True)
    name = asked.keep or "{database}-{risks}".format_map(result)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"Kept in benchmarks/results/{path.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
