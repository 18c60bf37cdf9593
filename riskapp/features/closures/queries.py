"""What a merger of two risks would take along."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from riskapp.domain.life import Mergeable
from riskapp.domain.permissions import Actor, Permission, may
from riskapp.features.readers import queries as readers
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.closures import RiskMerger
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.risks import Risk, RiskDuty


def target(actor: Actor, reference: str, *, on: date) -> Risk | None:
    """Find a risk into which the actor may merge another: one whose words the actor may change.

    One that is not there, that the actor may not read or may not change is none of them alike.
    """
    row = db.session.scalars(
        select(Risk)
        .join(Entity, Entity.id == Risk.id)
        .where(Entity.reference == reference.strip().upper(), readers.readable(actor, on=on))
    ).first()
    if row is None or not may(actor, Permission.RISK_REWORD, readers.facts(risk_id=row.id, on=on)):
        return None
    return row


def mergeable(actor: Actor, risk: Risk, *, on: date) -> Mergeable:
    """Gather what a merger asks of a risk."""
    del actor
    facts = readers.facts(risk_id=risk.id, on=on)
    into = (
        select(Entity.reference)
        .join(RiskMerger, RiskMerger.into_id == Entity.id)
        .where(RiskMerger.risk_id == risk.id, RiskMerger.undone_on.is_(None))
    )
    return Mergeable(
        reference=db.session.get_one(Entity, risk.id).reference,
        kind=risk.kind,
        status=risk.status,
        merged_into=db.session.scalar(into),
        exempt_groups=facts.exempt_groups,
        is_existence_withheld=facts.is_existence_withheld,
    )


@dataclass(frozen=True, slots=True)
class Takes:
    """What goes over with a risk: links as they will be, actions that will treat the other too, posts with a part."""

    links: tuple[tuple[int, int, str], ...]
    action_ids: tuple[int, ...]
    post_ids: tuple[int, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How much of each goes over."""
        return {"links": len(self.links), "actions": len(self.action_ids), "posts": len(self.post_ids)}


def takes(actor: Actor, risk: Risk, into: Risk) -> Takes:
    """Work out what a merger takes over: nothing that the other has already."""
    del actor
    links = db.session.scalars(select(Link).where(or_(*(_touches(each.id) for each in (risk, into)))))
    had: set[tuple[int, int, str]] = set()
    new: dict[tuple[int, int, str], None] = {}
    actions: dict[int, None] = {}
    for link in sorted(links, key=lambda each: each.id):
        if into.id in {link.from_id, link.to_id}:
            had.add((link.from_id, link.to_id, link.kind))
        elif link.kind == "treats":
            actions[link.from_id] = None
        else:
            ends = [into.id if end == risk.id else end for end in (link.from_id, link.to_id)]
            new[ends[0], ends[1], link.kind] = None
    live = select(Action.id).where(Action.id.in_(actions), Action.status.in_(OPEN_STATUSES)).order_by(Action.id)
    return Takes(
        links=tuple(each for each in new if each not in had),
        action_ids=tuple(each for each in db.session.scalars(live) if (each, into.id, "treats") not in had),
        post_ids=_posts(risk, into),
    )


def _touches(risk_id: int) -> Any:
    return or_(Link.from_id == risk_id, Link.to_id == risk_id)


def _posts(risk: Risk, into: Risk) -> tuple[int, ...]:
    """The owner and the contributors, but for those who have a part in the other already."""
    duties = select(RiskDuty).where(RiskDuty.risk_id.in_((risk.id, into.id)), RiskDuty.to_on.is_(None))
    rows = db.session.scalars(duties.order_by(RiskDuty.id)).all()
    there = {into.owner_post_id, *(row.post_id for row in rows if row.risk_id == into.id)}
    wanted = [
        risk.owner_post_id,
        *(row.post_id for row in rows if row.risk_id == risk.id and row.duty == "contributor"),
    ]
    return tuple(post for post in dict.fromkeys(wanted) if post not in there)
