"""Packs: boards and committees, their meetings, and the frozen papers made for them.

Rule: riskapp.domain.packs. Policy: packs.toml. Tables: board, meeting, pack, pack_part.
"""
