"""The policy's scales as a level grid asks for them, and the columns of a form that answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from riskapp.domain import appetite
from riskapp.domain.scoring import Rating
from riskapp.web import grids

if TYPE_CHECKING:
    from collections.abc import Callable

    from wtforms import Field, Form

    from riskapp.domain.policy import Policy
    from riskapp.domain.scoring import Scheme

BASES = (
    ("inherent", "Inherent", "no controls"),
    ("current", "Current", "today"),
    ("target", "Target", "plan done"),
    ("forecast", "Forecast", "year end"),
)
UNAIDED = "left alone"
"""What goes with the inherent score of an opportunity, which no control holds down."""
_KIND = Markup('<span class="kind kind--{}"><span class="kind__name">{}: </span>{}</span>')


@dataclass(frozen=True, slots=True)
class Step:
    """A level of impact: its value, its word, and what it means for every kind of harm."""

    value: int
    word: str
    meaning: Markup


@dataclass(frozen=True, slots=True)
class Column:
    """A basis and the field that takes its level."""

    basis: str
    title: str
    note: str
    field: Field


def scheme_of(policy: Policy, kind: str) -> Scheme:
    """Give the scheme of a kind of risk, to show it by; an opportunity is shown even if a later policy has none."""
    return policy.scoring if kind == "threat" else policy.scoring.opportunity or policy.scoring


def impacts(scheme: Scheme) -> tuple[Step, ...]:
    """Give each impact with its meaning for all kinds: style shows the kind chosen, and all where it cannot."""
    steps = []
    for value in scheme.impacts:
        found = [(number, kind.label, kind.level(value)) for number, kind in enumerate(scheme.dimensions, start=1)]
        said = [(_KIND.format(number, label, level.meaning), level.word) for number, label, level in found if level]
        steps.append(Step(value, said[0][1] if said else "", Markup("").join(words for words, _word in said)))
    return tuple(steps)


def columns(form: Form, axis: str, kind: str = "threat") -> tuple[Column, ...]:
    """List the bases for which the form has a field on this axis, likelihood or impact."""
    found = []
    for basis, title, note in BASES:
        if f"{basis}_{axis}" in form:
            said = UNAIDED if kind == "opportunity" and basis == "inherent" else note
            found.append(Column(basis, title, said, form[f"{basis}_{axis}"]))
    return tuple(found)


def rating_of(scheme: Scheme) -> Callable[[str], Rating]:
    """Find a band by its key; one that only an earlier policy knew keeps its name and the mildest look."""
    known = {rating.key: rating for rating in scheme.ratings}
    return lambda key: known.get(key) or Rating(key, key.replace("_", " ").capitalize(), 1, 1)


def ratings_of(policy: Policy) -> Callable[[str, str], Rating]:
    """Find a band by the kind of risk and its key: opportunities have bands of their own under the same keys."""
    known = {kind: rating_of(scheme_of(policy, kind)) for kind in ("threat", "opportunity")}
    return lambda kind, key: known[kind](key)


def shown(form: Form, policy: Policy, category: str | None, kind: str = "threat") -> dict[str, object]:
    """Give a page with level grids all that its macros draw; with a category the preview says the appetite too."""
    scheme, has_limits = policy.scoring.of(kind), kind == "threat" and category in policy.appetite.categories
    return {
        "scheme": scheme,
        "likelihoods": scheme.likelihood,
        "impacts": impacts(scheme),
        "likelihood_columns": columns(form, "likelihood", kind),
        "impact_columns": columns(form, "impact", kind),
        "preview": grids.grid(scheme, position=_position(policy, category) if category and has_limits else None),
    }


def _position(policy: Policy, category: str) -> Callable[[int], str]:
    return lambda score: appetite.position(policy, category, score).key
