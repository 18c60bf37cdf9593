"""The oracle: who may do what to which thing, from the tables beside this file and from nothing of the application."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ORACLE = Path(__file__).with_name("oracle")
SOMEBODY = "somebody"
CLEARANCES = ("ordinary", "exempt", "withheld")


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a table, without the lines that explain it."""
    lines = [line for line in (ORACLE / name).read_text().splitlines() if line and not line.startswith("#")]
    return csv.DictReader(lines, strict=True)


ABOVE: Mapping[str, str] = {row["unit"]: row["under"] for row in rows("units.csv")}


def line_of(unit: str) -> Iterator[str]:
    """A unit and those above it."""
    while unit:
        yield unit
        unit = ABOVE[unit]


@dataclass(frozen=True)
class Persona:
    """Who knocks: the column to be judged by, the unit of the role, and the posts answered for today."""

    key: str
    column: str
    role: str
    over: str
    until: str
    post_in: str
    stands_in_for: str
    clearance: str

    @property
    def posts(self) -> frozenset[str]:
        stood_in_for = {self.stands_in_for} if self.stands_in_for == "away" else set()
        return frozenset({self.key} if self.post_in else set()) | stood_in_for


PERSONAS: Mapping[str, Persona] = {row["persona"]: Persona(*row.values()) for row in rows("personas.csv")}


@dataclass(frozen=True)
class Thing:
    """What a door names: its kind, where it is, what it asks for, and whose posts stand on it."""

    kind: str
    pose: str
    clearance: str = "any"
    unit: str = "council"
    is_open: bool = True
    is_closed: bool = False
    owner: str = ""
    drafted_by: str = ""
    named_on_it: frozenset[str] = field(default_factory=frozenset)
    on_desk: str = ""
    was_on_desk: str = ""
    let_in: str = ""
    let_in_cleared: str = ""
    exempt_part: str = ""
    number: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.pose}, {self.clearance}"


NOTHING = Thing("nothing", "nothing")
DEEDS: Mapping[tuple[str, str], dict[str, str]] = {(row["deed"], row["clearance"]): row for row in rows("deeds.csv")}
BY_ROLE = {
    "*": lambda *_: True,
    "u": lambda persona, thing: persona.over in line_of(thing.unit),
    "d": lambda persona, thing: BY_ROLE["u"](persona, thing) and thing.drafted_by in persona.posts,
    "x": lambda persona, thing: (
        BY_ROLE["u"](persona, thing) and bool({thing.on_desk, thing.was_on_desk} & persona.posts)
    ),
    "l": lambda _persona, thing: thing.is_open,
}
BY_RELATION = {
    "owner": lambda persona, thing: thing.owner in persona.posts,
    "named_on_it": lambda persona, thing: bool(thing.named_on_it & persona.posts),
    "desk_now": lambda persona, thing: thing.on_desk in persona.posts,
    "desk_before": lambda persona, thing: thing.was_on_desk in persona.posts,
    "let_in_by_name": lambda persona, thing: thing.let_in == persona.key,
    "let_in_cleared": lambda persona, thing: thing.let_in_cleared == persona.key,
    "has_a_post": lambda persona, _thing: bool(persona.posts),
}
NEVER = {
    "": lambda *_: False,
    "owner": BY_RELATION["owner"],
    "named_on_it": BY_RELATION["named_on_it"],
    "closed": lambda _persona, thing: thing.is_closed,
    "own_or_not_open": lambda persona, thing: BY_RELATION["owner"](persona, thing) or not thing.is_open,
}


def allowed(persona: Persona, deed: str, thing: Thing) -> bool:
    """Say what the table of deeds says."""
    row = DEEDS.get((deed, thing.clearance)) or DEEDS[deed, "any"]
    if NEVER[row["never"]](persona, thing):
        return False
    by_role = any(BY_ROLE[letter](persona, thing) for letter in row[persona.column].split() if letter != "-")
    return by_role or any(row[name] == "yes" and stands(persona, thing) for name, stands in BY_RELATION.items())


@dataclass(frozen=True)
class Door:
    """A row of routes.csv: an endpoint with one of its methods, and the deeds that it stands for."""

    endpoint: str
    method: str
    names: str
    deeds: tuple[str, ...]
    query: str
    form: str
    shows: str


def _doors() -> Iterator[Door]:
    for row in rows("routes.csv"):
        deeds = tuple(deed.strip() for deed in row["deeds"].split(";"))
        for method in row["methods"].split():
            yield Door(row["endpoint"], method, row["names"], deeds, row["query"], row["form"], row["shows"])


DOORS: tuple[Door, ...] = tuple(_doors())
WORDS: Mapping[tuple[str, str], dict[str, str]] = {(row["thing"], row["group"]): row for row in rows("words.csv")}
GROUPS: tuple[tuple[str, str], ...] = tuple(WORDS)


def is_exempt(thing: Thing, group: tuple[str, str]) -> bool:
    """Say whether the words of a group of a thing are exempt: with all of it, or with the part that they belong to."""
    if thing.clearance == "exempt" and thing.exempt_part:
        return WORDS[group]["part"] in {"all", thing.exempt_part}
    return thing.clearance != "ordinary"


def may_see(persona: Persona, shows: str, thing: Thing, group: tuple[str, str]) -> bool:
    """Say whether a word of a group of a thing may stand in an answer to somebody; `thing` is of the group's kind."""
    if shows.startswith("part"):
        return thing.clearance == "ordinary" or shows == "part 2"
    opened_by = WORDS[group]["exempt" if is_exempt(thing, group) else "ordinary"]
    return any(allowed(persona, deed.strip(), thing) for deed in opened_by.split(";"))
