"""The pages for a forgotten password, for choosing one by a link, and for changing it."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.domain.refusal import Cannot
from riskapp.domain.signing_in import CannotChoose
from riskapp.features.accounts import queries as accounts
from riskapp.features.passwords import queries, service
from riskapp.features.passwords.forms import AskForm, ChangeForm, ChooseForm
from riskapp.models.database import transaction
from riskapp.web import guards, sessions
from riskapp.web.clock import now
from riskapp.web.errors import show_refusals

blueprint = Blueprint("passwords", __name__)
KEY = "password link"


@blueprint.route("/forgotten-password", methods=["GET", "POST"])
@guards.requires(Permission.PUBLIC)
def forgotten() -> ResponseReturnValue:
    """Take down who wants a link; what is said, and how long it takes, is the same for every address."""
    form = AskForm()
    if form.validate_on_submit():
        try:
            with transaction():
                service.ask_for_link(email=form.email.data or "", network=sessions.network(), at=now())
        except service.CannotAsk as refusal:
            show_refusals(form, refusal)
        else:
            return render_template("passwords/asked.html", rules=accounts.rules(at=now()))
    return render_template("passwords/forgotten.html", form=form)


@blueprint.route("/choose-password", methods=["GET", "POST"])
@guards.requires(Permission.PUBLIC)
def choose() -> ResponseReturnValue:
    """Choose a password by a link: its key leaves the address at once, so that no history or log of a page keeps it."""
    if "key" in request.args:
        session[KEY] = request.args["key"][:200]
        return redirect(url_for("passwords.choose"))
    at, key = now(), str(session.get(KEY, ""))
    person = queries.person_of_link(guards.actor(), key, at=at)
    if person is None:
        return render_template("passwords/no_link.html"), 200
    form = ChooseForm()
    if form.validate_on_submit():
        try:
            with transaction():
                service.choose_by_link(key, form.password.data or "", at=at, **_refused())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            session.pop(KEY, None)
            flash("Your password is kept. Sign in with it.")
            return redirect(url_for("accounts.sign_in", email=person.email))
    return render_template(
        "passwords/choose.html", form=form, email=person.email, least=queries.least_length(person, at=at)
    )


@blueprint.route("/account/password", methods=["GET", "POST"])
@guards.requires(Permission.SIGNED_IN)
def change() -> ResponseReturnValue:
    """Change one's own password, which asks for the old one."""
    at, actor, form = now(), guards.actor(), ChangeForm()
    if form.validate_on_submit() and _is_old(form):
        try:
            with transaction():
                service.change(form.password.data or "", token=sessions.token(), by=actor, at=at, **_refused())
        except CannotChoose as refusal:
            show_refusals(form, refusal)
        else:
            flash("Your password is changed, and every other session of yours is ended.")
            return redirect(url_for("accounts.account"))
    rules = accounts.rules(at=at)
    has = accounts.has_second_factor(actor.person_id or 0)
    least = rules.least_with_second_factor if has else rules.least
    return render_template("passwords/change.html", form=form, email=accounts.address_of(actor), least=least)


def _is_old(form: ChangeForm) -> bool:
    try:
        current_app.extensions["prove"](form.old.data or "")
    except Cannot as refusal:
        show_refusals(form, type(refusal)(*(replace(reason, field="old") for reason in refusal.refusals)))
        return False
    return True


def _refused() -> dict[str, Any]:
    """What no password may be made of or stand in."""
    settings = current_app.extensions["settings"]
    return {"context": (settings.council_name,), "breached": settings.breached_passwords}
