"""The pages of moving and leaving, and of taking a departure back; they join the pages of people."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from riskapp.domain.permissions import Permission
from riskapp.domain.refusal import Cannot
from riskapp.features.champions.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.features.choices import queries as choices
from riskapp.features.duties import queries as duties
from riskapp.features.leaving import service
from riskapp.features.leaving.forms import Asked, LeaveForm, MoveForm, ReinstateForm, with_questions
from riskapp.features.leaving.service import Answer
from riskapp.features.policy import queries as policies
from riskapp.features.staffing.forms import offer_posts
from riskapp.features.staffing.queries import PersonView
from riskapp.features.staffing.views import everybody, kept_person, somebody, told_again
from riskapp.models.database import db, transaction
from riskapp.models.people import Person, Post
from riskapp.models.staffing import Departure
from riskapp.web import guards
from riskapp.web.clock import now, today
from riskapp.web.filters import day

HOLDER = {
    "vacant": "It stays vacant, and what comes to it goes up the route",
    "successor": "A successor holds it",
    "acting": "Somebody acts in it",
}
STAND_IN = {"vacant": "Nobody does so after them", "successor": "Somebody else does so after them"}
CHAMPION = {"vacant": "The unit has no champion after them", "successor": "Somebody else is appointed"}
KEEP = {"keep": "They keep it"}


def _asked(shown: PersonView, *, is_move: bool) -> tuple[Asked, ...]:
    """Every post and appointment that lasts, and what may become of it; a mover may keep each."""
    extra, usual = (KEEP, "keep") if is_move else ({}, "vacant")
    posts = (
        Asked(
            key=f"post-{seat.tenure_id}",
            heading=seat.title,
            title=seat.title,
            choices=extra | (HOLDER if seat.capacity == "holder" else STAND_IN),
            usual=usual,
        )
        for seat in shown.seats_from(today())
    )
    units = (
        Asked(
            key=f"champion-{each.id}",
            heading=f"Risk champion of {each.unit}",
            title=f"the appointment as champion of {each.unit}",
            choices=extra | CHAMPION,
            usual=usual,
        )
        for each in shown.champions
        if not each.is_over(today())
    )
    return (*posts, *units)


def _answers(form: FlaskForm, asked: tuple[Asked, ...]) -> dict[str, Answer]:
    found = {}
    for each in asked:
        what = form[f"what-{each.key}"].data
        names = what in {"successor", "acting"}
        found[each.key] = Answer(what, somebody(form[f"who-{each.key}"]) if names else None)
    return found


@blueprint.route("/people/<int(max=2147483647):person_id>/leave", methods=["GET", "POST"])
@guards.requires(Permission.PEOPLE_KEEP)
def leave(person_id: int) -> ResponseReturnValue:
    """Let somebody go: from when, and what becomes of each post."""
    shown = kept_person(person_id)
    asked = _asked(shown, is_move=False)
    form = with_questions(LeaveForm, asked)(seen=shown.version, gone_on=today())
    if form.validate_on_submit() and form.gone_on.data and form.is_proved():
        try:
            with transaction():
                departure = service.leave(
                    db.session.get_one(Person, person_id),
                    gone_on=form.gone_on.data,
                    answers=_answers(form, asked),
                    seen=form.seen.number,
                    by=guards.actor(),
                    at=now(),
                    on=today(),
                )
        except Cannot as refusal:
            shown = told_again(form, refusal, person_id)
        else:
            is_done = departure.state == "done"
            ends = "Their access has ended." if is_done else f"Their access ends on {day(departure.leaves_on)}."
            flash(f"{ends} {'Today this' if is_done else 'Until then it'} can be taken back on this page.")
            return redirect(url_for("staffing.person", person_id=person_id))
    return _page("staffing/leave.html", form, shown, asked)


@blueprint.route("/people/<int(max=2147483647):person_id>/move", methods=["GET", "POST"])
@guards.requires(Permission.PEOPLE_KEEP)
def move(person_id: int) -> ResponseReturnValue:
    """Move somebody: from when, to which post, and what becomes of each they have."""
    shown = kept_person(person_id)
    asked = _asked(shown, is_move=True)
    form = with_questions(MoveForm, asked)(seen=shown.version, from_on=today())
    offer_posts(form.post, choices.posts(guards.actor()), "No new post")
    if form.validate_on_submit() and form.from_on.data:
        try:
            with transaction():
                service.move(
                    db.session.get_one(Person, person_id),
                    from_on=form.from_on.data,
                    post=db.session.get_one(Post, int(form.post.data)) if form.post.data else None,
                    capacity=form.capacity.data,
                    answers=_answers(form, asked),
                    seen=form.seen.number,
                    by=guards.actor(),
                    at=now(),
                    on=today(),
                )
        except Cannot as refusal:
            shown = told_again(form, refusal, person_id)
        else:
            flash(f"Moved from {day(form.from_on.data)}. Roles followed the posts.")
            return redirect(url_for("staffing.person", person_id=person_id))
    return _page("staffing/move.html", form, shown, asked)


def _page(template: str, form: FlaskForm, shown: PersonView, asked: tuple[Asked, ...]) -> ResponseReturnValue:
    posts = {seat.post_id for seat in shown.seats_from(today())}
    seats = {f"post-{seat.tenure_id}": seat for seat in shown.seats_from(today())}
    return render_template(
        template,
        form=form,
        person=shown,
        asked=asked,
        seats=seats,
        everybody=everybody(),
        pending=duties.pending(guards.actor(), shown.id, on=today()),
        hanging=duties.hanging(guards.actor(), posts, on=today()),
        clause=policies.in_force(on=today()).policy.people.leaving,
    ), 422 if form.errors else 200


@blueprint.route("/people/<int(max=2147483647):person_id>/reinstate", methods=["GET", "POST"])
@guards.requires(Permission.PEOPLE_KEEP)
def reinstate(person_id: int) -> ResponseReturnValue:
    """Take a departure back, after a look at what that gives again."""
    shown = kept_person(person_id)
    if shown.departure is None:
        abort(404)
    form = ReinstateForm(seen=shown.version)
    if form.validate_on_submit() and form.is_proved():
        try:
            with transaction():
                service.undo(
                    db.session.get_one(Departure, shown.departure.id),
                    seen=form.seen.number,
                    by=guards.actor(),
                    at=now(),
                    on=today(),
                )
        except Cannot as refusal:
            shown = told_again(form, refusal, person_id)
        else:
            flash("The departure is taken back. They have again what they had, and sign in anew.")
            return redirect(url_for("staffing.person", person_id=person_id))
    return render_template("staffing/reinstate.html", form=form, person=shown), 422 if form.errors else 200
