"""Registers as a reader sees them: one page of rows, and the counts of the heat map, the bands and the movement."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CompoundSelect, Date, Select, cast, func, literal_column, null, select, union_all
from sqlalchemy.orm import aliased

from riskapp.domain.columns import USUAL
from riskapp.domain.movement import Kind, Travel, travel
from riskapp.domain.permissions import Actor
from riskapp.features.choices.queries import UnitChoice
from riskapp.features.narrowing import queries as narrowing
from riskapp.features.narrowing.queries import Asked, Filters, current, inherent, owner, target, unit_entity
from riskapp.features.plan.queries import THREATENED, Item
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import kept
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.packs import Board, Meeting
from riskapp.models.people import Post, Unit
from riskapp.models.plan import PlanItem
from riskapp.models.risks import Risk, RiskDuty

AUDIT_COMMITTEE = "Audit Committee"
home = aliased(Unit)


class Score(NamedTuple):
    """A score with the key of its band, as it was kept."""

    score: int
    rating: str


class RegisterRow(NamedTuple):
    """A line of a register; `with_post` is who has its live escalation, `moved` its travel since the committee.

    What is withheld from the reader is None, but for a title, which then says why; `withheld` says why by group. What
    takes a look of its own, who has a part in it, `reviewed_on` and the counts of actions, is None too where its column
    was not asked for.
    """

    reference: str
    title: str
    event: str | None
    category: str
    kind: str
    status: str
    unit: str
    unit_id: int
    unit_kind: str
    owner: str
    champion: str | None
    lead_member: str | None
    inherent: Score | None
    current: Score | None
    target: Score | None
    likelihood: int | None
    impact: int | None
    confidence: str | None
    proximity: str | None
    velocity: str | None
    likely_pounds: int | None
    target_on: date | None
    position: str | None
    moved: Travel | None
    treatment: str | None
    open_actions: int | None
    late_actions: int | None
    next_review_on: date | None
    reviewed_on: date | None
    drafted_on: date
    opened_on: date | None
    closed_on: date | None
    with_post: str | None
    decided_by: str | None
    withheld: Mapping[str, str]


class Group(NamedTuple):
    """How many risks are alike in status, kind, place, band, appetite and movement; a withheld score has no place."""

    status: str
    kind: str
    likelihood: int | None
    impact: int | None
    rating: str | None
    position: str | None
    travel: Kind | None
    risks: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How many risks stand at a place of the matrix and of appetite."""

    likelihood: int
    impact: int
    rating: str
    position: str
    count: int


@dataclass(frozen=True, slots=True)
class Census:
    """Every count of a register: its groups hold all statuses, and each figure adds up the ones that it is about.

    Threats and opportunities are scored by matrices of their own, so that what is counted by place, band, appetite and
    movement is counted of one kind: threats, unless opportunities are asked for.
    """

    filters: Filters
    groups: tuple[Group, ...]

    @property
    def kind(self) -> str:
        """The kind of risk that is counted by place."""
        return self.filters.kind or "threat"

    @property
    def others(self) -> int:
        """How many risks of the list are of the other kind, and so at no place here."""
        return sum(group.risks for group in self.groups if group.kind != self.kind and self._is_shown(group))

    @property
    def found(self) -> int:
        """How many rows the register has."""
        return sum(group.risks for group in self.groups if self._is_shown(group) and self._is_picked(group))

    @property
    def standings(self) -> tuple[Standing, ...]:
        """How many risks stand where, before a count was opened: heat map, bands and appetite are sums of these."""
        whole = self.filters.scope()
        counted: dict[tuple[int, int, str, str], int] = defaultdict(int)
        for status, kind, likelihood, impact, rating, position, _travel, risks in self.groups:
            is_counted = kind == self.kind and whole.status in ("all", status)
            if is_counted and likelihood and impact and rating and position:
                counted[likelihood, impact, rating, position] += risks
        return tuple(Standing(*place, number) for place, number in sorted(counted.items()))

    @property
    def withheld(self) -> int:
        """How many risks of the whole are at no place, since their scores are withheld from the reader."""
        status = self.filters.status
        return sum(
            group.risks
            for group in self.groups
            if group.kind == self.kind and group.rating is None and status in ("all", group.status)
        )

    @property
    def movement(self) -> dict[Kind, int]:
        """How risks moved since the day of the filters; without a day there is nothing."""
        if self.filters.since is None:
            return {}
        counted: dict[Kind, int] = dict.fromkeys(("up", "down", "same", "new", "closed"), 0)
        for group in self.groups:
            if group.travel and group.kind == self.kind:
                counted[group.travel] += group.risks
        return counted

    def _is_shown(self, group: Group) -> bool:
        if self.filters.travel and self.filters.since:
            return group.travel == self.filters.travel
        return self.filters.status in ("all", group.status)

    def _is_picked(self, group: Group) -> bool:
        wanted = self.filters
        place = zip(wanted.cell, (group.likelihood, group.impact), strict=True)
        return (
            (not wanted.ratings or group.rating in wanted.ratings)
            and wanted.position in ("", group.position)
            and all(level in (None, here) for level, here in place)
        )


def census(actor: Actor, filters: Filters) -> Census:
    """Count a register in one query, whatever is counted."""
    every = replace(filters.scope(), status="all")
    return Census(filters, tuple(Group(*row) for row in db.session.execute(_census(actor, every))))


@kept
def _census(actor: Actor, every: Filters) -> Select[*tuple[Any, ...]]:
    seen = readers.projection(actor, on=every.on)
    places = (current.likelihood, current.impact, current.rating, current.position)
    shown: list[ColumnElement[Any]] = [
        seen.shown("assessment", place).label(f"place_{number}") for number, place in enumerate(places)
    ]
    moved = null() if every.since is None else narrowing.moved(every.since, seen).label("moved")
    asked = Asked(actor, every, seen)
    risks = narrowing.narrowed(select(Risk.status, Risk.kind, *shown, moved.label("moved")), asked).subquery()
    columns = tuple(risks.c)
    return select(*columns, func.count()).group_by(*columns)


def register(
    actor: Actor,
    filters: Filters,
    *,
    sort: str = "current",
    descending: bool = True,
    offset: int = 0,
    limit: int | None = None,
    columns: Collection[str] = USUAL,
) -> tuple[RegisterRow, ...]:
    """List a part of a register in order, ties by reference; one query, however many rows; no limit gives them all."""
    dear = frozenset(key for key in columns if key in DEAR)
    query = _rows(actor, filters, sort, descending=descending, offset=offset, limit=limit, dear=dear)
    return tuple(_row(*row, since=filters.since) for row in db.session.execute(query))


def references(actor: Actor, filters: Filters, *, sort: str, descending: bool, limit: int) -> tuple[str, ...]:
    """List the references of a register in order, up to a number."""
    asked = Asked(actor, filters, readers.projection(actor, on=filters.on))
    order = narrowing.order(asked, sort, descending=descending)
    query = narrowing.narrowed(select(Entity.reference), asked, sort).order_by(*order).limit(limit)
    return tuple(db.session.scalars(query))


DEAR: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "actions": ("open_actions", "late_actions"),
        "reviewed": ("reviewed_on",),
        "champion": ("champion",),
        "lead_member": ("lead_member",),
    }
)
"""Columns that take a look of their own for each risk, so that they are read only where they are shown."""


def _dear(asked: Asked, wanted: Collection[str]) -> tuple[ColumnElement[Any], ...]:
    """The dear columns in the order of `DEAR`, nothing in place of one that is not wanted."""
    shown = asked.seen.shown
    made: Mapping[str, Callable[[], list[ColumnElement[Any]]]] = {
        "actions": lambda: [
            shown("plan", narrowing.action_count(asked, is_late=is_late)).label(f"actions_{is_late:d}")
            for is_late in (False, True)
        ],
        "reviewed": lambda: [shown("assessment", narrowing.last_review()).label("reviewed")],
        "champion": lambda: [narrowing.in_part("champion").label("champion")],
        "lead_member": lambda: [narrowing.in_part("lead_member").label("lead_member")],
    }
    return tuple(
        column
        for key, names in DEAR.items()
        for column in (made[key]() if key in wanted else [null().label(name) for name in names])
    )


@kept
def _rows(
    actor: Actor,
    filters: Filters,
    sort: str,
    *,
    descending: bool,
    offset: int,
    limit: int | None,
    dear: frozenset[str],
) -> Select[*tuple[Any, ...]]:
    seen = readers.projection(actor, on=filters.on)
    asked = Asked(actor, filters, seen)
    order = narrowing.order(asked, sort, descending=descending)
    chosen = narrowing.narrowed(select(Risk.id), asked, sort).order_by(*order).offset(offset).limit(limit)
    scored = (
        inherent.score, inherent.rating, current.score, current.rating, target.score, target.rating,
        current.likelihood, current.impact, current.confidence, current.proximity, current.velocity,
        current.likely_pounds, target.target_on, current.position, Risk.next_review_on,
        narrowing.live_desk(), narrowing.deciding_desk(), narrowing.score_at(filters.since),
    )  # fmt: skip
    columns = (
        Entity.reference, seen.shown("title", Entity.name), seen.shown("statement", Risk.event), Risk.category,
        Risk.kind, Risk.status, unit_entity.name, home.id, home.kind, owner.title, Risk.drafted_on, Risk.opened_on,
        Risk.closed_on, seen.shown("plan", Risk.treatment),
        *(seen.shown("assessment", column) for column in scored),
        *_dear(asked, dear), *seen.whys(),
    )  # fmt: skip
    return (
        seen.joined(narrowing.joined(narrowing.from_risk(select(*columns)), narrowing.JOINS))
        .join(home, home.id == Risk.unit_id)
        .where(Risk.id.in_(chosen))
        .order_by(*order)
    )


def _row(
    reference: str, title: str | None, event: str | None, category: str, kind: str, status: str, unit: str,
    unit_id: int, unit_kind: str, owner_title: str, drafted_on: date, opened_on: date | None, closed_on: date | None,
    treatment: str | None, inherent_score: int | None, inherent_rating: str | None, score: int | None,
    rating: str | None, target_score: int | None, target_rating: str | None, likelihood: int | None,
    impact: int | None, confidence: str | None, proximity: str | None, velocity: str | None,
    likely_pounds: int | None, target_on: date | None, position: str | None, next_review_on: date | None,
    with_post: str | None, decided_by: str | None, was: int | None, open_actions: int | None,
    late_actions: int | None, reviewed_on: date | None, champion: str | None, lead_member: str | None,
    *whys: str | None, since: date | None,
) -> RegisterRow:  # fmt: skip
    withheld = readers.withheld_from(whys)
    return RegisterRow(
        reference=reference,
        title=title or withheld.get("title", ""),
        event=event,
        category=category,
        kind=kind,
        status=status,
        unit=unit,
        unit_id=unit_id,
        unit_kind=unit_kind,
        owner=owner_title,
        champion=champion,
        lead_member=lead_member,
        inherent=_scored(inherent_score, inherent_rating),
        current=_scored(score, rating),
        target=_scored(target_score, target_rating),
        likelihood=likelihood,
        impact=impact,
        confidence=confidence,
        proximity=proximity,
        velocity=velocity,
        likely_pounds=likely_pounds,
        target_on=target_on,
        position=position,
        moved=_moved(status, opened_on, was, score, since),
        treatment=treatment,
        open_actions=open_actions,
        late_actions=late_actions,
        next_review_on=next_review_on,
        reviewed_on=reviewed_on,
        drafted_on=drafted_on,
        opened_on=opened_on,
        closed_on=closed_on,
        with_post=with_post,
        decided_by=decided_by if with_post is None else None,
        withheld=withheld,
    )


def _scored(score: int | None, rating: str | None) -> Score | None:
    return None if score is None or rating is None else Score(score, rating)


def _moved(
    status: str, opened_on: date | None, was: int | None, score: int | None, since: date | None
) -> Travel | None:
    if since is None or opened_on is None:
        return None
    before = was if opened_on <= since else None
    now = score if status == "open" else None
    return None if before is None and now is None else travel(before, now)


def last_committee(*, on: date) -> date | None:
    """Give the day of the Audit Committee's last meeting before a day."""
    return db.session.scalar(_last_committee(on))


def _last_committee(on: date) -> Select[date]:
    return (
        select(func.max(Meeting.held_on))
        .join(Board, Board.id == Meeting.board_id)
        .join(Entity, Entity.id == Board.id)
        .where(Entity.name == AUDIT_COMMITTEE, Meeting.held_on < on)
    )


@dataclass(frozen=True, slots=True)
class Choices:
    """What a reader can narrow a register by, and the day since which movement counts.

    `duties` are the posts that champion risks, and the lead Members; `tiers` are the kinds of post in each kind of
    unit: where the tiers of the policy's escalation route sit.
    """

    units: tuple[UnitChoice, ...]
    items: tuple[Item, ...]
    owners: tuple[tuple[int, str], ...]
    since: date | None
    bodies: tuple[tuple[int, str, str], ...] = ()
    duties: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    tiers: Mapping[str, frozenset[str]] = field(default_factory=dict)


def choices(actor: Actor, *, on: date) -> Choices:
    """Gather the open units, what a risk can threaten, and who owns or which bodies a risk concerns, in one query.

    Owners and bodies are those of risks that the actor may read.
    """
    found: dict[str, list[Any]] = defaultdict(list)
    for what, *rest in db.session.execute(_choices(actor, on)):
        found[what].append(rest)
    units = sorted(found["unit"], key=lambda line: str(line[5]))
    items = sorted(found["item"], key=lambda line: (THREATENED.index(line[3]), line[6]))
    return Choices(
        units=tuple(UnitChoice(number, mark, name, kind, path) for number, mark, name, kind, _, path, *_ in units),
        items=tuple(Item(number, kind, code, mark, name, text) for number, mark, name, kind, code, text, *_ in items),
        owners=tuple(sorted(((line[0], line[2]) for line in found["owner"]), key=lambda owner: owner[1])),
        since=found["committee"][0][7],
        bodies=tuple(sorted(((line[0], line[1], line[2]) for line in found["body"]), key=lambda body: body[2])),
        duties={
            duty: tuple(sorted(((line[0], line[2]) for line in found["duty"] if line[1] == duty), key=itemgetter(1)))
            for duty in ("champion", "lead_member")
        },
        tiers={
            kind: frozenset(line[3] for line in found["tier"] if line[4] == kind)
            for kind in {line[4] for line in found["tier"]}
        },
    )


@kept
def _choices(actor: Actor, on: date) -> CompoundSelect[*tuple[Any, ...]]:
    nothing: ColumnElement[str] = literal_column("''")
    nought: ColumnElement[int] = literal_column("0")
    no_day = cast(null(), Date)
    readable = readers.readable(actor, on=on)
    owning = select(Risk.owner_post_id).where(readable)
    concerning = select(Link.to_id).join(Risk, Risk.id == Link.from_id).where(Link.kind == "concerns", readable)
    return union_all(
        select(
            literal_column("'unit'"), Unit.id, Entity.reference, Entity.name, Unit.kind, nothing, Unit.path, nought,
            no_day,
        )
        .join(Entity, Entity.id == Unit.id)
        .where(Unit.closed_on.is_(None)),
        select(
            literal_column("'item'"), PlanItem.id, Entity.reference, Entity.name, PlanItem.kind, PlanItem.code,
            PlanItem.text, PlanItem.position, no_day,
        )
        .join(Entity, Entity.id == PlanItem.id)
        .where(PlanItem.kind.in_(THREATENED)),
        select(
            literal_column("'owner'"), Post.id, nothing, Post.title, nothing, nothing, nothing, nought, no_day
        ).where(Post.id.in_(owning)),
        select(
            literal_column("'body'"), Entity.id, Entity.reference, Entity.name, nothing, nothing, nothing, nought,
            no_day,
        ).where(Entity.kind == "body", Entity.id.in_(concerning)),
        select(
            literal_column("'duty'"), Post.id, RiskDuty.duty, Post.title, nothing, nothing, nothing, nought, no_day
        )
        .join(RiskDuty, RiskDuty.post_id == Post.id)
        .where(RiskDuty.to_on.is_(None), RiskDuty.risk_id.in_(select(Risk.id).where(readable)))
        .distinct(),
        select(
            literal_column("'tier'"), nought, nothing, nothing, Post.kind, Unit.kind, nothing, nought, no_day
        )
        .join(Unit, Unit.id == Post.unit_id)
        .where(Post.closed_on.is_(None))
        .distinct(),
        select(
            literal_column("'committee'"), nought, *(nothing,) * 5, nought, _last_committee(on).scalar_subquery()
        ),
    )  # fmt: skip
