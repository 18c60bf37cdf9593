"""Founding: a council made from files that describe it: policy, units, posts, people, plan, boards and bodies.

Files: riskapp/features/founding/council/*.toml.
"""
