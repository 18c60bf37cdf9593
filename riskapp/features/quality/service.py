"""What answers a check of quality: a reason, given by those who score the risk, for as long as its scores stand."""

from datetime import datetime

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.quality import Check
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.assessments import service as assessments
from riskapp.features.audit import service as audit
from riskapp.models.database import db
from riskapp.models.quality import QualityReason
from riskapp.models.risks import Risk


class CannotExplain(Cannot):
    """The check takes no reason, or none was given."""


def explain(risk: Risk, check: Check, *, why: str, by: Actor, at: datetime) -> QualityReason:
    """Keep why a risk is kept as it is; the check asks no more until one of its three scores moves."""
    if not check.takes_a_reason:
        raise CannotExplain(Refusal(None, "No reason answers this. Do what it asks"))
    if not why.strip():
        raise CannotExplain(Refusal("why", "Say why it is right as it is"))
    standing, sitting = assessments.standing(risk), by.sitting(risk.owner_post_id) or by.post
    row = QualityReason(
        risk_id=risk.id,
        check_key=check.key,
        inherent_id=standing.inherent_id,
        current_id=standing.current_id,
        target_id=standing.target_id,
        why=why.strip(),
        at=at,
        by_post_id=sitting.post_id if sitting else None,
        by_id=by.person_id,
    )
    db.session.add(row)
    audit.record(Event.RISK_EXPLAINED, by=by, at=at, subject_id=risk.id, after={"check": check.label}, why=why.strip())
    return row
