"""Duties: what hangs on each post, and the posts with duties that nobody answers for today.

Rule: riskapp.domain.staffing. Tables: risk, action, escalation_desk, tenure, absence.
"""
