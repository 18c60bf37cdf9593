"""Wording: a risk's statement and the posts with a part in it, changed by those who keep it; and expert advice on it.

Rule: riskapp.domain.wording. Tables: risk, risk_cause, risk_consequence, risk_duty, risk_version, expertise.
"""
