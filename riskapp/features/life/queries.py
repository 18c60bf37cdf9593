"""What became of a risk, and what came into it, of all that a reader may read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, exists, literal_column, select, union_all
from sqlalchemy.orm import aliased

from riskapp.domain.permissions import Actor, Permission, Relation
from riskapp.features.classification import queries as classification
from riskapp.features.near_misses import queries as near_misses
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import kept
from riskapp.models.closures import RiskMerger
from riskapp.models.database import read
from riskapp.models.entity import Entity
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.issues import Issue
from riskapp.models.near_misses import NearMiss
from riskapp.models.risks import Risk


@kept
def issue_readable(actor: Actor, *, on: date) -> ColumnElement[bool]:
    """The SQL twin of ISSUE_READ, over a query of issues."""
    is_exempt = classification.is_exempt(Issue.id, on=on)
    is_existence_withheld = classification.is_existence_withheld(Issue.id, on=on)
    twins: dict[Relation, readers.Twin] = {
        **readers.by_unit(Issue.unit_id, is_exempt, is_existence_withheld),
        Relation.OWNS: lambda actor, _: Issue.owner_post_id.in_(actor.post_ids),
        Relation.ON_ITS_ROUTE: lambda actor, _: _on_its_route(actor),
        Relation.OPEN: lambda _actor, _condition: Issue.status == "open",
    }
    return readers.limited(Permission.ISSUE_READ, actor, twins)


def _on_its_route(actor: Actor) -> ColumnElement[bool]:
    case, desk = aliased(EscalationCase), aliased(EscalationDesk)
    return exists().where(
        case.subject_id == Issue.id,
        case.is_drill.is_(False),
        desk.case_id == case.id,
        desk.post_id.in_(actor.post_ids),
    )


THE_RISK = bindparam("risk_id", type_=Integer)


@dataclass(frozen=True, slots=True)
class Met:
    """A thing in the life of a risk: what it is to it, its reference or key, its title, and its day."""

    what: str
    reference: str
    title: str
    on: date | None


@dataclass(frozen=True, slots=True)
class Life:
    """What a risk was merged into, if the reader may know it, and what met it, by what it is to it."""

    is_merged: bool = False
    met: Mapping[str, tuple[Met, ...]] = field(default_factory=dict)

    @property
    def references(self) -> tuple[str, ...]:
        """The references of all risks that are named."""
        return tuple(each.reference for what in ("into", "from") for each in self.met.get(what, ()))

    @property
    def into(self) -> Met | None:
        """The risk it was merged into; None where there is none, or where it is not the reader's to read."""
        return next(iter(self.met.get("into", ())), None)


def life(actor: Actor, *, risk_id: int, on: date) -> Life:
    """Tell what became of a risk in one query; the caller has shown that the actor may read it."""
    found: dict[str, list[Met]] = {}
    is_merged = False
    for what, reference, title, day, why in read(_life(actor, on), {"risk_id": risk_id}):
        if what == "merged":
            is_merged = True
        else:
            found.setdefault(what, []).append(Met(what, reference, readers.told(title, why or None), day))
    return Life(is_merged, {what: tuple(each) for what, each in found.items()})


@kept
def _life(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    seen = readers.projection(actor, on=on)
    stands = RiskMerger.undone_on.is_(None)
    nothing: Any = literal_column("''")

    def other(what: str, mine: Any, theirs: Any) -> Select[*tuple[Any, ...]]:
        return seen.joined(
            select(
                literal_column(f"'{what}'").label("what"), Entity.reference.label("reference"),
                seen.shown("title", Entity.name).label("title"), RiskMerger.merged_on.label("day"),
                seen.why("title").label("why"),
            )
            .select_from(RiskMerger)
            .join(Risk, Risk.id == theirs)
            .join(Entity, Entity.id == Risk.id)
        ).where(mine == THE_RISK, stands, readers.readable(actor, on=on))  # fmt: skip

    is_merged = select(
        literal_column("'merged'"), nothing, nothing, RiskMerger.merged_on, nothing
    ).where(RiskMerger.risk_id == THE_RISK, stands)  # fmt: skip
    near_miss = select(
        literal_column("'near_miss'"), NearMiss.key, NearMiss.what, NearMiss.happened_on, nothing
    ).where(NearMiss.risk_id == THE_RISK, near_misses.readable(actor))  # fmt: skip
    happened = (
        select(literal_column("'issue'"), Entity.reference, Entity.name, Issue.happened_on, nothing)
        .join(Entity, Entity.id == Issue.id)
        .where(Issue.risk_id == THE_RISK, issue_readable(actor, on=on))
    )
    every = union_all(
        other("into", RiskMerger.risk_id, RiskMerger.into_id),
        other("from", RiskMerger.into_id, RiskMerger.risk_id),
        is_merged,
        near_miss,
        happened,
    ).subquery()
    return select(*every.c).order_by(every.c.day, every.c.reference)
