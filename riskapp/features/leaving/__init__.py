"""Leaving: what becomes of each post when somebody moves or goes, on what day access ends, and how it is undone.

Rule: riskapp.domain.staffing. Policy: people.toml. Table: departure.
"""
