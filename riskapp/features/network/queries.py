"""The network as one reader sees it: risks that they may read, and no link with an end that they may not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.network import KINDS, Edge, Network, says
from riskapp.domain.permissions import Actor
from riskapp.features.bodies import queries as bodies
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import kept
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.people import Unit
from riskapp.models.plan import PLAN_KINDS, PlanItem
from riskapp.models.risks import Assessment, Risk, RiskStanding

LIVE = ("draft", "open")
THINGS = ("direction", "priority", "workstream", "objective", "outcome", "body")
"""What a risk is linked to beside other risks."""
FOUND = 10
"""How many risks a search for the other end of a link shows."""


@dataclass(frozen=True, slots=True)
class Node:
    """A risk of the network; a title withheld from the reader says why, a withheld score is None."""

    id: int
    reference: str
    title: str
    is_withheld: bool
    status: str
    kind: str
    unit: str
    unit_path: str
    score: int | None
    rating: str | None


@dataclass(frozen=True, slots=True)
class Tie:
    """A link as it is kept: `number` names it, from one entity to another."""

    number: int
    kind: str
    from_id: int
    to_id: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The linked risks that a reader may read, by reference, and the links among them."""

    nodes: Mapping[str, Node]
    network: Network
    ties: tuple[Tie, ...]


def ties(actor: Actor, *conditions: ColumnElement[bool]) -> tuple[Tie, ...]:
    """Read the links that hold today, in the order in which they were made: the one place where links are read.

    What is at their ends may be closed to the actor: the caller leaves those out.
    """
    del actor
    rows = db.session.execute(select(Link.id, Link.kind, Link.from_id, Link.to_id).where(*conditions).order_by(Link.id))
    return tuple(Tie(*row) for row in rows)


def seen(actor: Actor, *, on: date, about: int | None = None, statuses: Sequence[str] = LIVE) -> Seen:
    """Gather the network in two queries; `about` is a risk that is in it also if it is closed or without a link."""
    found = {node.id: node for node in _nodes(actor, on, about, statuses)}
    between = tuple(tie for tie in ties(actor, Link.kind.in_(KINDS)) if tie.from_id in found and tie.to_id in found)
    edges = (Edge(found[tie.from_id].reference, found[tie.to_id].reference, tie.kind) for tie in between)
    linked = {end for tie in between for end in (tie.from_id, tie.to_id)}  # with what may be read: not else in it
    nodes = {node.reference: node for node in found.values() if node.id in linked or node.id == about}
    return Seen(nodes, Network.of(nodes, edges), between)


def _nodes(actor: Actor, on: date, about: int | None, statuses: Sequence[str]) -> Iterable[Node]:
    linked = select(Link.from_id).where(Link.kind.in_(KINDS)).union(select(Link.to_id).where(Link.kind.in_(KINDS)))
    in_it = Risk.status.in_(statuses) & Risk.id.in_(linked)
    return _read(_risks(actor, on)[0].where(or_(Risk.id == (about or 0), in_it)))


@kept
def _risks(actor: Actor, on: date) -> tuple[Select[*tuple[Any, ...]], SQLColumnExpression[Any]]:
    """Select what a node is made of, of the risks that the actor may read; and give the title as the actor sees it."""
    shown = readers.projection(actor, on=on)
    title = shown.shown("title", Entity.name)
    unit_entity = aliased(Entity)
    nodes = shown.joined(
        select(
            Risk.id, Entity.reference, title, shown.why("title"), Risk.status, Risk.kind,
            unit_entity.name, Unit.path, shown.shown("assessment", Assessment.score),
            shown.shown("assessment", Assessment.rating),
        )
        .select_from(Risk)
        .join(Entity, Entity.id == Risk.id)
        .join(Unit, Unit.id == Risk.unit_id)
        .join(unit_entity, unit_entity.id == Unit.id)
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .join(Assessment, Assessment.id == RiskStanding.current_id)
    ).where(readers.readable(actor, on=on))  # fmt: skip
    return nodes, title


def _read(query: Select[*tuple[Any, ...]]) -> Iterable[Node]:
    for number, reference, title, why, *rest in db.session.execute(query.order_by(Entity.reference)):
        yield Node(number, reference, readers.told(title, why), why is not None, *rest)


def others(actor: Actor, words: str, *, on: date, but: int) -> tuple[Node, ...]:
    """Find the live risks that have all of some words in the title, as the actor sees it, or have that reference."""
    asked = words.split()
    if not asked:
        return ()
    nodes, title = _risks(actor, on)
    by_words = and_(*(title.icontains(word, autoescape=True) for word in asked))
    query = nodes.where(Risk.id != but, Risk.status.in_(LIVE), or_(Entity.reference == words.strip().upper(), by_words))
    return tuple(_read(query.order_by(title.is_(None), func.lower(title)).limit(FOUND)))


@dataclass(frozen=True, slots=True)
class End:
    """What a link may lead to; `name` is how the record calls it: a risk by its reference, the rest by name."""

    id: int
    kind: str
    reference: str
    name: str
    is_closed: bool = False


def end(actor: Actor, reference: str, *, on: date) -> End | None:
    """Find a risk, an item of the plan or a body that the actor may read; what is not there is no other answer."""
    found = _end(actor, Entity.reference == reference.strip().upper(), on)
    is_closed_body = found and found.kind == "body" and bodies.body(actor, found.reference, on=on) is None
    return None if is_closed_body else found


def _end(actor: Actor, which: ColumnElement[bool], on: date) -> End | None:
    row = db.session.execute(
        select(Entity.id, Entity.kind, Entity.reference, Entity.name, Risk.status, PlanItem.code)
        .outerjoin(Risk, Risk.id == Entity.id)
        .outerjoin(PlanItem, PlanItem.id == Entity.id)
        .where(which, Entity.kind.in_(("risk", *THINGS)))
        .where(or_(Entity.kind != "risk", readers.readable(actor, on=on)))
    ).first()
    if row is None:
        return None
    name = {"risk": row.reference, "direction": f"Direction {row.code}"}.get(row.kind, row.name)
    return End(row.id, row.kind, row.reference, name, row.status == "closed")


@dataclass(frozen=True, slots=True)
class Thing:
    """An item of the plan or a body that a risk is linked to; `code` is the item's letter or number."""

    number: int
    link: str
    is_onward: bool
    kind: str
    reference: str
    name: str
    code: str | None

    @property
    def says(self) -> str:
        """The link in words, from the risk."""
        return says(self.link, is_onward=self.is_onward)


def things(actor: Actor, risk_id: int) -> tuple[Thing, ...]:
    """List the items of the plan and the bodies that a risk is linked to; the caller has shown that it is readable."""
    found = {
        (tie.to_id if tie.from_id == risk_id else tie.from_id, tie.number): tie
        for tie in ties(
            actor, Link.kind.not_in(("treats", *KINDS)), (Link.from_id == risk_id) | (Link.to_id == risk_id)
        )
    }
    rows = db.session.execute(
        select(Entity.id, Entity.kind, Entity.reference, Entity.name, PlanItem.code, PlanItem.position)
        .outerjoin(PlanItem, PlanItem.id == Entity.id)
        .where(Entity.id.in_({other for other, _number in found}), Entity.kind.in_((*PLAN_KINDS, "body")))
    )
    by_id = {row.id: row for row in rows}
    kinds = (*PLAN_KINDS, "body")
    listed = sorted(
        (kinds.index(row.kind), row.position or 0, row.name, number, tie, row)
        for (other, number), tie in found.items()
        if (row := by_id.get(other))
    )
    return tuple(
        Thing(number, tie.kind, tie.from_id == risk_id, row.kind, row.reference, row.name, row.code)
        for *_order, number, tie, row in listed
    )


@dataclass(frozen=True, slots=True)
class Held:
    """One link of a risk, from its side: the other end and the link in words."""

    tie: Tie
    other: End
    says: str


def held(actor: Actor, risk_id: int, number: int, *, on: date) -> Held | None:
    """Find a link of a risk, but for one with another risk that the actor may not read; its page names the rest."""
    found = ties(actor, Link.id == number, Link.kind != "treats", (Link.from_id == risk_id) | (Link.to_id == risk_id))
    if not found:
        return None
    tie = found[0]
    is_onward = tie.from_id == risk_id
    other = _end(actor, Entity.id == (tie.to_id if is_onward else tie.from_id), on)
    return Held(tie, other, says(tie.kind, is_onward=is_onward)) if other else None
