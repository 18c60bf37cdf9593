"""Network: how risks are linked to each other, to the plan and to bodies; what drives what, and what follows.

Rule: riskapp.domain.network. Tables: link (shared; what others add to it is read too). Tables read: entity, risk, unit.
"""
