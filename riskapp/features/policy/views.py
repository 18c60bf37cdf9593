"""The risk policy as a page: every clause in words, with the matrix and the appetite."""

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from riskapp.domain.permissions import Permission
from riskapp.domain.policy import Policy
from riskapp.domain.toml_reader import Clause
from riskapp.features.policy import queries
from riskapp.web import grids, guards
from riskapp.web.clock import today

blueprint = Blueprint("policy", __name__)

TITLES = {
    "1": ("principles", "Principles"),
    "2": ("access", "Access"),
    "3": ("scoring", "Scoring"),
    "4": ("appetite", "Appetite"),
    "5": ("treatment", "Treatment and plans"),
    "6": ("escalation", "Escalation"),
    "7": ("reviews", "Reviews"),
    "8": ("people", "People"),
    "9": ("actions", "Actions"),
    "10": ("reminders", "Reminders"),
    "11": ("working_time", "Working time"),
    "12": ("papers", "Committee papers"),
    "13": ("exemption", "Exempt information"),
    "14": ("signing_in", "Signing in"),
    "15": ("retention", "Retention"),
    "16": ("challenge", "Challenge"),
    "17": ("quality", "Quality of a risk"),
    "18": ("life", "The life of a risk"),
    "19": ("registers", "Registers"),
}
"""What the chapters are called; the policy numbers its clauses by them."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter with its clauses, in order."""

    number: str
    key: str
    title: str
    clauses: tuple[Clause, ...]


@blueprint.get("/policy")
@guards.requires(Permission.SIGNED_IN)
def policy() -> ResponseReturnValue:
    """Show the version in force."""
    version = queries.in_force(on=today())
    return render_template(
        "policy/policy.html",
        version=version,
        chapters=_chapters(version.policy),
        grid=grids.grid(version.policy.scoring),
        gains=grids.mirrored(version.policy.scoring.opportunity),
    )


def _chapters(policy: Policy) -> tuple[Chapter, ...]:
    numbers = dict.fromkeys(ref.partition(".")[0] for ref in policy.clauses)
    return tuple(
        Chapter(
            number,
            *TITLES.get(number, ("", f"Chapter {number}")),
            tuple(clause for ref, clause in policy.clauses.items() if ref.partition(".")[0] == number),
        )
        for number in numbers
    )
