"""The pages of challenge: those to a risk, making one, the owner's answer, and every challenge of the council."""

import secrets
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain import challenges as rules
from riskapp.domain.challenges import Standing
from riskapp.domain.permissions import Facts, Permission
from riskapp.domain.refusal import Cannot
from riskapp.features.challenges import queries, service
from riskapp.features.challenges.forms import AnswerForm, ChallengeForm
from riskapp.features.exemption import queries as exemptions
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.models.database import db, once, transaction
from riskapp.models.risks import Risk
from riskapp.web import back, csv, guards, levels, lists
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import day

blueprint = Blueprint("challenges", __name__)
ORDERS = {
    "due": "What waits first, the earliest due before the others",
    "-due": "What waits first, the latest due before the others",
    "raised": "The first challenge first",
    "-raised": "The last challenge first",
    "title": "By title",
    "-title": "By title, from the end",
    "apart": "By how much higher the challenger scores, the least first",
    "-apart": "By how much higher the challenger scores, the most first",
}
HEADS = (
    "Reference", "Title", "Owner", "Owner’s score", "Owner’s band", "Challenger’s score", "Challenger’s band",
    "Challenger", "Why", "Challenged on", "Answer due", "State", "Answered on", "Answer", "Who was right",
)  # fmt: skip
NAME_KEPT = "Name kept"


@blueprint.get("/risks/<reference>/challenges")
@guards.requires(Permission.CHALLENGE_READ)
def of_risk(reference: str) -> ResponseReturnValue:
    """Show every challenge to a risk with both scores, both reasons and the answer."""
    about, facts = _about(reference, Permission.CHALLENGE_READ)
    return _page(about, facts)


def _page(about: exemptions.About, facts: Facts, typed: AnswerForm | None = None, key: str = "") -> ResponseReturnValue:
    """Draw the page; the owner answers on it, and a form that was refused shows what was typed and why not."""
    actor, on = guards.actor(), today()
    policy = policies.in_force(on=on).policy
    record_shown((about.reference,), Outlet.CHALLENGES)
    shown, held = queries.of_risk(actor, about.id, on=on), queries.disputed(actor, about.id)
    scheme = levels.scheme_of(policy, held.kind)
    rating_of = levels.rating_of(scheme)
    answers = held.status == "open" and guards.allows(Permission.CHALLENGE_ANSWER, facts)
    forms = {}
    for each in shown if answers else ():
        if each.answer is None:
            form = typed if typed and each.key == key else AnswerForm(formdata=None, seen=str(held.id))
            form.say(
                agree=f"Agree, and score it anew: {each.score} {rating_of(each.rating).label}",
                keep=f"Keep {held.score} {rating_of(held.rating).label}",
            )
            for field in form:
                field.id = f"{field.name}-{each.id}"
            forms[each.key] = form
    return render_template(
        "challenges/of_risk.html",
        about=about,
        challenges=shown,
        forms=forms,
        refused=typed,
        held=held,
        rules=policy.challenge,
        rating_of=rating_of,
        kinds={kind.key: kind.label for kind in scheme.dimensions},
        may_challenge=guards.allows(Permission.CHALLENGE_RAISE, facts)
        and not any(each.is_own and each.answer is None for each in shown),
    ), 422 if typed is not None and typed.errors else 200


@blueprint.route("/risks/<reference>/challenges/new", methods=["GET", "POST"])
@guards.requires(Permission.CHALLENGE_RAISE)
def new(reference: str) -> ResponseReturnValue:
    """Score a risk differently, beside its owner and never over it."""
    about, _facts = _about(reference, Permission.CHALLENGE_RAISE)
    on = today()
    policy, held = policies.in_force(on=on).policy, queries.disputed(guards.actor(), about.id)
    chapter = rules.rules_of(policy)
    form = ChallengeForm(submission_key=secrets.token_urlsafe(16))
    scheme = levels.scheme_of(policy, held.kind)
    form.offer(scheme)
    if form.validate_on_submit():
        try:
            made = once(lambda: service.challenge(_risk(about.id), form.new(), **_when()))
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"Your score of {made.score} stands beside the owner’s. The owner answers by {day(made.due_on)}.")
            return redirect(url_for(".of_risk", reference=reference))
    record_shown((about.reference,), Outlet.CHALLENGES)
    return render_template(
        "challenges/new.html",
        about=about,
        form=form,
        held=held,
        rules=chapter,
        policy=policy,
        rating=levels.rating_of(scheme)(held.rating),
        **levels.shown(form, policy, held.category, held.kind),
    ), 422 if form.errors else 200


@blueprint.post("/risks/<reference>/challenges/<key>")
@guards.requires(Permission.CHALLENGE_ANSWER)
def answer(reference: str, key: str) -> ResponseReturnValue:
    """Answer a challenge: agree and score anew, or say why the score stays."""
    about, facts = _about(reference, Permission.CHALLENGE_ANSWER)
    found = next((each for each in queries.of_risk(guards.actor(), about.id, on=today()) if each.key == key), None)
    if found is None:
        abort(404)
    form = AnswerForm()
    if form.validate_on_submit():
        agrees = form.answer.data == "agree"
        try:
            with transaction():
                service.answer(found.id, agrees=agrees, why=form.why.data or "", seen=form.seen.number, **_when())
        except Cannot as refusal:
            show_refusals(form, refusal)
            form.seen.data = str(queries.disputed(guards.actor(), about.id).id)
        else:
            flash("Answered: you agreed, and it is scored anew." if agrees else "Answered: the score stays.")
            return redirect(back.after(url_for(".of_risk", reference=reference)))
    return _page(about, facts, form, key)


def _about(reference: str, permission: Permission) -> tuple[exemptions.About, Facts]:
    """Find a risk for a deed: not there, not readable and not allowed are one answer."""
    about = exemptions.risk(guards.actor(), reference, on=today())
    if about is None:
        abort(404)
    facts = readers.facts(risk_id=about.id, on=today())
    guards.allow(permission, facts)
    return about, facts


def _risk(risk_id: int) -> Risk:
    return db.session.get_one(Risk, risk_id)


def _when() -> dict[str, Any]:
    return {"by": guards.actor(), "at": now(), "on": today()}


def _wanted() -> queries.Wanted:
    asked = request.args
    state, sort = asked.get("state", ""), asked.get("sort", "due")
    return queries.Wanted(
        state=state if state in queries.STATES else "",
        words=asked.get("q", "").strip()[:100],
        sort=sort if sort in ORDERS else "due",
    )


@blueprint.get("/challenges")
@guards.requires(Permission.CHALLENGE_LIST)
def challenges() -> ResponseReturnValue:
    """List every challenge, with the figures of the council."""
    guards.allow(Permission.CHALLENGE_LIST)
    wanted, number, on = _wanted(), lists.page_number(), today()
    rows, total = queries.challenges(guards.actor(), wanted, on=on, page=number)
    record_shown((row.reference for row in rows), Outlet.CHALLENGE_LIST)
    policy = policies.in_force(on=on).policy
    return render_template(
        "challenges/challenges.html",
        rows=rows,
        wanted=wanted,
        figures=queries.figures(guards.actor(), on=on),
        states=queries.STATES,
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("title", "Risk", chosen=wanted.sort),
            lists.sorting("apart", "Owner and challenger", chosen=wanted.sort),
            "By whom",
            lists.sorting("raised", "Challenged", chosen=wanted.sort),
            lists.sorting("due", "Answer", chosen=wanted.sort),
        ),
        pager=lists.pager(number, queries.PAGE, total),
        applied=lists.applied({"state": queries.STATES, "q": None}),
        csv_url=lists.same_list("challenges.challenges_csv"),
        rating_of=levels.ratings_of(policy),
        rules=policy.challenge,
        late=Standing.LATE,
    )


@blueprint.get("/challenges.csv")
@guards.requires(Permission.CHALLENGE_LIST)
def challenges_csv() -> ResponseReturnValue:
    """Give the list on screen as a file; a name that the reader may not know is not in it."""
    guards.allow(Permission.CHALLENGE_LIST)
    on = today()
    rows, _total = queries.challenges(guards.actor(), _wanted(), on=on, size=csv.MOST_ROWS)
    record_shown((row.reference for row in rows), Outlet.CHALLENGES_FILE)
    band = levels.ratings_of(policies.in_force(on=on).policy)
    return csv.answer(
        "challenges",
        HEADS,
        (
            (
                row.reference, row.title, row.owner, row.disputed_score, band(row.kind, row.disputed_rating).label,
                row.score, band(row.kind, row.rating).label, row.by.post if row.by.is_known else NAME_KEPT, row.why,
                row.raised_on, row.due_on, row.standing.label, row.answered_on, row.answer_why, row.verdict.label,
            )
            for row in rows
        ),
    )  # fmt: skip
