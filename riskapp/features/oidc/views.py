"""The doors of signing in with a council account: there and back, linking, invitations and unlinking.

The way to the provider is a link and never a form: the pages' own policy lets a form lead nowhere but here.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from riskapp.adapters.letters import Group, Item, Words, addressed, write
from riskapp.adapters.mail import KeepInOutbox, Letter, Outcome, mailer_for
from riskapp.adapters.oidc import Provider, ProviderFailed
from riskapp.domain import oidc as rules
from riskapp.domain.oidc import AnswerRefused, CannotEnter, CannotLink, Expected, Told
from riskapp.domain.permissions import Permission
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.accounts import service as accounts
from riskapp.features.oidc import queries, service
from riskapp.features.oidc.forms import ProveForm, SendForm, WhyForm
from riskapp.features.policy import queries as policies
from riskapp.models.database import once, transaction
from riskapp.models.oidc import OidcFlow
from riskapp.settings import Settings
from riskapp.web import guards, logs, sessions
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals

blueprint = Blueprint("oidc", __name__)
CALLBACK = "/sign-in/council-account/answer"
"""Where the provider sends people back to; it is registered there."""
PERSON = "/people/<int(max=2147483647):person_id>/council-account"
NO_MAIL = "No mail server is set, and such a link goes by mail alone: SMTP_URL names one"


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def _provider() -> Provider | None:
    """The provider of the settings, one a process."""
    found: Provider | None = current_app.extensions["oidc"]
    return found


@blueprint.app_context_processor
def _account_name() -> dict[str, Any]:
    provider = _provider()
    return {"council_account": provider.settings.name if provider else None}


# ---- there and back
@blueprint.get("/sign-in/council-account")
@guards.requires(Permission.PUBLIC)
def begin() -> ResponseReturnValue:
    """Send somebody to the provider, to sign in or to link what they were invited to link."""
    provider = _provider()
    if provider is None:
        return redirect(url_for("accounts.sign_in"))
    try:
        with transaction():
            said = request.args.get("key")
            invitation_id = service.invitation_of(said, at=now()).id if said else None
            key = service.begin("invitation" if said else "sign_in", invitation_id=invitation_id, at=now())
        return _remember(redirect(provider.address_to_sign_in(rules.secrets_of(key))), key)
    except CannotLink as no:
        return _not_in(no, 400)
    except ProviderFailed as fault:
        return _unreachable(fault)


@blueprint.get(CALLBACK)
@guards.requires(Permission.PUBLIC)
def answer() -> ResponseReturnValue:
    """Take what the provider answers: once, from the browser that was sent there, within ten minutes."""
    provider = _provider()
    if provider is None:
        return redirect(url_for("accounts.sign_in"))
    key = request.cookies.get(_cookie(), "")
    try:
        with transaction():  # whatever comes of it, there is no second answer to this attempt
            flow = service.take_up(key, _one("state"), at=now())
        done = ENDS[flow.purpose](flow, _told(provider, key))
    except AnswerRefused as no:
        logs.warn("a sign-in with a council account was refused", reason=no.what)
        done = _page("The sign-in did not work", ["It was stopped, or it took too long, or it began elsewhere."], 400)
    except ProviderFailed as fault:
        done = _unreachable(fault)
    except (CannotEnter, CannotLink) as no:
        done = _not_in(no, 403)
    except IntegrityError:  # two linked it at one moment, and the other was first
        done = _not_in(CannotLink(Refusal(None, service.TAKEN)), 403)
    done.delete_cookie(_cookie(), secure=_secure(), httponly=True, samesite="Lax", path="/")
    return done


def _told(provider: Provider, key: str) -> Told:
    settings, secrets = provider.settings, rules.secrets_of(key)
    if "error" in request.args:
        raise rules.refused("error")
    rules.check_who_answered(request.args.get("iss"), settings.issuer, always_says=provider.always_says_who_answers)
    claims = provider.claims(_one("code"), secrets.verifier)
    expected = Expected(settings.issuer, settings.client_id, secrets.nonce, settings.is_entra)
    return rules.told(claims, expected, at=now())


def _one(name: str) -> str:
    """What the answer says under a name: once, since two could be read as either."""
    said = request.args.getlist(name)
    if len(said) != 1 or not said[0]:
        raise rules.refused(name)
    return said[0]


def _signed_in(_flow: OidcFlow, told: Told) -> Response:
    with transaction():
        token = service.sign_in(told, at=now(), on=today(), instead_of=sessions.token())
    return sessions.let_in(token, home=url_for("work.my_work"))


def _invited(flow: OidcFlow, told: Told) -> Response:
    with transaction():
        token = service.accept(told, flow.invitation_id or 0, at=now(), on=today(), instead_of=sessions.token())
    return sessions.let_in(token, home=url_for("work.my_work"))


def _linked(flow: OidcFlow, told: Told) -> Response:
    if guards.actor().person_id != flow.person_id:
        raise rules.refused("session")
    with transaction():
        service.link(told, by=guards.actor(), at=now(), on=today())
    flash("It is linked. You can sign in with it from now on.")
    return redirect(url_for(".own"))


ENDS: dict[str, Callable[[OidcFlow, Told], Response]] = {
    "sign_in": _signed_in, "link": _linked, "invitation": _invited,
}  # fmt: skip


@blueprint.get("/sign-in/council-account/leave")
@guards.requires(Permission.PUBLIC)
def leave() -> ResponseReturnValue:
    """Send somebody to where they sign out of the provider too: a session here does not end that one."""
    back = url_for("accounts.sign_in")
    provider = _provider()
    if provider is None:
        return redirect(back)
    try:
        address = provider.address_to_sign_out(_settings().base_url + back)
    except ProviderFailed as fault:
        return _unreachable(fault)
    if address is None:
        flash(f"There is no page to sign out of {provider.settings.name}: close the browser instead.")
    return redirect(address or back)


def _secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def _cookie() -> str:
    return "__Host-oidc" if _secure() else "oidc"


def _remember(response: Response, key: str) -> Response:
    """Bind the attempt to this browser: no script reads it, and it comes back from the provider (SameSite=Lax)."""
    lasts = int(rules.FLOW_FOR.total_seconds())
    response.set_cookie(_cookie(), key, max_age=lasts, secure=_secure(), httponly=True, samesite="Lax", path="/")
    return response


def _page(title: str, reasons: list[str], status: int) -> Response:
    words = render_template("oidc/refused.html", title=title, reasons=reasons, number=g.request_id)
    return current_app.make_response((words, status))


def _not_in(no: Cannot, status: int) -> Response:
    title = "You are not signed in" if isinstance(no, CannotEnter) else "It is not linked"
    lede = ["No account of riskapp is linked to it."] if isinstance(no, CannotEnter) else []
    return _page(title, [*lede, *(f"{reason.message}." for reason in no.refusals)], status)


def _unreachable(fault: ProviderFailed) -> Response:
    logs.fault("the sign-in provider failed", fault)
    words = "It cannot be reached, or is not set up here as it should be. Try again in a few minutes."
    return _page("The sign-in did not work", [words], 503)


# ---- one's own
@blueprint.route("/account/council-account", methods=["GET", "POST"])
@guards.requires(Permission.SIGNED_IN)
def own() -> ResponseReturnValue:
    """Show one's linked council account; to link one, prove the password and go on to the provider."""
    provider, form = _provider(), ProveForm()
    if provider is None or not form.validate_on_submit():
        return _show_own(form)
    try:
        with transaction():
            accounts.prove(person_id=_oneself(), password=form.password.data or "", at=now())
            key = service.begin("link", person_id=_oneself(), at=now())
        address = provider.address_to_sign_in(rules.secrets_of(key))
    except ProviderFailed as fault:
        return _unreachable(fault)
    except Cannot as no:
        return _unproved(form, no)
    page = render_template("oidc/go_on.html", address=address, lede="Your password is right. Sign in there to link it.")
    return _remember(current_app.make_response(page), key)


@blueprint.post("/account/council-account/unlink")
@guards.requires(Permission.SIGNED_IN)
def unlink_own() -> ResponseReturnValue:
    """Unlink one's own council account, unless it is the only way in; every session ends."""
    form = ProveForm()
    if not form.validate_on_submit():
        return _show_own(form)
    try:
        with transaction():
            accounts.prove(person_id=_oneself(), password=form.password.data or "", at=now())
            service.unlink(_oneself(), why="", by=guards.actor(), at=now(), on=today())
    except Cannot as no:
        return _unproved(form, no)
    session.clear()
    flash("Your council account is unlinked, and you are signed out everywhere.")
    return sessions.end(redirect(url_for("accounts.sign_in")))


def _unproved(form: ProveForm, no: Cannot) -> ResponseReturnValue:
    if isinstance(no, accounts.CannotProve):
        with transaction():
            accounts.remember_unproved(person_id=_oneself(), at=now())
    show_refusals(form, no)
    return _show_own(form)


def _oneself() -> int:
    return guards.actor().person_id or abort(404)


def _show_own(form: ProveForm) -> ResponseReturnValue:
    account = queries.account(guards.actor(), _oneself(), at=now())
    status = 422 if form.errors else 200
    return render_template("oidc/own.html", account=account, form=form, is_there=_provider() is not None), status


# ---- an invitation
@blueprint.get("/sign-in/invitation")
@guards.requires(Permission.PUBLIC)
def invitation() -> ResponseReturnValue:
    """Say what an invitation links to what, before anything is done: whatever reads mail may open this page too."""
    key = request.args.get("key", "")
    try:
        found = service.invitation_of(key, at=now())
    except CannotLink as no:
        return _not_in(no, 400)
    lede = (
        f"It links the account {queries.address(guards.actor(), found)} here to the council account you sign in with."
    )
    return render_template("oidc/go_on.html", address=url_for(".begin", key=key), lede=lede)


# ---- somebody else's
@blueprint.get(PERSON)
@guards.requires(Permission.PEOPLE_KEEP)
def person(person_id: int) -> ResponseReturnValue:
    """Show somebody's council account to those who keep people."""
    return _show_person(_kept(person_id), SendForm(formdata=None))


@blueprint.post(f"{PERSON}/invite")
@guards.requires(Permission.PEOPLE_KEEP)
def invite(person_id: int) -> ResponseReturnValue:
    """Mail somebody the link by which they link their council account."""
    account, form, mailer = _kept(person_id), SendForm(), mailer_for(_settings())
    if not form.validate_on_submit():
        return _show_person(account, form)
    if mailer is None or isinstance(mailer, KeepInOutbox):  # the outbox is read by others, and the link is a key
        form.form_errors.append(NO_MAIL)
        return _show_person(account, form)
    try:
        key = once(partial(service.invite, person_id, by=guards.actor(), at=now()))
    except CannotLink as no:
        show_refusals(form, no)
        return _show_person(account, form)
    outcome = mailer.send(_letter(account.email, key))
    if outcome.kind in {"refused", "unreachable"}:
        _take_back(person_id, outcome)
        form.form_errors.append(
            "The mail server did not take it, so the link opens nothing. Try again in a few minutes"
        )
        return _show_person(account, form)
    flash(f"The link is sent to {account.email}. It works once, within {_hours()} hours.")
    return redirect(url_for(".person", person_id=person_id))


def _take_back(person_id: int, outcome: Outcome) -> None:
    with transaction():
        service.withdraw(person_id, why=f"The mail was {outcome.kind}", by=guards.actor(), at=now())


def _hours() -> int:
    return int(rules.INVITATION_FOR.total_seconds()) // 3600


def _letter(email: str, key: str) -> Letter:
    """Write the mail; it goes to the mail server from here and is kept nowhere, since its link is a key."""
    access = policies.in_force(on=today()).policy.access
    clause = access.account_roles.clause if access and access.account_roles else access.two_people if access else None
    page = f"/sign-in/invitation?key={key}"
    item = Item("", "Link your council account", f"The link works once, within {_hours()} hours.", page)
    name = _settings().council_name
    written = write(
        Words(
            subject=f"Link your council account: {name}",
            lede="An administrator asks you to link your account here to the one that opens your computer.",
            groups=(Group("", f"policy {clause.ref}" if clause else "", (item,)),),
            reason="Did you not expect this? Tell an administrator, and leave the link alone.",
        )
    )
    text, html = (addressed(each, _settings().base_url) for each in (written.text, written.html))
    return Letter(f"invitation-{g.request_id}", email, written.subject, text, html, now())


@blueprint.post(f"{PERSON}/withdraw")
@guards.requires(Permission.PEOPLE_KEEP)
def withdraw(person_id: int) -> ResponseReturnValue:
    """Withdraw the link that somebody was sent."""
    return _with_why(person_id, service.withdraw, "The link is withdrawn. It opens nothing now.")


@blueprint.post(f"{PERSON}/unlink")
@guards.requires(Permission.PEOPLE_KEEP)
def unlink(person_id: int) -> ResponseReturnValue:
    """Unlink somebody's council account; their sessions end."""
    done = partial(service.unlink, on=today())
    return _with_why(person_id, done, "It is unlinked, and they are signed out everywhere.")


def _with_why(person_id: int, deed: Callable[..., None], words: str) -> ResponseReturnValue:
    account, form = _kept(person_id), WhyForm()
    if not form.validate_on_submit():
        return _show_person(account, form)
    with transaction():
        deed(person_id, why=form.why.data or "", by=guards.actor(), at=now())
    flash(words)
    return redirect(url_for(".person", person_id=person_id))


def _kept(person_id: int) -> queries.Account:
    guards.allow(Permission.PEOPLE_KEEP)
    return queries.account(guards.actor(), person_id, at=now()) or abort(404)


def _show_person(account: queries.Account, form: FlaskForm) -> ResponseReturnValue:
    page = render_template(
        "oidc/person.html",
        account=account,
        form=form,
        why=form if isinstance(form, WhyForm) else WhyForm(formdata=None),
        is_oneself=account.person_id == guards.actor().person_id,
        is_there=_provider() is not None,
        hours=_hours(),
    )
    return page, 422 if form.errors else 200
