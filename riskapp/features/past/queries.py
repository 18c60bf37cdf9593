"""The tables as they stood at the end of a day: what asks of today asks of a past day in the same words.

A statement over the tables of today is turned, table by table, into the one over what they held then, so that a page
or a list of the past is no second page or list. What is not here has no past: posts and units are named as today.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    CTE,
    Alias,
    ColumnClause,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse

from riskapp.domain.calendar import day_begins
from riskapp.domain.escalation_states import CaseState, DeskState
from riskapp.domain.permissions import Actor
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import Projection, kept
from riskapp.models.actions import Action, ActionPromise, ActionVersion
from riskapp.models.database import Base, read
from riskapp.models.entity import EndedLink, Entity, Link
from riskapp.models.escalation import EscalationCase, EscalationDesk, EscalationEvent
from riskapp.models.people import Unit
from riskapp.models.risks import Assessment, Review, Risk, RiskStanding, RiskVersion

Asked = TypeVar("Asked", bound=ExternallyTraversible)
Rows = Select[*tuple[Any, ...]]
Tables = Mapping[FromClause, Rows | CompoundSelect[*tuple[Any, ...]] | CTE]
THE_RISK = bindparam("risk_id", type_=Integer)
"""The risk that a page is about: every statement of a page that looks back names it."""

NEVER_CHANGES = frozenset({"id", "version", "drafted_by_post_id", "drafted_by_id", "drafted_on", "submission_key"})
"""Columns of a thing that its versions need not repeat."""

_risk_then, _action_then = aliased(RiskVersion, name="risk_version_then"), aliased(ActionVersion, name="action_then")


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What an actor sees of risks, today or looking back: which, which columns, and over which tables.

    `treats_what_is_exempt` tells of an action that it speaks of another risk, of which something is withheld.
    """

    readable: ColumnElement[bool]
    seen: Projection
    treats_what_is_exempt: ColumnElement[bool]
    tables: Tables = field(default_factory=dict)

    def over(self, statement: Asked) -> Asked:
        """Turn a statement over the tables of today into the same over what they held then."""
        return cast("Asked", _over(statement, self)) if self.tables else statement


@kept
def sight(actor: Actor, *, on: date, then: date | None = None, of_one: bool = False) -> Sight:
    """Say what an actor sees today or, with a day `then`, of its end; `of_one` looks at one risk and those around it.

    The past is read with the rights of today.
    """
    if then is None:
        hides = treats_what_is_exempt(actor, on=on)
        return Sight(readers.readable(actor, on=on), readers.projection(actor, on=on), hides)
    risks = _risks(actor, on, then, of_one=of_one)
    seen = readers.projection(actor, on=on, since=then, cleared=risks.c.is_cleared.is_(True))
    return Sight(risks.c.id.is_not(None), seen, false(), _tables(actor, on, then, risks, of_one=of_one))


def columns_in_words() -> tuple[str, ...]:
    """Name the columns of a risk that its versions keep among their words, since they have none of their own."""
    return tuple(sorted(names_of(Risk) - names_of(RiskVersion) - NEVER_CHANGES))


def names_of(table: type[Base]) -> set[str]:
    """Name the columns of a table."""
    return {each.name for each in table.__table__.columns}


@lru_cache(maxsize=readers.KEPT)
def _over(statement: ExternallyTraversible, sight: Sight) -> ExternallyTraversible:
    tables = sight.tables
    made: dict[FromClause, FromClause | None] = {}
    ours = {held for held in tables.values() if isinstance(held, CTE)}

    def stands_for(source: FromClause) -> FromClause | None:
        if source not in made:
            held = tables.get(source.element if isinstance(source, Alias) else source)
            if isinstance(held, CTE):
                made[source] = held.alias() if isinstance(source, Alias) else held
            else:
                made[source] = None if held is None else held.subquery()
        return made[source]

    def replace(element: ExternallyTraversible, **_: Any) -> ExternallyTraversible | None:
        source = element.table if isinstance(element, ColumnClause) else element
        if isinstance(source, CTE) and source in ours:
            return element
        there = stands_for(source) if isinstance(source, Table | Alias) else None
        return there.c[element.name] if there is not None and isinstance(element, ColumnClause) else there

    return replacement_traverse(statement, {}, replace)


def _tables(actor: Actor, on: date, then: date, risks: CTE, *, of_one: bool) -> Tables:
    """Name for each table that has a past what it held at the end of a day."""
    tables: dict[type[Base], Rows | CompoundSelect[*tuple[Any, ...]] | CTE] = {
        Risk: risks,
        Entity: _entities(risks, then, of_one=of_one),
        RiskStanding: _standings(then),
        Assessment: _rows(Assessment).where(*_assessed(then)),
        Review: _rows(Review).where(Review.held_on <= then),
        Link: _links(then),
        Action: _actions(actor, on, then),
        ActionPromise: _rows(ActionPromise).where(ActionPromise.promised_on <= then),
        EscalationCase: _cases(then),
        EscalationDesk: _desks(then),
        Unit: _rows(Unit, closed_on=case((Unit.closed_on <= then, Unit.closed_on))),
    }
    return {each.__table__: held for each, held in tables.items()}


def _rows(table: type[Base], **instead: ColumnElement[Any]) -> Rows:
    """Select every column of a table, but for some another in its place."""
    columns = (instead.get(each.name, each).label(each.name) for each in table.__table__.columns)
    return select(*columns).select_from(table)


def _latest(table: type[RiskVersion | ActionVersion], about: str, thing: type[Base], then: date) -> ScalarSelect[int]:
    """Find the version that counted at the end of a day, among those recorded by then."""
    made = aliased(table)
    return (
        select(made.id)
        .where(
            getattr(made, about) == thing.__table__.c.id,
            made.valid_from <= then,
            made.recorded_at < _end(then),
        )
        .order_by(made.valid_from.desc(), made.id.desc())
        .limit(1)
        .correlate(thing)
        .scalar_subquery()
    )


def _end(then: date) -> Any:
    return day_begins(then + timedelta(days=1))


def _risks(actor: Actor, on: date, then: date, *, of_one: bool) -> CTE:
    """The risks that an actor who looks back may read, and whether with what is exempt in them."""
    own = {name: getattr(_risk_then, name) for name in names_of(Risk) & names_of(RiskVersion) - {"id"}}
    rows = (
        _rows(Risk, **own, **{name: _in_words(name) for name in columns_in_words()})
        .add_columns(
            _risk_then.title.label("title_then"),
            readers.reads_exempt(actor, on=on, since=then).label("is_cleared"),
        )
        .join(
            _risk_then,
            and_(_risk_then.risk_id == Risk.id, _risk_then.id == _latest(RiskVersion, "risk_id", Risk, then)),
        )
        .where(_readable_then(actor, on, then))
    )
    return (rows.where(Risk.id.in_(_around(then))) if of_one else rows).cte("risk_then")


def _readable_then(actor: Actor, on: date, then: date) -> ColumnElement[bool]:
    """With the rights of today: what is not withheld since then, and for who reads what is open, what was so then."""
    return readers.readable(actor, on=on, since=then, was_open=_risk_then.status == "open")


def _in_words(name: str) -> Any:
    kept_as, kind = _risk_then.words[name], Risk.__table__.c[name].type
    if isinstance(kind, String):
        return kept_as.as_string()
    if isinstance(kind, Integer):
        return kept_as.as_integer()
    raise TypeError(f"risk.{name} is kept among the words of a version, which hold text and numbers: give it a column")


def _around(then: date) -> CompoundSelect[*tuple[Any, ...]]:
    """The risk that a page is about, and what is linked with it."""
    links = _links(then).subquery()
    return union_all(
        select(THE_RISK),
        select(links.c.to_id).where(links.c.from_id == THE_RISK),
        select(links.c.from_id).where(links.c.to_id == THE_RISK),
    )


def _entities(risks: CTE, then: date, *, of_one: bool) -> Rows:
    titles: list[ColumnElement[Any]] = [risks.c.title_then]
    if of_one:  # a register names no action
        title = select(_action_then.title).where(_action_then.id == _latest(ActionVersion, "action_id", Entity, then))
        titles.append(title.correlate(Entity).scalar_subquery())
    return _rows(Entity, name=func.coalesce(*titles, Entity.name)).outerjoin(risks, risks.c.id == Entity.id)


def _assessed(then: date) -> tuple[ColumnElement[bool], ...]:
    return Assessment.effective_on <= then, Assessment.recorded_at < _end(then)


def _standings(then: date) -> Rows:
    """Which assessments held: of each basis the last in force, and before the current one the one before it."""

    def held(basis: str, before: int = 0) -> ScalarSelect[int]:
        return (
            select(Assessment.id)
            .where(Assessment.risk_id == RiskStanding.risk_id, Assessment.basis == basis)
            .where(Assessment.state == "in_force", *_assessed(then))
            .order_by(Assessment.effective_on.desc(), Assessment.id.desc())
            .limit(1)
            .offset(before)
            .correlate(RiskStanding)
            .scalar_subquery()
        )

    bases = {name: name.removesuffix("_id") for name in names_of(RiskStanding) - {"risk_id", "previous_id"}}
    return _rows(RiskStanding, previous_id=held("current", 1), **{name: held(basis) for name, basis in bases.items()})


def _links(then: date) -> CompoundSelect[*tuple[Any, ...]]:
    """The links of today that were made by then, and those that have ended since."""
    ended = (-EndedLink.id if each.name == "id" else EndedLink.__table__.c[each.name] for each in Link.__table__.c)
    return union_all(
        _rows(Link).where(or_(Link.from_on.is_(None), Link.from_on <= then)),
        select(*ended).where(or_(EndedLink.from_on.is_(None), EndedLink.from_on <= then), EndedLink.ended_on > then),
    )


def _actions(actor: Actor, on: date, then: date) -> Rows:
    own = {name: getattr(_action_then, name) for name in names_of(Action) & names_of(ActionVersion) - {"id"}}
    latest = _latest(ActionVersion, "action_id", Action, then)
    return (
        _rows(Action, **own)
        .join(_action_then, and_(_action_then.action_id == Action.id, _action_then.id == latest))
        .where(~treats_what_is_exempt(actor, on=on, since=then))
    )


def treats_what_is_exempt(actor: Actor, *, on: date, since: date | None = None) -> ColumnElement[bool]:
    """Tell of an action that it treats another risk than `THE_RISK`, of which something is withheld from the actor."""
    treats = aliased(Link)
    return (
        select(treats.id)
        .join(Risk, Risk.id == treats.to_id)
        .where(treats.from_id == Action.id, treats.kind == "treats", Risk.id != THE_RISK)
        .where(readers.is_exempt(on=on, since=since), ~readers.reads_exempt(actor, on=on, since=since))
        .correlate(Action)
        .exists()
    )


def _desks(then: date) -> Rows:
    """The desks that a case had come to, in the state that they were in: what happened there later had not."""
    desk, end = EscalationDesk, _end(then)
    was_left, was_acknowledged = desk.left_at < end, desk.acknowledged_at < end
    never_or_by_then = or_(desk.acknowledged_at.is_(None), was_acknowledged)
    return _rows(
        desk,
        state=case(
            (was_left, desk.state),
            (was_acknowledged, DeskState.ACKNOWLEDGED),
            (desk.state == DeskState.RAISED, DeskState.RAISED),
            else_=DeskState.NOTIFIED,
        ),
        due_at=case((never_or_by_then, desk.due_at), else_=desk.acknowledge_by_at),
        acknowledged_at=case((was_acknowledged, desk.acknowledged_at)),
        left_at=case((was_left, desk.left_at)),
        decision=case((was_left, desk.decision)),
    ).where(desk.arrived_at < end)


def _cases(then: date) -> Rows:
    """The cases that had been raised, in the state that they were in, on the reason on which they stood."""
    made, end = EscalationCase, _end(then)
    told = and_(EscalationEvent.case_id == made.id, EscalationEvent.at < end)

    def stood_on(name: str) -> ColumnElement[Any]:
        said = getattr(EscalationEvent, name)
        last = select(said).where(told, EscalationEvent.reason.is_not(None))
        last = last.order_by(EscalationEvent.at.desc(), EscalationEvent.id.desc()).limit(1).correlate(made)
        return func.coalesce(last.scalar_subquery(), getattr(made, name))

    stood_down = exists().where(told, EscalationEvent.deed == CaseState.STOOD_DOWN).correlate(made)
    state = case(
        (or_(made.ended_at.is_(None), made.ended_at >= end), CaseState.OPEN),
        (and_(made.state == CaseState.STOOD_DOWN, ~stood_down), CaseState.DECIDED),
        else_=made.state,
    )
    ended_at = case((made.ended_at < end, made.ended_at))
    instead = {"state": state, "ended_at": ended_at, "reason": stood_on("reason"), "clause": stood_on("clause")}
    return _rows(made, **instead).where(made.raised_at < end)


@dataclass(frozen=True, slots=True)
class Stated:
    """The statement of a risk as it stood, and since when versions are whole where this one is not."""

    causes: tuple[str, ...]
    consequences: tuple[str, ...]
    whole_from: date | None


def stated(actor: Actor, *, risk_id: int, then: date, is_told: bool) -> Stated | None:
    """Give the lists of a risk's statement as they stood at the end of a day; they are only read where they are told.

    The caller has shown that the actor may read the risk.
    """
    del actor
    made = aliased(RiskVersion)
    whole_from = select(func.min(made.valid_from)).where(made.is_whole).scalar_subquery()
    words: ColumnElement[Any] = RiskVersion.words.label("words") if is_told else null()
    row = read(
        select(words, case((~RiskVersion.is_whole, whole_from)))
        .join(Risk, Risk.id == RiskVersion.risk_id)
        .where(Risk.id == THE_RISK, RiskVersion.id == _latest(RiskVersion, "risk_id", Risk, then)),
        {"risk_id": risk_id},
    ).first()
    if row is None:
        return None
    said: Mapping[str, Sequence[str]] = row[0] or {}
    return Stated(tuple(said.get("causes", ())), tuple(said.get("consequences", ())), row[1])
