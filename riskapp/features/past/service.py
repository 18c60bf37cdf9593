"""Keep what is shown as at a past day: the whole of a risk or an action at each change, and a link that ends.

A commit that changes a risk or an action without a version of it, or takes a link out without keeping it, is refused.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import InstanceState, Session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.unitofwork import UOWTransaction

from riskapp.features.past.queries import NEVER_CHANGES, columns_in_words, names_of
from riskapp.models.actions import Action, ActionVersion
from riskapp.models.database import Base, db
from riskapp.models.entity import EndedLink, Entity, Link
from riskapp.models.risks import Risk, RiskCause, RiskConsequence, RiskVersion

KEPT: Mapping[type, tuple[type[RiskVersion] | type[ActionVersion], str]] = {
    Risk: (RiskVersion, "risk_id"),
    Action: (ActionVersion, "action_id"),
}
"""Whose versions are kept where, and the column that says of which thing one is."""


class UnkeptChangeError(RuntimeError):
    """A commit was refused because what changed was not kept, so that nobody could say how it was before."""


def keep_risk(risk: Risk, *, at: datetime, on: date) -> None:
    """Keep the whole of a risk, its title and its statement as they stand from a day on."""
    db.session.flush()
    causes, consequences = (
        list(db.session.scalars(select(table.text).where(table.risk_id == risk.id).order_by(table.position)))
        for table in (RiskCause, RiskConsequence)
    )
    row = _columns_kept(risk, RiskVersion)
    rest = {name: getattr(risk, name) for name in columns_in_words()}
    _keep(risk, row | {"words": rest | {"causes": causes, "consequences": consequences}}, at=at, on=on)


def keep_action(action: Action, *, at: datetime, on: date) -> None:
    """Keep the whole of an action and its title as they stand from a day on."""
    db.session.flush()
    _keep(action, _columns_kept(action, ActionVersion), at=at, on=on)


def _columns_kept(thing: Risk | Action, table: type[Base]) -> dict[str, Any]:
    title = db.session.get_one(Entity, thing.id).name
    shared = names_of(table) & names_of(type(thing)) - NEVER_CHANGES
    return {"title": title, **{name: getattr(thing, name) for name in shared}}


def _keep(thing: Risk | Action, row: dict[str, Any], *, at: datetime, on: date) -> None:
    """Append a version; what did not change is kept already, and what changes twice at one instant is kept once."""
    table, about = KEPT[type(thing)]
    last: Any = db.session.scalars(
        select(table).where(getattr(table, about) == thing.id, table.version == thing.version)
    ).one_or_none()
    if last is not None and all(getattr(last, name) == value for name, value in row.items()):
        return
    if last is not None and last.recorded_at == at:
        for name, value in row.items():
            setattr(last, name, value)
        return
    if last is not None:  # its words changed, which are kept beside the row: the row counts up all the same
        flag_modified(thing, "owner_post_id")
        db.session.flush()
    db.session.add(table(**row, **{about: thing.id}, version=thing.version, valid_from=on, recorded_at=at))


def end_link(link: Link, *, on: date) -> None:
    """Take out a link that holds no more, and keep that it was there until the day."""
    gone = {name: getattr(link, name) for name in ("from_id", "to_id", "kind", "weight", "from_on")}
    db.session.add(EndedLink(**gone, ended_on=on))
    db.session.delete(link)


@event.listens_for(db.session, "after_flush")
def _remember_what_changed(session: Session, _context: UOWTransaction) -> None:
    changed, kept = session.info.setdefault("unkept", set()), session.info.setdefault("kept", set())
    changed.update(_things(session, (*session.new, *session.dirty)))
    changed.update((EndedLink, *_ends(each)) for each in session.deleted if isinstance(each, Link))
    kept.update((EndedLink, *_ends(each)) for each in session.new if isinstance(each, EndedLink))
    for thing, (table, about) in KEPT.items():
        kept.update((thing, getattr(each, about)) for each in session.new if isinstance(each, table))


def _things(session: Session, rows: Iterable[object]) -> Iterable[tuple[type, int]]:
    for row in rows:
        if isinstance(row, Risk | Action) and (row in session.new or _is_changed(row)):
            yield type(row), row.id


def _is_changed(row: Risk | Action) -> bool:
    state: InstanceState[Any] = inspect(row)
    columns = (each.key for each in state.mapper.column_attrs if each.key not in NEVER_CHANGES)
    changes = (state.attrs[key].history for key in columns)
    return any(each.has_changes() and each.added != each.deleted for each in changes)


def _ends(link: Link | EndedLink) -> tuple[int, int, str]:
    return link.from_id, link.to_id, link.kind


@event.listens_for(db.session, "before_commit")
def _refuse_what_nobody_kept(session: Session) -> None:
    session.flush()
    unkept = session.info.pop("unkept", set()) - session.info.pop("kept", set())
    if unkept:
        named = sorted(f"{kind.__name__} {' '.join(map(str, which))}" for kind, *which in unkept)
        raise UnkeptChangeError(f"no version was kept of: {', '.join(named)}")


@event.listens_for(db.session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("unkept", None)
    session.info.pop("kept", None)
