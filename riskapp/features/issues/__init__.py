"""Issues: risks that happened and what nobody saw coming; their register, the briefing of Members, the surprise log.

Rule: riskapp.domain.issues. Policy: life.toml (clauses 18.7 to 18.9), reminders.toml (18.10). Table: issue.
"""
