"""The doors of the watch list."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from riskapp.domain.life import EMERGING_STATES
from riskapp.domain.permissions import Facts, Permission, may_anywhere
from riskapp.domain.refusal import Cannot
from riskapp.features.choices import queries as choices
from riskapp.features.choices.queries import NEVER_OWN
from riskapp.features.emerging import queries, service
from riskapp.features.emerging.forms import DropForm, LookForm, WatchForm
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.models.database import db, once, transaction
from riskapp.models.emerging import EmergingRisk
from riskapp.web import csv, guards, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals

blueprint = Blueprint("emerging", __name__)
OVERTAKEN = "Somebody else changed it after you loaded the page. Read what it says now, then send yours again"
STATES = {"": "Watched", "due": "To be looked at, overdue", "promoted": "Logged as a risk", "dropped": "Dropped"}
STATES["all"] = "Any state"
ORDERS = {
    "look": "What is to be looked at first comes first",
    "-look": "What is to be looked at last comes first",
    "title": "By title",
    "-title": "By title, from the end",
    "watcher": "By who watches",
    "-watcher": "By who watches, from the end",
    "unit": "By unit",
    "-unit": "By unit, from the end",
}
HEADS = (
    "Title", "Why it matters", "Unit", "Watched by", "Since", "Next look", "State", "Risk", "Ended on", "Why",
)  # fmt: skip


@blueprint.get("/watch-list")
@guards.requires(Permission.SIGNED_IN)
def emerging() -> ResponseReturnValue:
    """List what is watched, of all that the reader may read."""
    wanted, number, actor = _wanted(), lists.page_number(), guards.actor()
    rows, total = queries.emerging(actor, wanted, on=today(), page=number)
    record_shown((row.risk_reference for row in rows), Outlet.SIMILAR)
    units = [(unit.reference, unit.indented) for unit in choices.units(actor)]
    return render_template(
        "emerging/emerging.html",
        rows=rows,
        wanted=wanted,
        states=STATES,
        units=units,
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("title", "What may become a risk", chosen=wanted.sort),
            lists.sorting("unit", "Unit", chosen=wanted.sort),
            lists.sorting("watcher", "Watched by", chosen=wanted.sort),
            lists.sorting("look", "Next look", chosen=wanted.sort),
            "State",
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"state": STATES, "unit": {key: name.strip() for key, name in units}, "q": None}),
        csv_url=lists.same_list("emerging.emerging_csv"),
        may_watch=bool(_units()),
        rules=policies.in_force(on=today()).policy.life,
    )


@blueprint.get("/watch-list.csv")
@guards.requires(Permission.SIGNED_IN)
def emerging_csv() -> ResponseReturnValue:
    """Give the list on screen as a file."""
    rows, _total = queries.emerging(guards.actor(), _wanted(), on=today(), size=csv.MOST_ROWS)
    record_shown((row.risk_reference for row in rows), Outlet.SIMILAR)
    return csv.answer(
        "watch-list",
        HEADS,
        (
            (
                row.title, row.why, row.unit, row.watcher, row.added_on, row.look_on, row.state_words,
                row.risk_reference, row.ended_on, row.ended_why,
            )
            for row in rows
        ),
    )  # fmt: skip


def _wanted() -> queries.Wanted:
    asked = request.args
    state, sort = asked.get("state") or "watched", asked.get("sort", "look")
    return queries.Wanted(
        state=state if state in {*EMERGING_STATES, "due", "all"} else "watched",
        unit=asked.get("unit", ""),
        words=asked.get("q", "").strip()[:100],
        sort=sort if sort in ORDERS else "look",
    )


def _units() -> tuple[choices.UnitChoice, ...]:
    return choices.own_units(guards.actor()) if may_anywhere(guards.actor(), Permission.RISK_DRAFT) else ()


@blueprint.route("/watch-list/new", methods=["GET", "POST"])
@guards.requires(Permission.EMERGING_KEEP)
def watch() -> ResponseReturnValue:
    """Put something on the watch list."""
    actor, units = guards.actor(), _units()
    if not units:
        abort(404)
    form = WatchForm()
    paths = {str(unit.id): unit.path for unit in units}
    form.unit.choices = {"": "Choose one"} | {str(unit.id): unit.indented for unit in units}
    posts = [post for post in choices.posts(actor) if post.kind not in set(NEVER_OWN) - {"risk_champion"}]
    form.watcher.choices = {"": "Choose one"} | {str(post.id): post.title for post in posts}
    if request.method == "GET":
        form.key.data = uuid.uuid4().hex
        form.unit.data = str(units[0].id) if len(units) == 1 else ""
        form.watcher.data = str(actor.post.post_id) if actor.post else ""
    if form.validate_on_submit():
        guards.allow(Permission.EMERGING_KEEP, Facts(unit_path=paths[form.unit.data]))
        try:
            made = once(lambda: service.watch(form.new(), **_when()))
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("It is on the watch list.")
            return redirect(url_for(".one", key=made.key))
    rules = policies.in_force(on=today()).policy.life
    return render_template("emerging/watch.html", form=form, rules=rules), 422 if form.errors else 200


@blueprint.get("/watch-list/<key>")
@guards.requires(Permission.EMERGING_READ)
def one(key: str) -> ResponseReturnValue:
    """Show what is watched, with every look at it."""
    return _page(_found(key, Permission.EMERGING_READ))


@blueprint.post("/watch-list/<key>/look")
@guards.requires(Permission.EMERGING_KEEP)
def look(key: str) -> ResponseReturnValue:
    """Record a look at it."""
    form = LookForm()

    def deed(row: EmergingRisk) -> None:
        service.look(row, note=form.note.data or "", look_on=form.look_on.data, **_when())

    return _do(key, form, deed, "The look is recorded.")


@blueprint.post("/watch-list/<key>/drop")
@guards.requires(Permission.EMERGING_KEEP)
def drop(key: str) -> ResponseReturnValue:
    """Take it off the watch list with a reason."""
    form = DropForm()

    def deed(row: EmergingRisk) -> None:
        service.drop(row, why=form.why.data or "", **_when())

    return _do(key, form, deed, "It is off the watch list. The reason is kept.")


def _do(key: str, form: FlaskForm, deed: Callable[[EmergingRisk], None], said: str) -> ResponseReturnValue:
    found = _found(key, Permission.EMERGING_KEEP)
    if form.validate_on_submit():
        if form.seen.number != found.version:
            form.form_errors.append(OVERTAKEN)
            form.seen.data = str(found.version)
        else:
            try:
                with transaction():
                    deed(db.session.get_one(EmergingRisk, found.id))
            except Cannot as refusal:
                show_refusals(form, refusal)
            else:
                flash(said)
                return redirect(url_for(".one", key=key))
    return _page(found, form), 422


def _found(key: str, permission: Permission) -> queries.Shown:
    """Find a line of the watch list for a deed: not there, not readable and not allowed are one answer."""
    found = queries.one(guards.actor(), key, on=today())
    if found is None:
        abort(404)
    guards.allow(permission, found.facts)
    record_shown((found.risk_reference,), Outlet.SIMILAR)
    return found


def _page(found: queries.Shown, refused: FlaskForm | None = None) -> str:
    forms: dict[str, FlaskForm] = {
        "look": LookForm(formdata=None, seen=str(found.version)),
        "drop": DropForm(formdata=None, seen=str(found.version)),
    }
    if refused is not None:
        forms["look" if isinstance(refused, LookForm) else "drop"] = refused
    for name, form in forms.items():
        for field in form:
            field.id = f"{name}-{field.name}"
    return render_template(
        "emerging/one.html",
        found=found,
        looks=queries.looks(guards.actor(), found.id),
        forms=forms,
        refused=refused,
        keeps=found.state == "watched" and guards.allows(Permission.EMERGING_KEEP, found.facts),
        may_log=guards.allows(Permission.RISK_DRAFT, found.facts),
        rules=policies.in_force(on=today()).policy.life,
    )


def _when() -> dict[str, Any]:
    return {"by": guards.actor(), "at": now(), "on": today()}
