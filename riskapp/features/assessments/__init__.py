"""Assessments: a score checked against the policy's scales, kept for good, put in force, or proposed and agreed.

Rules: riskapp.domain.scoring, appetite, reviews. Policy: scoring, appetite, reviews.
Tables: assessment, assessment_impact, risk_standing.
"""
