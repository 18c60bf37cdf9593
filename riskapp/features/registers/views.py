"""The registers' page, and the same list as a file. Its blueprint is the one that the pages of risks share."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from riskapp.domain.appetite import Position
from riskapp.domain.past import not_before
from riskapp.domain.permissions import COUNCIL_READERS, Permission
from riskapp.domain.policy import Policy
from riskapp.domain.scoring import Rating
from riskapp.features.policy import queries as policies
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.features.registers import forms as addresses
from riskapp.features.registers import queries
from riskapp.web import addressing, csv, drawings, grids, guards, levels, past, xlsx
from riskapp.web.clock import today

blueprint = Blueprint("risks", __name__)
HEADS = (
    "Reference", "Title", "Event", "Category", "Status", "Unit", "Owner", "Inherent score", "Inherent band",
    "Current score", "Current band", "Target score", "Target band", "Against appetite", "Since the Audit Committee",
    "Next review", "Opened", "Escalated to",
)  # fmt: skip


@blueprint.get("/registers")
@guards.requires(Permission.SIGNED_IN)
def register() -> ResponseReturnValue:
    """Show the risks that the reader may see, as the address asks for them."""
    actor, offer = guards.actor(), _offer()
    state, then = addresses.read(request.args, offer), offer.then
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
    )
    record_shown((row.reference for row in rows), Outlet.REGISTER_THEN if then else Outlet.REGISTER, since=then)
    at_place: Counter[tuple[int, int]] = Counter()
    by_position: Counter[str] = Counter()
    by_rating: Counter[str] = Counter()
    for each in standings:
        at_place[each.likelihood, each.impact] += each.count
        by_position[each.position] += each.count
        by_rating[each.rating] += each.count
    here = addressing.with_query(url_for(".register"))
    laid_out = grids.grid(
        offer.policy.scoring,
        at_place,
        address=lambda likelihood, impact: here(
            **state.address(likelihood=str(likelihood), impact=str(impact), band=None)
        ),
    )
    return render_template(
        "risks/register.html",
        state=state,
        offer=offer,
        options=addresses.options_of(offer),
        title=_register_title(state, offer),
        found=found,
        page=page,
        rows=rows,
        whole=at_place.total(),
        by_position=by_position,
        by_rating=by_rating,
        grid=laid_out,
        drawing=drawings.heat_map(grids.drawn(laid_out)),
        movement=census.movement,
        withheld=census.withheld,
        rating_of=levels.rating_of(offer.policy.scoring),
        beside=tuple(past.asked_beside()),
        category_words={key: category.label for key, category in offer.policy.appetite.categories.items()},
        here=here,
        risk_address=addressing.of_each(".risk", as_at=then),
    )


@blueprint.get("/registers.csv")
@guards.requires(Permission.SIGNED_IN)
def register_csv() -> ResponseReturnValue:
    """Send every row of the register that the address asks for."""
    return csv.answer(*_file())


@blueprint.get("/registers.xlsx")
@guards.requires(Permission.SIGNED_IN)
def register_xlsx() -> ResponseReturnValue:
    """Send the same as a workbook."""
    return xlsx.answer(*_file())


def _file() -> tuple[str, Sequence[str], Iterator[tuple[object, ...]]]:
    """The name of the file, its heads and its rows; one of a past day says so in its name."""
    actor, offer = guards.actor(), _offer()
    state, then = addresses.read(request.args, offer), offer.then
    rows = queries.register(actor, state.filters, sort=state.sort, descending=state.descending)
    outlet = Outlet.REGISTER_FILE_THEN if then else Outlet.REGISTER_FILE
    record_shown((row.reference for row in rows), outlet, since=then)
    label = levels.rating_of(offer.policy.scoring)
    return f"register-as-at-{then}" if then else "register", HEADS, _cells(rows, offer.policy, label)


def _offer() -> addresses.Offer:
    actor, on, then = guards.actor(), today(), past.day_asked()
    first = policies.first_day() if then else None
    if then and first and then < first:
        raise not_before(first, because="The council's record begins")
    policy = policies.in_force(on=then or on).policy
    return addresses.Offer(policy, queries.choices(actor, on=on, then=then), on, then)


def _register_title(state: addresses.State, offer: addresses.Offer) -> str:
    names = {unit.reference: unit.name for unit in offer.choices.units}
    if "unit" in state.chosen:
        return f"{names[state.chosen['unit']]} register"
    return "Whole council register" if guards.actor().has_role(*COUNCIL_READERS) else "Registers you may read"


def _cells(
    rows: Sequence[queries.RegisterRow], policy: Policy, rating_of: Callable[[str], Rating]
) -> Iterator[tuple[object, ...]]:
    labels = {key: category.label for key, category in policy.appetite.categories.items()}
    for row in rows:
        why = row.withheld.get("assessment")
        scores = [
            part
            for each in (row.inherent, row.current, row.target)
            for part in ((each.score, rating_of(each.rating).label) if each else (None, why))
        ]
        yield (
            row.reference,
            row.title,
            row.event or row.withheld.get("statement"),
            labels.get(row.category, row.category),
            row.status.capitalize(),
            row.unit,
            row.owner,
            *scores,
            Position.of(row.position).label if row.position else why,
            row.moved.words if row.moved else None,
            row.next_review_on,
            row.opened_on,
            row.with_post,
        )
