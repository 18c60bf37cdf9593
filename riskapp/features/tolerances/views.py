"""The pages of treatment: how a risk is treated, who accepted it as it is, and every tolerance of the council."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from riskapp.domain import tolerances as rules
from riskapp.domain.appetite import Position
from riskapp.domain.escalation import Trigger
from riskapp.domain.permissions import Facts, Permission
from riskapp.domain.policy import Policy
from riskapp.domain.refusal import Cannot
from riskapp.features.exemption import queries as exemptions
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.tolerances import queries, service
from riskapp.features.tolerances.forms import DecideForm, TreatmentForm, WithdrawForm
from riskapp.models.database import db, transaction
from riskapp.models.risks import Risk
from riskapp.models.tolerances import ASKED, IN_FORCE
from riskapp.web import csv, guards, levels, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import day

blueprint = Blueprint("tolerances", __name__)
OVERTAKEN = "Somebody else changed this risk after you loaded the page. Read what it says now, then send yours again"
ORDERS = {
    "expires": "The earliest last day first",
    "-expires": "The latest last day first",
    "score": "By accepted score, the lowest first",
    "-score": "By accepted score, the highest first",
    "title": "By title",
    "-title": "By title, from the end",
    "asked": "The longest asked first",
    "-asked": "The last asked first",
}
POSITIONS = {"": "Any position", **{key: Position.of(key).label for key in rules.POSITIONS}}
HEADS = (
    "Reference", "Title", "Owner", "State", "Accepted score", "Accepted band", "Accepted position", "Score now",
    "Band now", "Asked of", "Asked on", "In force from", "Last day", "Ended on", "Ended since",
)  # fmt: skip


@blueprint.route("/risks/<reference>/treatment", methods=["GET", "POST"])
@guards.requires(Permission.RISK_TREAT)
def treatment(reference: str) -> ResponseReturnValue:
    """Choose how a risk is treated; to tolerate one above appetite is asked of whoever has the authority."""
    about, _facts = _about(reference, Permission.RISK_TREAT)
    on, policy = today(), policies.in_force(on=today()).policy
    chapter, standing = rules.rules_of(policy), queries.standing(guards.actor(), about.id)
    form = TreatmentForm()
    form.offer(chapter, standing.kind)
    if request.method == "GET":
        form.option.data, form.why.data, form.seen.data = standing.treatment, standing.treatment_why, standing.seen
    if form.validate_on_submit() and _is_fresh(form, standing):
        try:
            with transaction():
                asked = service.choose(db.session.get_one(Risk, about.id), form.choice(), **_when())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(
                "It is asked for. Until it is accepted, nothing has changed." if asked else "The treatment is changed."
            )
            return redirect(url_for(".of_risk", reference=reference) if asked else _risk(reference))
    record_shown((about.reference,), Outlet.TREATMENT)
    return render_template(
        "tolerances/treatment.html",
        about=about,
        form=form,
        standing=standing,
        rules=chapter,
        wants=rules.needed(policy, _trigger(standing, policy), on),
        tiers={tier.key: tier.label for tier in policy.escalation.tiers},
        rating=levels.rating_of(levels.scheme_of(policy, standing.kind))(standing.rating),
    ), 422 if form.errors else 200


@blueprint.get("/risks/<reference>/tolerances")
@guards.requires(Permission.TOLERANCE_READ)
def of_risk(reference: str) -> ResponseReturnValue:
    """Show who accepted a risk as it is and until when, what is asked for, and all that was."""
    about, facts = _about(reference, Permission.TOLERANCE_READ)
    return _page(about, facts)


def _page(about: exemptions.About, facts: Facts, typed: FlaskForm | None = None) -> ResponseReturnValue:
    """Draw the page, with the form for whoever is asked; one that was refused shows what was typed and why not."""
    policy = policies.in_force(on=today()).policy
    record_shown((about.reference,), Outlet.TOLERANCES)
    shown, standing = queries.of_risk(guards.actor(), about.id), queries.standing(guards.actor(), about.id)
    asked = next((each for each in shown if each.state == ASKED), None)
    in_force = next((each for each in shown if each.state == IN_FORCE), None)
    mine = guards.actor().post_ids
    form = typed
    if form is None and asked is not None and asked.asked_of_post_id in mine:
        form = DecideForm(formdata=None, expires_on=asked.expires_on, seen=standing.seen)
    elif form is None and in_force is not None and in_force.asked_of_post_id in mine:
        form = WithdrawForm(formdata=None, seen=standing.seen)
    return render_template(
        "tolerances/of_risk.html",
        about=about,
        asked=asked,
        in_force=in_force,
        earlier=[each for each in shown if each not in (asked, in_force)],
        form=form,
        decides=isinstance(form, DecideForm),
        is_own=facts.owner_post_id in mine,
        rules=policy.treatment,
        standing=standing,
        wants=rules.needed(policy, _trigger(standing, policy), today()),
        tiers={tier.key: tier.label for tier in policy.escalation.tiers},
        rating_of=levels.rating_of(levels.scheme_of(policy, standing.kind)),
        may_treat=guards.allows(Permission.RISK_TREAT, facts),
    ), 422 if form is not None and form.errors else 200


@blueprint.post("/risks/<reference>/tolerances/decide")
@guards.requires(Permission.TOLERANCE_DECIDE)
def decide(reference: str) -> ResponseReturnValue:
    """Accept a risk as it is until a day, or refuse to; the password is asked again before it is accepted."""
    about, facts = _about(reference, Permission.TOLERANCE_DECIDE)
    form, row = DecideForm(), _mine(about.id, ASKED)
    accepts = form.answer.data == "accept"
    is_fit = form.validate_on_submit() and _is_fresh(form, queries.standing(guards.actor(), about.id))
    if is_fit and (not accepts or form.is_proved()):
        try:
            with transaction():
                if accepts:
                    service.accept(row, why=form.why.data or "", expires_on=form.expires_on.data, **_when())
                else:
                    service.refuse(row, why=form.why.data or "", **_when())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"Accepted until {day(form.expires_on.data)}." if accepts else "Refused. Its owner is told why.")
            return redirect(url_for(".of_risk", reference=reference))
    return _page(about, facts, form)


@blueprint.post("/risks/<reference>/tolerances/withdraw")
@guards.requires(Permission.TOLERANCE_DECIDE)
def withdraw(reference: str) -> ResponseReturnValue:
    """Take back what one's post accepted; the password is asked again."""
    about, facts = _about(reference, Permission.TOLERANCE_DECIDE)
    form, row = WithdrawForm(), _mine(about.id, IN_FORCE)
    is_fit = form.validate_on_submit() and _is_fresh(form, queries.standing(guards.actor(), about.id))
    if is_fit and form.is_proved():
        try:
            with transaction():
                service.withdraw(row, why=form.why.data or "", **_when())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("Taken back. The risk is treated again, and its owner is told why.")
            return redirect(url_for(".of_risk", reference=reference))
    return _page(about, facts, form)


def _mine(risk_id: int, state: str) -> int:
    """Find what is asked of the actor, or was accepted by their post: anything else is not there."""
    shown = queries.of_risk(guards.actor(), risk_id)
    found = (each.id for each in shown if each.state == state and each.asked_of_post_id in guards.actor().post_ids)
    return next(found, None) or abort(404)


def _about(reference: str, permission: Permission) -> tuple[exemptions.About, Facts]:
    """Find a risk for a deed: not there, not readable and not allowed are one answer."""
    about = exemptions.risk(guards.actor(), reference, on=today())
    if about is None:
        abort(404)
    facts = readers.facts(risk_id=about.id, on=today())
    guards.allow(permission, facts)
    return about, facts


def _trigger(standing: queries.Standing, policy: Policy) -> Trigger:
    rating = levels.rating_of(levels.scheme_of(policy, standing.kind))(standing.rating)
    return Trigger(standing.score, rating, Position.of(standing.position), standing.category)


def _is_fresh(form: FlaskForm, standing: queries.Standing) -> bool:
    if form.seen.data == standing.seen:
        return True
    form.form_errors.append(OVERTAKEN)
    form.seen.data = standing.seen
    return False


def _risk(reference: str) -> str:
    return url_for("risks.risk", reference=reference, _anchor="plan")


def _when() -> dict[str, Any]:
    return {"by": guards.actor(), "at": now(), "on": today()}


def _wanted() -> queries.Wanted:
    asked = request.args
    state, position, sort = asked.get("state", "live"), asked.get("position", ""), asked.get("sort", "expires")
    return queries.Wanted(
        state=state if state in queries.STATES else "live",
        position=position if position in POSITIONS else "",
        words=asked.get("q", "").strip()[:100],
        sort=sort if sort in ORDERS else "expires",
    )


@blueprint.get("/tolerances")
@guards.requires(Permission.SIGNED_IN)
def tolerances() -> ResponseReturnValue:
    """List the tolerances that the reader may read, those that end first before the others."""
    wanted, number, on = _wanted(), lists.page_number(), today()
    rows, total = queries.tolerances(guards.actor(), wanted, on=on, page=number)
    record_shown((row.reference for row in rows), Outlet.TOLERANCE_LIST)
    policy = policies.in_force(on=on).policy
    return render_template(
        "tolerances/tolerances.html",
        rows=rows,
        wanted=wanted,
        counts=queries.counts(guards.actor(), on=on),
        states=queries.STATES,
        positions=POSITIONS,
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("title", "Risk", chosen=wanted.sort),
            lists.sorting("score", "Accepted", chosen=wanted.sort),
            "Now",
            "State",
            "Of whom",
            lists.sorting("expires", "Last day", chosen=wanted.sort),
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"state": queries.STATES, "position": POSITIONS, "q": None}),
        csv_url=lists.same_list("tolerances.tolerances_csv"),
        rating_of=levels.rating_of(policy.scoring),
        ends=service.ENDS,
        rules=policy.treatment,
    )


@blueprint.get("/tolerances.csv")
@guards.requires(Permission.SIGNED_IN)
def tolerances_csv() -> ResponseReturnValue:
    """Give the list on screen as a file."""
    on = today()
    rows, _total = queries.tolerances(guards.actor(), _wanted(), on=on, size=csv.MOST_ROWS)
    record_shown((row.reference for row in rows), Outlet.TOLERANCES_FILE)
    band = levels.rating_of(policies.in_force(on=on).policy.scoring)
    return csv.answer(
        "tolerances",
        HEADS,
        (
            (
                row.reference, row.title, row.owner, row.state_words, row.score, band(row.rating).label,
                Position.of(row.position).label, row.score_now, band(row.rating_now).label, row.asked_of, row.asked_on,
                row.from_on, row.expires_on, row.ended_on, service.ENDS.get(row.ended_how or ""),
            )
            for row in rows
        ),
    )  # fmt: skip
