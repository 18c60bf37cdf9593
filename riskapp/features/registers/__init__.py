"""Registers: views over the risks that a reader may see, never copies; their heat map, counts and movement.

Rules: riskapp.domain.movement, appetite. Tables read: risk, risk_standing, assessment, unit, post, link.
"""
