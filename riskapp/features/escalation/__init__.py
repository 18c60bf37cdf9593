"""Escalation: cases that go up the route, the desks they stand on, and what is done there.

Rules: riskapp.domain.escalation, escalation_route, escalation_states. Policy: escalation.toml.
Tables: escalation_case, escalation_desk, escalation_event.
"""
