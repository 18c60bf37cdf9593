"""The second factor: setting one up, its recovery codes, removing it, and an administrator's reset of another's.

Rule: domain/one_time_codes.py (RFC 6238) and domain/signing_in.py; clauses 14.4 and 14.5 of policies/signing_in.toml.
Technique: a key is encrypted at rest (adapters/encryption.py). Tables: second_factor, recovery_code. The code is asked
for at sign-in, in features/accounts.
"""
