"""Near misses: what nearly happened, told in three questions and without blame, and what is made of it.

Rule: riskapp.domain.life. Policy: life.toml (clause 18.4). Table: near_miss.
"""
