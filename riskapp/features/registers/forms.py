"""The address of a register: which one, every filter, the columns, the order and the page, read without trust."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from riskapp.domain import columns
from riskapp.domain.appetite import Position
from riskapp.domain.movement import Kind
from riskapp.domain.policy import Policy
from riskapp.domain.scoring import ASPECTS
from riskapp.domain.search import words_of
from riskapp.features.narrowing.queries import DAYS, ORDERS, Escalated, Filters, Planned, Status
from riskapp.features.registers.queries import Choices
from riskapp.features.scopes.forms import KINDS
from riskapp.features.scopes.queries import BODY, LEVELS, OF_A_PROGRAMME, PROGRAMME, Scope
from riskapp.web.filters import day, money

SIZES = (15, 50, 100)
STATUSES: Mapping[str, str] = {"open": "Open", "draft": "Drafts", "closed": "Closed", "all": "Open, drafts and closed"}
TREATMENTS = ("treat", "tolerate", "transfer", "terminate", "take")
ESCALATED: Mapping[str, str] = {"live": "On a desk now", "decided": "Decided", "none": "Not escalated"}
PLANNED: Mapping[str, str] = {"in_date": "One in date", "none_in_date": "None in date", "late": "One is late"}
FIRST_SORT = "-current"
NEAREST_FIRST = "-near"
LONGEST_WORDS = 100
ALL, WHOLE = "all", "whole"
MOST_FIGURES = 13
"""Figures of a sum that a column of the database holds."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the filters of one reader can choose from on a day."""

    policy: Policy
    choices: Choices
    on: date


@dataclass(frozen=True, slots=True)
class State:
    """What an address asks for: `chosen` holds the values that are valid and not the usual ones, as they stand there.

    `name` is that of the unit, item or body whose register it is. `is_partly_ignored` tells that something in the
    address meant nothing.
    """

    chosen: Mapping[str, str]
    labels: Mapping[str, str]
    filters: Filters
    is_partly_ignored: bool
    name: str | None = None

    @property
    def sort(self) -> str:
        """The column that orders the list."""
        return self.chosen.get("sort", FIRST_SORT).removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether the greatest stands first."""
        return self.chosen.get("sort", FIRST_SORT).startswith("-")

    @property
    def order_words(self) -> str:
        """Say the order and what breaks a tie."""
        return f"{orders_of(self.sort)[self.descending]}, then reference"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to show, in their order."""
        said = self.chosen.get("columns")
        if said is None:
            return columns.USUAL
        return tuple(columns.COLUMNS) if said == ALL else columns.chosen(said.split(","))

    @property
    def page(self) -> int:
        """The page asked for, from 1."""
        return int(self.chosen.get("page", "1"))

    @property
    def size(self) -> int:
        """How many rows a page has."""
        return int(self.chosen.get("size", SIZES[0]))

    def address(self, **changes: str | None) -> dict[str, Any]:
        """Write the state back with changes; any change but of the page returns to the first page.

        An address that says nothing opens with the view that somebody chose, so the whole register is said.
        """
        kept = {key: value for key, value in self.chosen.items() if key != "page" or not changes}
        merged = {key: value for key, value in {**kept, **changes}.items() if value}
        return merged or {"register": WHOLE}

    def kept(self) -> dict[str, str]:
        """The state without its page: what a saved view and a bulk deed keep of it."""
        return {key: value for key, value in self.chosen.items() if key != "page"} or {"register": WHOLE}

    def another(self, register: str) -> dict[str, Any]:
        """Write the address of another kind of register, narrowed and drawn as this one is."""
        return self.address(register=register, unit=None, below=None, item=None, body=None)

    def sorted_by(self, column: str) -> dict[str, Any]:
        """Write the address that orders by a column: the other way round if it does so now."""
        down = columns.COLUMNS[column].is_down_first
        turned = not self.descending if column == self.sort else down
        return self.address(sort=f"-{column}" if turned else column)


def orders_of(sort: str) -> tuple[str, str]:
    """Say an order upwards and downwards."""
    return columns.NEAREST if sort == "near" else columns.COLUMNS[sort].orders


def read(args: Mapping[str, str], offer: Offer) -> State:
    """Read an address; what means nothing to the policy, the organisation or the plan is left out and told."""
    register = args.get("register", "").strip()
    known = {name: dict(options) for name, options in options_of(offer, register).items()}
    chosen: dict[str, str] = {}
    labels: dict[str, str] = {}
    ignored = False
    for name, raw in args.items():
        value = raw.strip()
        if not value:
            continue
        if name == "q" and words_of(value):
            chosen[name], labels[name] = value[:LONGEST_WORDS], f"Words: {value[:LONGEST_WORDS]}"
        elif value in known.get(name, {}):
            chosen[name], labels[name] = value, f"{HEADS[name]}: {known[name][value].strip()}"
        elif label := _day_label(name, value) or _sum_label(name, value):
            chosen[name], labels[name] = value, label
        elif name == "columns":
            told = _columns(value)
            chosen |= {name: told} if told else {}
            ignored = ignored or not _are_columns(value)
        elif _is_plain(name, value, offer.policy):
            chosen[name] = value
        else:
            ignored = True
    ignored = _without_what_stands_alone(chosen, labels) or ignored
    return State(chosen, labels, _filters(chosen, offer), ignored, _name(chosen, offer))


def _without_what_stands_alone(chosen: dict[str, str], labels: dict[str, str]) -> bool:
    """Take out what says the usual or means nothing without another; tell whether something meant nothing."""
    if chosen.get("status") == "open":
        del chosen["status"], labels["status"]
    for name in ("register", "unit") if chosen.get("register") in LEVELS else ("register",):
        labels.pop(name, None)  # the tabs and the title say it
    is_level = chosen.get("register") in LEVELS and "unit" in chosen
    lone = [("below", not is_level), ("sort", chosen.get("sort", "").endswith("near") and "q" not in chosen)]
    for name, usual in (("sort", FIRST_SORT), ("size", str(SIZES[0]))):
        if chosen.get(name) == usual:
            del chosen[name]
    lost = [name for name, is_lost in lone if is_lost and name in chosen]
    for name in lost:
        del chosen[name]
        labels.pop(name, None)
    return bool(lost)


HEADS = {
    "register": "Register",
    "unit": "Unit",
    "below": "Below",
    "body": "External body",
    "band": "Band",
    "inherent": "Inherent band",
    "target": "Target band",
    "category": "Category",
    "kind": "Kind",
    "owner": "Owner",
    "status": "Status",
    "appetite": "Appetite",
    "item": "Plan",
    "travel": "Since the Audit Committee",
    "likelihood": "Likelihood",
    "impact": "Impact",
    "treatment": "Treatment",
    "escalation": "Escalation",
    "actions": "Actions",
    "champion": "Champion",
    "lead_member": "Lead Member",
    "confidence": "Confidence",
    "proximity": "Proximity",
    "velocity": "Velocity",
}


def options_of(offer: Offer, register: str = "") -> dict[str, list[tuple[str, str]]]:
    """List what each filter offers, as (value in the address, words); the units and items are those of the register."""
    scoring, choices = offer.policy.scoring, offer.choices
    ratings = list(reversed(scoring.ratings))
    bands = [(rating.key, rating.label) for rating in ratings]
    above = [(f"{rating.key}+", f"{rating.label} and above") for rating in ratings[1:-1]]
    units = [unit for unit in choices.units if register not in LEVELS or unit.kind == register]
    items = [item for item in choices.items if register != PROGRAMME or item.kind in OF_A_PROGRAMME]
    return {
        "register": list(KINDS.items()),
        "unit": [(unit.reference, unit.name if register in LEVELS else unit.indented) for unit in units],
        "below": [("yes", "With all below")],
        "body": [(reference, name) for _id, reference, name in choices.bodies],
        "band": [*above, *bands],
        "inherent": [*above, *bands],
        "target": [*above, *bands],
        "category": [(key, category.label) for key, category in offer.policy.appetite.categories.items()],
        "kind": [("threat", "Threat"), ("opportunity", "Opportunity")],
        "owner": [(str(post_id), title) for post_id, title in choices.owners],
        "status": list(STATUSES.items()),
        "appetite": [(position.key, position.label) for position in Position],
        "item": [(item.reference, item.label) for item in items],
        "travel": [(kind, kind.capitalize()) for kind in get_args(Kind)] if choices.since else [],
        "likelihood": [(str(level.value), f"{level.value} {level.word}") for level in scoring.likelihood],
        "impact": [(str(level), str(level)) for level in scoring.impacts],
        "treatment": [(key, key.capitalize()) for key in TREATMENTS],
        "escalation": list(ESCALATED.items()),
        "actions": list(PLANNED.items()),
        **{duty: [(str(number), title) for number, title in posts] for duty, posts in choices.duties.items()},
        **{aspect.name: [(step.key, step.word) for step in aspect.steps] for aspect in scoring.aspects},
    }


def sorts_of(*, has_words: bool) -> list[tuple[str, str]]:
    """List every order, each column both ways, as (value in the address, words)."""
    near = [(NEAREST_FIRST, f"Words: {columns.NEAREST[1]}")] if has_words else []
    both = (
        (f"-{key}" if is_down else key, f"{column.label}: {column.orders[is_down]}")
        for key, column in columns.COLUMNS.items()
        for is_down in (False, True)
    )
    return [*near, *both]


def _day_label(name: str, value: str) -> str | None:
    """Say what a first or last day of a column asks for; None where it is no such thing."""
    key, _, end = name.rpartition("_")
    if key not in DAYS or end not in {"from", "to"} or (on := _day(value)) is None:
        return None
    return f"{columns.COLUMNS[key].label} {'on or after' if end == 'from' else 'on or before'} {day(on)}"


def _sum_label(name: str, value: str) -> str | None:
    """Say what a least or greatest sum asks for; None where it is no such thing."""
    pounds = _pounds(value)
    if name not in {"money_from", "money_to"} or pounds is None:
        return None
    return f"{columns.COLUMNS['money'].label} {'at least' if name == 'money_from' else 'at most'} {money(pounds)}"


def _pounds(value: str | None) -> int | None:
    said = (value or "").replace(",", "").removeprefix("£")
    return int(said) if said.isascii() and said.isdigit() and len(said) < MOST_FIGURES else None


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value and len(value) == len("2026-12-01") else None
    except ValueError:
        return None


def _columns(value: str) -> str | None:
    """Spell columns in their order; None for the usual ones."""
    if value == ALL:
        return ALL
    said = columns.chosen(key.strip() for key in value.split(","))
    if said == columns.USUAL:
        return None
    return ALL if len(said) == len(columns.COLUMNS) else ",".join(said)


def _are_columns(value: str) -> bool:
    return value == ALL or all(key.strip() in columns.COLUMNS for key in value.split(","))


def _is_plain(name: str, value: str, policy: Policy) -> bool:
    if name == "sort":
        return value.removeprefix("-") in ORDERS
    if not (value.isascii() and value.isdigit() and len(value) <= 6):  # noqa: PLR2004 - no register has a million pages
        return False
    number = int(value)
    del policy
    return {"page": number > 0, "size": number in SIZES}.get(name, False)


def _scope(chosen: Mapping[str, str], offer: Offer) -> Scope:
    kind = chosen.get("register", "")
    unit = next((unit for unit in offer.choices.units if unit.reference == chosen.get("unit")), None)
    if kind in LEVELS:
        return Scope(kind, unit.id if unit else None, unit.path if unit else "", with_all_below="below" in chosen)
    items = {item.reference: item.id for item in offer.choices.items}
    bodies = {reference: number for number, reference, _name in offer.choices.bodies}
    if kind == PROGRAMME:
        return Scope(kind, item_id=items.get(chosen.get("item", "")))
    return Scope(kind, body_id=bodies.get(chosen.get("body", ""))) if kind == BODY else Scope()


def _name(chosen: Mapping[str, str], offer: Offer) -> str | None:
    """Name what the register is of, where one unit, item or body was chosen."""
    kind = chosen.get("register", "")
    if kind in LEVELS:
        return next((unit.name for unit in offer.choices.units if unit.reference == chosen.get("unit")), None)
    if kind == PROGRAMME:
        return next((item.label for item in offer.choices.items if item.reference == chosen.get("item")), None)
    bodies = offer.choices.bodies if kind == BODY else ()
    return next((name for _id, reference, name in bodies if reference == chosen.get("body")), None)


def _filters(chosen: Mapping[str, str], offer: Offer) -> Filters:
    kind = chosen.get("register", "")
    paths = {unit.reference: unit.path for unit in offer.choices.units} if kind not in LEVELS else {}
    items = {item.reference: item.id for item in offer.choices.items} if kind != PROGRAMME else {}
    statuses: dict[str, Status] = {key: key for key in get_args(Status)}
    kinds: dict[str, Kind] = {key: key for key in get_args(Kind)}
    escalated: dict[str, Escalated] = {key: key for key in get_args(Escalated)}
    planned: dict[str, Planned] = {key: key for key in get_args(Planned)}
    bands = {name: _ratings(chosen.get(name, ""), offer.policy) for name in ("band", "inherent", "target")}
    return Filters(
        on=offer.on,
        register=_scope(chosen, offer),
        since=offer.choices.since,
        status=statuses.get(chosen.get("status", ""), "open"),
        unit_path=paths.get(chosen.get("unit", ""), ""),
        category=chosen.get("category", ""),
        kind=chosen.get("kind", ""),
        owner_post_id=int(chosen["owner"]) if "owner" in chosen else None,
        item_id=items.get(chosen.get("item", "")),
        words=words_of(chosen.get("q", "")),
        ratings=bands["band"],
        inherent=bands["inherent"],
        target=bands["target"],
        position=chosen.get("appetite", ""),
        cell=(_number(chosen.get("likelihood")), _number(chosen.get("impact"))),
        travel=kinds.get(chosen.get("travel", "")),
        treatment=chosen.get("treatment", ""),
        escalation=escalated.get(chosen.get("escalation", ""), ""),
        actions=planned.get(chosen.get("actions", ""), ""),
        days=tuple(_days(chosen)),
        champion_post_id=_number(chosen.get("champion")),
        lead_member_post_id=_number(chosen.get("lead_member")),
        aspects=tuple((name, chosen[name]) for name in ASPECTS if name in chosen),
        pounds=(_pounds(chosen.get("money_from")), _pounds(chosen.get("money_to"))),
        steps=tuple((each.name, tuple(step.key for step in each.steps)) for each in offer.policy.scoring.aspects),
    )


def _days(chosen: Mapping[str, str]) -> Iterable[tuple[str, date | None, date | None]]:
    for key in DAYS:
        first, last = _day(chosen.get(f"{key}_from")), _day(chosen.get(f"{key}_to"))
        if first or last:
            yield key, first, last


def _number(said: str | None) -> int | None:
    return int(said) if said else None


def _ratings(band: str, policy: Policy) -> tuple[str, ...]:
    if not band:
        return ()
    least = policy.scoring.rating(band.removesuffix("+"))
    above = [rating.key for rating in policy.scoring.ratings if rating.rank >= least.rank]
    return tuple(above) if band.endswith("+") else (least.key,)
