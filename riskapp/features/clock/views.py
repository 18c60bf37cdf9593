"""The clock as a page, and as a line that a monitor reads."""

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.features.clock import queries
from riskapp.features.reminders import queries as reminders
from riskapp.web import csv, guards, lists
from riskapp.web.clock import now

blueprint = Blueprint("clock", __name__)


@blueprint.get("/health")
@guards.requires(Permission.PUBLIC)
def health() -> ResponseReturnValue:
    """Answer that the database answers, and whether the clock is late; nothing that a stranger could use."""
    state = queries.health(at=now()).state
    return jsonify(status="ok", clock=state)


@blueprint.get("/clock")
@guards.requires(Permission.CLOCK_READ)
def clock() -> ResponseReturnValue:
    """Show what each job did last, what comes next, and every run."""
    guards.allow(Permission.CLOCK_READ)
    number, only_failed = lists.page_number(), request.args.get("failed") == "yes"
    runs, total = queries.runs(guards.actor(), page=number, only_failed=only_failed)
    return render_template(
        "clock/clock.html",
        health=queries.health(at=now()),
        last_runs=queries.last_runs(guards.actor()),
        runs=runs,
        pager=lists.pager(number, queries.PAGE, total),
        only_failed=only_failed,
        mail=reminders.counts(guards.actor()),
        csv_url=lists.same_list("clock.clock_csv"),
    )


@blueprint.get("/clock.csv")
@guards.requires(Permission.CLOCK_READ)
def clock_csv() -> Response:
    """Give the runs on screen as a file."""
    guards.allow(Permission.CLOCK_READ)
    runs, _total = queries.runs(
        guards.actor(), page=1, only_failed=request.args.get("failed") == "yes", size=csv.MOST_ROWS
    )
    heads = ("Job", "For", "Started", "Seconds", "Found", "Queued", "Failed", "Detail")
    return csv.answer(
        "clock",
        heads,
        ((r.words, r.for_on, r.started_at, r.seconds, r.found, r.queued, r.failed, r.detail) for r in runs),
    )
