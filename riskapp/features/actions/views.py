"""The pages of actions: every action, one action with what can be done to it, and a new one."""

import secrets
from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from riskapp.domain.actions import Deed, deeds_of, needs_approval
from riskapp.domain.permissions import Permission, may_anywhere
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.actions import queries, service
from riskapp.features.actions.forms import CancelForm, MoveForm, NewActionForm, NoteForm, UpdateForm
from riskapp.features.issues import queries as issues
from riskapp.features.overdue.views import (
    HEADS,
    MOVED,
    ROWS,
    STATES,
    applied_filters,
    blueprint,
    cells,
    choices,
    filter_asked,
    risks_of,
    sort_asked,
)
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.rmap import queries as rmap
from riskapp.features.rmap.queries import ListedAction
from riskapp.models.actions import Action
from riskapp.models.database import once, transaction
from riskapp.web import back, csv, guards, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import day

__all__ = ["blueprint"]

BESIDE_PROGRESS = (Deed.AGREE, Deed.START)


@blueprint.get("/actions")
@guards.requires(Permission.SIGNED_IN)
def actions() -> ResponseReturnValue:
    """List every action that the actor may read."""
    sort, wanted = sort_asked("due"), filter_asked()
    page = rmap.actions(
        guards.actor(), wanted, sort=sort.lstrip("-"), descending=sort.startswith("-"),
        page=lists.page_number(), size=ROWS, on=today(),
    )  # fmt: skip
    record_shown(risks_of(page.actions), Outlet.ACTIONS)
    columns = (("action", "Action"), ("owner", "Owner"), ("score", "Risk"), ("due", "Due"), ("moved", "Promises"))
    return render_template(
        "actions/actions.html",
        page=page,
        wanted=wanted,
        pager=lists.pager(page.number, ROWS, page.total),
        heads=[
            *(lists.sorting(key, label, chosen=sort) for key, label in columns),
            lists.sorting("progress", "Progress", chosen=sort),
        ],
        applied=applied_filters(),
        address=lists.address,
        directorate_choices=choices("All directorates", queries.directorates()),
        states=STATES,
        moved_words=MOVED,
        may_add=may_anywhere(guards.actor(), Permission.ACTION_ADD),
    )


@blueprint.get("/actions.csv")
@guards.requires(Permission.SIGNED_IN)
def actions_csv() -> ResponseReturnValue:
    """Give the actions of the filter as a file."""
    sort, on = sort_asked("due"), today()
    page = rmap.actions(
        guards.actor(), filter_asked(), sort=sort.lstrip("-"), descending=sort.startswith("-"), size=None, on=on
    )
    record_shown(risks_of(page.actions), Outlet.ACTIONS_FILE)
    return csv.answer(f"actions-{on}", HEADS, map(cells, page.actions))


@blueprint.get("/actions/<reference>")
@guards.requires(Permission.ACTION_READ)
def action(reference: str) -> ResponseReturnValue:
    """Show an action: what was promised, what was said, and what can be done here."""
    return _page(_found(reference))


def _found(reference: str, permission: Permission = Permission.ACTION_READ) -> ListedAction:
    found = rmap.action(guards.actor(), reference, on=today())
    if found is None:
        abort(404)
    guards.allow(permission, found.facts)
    record_shown((found.risk_reference,), Outlet.ACTION)
    return found


def _page(found: ListedAction, typed: dict[str, FlaskForm] | None = None) -> str:
    """Draw the page with its forms; one that was refused shows what was typed and why not."""
    forms: dict[str, FlaskForm] = {
        "update": UpdateForm(formdata=None, progress=found.progress),
        "complete": NoteForm(formdata=None),
        "move": MoveForm(formdata=None),
        "verify": NoteForm(formdata=None),
        "cancel": CancelForm(formdata=None),
    } | (typed or {})
    forms["verify"].note.label.text = "What did you look at, or what is still to do?"
    deeds = deeds_of(found.status)
    forms["update"].deed.choices |= {each.value: each.capitalize() for each in BESIDE_PROGRESS if each in deeds}
    for name, form in forms.items():
        form.version.data = found.version
        for field in form:
            field.id = f"{name}-{field.name}"
    rules = policies.in_force(on=today()).policy
    return render_template(
        "actions/action.html",
        action=found,
        forms=forms,
        refused=next((form for form in forms.values() if form.errors), None),
        history=queries.history(action_id=found.id),
        deeds=deeds,
        may_update=guards.allows(Permission.ACTION_UPDATE, found.facts),
        may_chase=guards.allows(Permission.ACTION_CHASE, found.facts) and found.days_late > 0,
        is_own=found.owner_post_id in guards.actor().post_ids,
        needs_approval=needs_approval(rules, found.promises),
        is_accountable=found.accountable_post_id in guards.actor().post_ids,
        rules=rules.actions,
        issues=issues.treated(guards.actor(), found.id, on=today()),
    )


@blueprint.post("/actions/<reference>/update")
@guards.requires(Permission.ACTION_UPDATE)
def update(reference: str) -> ResponseReturnValue:
    """Say how far an action is."""
    form = UpdateForm()
    return _do("update", reference, form, lambda row, when: service.update(
        row, progress=form.progress.data or 0, note=form.note.data or "", deed=form.chosen, **when,
    ), "Progress saved.")  # fmt: skip


@blueprint.post("/actions/<reference>/complete")
@guards.requires(Permission.ACTION_UPDATE)
def complete(reference: str) -> ResponseReturnValue:
    """Say that an action is done."""
    form = NoteForm()
    return _do("complete", reference, form, lambda row, when: service.complete(
        row, note=form.note.data or "", **when,
    ), "Complete. Somebody else now confirms that it is done.")  # fmt: skip


@blueprint.post("/actions/<reference>/move")
@guards.requires(Permission.ACTION_UPDATE)
def move(reference: str) -> ResponseReturnValue:
    """Promise another date."""
    form = MoveForm()
    return _do("move", reference, form, lambda row, when: service.move_due_date(
        row, to=form.due_on.data or today(), reason=form.reason.data or "", **when,
    ), "Date moved. The earlier ones stay on the record.")  # fmt: skip


@blueprint.post("/actions/<reference>/verify")
@guards.requires(Permission.ACTION_UPDATE)
def verify(reference: str) -> ResponseReturnValue:
    """Confirm that an action is done, or send it back."""
    form = NoteForm()
    is_done = request.form.get("answer") != "send_back"
    deed = service.verify if is_done else service.send_back
    words = "Confirmed as done." if is_done else "Sent back. It is in progress again."
    return _do("verify", reference, form, lambda row, when: deed(row, note=form.note.data or "", **when), words)


@blueprint.post("/actions/<reference>/cancel")
@guards.requires(Permission.ACTION_UPDATE)
def cancel(reference: str) -> ResponseReturnValue:
    """Give an action up."""
    form = CancelForm()
    return _do("cancel", reference, form, lambda row, when: service.cancel(
        row, reason=form.reason.data or "", **when,
    ), "Cancelled. The reason stays on the record.")  # fmt: skip


def _do(
    name: str, reference: str, form: FlaskForm, deed: Callable[[Action, dict[str, Any]], None], words: str
) -> ResponseReturnValue:
    """Do one deed to an action the actor may change, then say so where the form was; else show the page again."""
    found = _found(reference, Permission.ACTION_UPDATE)
    if form.validate_on_submit():
        try:
            with transaction():
                _refuse_what_is_stale(found, form)
                deed(queries.row(action_id=found.id), _when())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"{found.title}: {words}")
            return redirect(back.after(url_for(".action", reference=reference)))
    return _page(found, {name: form}), 422


def _refuse_what_is_stale(found: ListedAction, form: FlaskForm) -> None:
    if form.version.number != found.version:
        words = "Somebody else changed this action first. Read what it says now, then send it again"
        raise service.CannotUpdateAction(Refusal(None, words))


@blueprint.route("/actions/new", methods=["GET", "POST"])
@guards.requires(Permission.ACTION_ADD)
def new() -> ResponseReturnValue:
    """Add an action to the plan of a risk."""
    if not may_anywhere(guards.actor(), Permission.ACTION_ADD):
        abort(404)
    form = NewActionForm(
        source=request.args.get("risk", ""), submission_key=secrets.token_urlsafe(16), start_on=today()
    )
    form.offer(queries.open_posts())
    source = queries.source(guards.actor(), (form.source.data or "").upper(), on=today())
    if request.method == "GET" and form.source.data and source is None:
        abort(404)
    record_shown((source.reference,) if source else (), Outlet.NEW_ACTION)
    if form.validate_on_submit():
        try:
            added = once(lambda: service.add(_new_action(form, source), **_when()))
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"Action added, due on {day(added.due_on)}. This first date stays on the record.")
            return redirect(url_for(".action", reference=queries.reference(action_id=added.id)))
    policy = policies.in_force(on=today()).policy
    return render_template(
        "actions/new.html",
        form=form,
        source=source,
        rules=policy.actions,
        reminder=next((rule.clause for rule in policy.reminders if rule.family == "action"), None),
    ), 422 if form.errors else 200


def _when() -> dict[str, Any]:
    return {"by": guards.actor(), "at": now(), "on": today()}


def _new_action(form: NewActionForm, source: queries.Source | None) -> service.NewAction:
    return service.NewAction(
        title=form.title.data or "",
        source_ids=(source.id,) if source else (),
        owner_post_id=int(form.owner.data),
        accountable_post_id=int(form.accountable.data),
        start_on=form.start_on.data or today(),
        due_on=form.due_on.data or today(),
        priority=form.priority.data,
        cost=form.cost.data,
        submission_key=form.submission_key.data,
    )
