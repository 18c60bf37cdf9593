"""Accounts: signing in and out, with sessions that live on the server.

Rule: domain/signing_in.py and domain/one_time_codes.py, with clauses in policies/signing_in.toml.
Technique: argon2id for passwords, 256-bit tokens kept as their SHA-256, a delay that grows with wrong tries and never
locks. Tables: person, web_session, sign_in_failure, second_factor, recovery_code.
Choosing a password is features/passwords, setting up a second factor features/second_factor.
"""
