"""Organisation: the tree of units: added, renamed, moved, merged, closed and opened again.

Rule: riskapp.domain.organisation. Tables: unit, merger. Posts and boards have features of their own above this one;
files of units and people are read by riskapp.features.imports.
"""
