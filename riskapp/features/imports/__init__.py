"""Imports: units and people from a CSV file: shown line by line first, then applied whole or not at all.

Rule: riskapp.domain.imports and riskapp.domain.import_plan. Tables: import_preview; it writes unit, person and tenure.
"""
