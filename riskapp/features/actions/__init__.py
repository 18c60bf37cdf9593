"""Actions: the Risk Management Action Plan, what it promised, and what is late.

Rule: riskapp.domain.actions. Policy: actions.toml. Tables: action, action_promise, action_update, chase.
"""
