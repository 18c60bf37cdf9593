"""Logout that the sign-in provider tells of, server to server: who signs out there is signed out here.

Rule: riskapp.domain.logout (OpenID Connect Back-Channel Logout 1.0). Outside: riskapp.adapters.oidc. How to set it up:
docs/sign-in-with-entra.md. Tables: oidc_session, oidc_logout.
"""
