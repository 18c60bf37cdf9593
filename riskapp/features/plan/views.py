"""The improvement plan, with the risks that threaten it."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.features.plan import queries
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.web import guards, levels
from riskapp.web.clock import today

blueprint = Blueprint("plan", __name__)


@blueprint.get("/plan")
@guards.requires(Permission.PLAN_READ)
def plan() -> ResponseReturnValue:
    """Show Directions, priorities, workstreams, outcomes and assurance, each with the worst risk that threatens it."""
    on = today()
    found = queries.plan(guards.actor(), on=on)
    record_shown((threat.reference for threat in found.threats.values()), Outlet.PLAN)
    return render_template(
        "plan/plan.html",
        plan=found,
        rating_of=levels.rating_of(policies.in_force(on=on).policy.scoring),
    )
