"""The doors of issues: raising one, the register, one issue, and the surprise log."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from riskapp.domain import issues as rules
from riskapp.domain.permissions import Facts, Permission, may_anywhere
from riskapp.domain.policy import Policy
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.audit import queries as trail
from riskapp.features.choices import queries as choices
from riskapp.features.escalation import queries as escalations
from riskapp.features.exemption import queries as exemptions
from riskapp.features.issues import queries, service
from riskapp.features.issues.forms import BriefForm, CloseForm, EscalateForm, HappenedForm, SurpriseForm
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.models.database import db, once, transaction
from riskapp.models.entity import Entity
from riskapp.models.issues import Issue
from riskapp.models.risks import Risk
from riskapp.web import back, csv, guards, history, levels, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import day

blueprint = Blueprint("issues", __name__)
OVERTAKEN = "Somebody else changed it after you loaded the page. Read what it says now, then send yours again"
ORDERS = {
    "happened": "The first that happened comes first",
    "-happened": "The last that happened comes first",
    "title": "By title",
    "-title": "By title, from the end",
    "severity": "The mildest first",
    "-severity": "The most severe first",
    "owner": "By owner",
    "-owner": "By owner, from the end",
    "known": "What was known longest comes first",
    "-known": "Surprises first, then what was known for the shortest time",
}
HEADS = (
    "Reference", "Title", "What happened", "Unit", "Directorate", "Owner", "Happened on", "Severity", "Band", "State",
    "Risk", "May happen again", "Members to be briefed by", "Briefed on", "Briefed", "Closed on", "Why",
)  # fmt: skip
SURPRISE_HEADS = (
    "Reference", "Title", "Directorate", "Happened on", "On a register", "Since", "Days before", "Score then",
    "Escalation", "Foreseen",
)  # fmt: skip


@blueprint.get("/issues")
@guards.requires(Permission.SIGNED_IN)
def issues() -> ResponseReturnValue:
    """List the issues that the reader may read."""
    wanted, number, actor = _wanted(), lists.page_number(), guards.actor()
    rows, total = queries.issues(actor, wanted, on=today(), page=number)
    record_shown((row.risk_reference for row in rows), Outlet.SIMILAR)
    units = [(unit.reference, unit.indented) for unit in choices.units(actor)]
    policy = policies.in_force(on=today()).policy
    return render_template(
        "issues/issues.html",
        rows=rows,
        wanted=wanted,
        states=queries.STATES,
        units=units,
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("title", "Issue", chosen=wanted.sort),
            lists.sorting("severity", "Severity", chosen=wanted.sort),
            lists.sorting("owner", "Owner", chosen=wanted.sort),
            lists.sorting("happened", "Happened", chosen=wanted.sort),
            "Members",
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"state": queries.STATES, "unit": {key: name.strip() for key, name in units}, "q": None}),
        csv_url=lists.same_list("issues.issues_csv"),
        rating_of=levels.rating_of(policy.scoring),
        may_raise=may_anywhere(actor, Permission.RISK_DRAFT),
    )


@blueprint.get("/issues.csv")
@guards.requires(Permission.SIGNED_IN)
def issues_csv() -> ResponseReturnValue:
    """Give the list on screen as a file."""
    rows, _total = queries.issues(guards.actor(), _wanted(), on=today(), size=csv.MOST_ROWS)
    record_shown((row.risk_reference for row in rows), Outlet.SIMILAR)
    band = levels.rating_of(policies.in_force(on=today()).policy.scoring)
    return csv.answer(
        "issues",
        HEADS,
        (
            (
                row.reference, row.title, row.what, row.unit, row.directorate, row.owner, row.happened_on, row.score,
                band(row.rating).label, row.status.capitalize(), row.risk_reference, "Yes" if row.may_recur else "No",
                row.brief_by, row.briefed_on, row.briefed_whom, row.closed_on, row.closed_why,
            )
            for row in rows
        ),
    )  # fmt: skip


def _wanted(*, usual: str = "-happened", any_state: bool = False) -> queries.Wanted:
    asked = request.args
    state, sort = asked.get("state", ""), asked.get("sort", usual)
    return queries.Wanted(
        state="all" if any_state else state if state in queries.STATES else "",
        unit=asked.get("unit", ""),
        words=asked.get("q", "").strip()[:100],
        surprises=any_state and asked.get("known") == "no",
        sort=sort if sort in ORDERS else usual,
    )


@blueprint.get("/issues/surprises")
@guards.requires(Permission.SIGNED_IN)
def surprises() -> ResponseReturnValue:
    """Show what was known of each issue before it happened, and how much was foreseen, by year and directorate."""
    wanted, number, actor, on = _wanted(usual="-known", any_state=True), lists.page_number(), guards.actor(), today()
    rows, total = queries.issues(actor, wanted, on=on, page=number)
    rates = queries.foresight(actor, on=on)
    policy = policies.in_force(on=on).policy
    return render_template(
        "issues/surprises.html",
        rows=rows,
        wanted=wanted,
        rates=rates,
        years=sorted({year for year, _directorate in rates}, reverse=True),
        directorates=sorted({directorate for _year, directorate in rates}),
        total=rules.total(rates.values()),
        totals={year: rules.total(rate for (each, _), rate in rates.items() if each == year) for year, _ in rates},
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("title", "Issue", chosen=wanted.sort),
            lists.sorting("happened", "Happened", chosen=wanted.sort),
            lists.sorting("known", "On a register", chosen=wanted.sort),
            "Score then",
            "Where it stopped",
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"q": None, "known": {"no": "Surprises alone"}}),
        csv_url=lists.same_list("issues.surprises_csv"),
        rating_of=levels.rating_of(policy.scoring),
        rules=policy.life,
    )


@blueprint.get("/issues/surprises.csv")
@guards.requires(Permission.SIGNED_IN)
def surprises_csv() -> ResponseReturnValue:
    """Give the surprise log on screen as a file."""
    wanted = _wanted(usual="-known", any_state=True)
    rows, _total = queries.issues(guards.actor(), wanted, on=today(), size=csv.MOST_ROWS)
    life = policies.in_force(on=today()).policy.life
    return csv.answer(
        "surprise-log",
        SURPRISE_HEADS,
        (
            (
                row.reference, row.title, row.directorate, row.happened_on, "Yes" if row.registered_on else "No",
                row.registered_on, row.known.days_before, row.held_score, row.stopped,
                "Yes" if life and row.known.is_foreseen(life) else "No",
            )
            for row in rows
        ),
    )  # fmt: skip


@blueprint.route("/risks/<reference>/happened", methods=["GET", "POST"])
@guards.requires(Permission.ISSUE_RAISE)
def happened(reference: str) -> ResponseReturnValue:
    """Make an issue of a risk that happened."""
    actor, on = guards.actor(), today()
    about = exemptions.risk(actor, reference, on=on)
    if about is None or about.title is None:
        abort(404)
    facts = readers.facts(risk_id=about.id, on=on)
    guards.allow(Permission.ISSUE_RAISE, facts)
    record_shown((about.reference,), Outlet.RISK)
    policy, risk, form = policies.in_force(on=on).policy, db.session.get_one(Risk, about.id), HappenedForm()
    form.offer(policy, choices.owners(actor))
    if request.method == "GET":
        form.submission_key.data, form.seen.data = uuid.uuid4().hex, str(risk.version)
        form.title.data, form.happened_on.data, form.owner.data = about.title, on, str(risk.owner_post_id)
    if form.validate_on_submit():
        recurs = form.may_recur.data == "yes"
        try:
            if form.seen.number != risk.version:
                form.seen.data = str(risk.version)
                raise rules.CannotRaiseIssue(Refusal(None, OVERTAKEN))
            if not recurs and not guards.allows(Permission.RISK_CLOSE, facts):
                message = "Only a manager who does not own the risk closes it. Choose yes, and have it closed"
                raise rules.CannotRaiseIssue(Refusal("may_recur", message))
            made = once(
                lambda: service.happened(db.session.get_one(Risk, about.id), form.new(), may_recur=recurs, **_when())
            )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            return _raised(made)
    return render_template("issues/happened.html", about=about, form=form, rules=policy.life), _status(form)


@blueprint.route("/issues/new", methods=["GET", "POST"])
@guards.requires(Permission.RISK_DRAFT)
def surprise() -> ResponseReturnValue:
    """Enter what happened without having been on a register."""
    actor = guards.actor()
    units = choices.own_units(actor) if may_anywhere(actor, Permission.RISK_DRAFT) else ()
    if not units:
        abort(404)
    policy, form = policies.in_force(on=today()).policy, SurpriseForm()
    form.offer(policy, choices.owners(actor))
    form.offer_places(policy, units)
    paths = {str(unit.id): unit.path for unit in units}
    if request.method == "GET":
        form.submission_key.data, form.happened_on.data = uuid.uuid4().hex, today()
        form.unit.data = str(units[0].id) if len(units) == 1 else ""
    if form.validate_on_submit():
        guards.allow(Permission.RISK_DRAFT, Facts(unit_path=paths[form.unit.data]))
        place = {"unit_id": int(form.unit.data), "category": form.category.data}
        try:
            made = once(lambda: service.surprise(form.new(), **place, **_when()))
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            return _raised(made)
    return render_template("issues/surprise.html", form=form, rules=policy.life), _status(form)


def _raised(made: Issue) -> ResponseReturnValue:
    found = queries.issue(guards.actor(), db.session.get_one(Entity, made.id).reference, on=today())
    briefing = f" Members are to be briefed by {day(made.brief_by)}." if made.brief_by else ""
    flash(f"It is an issue now, with an owner and a place of its own.{briefing}")
    return redirect(url_for(".issue", reference=found.reference) if found else url_for(".issues"))


@blueprint.get("/issues/<reference>")
@guards.requires(Permission.ISSUE_READ)
def issue(reference: str) -> ResponseReturnValue:
    """Show an issue: what happened, what is done about it, and what was known before."""
    return _page(*_found(reference, Permission.ISSUE_READ))


@blueprint.post("/issues/<reference>/brief")
@guards.requires(Permission.ISSUE_KEEP)
def brief(reference: str) -> ResponseReturnValue:
    """Record that Members were briefed."""
    form = BriefForm()
    return _do(reference, Permission.ISSUE_KEEP, form, "The briefing is on the record.", lambda row: service.brief(
        row, whom=form.whom.data or "", **_when(),
    ))  # fmt: skip


@blueprint.post("/issues/<reference>/escalate")
@guards.requires(Permission.ISSUE_KEEP)
def escalate(reference: str) -> ResponseReturnValue:
    """Send an issue up with a reason."""
    form = EscalateForm()
    return _do(reference, Permission.ISSUE_KEEP, form, "It is escalated.", lambda row: service.escalate(
        row, reason=form.reason.data or "", **_when(),
    ))  # fmt: skip


@blueprint.post("/issues/<reference>/close")
@guards.requires(Permission.ISSUE_CLOSE)
def close(reference: str) -> ResponseReturnValue:
    """Close an issue with a reason."""
    form = CloseForm()
    return _do(reference, Permission.ISSUE_CLOSE, form, "The issue is closed.", lambda row: service.close(
        row, why=form.why.data or "", **_when(),
    ))  # fmt: skip


def _do(
    reference: str, permission: Permission, form: FlaskForm, said: str, deed: Callable[[Issue], object]
) -> ResponseReturnValue:
    found, facts = _found(reference, permission)
    if form.validate_on_submit():
        if form.seen.number != found.version:
            form.form_errors.append(OVERTAKEN)
            form.seen.data = str(found.version)
        else:
            try:
                with transaction():
                    deed(db.session.get_one(Issue, found.id))
            except Cannot as refusal:
                show_refusals(form, refusal)
            else:
                flash(said)
                return redirect(back.after(url_for(".issue", reference=found.reference)))
    return _page(found, facts, form)


def _found(reference: str, permission: Permission) -> tuple[queries.Shown, Facts]:
    """Find an issue for a deed: not there, not readable and not allowed are one answer."""
    found = queries.issue(guards.actor(), reference, on=today())
    if found is None:
        abort(404)
    facts = queries.facts(guards.actor(), found, on=today())
    guards.allow(permission, facts)
    record_shown((found.risk_reference,), Outlet.RISK)
    return found, facts


def _page(found: queries.Shown, facts: Facts, refused: FlaskForm | None = None) -> ResponseReturnValue:
    actor, on = guards.actor(), today()
    policy = policies.in_force(on=on).policy
    forms: dict[str, FlaskForm] = {
        name: kind(formdata=None, seen=str(found.version))
        for name, kind in (("brief", BriefForm), ("escalate", EscalateForm), ("close", CloseForm))
    }
    for name, form in forms.items():
        if refused is not None and type(refused) is type(form):
            forms[name] = refused
        for field in forms[name]:
            field.id = f"{name}-{field.name}"
    return render_template(
        "issues/issue.html",
        found=found,
        forms=forms,
        refused=refused,
        actions=queries.actions(actor, found.id, on=on),
        case=escalations.case_of(actor, found.id, at=now(), on=on),
        history=history.in_words(trail.time_line(actor, found.id)),
        category=_category(policy, found),
        kind=policy.scoring.dimension(found.dimension),
        rating_of=levels.rating_of(policy.scoring),
        rules=policy.life,
        may={permission.name: guards.allows(permission, facts) for permission in DEEDS},
    ), _status(refused)


DEEDS = (Permission.ISSUE_KEEP, Permission.ISSUE_CLOSE)


def _category(policy: Policy, found: queries.Shown) -> str:
    known = policy.appetite.categories.get(found.category)
    return known.label if known else found.category.capitalize()


def _status(form: FlaskForm | None) -> int:
    return 422 if form is not None and (form.errors or form.form_errors) else 200


def _when() -> dict[str, Any]:
    return {"by": guards.actor(), "at": now(), "on": today()}
