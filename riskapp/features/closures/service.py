"""Merge a risk into another that says the same; it is undone by opening it again."""

from datetime import date, datetime

from riskapp.domain import life as rules
from riskapp.domain.audit import Event
from riskapp.domain.life import CannotMerge
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Refusal
from riskapp.features.audit import service as audit
from riskapp.features.closures import queries
from riskapp.features.risks import service as risks
from riskapp.models.closures import RiskMerger
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.risks import Risk, RiskDuty

NOT_THERE = "There is no such risk that you may change. Give the reference of one, such as R-7K4QX"


def merge(risk: Risk, *, into: str, why: str, by: Actor, at: datetime, on: date) -> RiskMerger:
    """Merge a risk into the one with a reference (policy 18.2): it is closed, and what it had goes over.

    Both are kept as a new version, so that of two who merge the two into each other at once one is told to look again.
    """
    target = queries.target(by, into, on=on)
    if target is None:
        raise CannotMerge(Refusal("into", NOT_THERE))
    rules.may_merge(queries.mergeable(by, risk, on=on), queries.mergeable(by, target, on=on))
    if not why.strip():
        raise CannotMerge(Refusal("why", "Say how they are the same. The reason stays on both records"))
    taken = queries.takes(by, risk, target)
    risks.close(risk, why=why, by=by, at=at, on=on)
    db.session.add_all(Link(from_id=one, to_id=other, kind=kind) for one, other, kind in taken.links)
    db.session.add_all(Link(from_id=each, to_id=target.id, kind="treats") for each in taken.action_ids)
    db.session.add_all(
        RiskDuty(risk_id=target.id, post_id=each, duty="contributor", from_on=on) for each in taken.post_ids
    )
    row = RiskMerger(
        risk_id=risk.id,
        into_id=target.id,
        why=why.strip(),
        merged_on=on,
        merged_at=at,
        by_post_id=by.post.post_id if by.post else None,
        by_id=by.person_id,
    )
    db.session.add(row)
    risks.keep_version(target, at=at, on=on)
    names = [db.session.get_one(Entity, each.id).reference for each in (risk, target)]
    audit.record(Event.RISK_MERGED, by=by, at=at, subject_id=risk.id, after={"into": names[1]}, why=why.strip())
    told = {"merged": names[0], **taken.counts}
    audit.record(Event.RISK_TOOK_OVER, by=by, at=at, subject_id=target.id, after=told, why=why.strip())
    return row
