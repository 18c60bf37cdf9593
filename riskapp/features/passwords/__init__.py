"""Passwords: choosing the first, choosing anew when it is forgotten, and changing it.

Rule: domain/signing_in.py, with clauses 14.1, 14.2 and 14.6 in policies/signing_in.toml. A page takes down who asked
and the clock answers, so that nothing tells whether an account exists; the link's token is made as the mail leaves.
Tables: password_request, password_link, person.
"""
