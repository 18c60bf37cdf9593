"""The pages of saved views. Their blueprint is the one that registers and the pages of risks share."""

from urllib.parse import parse_qsl

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.columns import ADDRESS
from riskapp.domain.permissions import Permission
from riskapp.domain.refusal import Cannot
from riskapp.features.saved_views import queries, service
from riskapp.features.saved_views.forms import RenameForm, ViewForm, WhichForm
from riskapp.features.saved_views.queries import MINE, SHARED, View
from riskapp.models.database import once
from riskapp.web import addressing, guards
from riskapp.web.clock import now
from riskapp.web.errors import show_refusals
from riskapp.web.filters import day
from riskapp.web.listing import Listing

blueprint = Blueprint("risks", __name__)
MOST_FIELDS = 100
NOT_THERE = "That view is not there any more, or not yours to change."
VIEWS: Listing[View] = Listing(
    noun="saved view",
    many="saved views",
    states={MINE: "Saved by me", SHARED: "Shared with me"},
    usual_state="all",
    usual_sort="name",
    columns={
        "name": ("View", lambda view: view.name.casefold()),
        "shared": ("Shared with", lambda view: (view.shared_with or "").casefold()),
        "saved": ("Saved", lambda view: view.saved_at),
    },
    heads=("View", "Address", "Shared with", "Saved by", "Saved on", "Opens first"),
    cells=lambda view: (
        view.name,
        addressing.with_query(url_for("risks.register"))(**view.address),
        view.shared_with or "Nobody",
        view.by_post,
        day(view.saved_at),
        "Yes" if view.is_default else "No",
    ),
)


@blueprint.get("/registers/views")
@guards.requires(Permission.SIGNED_IN)
def saved_views() -> ResponseReturnValue:
    """List the views that the visitor saved, and those that are shared with them."""
    found = queries.views(guards.actor())
    return render_template(
        "saved_views/views.html",
        **VIEWS.page(found, ".saved_views"),
        here=addressing.with_query(url_for("risks.register")),
        opens_first=next((view for view in found if view.is_default), None),
    )


@blueprint.get("/registers/views.csv")
@guards.requires(Permission.SIGNED_IN)
def saved_views_csv() -> ResponseReturnValue:
    """Give the same list as a file."""
    return VIEWS.file("saved-views", queries.views(guards.actor()))


@blueprint.route("/registers/views/new", methods=["GET", "POST"])
@guards.requires(Permission.SIGNED_IN)
def save_view() -> ResponseReturnValue:
    """Give the register that one looks at a name."""
    form = ViewForm()
    form.offer(queries.audiences(guards.actor()))
    if request.method == "GET":
        form.address.data = request.query_string.decode("ascii", "ignore")
    address = _address(form.address.data or "")
    if form.validate_on_submit():
        try:
            made = once(
                lambda: service.save(
                    name=form.name.data or "",
                    address=address,
                    share_with=form.unit_id,
                    opens_first=form.opens_first.data,
                    by=guards.actor(),
                    at=now(),
                )
            )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"{made.name} is saved. Whoever opens it sees what they may read, and no more.")
            return redirect(url_for("risks.register", **made.address))
    shown = addressing.with_query(url_for("risks.register"))(**address)
    return render_template("saved_views/save.html", form=form, shown=shown), 422 if form.errors else 200


def _address(said: str) -> dict[str, str]:
    """Read the address of a register out of a form or a link: what it can say, each once, columns as one word."""
    try:
        pairs = parse_qsl(said, max_num_fields=MOST_FIELDS)
    except ValueError:
        abort(400)
    found: dict[str, str] = {}
    for key, value in pairs:
        if key in ADDRESS:
            found[key] = f"{found[key]},{value}" if key == "columns" and key in found else value
    return found


@blueprint.route("/registers/views/edit", methods=["GET", "POST"])
@guards.requires(Permission.SIGNED_IN)
def edit_view() -> ResponseReturnValue:
    """Rename a view or share it otherwise."""
    form = RenameForm()
    asked = request.args.get("view", "") if request.method == "GET" else form.view.data
    view = _kept(asked)
    if view is None:
        flash(NOT_THERE)
        return redirect(url_for(".saved_views"))
    if request.method == "GET":
        form.view.data, form.seen.data, form.name.data = str(view.id), str(view.version), view.name
        form.share_with.data = str(view.shared_with_id or "")
    shared_with = {str(view.shared_with_id): view.shared_with or ""} if view.shared_with_id else {}
    form.offer(queries.audiences(guards.actor()), shared_with=shared_with)
    if form.validate_on_submit():
        try:
            once(
                lambda: service.change(
                    view.id,
                    name=form.name.data or "",
                    share_with=form.unit_id,
                    seen=form.seen.number,
                    by=guards.actor(),
                    at=now(),
                )
            )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"{form.name.data} is changed.")
            return redirect(url_for(".saved_views"))
    return render_template("saved_views/edit.html", form=form, view=view), 422 if form.errors else 200


@blueprint.post("/registers/views/delete")
@guards.requires(Permission.SIGNED_IN)
def delete_view() -> ResponseReturnValue:
    """Delete a view; no risk is touched."""
    form = WhichForm()
    view = _kept(form.view.data) if form.validate_on_submit() else None
    if view is None:
        flash(NOT_THERE)
    else:
        once(lambda: service.remove(view.id, seen=form.seen.number, by=guards.actor(), at=now()))
        flash(f"{view.name} is deleted. The risks that it showed are where they were.")
    return redirect(url_for(".saved_views"))


@blueprint.post("/registers/views/first")
@guards.requires(Permission.SIGNED_IN)
def open_view_first() -> ResponseReturnValue:
    """Choose the view with which the registers open for the visitor, or the whole register again."""
    form = WhichForm()
    is_valid = form.validate_on_submit()
    view = queries.view(guards.actor(), form.view.number) if is_valid else None
    if not is_valid or (form.view.data and view is None):
        flash(NOT_THERE)
    else:
        once(lambda: service.open_first(view.id if view else None, by=guards.actor(), at=now()))
        flash(f"The registers open with {view.name if view else 'the whole register'} for you.")
    return redirect(url_for(".saved_views"))


def _kept(said: str | None) -> View | None:
    """Find a view that the visitor may change; another's looks like one that is not there."""
    number = int(said) if said and said.isascii() and said.isdigit() and len(said) < 10 else 0  # noqa: PLR2004 - a number of a database
    view = queries.view(guards.actor(), number) if number else None
    return view if view and view.may_keep else None
