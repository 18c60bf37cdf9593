"""Tolerances: how a risk is treated, and who accepted one above appetite as it is, until which day.

Rule: riskapp.domain.tolerances. Policy: treatment.toml (chapter 5). Table: tolerance.
"""
