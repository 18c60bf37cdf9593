"""The pages of escalation: the list, a case with what may be done to it, and the route as a map."""

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from riskapp.domain.escalation_states import CaseState, Decision
from riskapp.domain.permissions import Permission
from riskapp.domain.refusal import Cannot
from riskapp.features.escalation import forms, queries, service
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.models.database import db, transaction
from riskapp.web import back, csv, drawings, guards, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals

blueprint = Blueprint("escalation", __name__)
STATES = {
    "": "Open",
    **{state.value: state.label for state in CaseState if state != CaseState.OPEN},
    "all": "Any state",
}
ORDERS = {
    "due": "The one that runs out first comes first, then the oldest",
    "-due": "The one that runs out last comes first, then the oldest",
    "score": "The lowest score first, then the oldest",
    "-score": "The highest score first, then the oldest",
    "raised": "The oldest first",
    "-raised": "The newest first",
}


def _wanted() -> queries.Wanted:
    asked = request.args
    return queries.Wanted(
        state=asked.get("state") or CaseState.OPEN,
        tier=asked.get("tier", ""),
        unit=asked.get("unit", ""),
        text=asked.get("text", "").strip()[:200],
        sort=asked.get("sort") if asked.get("sort") in queries.ORDERS else "due",  # type: ignore[arg-type] # in ORDERS
    )


@blueprint.get("/escalations")
@guards.requires(Permission.SIGNED_IN)
def escalations() -> ResponseReturnValue:
    """List the escalations that the reader may see."""
    wanted, number = _wanted(), lists.page_number()
    rows, total = queries.cases(guards.actor(), wanted, at=now(), on=today(), page=number)
    record_shown((row.subject_reference for row in rows), Outlet.ESCALATIONS)
    tiers = {tier.key: tier.label for tier in policies.in_force(on=today()).policy.escalation.tiers}
    units = queries.units_to_choose()
    return render_template(
        "escalation/escalations.html",
        rows=rows,
        wanted=wanted,
        states=STATES,
        tiers=tiers,
        units=units,
        order=ORDERS[wanted.sort],
        heads=(
            "Risk",
            lists.sorting("score", "Score", chosen=wanted.sort),
            "With",
            lists.sorting("due", "Time left", chosen=wanted.sort),
            lists.sorting("raised", "Raised", chosen=wanted.sort),
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"state": STATES, "tier": tiers, "unit": dict(units), "text": None}),
        csv_url=lists.same_list("escalation.escalations_csv"),
    )


@blueprint.get("/escalations.csv")
@guards.requires(Permission.SIGNED_IN)
def escalations_csv() -> Response:
    """Give the list on screen as a file."""
    rows, _total = queries.cases(guards.actor(), _wanted(), at=now(), on=today(), size=csv.MOST_ROWS)
    record_shown((row.subject_reference for row in rows), Outlet.ESCALATIONS_FILE)
    heads = ("Escalation", "Risk", "Title", "Unit", "Score", "Rating", "State", "Tier", "With", "Raised", "Due")
    return csv.answer(
        "escalations",
        heads,
        (
            (
                row.reference,
                row.subject_reference,
                row.title,
                row.unit,
                row.score and row.score.score,
                row.score and row.score.rating.label,
                row.state.label,
                row.tier,
                row.post,
                row.raised_at,
                row.due_at,
            )
            for row in rows
        ),
    )


@blueprint.get("/escalations/route")
@guards.requires(Permission.SIGNED_IN)
def route() -> ResponseReturnValue:
    """Draw the way up from every team of a part of the council, with the live cases on it."""
    made = queries.route_map(guards.actor(), request.args.get("unit", ""), at=now(), on=today())
    if made is None:
        abort(404)
    return render_template(
        "escalation/route.html",
        made=made,
        drawing=drawings.route(made.facts),
        units=queries.units_to_choose(),
        proof=queries.proof(on=today()),
        policy=policies.in_force(on=today()),
    )


@blueprint.get("/escalations/<reference>")
@guards.requires(Permission.ESCALATION_READ)
def escalation(reference: str) -> ResponseReturnValue:
    """Show a case, and the forms of whoever may do something."""
    return _page(_found(reference))


@blueprint.post("/escalations/<reference>/acknowledge")
@guards.requires(Permission.ESCALATION_ANSWER)
def acknowledge(reference: str) -> ResponseReturnValue:
    """Say that one has it."""
    return _do(
        reference, "acknowledge", forms.AcknowledgeForm(), service.acknowledge, "Acknowledged. The owner has been told."
    )


@blueprint.post("/escalations/<reference>/return")
@guards.requires(Permission.ESCALATION_ANSWER)
def return_with_advice(reference: str) -> ResponseReturnValue:
    """Send it back."""
    form = forms.ReturnForm(prefix="return")

    def deed(case_id: int, **moment: object) -> None:
        service.return_with_advice(case_id, advice=form.advice.data or "", **moment)  # type: ignore[arg-type] # the moment

    return _do(reference, "return", form, deed, "Returned. The owner has been told.")


@blueprint.post("/escalations/<reference>/pass-on")
@guards.requires(Permission.ESCALATION_ANSWER)
def pass_on(reference: str) -> ResponseReturnValue:
    """Give it to the next desk up."""
    form = forms.PassOnForm(prefix="pass")

    def deed(case_id: int, **moment: object) -> None:
        service.pass_on(case_id, why=form.why.data or "", **moment)  # type: ignore[arg-type] # the moment

    return _do(reference, "pass", form, deed, "Passed on. The next post up and the owner have been told.")


@blueprint.post("/escalations/<reference>/decide")
@guards.requires(Permission.ESCALATION_ANSWER)
def decide(reference: str) -> ResponseReturnValue:
    """Record a decision."""
    form = forms.DecideForm(prefix="decide")

    def deed(case_id: int, **moment: object) -> None:
        service.accept(case_id, decision=Decision(form.decision.data), note=form.note.data or "", **moment)  # type: ignore[arg-type] # the moment

    return _do(reference, "decide", form, deed, "Decided. The owner has been told.")


@blueprint.post("/escalations/<reference>/withdraw")
@guards.requires(Permission.ESCALATION_WITHDRAW)
def withdraw(reference: str) -> ResponseReturnValue:
    """Take it off the route."""
    form = forms.WithdrawForm(prefix="withdraw")

    def deed(case_id: int, **moment: object) -> None:
        service.withdraw(case_id, why=form.why.data or "", **moment)  # type: ignore[arg-type] # the moment

    return _do(
        reference,
        "withdraw",
        form,
        deed,
        "Withdrawn. Those on its route have been told.",
        Permission.ESCALATION_WITHDRAW,
    )


def _found(reference: str) -> queries.CaseView:
    case = queries.case(guards.actor(), reference, at=now(), on=today())
    if case is None:
        abort(404)
    guards.allow(Permission.ESCALATION_READ, case.facts)
    record_shown((case.row.subject_reference,), Outlet.ESCALATION)
    return case


def _do(
    reference: str,
    key: str,
    form: FlaskForm,
    deed: Callable[..., None],
    said: str,
    permission: Permission = Permission.ESCALATION_ANSWER,
) -> ResponseReturnValue:
    """Do one deed of a form; a refusal, also of what was answered a moment ago, is said on the page itself."""
    case = _found(reference)
    if case.facts.is_open:
        guards.allow(permission, case.facts)
    if form.validate_on_submit():
        try:
            with transaction():
                deed(case.id, by=guards.actor(), at=now(), on=today())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(said)
            return redirect(back.after(url_for("escalation.escalation", reference=reference)))
    db.session.expire_all()
    return _page(_found(reference), key, form), 422


def _page(case: queries.CaseView, key: str = "", said: FlaskForm | None = None) -> str:
    """Draw a case with its forms; one that was refused is shown with what was written in it."""
    fresh: dict[str, FlaskForm] = {
        "return": forms.ReturnForm(formdata=None, prefix="return"),
        "pass": forms.PassOnForm(formdata=None, prefix="pass"),
        "decide": forms.DecideForm(formdata=None, prefix="decide"),
        "withdraw": forms.WithdrawForm(formdata=None, prefix="withdraw"),
    }
    if said is not None:
        fresh[key] = said
    return render_template(
        "escalation/escalation.html",
        case=case,
        form=said,
        asked=key,
        forms=fresh,
        may_answer=guards.allows(Permission.ESCALATION_ANSWER, case.facts),
        may_withdraw=case.facts.is_open and guards.allows(Permission.ESCALATION_WITHDRAW, case.facts),
        may_read_subject=guards.allows(Permission.RISK_READ, case.facts),
        owns=case.facts.owner_post_id in guards.actor().post_ids,
    )
