"""The desk of overdue actions and its chase; the pages of one action join this blueprint, since both are one place."""

from collections.abc import Iterable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.actions import Status
from riskapp.domain.overdue import BUCKETS
from riskapp.domain.permissions import Permission, may_anywhere
from riskapp.features.overdue import queries, service
from riskapp.features.overdue.forms import ChaseForm
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.rmap.queries import Filter, ListedAction
from riskapp.models.database import once
from riskapp.web import csv, drawings, guards, lists
from riskapp.web.clock import now, today
from riskapp.web.filters import plural

blueprint = Blueprint("actions", __name__)

ROWS = 25
MOVED = {"0": "Never moved", "1": "Moved once", "2": "Moved twice or more"}
LATE = {bucket.key: f"{bucket.label} days" for bucket in BUCKETS}
STATES = {"open": "Open", "late": "Overdue", **{status.value: status.label for status in Status}}
HEADS = (
    "Reference", "Action", "State", "Progress", "Owner", "Accountable", "Directorate", "Risk", "Score", "Rating",
    "Start", "Due", "First promised", "Times moved", "Days late", "Chases", "Last chased",
)  # fmt: skip


@blueprint.get("/actions/overdue")
@guards.requires(Permission.SIGNED_IN)
def overdue() -> ResponseReturnValue:
    """Show the desk: how much is late, by how long, whose it is, what matters most, and all of it."""
    sort = sort_asked("-late")
    wanted = filter_asked()
    found = queries.overdue(
        guards.actor(), wanted, sort=sort.lstrip("-"), descending=sort.startswith("-"),
        page=lists.page_number(), size=ROWS, on=today(),
    )  # fmt: skip
    record_shown(risks_of((*found.ten, *found.page.actions)), Outlet.ACTIONS)
    return render_template(
        "actions/overdue.html",
        desk=found,
        wanted=wanted,
        chart=drawings.ageing(found.ageing),
        pager=lists.pager(found.page.number, ROWS, found.page.total),
        heads=_overdue_heads(sort),
        applied=applied_filters(),
        address=lists.address,
        actions_at=url_for("actions.action", reference="-").removesuffix("-"),
        directorate_choices=choices("All directorates", [share.directorate for share in found.shares]),
        owner_choices=choices("Any post", found.owners),
        late_words=LATE,
        moved_words=MOVED,
        may_chase=may_anywhere(guards.actor(), Permission.ACTION_CHASE),
        chaseable={each.id for each in found.page.actions if guards.allows(Permission.ACTION_CHASE, each.facts)},
    )


def _overdue_heads(sort: str) -> list[lists.Head]:
    return [
        lists.Head("Choose", hidden=True),
        *(lists.sorting(key, label, chosen=sort) for key, label in (("action", "Action"), ("owner", "Owner"))),
        lists.sorting("score", "Risk", chosen=sort),
        lists.sorting("late", "Days late", chosen=sort, number=True),
        lists.sorting("moved", "Promises", chosen=sort),
        lists.Head("Chased"),
    ]


def choices(nothing: str, values: Iterable[str]) -> list[tuple[str, str]]:
    """Offer values that are their own words, after the words for no choice."""
    return [("", nothing), *((value, value) for value in values)]


def sort_asked(usual: str) -> str:
    """The order of the address, or the usual one; "-" in front is downwards."""
    return request.args.get("sort", usual)


def filter_asked() -> Filter:
    """What the address narrows a list of actions to."""
    said = request.args
    return Filter(
        words=said.get("q", "").strip(),
        directorate=said.get("directorate", ""),
        late=said.get("late", ""),
        moved=said.get("moved", ""),
        owner=said.get("owner", ""),
        status=said.get("status", ""),
    )


def applied_filters() -> tuple[lists.Link, ...]:
    """The filters in force, each a link that takes it away."""
    names = {"q": None, "directorate": None, "owner": None, "late": LATE, "moved": MOVED, "status": STATES}
    return lists.applied(names)


@blueprint.get("/actions/overdue.csv")
@guards.requires(Permission.SIGNED_IN)
def overdue_csv() -> ResponseReturnValue:
    """Give the overdue actions of the filter as a file."""
    sort, on = sort_asked("-late"), today()
    rows = queries.overdue_rows(
        guards.actor(), filter_asked(), sort=sort.lstrip("-"), descending=sort.startswith("-"), on=on
    )
    record_shown(risks_of(rows), Outlet.ACTIONS_FILE)
    return csv.answer(f"overdue-actions-{on}", HEADS, map(cells, rows))


def risks_of(actions: Iterable[ListedAction]) -> Iterable[str | None]:
    """The first risk that each action treats, by reference."""
    return (action.risk_reference for action in actions)


def cells(action: ListedAction) -> tuple[object, ...]:
    """Spell an action as a row of a file, in the order of HEADS."""
    return (
        action.reference, action.title, action.label, action.progress, action.owner, action.accountable,
        action.directorate, action.risk_title, action.score, action.rating.label if action.rating else None,
        action.start_on, action.due_on, action.first_due_on, action.times_moved, action.days_late,
        action.chases, action.last_chased_on,
    )  # fmt: skip


@blueprint.get("/actions/chase")
@guards.requires(Permission.ACTION_CHASE)
def preview_chase() -> ResponseReturnValue:
    """Say who would be asked about what, before anything is queued."""
    if "all" in request.args:
        late = queries.overdue_rows(guards.actor(), filter_asked(), on=today())
        chosen = [action.reference for action in late if guards.allows(Permission.ACTION_CHASE, action.facts)]
    else:
        chosen = request.args.getlist("a")
    if not chosen:
        flash("Choose at least one action to chase.")
        return redirect(url_for("actions.overdue"))
    plans = _plans(chosen)
    form = ChaseForm(formdata=None, references=" ".join(plan.reference for plan in plans))
    asked = [plan for plan in plans if plan.person_id and not plan.is_chased_today]
    return render_template(
        "actions/chase.html",
        form=form,
        plans=plans,
        mails=len(asked),
        posts=len({plan.post_id for plan in asked}),
        again=sum(plan.action.chases > 0 for plan in asked),
        today_already=sum(plan.is_chased_today for plan in plans),
        nobody=sum(plan.person_id is None for plan in plans),
    )


@blueprint.post("/actions/chase")
@guards.requires(Permission.ACTION_CHASE)
def chase() -> ResponseReturnValue:
    """Queue the mails of a preview; one action that the actor may not chase refuses the whole."""
    form = ChaseForm()
    if not form.validate_on_submit():
        abort(400)
    asked = (form.references.data or "").split()
    queued = once(lambda: service.chase(_plans(asked), by=guards.actor(), at=now(), on=today()))
    flash(f"{plural(queued, 'e-mail')} queued. Each asks where the action is.")
    return redirect(url_for("actions.overdue"))


def _plans(references: list[str]) -> tuple[queries.ChasePlan, ...]:
    rows = queries.overdue_rows(guards.actor(), Filter(), references=references, on=today())
    late = {action.reference: action for action in rows}
    chosen = [late.get(reference) or abort(404) for reference in dict.fromkeys(references)]
    for action in chosen:
        guards.allow(Permission.ACTION_CHASE, action.facts)
    return queries.chase_plans(actions=chosen, on=today())
