"""The words of a risk, and what happens when two people change them at once: nothing is lost without being seen."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from riskapp.domain.refusal import Cannot, Refusal

LONGEST_TITLE, LONGEST_PART, MOST_PARTS = 150, 500, 12
"""Characters of a title and of a part of the statement, and how many causes or consequences a statement has."""


class CannotReword(Cannot):
    """What was given are no words for a risk."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a risk says and whose it is, but for its owner: posts are ids, `contributors` in order."""

    title: str
    causes: tuple[str, ...]
    event: str
    consequences: tuple[str, ...]
    category: str
    champion: int | None = None
    lead_member: int | None = None
    contributors: tuple[int, ...] = ()

    def changed_from(self, other: Wording) -> tuple[str, ...]:
        """Name the parts in which this differs from another, in their order on the page."""
        return tuple(part.name for part in fields(self) if getattr(self, part.name) != getattr(other, part.name))


@dataclass(frozen=True, slots=True)
class Merged:
    """Two changes of one wording joined: `conflicts` were changed by both, `taken` by the other alone."""

    wording: Wording
    conflicts: tuple[str, ...]
    taken: tuple[str, ...]


def merge(base: Wording, mine: Wording, theirs: Wording) -> Merged:
    """Join what I changed with what somebody else changed since the base; in a conflict mine stays, for me to decide.

    A part that only one of us changed is theirs or mine without a question; one that both changed alike is no conflict.
    """
    i_changed, they_changed = set(mine.changed_from(base)), set(theirs.changed_from(base))
    differing = mine.changed_from(theirs)
    conflicts = tuple(part for part in differing if part in i_changed and part in they_changed)
    taken = tuple(part for part in differing if part in they_changed and part not in i_changed)
    return Merged(replace(mine, **{part: getattr(theirs, part) for part in taken}), conflicts, taken)


def check(wording: Wording, categories: frozenset[str]) -> None:
    """Refuse words that make no risk; fields are "title", "event", "causes", "consequences" and "category"."""
    refusals = []
    if not wording.title.strip():
        refusals.append(Refusal("title", "Give the risk a title of a few words"))
    elif len(wording.title) > LONGEST_TITLE:
        refusals.append(Refusal("title", f"Use at most {LONGEST_TITLE} characters"))
    if not wording.event.strip():
        refusals.append(Refusal("event", "Say what might happen"))
    elif len(wording.event) > LONGEST_PART:
        refusals.append(Refusal("event", f"Use at most {LONGEST_PART} characters"))
    for name, texts in (("causes", wording.causes), ("consequences", wording.consequences)):
        if any(len(text) > LONGEST_PART for text in texts):
            refusals.append(Refusal(name, f"Use at most {LONGEST_PART} characters for each"))
        if len(texts) > MOST_PARTS:
            refusals.append(Refusal(name, f"Give at most {MOST_PARTS}. More of them tell two risks in one"))
    if wording.category not in categories:
        refusals.append(Refusal("category", "Choose one of the categories of the policy"))
    if refusals:
        raise CannotReword(*refusals)
