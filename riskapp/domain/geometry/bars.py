"""Bars from nought: how many, and how many of them matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.domain.geometry.lettering import width_of
from riskapp.domain.geometry.shapes import Box, Line, Picture, Shape, Words

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Bar:
    """A named count, and how many of it matter."""

    label: str
    count: int
    that_matter: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in order, with the words for what matters, for the rest and for the axis."""

    bars: tuple[Bar, ...]
    that_matter: str
    the_rest: str
    axis: str


def ageing_bars(facts: Bars, width: float = 560, height: float = 276) -> Picture:
    """Two-part bars at a width and height in pixels: the part that matters is solid and at the foot."""
    foot, room = height - 46, height - 100
    tallest = max((bar.count for bar in facts.bars), default=0) or 1
    stride = width / max(len(facts.bars), 1)
    columns = (
        shape
        for number, bar in enumerate(facts.bars)
        for shape in _column(bar, stride * (number + 0.5), foot, room / tallest, min(58.0, stride * 0.72))
    )
    return Picture(
        width,
        height,
        (
            *_legend(facts, width),
            *columns,
            Line(((2, foot), (width - 2, foot)), "axis"),
            Words(width / 2, height - 6, facts.axis, "soft", anchor="middle"),
        ),
    )


def _column(bar: Bar, x: float, foot: float, unit: float, width: float) -> Iterator[Shape]:
    solid, rest = bar.that_matter * unit, (bar.count - bar.that_matter) * unit
    left, top = x - width / 2, foot - solid - rest
    if rest:
        yield Box(left + 0.5, top, width - 1, rest, "tint")
    if solid:
        yield Box(left, foot - solid, width, solid, "accent-box")
    if solid > 18:  # noqa: PLR2004 - a number of 14 px needs 18 px of ground
        yield Words(x, foot - solid + 17, str(bar.that_matter), "inverse", 14, 600, "middle")
    yield Words(x, top - 7, str(bar.count), size=16, weight=700, anchor="middle")
    yield Words(x, foot + 19, bar.label, size=13, anchor="middle")


def _legend(facts: Bars, width: float) -> Iterator[Shape]:
    """Both parts named on one line, or on two where one is too short."""
    solid = f"{facts.that_matter}, {sum(bar.that_matter for bar in facts.bars)}"
    rest = f"{facts.the_rest}, {sum(bar.count - bar.that_matter for bar in facts.bars)}"
    second = 2 + 21 + width_of(solid, 13.5) + 24
    fits = second + 21 + width_of(rest, 13.5) < width
    x, y = (second, 2.0) if fits else (2.0, 22.0)
    yield Box(2, 2, 14, 14, "accent-box")
    yield Words(23, 14, solid, size=13.5)
    yield Box(x + 0.5, y + 0.5, 13, 13, "tint")
    yield Words(x + 21, y + 12, rest, size=13.5)
