"""Drafting: the form that logs a risk, with its preview of what opening would set off and the risks that are alike.

Rules: riskapp.domain.statement, scoring, appetite, escalation_route. Kept by riskapp.features.risks.
"""
