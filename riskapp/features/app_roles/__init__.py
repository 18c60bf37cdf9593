"""App roles: what a sign-in provider says that somebody is, and the roles here that it brings and ends.

Rule: riskapp.domain.app_roles. Policy: access.toml (2.5). Tables: oidc_role, oidc_claim.
"""
