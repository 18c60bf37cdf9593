"""The audit trail: every change in the transaction that makes it.

Rule: riskapp.domain.audit (events, the chain). Tables: audit_entry, audit_payload, audit_seal.
"""
