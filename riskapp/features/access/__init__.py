"""Access: who has which role, who was let in by name, and emergencies; two people for each.

Rule: riskapp.domain.access, permission_table. Policy: access.toml (2). Tables: role_proposal, role_assignment,
named_grant, broken_glass.
"""
