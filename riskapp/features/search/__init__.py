"""Search: which risks hold some words, in no part that is withheld from the reader.

Rules: riskapp.domain.search. Index: riskapp.models.search, kept by the database (migration 0013).
"""
