"""Put something on the watch list, look at it, and take it off: as a draft risk, or with a reason.

What the trail says of it is about no entity: on the time line of its unit everybody could read it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from riskapp.domain import life as rules
from riskapp.domain.audit import Event
from riskapp.domain.life import CannotWatch
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Refusal
from riskapp.features.audit import service as audit
from riskapp.features.choices.queries import NEVER_OWN
from riskapp.features.policy import queries as policies
from riskapp.models.database import db
from riskapp.models.emerging import EmergingLook, EmergingRisk
from riskapp.models.people import Post, Unit


@dataclass(frozen=True, slots=True)
class NewEmerging:
    """What may become a risk, why it matters, whose unit it is, who watches it, and when it is looked at first."""

    key: str
    title: str
    why: str
    unit_id: int
    watcher_post_id: int
    look_on: date | None = None


def watch(new: NewEmerging, *, by: Actor, at: datetime, on: date) -> EmergingRisk:
    """Put something on the watch list (policy 18.5); the same form sent twice is kept once."""
    known = db.session.scalars(select(EmergingRisk).where(EmergingRisk.key == new.key)).first()
    if known is not None:
        return known
    refusals = []
    if not new.title.strip():
        refusals.append(Refusal("title", "Give it a title of a few words"))
    if not new.why.strip():
        refusals.append(Refusal("why", "Say why it matters"))
    unit = db.session.get(Unit, new.unit_id)
    if unit is None or unit.closed_on is not None:
        refusals.append(Refusal("unit", "Choose the team or unit it may hit"))
    post = db.session.get(Post, new.watcher_post_id)
    if post is None or post.closed_on is not None or post.kind in set(NEVER_OWN) - {"risk_champion"}:
        refusals.append(Refusal("watcher", "Choose the post that watches it"))
    if refusals:
        raise CannotWatch(*refusals)
    row = EmergingRisk(
        key=new.key,
        unit_id=new.unit_id,
        watcher_post_id=new.watcher_post_id,
        title=new.title.strip(),
        why=new.why.strip(),
        added_on=on,
        added_at=at,
        look_on=rules.check_look(policies.in_force(on=on).policy, new.look_on, on),
    )
    db.session.add(row)
    db.session.flush()
    after = {"emerging": row.key, "title": row.title, "watcher_post_id": row.watcher_post_id, "look_on": row.look_on}
    audit.record(Event.EMERGING_ADDED, by=by, at=at, after=after)
    return row


def look(row: EmergingRisk, *, note: str, look_on: date | None, by: Actor, at: datetime, on: date) -> None:
    """Record a look at what is watched, and when the next is."""
    _need_watched(row)
    if not note.strip():
        raise CannotWatch(Refusal("note", "Say in one line what you saw"))
    before, row.look_on = row.look_on, rules.check_look(policies.in_force(on=on).policy, look_on, on)
    sitting = by.sitting(row.watcher_post_id) or by.post
    db.session.add(
        EmergingLook(
            emerging_risk_id=row.id,
            looked_on=on,
            note=note.strip(),
            by_post_id=sitting.post_id if sitting else None,
        )
    )
    audit.record(
        Event.EMERGING_LOOKED_AT,
        by=by,
        at=at,
        before={"look_on": before},
        after={"emerging": row.key, "title": row.title, "look_on": row.look_on},
        why=note.strip(),
    )


def drop(row: EmergingRisk, *, why: str, by: Actor, at: datetime, on: date) -> None:
    """Take it off the watch list with a reason."""
    _need_watched(row)
    if not why.strip():
        raise CannotWatch(Refusal("why", "Say why it is dropped. The reason stays on the record"))
    row.state, row.ended_on, row.ended_why = "dropped", on, why.strip()
    after = {"emerging": row.key, "title": row.title}
    audit.record(Event.EMERGING_DROPPED, by=by, at=at, after=after, why=why.strip())


def promoted(key: str, risk_id: int, *, by: Actor, at: datetime, on: date) -> None:
    """Keep that a risk was logged from the watch list."""
    row = db.session.scalars(select(EmergingRisk).where(EmergingRisk.key == key)).one()
    if row.risk_id == risk_id:
        return
    _need_watched(row)
    row.state, row.risk_id, row.ended_on = "promoted", risk_id, on
    after = {"emerging": row.key, "title": row.title, "watched_since": row.added_on}
    audit.record(Event.EMERGING_PROMOTED, by=by, at=at, subject_id=risk_id, after=after)


def _need_watched(row: EmergingRisk) -> None:
    if row.state != "watched":
        raise CannotWatch(Refusal(None, "It is off the watch list already. Load the page again"))
