"""My work, and the pages that anybody may read about the system itself."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, Response, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.movement import Kind
from riskapp.domain.permissions import Actor, Permission, Role
from riskapp.features.narrowing.queries import Filters
from riskapp.features.overdue.queries import next_committee
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.registers import queries as registers
from riskapp.features.registers.queries import RegisterRow
from riskapp.features.work import queries
from riskapp.web import guards
from riskapp.web.clock import now, today

blueprint = Blueprint("work", __name__)

READERS = (Role.COMMITTEE, Role.AUDITOR, Role.COMMISSIONER, Role.PROPER_OFFICER)
A_QUARTER = timedelta(days=91)
SHOWN = 5
SAID_FOR = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in the registers since a day: how many each way, and the worst of what rose or is new."""

    since: date
    is_since_committee: bool
    counts: dict[Kind, int]
    risen: tuple[RegisterRow, ...]
    new: tuple[RegisterRow, ...]


@blueprint.get("/")
@guards.requires(Permission.SIGNED_IN)
def my_work() -> ResponseReturnValue:
    """Show what wants the visitor today; readers see what changed, the Head of Assurance the council's figures."""
    actor, on = guards.actor(), today()
    policy = policies.in_force(on=on).policy
    work = queries.my_work(actor, on=on)
    changes = _changes(actor, on) if actor.has_role(*READERS) else None
    changed = (row.reference for row in (*changes.risen, *changes.new)) if changes else ()
    record_shown((*work.about, *changed), Outlet.WORK)
    return render_template(
        "work/my_work.html",
        work=work,
        figures=queries.council_figures(actor, on=on) if actor.has_role(Role.HEAD_OF_ASSURANCE) else None,
        matter_words=" or ".join(policy.scoring.rating(key).label for key in policy.actions.plan_ratings),
        changes=changes,
        ratings={rating.key: rating for rating in policy.scoring.ratings},
        committee=next_committee(on=on),
        policy=policy,
        is_administrator=actor.has_role(Role.ADMINISTRATOR),
    )


def _changes(actor: Actor, on: date) -> Changes:
    last = registers.last_committee(on=on)
    since = last or on - A_QUARTER
    whole = Filters(on=on, since=since)
    return Changes(
        since=since,
        is_since_committee=last is not None,
        counts=registers.census(actor, whole).movement,
        risen=registers.register(actor, Filters(on=on, since=since, travel="up"), limit=SHOWN),
        new=registers.register(actor, Filters(on=on, since=since, travel="new"), limit=SHOWN),
    )


@blueprint.get("/accessibility")
@guards.requires(Permission.PUBLIC)
def accessibility() -> ResponseReturnValue:
    """State how accessible the pages are."""
    return render_template("work/accessibility.html")


@blueprint.get("/privacy")
@guards.requires(Permission.PUBLIC)
def privacy() -> ResponseReturnValue:
    """Say what is kept of people, and why."""
    return render_template("work/privacy.html")


@blueprint.get("/.well-known/security.txt")
@guards.requires(Permission.PUBLIC)
def security() -> Response:
    """Say whom to tell of a hole (RFC 9116); it is written anew each time, so that it never runs out."""
    settings = current_app.extensions["settings"]
    lines = (
        f"Contact: {settings.security_contact}",
        f"Expires: {now() + SAID_FOR:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: en",
        f"Canonical: {settings.base_url}{url_for('work.security')}",
    )
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/help")
@guards.requires(Permission.PUBLIC)
def guide() -> ResponseReturnValue:
    """Say how to do the commonest things."""
    return render_template("work/help.html", is_demo=current_app.extensions["settings"].is_demo)
