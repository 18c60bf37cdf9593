"""The door by which a risk goes to another team."""

from collections.abc import Iterator

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.features.exemption import queries as exemptions
from riskapp.features.moves import queries
from riskapp.features.moves.forms import MoveForm
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.risks import service as risks
from riskapp.models.database import db
from riskapp.models.risks import Risk
from riskapp.web import deeds, guards
from riskapp.web.clock import now, today

blueprint = Blueprint("moves", __name__)


@blueprint.route("/risks/<reference>/move", methods=["GET", "POST"])
@guards.requires(Permission.RISK_MOVE)
def move(reference: str) -> ResponseReturnValue:
    """Move a risk to another unit that the actor manages too, after a look at what changes."""
    actor, on = guards.actor(), today()
    about = exemptions.risk(actor, reference, on=on)
    if about is None:
        abort(404)
    guards.allow(Permission.RISK_MOVE, readers.facts(risk_id=about.id, on=on))
    record_shown((about.reference,), Outlet.RISK)
    risk, form = db.session.get_one(Risk, about.id), MoveForm()
    homes = {str(unit.id): unit for unit in queries.homes(actor, risk)}
    form.unit.choices = {"": "Choose one"} | {key: unit.indented for key, unit in homes.items()}
    address = url_for("risks.risk", reference=reference)

    def act() -> None:
        row = db.session.get_one(Risk, about.id)
        risks.move(row, to_unit_id=int(form.unit.data), why=form.why.data or "", by=actor, at=now(), on=on)

    def means() -> Iterator[str]:
        return queries.changes(actor, risk, homes[form.unit.data], on=on)

    return deeds.carry_out(
        form,
        deeds.Deed(
            title="Move to another team",
            caption=about.title or about.reference,
            lede=f"It is in {about.unit} now. You can move it to a unit that you manage too.",
            button="Move it",
            done="It is moved. Its history went with it.",
            back=address,
            trail=[
                {"label": "Registers", "url": url_for("risks.register")},
                {"label": about.reference, "url": address},
            ],
            version=risk.version,
        ),
        act,
        means,
        goes_to=lambda _made: address if exemptions.risk(actor, reference, on=on) else url_for("risks.register"),
    )
