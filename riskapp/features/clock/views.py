"""The clock as a page, and what a monitor asks: does the process answer, and can work be done."""

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from riskapp.domain.permissions import Permission
from riskapp.features.clock import queries
from riskapp.features.reminders import queries as reminders
from riskapp.models.database import is_migrated
from riskapp.web import csv, guards, lists, logs
from riskapp.web.clock import now

blueprint = Blueprint("clock", __name__)


@blueprint.get("/health")
@guards.requires(Permission.PUBLIC)
def health() -> ResponseReturnValue:
    """Answer that this process answers: one that does not is to be started again."""
    return jsonify(status="ok")


@blueprint.get("/ready")
@guards.requires(Permission.PUBLIC)
def ready() -> ResponseReturnValue:
    """Answer whether work can be done here: the database answers, its tables are of this version, the clock runs.

    A stranger learns yes or no; the reason for a no is in the log.
    """
    try:
        reason = _why_not_ready()
    except SQLAlchemyError as failure:
        logs.fault("not ready", failure)
        reason = "database"
    if reason is None:
        return jsonify(status="ready")
    logs.warn("not ready", reason=reason)
    return jsonify(status="not ready"), 503


def _why_not_ready() -> str | None:
    if not is_migrated(current_app.extensions["migrate"].directory):
        return "migrations"
    state = queries.health(at=now())
    is_waiting_for_its_first_day = state.state == "never ran" and state.is_held
    return None if state.state == "on time" or is_waiting_for_its_first_day else "clock"


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
