"""The life of a risk, as its page tells it: what it was merged into, and what was merged into it.

Rule: riskapp.domain.life. Policy: life.toml (chapter 18). The deeds: closures, moves. Table: risk_merger.
"""
