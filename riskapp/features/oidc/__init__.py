"""Signing in with the council's own accounts (OpenID Connect): links, invitations, and roles that a provider brings.

People are known by issuer and subject, for Entra by tenant and object, and never by a mail address. Rule:
riskapp.domain.oidc. Outside: riskapp.adapters.oidc. Policy: access.toml (2.5). How to set it
up: docs/sign-in-with-entra.md. Tables: external_identity, oidc_flow, oidc_invitation, oidc_session, oidc_role.
"""
