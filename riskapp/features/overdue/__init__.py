"""Overdue: the desk from which late actions are chased.

Rule: riskapp.domain.overdue, actions. Policy: actions.toml (9.3). Tables: chase; reads action, action_promise.
"""
