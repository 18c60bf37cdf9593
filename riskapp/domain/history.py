"""The history of a risk: what kind of thing happened, what changed in its words, and what of it is withheld."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from riskapp.domain.audit import Event
from riskapp.domain.publication import EXEMPT, PARTS, Withheld
from riskapp.domain.rewording import Piece, paired, reworded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date


class Kind(StrEnum):
    """What kind of thing happened, for a filter."""

    SCORE = "score"
    WORDS = "words"
    OWNER = "owner"
    LIFE = "life"
    REVIEW = "review"
    ESCALATION = "escalation"
    DECISION = "decision"
    ACTION = "action"
    EXEMPTION = "exemption"
    MAIL = "mail"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The kind as a list of kinds names it."""
        return {
            Kind.SCORE: "Scores, targets and forecasts",
            Kind.WORDS: "Words",
            Kind.OWNER: "Owner and unit",
            Kind.LIFE: "Drafted, opened, closed",
            Kind.REVIEW: "Reviews",
            Kind.ESCALATION: "Escalations and their desks",
            Kind.DECISION: "Decisions",
            Kind.ACTION: "Actions",
            Kind.EXEMPTION: "Exemptions",
            Kind.MAIL: "E-mails",
            Kind.OTHER: "Anything else",
        }[self]


MAIL, DESK = "mail:sent", "escalation:at_a_desk"
"""What happened without an entry of the audit trail: a message was sent, a case came to a desk or found none."""
_KINDS: Mapping[str, Kind] = {
    MAIL: Kind.MAIL,
    Event.RISK_DRAFTED: Kind.LIFE,
    Event.RISK_OPENED: Kind.LIFE,
    Event.RISK_CLOSED: Kind.LIFE,
    Event.RISK_REWORDED: Kind.WORDS,
    Event.RISK_SCORED: Kind.SCORE,
    Event.RISK_REVIEWED: Kind.REVIEW,
    Event.RISK_TAKEN_ON: Kind.OWNER,
    Event.RISK_REHOMED: Kind.OWNER,
    Event.RISK_CLASSIFIED: Kind.EXEMPTION,
    Event.RISK_MARKED_EXEMPT: Kind.EXEMPTION,
    Event.ESCALATION_ACCEPTED: Kind.DECISION,
    Event.ESCALATION_RETURNED: Kind.DECISION,
}
_KINDS_OF_ALL = {"action": Kind.ACTION, "escalation": Kind.ESCALATION}


def kind_of(event: str) -> Kind:
    """Say what kind of thing an event is; one that is not known yet is anything else."""
    return _KINDS.get(event) or _KINDS_OF_ALL.get(event.partition(":")[0], Kind.OTHER)


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark or a decision on a group of a thing's fields, in force from a day until the next on the same group."""

    field_group: str
    level: str
    state: str
    from_on: date
    number: int


def withheld(marks: Iterable[Mark], *, then: date, now: date) -> Withheld:
    """Say what of a past day is withheld today: the stricter of both, and what was decided to be in between.

    A mark that was decided against after that day counts not.
    """
    groups: set[str] = set()
    existence = False
    made = sorted(marks, key=lambda mark: (mark.field_group, mark.from_on, mark.number))
    for mark, following in zip(made, [*made, None][1:], strict=True):
        until = following.from_on if following and following.field_group == mark.field_group else None
        held_since = until is None or until > then
        counts = mark.state == "decided" or mark.from_on <= then or until is None or until > now
        if mark.level in EXEMPT and mark.from_on <= now and held_since and counts:
            groups |= PARTS if mark.field_group == "all" else {mark.field_group}
            existence = existence or mark.level == "withheld"
    return Withheld(frozenset(groups), existence)


class Telling(Enum):
    """How much of an entry is told to a reader."""

    WHOLE = "whole"
    BARE = "bare"
    NOTHING = "nothing"


BARE_DEEDS = frozenset(
    {
        Event.RISK_DRAFTED,
        Event.RISK_OPENED,
        Event.RISK_CLOSED,
        Event.RISK_TAKEN_ON,
        Event.RISK_CLASSIFIED,
        Event.RISK_MARKED_EXEMPT,
    }
)
"""What may be told of a risk of which anything is withheld, without what was said of it."""


def telling(event: str, hidden: frozenset[str]) -> Telling:
    """Say how much of an entry is told to a reader from whom some groups of that day are withheld.

    What somebody wrote may speak of all of the risk: with any part of it withheld no reason is told, and what follows
    from the score, the escalations and the actions not at all. A score is told where the scores are.
    """
    if not hidden:
        return Telling.WHOLE
    if event == Event.RISK_SCORED and "assessment" not in hidden:
        return Telling.WHOLE
    return Telling.BARE if event in BARE_DEEDS else Telling.NOTHING


@dataclass(frozen=True, slots=True)
class Version:
    """What a risk said of itself from an instant on: `named` are its owner, its unit and the like, in words."""

    title: str
    causes: tuple[str, ...]
    event: str
    consequences: tuple[str, ...]
    treatment: str
    treatment_why: str
    named: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """What changed in one field, in the group it belongs to; a field of none (owner, unit) is told to every reader."""

    group: str | None
    label: str
    pieces: tuple[Piece, ...]

    @property
    def before(self) -> str:
        """How it was."""
        return " ".join(piece.words for piece in self.pieces if piece.fate != "in")

    @property
    def after(self) -> str:
        """How it is since."""
        return " ".join(piece.words for piece in self.pieces if piece.fate != "out")


def changes(before: Version, after: Version, hidden: frozenset[str] = frozenset()) -> tuple[Change, ...]:
    """List what changed from one version to the next, without the groups that are withheld."""
    return tuple(change for change in _changes(before, after) if change.group not in hidden)


def _changes(before: Version, after: Version) -> Iterator[Change]:
    yield from _lines("title", "Title", (before.title,), (after.title,))
    yield from _lines("statement", "Cause", before.causes, after.causes)
    yield from _lines("statement", "Event", (before.event,), (after.event,))
    yield from _lines("statement", "Consequence", before.consequences, after.consequences)
    if before.treatment != after.treatment:
        yield Change("plan", "Treatment", (Piece("out", before.treatment), Piece("in", after.treatment)))
    yield from _lines("plan", "Why this treatment", (before.treatment_why,), (after.treatment_why,))
    for label in {**before.named, **after.named}:
        was, now = before.named.get(label, ""), after.named.get(label, "")
        if was != now:
            pieces = (Piece("out", was), Piece("in", now))
            yield Change(None, label, tuple(piece for piece in pieces if piece.words))


def _lines(group: str, label: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    for was, now in paired(before, after):
        if was.split() != now.split():
            yield Change(group, label, reworded(was, now))
