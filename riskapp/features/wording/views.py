"""The doors of a risk's words: changing them, choosing between two versions, and expert advice."""

from dataclasses import dataclass, replace
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.domain.refusal import Cannot
from riskapp.domain.statement import advise
from riskapp.domain.wording import Wording
from riskapp.features.batches.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.features.choices import queries as choices
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.risks import queries as risks
from riskapp.features.wording import queries, service
from riskapp.features.wording.forms import PARTS, AdviceForm, ExpertiseForm, WordingForm
from riskapp.models.database import db, transaction
from riskapp.models.risks import Expertise, Risk
from riskapp.web import guards
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals


@dataclass(frozen=True, slots=True)
class Choose:
    """A part that two people changed: what each wrote, in words, and the field that says which is kept."""

    part: str
    label: str
    mine: tuple[str, ...]
    theirs: tuple[str, ...]


@blueprint.route("/risks/<reference>/words", methods=["GET", "POST"])
@guards.requires(Permission.RISK_REWORD)
def reword(reference: str) -> ResponseReturnValue:
    """Change what a risk says; who comes second sees both versions, and chooses part by part."""
    page = _found(reference)
    kept, form = queries.wording(guards.actor(), page.row.id), WordingForm()
    _offer(form, page)
    conflicts: tuple[Choose, ...] = ()
    if request.method == "GET":
        form.hold(kept.wording)
        form.seen.data = str(kept.version)
        _offer(form, page)
    elif more := request.form.get("more"):
        form.one_more("causes" if more == "cause" else "consequences")
    elif form.validate_on_submit():
        said, conflicts = _decided(form, kept.wording)
        if conflicts:
            form.form_errors.append(_what_to_do(tuple(each.part for each in conflicts)))
        elif form.conflicts.data and said == kept.wording and form.seen.number == kept.version:
            flash("It stays as they wrote it.")
            return redirect(url_for(".risk", reference=reference))
        else:
            try:
                with transaction():
                    service.reword(
                        db.session.get_one(Risk, page.row.id),
                        said,
                        why=form.why.data or "",
                        seen=form.seen.number,
                        by=guards.actor(),
                        at=now(),
                        on=today(),
                    )
            except service.Overtaken as first:
                conflicts = _met(form, first, page)
            except Cannot as refusal:
                show_refusals(form, refusal)
            else:
                flash("The risk says so from now on. What it said before is in its history.")
                return redirect(url_for(".risk", reference=reference))
    said = form.wording()
    advice = advise(" ".join(said.causes), said.event, " ".join(said.consequences))
    return render_template(
        "wording/reword.html",
        page=page,
        form=form,
        kept=kept,
        conflicts=conflicts,
        advice={each.field: each.message for each in advice},
        is_gain=page.row.kind == "opportunity",
    ), 422 if form.errors or form.form_errors or conflicts else 200


def _found(reference: str) -> risks.RiskPage:
    """Find a risk whose words the actor may change: who sees only part of it changes none of it."""
    page = risks.risk(guards.actor(), reference, on=today())
    if page is None or page.withheld:
        abort(404)
    facts = readers.facts(risk_id=page.row.id, on=today())
    guards.allow(Permission.RISK_REWORD, facts)
    if facts.is_exempt:
        record_shown((page.reference,), Outlet.RISK)
    return page


def _offer(form: WordingForm, page: risks.RiskPage) -> None:
    units = {unit.reference: unit.path for unit in choices.units(guards.actor())}
    near = units.get(page.units[-1][0], "/")
    form.offer(policies.in_force(on=today()).policy, choices.posts(guards.actor()), near=near)


def _decided(form: WordingForm, theirs: Wording) -> tuple[Wording, tuple[Choose, ...]]:
    """Take theirs where the form says so; gives what is still to be decided."""
    said, undecided = form.wording(), []
    for part in (part for part in str(form.conflicts.data or "").split() if part in PARTS):
        keep = request.form.get(f"keep-{part}")
        if keep == "theirs":
            said = replace(said, **{part: getattr(theirs, part)})
        elif keep != "mine":
            undecided.append(part)
    return said, _in_words(tuple(undecided), form.wording(), theirs)


def _met(form: WordingForm, first: service.Overtaken, page: risks.RiskPage) -> tuple[Choose, ...]:
    """Fill the form with both changes joined, and go on from what the risk says now."""
    merged = first.merged
    form.hold(merged.wording)
    _offer(form, page)
    form.seen.data, form.conflicts.data = str(first.theirs.version), " ".join(merged.conflicts)
    who = first.theirs.by_post or "Somebody else"
    form.form_errors.append(f"{who} changed this risk while you wrote. {_what_to_do(merged.conflicts)}")
    return _in_words(merged.conflicts, merged.wording, first.theirs.wording)


def _what_to_do(conflicts: tuple[str, ...]) -> str:
    if not conflicts:
        return "You changed different parts, and both are in the boxes below. Read it, then keep it"
    names = ", ".join(PARTS[part].lower() for part in conflicts)
    return f"You both changed: {names}. Choose which to keep"


def _in_words(parts: tuple[str, ...], mine: Wording, theirs: Wording) -> tuple[Choose, ...]:
    titles = {post.id: post.title for post in choices.posts(guards.actor())} if parts else {}
    labels = policies.in_force(on=today()).policy.appetite.categories

    def words(part: str, value: Any) -> tuple[str, ...]:
        if part in {"champion", "lead_member"}:
            return (titles.get(value, "None"),)
        if part == "contributors":
            return tuple(titles.get(post, "A post that was closed") for post in value) or ("None",)
        if part == "category":
            return (labels[value].label if value in labels else value,)
        return ((value,) if isinstance(value, str) else tuple(value)) or ("None",)

    return tuple(
        Choose(part, PARTS[part], words(part, getattr(mine, part)), words(part, getattr(theirs, part)))
        for part in parts
    )


@blueprint.route("/risks/<reference>/expertise", methods=["GET", "POST"])
@guards.requires(Permission.RISK_REWORD)
def expertise(reference: str) -> ResponseReturnValue:
    """Show the expertise commissioned on a risk, and record that more is asked for."""
    page, form = _found(reference), ExpertiseForm()
    if form.validate_on_submit():
        try:
            with transaction():
                service.commission(
                    db.session.get_one(Risk, page.row.id), form.commission(), by=guards.actor(), at=now(), on=today()
                )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("It is on the record. Keep their advice here when it comes.")
            return redirect(url_for(".expertise", reference=reference))
    asked = queries.expertise(guards.actor(), page.row.id)
    return render_template("wording/expertise.html", page=page, form=form, asked=asked), 422 if form.errors else 200


@blueprint.route("/risks/<reference>/expertise/<int:number>", methods=["GET", "POST"])
@guards.requires(Permission.RISK_REWORD)
def advice(reference: str, number: int) -> ResponseReturnValue:
    """Keep what the experts said."""
    page, form = _found(reference), AdviceForm()
    row = db.session.get(Expertise, number)
    if row is None or row.risk_id != page.row.id:
        abort(404)
    if form.validate_on_submit():
        try:
            with transaction():
                service.receive(row, advice=form.advice.data or "", by=guards.actor(), at=now(), on=today())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("Their advice is on the record.")
            return redirect(url_for(".expertise", reference=reference))
    return render_template("wording/advice.html", page=page, form=form, asked=row), 422 if form.errors else 200
