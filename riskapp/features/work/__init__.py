"""Work: what wants each person today, in order of time, and what the council's readers want to know first.

Rules: riskapp.domain.work, calendar. Tables read: risk, action, escalation_desk, assessment, review.
"""
