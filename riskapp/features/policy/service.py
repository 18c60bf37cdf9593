"""Adopt a version of the risk policy: check the whole set, keep it unchanged for good, and say from when it counts."""

import json
from datetime import date, datetime, timedelta

from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.policy import Documents, canonical, fingerprint, parse_policy
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.audit import service as audit
from riskapp.features.policy import queries
from riskapp.models.database import db
from riskapp.models.policy import PolicyVersion


class CannotAdopt(Cannot):
    """The set is already kept, or would begin before the one in force."""


def adopt(documents: Documents, *, by: Actor, at: datetime, on: date) -> PolicyVersion:
    """Bring a policy into force from a day on; a faulty set is refused with every fault, one known already too."""
    policy = parse_policy(documents)
    mark = fingerprint(documents)
    if db.session.scalar(select(PolicyVersion.id).where(PolicyVersion.fingerprint == mark)) is not None:
        raise CannotAdopt(Refusal("policies", "These documents were adopted before. Change them, then adopt them"))
    latest = db.session.scalars(select(PolicyVersion).where(PolicyVersion.in_force_to.is_(None))).first()
    if latest is not None:
        if on <= latest.in_force_from:
            day = latest.in_force_from
            raise CannotAdopt(Refusal("on", f"Choose a day after {day:%-d %B %Y}, when the present policy began"))
        latest.in_force_to = on - timedelta(days=1)
    version = PolicyVersion(
        number=str(policy.number),
        documents=json.loads(canonical(documents)),
        fingerprint=mark,
        approved_by=policy.approved_by,
        adopted_at=at,
        in_force_from=on,
    )
    db.session.add(version)
    db.session.flush()
    queries.forget()
    audit.record(Event.POLICY_ADOPTED, by=by, at=at, after={"number": version.number, "fingerprint": mark, "from": on})
    return version
