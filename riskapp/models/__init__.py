"""What we remember: the tables, and nothing that decides."""

from riskapp.models import (
    accounts,
    actions,
    audit,
    bodies,
    champions,
    clock,
    entity,
    escalation,
    imports,
    packs,
    people,
    plan,
    policy,
    reminders,
    risks,
    staffing,
)

__all__ = [
    "accounts",
    "actions",
    "audit",
    "bodies",
    "champions",
    "clock",
    "entity",
    "escalation",
    "imports",
    "packs",
    "people",
    "plan",
    "policy",
    "reminders",
    "risks",
    "staffing",
]
