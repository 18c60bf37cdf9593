"""Challenges: a second score beside an owner's, and its answer; both stay, and few may know whose it was.

Rule: riskapp.domain.challenges. Policy: challenge.toml (chapter 16). Table: challenge.
"""
