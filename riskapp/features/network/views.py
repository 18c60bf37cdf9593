"""The pages of the network: a risk's neighbourhood, the links that are added and ended, and the council as a whole."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain import network as rules
from riskapp.domain.network import CannotLinkRisk, Driver
from riskapp.domain.permissions import Facts, Permission
from riskapp.domain.refusal import Refusal
from riskapp.domain.scoring import Rating
from riskapp.features.bodies import queries as bodies
from riskapp.features.choices import queries as choices
from riskapp.features.choices.queries import UnitChoice
from riskapp.features.network import queries, service
from riskapp.features.network.forms import NOUNS, EndLinkForm, RiskLinkForm, ThingLinkForm
from riskapp.features.network.queries import Node, Seen
from riskapp.features.plan import queries as plan
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.risks import queries as risks
from riskapp.models.database import db, transaction
from riskapp.models.risks import Risk
from riskapp.web import csv, guards, levels, lists, network_drawings
from riskapp.web.clock import now, today
from riskapp.web.errors import show_refusals

blueprint = Blueprint("network", __name__)
DEPTH = 2
"""How many links away a risk is near."""
ROWS = 25
CLUSTERS = 12
"""Clusters that the page of the council shows; the list has all, and so has its file."""


@blueprint.get("/risks/<reference>/network")
@guards.requires(Permission.RISK_READ)
def risk(reference: str) -> ResponseReturnValue:
    """Show what is near a risk, what drives it, what it drives, and what follows if it happens."""
    actor, on = guards.actor(), today()
    page, facts = _page(reference, Permission.RISK_READ)
    seen = queries.seen(actor, on=on, about=page.row.id)
    near = rules.neighbourhood(seen.network, page.reference, depth=DEPTH)
    follows = rules.what_follows(seen.network, page.reference)
    shown = {page.reference} | {each.reference for each in near} | {each.reference for each in follows}
    record_shown(sorted(shown), Outlet.NETWORK)
    rating_of = _ratings(on)
    return render_template(
        "network/risk.html",
        page=page,
        nodes=seen.nodes,
        drawing=network_drawings.neighbourhood(seen.network, seen.nodes, page.reference, near, rating_of),
        near=near,
        most=network_drawings.MOST - 1,
        follows=follows,
        beside=_beside(seen, page.row.id),
        things=queries.things(actor, page.row.id),
        rating_of=rating_of,
        says=rules.says,
        may_link=_may_link(page, facts),
    )


def _page(reference: str, permission: Permission) -> tuple[risks.RiskPage, Facts]:
    """Find a risk for a page or a deed: not there, not readable and not allowed are one answer."""
    page = risks.risk(guards.actor(), reference, on=today())
    if page is None:
        abort(404)
    facts = readers.facts(risk_id=page.row.id, on=today())
    guards.allow(permission, facts)
    return page, facts


def _may_link(page: risks.RiskPage, facts: Facts) -> bool:
    is_live = page.row.status in queries.LIVE and not page.withheld
    return is_live and guards.allows(Permission.RISK_REWORD, facts)


def _ratings(on: date) -> Callable[[str, str], Rating]:
    """Find a band by the kind of risk and the band's key."""
    policy = policies.in_force(on=on).policy
    by_kind = {kind: levels.rating_of(levels.scheme_of(policy, kind)) for kind in ("threat", "opportunity")}
    return lambda kind, key: by_kind[kind](key)


@dataclass(frozen=True, slots=True)
class Beside:
    """A risk that another is linked with, from the other's side: the link in words, and its number."""

    node: Node
    says: str
    number: int


def _beside(seen: Seen, risk_id: int) -> Mapping[str, list[Beside]]:
    """What drives a risk, what it drives, and what it shares a cause with; in each the strongest link first."""
    by_id = {node.id: node for node in seen.nodes.values()}
    found: dict[str, list[Beside]] = {"driven_by": [], "drives": [], "shares": []}
    for tie in sorted(seen.ties, key=lambda tie: rules.KINDS.index(tie.kind)):
        if risk_id not in (tie.from_id, tie.to_id):
            continue
        is_onward = tie.from_id == risk_id
        other = by_id[tie.to_id if is_onward else tie.from_id]
        side = "shares" if tie.kind not in rules.DRIVES else "drives" if is_onward else "driven_by"
        found[side].append(Beside(other, rules.says(tie.kind, is_onward=is_onward), tie.number))
    return found


def _found(reference: str) -> risks.RiskPage:
    """Find a risk whose links the actor may change: who sees only part of it changes none of them."""
    page, facts = _page(reference, Permission.RISK_REWORD)
    if page.withheld:
        abort(404)
    if facts.is_exempt:
        record_shown((page.reference,), Outlet.NETWORK)
    return page


TO = {"risk": "Another risk", "plan": "The plan", "body": "An external body"}


@blueprint.route("/risks/<reference>/network/link", methods=["GET", "POST"])
@guards.requires(Permission.RISK_REWORD)
def link(reference: str) -> ResponseReturnValue:
    """Link a risk to another risk, to an item of the plan or to a body."""
    page = _found(reference)
    to = request.args.get("to", "risk")
    if to not in TO:
        abort(404)
    form: RiskLinkForm | ThingLinkForm = RiskLinkForm() if to == "risk" else _thing_form(to)
    if form.validate_on_submit() and _is_one(form, page):
        manner = form.manner.data or "" if isinstance(form, RiskLinkForm) else ""
        try:
            with transaction():
                service.link(
                    db.session.get_one(Risk, page.row.id),
                    manner=manner,
                    reference=form.chosen,
                    by=guards.actor(),
                    at=now(),
                    on=today(),
                )
        except CannotLinkRisk as refusal:
            show_refusals(form, refusal)
        else:
            flash("The link is on the record of both.")
            return redirect(url_for(".risk", reference=reference))
    return render_template("network/link.html", page=page, form=form, to=to, kinds=TO), 422 if form.errors else 200


def _thing_form(to: str) -> ThingLinkForm:
    form, actor = ThingLinkForm(), guards.actor()
    if to == "plan":
        items = plan.items(actor, tuple(NOUNS))
        form.offer(
            {noun: {item.reference: item.label for item in items if item.kind == kind} for kind, noun in NOUNS.items()}
        )
    else:
        rows = bodies.bodies(actor, bodies.Filters(), on=today(), sort="name")
        form.offer({row.reference: row.name for row in rows})
    return form


def _is_one(form: RiskLinkForm | ThingLinkForm, page: risks.RiskPage) -> bool:
    """Tell whether the form names one thing: a risk found by words is chosen from those that were found."""
    if not isinstance(form, RiskLinkForm) or form.found.data:
        return True
    typed = (form.reference.data or "").upper()
    if typed == page.reference or queries.end(guards.actor(), typed, on=today()) is not None:
        return True
    found = queries.others(guards.actor(), form.reference.data or "", on=today(), but=page.row.id)
    record_shown((node.reference for node in found), Outlet.NETWORK)
    form.offer(found)
    if found:
        form.found.errors = ["Choose one of the risks found, or give other words"]
    else:
        show_refusals(form, CannotLinkRisk(Refusal("reference", service.NOT_THERE)))
    return False


@blueprint.route("/risks/<reference>/network/links/<int:number>/end", methods=["GET", "POST"])
@guards.requires(Permission.RISK_REWORD)
def end(reference: str, number: int) -> ResponseReturnValue:
    """End a link with a word why."""
    page, form = _found(reference), EndLinkForm()
    held = queries.held(guards.actor(), page.row.id, number, on=today())
    if held is None:
        abort(404)
    record_shown((held.other.reference,), Outlet.NETWORK)
    if form.validate_on_submit():
        try:
            with transaction():
                service.end(
                    db.session.get_one(Risk, page.row.id),
                    number,
                    why=form.why.data or "",
                    by=guards.actor(),
                    at=now(),
                    on=today(),
                )
        except CannotLinkRisk as refusal:
            show_refusals(form, refusal)
        else:
            flash("The link has ended. Both records keep that it was there, and why it ended.")
            return redirect(url_for(".risk", reference=reference))
    return render_template("network/end.html", page=page, form=form, held=held), 422 if form.errors else 200


@dataclass(frozen=True, slots=True)
class Row:
    """A risk that drives others, and the number of its cluster."""

    node: Node
    driver: Driver
    cluster: int


COLUMNS: Mapping[str, tuple[str, Callable[[Row], Any]]] = {
    "title": ("Risk", lambda row: (row.node.is_withheld, row.node.title.casefold())),
    "score": ("Current", lambda row: row.node.score or 0),
    "reaches": ("Leads to", lambda row: row.driver.reaches),
    "directly": ("At once", lambda row: row.driver.directly),
    "driven_by": ("Driven by", lambda row: row.driver.driven_by),
    "cluster": ("Cluster", lambda row: row.cluster),
}
NUMBERS = ("reaches", "directly", "driven_by", "cluster")
FIRST_SORT = "-reaches"
HEADS = ("Reference", "Title", "Unit", "Current score", "Band", "Leads to", "At once", "Driven by", "Cluster")


@dataclass(frozen=True, slots=True)
class Whole:
    """The open risks that hang together: the clusters of them, and those that drive others as the address asks."""

    seen: Seen
    clusters: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    units: tuple[UnitChoice, ...]
    sort: str


def _whole() -> Whole:
    actor = guards.actor()
    seen = queries.seen(actor, on=today(), statuses=("open",))
    clusters = rules.clusters(seen.network)
    number = {reference: place for place, part in enumerate(clusters, start=1) for reference in part}
    asked = request.args.get("sort", FIRST_SORT)
    sort = asked if asked.removeprefix("-") in COLUMNS else FIRST_SORT
    units = choices.units(actor)
    rows = [
        Row(seen.nodes[each.reference], each, number[each.reference])
        for each in sorted(rules.drivers(seen.network), key=lambda each: each.reference)
    ]
    kept = sorted(
        _asked(rows, units), key=COLUMNS[sort.removeprefix("-")][1], reverse=sort.startswith("-")
    )  # a stable sort: ties stay by reference
    return Whole(seen, clusters, tuple(kept), units, sort)


def _asked(rows: Iterable[Row], units: Iterable[UnitChoice]) -> Iterator[Row]:
    """Keep the rows of the unit, the cluster and the words that the address asks for."""
    paths = {unit.reference: unit.path for unit in units}
    path = paths.get(request.args.get("unit", ""), "/")
    cluster, words = request.args.get("cluster", ""), request.args.get("q", "").casefold().split()
    for row in rows:
        node = row.node
        text = f"{'' if node.is_withheld else node.title} {node.reference}".casefold()
        if node.unit_path.startswith(path) and cluster in {"", str(row.cluster)} and all(w in text for w in words):
            yield row


@blueprint.get("/registers/network")
@guards.requires(Permission.SIGNED_IN)
def council() -> ResponseReturnValue:
    """Show which open risks drive most others, and which hang together, among those that the reader may read."""
    whole = _whole()
    page = min(lists.page_number(), max(1, -(-len(whole.rows) // ROWS)))
    rows = whole.rows[(page - 1) * ROWS : page * ROWS]
    shown = whole.clusters[:CLUSTERS]
    record_shown((*(row.node.reference for row in rows), *(each for part in shown for each in part)), Outlet.NETWORK)
    units = [(unit.reference, unit.indented) for unit in whole.units]
    numbers = {str(place): f"Cluster {place}" for place in range(1, len(whole.clusters) + 1)}
    return render_template(
        "network/council.html",
        seen=whole.seen,
        clusters=[_named(whole.seen, place, part) for place, part in enumerate(shown, start=1)],
        more=len(whole.clusters) - len(shown),
        rows=rows,
        total=len(whole.rows),
        pager=lists.pager(page, ROWS, len(whole.rows)),
        heads=[
            lists.sorting(key, label, chosen=whole.sort, number=key in NUMBERS) for key, (label, _by) in COLUMNS.items()
        ],
        applied=lists.applied({"q": None, "unit": {key: words.strip() for key, words in units}, "cluster": numbers}),
        units=units,
        numbers=list(numbers.items()),
        csv_url=lists.same_list(".council_csv"),
        rating_of=_ratings(today()),
    )


@dataclass(frozen=True, slots=True)
class Cluster:
    """Risks that hang together, the one that most of them are linked with first."""

    number: int
    nodes: tuple[Node, ...]
    links: int


def _named(seen: Seen, number: int, part: tuple[str, ...]) -> Cluster:
    within = rules.Network.of(part, seen.network.edges)
    ordered = sorted(part, key=lambda each: (-within.joined.degree(each), each))
    return Cluster(number, tuple(seen.nodes[each] for each in ordered), len(within.edges))


@blueprint.get("/registers/network.csv")
@guards.requires(Permission.SIGNED_IN)
def council_csv() -> ResponseReturnValue:
    """Send every risk that drives another, as the address asks for them."""
    whole, rating_of = _whole(), _ratings(today())
    record_shown((row.node.reference for row in whole.rows), Outlet.NETWORK_FILE)
    return csv.answer("network", HEADS, (_cells(row, rating_of) for row in whole.rows))


def _cells(row: Row, rating_of: Callable[[str, str], Rating]) -> tuple[object, ...]:
    node, driver = row.node, row.driver
    band = rating_of(node.kind, node.rating).label if node.rating else "Withheld"
    place = (driver.reaches, driver.directly, driver.driven_by, row.cluster)
    return (node.reference, node.title, node.unit, node.score, band, *place)
