"""Keep what nearly happened, and what is made of it: linked to a risk, logged as one, or left with a reason."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.audit import service as audit
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.near_misses import NearMiss
from riskapp.models.people import Unit
from riskapp.models.risks import Risk

NO_RISK = "There is no such risk that you may read. Give a reference such as R-7K4QX, or leave it empty"


class CannotTell(Cannot):
    """What was told is not enough, or has not happened yet."""


class CannotSettle(Cannot):
    """It is settled already, or what was given settles nothing."""


@dataclass(frozen=True, slots=True)
class NewNearMiss:
    """What nearly happened, where and when, what stopped it, and the risk it is about, if that is known."""

    key: str
    what: str
    stopped_by: str
    unit_id: int
    happened_on: date
    risk: str = ""


def tell(new: NewNearMiss, *, by: Actor, at: datetime, on: date) -> NearMiss:
    """Keep a near miss (policy 18.4), and nothing of who told; the same form sent twice is kept once."""
    known = db.session.scalars(select(NearMiss).where(NearMiss.key == new.key)).first()
    if known is not None:
        return known
    risk = _risk(new.risk, by, on) if new.risk.strip() else None
    _check(new, risk, on)
    row = NearMiss(
        key=new.key,
        unit_id=new.unit_id,
        what=new.what.strip(),
        stopped_by=new.stopped_by.strip(),
        happened_on=new.happened_on,
        told_on=on,
        told_at=at,
        state="linked" if risk else "new",
        risk_id=risk.id if risk else None,
        settled_on=on if risk else None,
    )
    db.session.add(row)
    db.session.flush()
    after = {"near_miss": row.key, "unit_id": row.unit_id, "happened_on": row.happened_on}
    # About nothing but itself: on the time line of its unit or risk, who told would stand beside it.
    audit.record(Event.NEAR_MISS_TOLD, by=by, at=at, after=after)
    return row


def _check(new: NewNearMiss, risk: Risk | None, on: date) -> None:
    refusals = []
    if not new.key or len(new.key) > 40:  # noqa: PLR2004 - what the column holds
        refusals.append(Refusal(None, "Load the page again, then send it once more"))
    if not new.what.strip():
        refusals.append(Refusal("what", "Say what nearly happened"))
    if not new.stopped_by.strip():
        refusals.append(Refusal("stopped_by", "Say what stopped it. “Luck” is an answer too"))
    unit = db.session.get(Unit, new.unit_id)
    if unit is None or unit.closed_on is not None:
        refusals.append(Refusal("unit", "Choose the team or unit where it was"))
    if new.happened_on > on:
        refusals.append(Refusal("happened_on", "That day has not come yet. Give the day on which it nearly happened"))
    if new.risk.strip() and risk is None:
        refusals.append(Refusal("risk", NO_RISK))
    if refusals:
        raise CannotTell(*refusals)


def _risk(reference: str, by: Actor, on: date) -> Risk | None:
    return db.session.scalars(
        select(Risk)
        .join(Entity, Entity.id == Risk.id)
        .where(Entity.reference == reference.strip().upper(), readers.readable(by, on=on))
    ).first()


def link(near_miss_id: int, *, reference: str, by: Actor, at: datetime, on: date) -> NearMiss:
    """Link a near miss to a risk that the actor may read; the risk's history says so."""
    row = _to_settle(near_miss_id)
    risk = _risk(reference, by, on)
    if risk is None:
        raise CannotSettle(Refusal("risk", "There is no such risk that you may read. Give a reference such as R-7K4QX"))
    row.state, row.risk_id, row.settled_on = "linked", risk.id, on
    after = {"near_miss": row.key, "happened_on": row.happened_on}
    audit.record(Event.NEAR_MISS_LINKED, by=by, at=at, subject_id=risk.id, after=after)
    return row


def logged(key: str, risk_id: int, *, by: Actor, at: datetime, on: date) -> None:
    """Keep that a risk was logged from a near miss."""
    found = db.session.scalars(select(NearMiss).where(NearMiss.key == key)).one()
    if found.risk_id == risk_id:
        return
    row = _to_settle(found.id)
    row.state, row.risk_id, row.settled_on = "logged", risk_id, on
    after = {"near_miss": row.key, "happened_on": row.happened_on}
    audit.record(Event.NEAR_MISS_LOGGED, by=by, at=at, subject_id=risk_id, after=after)


def leave(near_miss_id: int, *, why: str, by: Actor, at: datetime, on: date) -> NearMiss:
    """Say why nothing more is done."""
    row = _to_settle(near_miss_id)
    if not why.strip():
        raise CannotSettle(Refusal("why", "Say why nothing more is done. The reason stays on the record"))
    row.state, row.settled_on, row.settled_why = "left", on, why.strip()
    audit.record(Event.NEAR_MISS_LEFT, by=by, at=at, after={"near_miss": row.key}, why=why.strip())
    return row


def _to_settle(near_miss_id: int) -> NearMiss:
    """Take a near miss in hand, so that of two who settle it at once the slower is told."""
    row = db.session.scalars(select(NearMiss).where(NearMiss.id == near_miss_id).with_for_update()).one()
    if row.state != "new":
        raise CannotSettle(Refusal(None, "Somebody has settled it already. Load the page again"))
    return row
