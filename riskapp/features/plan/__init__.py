"""Plan: the council's improvement and recovery plan as records that risks can threaten.

Table: plan_item.
"""
