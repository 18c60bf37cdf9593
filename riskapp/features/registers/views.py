"""The registers' page, and the same list as a file. Its blueprint is the one that the pages of risks share."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain import columns
from riskapp.domain.appetite import Position
from riskapp.domain.columns import COLUMNS
from riskapp.domain.permissions import COUNCIL_READERS, Actor, Facts, Permission, may
from riskapp.domain.scoring import ASPECTS, Rating
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.registers import forms as addresses
from riskapp.features.registers import queries
from riskapp.features.registers.queries import RegisterRow, Score
from riskapp.features.saved_views import queries as saved
from riskapp.features.saved_views.views import blueprint as blueprint  # noqa: PLC0414 - handed on
from riskapp.features.scopes import forms as scopes
from riskapp.features.scopes.queries import LEVELS
from riskapp.web import addressing, csv, drawings, grids, guards, levels, xlsx
from riskapp.web.clock import today

MANY = {
    "chase": ("Chase", Permission.RISK_CHASE),
    "review": ("Set review date", Permission.RISK_SET_REVIEW),
    "reassign": ("Reassign", Permission.RISK_REASSIGN),
    "move": ("Move", Permission.RISK_MOVE),
}
"""What can be done to many risks at once, in the words of its button."""
FURTHER = frozenset(
    {
        "kind", "inherent", "target", "likelihood", "impact", "treatment", "actions", "escalation", "travel",
        "champion", "lead_member", "money", *ASPECTS, *columns.DAYS,
    }
)  # fmt: skip
"""Filters behind "More filters", which are open where one of them is used."""


@blueprint.get("/registers")
@guards.requires(Permission.SIGNED_IN)
def register() -> ResponseReturnValue:
    """Show the risks that the reader may see, as the address asks for them; none opens with the view they chose."""
    actor = guards.actor()
    views = saved.views(actor)
    first = next((view for view in views if view.is_default), None)
    if first and not request.args:
        asked: Mapping[str, Any] = first.address
        return redirect(url_for(".register", **asked))
    offer = _offer()
    state = read(offer)
    census = queries.census(actor, state.filters)
    found, standings = census.found, census.standings
    page = min(state.page, max(1, -(-found // state.size)))
    rows = queries.register(
        actor,
        state.filters,
        sort=state.sort,
        descending=state.descending,
        offset=(page - 1) * state.size,
        limit=state.size,
        columns=state.columns,
    )
    record_shown((row.reference for row in rows), Outlet.REGISTER)
    at_place: Counter[tuple[int, int]] = Counter()
    by_position: Counter[str] = Counter()
    by_rating: Counter[str] = Counter()
    for each in standings:
        at_place[each.likelihood, each.impact] += each.count
        by_position[each.position] += each.count
        by_rating[each.rating] += each.count
    here = addressing.with_query(url_for(".register"))
    counted = partial(state.address, **({"kind": census.kind} if census.others else {}))
    scheme = levels.scheme_of(offer.policy, census.kind)
    laid_out = grids.grid(
        scheme,
        at_place,
        address=lambda likelihood, impact: here(**counted(likelihood=str(likelihood), impact=str(impact), band=None)),
    )
    return render_template(
        "risks/register.html",
        state=state,
        offer=offer,
        options=addresses.options_of(offer, state.chosen.get("register", "")),
        sorts=addresses.sorts_of(has_words="q" in state.chosen),
        kinds=scopes.KINDS,
        title=_title(state, offer),
        why=scopes.why(state.filters.register, state.name, offer.policy, offer.choices.tiers),
        comes_from_below=partial(_comes_from_below, state),
        all_columns=COLUMNS,
        with_all_columns=state.kept() | {"columns": addresses.ALL},
        is_narrowed_further=any(name.removesuffix("_from").removesuffix("_to") in FURTHER for name in state.chosen),
        found=found,
        page=page,
        rows=rows,
        whole=at_place.total(),
        scheme=scheme,
        counted=counted,
        census=census,
        steps={(each.name, step.key): step.word for each in offer.policy.scoring.aspects for step in each.steps},
        by_position=by_position,
        by_rating=by_rating,
        grid=laid_out,
        drawing=drawings.heat_map(grids.drawn(laid_out)),
        movement=census.movement,
        withheld=census.withheld,
        rating_of=levels.ratings_of(offer.policy),
        category_words=_categories(offer),
        here=here,
        risk_address=addressing.of_each(".risk"),
        saved_views=[
            {"label": view.name, "url": here(**view.address), "current": view.address == state.kept(), "count": None}
            for view in views
        ],
        deeds=[(deed, words) for deed, (words, permission) in MANY.items() if _keeps_a_register(actor, permission)],
    )


@blueprint.get("/registers.csv")
@guards.requires(Permission.SIGNED_IN)
def register_csv() -> ResponseReturnValue:
    """Send every row of the register that the address asks for, with the columns that it shows."""
    heads, rows = _exported()
    return csv.answer("register", heads, rows)


@blueprint.get("/registers.xlsx")
@guards.requires(Permission.SIGNED_IN)
def register_xlsx() -> ResponseReturnValue:
    """Send the same as a workbook."""
    heads, rows = _exported()
    return xlsx.answer("register", heads, rows)


def _exported() -> tuple[tuple[str, ...], Iterator[tuple[object, ...]]]:
    actor, offer = guards.actor(), _offer()
    state = read(offer)
    rows = queries.register(actor, state.filters, sort=state.sort, descending=state.descending, columns=state.columns)
    record_shown((row.reference for row in rows), Outlet.REGISTER_FILE)
    return columns.heads(state.columns), _cells(rows, state.columns, offer)


def _offer() -> addresses.Offer:
    actor, on = guards.actor(), today()
    return addresses.Offer(policies.in_force(on=on).policy, queries.choices(actor, on=on), on)


def read(offer: addresses.Offer) -> addresses.State:
    """Read the address of the request; columns ticked one by one are one word of it."""
    said = dict(request.args.items())
    if ticked := [value for value in request.args.getlist("columns") if value]:
        said["columns"] = ",".join(ticked)
    return addresses.read(said, offer)


def _title(state: addresses.State, offer: addresses.Offer) -> str:
    names = {unit.reference: unit.name for unit in offer.choices.units}
    return scopes.title(
        state.filters.register,
        state.name,
        is_council_reader=guards.actor().has_role(*COUNCIL_READERS),
        unit_name=names.get(state.chosen.get("unit", "")),
    )


def _keeps_a_register(actor: Actor, permission: Permission) -> bool:
    """Tell whether the actor has a role by which a deed could be done to many; who owns one risk goes to its page."""
    return any(may(actor, permission, Facts(unit_path=grant.unit_path, is_open=True)) for grant in actor.grants)


def _comes_from_below(state: addresses.State, row: RegisterRow) -> bool:
    """Tell whether a row of a unit's register has its home elsewhere: it is there by its owner or an escalation."""
    scope = state.filters.register
    if scope.kind not in LEVELS or scope.with_all_below:
        return False
    return row.unit_id != scope.unit_id if scope.unit_id else row.unit_kind != scope.kind


def _categories(offer: addresses.Offer) -> Mapping[str, str]:
    return {key: category.label for key, category in offer.policy.appetite.categories.items()}


def _cells(rows: Sequence[RegisterRow], keys: Sequence[str], offer: addresses.Offer) -> Iterator[tuple[object, ...]]:
    """Spell rows for a file, column by column; in place of what is withheld stands why."""
    spelt = [_spelling(offer)[key] for key in keys]
    for row in rows:
        yield tuple(value for cells in spelt for value in cells(row))


Cells = Callable[[RegisterRow], tuple[object, ...]]


def _spelling(offer: addresses.Offer) -> Mapping[str, Cells]:
    rating_of, labels = levels.ratings_of(offer.policy), _categories(offer)
    words = {(each.name, step.key): step.word for each in offer.policy.scoring.aspects for step in each.steps}

    def plain(name: str) -> Cells:
        return lambda row: (getattr(row, name),)

    def of(group: str, *names: str) -> Cells:
        return lambda row: tuple(row.withheld[group] if group in row.withheld else getattr(row, name) for name in names)

    return {
        "title": lambda row: (row.reference, row.title),
        "category": lambda row: (labels.get(row.category, row.category),),
        "unit": plain("unit"),
        "status": lambda row: (row.status.capitalize(),),
        "escalation": of("assessment", "with_post"),
        "event": of("statement", "event"),
        "kind": lambda row: (row.kind.capitalize(),),
        "owner": plain("owner"),
        "inherent": lambda row: _score(row.inherent, row, rating_of),
        "current": lambda row: _score(row.current, row, rating_of),
        "travel": lambda row: (row.moved.words if row.moved else None,),
        "champion": plain("champion"),
        "lead_member": plain("lead_member"),
        "likelihood": of("assessment", "likelihood"),
        "impact": of("assessment", "impact"),
        **{name: _step(name, words) for name in ASPECTS},
        "money": of("assessment", "likely_pounds"),
        "target": lambda row: _score(row.target, row, rating_of),
        "target_by": of("assessment", "target_on"),
        "appetite": lambda row: (Position.of(row.position).label if row.position else row.withheld.get("assessment"),),
        "treatment": lambda row: (row.treatment.capitalize() if row.treatment else row.withheld.get("plan"),),
        "actions": of("plan", "open_actions", "late_actions"),
        "review": of("assessment", "next_review_on"),
        "reviewed": of("assessment", "reviewed_on"),
        "drafted": plain("drafted_on"),
        "opened": plain("opened_on"),
        "closed": plain("closed_on"),
    }


def _step(name: str, words: Mapping[tuple[str, str], str]) -> Cells:
    return lambda row: (row.withheld.get("assessment") or words.get((name, getattr(row, name)), getattr(row, name)),)


def _score(score: Score | None, row: RegisterRow, rating_of: Callable[[str, str], Rating]) -> tuple[object, ...]:
    return (score.score, rating_of(row.kind, score.rating).label) if score else (None, row.withheld.get("assessment"))
