"""The page of the app roles: what the policy maps them to, and what was named lately; it joins the pages of access."""

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from riskapp.domain.app_roles import Outcome
from riskapp.domain.permissions import Permission
from riskapp.features.access.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.features.app_roles import queries
from riskapp.web import guards
from riskapp.web.clock import today
from riskapp.web.listing import Listing

CLAIMS: Listing[queries.ClaimRow] = Listing(
    "app role named",
    "app roles named",
    {each.value: each.words for each in Outcome},
    "all",
    "-said",
    {
        "person": ("For whom", lambda row: row.person.name.casefold()),
        "app_role": ("App role", lambda row: row.app_role.casefold()),
        "outcome": ("What came of it", lambda row: row.state),
        "said": ("Last sign-in", lambda row: row.said_at),
    },
    ("Post", "Address", "App role", "What came of it", "Role here", "Last sign-in"),
    lambda row: (
        row.person.name, row.person.email, row.app_role, CLAIMS.states[row.state], row.brings, row.said_at,
    ),
)  # fmt: skip


@blueprint.get("/access/app-roles")
@guards.requires(Permission.ROLE_READ)
def app_roles() -> ResponseReturnValue:
    """Show what the policy in force maps app roles to, and what came of those that were named lately."""
    guards.allow(Permission.ROLE_READ)
    rows = queries.claims(guards.actor(), on=today())
    return render_template(
        "app_roles/app_roles.html",
        **CLAIMS.page(rows, "access.app_roles"),
        table=queries.table_view(guards.actor(), on=today()),
        idle={each: sum(row.state == each for row in rows) for each in Outcome if each is not Outcome.BRINGS},
        is_empty=not rows,
    )


@blueprint.get("/access/app-roles.csv")
@guards.requires(Permission.ROLE_READ)
def app_roles_csv() -> Response:
    """Give the list on screen as a file."""
    guards.allow(Permission.ROLE_READ)
    return CLAIMS.file(f"app-roles-{today()}", queries.claims(guards.actor(), on=today()))
