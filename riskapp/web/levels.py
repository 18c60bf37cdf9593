"""The policy's scales as a level grid asks for them, and the columns of a form that answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from wtforms import Field, Form

    from riskapp.domain.scoring import Scheme

BASES = (("inherent", "Inherent", "no controls"), ("current", "Current", "today"), ("target", "Target", "plan done"))
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


def impacts(scheme: Scheme) -> tuple[Step, ...]:
    """Give each impact with its meaning for all kinds: style shows the kind chosen, and all where it cannot."""
    steps = []
    for value in scheme.impacts:
        found = [(number, kind.label, kind.level(value)) for number, kind in enumerate(scheme.dimensions, start=1)]
        said = [(_KIND.format(number, label, level.meaning), level.word) for number, label, level in found if level]
        steps.append(Step(value, said[0][1] if said else "", Markup("").join(words for words, _word in said)))
    return tuple(steps)


def columns(form: Form, axis: str) -> tuple[Column, ...]:
    """List the bases for which the form has a field on this axis, likelihood or impact."""
    names = ((f"{basis}_{axis}", basis, title, note) for basis, title, note in BASES)
    return tuple(Column(basis, title, note, form[name]) for name, basis, title, note in names if name in form)
