"""Staffing: the people of the council, who joins, which posts they have and when they are away.

Rule: riskapp.domain.staffing. Policy: people.toml. Tables: person, tenure, absence, role_assignment.
Who moves or leaves is `leaving`, who champions a unit `champions`; all three stand in one place, "People".
"""
