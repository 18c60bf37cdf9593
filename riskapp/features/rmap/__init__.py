"""RMAP: the Risk Management Action Plans as lists, for whoever may read them.

Rule: riskapp.domain.actions, permissions. Tables read: action, action_promise, chase, link, risk, assessment.
"""
