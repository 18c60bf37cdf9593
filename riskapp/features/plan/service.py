"""Keep the improvement plan as records."""

from datetime import datetime

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.features.audit import service as audit
from riskapp.models.database import db
from riskapp.models.entity import Link, new_entity
from riskapp.models.plan import PlanItem


def add_item(*, kind: str, code: str, position: int, title: str, text: str, by: Actor, at: datetime) -> PlanItem:
    """Add a Direction, priority, workstream, objective, outcome or assurance approach."""
    entity = new_entity(db.session(), kind, title)
    item = PlanItem(id=entity.id, kind=kind, code=code, position=position, text=text)
    db.session.add(item)
    db.session.flush()
    audit.record(Event.PLAN_RECORDED, by=by, at=at, subject_id=item.id, after={"kind": kind, "title": title})
    return item


def connect(from_id: int, to_id: int, kind: str) -> None:
    """Link two items: an objective belongs to a workstream and serves a Direction, an approach tests an outcome."""
    db.session.add(Link(from_id=from_id, to_id=to_id, kind=kind))
