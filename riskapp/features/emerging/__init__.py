"""Emerging: the watch list of what may become a risk, without scores, until it is understood.

Rule: riskapp.domain.life. Policy: life.toml (clause 18.5), reminders.toml (18.6). Tables: emerging_risk, emerging_look.
"""
