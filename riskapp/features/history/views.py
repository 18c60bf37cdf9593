"""The page of a risk's history: its score over time, and all that happened, by kind and by page, and as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from riskapp.domain import appetite
from riskapp.domain.geometry.score_chart import ScoreHistory
from riskapp.domain.history import Change, Kind
from riskapp.domain.permissions import Facts, Permission
from riskapp.features.history import queries
from riskapp.features.history.queries import About, Entry, Scored
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.web import csv, drawings, guards, history, levels, lists, risk_drawings
from riskapp.web.clock import today

blueprint = Blueprint("history", __name__)
PAGE = 30
ORDERS = {"-at": "latest first", "at": "earliest first"}
KINDS: Mapping[str, str] = {"": "Everything", **{kind.value: kind.label for kind in Kind}}
HEADS = ("When", "Kind", "Record", "What", "Changes", "Why and by whom")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries the address asks for, and what they are of."""

    risk: About
    facts: Facts
    scored: tuple[Scored, ...]
    kind: str
    sort: str
    entries: tuple[Entry, ...]


@blueprint.get("/risks/<reference>/history")
@guards.requires(Permission.RISK_READ)
def risk_history(reference: str) -> ResponseReturnValue:
    """Show all that happened to a risk, its plan and its escalations, as far as the reader may know of it."""
    asked, number = _asked(reference), lists.page_number()
    record_shown((asked.risk.reference,), Outlet.HISTORY, since=asked.risk.drafted_on)
    pager = lists.pager(number, PAGE, len(asked.entries))
    shown = asked.entries[pager.first - 1 : pager.last] if pager.total else ()
    return render_template(
        "history/history.html",
        risk=asked.risk,
        chart=_chart(asked),
        entries=_lines(asked, shown),
        kinds=KINDS,
        asked=asked,
        order=ORDERS[asked.sort],
        turned=lists.address(sort="at" if asked.sort == "-at" else None, page=None),
        pager=pager,
        applied=lists.applied({"kind": KINDS}),
        csv_url=lists.same_list("history.risk_history_csv"),
    )


@blueprint.get("/risks/<reference>/history.csv")
@guards.requires(Permission.RISK_READ)
def risk_history_csv(reference: str) -> Response:
    """Give all entries that the address asks for as a file."""
    asked = _asked(reference)
    record_shown((asked.risk.reference,), Outlet.HISTORY_FILE, since=asked.risk.drafted_on)
    return csv.answer(f"history-of-{asked.risk.reference}", HEADS, _cells(asked))


def _asked(reference: str) -> Asked:
    actor, on = guards.actor(), today()
    risk = queries.about(actor, reference, on=on)
    if risk is None:
        abort(404)
    facts = readers.facts(risk_id=risk.id, on=on)
    guards.allow(Permission.RISK_READ, facts)
    scored = () if "assessment" in risk.withheld else queries.scores(actor, risk_id=risk.id)
    kind, sort = request.args.get("kind", ""), request.args.get("sort", "-at")
    kind, sort = kind if kind in KINDS else "", sort if sort in ORDERS else "-at"
    entries = [each for each in queries.time_line(actor, risk, facts, scored, on=on) if kind in {"", each.kind}]
    return Asked(risk, facts, scored, kind, sort, tuple(entries if sort == "-at" else reversed(entries)))


def _lines(asked: Asked, entries: tuple[Entry, ...]) -> tuple[history.Entry, ...]:
    may_follow = guards.allows(Permission.ESCALATION_READ, asked.facts)
    linked = {"action"} | ({"escalation"} if may_follow else set())
    told = queries.told(guards.actor(), entries, policy=policies.in_force(on=today()).policy)
    return history.happenings(told, linked=set() if asked.risk.withheld else linked)


def _chart(asked: Asked) -> drawings.Drawing[ScoreHistory] | None:
    """The score over time, on a page that is about all of it."""
    held = [each for each in asked.scored if each.basis == "current" and each.state == "in_force"]
    if not held:
        return None
    policy = policies.in_force(on=today()).policy
    in_force = [(each.in_force_from, each.policy) for each in policies.since(on=held[0].effective_on)]
    limits = appetite.limits_over_time(in_force, queries.categories(guards.actor(), risk_id=asked.risk.id))
    band = levels.rating_of(policy.scoring)(held[-1].rating)
    return risk_drawings.chart(asked.scored, limits, policy, band, today())


def _cells(asked: Asked) -> Iterator[tuple[object, ...]]:
    for entry, line in zip(asked.entries, _lines(asked, asked.entries), strict=True):
        changes = "; ".join(map(_in_line, line.changes))
        yield line.on, entry.kind.label, line.reference or asked.risk.reference, line.words, changes, line.note


def _in_line(change: Change) -> str:
    """A change in one line: what was taken out stands in square brackets, what was put in between plus signs."""
    marked = {"kept": "{}", "out": "[{}]", "in": "+{}+"}
    return f"{change.label}: {' '.join(marked[piece.fate].format(piece.words) for piece in change.pieces)}"
