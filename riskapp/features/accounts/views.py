"""The pages for signing in and out, and of one's own account and sessions."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.features.accounts import queries, service
from riskapp.features.accounts.forms import CodeForm, SignInForm
from riskapp.models.database import transaction
from riskapp.web import guards, logs, sessions
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals

blueprint = Blueprint("accounts", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@guards.requires(Permission.PUBLIC)
def sign_in() -> ResponseReturnValue:
    """Ask for an address and a password; in the demonstration, list the accounts to try."""
    form, is_demo = SignInForm(email=request.args.get("email", "")), current_app.extensions["settings"].is_demo
    if form.validate_on_submit():
        email, password, at, network = form.email.data or "", form.password.data or "", now(), sessions.network()
        try:
            with transaction():
                token = service.sign_in(
                    email=email, password=password, at=at, instead_of=sessions.token(),
                    network=network, browser=sessions.browser(), is_demo=is_demo,
                )  # fmt: skip
        except service.TriedTooEarly as refusal:
            show_refusals(form, refusal)
        except service.CannotSignIn as refusal:
            with transaction():
                service.remember_failure(email=email, at=at, network=network)
            show_refusals(form, refusal)
        else:
            return sessions.let_in(token, home=url_for("work.my_work"))
    accounts = queries.demonstration_accounts(guards.actor()) if is_demo else ()
    return render_template("accounts/sign_in.html", form=form, accounts=accounts)


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@guards.requires(Permission.SIGNED_IN, is_to_wait_at=True)
def code() -> ResponseReturnValue:
    """Ask for the code of the second factor, after the password."""
    if not guards.is_waiting():
        return redirect(url_for("work.my_work"))
    form, person_id = CodeForm(), guards.whoever_waits().person_id
    if form.validate_on_submit() and person_id is not None:
        at, network = now(), sessions.network()
        try:
            with transaction():
                token = service.enter_code(
                    person_id=person_id, code=form.code.data or "", cipher=current_app.extensions["cipher"],
                    at=at, instead_of=sessions.token(), network=network, browser=sessions.browser(),
                )  # fmt: skip
        except service.TriedTooEarly as refusal:
            show_refusals(form, refusal)
        except service.CannotSignIn as refusal:
            if isinstance(refusal, service.KeyIsLost):
                logs.fault("a second factor cannot be decrypted", refusal)
            with transaction():
                service.remember_unproved(person_id=person_id, at=at, network=network)
            show_refusals(form, refusal)
        else:
            return sessions.let_in(token, home=url_for("work.my_work"))
    return render_template("accounts/code.html", form=form)


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
    """Show which posts and roles the signed-in person has, and over what, and how they sign in."""
    actor, at = guards.actor(), now()
    rules = queries.rules(at=at)
    return render_template(
        "accounts/account.html",
        roles=queries.roles_in_words(actor),
        opened=queries.opened_by_name(actor, on=today()) if actor.named else (),
        has_second_factor=queries.has_second_factor(actor.person_id or 0),
        codes_left=queries.recovery_codes_left(actor),
        sessions=queries.open_sessions(actor, token=sessions.token(), at=at),
        rules=rules,
        is_demanded=rules.demands_second_factor(actor),
        idle=rules.idle_for(actor),
    )


@blueprint.get("/account/sessions")
@guards.requires(Permission.SIGNED_IN)
def own_sessions() -> ResponseReturnValue:
    """Show where the person is signed in, to end any of it."""
    actor, at = guards.actor(), now()
    return render_template(
        "accounts/sessions.html",
        sessions=queries.open_sessions(actor, token=sessions.token(), at=at),
        rules=queries.rules(at=at),
    )


@blueprint.post("/account/sessions/end")
@guards.requires(Permission.SIGNED_IN)
def end_sessions() -> ResponseReturnValue:
    """End one session of one's own, or all but this one."""
    said, actor = request.form.get("session", ""), guards.actor()
    with transaction():
        if said == "others" and actor.person_id is not None:
            ended = service.end_sessions(actor.person_id, by=actor, at=now(), but=sessions.token()) > 0
        else:
            number = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0  # noqa: PLR2004 - fits a column
            ended = service.end_session(number, by=actor, at=now())
    flash("Signed out there. Whoever uses it meets the sign-in page." if ended else "That was over already.")
    return redirect(url_for("accounts.own_sessions"))
