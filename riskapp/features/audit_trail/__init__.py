"""The audit trail as it is read, witnessed, verified and erased: search, time lines, checkpoints, retention.

Rule: riskapp.domain.audit (the chain), audit_check (what was done to it), checkpoints, retention.
Policy: retention.toml. Tables: audit_checkpoint, audit_verification, audit_erasure.
Entries are written and sealed by riskapp.features.audit.
"""
