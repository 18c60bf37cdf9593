"""The words that Members ask about, in plain English."""

from __future__ import annotations

from typing import Final

from riskapp.reports.pack_data import Term

GLOSSARY: Final = (
    Term("Accountable Body", "The council that answers to government for public money passed to another body."),
    Term("Action", "Something still to be done about a risk, with an owner and a date."),
    Term("Appetite", "How much risk of one kind the council is content with, and the limit of what it will bear."),
    Term("Escalation", "Passing a risk up because it is too big for the level that holds it."),
    Term("Gap", "How far the score now is above the target."),
    Term("Inherent score", "How the risk would stand with no controls at all."),
    Term("Moved", "The date first promised was changed. Every earlier date is kept and shown."),
    Term("Target score", "Where the risk should be, and by when."),
)
