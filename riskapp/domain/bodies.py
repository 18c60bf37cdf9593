"""External bodies in words: their kinds, the council's roles in them, and the headings of a governance review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNTABLE: Final = "accountable_body"

KINDS: Final[Mapping[str, str]] = {
    "freeport": "Freeport",
    "wholly_owned_company": "Wholly owned company",
    "joint_venture": "Joint venture",
    "partnership": "Partnership",
    "joint_committee": "Joint committee",
    "charity": "Charity",
    "grant_funded": "Grant-funded body",
}

ROLES: Final[Mapping[str, str]] = {
    ACCOUNTABLE: "Accountable Body",
    "shareholder": "Shareholder",
    "lender": "Lender",
    "guarantor": "Guarantor",
    "funder": "Funder",
    "billing_authority": "Billing authority",
    "lead_authority": "Lead authority",
}
"""The council's parts in a body, the one that binds it most first."""

HEADINGS: Final[Mapping[str, str]] = {
    "constitutional": "Constitutional arrangements",
    "decision_making": "Decision-making",
    "risk": "Risk",
    "reporting": "Reporting",
    "representation": "Representation",
}
"""The headings of a governance review: the plan's four under Direction J, and representation."""

RATINGS: Final = ("weak", "partly", "sound", "strong")
"""How well a heading is kept, from the worst."""


def role_words(roles: tuple[str, ...]) -> str:
    """Say the council's roles, the one that binds it most first: "Accountable Body, funder"."""
    said = [words for key, words in ROLES.items() if key in roles]
    return ", ".join([*said[:1], *(words[:1].lower() + words[1:] for words in said[1:])])
