"""The pages for signing in and out."""

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.features.accounts import queries, service
from riskapp.features.accounts.forms import SignInForm
from riskapp.models.database import transaction
from riskapp.web import guards, sessions
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals

blueprint = Blueprint("accounts", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@guards.requires(Permission.PUBLIC)
def sign_in() -> ResponseReturnValue:
    """Ask for an address and a password; in the demonstration, list the accounts to try."""
    form = SignInForm(email=request.args.get("email", ""))
    if form.validate_on_submit():
        email, password, at = form.email.data or "", form.password.data or "", now()
        try:
            with transaction():
                token = service.sign_in(email=email, password=password, at=at, instead_of=sessions.token())
        except service.CannotSignIn as refusal:
            with transaction():
                service.remember_failure(email=email, at=at)
            show_refusals(form, refusal)
        else:
            wanted = sessions.wanted_page()
            session.clear()
            return sessions.start(redirect(wanted or url_for("work.my_work")), token)
    accounts = (
        queries.demonstration_accounts(guards.actor()) if current_app.extensions["settings"].mode == "demo" else ()
    )
    return render_template("accounts/sign_in.html", form=form, accounts=accounts)


@blueprint.post("/sign-out")
@guards.requires(Permission.SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    """End the session here and on the server."""
    with transaction():
        service.sign_out(sessions.token(), by=guards.actor(), at=now())
    session.clear()
    return sessions.end(redirect(url_for("accounts.sign_in")))


@blueprint.get("/account")
@guards.requires(Permission.SIGNED_IN)
def account() -> ResponseReturnValue:
    """Show which posts and roles the signed-in person has, and over what."""
    actor = guards.actor()
    opened = queries.opened_by_name(actor, on=today()) if actor.named else ()
    return render_template("accounts/account.html", roles=queries.roles_in_words(actor), opened=opened)
