"""The watch list as those see it who keep it, watch, or read the whole council."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.life import EMERGING_STATES, Origin
from riskapp.domain.permissions import Actor, Facts, Permission, Relation, may
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.emerging import EmergingLook, EmergingRisk
from riskapp.models.entity import Entity
from riskapp.models.people import Post, Unit
from riskapp.models.risks import Risk

PAGE = 50
FAMILY = "emerging"
_unit = aliased(Entity)
ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "look": (EmergingRisk.look_on.asc(),),
    "-look": (EmergingRisk.look_on.desc(),),
    "title": (func.lower(EmergingRisk.title).asc(),),
    "-title": (func.lower(EmergingRisk.title).desc(),),
    "watcher": (func.lower(Post.title).asc(),),
    "-watcher": (func.lower(Post.title).desc(),),
    "unit": (func.lower(_unit.name).asc(),),
    "-unit": (func.lower(_unit.name).desc(),),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the watch list; its risk is None where there is none, or where it is not the reader's to read."""

    id: int
    key: str
    title: str
    why: str
    unit_id: int
    unit: str
    unit_path: str
    watcher_post_id: int
    watcher: str
    added_on: date
    look_on: date
    state: str
    ended_on: date | None
    ended_why: str | None
    version: int
    risk_reference: str | None
    risk_title: str | None

    @property
    def facts(self) -> Facts:
        """What permissions ask of it."""
        return Facts(unit_path=self.unit_path, owner_post_id=self.watcher_post_id, is_open=self.state == "watched")

    @property
    def state_words(self) -> str:
        """Its state as people say it."""
        return EMERGING_STATES[self.state]


@dataclass(frozen=True, slots=True)
class Look:
    """A look at it: when, what was seen, and by which post."""

    on: date
    words: str
    note: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the watch list is asked for. The state is "watched" unless said, "all" is any, "due" what is overdue."""

    state: str = "watched"
    unit: str = ""
    words: str = ""
    sort: str = "look"


@readers.kept
def readable(actor: Actor) -> ColumnElement[bool]:
    """The SQL twin of EMERGING_READ, over a query of emerging risks."""
    twins: dict[Relation, readers.Twin] = {
        **readers.by_unit(EmergingRisk.unit_id, false(), false()),
        Relation.OWNS: lambda actor, _: EmergingRisk.watcher_post_id.in_(actor.post_ids),
    }
    return readers.limited(Permission.EMERGING_READ, actor, twins)


def emerging(
    actor: Actor, wanted: Wanted, *, on: date, page: int = 1, size: int = PAGE
) -> tuple[tuple[Shown, ...], int]:
    """Give a page of the watch list that the actor may read, and how many there are."""
    query = _rows(actor, on).where(readable(actor), *_conditions(wanted, on))
    total = db.session.scalar(query.with_only_columns(func.count(EmergingRisk.id))) or 0
    order = ORDERS.get(wanted.sort, ORDERS["look"])
    rows = db.session.execute(query.order_by(*order, EmergingRisk.id).limit(size).offset((page - 1) * size))
    return tuple(map(_shown, rows)), total


def one(actor: Actor, key: str, *, on: date) -> Shown | None:
    """Find a line of the watch list that the actor may read."""
    row = db.session.execute(_rows(actor, on).where(readable(actor), EmergingRisk.key == key)).first()
    return _shown(row) if row else None


def looks(actor: Actor, emerging_risk_id: int) -> tuple[Look, ...]:
    """List every look at it, the newest first; the caller has shown that the actor may read it."""
    del actor
    rows = db.session.execute(
        select(EmergingLook.looked_on, EmergingLook.note, Post.title)
        .outerjoin(Post, Post.id == EmergingLook.by_post_id)
        .where(EmergingLook.emerging_risk_id == emerging_risk_id)
        .order_by(EmergingLook.looked_on.desc(), EmergingLook.id.desc())
    )
    return tuple(Look(day, note, title or "") for day, note, title in rows)


def origin(actor: Actor, key: str, *, on: date) -> Origin | None:
    """Give what is watched to log a risk from, if the actor keeps it."""
    found = one(actor, key, on=on)
    if found is None or found.state != "watched" or not may(actor, Permission.EMERGING_KEEP, found.facts):
        return None
    return Origin(key, found.title, found.why, found.unit_id)


def due(*, by: date) -> Iterator[tuple[int, date, int]]:
    """Give unit, day and watcher's post of each look that is due by a day: one for all of a unit and a day."""
    rows = db.session.execute(
        select(EmergingRisk.unit_id, EmergingRisk.look_on, EmergingRisk.watcher_post_id)
        .where(EmergingRisk.state == "watched", EmergingRisk.look_on <= by)
        .distinct()
        .order_by(EmergingRisk.unit_id, EmergingRisk.look_on, EmergingRisk.watcher_post_id)
    )
    return ((unit_id, look_on, post_id) for unit_id, look_on, post_id in rows)


def _rows(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    seen, of_risk = readers.projection(actor, on=on), aliased(Entity)
    may_read = readers.readable(actor, on=on)
    return seen.joined(
        select(
            EmergingRisk.id, EmergingRisk.key, EmergingRisk.title, EmergingRisk.why, EmergingRisk.unit_id, _unit.name,
            Unit.path, EmergingRisk.watcher_post_id, Post.title, EmergingRisk.added_on, EmergingRisk.look_on,
            EmergingRisk.state, EmergingRisk.ended_on, EmergingRisk.ended_why, EmergingRisk.version, of_risk.reference,
            seen.shown("title", of_risk.name), seen.why("title"),
        )
        .select_from(EmergingRisk)
        .join(Unit, Unit.id == EmergingRisk.unit_id)
        .join(_unit, _unit.id == EmergingRisk.unit_id)
        .join(Post, Post.id == EmergingRisk.watcher_post_id)
        .outerjoin(Risk, (Risk.id == EmergingRisk.risk_id) & may_read)
        .outerjoin(of_risk, of_risk.id == Risk.id)
    )  # fmt: skip


def _conditions(wanted: Wanted, on: date) -> Iterator[ColumnElement[bool]]:
    if wanted.state == "due":
        yield (EmergingRisk.state == "watched") & (EmergingRisk.look_on < on)
    elif wanted.state in EMERGING_STATES:
        yield EmergingRisk.state == wanted.state
    if wanted.unit:
        path = db.session.scalar(select(Unit.path).join(Unit.entity).where(Entity.reference == wanted.unit))
        yield Unit.path.startswith(path or "none", autoescape=True)
    if wanted.words:
        yield or_(*(each.icontains(wanted.words, autoescape=True) for each in (EmergingRisk.title, EmergingRisk.why)))


def _shown(row: Any) -> Shown:
    *rest, reference, title, why = row
    values: tuple[Any, ...] = (*rest, reference, readers.told(title, why) if reference else None)
    return Shown(*values)
