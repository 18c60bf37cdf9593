"""Holdings: what stands in a unit or on a post, so that nothing is closed over it and nobody is surprised by a change.

Counts and references only: whoever keeps the organisation need not be a reader of its risks.
"""
