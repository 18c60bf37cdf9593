"""Choices: the units, posts and plan items that a form or a filter offers to one reader.

Tables read: unit, post, plan_item, risk.
"""
