"""The life of a risk, as its page tells it: mergers into and from it, its near misses, and what happened.

Rule: riskapp.domain.life. Policy: life.toml (chapter 18). The deeds: closures, moves, near_misses, emerging,
issues.
"""
