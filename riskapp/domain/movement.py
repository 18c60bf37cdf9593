"""Direction of travel: how a score has moved between two moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["up", "down", "same", "new", "closed"]


@dataclass(frozen=True, slots=True)
class Travel:
    """Which way a score went; ``was`` is the earlier score, None for a risk that had none."""

    kind: Kind
    was: int | None

    @property
    def words(self) -> str:
        """Say it: "Up from 12", "Down from 16", "Same", "New", "Closed"."""
        if self.kind in {"up", "down"}:
            return f"{self.kind.title()} from {self.was}"
        return self.kind.title()


def travel(was: int | None, now: int | None) -> Travel:
    """Compare the earlier score with the later; None stands for a risk not open at that moment.

    A risk open at neither moment has not travelled: ValueError.
    """
    if was is None and now is None:
        raise ValueError("a risk that was open at neither moment has no direction of travel")
    if now is None:
        return Travel("closed", was)
    if was is None:
        return Travel("new", None)
    if now == was:
        return Travel("same", was)
    return Travel("up" if now > was else "down", was)
