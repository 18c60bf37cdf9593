"""What we remember: the tables, and nothing that decides."""

from riskapp.models import (
    accounts,
    actions,
    audit,
    bodies,
    clock,
    entity,
    escalation,
    exemption,
    packs,
    people,
    plan,
    policy,
    reminders,
    risks,
)

__all__ = [
    "accounts",
    "actions",
    "audit",
    "bodies",
    "clock",
    "entity",
    "escalation",
    "exemption",
    "packs",
    "people",
    "plan",
    "policy",
    "reminders",
    "risks",
]
