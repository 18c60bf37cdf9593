"""The pages of one risk: reading it, and what can be done to it."""

from collections.abc import Sequence
from datetime import date

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from riskapp.domain.permissions import Facts, Permission
from riskapp.domain.policy import Policy
from riskapp.domain.quality import Finding, Kept, findings
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.assessments import service as assessments
from riskapp.features.audit import queries as trail
from riskapp.features.challenges import queries as challenges
from riskapp.features.life import queries as lives
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.registers.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.features.risks import queries, service
from riskapp.features.risks.forms import SCORE_FORMS, CloseForm, EscalateForm, ReviewForm, WholeJudgement
from riskapp.features.similar import queries as alike
from riskapp.models.database import db, transaction
from riskapp.models.risks import Assessment, Risk
from riskapp.web import back, guards, history, levels, risk_drawings
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import day

OVERTAKEN = "Somebody else changed this risk after you loaded the page. Read what it says now, then send yours again"


@blueprint.get("/risks/<reference>")
@guards.requires(Permission.RISK_READ)
def risk(reference: str) -> ResponseReturnValue:
    """Show everything about a risk that the reader may see."""
    actor, on = guards.actor(), today()
    page, facts = _page(reference, Permission.RISK_READ)
    policy, category = policies.in_force(on=on).policy, page.row.category
    scheme = levels.scheme_of(policy, page.row.kind)
    rating_of = levels.rating_of(scheme)
    chart = ruler = None
    if page.current and page.target:
        band = rating_of(page.current.rating)
        limits = risk_drawings.limits(policy, category, page.row.kind)
        chart = risk_drawings.chart(scheme, limits, page.history, page.target, band, on)
        ruler = risk_drawings.ruler(scheme, limits, page.current, page.target, band)
    similar = _similar(page, on)
    linked = (link.reference for link in page.links if link.kind == "risk")
    record_shown((*(each.reference for each in similar), *linked), Outlet.SIMILAR)
    life = lives.life(actor, risk_id=page.row.id, on=on)
    record_shown(life.references, Outlet.SIMILAR)
    told = (
        trail.outline(actor, page.row.id)
        if page.withheld
        else trail.time_line(actor, page.row.id, told=readers.tells_of_links(actor, on=on))
    )
    return render_template(
        "risks/risk.html",
        page=page,
        policy=policy,
        category=policy.appetite.categories.get(category),
        scheme=scheme,
        rating_of=rating_of,
        nudges=_nudges(page, policy, facts),
        chart=chart,
        ruler=ruler,
        bow_tie=risk_drawings.bow_tie(page.causes, page.row.event, page.consequences) if page.row.event else None,
        history=history.in_words(told),
        may={permission.name: guards.allows(permission, facts) for permission in DEEDS},
        may_agree=_may_agree(page, facts),
        similar=similar,
        beside=challenges.beside(actor, page.row.id) if page.current else None,
        life=life,
    )


def _similar(page: queries.RiskPage, on: date) -> tuple[alike.Similar, ...]:
    """What a draft might repeat; nothing for who sees only part of it, since the words would tell the rest."""
    if page.row.status != "draft" or page.withheld:
        return ()
    return alike.similar(guards.actor(), text=f"{page.title} {page.row.event}", on=on, but=page.row.id)


DEEDS = (
    Permission.RISK_OPEN,
    Permission.RISK_REWORD,
    Permission.RISK_SCORE,
    Permission.RISK_REVIEW,
    Permission.RISK_CLOSE,
    Permission.RISK_MOVE,
    Permission.ISSUE_RAISE,
    Permission.ACTION_ADD,
    Permission.ESCALATION_READ,
    Permission.ESCALATION_RAISE,
    Permission.RISK_MARK_EXEMPT,
    Permission.EXEMPTION_DECIDE,
    Permission.RISK_TREAT,
)


def _page(reference: str, permission: Permission) -> tuple[queries.RiskPage, Facts]:
    """Find a risk for a deed: not there, not readable and not allowed are one answer."""
    page = queries.risk(guards.actor(), reference, on=today())
    if page is None:
        abort(404)
    facts = readers.facts(risk_id=page.row.id, on=today())
    guards.allow(permission, facts)
    if facts.is_exempt:
        record_shown((page.reference,), Outlet.RISK)
    return page, facts


def _stored(page: queries.RiskPage) -> Risk:
    """Give the row of a risk that `_page` has found for a deed."""
    return db.session.get_one(Risk, page.row.id)


def _may_agree(page: queries.RiskPage, facts: Facts) -> bool:
    """A manager of the unit who neither owns the risk nor proposed the score."""
    actor, proposed = guards.actor(), page.proposed
    mine = proposed is None or proposed.by_id == actor.person_id or page.row.owner_post_id in actor.post_ids
    return not mine and guards.allows(Permission.RISK_OPEN, facts)


def _nudges(page: queries.RiskPage, policy: Policy, facts: Facts) -> list[dict[str, str | None]]:
    """Say what there is to ask of a risk that the reader sees whole, each with the deed that answers it."""
    on, row = today(), page.row
    if page.withheld or page.current is None or page.inherent is None or page.target is None or row.status == "closed":
        return []
    plan = [action for action in page.actions if action.status.is_open]
    kept = Kept(
        is_open=row.status == "open",
        rating=page.current.rating,
        is_gain=row.kind == "opportunity",
        inherent=page.inherent.score,
        current=page.current.score,
        target=page.target.score,
        target_on=page.target.target_on,
        next_review_on=row.next_review_on,
        has_action_in_date=any(action.due_on >= on for action in plan),
        has_open_action=bool(plan),
        rating_since=_rating_since(page.history),
        is_held=page.is_held,
        is_linked=any(link.link == "threatens" for link in page.links),
        reasons=page.reasons,
        causes=page.causes,
        event=row.event or "",
        consequences=page.consequences,
    )
    return [_nudge(finding, page.reference, facts) for finding in findings(policy, kept, on)]


def _rating_since(history: Sequence[queries.Assessed]) -> date | None:
    """The first day of the unbroken run in the band of today; `history` is oldest first."""
    since = None
    for held in reversed(history):
        if held.rating != history[-1].rating:
            break
        since = held.effective_on
    return since


def _nudge(finding: Finding, reference: str, facts: Facts) -> dict[str, str | None]:
    deeds = {
        "action": (Permission.ACTION_ADD, url_for("actions.new", risk=reference), "Add an action"),
        "review": (Permission.RISK_REVIEW, url_for(".review", reference=reference), "Record a review"),
        "score": (Permission.RISK_SCORE, url_for(".score", reference=reference), "Score it anew"),
        "target": (Permission.RISK_SCORE, url_for(".score", reference=reference, basis="target"), "Set the target"),
        "words": (Permission.RISK_REWORD, url_for(".reword", reference=reference), "Change its words"),
    }
    said: dict[str, str | None] = {"words": finding.words, "clause": finding.check.clause.ref}
    if finding.deed and guards.allows(deeds[finding.deed][0], facts):
        _door, said["url"], said["deed"] = deeds[finding.deed]
    if finding.check.takes_a_reason and guards.allows(Permission.RISK_SCORE, facts):
        said["reason_url"] = url_for("quality.explain", reference=reference, check=finding.check.key)
    return said


@blueprint.route("/risks/<reference>/score", methods=["GET", "POST"])
@guards.requires(Permission.RISK_SCORE)
def score(reference: str) -> ResponseReturnValue:
    """Score a risk anew on one basis; a lower current score across the appetite line waits to be agreed."""
    page, _facts = _page(reference, Permission.RISK_SCORE)
    basis = request.args.get("basis", "current")
    if basis not in SCORE_FORMS:
        abort(404)
    policy = policies.in_force(on=today()).policy
    form = _filled(SCORE_FORMS[basis](), page, basis, policy)
    if form.validate_on_submit() and _is_fresh(form, page):
        judgement = form.judgement(basis, why=form.rationale.data)
        try:
            with transaction():
                made = assessments.score(_stored(page), basis, judgement, by=guards.actor(), at=now(), on=today())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(_scored_words(made))
            return redirect(back.after(url_for(".risk", reference=reference)))
    return render_template(
        "risks/score.html",
        page=page,
        form=form,
        basis=basis,
        policy=policy,
        **levels.shown(form, policy, page.row.category, page.row.kind),
    ), 422 if form.errors else 200


def _scored_words(made: Assessment) -> str:
    if made.state == "proposed":
        return f"{made.score} is proposed. It counts once a manager who does not own the risk agrees."
    return f"The {made.basis} score is {made.score}."


def _filled(form: WholeJudgement, page: queries.RiskPage, basis: str, policy: Policy) -> WholeJudgement:
    """Start from the score that holds, with every kind of impact it was given."""
    form.offer(policy)
    if request.method == "GET":
        held = _held(page, basis)
        form.hold(held, queries.impacts(guards.actor(), assessment_id=held.id), basis)
        form.seen.data = page.seen
        if basis == "target":
            form.target_on.data = held.target_on
    return form


def _held(page: queries.RiskPage, basis: str) -> queries.Assessed:
    """Give the score that holds on a basis, or today's where nothing is forecast yet; one withheld is not scored."""
    held = {"inherent": page.inherent, "target": page.target, "forecast": page.forecast}.get(basis) or page.current
    if held is None:
        abort(404)
    return held


def _is_fresh(form: FlaskForm, page: queries.RiskPage) -> bool:
    """Tell whether the form was filled in over what the risk says now; if not, say so on the form."""
    if form.seen.data == page.seen:
        return True
    form.form_errors.append(OVERTAKEN)
    form.seen.data = page.seen
    return False


@blueprint.route("/risks/<reference>/review", methods=["GET", "POST"])
@guards.requires(Permission.RISK_REVIEW)
def review(reference: str) -> ResponseReturnValue:
    """Record that the owner looked: the score still holds, or here is a new one; one line says what was looked at."""
    page, _facts = _page(reference, Permission.RISK_REVIEW)
    policy = policies.in_force(on=today()).policy
    form = _filled(ReviewForm(), page, "current", policy)
    if form.validate_on_submit() and _is_fresh(form, page):
        anew = form.answer.data == "no"
        judgement = form.judgement("current", why=form.note.data) if anew else None
        try:
            with transaction():
                made = service.review(
                    _stored(page), note=form.note.data, judgement=judgement, by=guards.actor(), at=now(), on=today()
                )
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"Review recorded. The next is due on {day(made.next_review_on)}.")
            return redirect(back.after(url_for(".risk", reference=reference)))
    return render_template(
        "risks/review.html",
        page=page,
        form=form,
        policy=policy,
        rating=levels.rating_of(levels.scheme_of(policy, page.row.kind))(_held(page, "current").rating),
        **levels.shown(form, policy, page.row.category, page.row.kind),
    ), 422 if form.errors else 200


@blueprint.post("/risks/<reference>/open")
@guards.requires(Permission.RISK_OPEN)
def open_draft(reference: str) -> ResponseReturnValue:
    """Open a draft, by its owner or its unit's manager."""
    page, _facts = _page(reference, Permission.RISK_OPEN)
    row = _stored(page)
    with transaction():
        service.open_risk(row, by=guards.actor(), at=now(), on=today())
    flash(f"The risk is open. Its first review is due on {day(row.next_review_on)}.")
    return redirect(back.after(url_for(".risk", reference=reference)))


@blueprint.post("/risks/<reference>/agree")
@guards.requires(Permission.RISK_OPEN)
def agree(reference: str) -> ResponseReturnValue:
    """Agree to the score that somebody else proposed."""
    page, _facts = _page(reference, Permission.RISK_OPEN)
    if page.proposed is None or request.form.get("proposed") != str(page.proposed.id):
        raise assessments.CannotScoreRisk(Refusal(None, OVERTAKEN))
    with transaction():
        assessments.agree(db.session.get_one(Assessment, page.proposed.id), by=guards.actor(), at=now(), on=today())
    flash(f"You agreed. The current score is {page.proposed.score}.")
    return redirect(back.after(url_for(".risk", reference=reference)))


@blueprint.route("/risks/<reference>/escalate", methods=["GET", "POST"])
@guards.requires(Permission.ESCALATION_RAISE)
def escalate(reference: str) -> ResponseReturnValue:
    """Send a risk up with a reason, where its score alone does not."""
    page, _facts = _page(reference, Permission.ESCALATION_RAISE)
    form = EscalateForm()
    if form.validate_on_submit():
        try:
            with transaction():
                service.escalate(_stored(page), reason=form.reason.data or "", by=guards.actor(), at=now(), on=today())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("It is escalated. Its page says who has it and until when.")
            return redirect(url_for(".risk", reference=reference, _anchor="escalation"))
    return render_template("risks/escalate.html", page=page, form=form), 422 if form.errors else 200


@blueprint.route("/risks/<reference>/close", methods=["GET", "POST"])
@guards.requires(Permission.RISK_CLOSE)
def close(reference: str) -> ResponseReturnValue:
    """Close an open risk with a reason, by a manager of its unit who does not own it."""
    page, _facts = _page(reference, Permission.RISK_CLOSE)
    form = CloseForm(seen=page.seen)
    if form.validate_on_submit() and _is_fresh(form, page):
        try:
            with transaction():
                service.close(_stored(page), why=form.why.data or "", by=guards.actor(), at=now(), on=today())
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("The risk is closed. Its actions and its history are kept.")
            return redirect(back.after(url_for(".risk", reference=reference)))
    return render_template("risks/close.html", page=page, form=form), 422 if form.errors else 200
