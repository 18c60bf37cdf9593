"""The risk policy as a page: every clause in words, with the matrix and the appetite."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.features.policy import queries
from riskapp.web import guards
from riskapp.web.clock import today

blueprint = Blueprint("policy", __name__)


@blueprint.get("/policy")
@guards.requires(Permission.SIGNED_IN)
def policy() -> ResponseReturnValue:
    """Show the version in force."""
    return render_template("policy/policy.html", version=queries.in_force(on=today()))
