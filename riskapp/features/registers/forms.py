"""The address of a register: every filter, the order and the page, read without trust and written back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from riskapp.domain.appetite import Position
from riskapp.domain.movement import Kind
from riskapp.domain.past import FIELD as AS_AT
from riskapp.domain.policy import Policy
from riskapp.features.registers.queries import SORTS, Choices, Filters, Status

SIZES = (15, 50, 100)
STATUSES: Mapping[str, str] = {"open": "Open", "draft": "Drafts", "closed": "Closed", "all": "Open, drafts and closed"}
SORT_WORDS = {
    "current": ("lowest current score first", "highest current score first"),
    "title": ("by title", "by title from the end"),
    "owner": ("by owner", "by owner from the end"),
    "review": ("earliest review first", "latest review first"),
    "target": ("lowest target first", "highest target first"),
    "inherent": ("lowest inherent score first", "highest inherent score first"),
    "opened": ("opened longest ago first", "opened last first"),
}
FIRST_SORT = "-current"
LONGEST_WORDS = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """What the filters of one reader can choose from on a day, or, with `then`, could choose from on a past one."""

    policy: Policy
    choices: Choices
    on: date
    then: date | None = None

    @property
    def shown_on(self) -> date:
        """The day that is shown: today, or the past one."""
        return self.then or self.on


@dataclass(frozen=True, slots=True)
class State:
    """What an address asks for: `chosen` holds the values that are valid and not the usual ones, as they stand there.

    `is_partly_ignored` tells that something in the address meant nothing.
    """

    chosen: Mapping[str, str]
    labels: Mapping[str, str]
    filters: Filters
    is_partly_ignored: bool

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
        return f"{SORT_WORDS[self.sort][self.descending]}, then reference"

    @property
    def page(self) -> int:
        """The page asked for, from 1."""
        return int(self.chosen.get("page", "1"))

    @property
    def size(self) -> int:
        """How many rows a page has."""
        return int(self.chosen.get("size", SIZES[0]))

    def address(self, **changes: str | None) -> dict[str, Any]:
        """Write the state back with changes; any change but of the page returns to the first page."""
        kept = {key: value for key, value in self.chosen.items() if key != "page" or not changes}
        merged = {**kept, **changes}
        return {key: value for key, value in merged.items() if value}

    def whole(self) -> dict[str, Any]:
        """Write the address of the same day's register without any filter."""
        return {name: value for name, value in self.chosen.items() if name == AS_AT}

    def sorted_by(self, column: str) -> dict[str, Any]:
        """Write the address that orders by a column: the other way round if it does so now."""
        scores = column in {"current", "target", "inherent", "opened"}
        turned = not self.descending if column == self.sort else scores
        return self.address(sort=f"-{column}" if turned else column)


def read(args: Mapping[str, str], offer: Offer) -> State:
    """Read an address; what means nothing to the policy, the organisation or the plan is left out and told."""
    known = {name: dict(options) for name, options in options_of(offer).items()}
    chosen: dict[str, str] = {AS_AT: str(offer.then)} if offer.then else {}
    labels: dict[str, str] = {}
    ignored = False
    for name, raw in args.items():
        value = raw.strip()
        if not value or name == AS_AT:
            continue
        if name == "q":
            chosen[name], labels[name] = value[:LONGEST_WORDS], f"Words: {value[:LONGEST_WORDS]}"
        elif value in known.get(name, {}):
            chosen[name], labels[name] = value, f"{_HEADS[name]}: {known[name][value]}"
        elif _is_plain(name, value, offer.policy):
            chosen[name] = value
        else:
            ignored = True
    if ("likelihood" in chosen) != ("impact" in chosen):
        chosen.pop("likelihood", None)
        chosen.pop("impact", None)
        ignored = True
    if chosen.get("status") == "open":
        del chosen["status"], labels["status"]
    if "likelihood" in chosen:
        labels["likelihood"] = f"Likelihood {chosen['likelihood']}, impact {chosen['impact']}"
    return State(chosen, labels, _filters(chosen, offer), ignored)


_HEADS = {
    "unit": "Unit",
    "band": "Band",
    "category": "Category",
    "owner": "Owner",
    "status": "Status",
    "appetite": "Appetite",
    "item": "Plan",
    "travel": "Since the Audit Committee",
}


def options_of(offer: Offer) -> dict[str, list[tuple[str, str]]]:
    """List what each filter offers, as (value in the address, words)."""
    ratings = list(reversed(offer.policy.scoring.ratings))
    bands = [(rating.key, rating.label) for rating in ratings]
    above = [(f"{rating.key}+", f"{rating.label} and above") for rating in ratings[1:-1]]
    return {
        "unit": [(unit.reference, unit.indented) for unit in offer.choices.units],
        "band": [*above, *bands],
        "category": [(key, category.label) for key, category in offer.policy.appetite.categories.items()],
        "owner": [(str(post_id), title) for post_id, title in offer.choices.owners],
        "status": list(STATUSES.items()),
        "appetite": [(position.key, position.label) for position in Position],
        "item": [(item.reference, item.label) for item in offer.choices.items],
        "travel": [(kind, kind.capitalize()) for kind in get_args(Kind)] if offer.choices.since else [],
    }


def _is_plain(name: str, value: str, policy: Policy) -> bool:
    if name == "sort":
        return value.removeprefix("-") in SORTS
    if not (value.isascii() and value.isdigit() and len(value) <= 6):  # noqa: PLR2004 - no register has a million pages
        return False
    number = int(value)
    return {
        "page": number > 0,
        "size": number in SIZES,
        "likelihood": policy.scoring.level(number) is not None,
        "impact": number in policy.scoring.impacts,
    }.get(name, False)


def _filters(chosen: Mapping[str, str], offer: Offer) -> Filters:
    paths = {unit.reference: unit.path for unit in offer.choices.units}
    items = {item.reference: item.id for item in offer.choices.items}
    statuses: dict[str, Status] = {key: key for key in get_args(Status)}
    kinds: dict[str, Kind] = {key: key for key in get_args(Kind)}
    return Filters(
        on=offer.on,
        then=offer.then,
        since=offer.choices.since,
        status=statuses.get(chosen.get("status", ""), "open"),
        unit_path=paths.get(chosen.get("unit", ""), ""),
        category=chosen.get("category", ""),
        owner_post_id=int(chosen["owner"]) if "owner" in chosen else None,
        item_id=items.get(chosen.get("item", "")),
        words=tuple(chosen.get("q", "").split()),
        ratings=_ratings(chosen.get("band", ""), offer.policy),
        position=chosen.get("appetite", ""),
        cell=(int(chosen["likelihood"]), int(chosen["impact"])) if "likelihood" in chosen else None,
        travel=kinds.get(chosen.get("travel", "")),
    )


def _ratings(band: str, policy: Policy) -> tuple[str, ...]:
    if not band:
        return ()
    least = policy.scoring.rating(band.removesuffix("+"))
    above = [rating.key for rating in policy.scoring.ratings if rating.rank >= least.rank]
    return tuple(above) if band.endswith("+") else (least.key,)
