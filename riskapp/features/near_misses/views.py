"""The doors of near misses: telling of one, the list, and what is made of one."""

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.life import NEAR_MISS_STATES
from riskapp.domain.permissions import Permission, may_anywhere
from riskapp.domain.refusal import Cannot
from riskapp.features.choices import queries as choices
from riskapp.features.near_misses import queries, service
from riskapp.features.near_misses.forms import LeaveForm, LinkForm, TellForm
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.models.database import once, transaction
from riskapp.web import csv, guards, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals

blueprint = Blueprint("near_misses", __name__)
STATES = {"": NEAR_MISS_STATES["new"], **NEAR_MISS_STATES, "all": "Any state"}
del STATES["new"]
ORDERS = {
    "happened": "The oldest first",
    "-happened": "The newest first",
    "what": "By what nearly happened",
    "-what": "By what nearly happened, from the end",
    "unit": "By where it was",
    "-unit": "By where it was, from the end",
}
HEADS = ("What nearly happened", "Where", "When", "What stopped it", "Told on", "State", "Risk", "Settled on", "Why")


@blueprint.route("/near-misses/new", methods=["GET", "POST"])
@guards.requires(Permission.NEAR_MISS_TELL)
def tell() -> ResponseReturnValue:
    """Tell of a near miss; whoever told lands where they came from, since most may read none."""
    actor, form, on = guards.actor(), TellForm(), today()
    units = choices.units(actor)
    form.unit.choices = {"": "Choose one"} | {str(unit.id): unit.indented for unit in units}
    if request.method == "GET":
        form.key.data, form.happened_on.data = uuid.uuid4().hex, on
        mine = choices.own_units(actor)
        form.unit.data = str(mine[0].id) if len(mine) < len(units) and mine else ""
    if form.validate_on_submit():
        try:
            once(lambda: service.tell(form.new(), **_when()))
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("Thank you. Those who keep the register there will look at it, and your name is not with it.")
            return redirect(url_for("work.my_work"))
    rules = policies.in_force(on=on).policy.life
    return render_template("near_misses/tell.html", form=form, rules=rules), 422 if form.errors else 200


@blueprint.get("/near-misses")
@guards.requires(Permission.SIGNED_IN)
def near_misses() -> ResponseReturnValue:
    """List the near misses that the reader may read."""
    wanted, number = _wanted(), lists.page_number()
    rows, total = queries.near_misses(guards.actor(), wanted, on=today(), page=number)
    record_shown((row.risk_reference for row in rows), Outlet.SIMILAR)
    units = [(unit.reference, unit.indented) for unit in choices.units(guards.actor())]
    return render_template(
        "near_misses/near_misses.html",
        rows=rows,
        wanted=wanted,
        states=STATES,
        units=units,
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("what", "What nearly happened", chosen=wanted.sort),
            lists.sorting("unit", "Where", chosen=wanted.sort),
            lists.sorting("happened", "When", chosen=wanted.sort),
            "State",
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"state": STATES, "unit": {key: name.strip() for key, name in units}, "q": None}),
        csv_url=lists.same_list("near_misses.near_misses_csv"),
        keeps=may_anywhere(guards.actor(), Permission.NEAR_MISS_READ),
    )


@blueprint.get("/near-misses.csv")
@guards.requires(Permission.SIGNED_IN)
def near_misses_csv() -> ResponseReturnValue:
    """Give the list on screen as a file."""
    rows, _total = queries.near_misses(guards.actor(), _wanted(), on=today(), size=csv.MOST_ROWS)
    record_shown((row.risk_reference for row in rows), Outlet.SIMILAR)
    return csv.answer(
        "near-misses",
        HEADS,
        (
            (
                row.what, row.unit, row.happened_on, row.stopped_by, row.told_on, row.state_words, row.risk_reference,
                row.settled_on, row.settled_why,
            )
            for row in rows
        ),
    )  # fmt: skip


def _wanted() -> queries.Wanted:
    asked = request.args
    state, sort = asked.get("state") or "new", asked.get("sort", "-happened")
    return queries.Wanted(
        state=state if state in NEAR_MISS_STATES or state == "all" else "new",
        unit=asked.get("unit", ""),
        words=asked.get("q", "").strip()[:100],
        sort=sort if sort in ORDERS else "-happened",
    )


@blueprint.get("/near-misses/<key>")
@guards.requires(Permission.NEAR_MISS_READ)
def near_miss(key: str) -> ResponseReturnValue:
    """Show a near miss, with what can be made of it."""
    return _page(_found(key, Permission.NEAR_MISS_READ), LinkForm(formdata=None), LeaveForm(formdata=None))


@blueprint.post("/near-misses/<key>/link")
@guards.requires(Permission.NEAR_MISS_SETTLE)
def link(key: str) -> ResponseReturnValue:
    """Link a near miss to a risk."""
    found, form = _found(key, Permission.NEAR_MISS_SETTLE), LinkForm()
    if form.validate_on_submit():
        try:
            with transaction():
                service.link(found.id, reference=form.risk.data or "", **_when())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("It is linked, and the history of the risk says so.")
            return redirect(url_for(".near_miss", key=key))
    return _page(found, form, LeaveForm(formdata=None)), 422


@blueprint.post("/near-misses/<key>/leave")
@guards.requires(Permission.NEAR_MISS_SETTLE)
def leave(key: str) -> ResponseReturnValue:
    """Say why nothing more is done about a near miss."""
    found, form = _found(key, Permission.NEAR_MISS_SETTLE), LeaveForm()
    if form.validate_on_submit():
        try:
            with transaction():
                service.leave(found.id, why=form.why.data or "", **_when())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("It is on the record why nothing more is done.")
            return redirect(url_for(".near_miss", key=key))
    return _page(found, LinkForm(formdata=None), form), 422


def _found(key: str, permission: Permission) -> queries.Shown:
    """Find a near miss for a deed: not there, not readable and not allowed are one answer."""
    found = queries.near_miss(guards.actor(), key, on=today())
    if found is None:
        abort(404)
    guards.allow(permission, found.facts)
    record_shown((found.risk_reference,), Outlet.SIMILAR)
    return found


def _page(found: queries.Shown, link_form: LinkForm, leave_form: LeaveForm) -> str:
    return render_template(
        "near_misses/near_miss.html",
        found=found,
        link_form=link_form,
        leave_form=leave_form,
        refused=next((form for form in (link_form, leave_form) if form.errors), None),
        settles=found.state == "new" and guards.allows(Permission.NEAR_MISS_SETTLE, found.facts),
        may_log=guards.allows(Permission.RISK_DRAFT, found.facts),
        rules=policies.in_force(on=today()).policy.life,
    )


def _when() -> dict[str, Any]:
    return {"by": guards.actor(), "at": now(), "on": today()}
