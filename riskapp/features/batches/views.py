"""The pages of what is done to many risks at once: say what, see what it means for each, do it, undo it."""

import hashlib
import uuid
from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Facts, Permission, may
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.batches import queries, service
from riskapp.features.batches.forms import FORMS, ManyForm
from riskapp.features.batches.queries import Made
from riskapp.features.batches.service import Batched, CannotChangeMany, Deed
from riskapp.features.choices import queries as choices
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.registers import forms as addresses
from riskapp.features.registers import queries as registers
from riskapp.features.registers.views import read
from riskapp.features.risks.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.models.database import once, rehearsal
from riskapp.web import guards
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import clock_time, day, plural
from riskapp.web.listing import Listing

TITLES: Mapping[str, str] = {
    "reassign": "Give risks to another owner",
    "move": "Move risks to another unit",
    "review": "Set the next review of risks",
    "chase": "Ask the owners of risks",
}
BUTTONS: Mapping[str, str] = {
    "reassign": "Give {} to another owner",
    "move": "Move {}",
    "review": "Set the review of {}",
    "chase": "Ask the owner of {}",
}
CONSEQUENCES: Mapping[str, str] = {
    "reassign": "Each keeps its score, its unit and its escalation. The new owner finds it in My work. "
    "What was accepted as it is for its owner alone ends, also where it is undone.",
    "move": "Each keeps its owner and its score. An open escalation goes up from the new unit. "
    "What was accepted as it is for its unit alone ends, also where it is undone.",
    "review": "Owners are reminded of the new day as of any other.",
    "chase": "One e-mail to the owner of each asks how it stands. One that has left cannot be taken back.",
}
NOTHING_CHOSEN = "Choose at least one risk in the register first."
LISTED = 200
BATCHES: Listing[Made] = Listing(
    noun="deed",
    many="deeds",
    states={"done": "Done", "undone": "Undone"},
    usual_state="all",
    usual_sort="-at",
    columns={
        "deed": ("What", lambda made: made.words),
        "count": ("Risks", lambda made: made.count),
        "at": ("When", lambda made: made.at),
    },
    heads=("What", "Risks", "When", "State"),
    cells=lambda made: (made.words, made.count, made.at.isoformat(), made.state.capitalize()),
)


@blueprint.route("/registers/many", methods=["GET", "POST"])
@guards.requires(Permission.SIGNED_IN)
def change_many() -> ResponseReturnValue:
    """Do one thing to the risks that were chosen in a register: what, then what it means for each, then it is done.

    What was checked is what is done: the check runs the very change and takes it back, and where its consequences have
    moved in between nothing is done and they are shown anew.
    """
    kind = request.form.get("deed") or request.args.get("deed", "")
    references = _chosen() if kind in FORMS else ()
    rows = queries.chosen(guards.actor(), references, kind, on=today()) if references else ()
    if not rows:
        flash(NOTHING_CHOSEN)
        return redirect(url_for(".register"))
    form = FORMS[kind]()
    if not _offer(form):
        flash("You manage no unit to which they could go. Ask who manages theirs.")
        return redirect(url_for(".register"))
    step = request.form.get("step", "") if request.method == "POST" else ("check" if kind == "chase" else "")
    if request.method == "GET":
        form.key.data = uuid.uuid4().hex
    record_shown((row.reference for row in rows), Outlet.MANY)
    if step in {"check", "do"} and (request.method == "GET" or form.validate()):
        try:
            if step == "do" and (key := _do(form, form.deed(kind), references)):
                return redirect(url_for(".batch", batch=key))
            with rehearsal():
                found = _change(form, form.deed(kind), references)
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            form.means.data = _digest(form.deed(kind), found)
            return _preview(form, kind, references, found, has_moved=step == "do")
    if request.method == "GET":
        _refuse_too_many(form, references)
    return render_template(
        "batches/many.html", form=form, kind=kind, title=TITLES[kind], rows=rows, references=references
    ), 422 if form.errors else 200


def _chosen() -> tuple[str, ...]:
    """The references that were ticked, or all that the filter of the register finds, up to one too many."""
    if request.method == "POST":
        return tuple(dict.fromkeys(request.form.getlist("risk")))
    if request.args.get("every") != "yes":
        return tuple(dict.fromkeys(request.args.getlist("risk")))
    actor, on = guards.actor(), today()
    policy = policies.in_force(on=on).policy
    state = read(addresses.Offer(policy, registers.choices(actor, on=on), on))
    most = policy.registers.most + 1 if policy.registers else 1
    return registers.references(actor, state.filters, sort=state.sort, descending=state.descending, limit=most)


def _offer(form: ManyForm) -> bool:
    """Offer the posts or units that the actor manages; tell whether there is anything to choose."""
    actor = guards.actor()
    if "post" in form:
        grouped: dict[str, dict[str, str]] = {"": {"": "Choose one"}}
        for post in choices.owners(actor):
            if may(actor, Permission.RISK_REASSIGN, Facts(unit_path=post.path)):
                grouped.setdefault(post.unit, {})[str(post.id)] = post.title
        form.post.choices = grouped
        return len(grouped) > 1
    if "unit" in form:
        mine = [unit for unit in choices.units(actor) if may(actor, Permission.RISK_MOVE, Facts(unit_path=unit.path))]
        form.unit.choices = {"": "Choose one"} | {str(unit.id): unit.indented for unit in mine}
        return bool(mine)
    return True


def _refuse_too_many(form: ManyForm, references: tuple[str, ...]) -> None:
    try:
        most = service.rules(today())
    except CannotChangeMany as no:
        show_refusals(form, no)
        return
    if len(references) > most.most:
        message = f"More than {most.most} are chosen (policy {most.many_clause.ref}). Narrow the register first"
        show_refusals(form, CannotChangeMany(Refusal(None, message)))


def _change(form: ManyForm, deed: Deed, references: tuple[str, ...]) -> Batched:
    return service.change(deed, references, key=form.key.data or "", by=guards.actor(), at=now(), on=today())


class _MovedError(Exception):
    """What the deed means is not what was checked: it is taken back."""


def _do(form: ManyForm, deed: Deed, references: tuple[str, ...]) -> str | None:
    """Do what was checked and give the key of the batch; None, with nothing done, where it now means something else."""

    def act() -> str | None:
        done = _change(form, deed, references)
        if done.lines and form.means.data != _digest(deed, done):
            raise _MovedError
        return done.key

    try:
        return once(act)
    except _MovedError:
        return None


def _digest(deed: Deed, found: Batched) -> str:
    lines = [(line.risk.reference, line.was, line.became, line.refusal) for line in found.lines]
    return hashlib.sha256(repr((deed, lines)).encode()).hexdigest()


def _preview(
    form: ManyForm, kind: str, references: tuple[str, ...], found: Batched, *, has_moved: bool
) -> ResponseReturnValue:
    rules = service.rules(today())
    return render_template(
        "batches/preview.html",
        form=form,
        kind=kind,
        title=TITLES[kind],
        found=found,
        references=references,
        kept=[
            (name, value)
            for name, value in request.form.items(multi=True)
            if name not in {"csrf_token", "step", "means", "key", "deed", "risk"}
        ],
        button=BUTTONS[kind].format(plural(len(found.done), "risk")),
        consequence=CONSEQUENCES[kind],
        undo_hours=int(rules.undo_within.total_seconds() // 3600),
        undo_clause=rules.undo_clause.ref,
        has_moved=has_moved,
    )


@blueprint.get("/registers/many/done")
@guards.requires(Permission.SIGNED_IN)
def batch() -> ResponseReturnValue:
    """Show what came of a batch of the visitor's own, with the one way to undo it while there is time."""
    told = queries.batch(guards.actor(), request.args.get("batch", ""), on=today())
    if told is None:
        flash("That is not there, or was not done by you.")
        return redirect(url_for(".batches"))
    record_shown((line.reference for line in told.lines), Outlet.MANY)
    until = f"{clock_time(told.undo_until)} on {day(told.undo_until)}"
    return render_template(
        "batches/done.html",
        told=told,
        words=queries.WORDS[told.deed],
        can_be_undone=told.can_be_undone(now()),
        until=until,
    )


@blueprint.post("/registers/many/undo")
@guards.requires(Permission.SIGNED_IN)
def undo_batch() -> ResponseReturnValue:
    """Undo a batch of the visitor's own once, risk by risk."""
    key = request.form.get("batch", "")
    back, kept = once(lambda: service.undo(key, by=guards.actor(), at=now(), on=today()))
    said = f"{plural(back, 'risk')} put back as before."
    flash(f"{said} {plural(kept, 'risk')} not: see why below." if kept else said)
    return redirect(url_for(".batch", batch=key))


@blueprint.get("/registers/many/mine")
@guards.requires(Permission.SIGNED_IN)
def batches() -> ResponseReturnValue:
    """List what the visitor did to many risks at once."""
    found = queries.batches(guards.actor(), limit=LISTED)
    return render_template("batches/batches.html", **BATCHES.page(found, ".batches"))


@blueprint.get("/registers/many/mine.csv")
@guards.requires(Permission.SIGNED_IN)
def batches_csv() -> ResponseReturnValue:
    """Give the same list as a file."""
    return BATCHES.file("many-at-once", queries.batches(guards.actor(), limit=LISTED))
