"""Narrowing: the conditions and the orders of a register, for every column that it can show.

Rules: riskapp.domain.columns, movement, search. Tables read: risk, risk_standing, assessment, review, action, link,
escalation_case, escalation_desk.
"""
