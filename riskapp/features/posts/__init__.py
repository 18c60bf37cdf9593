"""Posts: what duties attach to; added to a unit, renamed, closed when nothing is theirs, and opened again.

Rule: riskapp.domain.organisation. Tables: post, tenure. Who sits in a post is the matter of people.
"""
