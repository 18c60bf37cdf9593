"""The history of a risk: a time line of everything, and its score over time.

Rules: riskapp.domain.history (what is told to whom), rewording (words, word by word).
Tables read: audit_entry, assessment, risk_version, escalation_event, occurrence, message, classification.
"""
