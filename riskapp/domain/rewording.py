"""What changed in words, word by word."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Fate = Literal["kept", "out", "in"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stayed, were taken out or were put in."""

    fate: Fate
    words: str


def reworded(before: str, after: str) -> tuple[Piece, ...]:
    """Compare two texts by their words; what is kept and taken out is the one, kept and put in the other."""
    old, new = before.split(), after.split()
    return tuple(_pieces(old, new))


def _pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for what, start, end, begin, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            yield Piece("kept", " ".join(old[start:end]))
            continue
        if start < end:
            yield Piece("out", " ".join(old[start:end]))
        if begin < stop:
            yield Piece("in", " ".join(new[begin:stop]))


def paired(before: Sequence[str], after: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Pair the lines of a list that changed: one against the other, or against nothing; lines that stayed are left."""
    found: list[tuple[str, str]] = []
    for what, start, end, begin, stop in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what != "equal":
            old, new = before[start:end], after[begin:stop]
            longer = max(len(old), len(new))
            found += zip([*old, *[""] * (longer - len(old))], [*new, *[""] * (longer - len(new))], strict=True)
    return tuple(found)
