"""The plan as a reader sees it: every item with the risks that threaten it and the worst of their scores."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from riskapp.domain.permissions import Actor
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.plan import PLAN_KINDS, PlanItem
from riskapp.models.risks import Assessment, Risk, RiskStanding

THREATENED = ("direction", "priority", "workstream", "outcome")


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the plan: its code and name, and what it says."""

    id: int
    kind: str
    code: str
    reference: str
    name: str
    text: str

    @property
    def label(self) -> str:
        """Name it as people do: a Direction by its letter."""
        return f"{self.code}: {self.name}" if self.kind == "direction" else self.name


@dataclass(frozen=True, slots=True)
class Threat:
    """How many open risks threaten an item, and the worst of those whose scores the reader may see.

    A withheld title says why; score and band are None where every score is withheld.
    """

    reference: str
    count: int
    score: int | None
    rating: str | None
    worst: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan: items by kind, what is linked to each, and the open risks that threaten each."""

    items: Mapping[str, Sequence[Item]]
    linked: Mapping[int, Sequence[Item]]
    threats: Mapping[int, Threat]

    def of(self, kind: str) -> Sequence[Item]:
        """List the items of a kind, in the plan's order."""
        return self.items.get(kind, ())

    def linked_to(self, item: Item, kind: str) -> tuple[Item, ...]:
        """List what of a kind is linked to an item, either way round."""
        return tuple(other for other in self.linked.get(item.id, ()) if other.kind == kind)


def items(actor: Actor, kinds: Sequence[str] = PLAN_KINDS) -> tuple[Item, ...]:
    """List the plan's items of some kinds, kind by kind in the plan's order."""
    del actor  # whoever is signed in may read the plan
    rows = db.session.execute(
        select(PlanItem.id, PlanItem.kind, PlanItem.code, Entity.reference, Entity.name, PlanItem.text)
        .join(Entity, Entity.id == PlanItem.id)
        .where(PlanItem.kind.in_(kinds))
        .order_by(PlanItem.kind, PlanItem.position)
    )
    found = [Item(*row) for row in rows]
    return tuple(sorted(found, key=lambda item: kinds.index(item.kind)))


def plan(actor: Actor, *, on: date) -> Plan:
    """Gather the whole plan in three queries; only risks that the actor may read are counted."""
    by_kind: dict[str, list[Item]] = defaultdict(list)
    by_id = {item.id: item for item in items(actor)}
    for item in by_id.values():
        by_kind[item.kind].append(item)
    linked: dict[int, list[Item]] = defaultdict(list)
    edges = select(Link.from_id, Link.to_id).where(Link.from_id.in_(select(PlanItem.id))).order_by(Link.id)
    for one, other in db.session.execute(edges):
        if one in by_id and other in by_id:
            linked[one].append(by_id[other])
            linked[other].append(by_id[one])
    return Plan(by_kind, linked, _threats(actor, on))


def _threats(actor: Actor, on: date) -> dict[int, Threat]:
    seen = readers.projection(actor, on=on)
    score, rating = (seen.shown("assessment", column) for column in (Assessment.score, Assessment.rating))
    worst_first = (score.is_(None), score.desc(), Entity.reference)
    rank = func.row_number().over(partition_by=Link.to_id, order_by=worst_first)
    found = (
        seen.joined(
            select(
                Link.to_id,
                Entity.reference.label("reference"),
                func.count().over(partition_by=Link.to_id).label("risks"),
                score.label("score"),
                rating.label("rating"),
                seen.shown("title", Entity.name).label("name"),
                seen.why("title").label("why"),
                rank.label("rank"),
            )
            .select_from(Risk)
            .join(Entity, Entity.id == Risk.id)
            .join(RiskStanding, RiskStanding.risk_id == Risk.id)
            .join(Assessment, Assessment.id == RiskStanding.current_id)
            .join(Link, Link.from_id == Risk.id)
        )
        .where(Link.kind == "threatens", Risk.status == "open", readers.readable(actor, on=on))
        .subquery()
    )
    rows = db.session.execute(select(found).where(found.c.rank == 1))
    return {
        row.to_id: Threat(row.reference, row.risks, row.score, row.rating, readers.told(row.name, row.why))
        for row in rows
    }
