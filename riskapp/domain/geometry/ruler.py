"""Where a score and its target stand against the two limits of appetite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.domain.geometry.lettering import width_of
from riskapp.domain.geometry.shapes import Box, Line, Picture, Shape, Words, diamond

if TYPE_CHECKING:
    from collections.abc import Iterator

_BAR_TOP, _BAR_HEIGHT = 36.0, 26.0
_BOTH_NAMES = 70  # the width that "Target 9" and "Now 20" need side by side


@dataclass(frozen=True, slots=True)
class Appetite:
    """Both limits on the policy's scale, the current score with the slot of its band, and the target."""

    optimal: int
    tolerable: int
    highest: int
    now: int | None
    band: str
    target: int | None = None
    is_past: bool = False

    @property
    def when(self) -> str:
        """What the current score is called: of today, or of the past day that is shown."""
        return "Then" if self.is_past else "Now"


def appetite_ruler(facts: Appetite, width: float = 408) -> Picture:
    """The scale from nought to the highest score at a width in pixels, 86 high."""
    unit = (width - 2) / facts.highest
    first, second, end = 1 + facts.optimal * unit, 1 + facts.tolerable * unit, width - 1
    shapes: list[Shape] = [
        *_zone("Optimal", 1, first, "ground-2"),
        *_zone("Tolerable", first, second, "ground"),
        *_zone("Beyond tolerable", second, end, "paper"),
        Box(1, _BAR_TOP, width - 2, _BAR_HEIGHT, "frame"),
    ]
    for limit, x in ((facts.optimal, first), (facts.tolerable, second)):
        shapes.append(Line(((x, _BAR_TOP - 4), (x, _BAR_TOP + _BAR_HEIGHT + 4)), "gate"))
        shapes.append(Words(x, 80, str(limit), weight=600, anchor="middle"))
    if end - second > 24:  # noqa: PLR2004 - two figures of 13 px side by side
        shapes.append(Words(end, 80, str(facts.highest), "soft", anchor="end"))
    return Picture(width, 86, (*shapes, *_pointers(facts, unit, width)))


def _zone(name: str, left: float, right: float, kind: str) -> Iterator[Shape]:
    yield Box(left, _BAR_TOP, right - left, _BAR_HEIGHT, kind)
    if width_of(name, 13) + 12 < right - left:
        yield Words(left + 8, 53.5, name, "soft")


def _pointers(facts: Appetite, unit: float, width: float) -> Iterator[Shape]:
    """Diamonds above the scale; the two names part when they would touch."""
    both = facts.now is not None and facts.target is not None
    together = both and abs((facts.now or 0) - (facts.target or 0)) * unit < _BOTH_NAMES
    for name, score, kind in (("Target", facts.target, "target"), (facts.when, facts.now, facts.band)):
        if score is None:
            continue
        x, text = 1 + score * unit, f"{name} {score}"
        half = width_of(text, 13, 600) / 2
        yield Line(((x, 30), (x, _BAR_TOP)), "plan-stem" if name == "Target" else "gate")
        yield diamond(x, 28, 7, kind)
        if together:
            ahead = (facts.now or 0) >= (facts.target or 0)
            right = not ahead if name == "Target" else ahead
            yield Words(x - 2 if right else x + 2, 14, text, weight=600, anchor="start" if right else "end")
        else:
            yield Words(min(max(x, half), width - half), 14, text, weight=600, anchor="middle")
