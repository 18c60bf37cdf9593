"""People: the organisation, its posts, who answers for each today, and what roles they hold.

Rule: riskapp.domain.organisation and riskapp.domain.permissions. Tables: unit, post, person, tenure, absence,
role_assignment.
"""
