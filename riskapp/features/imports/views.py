"""The pages of imports: choose a file, see what it would do, apply it."""

from flask import Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from riskapp.domain.imports import COLUMNS, MOST_BYTES
from riskapp.domain.permissions import Permission
from riskapp.features.boards.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.features.imports import queries, service
from riskapp.features.imports.forms import ImportForm
from riskapp.features.imports.queries import Preview
from riskapp.models.database import transaction
from riskapp.web import csv, guards, lists, uploads
from riskapp.web.clock import now, today

ROWS = 50
MOVED = "The organisation was changed after you looked. Nothing was done. This is what the file would do now."


@blueprint.route("/import", methods=["GET", "POST"])
@guards.requires(Permission.ORGANISATION_KEEP)
@uploads.takes(megabytes=MOST_BYTES // uploads.MEGABYTE)
def import_file() -> ResponseReturnValue:
    """Choose a file; it is read and shown, and changes nothing yet."""
    guards.allow(Permission.ORGANISATION_KEEP)
    form = ImportForm()
    if request.method == "GET" and request.args.get("kind") in COLUMNS:
        form.kind.data = request.args["kind"]
    if form.validate_on_submit():
        with transaction():
            made = service.preview(
                kind=form.kind.data,
                file_name=(form.file.data.filename or "")[:100],
                data=form.file.data.read(MOST_BYTES + 1),
                by=guards.actor(),
                at=now(),
                on=today(),
            )
        return redirect(url_for(".import_preview", key=made.key))
    return render_template(
        "imports/import.html", form=form, columns=COLUMNS, examples=queries.EXAMPLES
    ), 422 if form.errors else 200


@blueprint.get("/import/<any(units,people):kind>.csv")
@guards.requires(Permission.ORGANISATION_KEEP)
def import_pattern(kind: str) -> Response:
    """Give the organisation as it stands in the form that an import reads."""
    guards.allow(Permission.ORGANISATION_KEEP)
    rows = queries.file_of_units if kind == "units" else queries.file_of_people
    return csv.answer(kind, COLUMNS[kind], rows(guards.actor(), on=today()))


@blueprint.get("/import/<key>")
@guards.requires(Permission.ORGANISATION_KEEP)
def import_preview(key: str) -> ResponseReturnValue:
    """Show line by line what a file would do, and every fault in it."""
    made = _preview(key)
    deed = request.args.get("show", "")
    rows = [each for each in made.shown if not deed or each.deed == deed]
    pager = lists.pager(lists.page_number(), ROWS, len(rows))
    return render_template(
        "imports/preview.html",
        preview=made,
        rows=rows[pager.first - 1 : pager.last] if rows else (),
        pager=pager,
        deeds=made.deeds,
        shown=deed,
        address=lists.address,
        welcomes=_welcomes(),
        form=FlaskForm(),
    )


@blueprint.post("/import/<key>")
@guards.requires(Permission.ORGANISATION_KEEP)
def apply_import(key: str) -> ResponseReturnValue:
    """Do what was shown; where the organisation has moved since, show anew what the file would do."""
    made = _preview(key)
    try:
        with transaction():
            is_new = service.apply(key, welcomes=_welcomes(), by=guards.actor(), at=now())
    except service.OrganisationMoved:
        with transaction():
            fresh = service.preview_again(key, by=guards.actor(), at=now(), on=today())
        flash(MOVED)
        return redirect(url_for(".import_preview", key=fresh.key))
    flash(
        f"Done: {made.count('add')} added, {made.count('change')} changed, {made.count('leave')} left."
        if is_new
        else "The file was applied before. Nothing was done again."
    )
    return redirect(url_for(".import_preview", key=key))


@blueprint.get("/import/<key>/faults.csv")
@guards.requires(Permission.ORGANISATION_KEEP)
def import_faults(key: str) -> Response:
    """Give what is to be put right as a file."""
    made = _preview(key)
    rows = ((each.line, each.column or "whole line", each.said, each.words) for each in made.faults)
    return csv.answer(f"faults-in-{made.kind}", ("Line", "Column", "It says", "What to do"), rows)


def _welcomes() -> bool:
    """Whether people who get an account are told by mail where to choose a password."""
    return bool(current_app.extensions["settings"].welcomes_with_a_password)


def _preview(key: str) -> Preview:
    guards.allow(Permission.ORGANISATION_KEEP)
    return queries.preview(guards.actor(), key) or abort(404)
