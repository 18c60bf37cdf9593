"""Scopes: which risks stand on which register, and what is said of it. A register is a view: a risk has one home.

Rule: the tiers of the policy's escalation chapter (6). Tables read: risk, unit, post, link, escalation_case,
escalation_desk.
"""
