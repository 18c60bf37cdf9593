"""Accounts: signing in and out, with sessions that live on the server.

Rule: argon2id for passwords, 256-bit tokens kept as their SHA-256, a delay that grows with failures and never locks.
Tables: person, web_session, sign_in_failure.
"""
