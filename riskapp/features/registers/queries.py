"""Registers as a reader sees them: one page of rows, and the counts of the heat map, the bands and the movement."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    SQLColumnExpression,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from riskapp.domain.movement import Kind, Travel, travel
from riskapp.domain.permissions import Actor
from riskapp.features.choices.queries import UnitChoice
from riskapp.features.past import queries as past
from riskapp.features.plan.queries import THREATENED, Item
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import kept
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.packs import Board, Meeting
from riskapp.models.people import Post, Unit
from riskapp.models.plan import PlanItem
from riskapp.models.risks import Assessment, Risk, RiskStanding

Status = Literal["open", "draft", "closed", "all"]
AUDIT_COMMITTEE = "Audit Committee"

inherent, current, target = aliased(Assessment), aliased(Assessment), aliased(Assessment)
unit_entity, owner = aliased(Entity), aliased(Post)

SORTS: Mapping[str, tuple[str | None, SQLColumnExpression[Any]]] = MappingProxyType({
    "current": ("assessment", current.score),
    "title": ("title", func.lower(Entity.name)),
    "owner": (None, func.lower(owner.title)),
    "review": ("assessment", Risk.next_review_on),
    "target": ("assessment", target.score),
    "inherent": ("assessment", inherent.score),
    "opened": (None, Risk.opened_on),
})  # fmt: skip
"""What orders a register, with the group of fields it is in. The day of the next review follows from the score, and so
does who has the escalation: both are withheld with it."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which risks a register shows; an empty field is no condition.

    `ratings` and `position` are keys of the policy, `since` is the day from which `travel` counts, `words` must all
    stand in the title, the event or the reference. With `then` it is the register as it stood at the end of that day.
    """

    on: date
    status: Status = "open"
    unit_path: str = ""
    category: str = ""
    owner_post_id: int | None = None
    item_id: int | None = None
    words: tuple[str, ...] = ()
    ratings: tuple[str, ...] = ()
    position: str = ""
    cell: tuple[int, int] | None = None
    travel: Kind | None = None
    since: date | None = None
    then: date | None = None

    def scope(self) -> "Filters":
        """The register as a whole, before a count of it was opened."""
        return replace(self, ratings=(), position="", cell=None, travel=None)


class Score(NamedTuple):
    """A score with the key of its band, as it was kept."""

    score: int
    rating: str


class RegisterRow(NamedTuple):
    """A line of a register; `with_post` is who has its live escalation, `moved` its travel since the committee.

    What is withheld from the reader is None, but for a title, which then says why; `withheld` says why by group.
    """

    reference: str
    title: str
    event: str | None
    category: str
    status: str
    unit: str
    owner: str
    inherent: Score | None
    current: Score | None
    target: Score | None
    position: str | None
    moved: Travel | None
    next_review_on: date | None
    opened_on: date | None
    with_post: str | None
    withheld: Mapping[str, str]


class Group(NamedTuple):
    """How many risks are alike in status, place, band, appetite and movement; a withheld score has no place."""

    status: str
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
    """Every count of a register: its groups hold all statuses, and each figure adds up the ones that it is about."""

    filters: Filters
    groups: tuple[Group, ...]

    @property
    def found(self) -> int:
        """How many rows the register has."""
        return sum(group.risks for group in self.groups if self._is_shown(group) and self._is_picked(group))

    @property
    def standings(self) -> tuple[Standing, ...]:
        """How many risks stand where, before a count was opened: heat map, bands and appetite are sums of these."""
        whole = self.filters.scope()
        counted: dict[tuple[int, int, str, str], int] = defaultdict(int)
        for status, likelihood, impact, rating, position, _travel, risks in self.groups:
            if whole.status in ("all", status) and likelihood and impact and rating and position:
                counted[likelihood, impact, rating, position] += risks
        return tuple(Standing(*place, number) for place, number in sorted(counted.items()))

    @property
    def withheld(self) -> int:
        """How many risks of the whole are at no place, since their scores are withheld from the reader."""
        status = self.filters.status
        return sum(group.risks for group in self.groups if group.rating is None and status in ("all", group.status))

    @property
    def movement(self) -> dict[Kind, int]:
        """How risks moved since the day of the filters; without a day there is nothing."""
        if self.filters.since is None:
            return {}
        counted: dict[Kind, int] = dict.fromkeys(("up", "down", "same", "new", "closed"), 0)
        for group in self.groups:
            if group.travel:
                counted[group.travel] += group.risks
        return counted

    def _is_shown(self, group: Group) -> bool:
        if self.filters.travel and self.filters.since:
            return group.travel == self.filters.travel
        return self.filters.status in ("all", group.status)

    def _is_picked(self, group: Group) -> bool:
        wanted = self.filters
        return (
            (not wanted.ratings or group.rating in wanted.ratings)
            and wanted.position in ("", group.position)
            and wanted.cell in (None, (group.likelihood, group.impact))
        )


def census(actor: Actor, filters: Filters) -> Census:
    """Count a register in one query, whatever is counted."""
    every = replace(filters.scope(), status="all")
    return Census(filters, tuple(Group(*row) for row in db.session.execute(_census(actor, every))))


@kept
def _census(actor: Actor, every: Filters) -> Select[*tuple[Any, ...]]:
    sight = past.sight(actor, on=every.on, then=every.then)
    seen = sight.seen
    places = (current.likelihood, current.impact, current.rating, current.position)
    shown: list[ColumnElement[Any]] = [
        seen.shown("assessment", place).label(f"place_{number}") for number, place in enumerate(places)
    ]
    moved = null() if every.since is None else _kind(every.since, seen).label("moved")
    risks = _joined(select(Risk.status, *shown, moved.label("moved")), every, sight).subquery()
    columns = tuple(risks.c)
    return sight.over(select(*columns, func.count()).group_by(*columns))


def register(
    actor: Actor,
    filters: Filters,
    *,
    sort: str = "current",
    descending: bool = True,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[RegisterRow, ...]:
    """List a part of a register in order, ties by reference; one query, however many rows; no limit gives them all."""
    rows = db.session.execute(_rows(actor, filters, sort, descending=descending, offset=offset, limit=limit))
    return tuple(_row(*row, since=filters.since) for row in rows)


@kept
def _rows(
    actor: Actor,
    filters: Filters,
    sort: str,
    *,
    descending: bool,
    offset: int,
    limit: int | None,
) -> Select[*tuple[Any, ...]]:
    sight = past.sight(actor, on=filters.on, then=filters.then)
    seen = sight.seen
    group, column = SORTS[sort]
    key = seen.shown(group, column) if group else column
    order = (key.is_(None), key.desc() if descending else key.asc(), Entity.reference)
    every = _with(sort, _joined(select(Risk.id), filters, sight))
    chosen = every.order_by(*order).offset(offset).limit(limit)
    return sight.over(
        _with_the_rest(
            seen.joined(
                _from_risk(
                    select(
                        Entity.reference, seen.shown("title", Entity.name), seen.shown("statement", Risk.event),
                        Risk.category, Risk.status, unit_entity.name, owner.title,
                        *(
                            seen.shown("assessment", score)
                            for score in (
                                inherent.score, inherent.rating, current.score, current.rating, target.score,
                                target.rating, current.position, Risk.next_review_on,
                            )
                        ),
                        Risk.opened_on, seen.shown("assessment", _live_desk()),
                        seen.shown("assessment", _score_at(filters.since)), *seen.whys(),
                    )
                )
            )
        )
        .join(unit_entity, unit_entity.id == Risk.unit_id)
        .where(Risk.id.in_(chosen))
        .order_by(*order)
    )  # fmt: skip


def _row(
    reference: str, title: str | None, event: str | None, category: str, status: str, unit: str, owner_title: str,
    inherent_score: int | None, inherent_rating: str | None, score: int | None, rating: str | None,
    target_score: int | None, target_rating: str | None, position: str | None, next_review_on: date | None,
    opened_on: date | None, with_post: str | None, was: int | None,
    *whys: str | None, since: date | None,
) -> RegisterRow:  # fmt: skip
    withheld = readers.withheld_from(whys)
    return RegisterRow(
        reference=reference,
        title=title or withheld.get("title", ""),
        event=event,
        category=category,
        status=status,
        unit=unit,
        owner=owner_title,
        inherent=_scored(inherent_score, inherent_rating),
        current=_scored(score, rating),
        target=_scored(target_score, target_rating),
        position=position,
        moved=_moved(status, opened_on, was, score, since),
        next_review_on=next_review_on,
        opened_on=opened_on,
        with_post=with_post,
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
    """What a reader can narrow a register by, and the day since which movement counts."""

    units: tuple[UnitChoice, ...]
    items: tuple[Item, ...]
    owners: tuple[tuple[int, str], ...]
    since: date | None


def choices(actor: Actor, *, on: date, then: date | None = None) -> Choices:
    """Gather the open units, what a risk can threaten, and who owns a risk the actor may read, in one query.

    With `then`, as they were at the end of that day.
    """
    found: dict[str, list[Any]] = defaultdict(list)
    for what, *rest in db.session.execute(_choices(actor, on, then)):
        found[what].append(rest)
    units = sorted(found["unit"], key=lambda line: str(line[5]))
    items = sorted(found["item"], key=lambda line: (THREATENED.index(line[3]), line[6]))
    return Choices(
        units=tuple(UnitChoice(number, mark, name, kind, path) for number, mark, name, kind, _, path, *_ in units),
        items=tuple(Item(number, kind, code, mark, name, text) for number, mark, name, kind, code, text, *_ in items),
        owners=tuple(sorted(((line[0], line[2]) for line in found["owner"]), key=lambda owner: owner[1])),
        since=found["committee"][0][7],
    )


@kept
def _choices(actor: Actor, on: date, then: date | None) -> CompoundSelect[*tuple[Any, ...]]:
    nothing: ColumnElement[str] = literal_column("''")
    nought: ColumnElement[int] = literal_column("0")
    no_day = cast(null(), Date)
    sight = past.sight(actor, on=on, then=then)
    owning = select(Risk.owner_post_id).where(sight.readable)
    every: CompoundSelect[*tuple[Any, ...]] = union_all(
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
            literal_column("'committee'"), nought, *(nothing,) * 5, nought,
            _last_committee(then or on).scalar_subquery(),
        ),
    )  # fmt: skip
    return sight.over(every)


def _from_risk(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        query.select_from(Risk)
        .join(Entity, Entity.id == Risk.id)
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .join(current, current.id == RiskStanding.current_id)
    )


def _with_the_rest(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """What rows show, and counts do not."""
    return (
        query.join(owner, owner.id == Risk.owner_post_id)
        .join(inherent, inherent.id == RiskStanding.inherent_id)
        .join(target, target.id == RiskStanding.target_id)
    )


def _with(sort: str, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join no more than an order asks for: it is taken over the whole register, and the rows over one page."""
    if sort == "owner":
        return query.join(owner, owner.id == Risk.owner_post_id)
    if sort == "inherent":
        return query.join(inherent, inherent.id == RiskStanding.inherent_id)
    return query.join(target, target.id == RiskStanding.target_id) if sort == "target" else query


def _joined(query: Select[*tuple[Any, ...]], filters: Filters, sight: past.Sight) -> Select[*tuple[Any, ...]]:
    return sight.seen.joined(_from_risk(query)).where(sight.readable, *_conditions(filters, sight.seen))


def _conditions(filters: Filters, seen: readers.Projection) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.travel and filters.since:
        found.append(_kind(filters.since, seen) == filters.travel)
    elif filters.status != "all":
        found.append(Risk.status == filters.status)
    if filters.unit_path:
        found.append(Risk.unit_id.in_(readers.units_below(filters.unit_path)))
    if filters.category:
        found.append(Risk.category == filters.category)
    if filters.owner_post_id is not None:
        found.append(Risk.owner_post_id == filters.owner_post_id)
    if filters.item_id is not None:
        threatens = select(Link.from_id).where(Link.to_id == filters.item_id, Link.kind == "threatens")
        found.append(Risk.id.in_(threatens))
    texts = (seen.shown("title", Entity.name), seen.shown("statement", Risk.event), Entity.reference)
    found += [or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in filters.words]
    if filters.ratings:
        found.append(seen.shown("assessment", current.rating).in_(filters.ratings))
    if filters.position:
        found.append(seen.shown("assessment", current.position) == filters.position)
    if filters.cell:
        places = zip((current.likelihood, current.impact), filters.cell, strict=True)
        found += [seen.shown("assessment", place) == level for place, level in places]
    return found


def _kind(since: date, seen: readers.Projection) -> ColumnElement[Any]:
    """Name in SQL what `domain.movement.travel` says: null if open at neither moment, or with no score to see."""
    was, score = _score_at(since), seen.shown("assessment", current.score)
    was_open = and_(Risk.opened_on <= since, or_(Risk.closed_on.is_(None), Risk.closed_on > since))
    is_open = Risk.status == "open"
    return case(
        (and_(is_open, Risk.opened_on > since), literal("new")),
        (and_(Risk.status == "closed", was_open), literal("closed")),
        (~is_open, None),
        (score.is_(None), None),
        (score > was, literal("up")),
        (score < was, literal("down")),
        else_=literal("same"),
    )


def _score_at(since: date | None) -> ColumnElement[Any]:
    """The current score that held at the end of a day: one step along an index for each risk."""
    if since is None:
        return literal(None)
    past = aliased(Assessment)
    return (
        select(past.score)
        .where(
            past.risk_id == Risk.id,
            past.basis == "current",
            past.state == "in_force",
            past.effective_on <= since,
        )
        .order_by(past.effective_on.desc(), past.id.desc())
        .limit(1)
        .correlate(Risk)
        .scalar_subquery()
    )


def _live_desk() -> ColumnElement[str | None]:
    desk_post = aliased(Post)
    return (
        select(desk_post.title)
        .join(EscalationDesk, EscalationDesk.post_id == desk_post.id)
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .where(
            EscalationCase.subject_id == Risk.id,
            EscalationCase.is_drill.is_(False),
            EscalationDesk.state.in_(LIVE_DESKS),
        )
        .order_by(EscalationDesk.id.desc())
        .limit(1)
        .correlate(Risk)
        .scalar_subquery()
    )
