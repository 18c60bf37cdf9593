"""Near misses as those see them who keep a register, and assurance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.life import NEAR_MISS_STATES, Origin
from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.near_misses import NearMiss
from riskapp.models.people import Unit
from riskapp.models.risks import Risk

PAGE = 50
LONGEST_TITLE = 80
_unit = aliased(Entity)
ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "happened": (NearMiss.happened_on.asc(),),
    "-happened": (NearMiss.happened_on.desc(),),
    "what": (func.lower(NearMiss.what).asc(),),
    "-what": (func.lower(NearMiss.what).desc(),),
    "unit": (func.lower(_unit.name).asc(),),
    "-unit": (func.lower(_unit.name).desc(),),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A near miss; its risk is None where there is none, or where it is not the reader's to read."""

    id: int
    key: str
    what: str
    stopped_by: str
    unit: str
    unit_path: str
    happened_on: date
    told_on: date
    state: str
    settled_on: date | None
    settled_why: str | None
    risk_reference: str | None
    risk_title: str | None

    @property
    def facts(self) -> Facts:
        """What permissions ask of it."""
        return Facts(unit_path=self.unit_path, is_open=self.state == "new")

    @property
    def state_words(self) -> str:
        """Its state as people say it."""
        return NEAR_MISS_STATES[self.state]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which near misses are asked for; an empty field is no condition. The state is "new" unless said, "all" is any."""

    state: str = "new"
    unit: str = ""
    words: str = ""
    sort: str = "-happened"


@readers.kept
def readable(actor: Actor) -> ColumnElement[bool]:
    """The SQL twin of NEAR_MISS_READ, over a query of near misses."""
    return readers.limited(Permission.NEAR_MISS_READ, actor, readers.by_unit(NearMiss.unit_id, false(), false()))


def near_misses(
    actor: Actor, wanted: Wanted, *, on: date, page: int = 1, size: int = PAGE
) -> tuple[tuple[Shown, ...], int]:
    """Give a page of the near misses that the actor may read, and how many there are."""
    query = _rows(actor, on).where(readable(actor), *_conditions(wanted))
    total = db.session.scalar(query.with_only_columns(func.count(NearMiss.id))) or 0
    order = ORDERS.get(wanted.sort, ORDERS["-happened"])
    rows = db.session.execute(query.order_by(*order, NearMiss.id).limit(size).offset((page - 1) * size))
    return tuple(map(_shown, rows)), total


def near_miss(actor: Actor, key: str, *, on: date) -> Shown | None:
    """Find a near miss that the actor may read."""
    row = db.session.execute(_rows(actor, on).where(readable(actor), NearMiss.key == key)).first()
    return _shown(row) if row else None


def origin(actor: Actor, key: str, *, on: date) -> Origin | None:
    """Give a near miss to log a risk from, if it is still to be settled and the actor may settle it."""
    found = near_miss(actor, key, on=on)
    if found is None or found.state != "new" or not may(actor, Permission.NEAR_MISS_SETTLE, found.facts):
        return None
    unit_id = db.session.scalars(select(NearMiss.unit_id).where(NearMiss.id == found.id)).one()
    return Origin(key, found.what[:LONGEST_TITLE], found.what, unit_id)


def _rows(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    seen, of_risk = readers.projection(actor, on=on), aliased(Entity)
    may_read = readers.readable(actor, on=on)
    return seen.joined(
        select(
            NearMiss.id, NearMiss.key, NearMiss.what, NearMiss.stopped_by, _unit.name, Unit.path, NearMiss.happened_on,
            NearMiss.told_on, NearMiss.state, NearMiss.settled_on, NearMiss.settled_why, of_risk.reference,
            seen.shown("title", of_risk.name), seen.why("title"),
        )
        .select_from(NearMiss)
        .join(Unit, Unit.id == NearMiss.unit_id)
        .join(_unit, _unit.id == NearMiss.unit_id)
        .outerjoin(Risk, (Risk.id == NearMiss.risk_id) & may_read)
        .outerjoin(of_risk, of_risk.id == Risk.id)
    )  # fmt: skip


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.state in NEAR_MISS_STATES:
        yield NearMiss.state == wanted.state
    if wanted.unit:
        path = db.session.scalar(select(Unit.path).join(Unit.entity).where(Entity.reference == wanted.unit))
        yield Unit.path.startswith(path or "none", autoescape=True)
    if wanted.words:
        yield or_(*(each.icontains(wanted.words, autoescape=True) for each in (NearMiss.what, NearMiss.stopped_by)))


def _shown(row: Any) -> Shown:
    *rest, reference, title, why = row
    values: tuple[Any, ...] = (*rest, reference, readers.told(title, why) if reference else None)
    return Shown(*values)
