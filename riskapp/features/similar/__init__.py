"""Similar: risks already on a register that share words with a statement, to join rather than repeat.

Tables read: risk, entity, risk_standing, assessment, and the index of words (riskapp.features.search).
"""
