"""Registers as a reader sees them: one page of rows, and the counts of the heat map, the bands and the movement."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, SQLColumnExpression, and_, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.movement import Kind, Travel, travel
from riskapp.domain.permissions import Actor
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.packs import Board, Meeting
from riskapp.models.people import Post
from riskapp.models.risks import Assessment, Risk, RiskStanding

Status = Literal["open", "draft", "closed", "all"]
AUDIT_COMMITTEE = "Audit Committee"

inherent, current, target = aliased(Assessment), aliased(Assessment), aliased(Assessment)
unit_entity, owner = aliased(Entity), aliased(Post)

SORTS: Mapping[str, SQLColumnExpression[Any]] = MappingProxyType({
    "current": current.score,
    "title": func.lower(Entity.name),
    "owner": func.lower(owner.title),
    "review": Risk.next_review_on,
    "target": target.score,
    "inherent": inherent.score,
    "opened": Risk.opened_on,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """Which risks a register shows; an empty field is no condition.

    `ratings` and `position` are keys of the policy, `since` is the day from which `travel` counts, `words` must all
    stand in the title, the event or the reference.
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

    def scope(self) -> "Filters":
        """The register as a whole, before a count of it was opened."""
        return replace(self, ratings=(), position="", cell=None, travel=None)


@dataclass(frozen=True, slots=True)
class Score:
    """A score with the key of its band, as it was kept."""

    score: int
    rating: str


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A line of a register; `with_post` is who has its live escalation, `moved` its travel since the committee."""

    reference: str
    title: str
    event: str
    category: str
    status: str
    unit: str
    owner: str
    inherent: Score
    current: Score
    target: Score
    position: str
    moved: Travel | None
    next_review_on: date | None
    opened_on: date | None
    with_post: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many risks stand at a place of the matrix and of appetite."""

    likelihood: int
    impact: int
    rating: str
    position: str
    count: int


def count(actor: Actor, filters: Filters) -> int:
    """Count the risks of a register."""
    return db.session.scalar(_joined(select(func.count()), actor, filters)) or 0


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
    key = SORTS[sort]
    order = (key.is_(None), key.desc() if descending else key.asc(), Entity.reference)
    every = _with_the_rest(_joined(select(Risk.id), actor, filters))
    chosen = every.order_by(*order).offset(offset).limit(limit)
    rows = db.session.execute(
        _with_the_rest(
            _from_risk(
                select(
                    Entity.reference,
                    Entity.name,
                    Risk.event,
                    Risk.category,
                    Risk.status,
                    unit_entity.name.label("unit"),
                    owner.title.label("owner"),
                    inherent.score.label("inherent"),
                    inherent.rating.label("inherent_rating"),
                    current.score.label("current"),
                    current.rating.label("current_rating"),
                    target.score.label("target"),
                    target.rating.label("target_rating"),
                    current.position,
                    Risk.next_review_on,
                    Risk.opened_on,
                    Risk.closed_on,
                    _live_desk().label("with_post"),
                    _score_at(filters.since).label("was"),
                )
            )
        )
        .join(unit_entity, unit_entity.id == Risk.unit_id)
        .where(Risk.id.in_(chosen))
        .order_by(*order)
    )
    return tuple(_row(row, filters.since) for row in rows)


def _row(row: Row[*tuple[Any, ...]], since: date | None) -> RegisterRow:
    return RegisterRow(
        reference=row.reference,
        title=row.name,
        event=row.event,
        category=row.category,
        status=row.status,
        unit=row.unit,
        owner=row.owner,
        inherent=Score(row.inherent, row.inherent_rating),
        current=Score(row.current, row.current_rating),
        target=Score(row.target, row.target_rating),
        position=row.position,
        moved=_moved(row, since),
        next_review_on=row.next_review_on,
        opened_on=row.opened_on,
        with_post=row.with_post,
    )


def _moved(row: Row[*tuple[Any, ...]], since: date | None) -> Travel | None:
    if since is None or row.opened_on is None:
        return None
    was = row.was if row.opened_on <= since else None
    now = row.current if row.status == "open" else None
    return None if was is None and now is None else travel(was, now)


def standings(actor: Actor, filters: Filters) -> tuple[Standing, ...]:
    """Count the risks of a register by place: the heat map, the bands and the appetite tally are sums of these."""
    columns = (current.likelihood, current.impact, current.rating, current.position)
    rows = db.session.execute(
        _joined(select(*columns, func.count()), actor, filters).group_by(*columns).order_by(*columns)
    )
    return tuple(Standing(*row) for row in rows)


def movement(actor: Actor, filters: Filters) -> dict[Kind, int]:
    """Count a register's risks by how they moved since the day of the filters; without a day there is nothing."""
    if filters.since is None:
        return {}
    kind = _kind(filters.since)
    everything = replace(filters.scope(), status="all")
    rows = db.session.execute(
        _joined(select(kind, func.count()), actor, everything).where(kind.is_not(None)).group_by(kind)
    )
    counted: dict[Kind, int] = dict.fromkeys(("up", "down", "same", "new", "closed"), 0)
    counted.update((key, number) for key, number in rows)
    return counted


def last_committee(*, on: date) -> date | None:
    """Give the day of the Audit Committee's last meeting before a day."""
    return db.session.scalar(
        select(func.max(Meeting.held_on))
        .join(Board, Board.id == Meeting.board_id)
        .join(Entity, Entity.id == Board.id)
        .where(Entity.name == AUDIT_COMMITTEE, Meeting.held_on < on)
    )


def _from_risk(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        query.select_from(Risk)
        .join(Entity, Entity.id == Risk.id)
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .join(current, current.id == RiskStanding.current_id)
    )


def _with_the_rest(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """What rows show and orders may need, and counts do not."""
    return (
        query.join(owner, owner.id == Risk.owner_post_id)
        .join(inherent, inherent.id == RiskStanding.inherent_id)
        .join(target, target.id == RiskStanding.target_id)
    )


def _joined(query: Select[*tuple[Any, ...]], actor: Actor, filters: Filters) -> Select[*tuple[Any, ...]]:
    return _from_risk(query).where(readers.readable(actor, on=filters.on), *_conditions(filters))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.travel and filters.since:
        found.append(_kind(filters.since) == filters.travel)
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
    found += [
        or_(*(text.icontains(word, autoescape=True) for text in (Entity.name, Risk.event, Entity.reference)))
        for word in filters.words
    ]
    if filters.ratings:
        found.append(current.rating.in_(filters.ratings))
    if filters.position:
        found.append(current.position == filters.position)
    if filters.cell:
        found.append(and_(current.likelihood == filters.cell[0], current.impact == filters.cell[1]))
    return found


def _kind(since: date) -> ColumnElement[Any]:
    """Name in SQL what `domain.movement.travel` says: null for a risk open at neither moment."""
    was = _score_at(since)
    was_open = and_(Risk.opened_on <= since, or_(Risk.closed_on.is_(None), Risk.closed_on > since))
    is_open = Risk.status == "open"
    return case(
        (and_(is_open, Risk.opened_on > since), literal("new")),
        (and_(Risk.status == "closed", was_open), literal("closed")),
        (~is_open, None),
        (current.score > was, literal("up")),
        (current.score < was, literal("down")),
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
