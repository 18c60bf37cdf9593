"""Figures: every row that a paper counts, as it stood on a day, read once.

Rules: riskapp.domain.pack_source, publication. Tables: those of risks, actions, escalations and bodies.
"""
