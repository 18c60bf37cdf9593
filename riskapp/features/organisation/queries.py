"""The tree of units as pages show it: each with its manager, its champion, what is vacant, and what stands in it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from riskapp.domain.organisation import (
    CHAMPION,
    KINDS,
    MANAGED_BY,
    STANDS_UNDER,
    Placed,
    Seat,
    sitter,
)
from riskapp.domain.permissions import Actor, Permission, may
from riskapp.features.people import queries as people
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Merger, Person, Post, Unit
from riskapp.models.risks import Risk


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to."""

    words: tuple[str, ...] = ()
    kind: str = ""
    has_vacancy: bool = False
    with_closed: bool = False


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post as a line: who sits in it today in words, and their address, which only keepers are given."""

    id: int
    unit_id: int
    title: str
    kind: str
    opened_on: date
    closed_on: date | None
    seat: Seat | None = None
    address: str | None = None

    @property
    def is_vacant(self) -> bool:
        """Nobody holds it, though somebody may act in it."""
        return self.closed_on is None and (self.seat is None or self.seat.holder_person_id is None)

    @property
    def sits(self) -> str:
        """Who answers for it today, in words."""
        if self.closed_on is not None:
            return "Closed"
        found = sitter(self.seat) if self.seat else None
        if self.is_vacant:
            return {"acting": "Vacant, somebody acts", "deputy": "Vacant, the deputy answers"}.get(
                found.capacity if found else "", "Vacant"
            )
        if found is None:
            return "Away, nobody stands in"
        return {"holder": "Filled", "acting": "Away, somebody acts", "deputy": "Away, the deputy answers"}[
            found.capacity
        ]


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in the tree; `risks` counts its own open risks, those the actor may know of."""

    id: int
    reference: str
    name: str
    kind: str
    path: str
    opened_on: date
    closed_on: date | None
    version: int
    parent_reference: str | None
    trail: tuple[str, ...]
    merged_into: str | None
    risks: int
    posts: tuple[PostLine, ...] = field(default=())

    @property
    def depth(self) -> int:
        """How far below the council."""
        return len(self.trail)

    @property
    def manager(self) -> PostLine | None:
        """The post that manages it, if it has one."""
        return self._first(MANAGED_BY[self.kind])

    @property
    def champion(self) -> PostLine | None:
        """The post of its risk champion, if it has one."""
        return self._first(CHAMPION)

    @property
    def vacant(self) -> int:
        """How many of its open posts nobody holds."""
        return sum(post.is_vacant for post in self.posts)

    @property
    def open_posts(self) -> int:
        """How many posts it has that are not closed."""
        return sum(post.closed_on is None for post in self.posts)

    @property
    def placed(self) -> Placed:
        """Its place, as the rules ask for it."""
        return Placed(self.id, self.kind, self.name, self.path, self.opened_on, self.closed_on)

    def _first(self, kind: str) -> PostLine | None:
        return next((post for post in self.posts if post.kind == kind and post.closed_on is None), None)


ORDERS: Mapping[str, Callable[[UnitRow], Any]] = {
    "name": lambda row: row.name.casefold(),
    "kind": lambda row: KINDS.index(row.kind),
    "posts": lambda row: row.open_posts,
    "vacant": lambda row: row.vacant,
    "risks": lambda row: row.risks,
}
"""Orders besides that of the tree; what is equal stays in the order of the tree."""


def units(actor: Actor, wanted: Wanted, *, on: date, sort: str = "", descending: bool = False) -> tuple[UnitRow, ...]:
    """List the units in the order of the tree, or in another; a fixed number of queries, whatever their number."""
    rows = [row for row in tree(actor, on=on) if _fits(row, wanted)]
    if sort in ORDERS:
        rows.sort(key=ORDERS[sort], reverse=descending)
    return tuple(rows)


def _fits(row: UnitRow, wanted: Wanted) -> bool:
    told = " ".join((row.name, row.reference, *(post.title for post in row.posts))).casefold()
    return (
        (wanted.with_closed or row.closed_on is None)
        and (not wanted.kind or row.kind == wanted.kind)
        and (not wanted.has_vacancy or row.vacant > 0)
        and all(word.casefold() in told for word in wanted.words)
    )


def tree(actor: Actor, *, on: date) -> tuple[UnitRow, ...]:
    """Give every unit, closed ones too, parents before their parts and these by name."""
    posts, risks, merged = _posts(actor, on=on), _open_risks(actor, on=on), _merged()
    found = db.session.execute(
        select(Unit, Entity.reference, Entity.name).join(Entity, Entity.id == Unit.id).order_by(Unit.id)
    ).all()
    below: dict[int | None, list[Any]] = defaultdict(list)
    for row in sorted(found, key=lambda row: (row.name.casefold(), row.Unit.id)):
        below[row.Unit.parent_id].append(row)

    def walk(parent_id: int | None, above: str | None, trail: tuple[str, ...]) -> Iterator[UnitRow]:
        for unit, reference, name in below[parent_id]:
            yield UnitRow(
                id=unit.id,
                reference=reference,
                name=name,
                kind=unit.kind,
                path=unit.path,
                opened_on=unit.opened_on,
                closed_on=unit.closed_on,
                version=unit.version,
                parent_reference=above,
                trail=trail,
                merged_into=merged.get(unit.id),
                risks=risks[unit.id],
                posts=tuple(posts[unit.id]),
            )
            yield from walk(unit.id, reference, (*trail, name))

    return tuple(walk(None, None, ()))


def _posts(actor: Actor, *, on: date) -> Mapping[int, list[PostLine]]:
    seats = {seat.post_id: seat for seat in people.organisation(on=on).seats}
    shown = may(actor, Permission.ORGANISATION_KEEP)
    address = {person.id: person.email for person in db.session.execute(select(Person.id, Person.email)) if shown}
    found: dict[int, list[PostLine]] = defaultdict(list)
    query = select(Post.id, Post.unit_id, Post.title, Post.kind, Post.opened_on, Post.closed_on)
    for row in db.session.execute(query.order_by(Post.title)):
        seat = seats.get(row.id)
        here = sitter(seat) if seat else None
        found[row.unit_id].append(PostLine(*row, seat=seat, address=address.get(here.person_id) if here else None))
    return found


def _open_risks(actor: Actor, *, on: date) -> Counter[int]:
    """Count open risks by unit: all of them for who keeps the organisation, else those the actor may read."""
    query = select(Risk.unit_id, func.count(Risk.id)).where(Risk.status == "open").group_by(Risk.unit_id)
    if not may(actor, Permission.ORGANISATION_KEEP):
        query = query.where(readers.readable(actor, on=on))
    return Counter({row.unit_id: row[1] for row in db.session.execute(query)})


def _merged() -> Mapping[int, str]:
    rows = db.session.execute(
        select(Merger.unit_id, Entity.name).join(Entity, Entity.id == Merger.into_id).where(Merger.undone_on.is_(None))
    )
    return {unit_id: name for unit_id, name in rows}  # noqa: C416 - rows are not plain pairs to the type checker


@dataclass(frozen=True, slots=True)
class UnitPage:
    """A unit with what stands above and directly below it."""

    row: UnitRow
    above: tuple[UnitRow, ...]
    below: tuple[UnitRow, ...]
    everything: tuple[UnitRow, ...]

    @property
    def reference(self) -> str:
        """The reference people quote."""
        return self.row.reference

    @property
    def name(self) -> str:
        """What it is called."""
        return self.row.name

    def under(self) -> tuple[UnitRow, ...]:
        """The unit and all that stands under it."""
        return tuple(row for row in self.everything if row.path.startswith(self.row.path))

    def homes(self) -> tuple[UnitRow, ...]:
        """Where it may be moved to: open units of the kind it stands under, but the one it is in."""
        wanted = STANDS_UNDER.get(self.row.kind)
        return tuple(
            row
            for row in self.everything
            if row.kind == wanted and row.closed_on is None and row.reference != self.row.parent_reference
        )

    def peers(self) -> tuple[UnitRow, ...]:
        """What it may be merged into: other open units of its kind."""
        mine = self.row
        return tuple(
            row for row in self.everything if row.kind == mine.kind and row.closed_on is None and row.id != mine.id
        )


def unit(actor: Actor, reference: str, *, on: date) -> UnitPage | None:
    """Find a unit with its surroundings."""
    everything = tree(actor, on=on)
    row = next((row for row in everything if row.reference == reference), None)
    if row is None:
        return None
    return UnitPage(
        row=row,
        above=tuple(each for each in everything if row.path.startswith(each.path) and each.id != row.id),
        below=tuple(each for each in everything if each.parent_reference == reference),
        everything=everything,
    )


def names_under(actor: Actor, parent_id: int | None, *, but: Iterable[int] = ()) -> Mapping[str, str]:
    """Map the names of the open units directly under another, as written, to their references."""
    del actor  # the organisation is no secret inside the council
    rows = db.session.execute(
        select(Entity.name, Entity.reference)
        .join(Unit, Unit.id == Entity.id)
        .where(Unit.parent_id == parent_id, Unit.closed_on.is_(None), Unit.id.not_in(tuple(but)))
        .order_by(Entity.id)
    )
    return {name: reference for name, reference in rows}  # noqa: C416 - rows are not plain pairs to the type checker
