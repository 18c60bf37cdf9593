"""What a page is drawn on.

The plain surface draws nothing: it serves the first pass, which learns where things fall.
Coordinates run from the top left of the page in points; `top` is the distance down from the top edge.
Words belong to the structure element that is open; marks are artifacts unless a figure is open.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskapp.reports.fonts import Weight

Point = tuple[float, float]
Dash = tuple[float, float] | None


class Surface:
    """Takes every stroke and word, and shows none."""

    def page(self, width: float, height: float) -> None:
        """Begin a page of a size."""

    def words(self, x: float, top: float, text: str, weight: Weight, size: float, colour: str) -> None:
        """Draw one line of words; `top` is their baseline."""

    def heard(self, x: float, top: float, text: str) -> None:
        """Place words without ink, for those who listen."""

    def line(self, start: Point, end: Point, width: float, colour: str, dash: Dash = None) -> None:
        """Draw a straight line."""

    def rect(
        self,
        at: Point,
        size: Point,
        fill: str | None = None,
        edge: str | None = None,
        width: float = 0.5,
        corner: float = 0,
    ) -> None:
        """Draw a box from its top left corner."""

    def shape(
        self,
        points: Sequence[Point],
        fill: str | None = None,
        edge: str | None = None,
        width: float = 0.5,
    ) -> None:
        """Draw a closed shape of straight sides."""

    def dot(
        self, centre: Point, radius: float, fill: str | None = None, edge: str | None = None, width: float = 1
    ) -> None:
        """Draw a circle."""

    def half_dot(self, centre: Point, radius: float, fill: str) -> None:
        """Fill the left half of a circle."""

    @contextmanager
    def element(self, tag: str, attributes: str = "", alternative: str = "") -> Iterator[None]:
        """Open a structure element, as PDF 1.7 section 14.8.4 names it, inside the one that is open."""
        del tag, attributes, alternative
        yield

    @contextmanager
    def figure(self, alternative: str, at: Point, size: Point) -> Iterator[None]:
        """Open a figure: words and marks inside are its content, `alternative` says what it shows."""
        del alternative, at, size
        yield

    @contextmanager
    def artifact(self) -> Iterator[None]:
        """Draw words that are no part of the text, such as running heads."""
        yield

    def link(self, place: str, says: str, at: Point, size: Point) -> None:
        """Make a box of the open `Link` element jump to a place."""

    def place(self, name: str, top: float) -> None:
        """Name a place on this page that links may jump to."""

    def bookmark(self, place: str, title: str, level: int) -> None:
        """Add a line to the outline, level 0 the highest."""
