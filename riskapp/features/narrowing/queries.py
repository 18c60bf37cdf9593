"""Which risks a register holds and in what order; what is withheld from the reader narrows and orders nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from riskapp.domain import columns
from riskapp.domain.escalation_states import CaseState, DeskState
from riskapp.domain.movement import Kind
from riskapp.domain.permissions import Actor
from riskapp.domain.scoring import ASPECTS
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import Projection
from riskapp.features.scopes.queries import WHOLE, Scope, is_on
from riskapp.features.search import queries as search
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.people import Post
from riskapp.models.risks import Assessment, Review, Risk, RiskDuty, RiskStanding

Status = Literal["open", "draft", "closed", "all"]
Escalated = Literal["", "live", "decided", "none"]
Planned = Literal["", "in_date", "none_in_date", "late"]
Query = Select[*tuple[Any, ...]]
SEVERITY = ("unset", "within", "above", "beyond")
"""Positions against appetite from the one that says least to the worst, as a register puts them in order."""

inherent, current, target = aliased(Assessment), aliased(Assessment), aliased(Assessment)
unit_entity, owner = aliased(Entity), aliased(Post)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which risks a register shows; an empty field is no condition.

    `ratings`, `inherent`, `target` and `position` are keys of the policy, `cell` a likelihood and an impact, `since`
    the day from which `travel` counts, `days` the first and last day for each column that is a day, `words` must all
    begin words of the risk. `aspects` are steps of the policy by the name of their scale, `pounds` the least and most
    of the likely sum, and `steps` every step of each scale, the least first, by which it is put in order.
    """

    on: date
    register: Scope = WHOLE
    status: Status = "open"
    unit_path: str = ""
    category: str = ""
    kind: str = ""
    owner_post_id: int | None = None
    item_id: int | None = None
    words: tuple[str, ...] = ()
    ratings: tuple[str, ...] = ()
    inherent: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    position: str = ""
    cell: tuple[int | None, int | None] = (None, None)
    travel: Kind | None = None
    since: date | None = None
    treatment: str = ""
    escalation: Escalated = ""
    actions: Planned = ""
    days: tuple[tuple[str, date | None, date | None], ...] = ()
    champion_post_id: int | None = None
    lead_member_post_id: int | None = None
    aspects: tuple[tuple[str, str], ...] = ()
    pounds: tuple[int | None, int | None] = (None, None)
    steps: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def scope(self) -> "Filters":
        """The register as a whole, before a count of it was opened."""
        return replace(self, ratings=(), position="", cell=(None, None), travel=None)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what: all that a condition or an order may look at."""

    actor: Actor
    filters: Filters
    seen: Projection


Key = tuple[str | None, Callable[[Asked], SQLColumnExpression[Any]]]


def _lower(column: SQLColumnExpression[str]) -> Callable[[Asked], SQLColumnExpression[Any]]:
    return lambda _asked: func.lower(column)


def _as_it_is(column: SQLColumnExpression[Any]) -> Callable[[Asked], SQLColumnExpression[Any]]:
    return lambda _asked: column


def live_desk() -> ColumnElement[str | None]:
    """The post that has a risk's escalation on the desk."""
    return _desk(EscalationDesk.state.in_(LIVE_DESKS))


def deciding_desk() -> ColumnElement[str | None]:
    """The post that decided a risk's escalation, while that decision stands."""
    return _desk(EscalationDesk.state == DeskState.ACCEPTED, EscalationCase.state == CaseState.DECIDED)


def _desk(*conditions: ColumnElement[bool]) -> ColumnElement[str | None]:
    desk_post = aliased(Post)
    return (
        select(desk_post.title)
        .join(EscalationDesk, EscalationDesk.post_id == desk_post.id)
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .where(EscalationCase.subject_id == Risk.id, EscalationCase.is_drill.is_(False), *conditions)
        .order_by(EscalationDesk.id.desc())
        .limit(1)
        .correlate(Risk)
        .scalar_subquery()
    )


def last_review() -> ColumnElement[date]:
    """The day on which somebody last looked at a risk."""
    return select(func.max(Review.held_on)).where(Review.risk_id == Risk.id).correlate(Risk).scalar_subquery()


def score_at(since: date | None) -> ColumnElement[Any]:
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


def moved(since: date, seen: Projection) -> ColumnElement[Any]:
    """Name in SQL what `domain.movement.travel` says: null if open at neither moment, or with no score to see."""
    was, score = score_at(since), seen.shown("assessment", current.score)
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


def in_part(duty: str) -> ColumnElement[str | None]:
    """The post that champions a risk, or the lead Member, today."""
    held, post = aliased(RiskDuty), aliased(Post)
    return (
        select(post.title)
        .join(held, held.post_id == post.id)
        .where(held.risk_id == Risk.id, held.duty == duty, held.to_on.is_(None))
        .limit(1)
        .correlate(Risk)
        .scalar_subquery()
    )


def _step(name: str) -> Callable[[Asked], SQLColumnExpression[Any]]:
    """The place of a step on its scale of the policy, the least first; one that only an earlier policy knew is last."""

    def place(asked: Asked) -> SQLColumnExpression[Any]:
        column, known = getattr(current, name), dict(asked.filters.steps).get(name, ())
        return case({key: place for place, key in enumerate(known)}, value=column) if known else column

    return place


def _rise(asked: Asked) -> ColumnElement[Any]:
    since = asked.filters.since
    if since is None:
        return cast(null(), Integer)
    return case((and_(Risk.status == "open", Risk.opened_on <= since), current.score - score_at(since)))


def action_count(asked: Asked, *, is_late: bool) -> ColumnElement[int]:
    """Count the open actions of a risk, or the late ones, as its own page shows them to the reader.

    An action that also treats a risk of which something is withheld from the reader is in no count.
    """
    treats, action, other = aliased(Link), aliased(Action), aliased(Link)
    counted = (
        select(func.count())
        .select_from(treats)
        .join(action, action.id == treats.from_id)
        .where(treats.to_id == Risk.id, treats.kind == "treats", action.status.in_(OPEN_STATUSES))
    )
    if is_late:
        counted = counted.where(action.due_on < asked.filters.on)
    if asked.seen.things is not None:
        on = asked.filters.on
        withheld = select(Risk.id).where(readers.is_exempt(on=on), ~readers.reads_exempt(asked.actor, on=on))
        counted = counted.where(
            ~exists().where(
                other.from_id == action.id,
                other.kind == "treats",
                other.to_id != treats.to_id,
                other.to_id.in_(withheld.correlate(None)),
            )
        )
    return counted.correlate(Risk).scalar_subquery()


ORDERS: Mapping[str, Key] = MappingProxyType(
    {
        "title": ("title", _lower(Entity.name)),
        "category": (None, _as_it_is(Risk.category)),
        "unit": (None, _lower(unit_entity.name)),
        "status": (None, _as_it_is(Risk.status)),
        "escalation": ("assessment", lambda _asked: live_desk()),
        "event": ("statement", _lower(Risk.event)),
        "kind": (None, _as_it_is(Risk.kind)),
        "owner": (None, _lower(owner.title)),
        "champion": (None, lambda _asked: func.lower(in_part("champion"))),
        "lead_member": (None, lambda _asked: func.lower(in_part("lead_member"))),
        "inherent": ("assessment", _as_it_is(inherent.score)),
        "current": ("assessment", _as_it_is(current.score)),
        "travel": ("assessment", _rise),
        "likelihood": ("assessment", _as_it_is(current.likelihood)),
        "impact": ("assessment", _as_it_is(current.impact)),
        **{name: ("assessment", _step(name)) for name in ASPECTS},
        "money": ("assessment", _as_it_is(current.likely_pounds)),
        "target": ("assessment", _as_it_is(target.score)),
        "target_by": ("assessment", _as_it_is(target.target_on)),
        "appetite": (
            "assessment",
            lambda _asked: case({key: place for place, key in enumerate(SEVERITY)}, value=current.position),
        ),
        "treatment": ("plan", _as_it_is(Risk.treatment)),
        "actions": ("plan", lambda asked: action_count(asked, is_late=True)),
        "review": ("assessment", _as_it_is(Risk.next_review_on)),
        "reviewed": ("assessment", lambda _asked: last_review()),
        "drafted": (None, _as_it_is(Risk.drafted_on)),
        "opened": (None, _as_it_is(Risk.opened_on)),
        "closed": (None, _as_it_is(Risk.closed_on)),
        "near": (None, lambda asked: search.nearness(asked.seen, asked.filters.words)),
    }
)
"""What orders a register, with the group of fields it is in. The day of the next review follows from the score, and so
do that of the last one and who has the escalation: all are withheld with it."""
DAYS: Mapping[str, Key] = MappingProxyType({key: ORDERS[key] for key in columns.DAYS})
JOINS: Mapping[str, Callable[[Query], Query]] = MappingProxyType(
    {
        "unit": lambda query: query.join(unit_entity, unit_entity.id == Risk.unit_id),
        "owner": lambda query: query.join(owner, owner.id == Risk.owner_post_id),
        "inherent": lambda query: query.join(inherent, inherent.id == RiskStanding.inherent_id),
        "target": lambda query: query.join(target, target.id == RiskStanding.target_id),
    }
)
"""What is joined only where it is asked for: an order is taken over the whole register, the rows over one page."""
NEEDS: Mapping[str, str] = MappingProxyType({"target_by": "target"} | {key: key for key in JOINS})


def order(asked: Asked, sort: str, *, descending: bool) -> tuple[SQLColumnExpression[Any], ...]:
    """Write an order: what is unknown or withheld stands last either way, and the reference breaks a tie."""
    group, made = ORDERS[sort]
    column = made(asked)
    key = asked.seen.shown(group, column) if group else column
    return (key.is_(None), key.desc() if descending else key.asc(), Entity.reference)


def from_risk(query: Query) -> Query:
    """Give a query the tables that every register needs."""
    return (
        query.select_from(Risk)
        .join(Entity, Entity.id == Risk.id)
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .join(current, current.id == RiskStanding.current_id)
    )


def joined(query: Query, names: Iterable[str]) -> Query:
    """Join some of `JOINS`, each once."""
    for name in dict.fromkeys(names):
        query = JOINS[name](query)
    return query


def narrowed(query: Query, asked: Asked, sort: str = "") -> Query:
    """Limit a query of risks to those of a register that the reader may read, with what its order needs joined."""
    wanted = asked.filters
    needed = [name for name in ("inherent", "target") if getattr(wanted, name)]
    needed += [NEEDS[key] for key in (sort, *(key for key, *_ in wanted.days)) if key in NEEDS]
    readable = readers.readable(asked.actor, on=wanted.on)
    return asked.seen.joined(joined(from_risk(query), needed)).where(readable, *conditions(asked))


def conditions(asked: Asked) -> list[ColumnElement[bool]]:
    """Write what is asked for as conditions."""
    wanted, seen = asked.filters, asked.seen
    return [
        *is_on(wanted.register, seen),
        *search.matches(seen, wanted.words),
        *_plain(wanted),
        *_scored(wanted, seen),
        *([seen.shown("plan", Risk.treatment) == wanted.treatment] if wanted.treatment else []),
        *_escalated(wanted, seen),
        *_planned(asked),
        *(each for key, first, last in wanted.days for each in _between(asked, DAYS[key], first, last)),
    ]


def _plain(wanted: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.status != "all" and not (wanted.travel and wanted.since):
        found.append(Risk.status == wanted.status)
    if wanted.unit_path:
        found.append(Risk.unit_id.in_(readers.units_below(wanted.unit_path)))
    if wanted.category:
        found.append(Risk.category == wanted.category)
    if wanted.kind:
        found.append(Risk.kind == wanted.kind)
    if wanted.owner_post_id is not None:
        found.append(Risk.owner_post_id == wanted.owner_post_id)
    if wanted.item_id is not None:
        threatens = select(Link.from_id).where(Link.to_id == wanted.item_id, Link.kind == "threatens")
        found.append(Risk.id.in_(threatens))
    for duty, post_id in (("champion", wanted.champion_post_id), ("lead_member", wanted.lead_member_post_id)):
        if post_id is not None:
            held = (RiskDuty.duty == duty, RiskDuty.post_id == post_id, RiskDuty.to_on.is_(None))
            found.append(Risk.id.in_(select(RiskDuty.risk_id).where(*held)))
    return found


def _scored(wanted: Filters, seen: Projection) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.travel and wanted.since:
        found.append(moved(wanted.since, seen) == wanted.travel)
    bands = ((current, wanted.ratings), (inherent, wanted.inherent), (target, wanted.target))
    found += [seen.shown("assessment", table.rating).in_(ratings) for table, ratings in bands if ratings]
    if wanted.position:
        found.append(seen.shown("assessment", current.position) == wanted.position)
    places = zip((current.likelihood, current.impact), wanted.cell, strict=True)
    found += [seen.shown("assessment", place) == level for place, level in places if level is not None]
    found += [seen.shown("assessment", getattr(current, name)) == step for name, step in wanted.aspects]
    least, most = wanted.pounds
    pounds = seen.shown("assessment", current.likely_pounds)
    return found + ([] if least is None else [pounds >= least]) + ([] if most is None else [pounds <= most])


def _escalated(wanted: Filters, seen: Projection) -> list[ColumnElement[bool]]:
    if not wanted.escalation:
        return []
    states = {"live": (CaseState.OPEN,), "decided": (CaseState.DECIDED,), "none": (CaseState.OPEN, CaseState.DECIDED)}
    cases = select(EscalationCase.subject_id).where(
        EscalationCase.is_drill.is_(False),
        EscalationCase.subject_id.is_not(None),
        EscalationCase.state.in_(states[wanted.escalation]),
    )
    has_one = Risk.id.in_(cases)
    return [seen.shows("assessment"), ~has_one if wanted.escalation == "none" else has_one]


def _planned(asked: Asked) -> list[ColumnElement[bool]]:
    wanted, seen = asked.filters.actions, asked.seen
    if not wanted:
        return []
    late = action_count(asked, is_late=True)
    if wanted == "late":
        return [seen.shows("plan"), late > 0]
    in_date = action_count(asked, is_late=False) > late
    return [seen.shows("plan"), in_date if wanted == "in_date" else ~in_date]


def _between(asked: Asked, key: Key, first: date | None, last: date | None) -> list[ColumnElement[bool]]:
    group, made = key
    column = made(asked)
    day = asked.seen.shown(group, column) if group else column
    return ([] if first is None else [day >= first]) + ([] if last is None else [day <= last])
