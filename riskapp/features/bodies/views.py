"""The pages of external bodies: the list, a body, and the record of a governance review."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.bodies import HEADINGS, KINDS, RATINGS, ROLES
from riskapp.domain.permissions import Permission
from riskapp.features.bodies import queries, service
from riskapp.features.bodies.forms import ReviewForm
from riskapp.features.bodies.queries import BodyRow, Filters
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.models.bodies import Body
from riskapp.models.database import db, transaction
from riskapp.web import csv, guards
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals
from riskapp.web.filters import money

blueprint = Blueprint("bodies", __name__)
PAGE = 25
STATE = ("q", "kind", "role", "late", "sort", "order")
"""What the address of a list holds, beside the page."""
COLUMNS = (
    ("name", "Body and kind", False),
    ("lead", "The council’s part, and who leads", False),
    ("review", "Next governance review", False),
    ("risks", "Risks", False),
    ("money", "Money awarded", True),
)


@blueprint.get("/bodies")
@guards.requires(Permission.BODY_READ)
def bodies() -> ResponseReturnValue:
    """List the external bodies: filtered, sorted, paged, or as CSV."""
    state = {key: request.args[key] for key in STATE if request.args.get(key)}
    sort = state.get("sort", "position")
    sort, descending = (sort if sort in queries.SORTS else "position"), state.get("order") == "down"
    filters = Filters(
        words=tuple(state.get("q", "").split()),
        kind=state.get("kind", "") if state.get("kind", "") in KINDS else "",
        role=state.get("role", "") if state.get("role", "") in ROLES else "",
        is_late=state.get("late") == "yes",
    )
    rows = queries.bodies(guards.actor(), filters, on=today(), sort=sort, descending=descending)
    is_file = request.args.get("as") == "csv"
    record_shown(
        (risk.reference for row in rows for risk in row.risks), Outlet.BODIES_FILE if is_file else Outlet.BODIES
    )
    if is_file:
        return _as_csv(rows)
    pages = max(-(-len(rows) // PAGE), 1)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "bodies/bodies.html",
        rows=rows[(page - 1) * PAGE : page * PAGE],
        total=len(rows),
        first=(page - 1) * PAGE + 1,
        awarded=sum(row.awarded for row in rows),
        late=sum(row.next_review_on < today() for row in rows),
        heads=_heads(state, sort, descending=descending),
        pages=[_page(state, number, page) for number in range(1, pages + 1)],
        state=state,
        applied=_applied(state),
        kinds=KINDS,
        roles=ROLES,
        ratings=_ratings(),
        csv_url=_url(state | {"as": "csv"}),
    )


@blueprint.get("/bodies/<reference>")
@guards.requires(Permission.BODY_READ)
def body(reference: str) -> ResponseReturnValue:
    """Show one body: what it is, how it is reviewed, the money, the seats and the risks."""
    row = _body(reference)
    record_shown((risk.reference for risk in row.risks), Outlet.BODY)
    return render_template(
        "bodies/body.html",
        body=row,
        headings=HEADINGS,
        steps=RATINGS,
        ratings=_ratings(),
        nudges=_nudges(row),
        may_review=guards.allows(Permission.BODY_REVIEW, row.facts),
    )


@blueprint.route("/bodies/<reference>/review", methods=["GET", "POST"])
@guards.requires(Permission.BODY_REVIEW)
def review(reference: str) -> ResponseReturnValue:
    """Record a governance review."""
    row = _body(reference)
    guards.allow(Permission.BODY_REVIEW, row.facts)
    form = ReviewForm()
    if form.validate_on_submit() and form.held_on.data and form.next_on.data:
        try:
            with transaction():
                service.record_review(
                    db.session.get_one(Body, row.body_id),
                    held_on=form.held_on.data,
                    reviewer=form.reviewer.data or "",
                    ratings=form.ratings,
                    next_on=form.next_on.data,
                    by=guards.actor(),
                    at=now(),
                )
        except service.CannotReviewBody as refusal:
            show_refusals(form, refusal)
        else:
            flash(f"The review is on the record. The next is due on {form.next_on.data:%-d %B %Y}.")
            return redirect(url_for("bodies.body", reference=reference))
    return render_template("bodies/review.html", body=row, form=form)


def _body(reference: str) -> BodyRow:
    row = queries.body(guards.actor(), reference, on=today())
    if row is None:
        abort(404)
    return row


def _ratings() -> dict[str, Any]:
    return {rating.key: rating for rating in policies.in_force(on=today()).policy.scoring.ratings}


def _nudges(row: BodyRow) -> list[dict[str, str]]:
    """What somebody should see to, the worst first; each is a fact of the page below."""
    said = []
    late = (today() - row.next_review_on).days
    if late > 0:
        said.append(f"The governance review was due {_days(late)} ago.")
    said += [
        f"A seat has been vacant for {_days((today() - seat.from_on).days)}: {seat.seat}."
        for seat in row.seats
        if seat.is_vacant
    ]
    said += [
        f"Training of the {seat.held_by} for this body ran out {_days((today() - seat.training_until).days)} ago."
        for seat in row.seats
        if seat.training_until and seat.training_ran_out(today())
    ]
    if row.money and not row.risks:
        said.append(f"No risk that you may read stands behind this body: {money(row.awarded)} was awarded.")
    return [{"words": words} for words in said]


def _days(count: int) -> str:
    return f"{count:,} day{'s' * (count != 1)}"


def _heads(state: dict[str, str], sort: str, *, descending: bool) -> list[dict[str, Any]]:
    heads = []
    for key, label, is_number in COLUMNS:
        is_sorted = key == sort
        order = "up" if is_sorted and descending else "down" if is_sorted else "up"
        url = _url(state | {"sort": key, "order": order})
        direction = ("descending" if descending else "ascending") if is_sorted else None
        heads.append({"label": label, "url": url, "direction": direction, "number": is_number})
    return heads


def _page(state: dict[str, str], number: int, current: int) -> dict[str, Any]:
    return {"label": str(number), "url": _url(state | {"page": str(number)}), "current": number == current}


def _url(state: dict[str, str]) -> str:
    return f"{url_for('bodies.bodies')}?{urlencode(state)}"


def _applied(state: dict[str, str]) -> list[dict[str, str]]:
    words = {
        "q": state.get("q", ""),
        "kind": KINDS.get(state.get("kind", ""), ""),
        "role": ROLES.get(state.get("role", ""), ""),
        "late": "Review overdue" if state.get("late") == "yes" else "",
    }
    return [
        {"label": label, "url": _url({key: value for key, value in state.items() if key != name})}
        for name, label in words.items()
        if label
    ]


def _as_csv(rows: tuple[BodyRow, ...]) -> ResponseReturnValue:
    heads = (
        "Reference",
        "Body",
        "Kind",
        "Roles",
        "Interest",
        "Lead",
        "Next review",
        "Risks",
        "Worst score",
        "Awarded £",
    )
    return csv.answer(
        "external-bodies",
        heads,
        (
            (
                row.reference,
                row.name,
                row.kind_words,
                row.role_words,
                row.interest,
                row.lead,
                row.next_review_on.isoformat(),
                len(row.risks),
                row.worst.score if row.worst else None,
                row.awarded,
            )
            for row in rows
        ),
    )
