"""The doors by which a risk is merged into another, or opened again."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.domain.refusal import Cannot
from riskapp.features.closures import queries, service
from riskapp.features.closures.forms import MergeForm, ReopenForm
from riskapp.features.exemption import queries as exemptions
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.risks import service as risks
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.risks import Risk
from riskapp.web import deeds, guards
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import day, plural

blueprint = Blueprint("closures", __name__)
OVERTAKEN = "Somebody else changed this risk after you loaded the page. Read what it says now, then send yours again"


@blueprint.route("/risks/<reference>/merge", methods=["GET", "POST"])
@guards.requires(Permission.RISK_CLOSE)
def merge(reference: str) -> ResponseReturnValue:
    """Merge a risk into another, after a look at what goes over."""
    about, risk = _about(reference)
    form, address = MergeForm(), url_for("risks.risk", reference=reference)
    deed = deeds.Deed(
        title="Merge into another risk",
        caption=about.title or about.reference,
        lede="It is closed, and the other goes on for both.",
        button="Merge them",
        done="The two are one. What it said before is kept in its history.",
        back=address,
        trail=_trail(about),
        version=risk.version,
    )

    def act() -> object:
        return service.merge(_risk(about.id), into=form.into.data or "", why=form.why.data or "", **_when())

    return deeds.carry_out(form, deed, act, lambda: _means(risk, form.into.data or ""))


def _means(risk: Risk, reference: str) -> Iterator[str]:
    actor, on = guards.actor(), today()
    into = queries.target(actor, reference, on=on)
    if into is None:
        return
    other = db.session.get_one(Entity, into.id)
    record_shown((other.reference,), Outlet.RISK)
    seen = exemptions.risk(actor, other.reference, on=on)
    name = f", “{seen.title}”" if seen and seen.title else ""
    yield f"This risk is closed, and its page leads to {other.reference}{name}."
    counts = queries.takes(actor, risk, into).counts
    actions = plural(counts["actions"], "live action")
    yield f"{actions} will treat {other.reference} too, {_links(counts['links'])} to it."
    if counts["posts"]:
        posts = plural(counts["posts"], "post")
        yield f"{posts}, its owner among them if new there, will contribute to {other.reference}."
    yield "An escalation of this risk is stood down. The score of the other stays as it is."
    yield "Both histories say so. To undo it, open this risk again with a reason; what went over stays there too."


def _links(count: int) -> str:
    return f"and {plural(count, 'link')} {'goes' if count == 1 else 'go'}"


@blueprint.route("/risks/<reference>/reopen", methods=["GET", "POST"])
@guards.requires(Permission.RISK_CLOSE)
def reopen(reference: str) -> ResponseReturnValue:
    """Open a closed risk again, with a reason."""
    about, risk = _about(reference)
    form = ReopenForm(seen=str(risk.version))
    if form.validate_on_submit():
        try:
            if form.seen.number != risk.version:
                form.form_errors.append(OVERTAKEN)
            else:
                with transaction():
                    risks.reopen(risk, why=form.why.data or "", **_when())
                flash(f"It is open again. Its first review is due on {day(risk.next_review_on)}.")
                return redirect(url_for("risks.risk", reference=reference))
        except Cannot as refusal:
            show_refusals(form, refusal)
        form.seen.data = str(risk.version)
    return render_template("closures/reopen.html", about=about, form=form), 422 if form.errors else 200


def _about(reference: str) -> tuple[exemptions.About, Risk]:
    """Find a risk for a deed: not there, not readable and not allowed are one answer."""
    about = exemptions.risk(guards.actor(), reference, on=today())
    if about is None:
        abort(404)
    guards.allow(Permission.RISK_CLOSE, readers.facts(risk_id=about.id, on=today()))
    record_shown((about.reference,), Outlet.RISK)
    return about, _risk(about.id)


def _risk(risk_id: int) -> Risk:
    return db.session.get_one(Risk, risk_id)


def _trail(about: exemptions.About) -> list[dict[str, str]]:
    return [
        {"label": "Registers", "url": url_for("risks.register")},
        {"label": about.reference, "url": url_for("risks.risk", reference=about.reference)},
    ]


def _when() -> dict[str, Any]:
    return {"by": guards.actor(), "at": now(), "on": today()}
