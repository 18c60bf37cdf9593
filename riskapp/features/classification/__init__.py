"""Classification: what of a thing is withheld today, as SQL for lists and as facts for single things.

Rule: riskapp.domain.publication. Table: classification.
"""
