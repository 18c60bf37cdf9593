"""What happens to an escalation."""

from datetime import date, datetime

from riskapp.domain.escalation import Trigger
from riskapp.domain.permissions import Actor


def consider(
    subject_id: int,
    *,
    unit_id: int,
    owner_post_id: int | None,
    facts: Trigger,
    by: Actor,
    at: datetime,
    on: date,
) -> None:
    """Raise, join or stand down the escalation of a subject, as the policy says of its facts."""


def stand_down(subject_id: int, *, why: str, by: Actor, at: datetime) -> None:
    """End the live escalation of a subject, if it has one."""
