"""Boards and committees: what each is for, and which posts sit on it, as chair, vice or member, from when to when.

Rule: riskapp.domain.organisation. Tables: board, board_member. Their meetings and papers are the matter of packs.
"""
