"""Readers: who may read which risk, as SQL for lists and as facts for one thing.

Rule: riskapp.domain.permissions.
Tables: exempt_read (who read what is exempt; every room that shows it writes there). Tables read: risk, unit, link,
action, escalation_case, escalation_desk, tolerance, classification.
"""
