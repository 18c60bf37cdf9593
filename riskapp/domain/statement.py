"""Advice on a statement of cause, event and consequence: what a good reader would ask, never a block."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Part = Literal["cause", "event", "consequence"]

NEGATES = re.compile(
    r"^\W*(?:(?:we|the council|council|it|they)\s+)?"
    r"(?:fail(?:s|ed|ure|ing)?\s+to\b|failure\s+of\b|inability\b|lack\s+of\b|(?:(?:is|are)\s+)?unable\b"
    r"|non-?(?:delivery|compliance|achievement)\b"
    r"|(?:do|does|is|are|will|can)?\s*not\s+(?:able|achiev|deliver|meet|complet|compl)\w*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Advice:
    """A question to whoever writes the statement, and the part of it that raised the question."""

    field: Part
    message: str


def advise(cause: str, event: str, consequence: str) -> tuple[Advice, ...]:
    """Return advice on a statement, none if it is sound.

    Source: the Orange Book asks for causes, events and consequences, and warns against stating a consequence
    alone or merely negating an objective (Annex 5).
    """
    advice = []
    if not cause.strip():
        advice.append(Advice("cause", "Say what could bring it about. Without a cause nobody can prevent it."))
    if not event.strip():
        advice.append(Advice("event", "Say what would happen, as something that could be seen on a given day."))
    elif NEGATES.match(event):
        message = "This turns an objective round. Say what would happen that stops it being reached."
        advice.append(Advice("event", message))
    if not consequence.strip():
        message = "Say for whom it matters and how much, so that the impact can be scored."
        advice.append(Advice("consequence", message))
    elif _same(event, consequence):
        advice.append(Advice("consequence", "This repeats the event. Say what it would lead to, and for whom."))
    return tuple(advice)


def _same(one: str, other: str) -> bool:
    return re.findall(r"\w+", one.casefold()) == re.findall(r"\w+", other.casefold())
