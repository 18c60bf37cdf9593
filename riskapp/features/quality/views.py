"""The doors of quality: the league of units, the risks with something to ask, and a reason given on the record."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.domain.policy import Policy
from riskapp.domain.quality import QualityRules, is_hopeful
from riskapp.domain.refusal import Cannot
from riskapp.features.choices import queries as choices
from riskapp.features.choices.queries import UnitChoice
from riskapp.features.policy import queries as policies
from riskapp.features.quality import queries, service
from riskapp.features.quality.forms import ReasonForm
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.risks import queries as risks
from riskapp.models.database import db, transaction
from riskapp.models.risks import Risk
from riskapp.web import csv, guards, levels, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals

blueprint = Blueprint("quality", __name__)
PAGE = 25
ORDERS = {
    "-findings": "Most to ask first",
    "findings": "Least to ask first",
    "title": "By title",
    "-title": "By title, from the end",
    "unit": "By unit",
    "-unit": "By unit, from the end",
    "owner": "By owner",
    "-owner": "By owner, from the end",
    "-score": "Highest score first",
    "score": "Lowest score first",
}
FIRST_ORDER = "-findings"
KEYS: dict[str, Callable[[queries.Reviewed], Any]] = {
    "findings": lambda row: len(row.findings),
    "title": lambda row: row.title.casefold(),
    "unit": lambda row: row.unit.casefold(),
    "owner": lambda row: row.owner.casefold(),
    "score": lambda row: row.score,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for: a unit with all below it, one check, and an order."""

    unit: UnitChoice
    check: str
    sort: str


def _asked(rules: QualityRules) -> tuple[Wanted, tuple[UnitChoice, ...]]:
    units = choices.units(guards.actor())
    mark, check = request.args.get("unit", ""), request.args.get("check", "")
    sort = request.args.get("sort", FIRST_ORDER)
    unit = next((unit for unit in units if unit.reference == mark), units[0])
    return Wanted(unit, check if check in rules.checks else "", sort if sort in ORDERS else FIRST_ORDER), units


def _rules() -> tuple[Policy, QualityRules, date]:
    on = today()
    policy = policies.in_force(on=on).policy
    if policy.quality is None:
        abort(404)
    return policy, policy.quality, on


def _league(policy: Policy, wanted: Wanted, on: date) -> queries.League:
    rows = queries.reviewed(guards.actor(), policy, on=on, unit_path=wanted.unit.path)
    return queries.league(guards.actor(), rows, under=wanted.unit.path, whole=wanted.unit.name)


@blueprint.get("/quality")
@guards.requires(Permission.SIGNED_IN)
def quality() -> ResponseReturnValue:
    """Show how well registers are kept, unit beside unit, and how forecasts came out."""
    policy, rules, on = _rules()
    wanted, units = _asked(rules)
    outturns = queries.outturns(guards.actor(), on=on)
    return render_template(
        "quality/quality.html",
        rules=rules,
        wanted=wanted,
        units=[(unit.reference, unit.indented) for unit in units],
        league=_league(policy, wanted, on),
        outturns=[(unit, each, is_hopeful(rules, each)) for unit, each in outturns.items()],
        csv_url=lists.same_list("quality.quality_csv"),
    )


@blueprint.get("/quality.csv")
@guards.requires(Permission.SIGNED_IN)
def quality_csv() -> Response:
    """Give the league as a file: a row for each unit, a column for each check."""
    policy, rules, on = _rules()
    wanted, _units = _asked(rules)
    league = _league(policy, wanted, on)
    heads = ("Unit", "Open risks", "Well kept", "Well kept in 100", *(check.label for check in rules.checks.values()))
    return csv.answer(
        "register-quality",
        heads,
        (
            (unit.name, unit.risks, unit.well_kept, unit.share, *(unit.counts.get(key, 0) for key in rules.checks))
            for unit in (*league.units, league.whole)
        ),
    )


def _found(policy: Policy, wanted: Wanted, on: date) -> list[queries.Reviewed]:
    rows = queries.reviewed(guards.actor(), policy, on=on, unit_path=wanted.unit.path)
    key = KEYS[wanted.sort.removeprefix("-")]
    found = [
        row for row in rows
        if any(wanted.check in ("", finding.check.key) for finding in row.findings)
    ]  # fmt: skip
    return sorted(found, key=key, reverse=wanted.sort.startswith("-"))


@blueprint.get("/quality/risks")
@guards.requires(Permission.SIGNED_IN)
def asked() -> ResponseReturnValue:
    """List the risks with something to ask, and what."""
    policy, rules, on = _rules()
    wanted, units = _asked(rules)
    found = _found(policy, wanted, on)
    pager = lists.pager(lists.page_number(), PAGE, len(found))
    rows = found[max(pager.first - 1, 0) : pager.last]
    record_shown((row.reference for row in rows), Outlet.QUALITY)
    labels = {key: check.label for key, check in rules.checks.items()}
    return render_template(
        "quality/asked.html",
        rules=rules,
        wanted=wanted,
        units=[(unit.reference, unit.indented) for unit in units],
        checks=[("", "Any check"), *labels.items()],
        rows=rows,
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("title", "Risk", chosen=wanted.sort),
            lists.sorting("score", "Score", chosen=wanted.sort),
            lists.sorting("unit", "Unit", chosen=wanted.sort),
            lists.sorting("owner", "Owner", chosen=wanted.sort),
            lists.sorting("findings", "What to ask", chosen=wanted.sort),
        ),
        pager=pager,
        applied=lists.applied({"unit": {unit.reference: unit.name for unit in units}, "check": labels}),
        csv_url=lists.same_list("quality.asked_csv"),
        rating_of={
            kind: levels.rating_of(levels.scheme_of(policy, kind)) for kind in ("threat", "opportunity")
        },
    )  # fmt: skip


@blueprint.get("/quality/risks.csv")
@guards.requires(Permission.SIGNED_IN)
def asked_csv() -> Response:
    """Give the list on screen as a file, a row for each question."""
    policy, rules, on = _rules()
    wanted, _units = _asked(rules)
    heads = ("Reference", "Title", "Unit", "Owner", "Current score", "Check", "What to ask", "Clause")
    rows = _found(policy, wanted, on)
    record_shown((row.reference for row in rows), Outlet.QUALITY_FILE)
    return csv.answer("risks-to-ask-about", heads, _cells(rows, wanted))


def _cells(rows: list[queries.Reviewed], wanted: Wanted) -> Iterator[tuple[object, ...]]:
    for row in rows:
        for finding in row.findings:
            if wanted.check in ("", finding.check.key):
                check = finding.check
                yield (
                    row.reference, row.title, row.unit, row.owner, row.score, check.label, finding.words,
                    check.clause.ref,
                )  # fmt: skip


@blueprint.route("/risks/<reference>/quality/<check>", methods=["GET", "POST"])
@guards.requires(Permission.RISK_SCORE)
def explain(reference: str, check: str) -> ResponseReturnValue:
    """Give a reason why a risk is right as it is, where the policy takes one."""
    _policy, rules, on = _rules()
    page, asked_for = risks.risk(guards.actor(), reference, on=on), rules.checks.get(check)
    if page is None or page.withheld or asked_for is None or not asked_for.takes_a_reason:
        abort(404)
    facts = readers.facts(risk_id=page.row.id, on=on)
    guards.allow(Permission.RISK_SCORE, facts)
    if facts.is_exempt:
        record_shown((page.reference,), Outlet.RISK)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                row = db.session.get_one(Risk, page.row.id)
                service.explain(row, asked_for, why=form.why.data or "", by=guards.actor(), at=now())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("The reason is on the record. It holds until one of the scores moves.")
            return redirect(url_for("risks.risk", reference=reference))
    return render_template("quality/explain.html", page=page, check=asked_for, form=form), 422 if form.errors else 200
