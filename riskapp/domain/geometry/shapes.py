"""The few shapes that every drawing is made of.

Lengths are in pixels of the page at 16 px text, y grows downwards. `kind` names a role ("step", "limit",
"band-4"): the page's style sheet and the paper's palette each say what a role looks like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Line:
    """An open line through its points."""

    form: ClassVar[str] = "line"
    points: tuple[Point, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A cubic curve that leaves its start and meets its end horizontally."""

    form: ClassVar[str] = "curve"
    start: Point
    end: Point
    kind: str

    @property
    def bend(self) -> float:
        """The x of both control points; their y are those of start and end."""
        return (self.start[0] + self.end[0]) / 2


@dataclass(frozen=True, slots=True)
class Area:
    """A closed, filled shape through its points."""

    form: ClassVar[str] = "area"
    points: tuple[Point, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with its top left corner at x, y."""

    form: ClassVar[str] = "box"
    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle around x, y."""

    form: ClassVar[str] = "dot"
    x: float
    y: float
    radius: float
    kind: str


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text whose baseline is at y."""

    form: ClassVar[str] = "words"
    x: float
    y: float
    text: str
    kind: str = "ink"
    size: float = 13
    weight: int = 400
    anchor: Anchor = "start"


Shape = Line | Curve | Area | Box | Dot | Words


@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes in painting order on a ground of this width and height."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


def diamond(x: float, y: float, radius: float, kind: str) -> Area:
    """A square standing on its corner around x, y."""
    return Area(((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)), kind)


def lettered(lines: tuple[str, ...], x: float, middle: float, *, like: Words, leading: float) -> tuple[Words, ...]:
    """Lines of text around a middle height, each with the size, weight, kind and anchor of `like`."""
    first = middle - leading * (len(lines) - 1) / 2 + like.size * 0.35
    return tuple(
        Words(x, first + leading * number, text, like.kind, like.size, like.weight, like.anchor)
        for number, text in enumerate(lines)
    )
