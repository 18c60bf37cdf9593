"""Risks: logging, opening, reviewing and closing them, their pages and the registers' page.

Rules: riskapp.domain.statement, reviews, movement. Policy: reviews. How they are scored: riskapp.features.assessments.
Tables: risk, risk_cause, risk_consequence, review, risk_version.
"""
