"""Closures: a risk merged into another that says the same, and one that is opened again.

Rule: riskapp.domain.life. Policy: life.toml (clauses 18.1 and 18.2). Table: risk_merger. How a risk is closed or opened
again: riskapp.features.risks.
"""
