"""Change the tree of units. Every verb holds the tree first, so that two changes at once never make a circle."""

from datetime import date, datetime

from sqlalchemy import Select, func, literal, select, update
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import flag_modified

from riskapp.domain.audit import Event
from riskapp.domain.escalation_states import CaseState
from riskapp.domain.organisation import (
    CannotChangeUnit,
    Overtaken,
    Placed,
    closing_day_refusals,
    merge_refusals,
    move_refusals,
    name_refusals,
    place_refusals,
    same_name,
)
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Refusal
from riskapp.features.audit import service as audit
from riskapp.features.escalation import service as escalation
from riskapp.features.holdings import queries as holdings
from riskapp.features.organisation import queries
from riskapp.features.people import service as people
from riskapp.features.risks import service as risks
from riskapp.models.database import db
from riskapp.models.escalation import EscalationCase
from riskapp.models.people import Merger, Post, Unit
from riskapp.models.risks import Risk


def add(
    *, name: str, kind: str, parent_id: int | None, opened_on: date, key: str | None, by: Actor, at: datetime, on: date
) -> Unit:
    """Add a unit under another; the same form sent twice is one unit."""
    hold_the_tree()
    known = key and db.session.scalars(_with_name().where(Unit.submission_key == key)).first()
    if known:
        return known
    parent = _find(parent_id)
    wrong = place_refusals(kind, _placed(parent), field="parent") + _name_taken(name, parent, by)
    if opened_on > on:
        wrong.append(Refusal("opened_on", "That day is still to come. Add the unit when the day comes"))
    if wrong:
        raise CannotChangeUnit(*wrong)
    unit = people.add_unit(name=name.strip(), kind=kind, parent=parent, by=by, at=at, on=opened_on)
    unit.submission_key = key or None
    db.session.flush()
    return _find_surely(unit.id)


def rename(unit_id: int, *, name: str, seen: int, by: Actor, at: datetime) -> None:
    """Give a unit another name, which no open unit beside it has."""
    unit = _held(unit_id, seen)
    wrong = _name_taken(name, _find(unit.parent_id), by, but=unit)
    if wrong:
        raise CannotChangeUnit(*wrong)
    if name.strip() != unit.entity.name:
        before, unit.entity.name = unit.entity.name, name.strip()
        _record(Event.UNIT_RENAMED, unit, before={"name": before}, after={"name": unit.entity.name}, by=by, at=at)


def move(unit_id: int, *, to_id: int | None, seen: int, by: Actor, at: datetime) -> None:
    """Put a unit, and all that stands under it, under another; what people may read follows at once."""
    unit, to = _held(unit_id, seen), _find(to_id)
    wrong = move_refusals(_placed_surely(unit), _placed(to))
    if not wrong and to is not None and to.id != unit.parent_id:
        wrong = _name_taken(unit.entity.name, to, by, field="parent")
    if wrong:
        raise CannotChangeUnit(*wrong)
    if to is None or to.id == unit.parent_id:
        return
    before = _find(unit.parent_id)
    unit.parent_id = to.id
    _record(Event.UNIT_MOVED, unit, before=_parent_words(before), after=_parent_words(to), by=by, at=at)
    _rewrite_paths(unit.path, f"{to.path}{unit.id}/")


def merge(unit_id: int, *, into_id: int | None, merged_on: date, seen: int, by: Actor, at: datetime, on: date) -> None:
    """Give all of a unit to another of its kind and close it; roles over it stay with it, so nobody reads more."""
    unit, into = _held(unit_id, seen), _find(into_id)
    wrong = merge_refusals(_placed_surely(unit), _placed(into))
    wrong += _closed_already(unit) + closing_day_refusals(unit.opened_on, merged_on, on)
    if wrong or into is None:
        raise CannotChangeUnit(*wrong)
    _refuse_like_parts(unit, into, by)
    went_over = {
        "risks": _ids(select(Risk.id).where(Risk.unit_id == unit.id)),
        "cases": _ids(
            select(EscalationCase.id).where(
                EscalationCase.unit_id == unit.id, EscalationCase.state.in_((CaseState.OPEN, CaseState.DECIDED))
            )
        ),
        "posts": _ids(select(Post.id).where(Post.unit_id == unit.id, Post.closed_on.is_(None))),
        "units": _ids(select(Unit.id).where(Unit.parent_id == unit.id)),
    }
    _give(went_over, unit, into, f"{unit.entity.name} was merged into {into.entity.name}", by=by, at=at, on=on)
    unit.closed_on = merged_on
    db.session.add(Merger(unit_id=unit.id, into_id=into.id, merged_on=merged_on, went_over=went_over))
    counts = {key: len(ids) for key, ids in went_over.items()}
    _record(
        Event.UNIT_MERGED,
        unit,
        after={"into": into.entity.name, "into_reference": into.entity.reference, "closed_on": merged_on, **counts},
        by=by,
        at=at,
    )
    audit.record(Event.UNIT_TOOK_OVER, by=by, at=at, subject_id=into.id, after={"from": unit.entity.name, **counts})


def part(unit_id: int, *, seen: int, by: Actor, at: datetime, on: date) -> None:
    """Undo a merger: the unit is open again, and what went over and is still there comes back."""
    unit = _held(unit_id, seen)
    merger = db.session.scalars(
        select(Merger).where(Merger.unit_id == unit.id, Merger.undone_on.is_(None))
    ).one_or_none()
    if merger is None:
        raise CannotChangeUnit(Refusal(None, f"{unit.entity.name} is merged into no unit"))
    _refuse_reopening(unit, by)
    into = _find_surely(merger.into_id)
    kept = merger.went_over
    back = {
        "risks": _ids(select(Risk.id).where(Risk.id.in_(kept["risks"]), Risk.unit_id == into.id)),
        "cases": _ids(
            select(EscalationCase.id).where(EscalationCase.id.in_(kept["cases"]), EscalationCase.unit_id == into.id)
        ),
        "posts": _ids(select(Post.id).where(Post.id.in_(kept["posts"]), Post.unit_id == into.id)),
        "units": _ids(select(Unit.id).where(Unit.id.in_(kept["units"]), Unit.parent_id == into.id)),
    }
    unit.closed_on, merger.undone_on = None, on
    _give(back, into, unit, f"The merger of {unit.entity.name} was undone", by=by, at=at, on=on)
    counts = {key: len(ids) for key, ids in back.items()}
    _record(Event.UNIT_PARTED, unit, after={"from": into.entity.name, **counts}, by=by, at=at)
    audit.record(Event.UNIT_PARTED, by=by, at=at, subject_id=into.id, after={"from": unit.entity.name, **counts})


def close(unit_id: int, *, closed_on: date, seen: int, by: Actor, at: datetime, on: date) -> None:
    """Close a unit that nothing open stands in."""
    unit = _held(unit_id, seen)
    wrong = _closed_already(unit) + closing_day_refusals(unit.opened_on, closed_on, on)
    if unit.parent_id is None:
        wrong.append(Refusal(None, "The council itself cannot be closed"))
    wrong += [Refusal(None, words) for words in holdings.in_unit(by, unit.id, on=on).words]
    if wrong:
        raise CannotChangeUnit(*wrong)
    unit.closed_on = closed_on
    _record(Event.UNIT_CLOSED, unit, after={"closed_on": closed_on}, by=by, at=at)


def reopen(unit_id: int, *, seen: int, by: Actor, at: datetime, on: date) -> None:
    """Open a closed unit again under the unit it stood under; one that was merged comes back empty."""
    unit = _held(unit_id, seen)
    _refuse_reopening(unit, by)
    for merger in db.session.scalars(select(Merger).where(Merger.unit_id == unit.id, Merger.undone_on.is_(None))):
        merger.undone_on = on
    before, unit.closed_on = unit.closed_on, None
    _record(Event.UNIT_REOPENED, unit, before={"closed_on": before}, by=by, at=at)


def redate(unit_id: int, *, opened_on: date, by: Actor, at: datetime) -> None:
    """Correct the day on which a unit was opened."""
    unit = _find_surely(unit_id)
    before, unit.opened_on = unit.opened_on, opened_on
    _record(Event.UNIT_REDATED, unit, before={"opened_on": before}, after={"opened_on": opened_on}, by=by, at=at)


def hold_the_tree() -> None:
    """Let nobody else change the tree until this transaction ends: the council's row is written, and so locked."""
    db.session.execute(
        update(Unit).where(Unit.parent_id.is_(None)).values(kind=Unit.kind).execution_options(synchronize_session=False)
    )


def _held(unit_id: int, seen: int) -> Unit:
    hold_the_tree()
    unit = _find_surely(unit_id)
    if unit.version != seen:
        raise Overtaken(Refusal(None, "This unit was changed after you loaded the page"))
    return unit


def _find(unit_id: int | None) -> Unit | None:
    if unit_id is None:
        return None
    query = _with_name().where(Unit.id == unit_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _find_surely(unit_id: int) -> Unit:
    unit = _find(unit_id)
    if unit is None:
        raise CannotChangeUnit(Refusal(None, "This unit is not there any more"))
    return unit


def _with_name() -> Select[Unit]:
    return select(Unit).options(joinedload(Unit.entity))


def _placed(unit: Unit | None) -> Placed | None:
    return _placed_surely(unit) if unit else None


def _placed_surely(unit: Unit) -> Placed:
    return Placed(unit.id, unit.kind, unit.entity.name, unit.path, unit.opened_on, unit.closed_on)


def _name_taken(
    name: str, parent: Unit | None, by: Actor, *, but: Unit | None = None, field: str = "name"
) -> list[Refusal]:
    taken = queries.names_under(by, parent.id if parent else None, but=[but.id] if but else ())
    others = {same_name(other): reference for other, reference in taken.items()}
    return name_refusals(name, others, under=parent.entity.name if parent else "The council", field=field)


def _closed_already(unit: Unit) -> list[Refusal]:
    return [Refusal(None, f"{unit.entity.name} is closed already")] if unit.closed_on is not None else []


def _refuse_reopening(unit: Unit, by: Actor) -> None:
    parent = _find(unit.parent_id)
    if unit.closed_on is None:
        raise CannotChangeUnit(Refusal(None, f"{unit.entity.name} is open already"))
    if parent is not None and parent.closed_on is not None:
        raise CannotChangeUnit(
            Refusal(None, f"{parent.entity.name}, which it stands under, is closed. Reopen that first")
        )
    if taken := _name_taken(unit.entity.name, parent, by, but=unit):
        raise CannotChangeUnit(*(Refusal(None, refusal.message) for refusal in taken))


def _refuse_like_parts(unit: Unit, into: Unit, by: Actor) -> None:
    theirs = {same_name(name) for name in queries.names_under(by, into.id)}
    alike = [name for name in queries.names_under(by, unit.id) if same_name(name) in theirs]
    if alike:
        raise CannotChangeUnit(
            *(Refusal("into", f"Both have a unit called {name}. Rename one of them first") for name in alike)
        )


def _give(what: dict[str, list[int]], from_: Unit, to: Unit, why: str, *, by: Actor, at: datetime, on: date) -> None:
    for risk in db.session.scalars(select(Risk).where(Risk.id.in_(what["risks"])).order_by(Risk.id)):
        risks.rehome(risk, to_unit_id=to.id, why=why, by=by, at=at, on=on)
    escalation.rehome(what["cases"], to_unit_id=to.id, why=why, by=by, at=at)
    for post in db.session.scalars(select(Post).where(Post.id.in_(what["posts"]))):
        post.unit_id = to.id
    for each in db.session.scalars(select(Unit).where(Unit.id.in_(what["units"]))):
        each.parent_id = to.id
        db.session.flush()
        _rewrite_paths(f"{from_.path}{each.id}/", f"{to.path}{each.id}/")


def _rewrite_paths(old: str, new: str) -> None:
    """Give a whole sub-tree its new line of ids in one statement."""
    db.session.flush()
    db.session.execute(
        update(Unit)
        .where(Unit.path.startswith(old, autoescape=True))
        .values(path=literal(new) + func.substr(Unit.path, len(old) + 1))
        .execution_options(synchronize_session="fetch")
    )


def _ids(query: Select[int]) -> list[int]:
    return list(db.session.scalars(query.order_by(query.selected_columns[0])))


def _parent_words(parent: Unit | None) -> dict[str, object]:
    return {"parent": parent.entity.name, "parent_reference": parent.entity.reference} if parent else {}


def _record(
    what: Event,
    unit: Unit,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Record a change with the version it made, so that whoever comes later can be told what changed."""
    db.session.flush()
    if what is Event.UNIT_RENAMED:
        _count_up(unit)
    audit.record(
        what, by=by, at=at, subject_id=unit.id, before=before, after={**(after or {}), "version": unit.version}
    )


def _count_up(unit: Unit) -> None:
    """A name is the entity's, so that giving another touches no column of the unit but its version."""
    flag_modified(unit, "kind")
    db.session.flush()
