"""The application put together: what is plugged in, and in what order. Nothing is decided here."""

import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, current_app
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from sqlalchemy import URL, make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from riskapp.adapters.encryption import Cipher
from riskapp.adapters.oidc import Provider
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor, Permission, may_anywhere
from riskapp.domain.refusal import Refusal
from riskapp.features.access import cli as access_cli
from riskapp.features.accounts import queries as accounts
from riskapp.features.accounts import service as account_service
from riskapp.features.accounts import views as account_views
from riskapp.features.actions import jobs as action_jobs
from riskapp.features.actions import views as action_views
from riskapp.features.app_roles import views as app_role_views
from riskapp.features.audit import service as audit
from riskapp.features.audit_trail import cli as audit_cli
from riskapp.features.audit_trail import jobs as audit_jobs
from riskapp.features.audit_trail import views as audit_views
from riskapp.features.bodies import jobs as body_jobs
from riskapp.features.bodies import views as body_views
from riskapp.features.champions import jobs as champion_jobs
from riskapp.features.clock import cli as clock_cli
from riskapp.features.clock import views as clock_views
from riskapp.features.demo import cli as demo_cli
from riskapp.features.drafting import views as drafting_views
from riskapp.features.escalation import cli as escalation_cli
from riskapp.features.escalation import jobs as escalation_jobs
from riskapp.features.escalation import views as escalation_views
from riskapp.features.exemption import queries as exemptions
from riskapp.features.exemption import views as exemption_views
from riskapp.features.imports import jobs as import_jobs
from riskapp.features.imports import views as organisation_views
from riskapp.features.leaving import jobs as leaving_jobs
from riskapp.features.leaving import views as leaving_views
from riskapp.features.logout import views as logout_views
from riskapp.features.oidc import views as oidc_views
from riskapp.features.packs import cli as pack_cli
from riskapp.features.packs import views as pack_views
from riskapp.features.passwords import jobs as password_jobs
from riskapp.features.passwords import views as password_views
from riskapp.features.plan import views as plan_views
from riskapp.features.policy import cli as policy_cli
from riskapp.features.policy import queries as policy
from riskapp.features.policy import views as policy_views
from riskapp.features.quality import views as quality_views
from riskapp.features.reminders import jobs as reminder_jobs
from riskapp.features.reminders import views as reminder_views
from riskapp.features.risks import jobs as risk_jobs
from riskapp.features.second_factor import jobs as second_factor_jobs
from riskapp.features.second_factor import views as second_factor_views
from riskapp.features.work import queries as work
from riskapp.features.work import views as work_views
from riskapp.models.database import db, transaction
from riskapp.settings import Settings
from riskapp.web import (
    again,
    assets,
    errors,
    exports,
    filters,
    guards,
    headers,
    https,
    limits,
    logs,
    origin,
    sessions,
    shell,
    style,
    uploads,
)
from riskapp.web.clock import now, today
from riskapp.web.environment import SharedGlobals

ROOT = Path(__file__).parents[1]
CONNECT_WITHIN = 10  # seconds, to a database on another machine
BLUEPRINTS = (
    work_views.blueprint,
    drafting_views.blueprint,
    quality_views.blueprint,
    action_views.blueprint,
    escalation_views.blueprint,
    body_views.blueprint,
    pack_views.blueprint,
    plan_views.blueprint,
    organisation_views.blueprint,
    leaving_views.blueprint,
    policy_views.blueprint,
    app_role_views.blueprint,
    exemption_views.blueprint,
    reminder_views.blueprint,
    clock_views.blueprint,
    password_views.blueprint,
    second_factor_views.blueprint,
    audit_views.blueprint,
    account_views.blueprint,
    oidc_views.blueprint,
    logout_views.blueprint,
)

PLACES = (
    shell.Place("My work", "work.my_work", Permission.SIGNED_IN),
    shell.Place("Registers", "risks.register", Permission.SIGNED_IN),
    shell.Place("Register quality", "quality.quality", Permission.RISK_READ),
    shell.Place("Actions", "actions.actions", Permission.ACTION_READ),
    shell.Place("Escalations", "escalation.escalations", Permission.SIGNED_IN),
    shell.Place("External bodies", "bodies.bodies", Permission.BODY_READ),
    shell.Place("Committee packs", "packs.packs", Permission.PACK_READ, names_no_thing=True),
    shell.Place("Improvement plan", "plan.plan", Permission.PLAN_READ),
    shell.Place("Organisation", "organisation.organisation", Permission.ORGANISATION_READ),
    shell.Place("People", "staffing.people_list", Permission.PEOPLE_READ),
    shell.Place("Exemptions", "exemption.desk", Permission.EXEMPTION_DECIDE),
    shell.Place("Reading of exempt words", "exemption.readings", Permission.EXEMPTION_TRACE),
    shell.Place("Risk policy", "policy.policy", Permission.SIGNED_IN),
    shell.Place("Access", "access.roles", Permission.ROLE_READ),
    shell.Place("Audit trail", "audit_trail.trail", Permission.AUDIT_READ_SYSTEM, names_no_thing=True),
    shell.Place("Outbox", "reminders.outbox", Permission.OUTBOX_READ),
    shell.Place("Clock", "clock.clock", Permission.CLOCK_READ),
)
WAITING_PLACES = {accounts.Wait.CODE: "accounts.code", accounts.Wait.ENROLMENT: "second_factor.enrol"}
COMMANDS = (
    access_cli.commands,
    audit_cli.commands,
    clock_cli.commands,
    demo_cli.commands,
    escalation_cli.commands,
    pack_cli.commands,
    policy_cli.commands,
)
JOBS = (
    *audit_jobs.JOBS,
    *password_jobs.JOBS,
    *second_factor_jobs.JOBS,
    *import_jobs.JOBS,
    *risk_jobs.JOBS,
    *action_jobs.JOBS,
    *body_jobs.JOBS,
    *leaving_jobs.JOBS,
    *champion_jobs.JOBS,
    *escalation_jobs.JOBS,
    *reminder_jobs.JOBS,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application from its settings, which are read from the environment if none are given."""
    settings = settings or Settings.from_environment(os.environ)
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "riskapp/web/static"))
    app.jinja_environment = SharedGlobals
    app.session_interface = sessions.FormCookie()
    app.extensions["settings"] = settings
    app.extensions["jobs"] = JOBS
    app.extensions["oidc"] = _provider(settings)
    app.extensions["cipher"] = Cipher(settings.secret_key, settings.secret_key_before)
    is_https = settings.base_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(make_url(settings.database_url)),
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_NAME="__Host-form" if is_https else "form",
        SESSION_COOKIE_SAMESITE="Lax",
        PREFERRED_URL_SCHEME="https" if is_https else "http",
        MAX_CONTENT_LENGTH=uploads.A_FORM,
        SEND_FILE_MAX_AGE_DEFAULT=style.A_YEAR,  # a static file's address changes with its content
        WTF_CSRF_TIME_LIMIT=None,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        PROVIDE_AUTOMATIC_OPTIONS=False,  # no other site may ask, and ours does not
    )
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign] # Flask's own way
    if settings.audit_key is None and not settings.is_demo:
        app.logger.warning("AUDIT_KEY is not set, so no checkpoint of the audit trail leaves the database")
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True, compare_type=True)
    logs.install(app)
    if is_https and settings.proxy_hops:
        https.install(app, settings.base_url)
    origin.install(app, settings.base_url)
    uploads.install(app)
    csrf = CSRFProtect(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for group in COMMANDS:
        app.cli.add_command(group)
    guards.install(app, _find_actor)
    again.install(app, _prove)
    limits.install(app, settings.limits)
    headers.install(app)
    for endpoint in origin.UNCHECKED | origin.SIGNED:
        csrf.exempt(app.view_functions[endpoint])
    errors.install(app)
    assets.install(app)
    filters.install(app)
    exports.install(app, _keep_export)
    shell.install(
        app,
        council_name=settings.council_name,
        is_demo=settings.is_demo,
        places=PLACES,
        counts=_counts,
        policy_line=_policy_line,
    )
    return app


def _provider(settings: Settings) -> Provider | None:
    """Get ready to ask the sign-in provider; it is not asked before somebody wants to sign in."""
    return Provider(settings.oidc, redirect_uri=settings.base_url + oidc_views.CALLBACK) if settings.oidc else None


def _engine_options(url: URL) -> dict[str, object]:
    private: dict[str, object] = {"hide_parameters": True}  # a logged fault never holds what somebody wrote
    if url.get_backend_name() == "sqlite":
        return private
    # PostgreSQL compiles what it guesses to be dear: for the queries of a page, many times as long as to run them.
    options = f"{url.query.get('options', '')} -c jit=off".strip()
    connecting = {"options": options, "connect_timeout": CONNECT_WITHIN}
    return {**private, "pool_pre_ping": True, "pool_size": 8, "connect_args": connecting}


def _find_actor(token: str, request_id: str) -> guards.Known | None:
    at, settings = now(), current_app.extensions["settings"]
    asking = accounts.asking(
        token, at=at, on=today(), request_id=request_id, demands_second_factor=settings.demands_second_factor
    )
    if asking is None:
        return None
    if asking.is_to_be_marked:
        with transaction():
            account_service.keep_alive(token, at=at)
    return guards.Known(asking.actor, asking.is_proved, WAITING_PLACES[asking.waits_for] if asking.waits_for else None)


def _prove(password: str) -> None:
    at, person_id, network = now(), guards.whoever_waits().person_id, sessions.network()
    if person_id is None:
        raise account_service.CannotProve(Refusal("password", "Sign in first"))
    try:
        with transaction():
            account_service.prove(person_id=person_id, password=password, at=at, token=sessions.token())
            renewed = account_service.renew(sessions.token())
    except account_service.CannotProve:
        with transaction():
            account_service.remember_unproved(person_id=person_id, at=at, network=network)
        raise
    sessions.renew(renewed)


def _keep_export(name: str, rows: int, asked: Mapping[str, str]) -> None:
    after = {"list": name, "rows": rows, "asked": dict(asked)}
    with transaction():
        audit.record(Event.LIST_EXPORTED, by=guards.actor(), at=now(), after=after)


def _counts(actor: Actor) -> dict[str, int]:
    counts = work.counts(actor, today())
    shown = {
        "work.my_work": counts.work,
        "escalation.escalations": counts.escalations,
        "access.roles": counts.access,
    }
    if may_anywhere(actor, Permission.EXEMPTION_DECIDE):
        shown["exemption.desk"] = exemptions.waiting_count(actor, on=today())
    return shown


def _policy_line() -> str:
    version = policy.in_force(on=today())
    return f"Policy version {version.number}, in force since {version.in_force_from:%-d %b %Y}"
