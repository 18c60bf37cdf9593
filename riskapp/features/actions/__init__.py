"""Actions: what is being done about a risk, by whom and by when, with every date that was ever promised.

Rule: riskapp.domain.actions. Policy: actions.toml (clauses 5.4 and 9). Tables: action, action_promise, action_update,
chase; what an action serves are its `treats` links.
"""
