"""The pages of packs: the calendar, a meeting with its versions, and the papers themselves."""

import io
import time
from datetime import date
from functools import partial

from flask import Blueprint, abort, current_app, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.features.packs import queries, service
from riskapp.features.packs.forms import BuildForm
from riskapp.features.packs.queries import Frozen, MeetingRow
from riskapp.features.packs.service import Contents, Publisher
from riskapp.features.policy import queries as policies
from riskapp.models.database import once, transaction
from riskapp.web import guards
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals

blueprint = Blueprint("packs", __name__)


@blueprint.get("/packs")
@guards.requires(Permission.PACK_READ)
def packs() -> ResponseReturnValue:
    """List the boards with their meetings, what is due when, and the packs there are."""
    guards.allow(Permission.PACK_READ)
    boards = queries.boards(guards.actor(), on=today())
    policy = policies.in_force(on=today()).policy
    nearest = [board.coming[0] for board in boards if board.coming]
    due = {row.meeting_id: service.papers_due_on(row, policy) for row in nearest}
    nearest.sort(key=lambda row: (due[row.meeting_id], row.board))
    return render_template("packs/packs.html", boards=boards, next=nearest, due=due, rules=policy.packs)


@blueprint.get("/packs/meetings/<reference>")
@guards.requires(Permission.PACK_READ)
def meeting(reference: str) -> ResponseReturnValue:
    """Show a meeting: what a pack built now would hold, and every version there is."""
    guards.allow(Permission.PACK_READ)
    return _show(_meeting(reference), BuildForm())


@blueprint.post("/packs/meetings/<reference>")
@guards.requires(Permission.PACK_BUILD)
def build(reference: str) -> ResponseReturnValue:
    """Freeze a new version of a meeting's pack."""
    guards.allow(Permission.PACK_BUILD)
    row, form = _meeting(reference), BuildForm()
    if not form.validate_on_submit():
        return _show(row, form)
    started = time.perf_counter()
    try:
        freeze = partial(service.build, row, by=guards.actor(), on=today(), publisher=publisher())
        pack = once(lambda: freeze(at=now(), as_at=form.as_at.data))
    except service.CannotBuildPack as refusal:
        show_refusals(form, refusal)
        return _show(row, form)
    took = time.perf_counter() - started
    flash(f"Version {pack.version} is built, with figures as at {pack.as_at:%-d %B %Y}. It took {took:.1f} seconds.")
    return redirect(url_for("packs.meeting", reference=reference))


@blueprint.get("/packs/<reference>/part-<int(max=2):number>.pdf")
@guards.requires(Permission.PACK_READ)
def download(reference: str, number: int) -> ResponseReturnValue:
    """Hand out a part as PDF; a part that the reader may not have and one that is not there look the same."""
    part = queries.frozen(guards.actor(), reference, number)
    if part is None:
        abort(404)
    with transaction():
        paper = service.hand_out(part, by=guards.actor(), at=now())
    return send_file(io.BytesIO(paper), "application/pdf", download_name=file_name(part))


def publisher() -> Publisher:
    """Say whose papers they are."""
    settings = current_app.extensions["settings"]
    return Publisher(settings.council_name, settings.is_demo)


def file_name(part: Frozen) -> str:
    """Name a paper by its board, day, version and part, and by nothing that is in it."""
    board = "-".join("".join(letter if letter.isalnum() else " " for letter in part.board.lower()).split())
    return f"{board}-{part.held_on:%Y-%m-%d}-version-{part.version}-part-{part.number}.pdf"


def _meeting(reference: str) -> MeetingRow:
    found = queries.meetings(guards.actor(), reference=reference)
    if not found:
        abort(404)
    return found[0]


def _show(row: MeetingRow, form: BuildForm) -> ResponseReturnValue:
    may_build = guards.allows(Permission.PACK_BUILD)
    policy = policies.in_force(on=today()).policy
    return render_template(
        "packs/meeting.html",
        meeting=row,
        due_on=service.papers_due_on(row, policy),
        rules=policy.packs,
        form=form,
        may_build=may_build,
        reads_exempt=guards.allows(Permission.PACK_READ_EXEMPT),
        preview=_preview(row, form.as_at.data) if may_build else None,
    )


def _preview(row: MeetingRow, as_at: date | None) -> Contents | None:
    """Count what a pack would hold; nothing where its day is refused, which the form says by itself."""
    try:
        return service.contents(row, by=guards.actor(), on=today(), as_at=as_at, publisher=publisher())
    except service.CannotBuildPack:
        return None
