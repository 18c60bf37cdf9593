"""The pages of risk champions; they join the pages of people."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Facts, Permission
from riskapp.domain.refusal import Cannot
from riskapp.domain.staffing import Span
from riskapp.features.champions import queries, service
from riskapp.features.champions.forms import AppointForm, EndForm, TrainingForm
from riskapp.features.champions.queries import Wanted
from riskapp.features.choices import queries as choices
from riskapp.features.policy import queries as policies
from riskapp.features.staffing.views import allow_somewhere, everybody, somebody
from riskapp.features.staffing.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.models.champions import ChampionAppointment
from riskapp.models.database import db, transaction
from riskapp.models.people import Person, Unit
from riskapp.web import csv, guards, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import day

PAGE = 50
ORDERS = {
    "unit": "By unit",
    "-unit": "By unit, from the end",
    "champion": "By champion, then unit",
    "-champion": "By champion, from the end, then unit",
    "due": "The soonest training first, then by unit",
    "-due": "The latest training first, then by unit",
}


def _wanted() -> Wanted:
    asked = request.args
    state, sort = asked.get("state", ""), asked.get("sort", "unit")
    return Wanted(
        words=tuple(asked.get("q", "").split()[:10]),
        state=state if state in queries.STATES else "",
        sort=sort if sort in ORDERS else "unit",
    )


@blueprint.get("/people/champions")
@guards.requires(Permission.PEOPLE_READ)
def champions() -> ResponseReturnValue:
    """List each team's champion and the training that is due; a team without one says so."""
    allow_somewhere(Permission.PEOPLE_READ)
    wanted, number, on = _wanted(), lists.page_number(), today()
    rows = queries.rows(guards.actor(), wanted, on=on)
    everything = queries.rows(guards.actor(), Wanted(), on=on)
    first = (number - 1) * PAGE
    rules = policies.in_force(on=on).policy.people
    return render_template(
        "staffing/champions.html",
        rows=rows[first : first + PAGE],
        wanted=wanted,
        states=queries.STATES,
        counts={state: sum(row.state(on) == state for row in everything) for state in ("none", "overdue")},
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("unit", "Unit", chosen=wanted.sort),
            lists.sorting("champion", "Champion", chosen=wanted.sort),
            "Trained",
            lists.sorting("due", "Training due", chosen=wanted.sort),
            lists.Head("Do", hidden=True),
        ),
        pager=lists.pager(number, PAGE, len(rows)),
        applied=lists.applied({"q": None, "state": queries.STATES}),
        csv_url=lists.same_list("staffing.champions_csv"),
        keeps={row.unit_id for row in rows if guards.allows(Permission.CHAMPION_KEEP, Facts(unit_path=row.path))},
        rules=rules,
    )


@blueprint.get("/people/champions.csv")
@guards.requires(Permission.PEOPLE_READ)
def champions_csv() -> ResponseReturnValue:
    """Give the list on screen as a file."""
    allow_somewhere(Permission.PEOPLE_READ)
    on = today()
    return csv.answer(
        "risk-champions",
        ("Unit", "Reference", "Champion", "From", "Until", "Trained", "Training due", "State"),
        (
            (
                row.unit, row.unit_reference, row.email, row.from_on, row.to_on, row.trained_on, row.due_on,
                queries.STATES[row.state(on)],
            )
            for row in queries.rows(guards.actor(), _wanted(), on=on)
        ),
    )  # fmt: skip


@blueprint.route("/people/champions/appoint", methods=["GET", "POST"])
@guards.requires(Permission.CHAMPION_KEEP)
def appoint() -> ResponseReturnValue:
    """Appoint the champion of a unit."""
    kept = {
        unit.reference: unit
        for unit in choices.units(guards.actor())
        if guards.allows(Permission.CHAMPION_KEEP, Facts(unit_path=unit.path))
    }
    if not kept:
        abort(404)
    form = AppointForm(unit=request.args.get("unit", ""), from_on=today())
    form.unit.choices = {"": "Choose a unit", **{reference: unit.indented for reference, unit in kept.items()}}
    if form.validate_on_submit():
        unit = kept[form.unit.data]
        try:
            with transaction():
                service.appoint(
                    somebody(form.email, needed=True),
                    db.session.get_one(Unit, unit.id),
                    days=Span(form.from_on.data or today(), form.to_on.data),
                    by=guards.actor(),
                    at=now(),
                )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"{unit.name} has a risk champion from {day(form.from_on.data)}. The role came with the appointment.")
            return redirect(url_for("staffing.champions"))
    clause = policies.in_force(on=today()).policy.people.champions
    page = render_template("staffing/appoint.html", form=form, everybody=everybody(), clause=clause)
    return page, 422 if form.errors else 200


def _appointment(appointment_id: int) -> tuple[ChampionAppointment, str, str]:
    """The appointment of an address with the unit's name and the person's address, for whoever keeps the unit's."""
    found = queries.appointment(guards.actor(), appointment_id)
    if found is None:
        abort(404)
    given, unit, path, email = found
    guards.allow(Permission.CHAMPION_KEEP, Facts(unit_path=path))
    return given, unit, email


@blueprint.route("/people/champions/<int(max=2147483647):appointment_id>/training", methods=["GET", "POST"])
@guards.requires(Permission.CHAMPION_KEEP)
def train(appointment_id: int) -> ResponseReturnValue:
    """Record a training of a champion's."""
    given, unit, email = _appointment(appointment_id)
    form = TrainingForm()
    if form.validate_on_submit() and form.trained_on.data:
        try:
            with transaction():
                made = service.record_training(
                    db.session.get_one(Person, given.person_id),
                    trained_on=form.trained_on.data,
                    note=form.note.data or "",
                    by=guards.actor(),
                    at=now(),
                    on=today(),
                )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(
                "The training is on the record." + (f" The next is due by {day(made.next_on)}." if made.next_on else "")
            )
            return redirect(url_for("staffing.champions"))
    clause = policies.in_force(on=today()).policy.people.training
    page = render_template("staffing/training.html", form=form, unit=unit, email=email, clause=clause)
    return page, 422 if form.errors else 200


@blueprint.route("/people/champions/<int(max=2147483647):appointment_id>/end", methods=["GET", "POST"])
@guards.requires(Permission.CHAMPION_KEEP)
def end(appointment_id: int) -> ResponseReturnValue:
    """End an appointment, after a look at what that means."""
    given, unit, email = _appointment(appointment_id)
    form = EndForm()
    if form.validate_on_submit():
        try:
            with transaction():
                service.end_by(given, on=today(), by=guards.actor(), at=now())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"The appointment is ended, and the role with it. {unit} may need another champion.")
            return redirect(url_for("staffing.champions"))
    page = render_template("staffing/end_appointment.html", form=form, unit=unit, email=email)
    return page, 422 if form.errors else 200
