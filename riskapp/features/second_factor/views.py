"""The pages for setting up, removing and resetting a second factor."""

from flask import Blueprint, abort, current_app, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.domain.refusal import Cannot
from riskapp.features.accounts import queries as accounts
from riskapp.features.second_factor import forms, queries, service
from riskapp.models.database import once, transaction
from riskapp.web import guards, sessions
from riskapp.web.clock import now
from riskapp.web.errors import show_refusals

blueprint = Blueprint("second_factor", __name__)


@blueprint.route("/account/second-factor", methods=["GET", "POST"])
@guards.requires(Permission.SIGNED_IN, is_to_wait_at=True)
def enrol() -> ResponseReturnValue:
    """Show a new key as squares and as letters, and let it count once its first code is entered."""
    by, at, form, cipher = guards.whoever_waits(), now(), forms.EnrolForm(), current_app.extensions["cipher"]
    if accounts.has_second_factor(by.person_id or 0):
        return redirect(url_for("accounts.account"))
    once(lambda: service.begin(cipher=cipher, by=by, at=at))
    if form.validate_on_submit() and form.is_proved():
        try:
            with transaction():
                token, made = service.confirm(
                    form.code.data or "", token=sessions.token(), browser=sessions.browser(),
                    cipher=cipher, by=by, at=at,
                )  # fmt: skip
        except service.CannotSetUp as refusal:
            show_refusals(form, refusal)
        else:
            wanted = sessions.wanted_page()
            session.clear()
            page = render_template(
                "second_factor/codes.html", codes=made, goes_on=wanted or url_for("accounts.account")
            )
            return sessions.start(current_app.make_response(page), token)
    return render_template(
        "second_factor/enrol.html",
        form=form,
        shown=queries.being_set_up(by, cipher=cipher),
        rules=accounts.rules(at=at),
        is_waiting=guards.is_waiting(),
    )


@blueprint.route("/account/second-factor/codes", methods=["GET", "POST"])
@guards.requires(Permission.SIGNED_IN)
def new_codes() -> ResponseReturnValue:
    """Make new recovery codes and show them once."""
    by, form = guards.actor(), forms.AgainForm()
    if form.validate_on_submit() and form.is_proved():
        try:
            with transaction():
                made = service.make_codes_anew(by=by, at=now())
        except service.CannotSetUp as refusal:
            show_refusals(form, refusal)
        else:
            return render_template("second_factor/codes.html", codes=made, goes_on=url_for("accounts.account"))
    return render_template("second_factor/new_codes.html", form=form, left=accounts.recovery_codes_left(by))


@blueprint.route("/account/second-factor/remove", methods=["GET", "POST"])
@guards.requires(Permission.SIGNED_IN)
def remove() -> ResponseReturnValue:
    """Remove one's own second factor; the password is always asked again."""
    by, form, settings = guards.actor(), forms.RemoveForm(), current_app.extensions["settings"]
    if form.validate_on_submit():
        password = form.password.data or ""
        try:
            current_app.extensions["prove"](password)
            with transaction():
                service.remove(
                    password_length=len(password), token=sessions.token(),
                    is_demanded=settings.demands_second_factor, by=by, at=now(),
                )  # fmt: skip
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("Your second factor is removed, and every other session of yours is ended.")
            return redirect(url_for("accounts.account"))
    return render_template("second_factor/remove.html", form=form)


@blueprint.route("/people/<int(max=2147483647):person_id>/second-factor", methods=["GET", "POST"])
@guards.requires(Permission.PEOPLE_KEEP)
def reset(person_id: int) -> ResponseReturnValue:
    """Take away the second factor of somebody who lost it."""
    guards.allow(Permission.PEOPLE_KEEP)
    other = queries.other(guards.actor(), person_id) or abort(404)
    form = forms.ResetForm()
    if form.validate_on_submit() and form.is_proved():
        try:
            with transaction():
                service.reset(person_id, reason=form.reason.data or "", by=guards.actor(), at=now())
        except service.CannotRemove as refusal:
            show_refusals(form, refusal)
        else:
            flash("It is reset. They are signed out everywhere, and told by e-mail.")
            return redirect(url_for("staffing.person", person_id=person_id))
    return render_template("second_factor/reset.html", form=form, other=other)
