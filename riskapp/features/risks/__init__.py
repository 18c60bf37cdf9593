"""Risks: logging, opening, scoring, reviewing and closing them, and the registers that show them.

Rules: riskapp.domain.scoring, appetite, reviews, statement, movement. Policy: scoring, appetite, reviews.
Tables: risk, risk_cause, risk_consequence, assessment, assessment_impact, risk_standing, review, risk_version.
"""
