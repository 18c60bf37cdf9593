"""The pages of access: roles and proposals, things opened by name, emergencies, and the table of who may do what."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain import permission_table
from riskapp.domain.access import READS, CannotAgree, CannotBreakGlass, CannotLetIn, CannotPropose
from riskapp.domain.permissions import Permission, Role
from riskapp.features.access import queries, service
from riskapp.features.access.forms import DecideForm, EmergencyForm, EndRoleForm, LetInForm, ProposeForm, ReasonForm
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.models.database import db, once, transaction
from riskapp.web import guards
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.listing import Listing, R

blueprint = Blueprint("access", __name__)
NUMBER = "<int(max=2147483647):number>"


def _last(row: Any) -> str:
    return row.to_on.isoformat() if row.to_on else "9999"


ROLES: Listing[queries.RoleRow] = Listing(
    "role",
    "roles",
    {"now": "In force", "to_come": "Yet to begin", "ended": "Ended"},
    "now",
    "person",
    {
        "person": ("Who", lambda row: row.person.name.casefold()),
        "role": ("Role", lambda row: row.role),
        "unit": ("Over", lambda row: row.unit.casefold()),
        "until": ("From and until", _last),
    },
    ("Post", "Address", "Role", "Unit", "Clearance", "From", "Until", "State", "Reason", "Why it ended"),
    lambda row: (
        row.person.name, row.person.email, row.role, row.unit, row.clearance, row.from_on, row.to_on,
        ROLES.states[row.state], row.reason, row.ended_why,
    ),
)  # fmt: skip
PROPOSALS: Listing[queries.ProposalRow] = Listing(
    "proposal",
    "proposals",
    {"waiting": "Waiting", "agreed": "Agreed", "refused": "Refused", "withdrawn": "Withdrawn"},
    "all",
    "-proposed",
    {
        "proposed": ("Proposed", lambda row: row.proposed_at),
        "person": ("For whom", lambda row: row.person.name.casefold()),
        "unit": ("Over", lambda row: row.unit.casefold()),
        "state": ("State", lambda row: row.state),
    },
    (
        "Proposed", "Proposal", "Post", "Address", "Unit", "Clearance", "From", "Until", "Reason", "Proposed by",
        "State", "Decided by", "Decided", "Why",
    ),
    lambda row: (
        row.proposed_at, row.words, row.person.name, row.person.email, row.unit, row.clearance, row.from_on,
        row.to_on, row.reason, row.proposed_by.name, PROPOSALS.states[row.state], row.decided_by.email,
        row.decided_at, row.decided_why,
    ),
)  # fmt: skip
NAMED: Listing[queries.GrantRow] = Listing(
    "thing opened by name",
    "things opened by name",
    {"live": "Open", "to_come": "Yet to begin", "expired": "Run out", "ended": "Ended"},
    "live",
    "until",
    {
        "thing": ("Thing", lambda row: row.reference),
        "person": ("To whom", lambda row: row.person.name.casefold()),
        "until": ("From and until", _last),
        "by": ("By", lambda row: row.granted_by.name.casefold()),
    },
    ("Kind", "Reference", "Post", "Address", "Clearance", "From", "Until", "State", "By", "Reason"),
    lambda row: (
        row.kind, row.reference, row.person.name, row.person.email, row.clearance, row.from_on, row.to_on,
        NAMED.states[row.state], row.granted_by.name, row.reason,
    ),
)  # fmt: skip
EMERGENCIES: Listing[queries.EmergencyRow] = Listing(
    "emergency",
    "emergencies",
    {"waiting": "Waiting", "now": "Lasts", "over": "Over", "refused": "Refused or taken back"},
    "all",
    "-asked",
    {
        "asked": ("Asked", lambda row: row.asked_at),
        "person": ("By", lambda row: row.asked_by.name.casefold()),
        "until": ("Until", lambda row: str(row.runs_out_at or "")),
        "state": ("State", lambda row: row.state),
    },
    ("Asked", "By", "Address", "Reason", "Agreed", "Agreed by", "Until", "Ended", "State"),
    lambda row: (
        row.asked_at, row.asked_by.name, row.asked_by.email, row.reason, row.agreed_at, row.agreed_by.email,
        row.runs_out_at, row.ended_at, EMERGENCIES.states[row.state],
    ),
)  # fmt: skip


@blueprint.after_app_request
def _record_what_is_read_in_an_emergency(response: Response) -> Response:
    """Record each page before it leaves: one that cannot be recorded is not shown."""
    if guards.is_known() and guards.actor().has_role(Role.BROKEN_GLASS):
        reference = (request.view_args or {}).get("reference")
        with transaction():
            service.record_reading(
                page=request.endpoint or "none",
                reference=str(reference) if reference else None,
                status=response.status_code,
                by=guards.actor(),
                at=now(),
            )
    return response


@blueprint.app_context_processor
def _banner() -> dict[str, Any]:
    in_emergency = guards.is_known() and guards.actor().has_role(Role.BROKEN_GLASS)
    return {"emergency": queries.own_emergency(guards.actor(), at=now()) if in_emergency else None}


@blueprint.get("/access/table")
@guards.requires(Permission.SIGNED_IN)
def table() -> ResponseReturnValue:
    """Show the table of permissions in sentences."""
    return render_template("access/table.html", table=permission_table, may_see=guards.allows(Permission.ROLE_READ))


@blueprint.get("/access")
@guards.requires(Permission.ROLE_READ)
def roles() -> ResponseReturnValue:
    """List who has which role, and what waits to be decided."""
    guards.allow(Permission.ROLE_READ)
    on = today()
    waiting = [row for row in queries.proposals(guards.actor(), on=on) if row.state == "waiting"]
    may_propose = guards.allows(Permission.ROLE_PROPOSE)
    page = ROLES.page(queries.roles(guards.actor(), on=on), "access.roles")
    return render_template("access/roles.html", **page, waiting=waiting, may_propose=may_propose)


@blueprint.get("/access.csv")
@guards.requires(Permission.ROLE_READ)
def roles_csv() -> ResponseReturnValue:
    """Give the list of roles on screen as a file."""
    guards.allow(Permission.ROLE_READ)
    return ROLES.file(f"roles-{today()}", queries.roles(guards.actor(), on=today()))


@blueprint.get("/access/proposals")
@guards.requires(Permission.ROLE_READ)
def proposals() -> ResponseReturnValue:
    """List what was proposed and how it was decided."""
    guards.allow(Permission.ROLE_READ)
    page = PROPOSALS.page(queries.proposals(guards.actor(), on=today()), "access.proposals")
    return render_template("access/proposals.html", **page, may_propose=guards.allows(Permission.ROLE_PROPOSE))


@blueprint.get("/access/proposals.csv")
@guards.requires(Permission.ROLE_READ)
def proposals_csv() -> ResponseReturnValue:
    """Give the list of proposals on screen as a file."""
    guards.allow(Permission.ROLE_READ)
    return PROPOSALS.file(f"role-proposals-{today()}", queries.proposals(guards.actor(), on=today()))


@blueprint.route("/access/propose", methods=["GET", "POST"])
@guards.requires(Permission.ROLE_PROPOSE)
def propose() -> ResponseReturnValue:
    """Propose that somebody is given a role."""
    guards.allow(Permission.ROLE_PROPOSE)
    on = today()
    form = ProposeForm(from_on=on)
    units = db.session.scalars(people.units_with_names()).all()
    form.offer((unit.id, unit.entity.name) for unit in units)
    if form.validate_on_submit() and form.from_on.data and form.is_proved():
        new = service.NewRole(
            email=form.person.data or "",
            role=form.role_chosen,
            unit_id=int(form.unit.data),
            clearance=form.clearance_chosen,
            from_on=form.from_on.data,
            to_on=form.to_on.data,
            reason=form.reason.data or "",
        )
        try:
            made = once(lambda: service.propose(new, by=guards.actor(), at=now(), on=on))
        except CannotPropose as refusal:
            show_refusals(form, refusal)
        else:
            flash("It is proposed. It counts when another person has agreed.")
            return redirect(url_for("access.proposal", number=made.id))
    return render_template("access/propose.html", form=form, rules=policies.in_force(on=on).policy.access)


@blueprint.route(f"/access/roles/{NUMBER}/end", methods=["GET", "POST"])
@guards.requires(Permission.ROLE_PROPOSE)
def end_role(number: int) -> ResponseReturnValue:
    """Propose that somebody loses a role."""
    guards.allow(Permission.ROLE_PROPOSE)
    row = _one(queries.roles(guards.actor(), on=today()), number)
    form = EndRoleForm()
    if form.validate_on_submit() and form.is_proved():
        said = form.reason.data or ""
        try:
            made = once(lambda: service.propose_end(number, reason=said, by=guards.actor(), at=now(), on=today()))
        except CannotPropose as refusal:
            show_refusals(form, refusal)
        else:
            flash("It is proposed. The role counts until another person has agreed.")
            return redirect(url_for("access.proposal", number=made.id))
    return render_template("access/end_role.html", row=row, form=form)


def _one(rows: Iterable[R], number: int) -> R:
    return next((row for row in rows if row.id == number), None) or abort(404)


@blueprint.get(f"/access/proposals/{NUMBER}")
@guards.requires(Permission.ROLE_READ)
def proposal(number: int) -> ResponseReturnValue:
    """Show a proposal, and to who may decide it the way to do so."""
    guards.allow(Permission.ROLE_READ)
    return _show_proposal(number, DecideForm(formdata=None))


def _show_proposal(number: int, form: DecideForm) -> str:
    row = _one(queries.proposals(guards.actor(), on=today(), proposal_id=number), number)
    is_own = row.proposed_by_id == guards.actor().person_id
    waits = row.state == "waiting"
    return render_template(
        "access/proposal.html",
        row=row,
        form=form,
        states=PROPOSALS.states,
        may_decide=waits and not is_own and guards.allows(Permission.ROLE_AGREE),
        may_withdraw=waits and is_own,
    )


@blueprint.post(f"/access/proposals/{NUMBER}/decide")
@guards.requires(Permission.ROLE_AGREE)
def decide(number: int) -> ResponseReturnValue:
    """Agree to a proposal of another, or refuse it."""
    guards.allow(Permission.ROLE_AGREE)
    _one(queries.proposals(guards.actor(), on=today(), proposal_id=number), number)
    form = DecideForm()
    agrees = request.form.get("deed") == "agree"
    valid = form.validate_on_submit()
    if valid and not agrees and not form.why.data:
        form.why.errors = ["Say why you refuse it"]
    elif valid and (form.is_proved() or not agrees):
        said = form.why.data or ""
        try:
            with transaction():
                if agrees:
                    service.agree(number, why=said, by=guards.actor(), at=now(), on=today())
                else:
                    service.refuse(number, why=said, by=guards.actor(), at=now())
        except CannotAgree as refusal:
            show_refusals(form, refusal)
        else:
            flash("Agreed. They are signed out, and it counts when they sign in again." if agrees else "Refused.")
            return redirect(url_for("access.proposal", number=number))
    return _show_proposal(number, form)


@blueprint.post(f"/access/proposals/{NUMBER}/withdraw")
@guards.requires(Permission.ROLE_PROPOSE)
def withdraw(number: int) -> ResponseReturnValue:
    """Take back one's own proposal."""
    guards.allow(Permission.ROLE_PROPOSE)
    row = _one(queries.proposals(guards.actor(), on=today(), proposal_id=number), number)
    if row.proposed_by_id != guards.actor().person_id:
        abort(404)
    with transaction():
        service.withdraw(number, by=guards.actor(), at=now())
    flash("The proposal is withdrawn.")
    return redirect(url_for("access.proposals"))


@blueprint.get("/access/named")
@guards.requires(Permission.ROLE_READ)
def named() -> ResponseReturnValue:
    """List what was opened to whom by name."""
    guards.allow(Permission.ROLE_READ)
    page = NAMED.page(queries.named_grants(guards.actor(), on=today()), "access.named")
    return render_template("access/named.html", **page, may_give=guards.allows(Permission.NAMED_GRANT_GIVE))


@blueprint.get("/access/named.csv")
@guards.requires(Permission.ROLE_READ)
def named_csv() -> ResponseReturnValue:
    """Give the list on screen as a file."""
    guards.allow(Permission.ROLE_READ)
    return NAMED.file(f"opened-by-name-{today()}", queries.named_grants(guards.actor(), on=today()))


@blueprint.route("/access/named/give", methods=["GET", "POST"])
@guards.requires(Permission.NAMED_GRANT_GIVE)
def let_in() -> ResponseReturnValue:
    """Open one thing to somebody by name."""
    guards.allow(Permission.NAMED_GRANT_GIVE)
    on = today()
    form = LetInForm(thing=request.args.get("thing", ""))
    if form.validate_on_submit() and form.to_on.data and form.is_proved():
        new = service.NewNamedGrant(
            email=form.person.data or "",
            reference=form.thing.data or "",
            clearance=form.clearance_chosen,
            from_on=on,
            to_on=form.to_on.data,
            reason=form.reason.data or "",
        )
        try:
            once(lambda: service.let_in(new, by=guards.actor(), at=now(), on=on))
        except CannotLetIn as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"It is open to them until {new.to_on:%-d %B %Y}.")
            return redirect(url_for("access.named"))
    rules = policies.in_force(on=on).policy.access
    return render_template("access/let_in.html", form=form, rules=rules, kinds=tuple(READS))


@blueprint.route(f"/access/named/{NUMBER}/end", methods=["GET", "POST"])
@guards.requires(Permission.NAMED_GRANT_GIVE)
def end_named(number: int) -> ResponseReturnValue:
    """Close a thing again to whom it was opened."""
    guards.allow(Permission.NAMED_GRANT_GIVE)
    row = _one(queries.named_grants(guards.actor(), on=today(), grant_id=number), number)
    form = ReasonForm()
    if form.validate_on_submit():
        with transaction():
            service.end_named_grant(number, why=form.reason.data or "", by=guards.actor(), at=now())
        flash("It is closed to them from now on.")
        return redirect(url_for("access.named"))
    return render_template("access/end_named.html", row=row, form=form)


@blueprint.get("/access/emergencies")
@guards.requires(Permission.ROLE_READ)
def emergencies() -> ResponseReturnValue:
    """List the emergencies: who asked, who agreed, until when."""
    guards.allow(Permission.ROLE_READ)
    return _show_emergencies(ReasonForm(formdata=None))


def _show_emergencies(form: ReasonForm) -> str:
    rows = queries.emergencies(guards.actor(), at=now(), on=today())
    own = guards.actor().person_id
    return render_template(
        "access/emergencies.html",
        **EMERGENCIES.page(rows, "access.emergencies"),
        form=form,
        rules=policies.in_force(on=today()).policy.access,
        may_ask=guards.allows(Permission.GLASS_BREAK),
        own=own,
        may_agree=guards.allows(Permission.GLASS_AGREE),
        waits=any(row.state in {"waiting", "now"} and row.asked_by_id == own for row in rows),
    )


@blueprint.get("/access/emergencies.csv")
@guards.requires(Permission.ROLE_READ)
def emergencies_csv() -> ResponseReturnValue:
    """Give the list on screen as a file."""
    guards.allow(Permission.ROLE_READ)
    return EMERGENCIES.file(f"emergencies-{today()}", queries.emergencies(guards.actor(), at=now(), on=today()))


@blueprint.post("/access/emergencies")
@guards.requires(Permission.GLASS_BREAK)
def ask() -> ResponseReturnValue:
    """Ask to read everything for a few hours."""
    guards.allow(Permission.GLASS_BREAK)
    form = ReasonForm()
    if not form.validate_on_submit():
        return _show_emergencies(form)
    said = form.reason.data or ""
    once(lambda: service.ask_in_emergency(reason=said, by=guards.actor(), at=now(), on=today()))
    flash("It is asked. Nothing is open until another person agrees.")
    return redirect(url_for("access.emergencies"))


@blueprint.route(f"/access/emergencies/{NUMBER}/decide", methods=["GET", "POST"])
@guards.requires(Permission.GLASS_AGREE)
def decide_emergency(number: int) -> ResponseReturnValue:
    """Agree to what another asked for in an emergency, or refuse it."""
    guards.allow(Permission.GLASS_AGREE)
    row = _one(queries.emergencies(guards.actor(), at=now(), on=today(), emergency_id=number), number)
    form, agrees = EmergencyForm(), request.form.get("deed") == "agree"
    if form.validate_on_submit() and (form.is_proved() or not agrees):
        try:
            with transaction():
                if agrees:
                    service.agree_to_emergency(number, by=guards.actor(), at=now(), on=today())
                else:
                    service.refuse_emergency(number, by=guards.actor(), at=now())
        except CannotBreakGlass as refusal:
            show_refusals(form, refusal)
        else:
            flash("Agreed. It runs out by itself." if agrees else "Refused.")
            return redirect(url_for("access.emergencies"))
    return render_template(
        "access/emergency.html",
        row=row,
        form=form,
        states=EMERGENCIES.states,
        rules=policies.in_force(on=today()).policy.access,
        may_decide=row.state == "waiting" and row.asked_by_id != guards.actor().person_id,
    )


@blueprint.post(f"/access/emergencies/{NUMBER}/end")
@guards.requires(Permission.ROLE_READ)
def end_emergency(number: int) -> ResponseReturnValue:
    """End an emergency early: by who asked, or by who may agree to one."""
    guards.allow(Permission.ROLE_READ)
    row = _one(queries.emergencies(guards.actor(), at=now(), on=today(), emergency_id=number), number)
    if row.asked_by_id != guards.actor().person_id and not guards.allows(Permission.GLASS_AGREE):
        abort(404)
    with transaction():
        service.end_emergency(number, by=guards.actor(), at=now())
    flash("It is ended.")
    return redirect(url_for("access.emergencies"))
