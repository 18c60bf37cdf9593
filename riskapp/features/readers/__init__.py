"""Readers: who may read which risk, as SQL for lists and as facts for one thing.

Rule: riskapp.domain.permissions.
Tables read: risk, unit, link, action, escalation_case, escalation_desk, classification.
"""
