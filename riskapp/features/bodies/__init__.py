"""Bodies: the companies, partnerships and other bodies that the council has an interest in.

Tables: body, appointment, governance_review, body_money.
"""
