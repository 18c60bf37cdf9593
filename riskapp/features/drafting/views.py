"""The page that logs a risk."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.life import Origin
from riskapp.domain.permissions import Facts, Permission, may_anywhere
from riskapp.domain.policy import Policy
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.statement import advise
from riskapp.features.assessments import queries as sequels
from riskapp.features.choices import queries as choices
from riskapp.features.drafting.forms import LogForm
from riskapp.features.emerging import queries as emerging
from riskapp.features.emerging import service as emerging_service
from riskapp.features.near_misses import queries as near_misses
from riskapp.features.near_misses import service as near_miss_service
from riskapp.features.plan import queries as plan
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.risks import queries, service
from riskapp.features.similar import queries as alike
from riskapp.features.wording.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.models.database import once
from riskapp.models.risks import Risk
from riskapp.web import guards, headers, levels
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import plural

JOIN_IT = "Is one of them the same? Then join it: say what you know there instead."
NONE_ALIKE = "None shares two words with yours. Carry on."
LONGEST_TYPED = 1000


@blueprint.get("/risks/similar")
@guards.requires(Permission.RISK_DRAFT)
def similar_risks() -> ResponseReturnValue:
    """Tell the script of the page that logs a risk which risks are like what was typed; counted as a search."""
    actor, on = guards.actor(), today()
    if not may_anywhere(actor, Permission.RISK_DRAFT):
        abort(404)
    found = alike.similar(actor, text=request.args.get("q", "")[:LONGEST_TYPED], on=on)
    record_shown((each.reference for each in found), Outlet.SIMILAR)
    joining, rating_of = _may_join(found, on), levels.ratings_of(policies.in_force(on=on).policy)
    told = [
        {
            "title": each.title,
            "address": url_for(".risk", reference=each.reference),
            "unit": each.unit,
            "score": f"{each.score} {rating_of(each.kind, each.rating).label}"
            if each.score and each.rating
            else "Score withheld",
            "shared": each.shared,
            "join": url_for(".risk", reference=each.reference) if each.reference in joining else None,
        }
        for each in found
    ]
    words = f"{plural(len(told), 'similar risk')} on the registers you may see"
    return jsonify(words=words, risks=told, advice=JOIN_IT if told else NONE_ALIKE)


def _may_join(found: Sequence[alike.Similar], on: date) -> frozenset[str]:
    """Name those of some risks to which the visitor may add what they know: an action, or a score."""
    return alike.joinable(guards.actor(), references=[each.reference for each in found], on=on)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a risk can be logged from: how what it began as is found, and what is kept of it once it is logged."""

    find: Callable[..., Origin | None]
    logged: Callable[..., None]


SOURCES: Mapping[str, Source] = {
    "near_miss": Source(near_misses.origin, near_miss_service.logged),
    "emerging": Source(emerging.origin, emerging_service.promoted),
}


@blueprint.route("/risks/new", methods=["GET", "POST"])
@guards.requires(Permission.RISK_DRAFT)
def log() -> ResponseReturnValue:
    """Log a risk: check the scores, send it to its owner as a draft, or open it where the actor may."""
    actor, on = guards.actor(), today()
    policy, units = policies.in_force(on=on).policy, choices.own_units(actor)
    if not units:
        abort(404)
    form, team = _log_form(policy, units)
    deed = request.form.get("deed")
    if deed != "check" and form.validate_on_submit():
        new = form.new_risk()
        facts = Facts(unit_path=team.path, owner_post_id=new.owner_post_id)
        guards.allow(Permission.RISK_DRAFT, facts)
        opens = deed == "open"
        try:
            if opens and not guards.allows(Permission.RISK_OPEN, facts):
                raise service.CannotOpen(
                    Refusal("owner", "Only its owner or the manager of its team opens it. Send it to them")
                )
            verb = service.draft_and_open if opens else service.draft
            risk = once(lambda: _keep(verb(new, by=actor, at=now(), on=on), form))
        except Cannot as refusal:
            show_refusals(form, refusal)
        else:
            flash("The risk is open." if risk.status == "open" else "The draft is with its owner, who opens it.")
            return redirect(url_for(".risk", reference=queries.reference(actor, risk_id=risk.id)))
    may_open = guards.allows(Permission.RISK_OPEN, Facts(unit_path=team.path, owner_post_id=_number(form.owner.data)))
    words = f"{form.title.data or ''} {form.event.data or ''}"
    similar = alike.similar(actor, text=words, on=on) if request.method == "POST" else ()
    record_shown((each.reference for each in similar), Outlet.SIMILAR)
    page = render_template(
        "drafting/log.html",
        form=form,
        policy=policy,
        team=team,
        may_open=may_open,
        sequel=_sequel(form),
        may_be_an_opportunity=policy.scoring.opportunity is not None,
        category=policy.appetite.categories.get(form.category.data or ""),
        similar=similar,
        similar_advice=JOIN_IT if similar else NONE_ALIKE,
        may_join=_may_join(similar, on),
        advice=_advice(form) if request.method == "POST" else {},
        is_checked=request.method == "POST",
        rating_of=levels.ratings_of(policy),
        **levels.shown(form, policy, form.category.data, form.kind_of_risk),
    )
    return headers.with_own_script(page, 422 if form.errors else 200)


def _keep(risk: Risk, form: LogForm) -> Risk:
    """Keep with what a risk began as that it was logged from it."""
    source, origin = _origin(form)
    if origin is not None:
        SOURCES[source].logged(origin.key, risk.id, by=guards.actor(), at=now(), on=today())
    return risk


def _origin(form: LogForm) -> tuple[str, Origin | None]:
    """Find what the risk began as, which the address names or the form carries on."""
    asked = (f"{name}:{request.args.get(name)}" for name in SOURCES if request.args.get(name))
    source, _, key = str(form.origin.data or next(asked, "")).partition(":")
    return source, SOURCES[source].find(guards.actor(), key, on=today()) if source in SOURCES else None


def _log_form(policy: Policy, units: tuple[choices.UnitChoice, ...]) -> tuple[LogForm, choices.UnitChoice]:
    actor, form = guards.actor(), LogForm()
    kind = request.form.get("kind") or request.args.get("kind")
    form.kind.data = "opportunity" if kind == "opportunity" and policy.scoring.opportunity else "threat"
    source, origin = _origin(form)
    asked = request.form.get("unit") or request.args.get("unit", "") or (str(origin.unit_id) if origin else "")
    team = next((unit for unit in units if asked in {str(unit.id), unit.reference}), units[0])
    posts = choices.owners(actor)
    kinds = [tier.post_kind for tier in policy.escalation.tiers]
    near = choices.line_of(posts=posts, path=team.path, kinds=kinds)
    grouped = {f"Above {team.name}": list(near)}
    for post in posts:
        if post not in near:
            grouped.setdefault(post.unit, []).append(post)
    form.offer_all(policy, units, grouped, plan.items(actor, plan.THREATENED))
    if request.method == "GET":
        form.submission_key.data = uuid.uuid4().hex
        if origin is not None:
            form.origin.data = f"{source}:{origin.key}"
            form.title.data, form.event.data = origin.title, origin.event
        form.unit.data = str(team.id)
        form.owner.data = str(near[0].id) if near else None
    return form, team


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _sequel(form: LogForm) -> sequels.Sequel | None:
    """Say what opening would set off, once the form says enough."""
    unit_id, owner_id, judgement = _number(form.unit.data), _number(form.owner.data), form.judgement("current", why="")
    try:
        return sequels.sequel(
            guards.actor(),
            unit_id=unit_id or 0,
            owner_post_id=owner_id or 0,
            category=form.category.data or "",
            kind=form.kind_of_risk,
            likelihood=judgement.likelihood,
            impacts=judgement.impacts,
            on=today(),
        )
    except Cannot:
        return None


def _advice(form: LogForm) -> dict[str, str]:
    said = form.statement()
    advice = advise(" ".join(said.causes), said.event, " ".join(said.consequences))
    return {each.field: each.message for each in advice if not form[each.field].errors}
