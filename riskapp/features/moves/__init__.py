"""Moves: a risk goes to the team it belongs to, and its history follows.

Policy: life.toml (clause 18.3). How a risk is moved: riskapp.features.risks.
"""
