"""An anticipated "no", in words that the person who hears it can act on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason for a no: the field it concerns, or None for the whole request, and what to do about it."""

    field: str | None
    message: str


class Cannot(Exception):
    """A rule says no: carries one refusal or several, never none; subclasses stand beside their rule."""

    refusals: tuple[Refusal, ...]

    def __init__(self, *refusals: Refusal) -> None:
        if not refusals:
            raise ValueError("a refusal must say why")
        self.refusals = refusals
        super().__init__(" ".join(refusal.message for refusal in refusals))
