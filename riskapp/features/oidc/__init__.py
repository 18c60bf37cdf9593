"""Signing in with the council's own accounts (OpenID Connect): links and invitations.

People are known by issuer and subject, for Entra by tenant and object, and never by a mail address. Rule:
riskapp.domain.oidc. Outside: riskapp.adapters.oidc. How to set it up: docs/sign-in-with-entra.md. The roles that a
provider brings are features/app_roles. Tables: external_identity, oidc_flow, oidc_invitation, oidc_session.
"""
