"""The life of a risk, as its page tells it: what it was merged into, what was merged into it, and its near misses.

Rule: riskapp.domain.life. Policy: life.toml (chapter 18). The deeds: closures, moves, near_misses, emerging.
"""
