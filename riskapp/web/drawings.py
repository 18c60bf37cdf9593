"""Drawings as a template needs them: the picture for a wide page, one for a phone, and the facts for the words.

A drawing follows from its facts alone, so those drawn again and again are kept and not drawn twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from markupsafe import Markup, escape

from riskapp.domain.geometry import bars, bow_tie, matrix, network_map, route_map, ruler, score_chart
from riskapp.domain.geometry.shapes import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Facts = TypeVar("Facts")
_PHONE = 358
KEPT = 128


@dataclass(frozen=True)
class Drawn(Picture):
    """A picture that is written as SVG once, however often it is shown."""

    @classmethod
    def of(cls, picture: Picture) -> Drawn:
        """Take over the shapes of a picture."""
        return cls(picture.width, picture.height, picture.shapes)

    @cached_property
    def svg(self) -> Markup:
        """The shapes as SVG writes them: a page has hundreds, too many for a template's loop."""
        return Markup("".join(_WRITERS[shape.form](shape) for shape in self.shapes))  # noqa: S704 - words are escaped below


@dataclass(frozen=True, slots=True)
class Drawing(Generic[Facts]):
    """A picture for wide pages, one for phones where it differs, and what both were made from."""

    facts: Facts
    wide: Drawn
    phone: Drawn | None = None


def _drawing(facts: Facts, wide: Picture, phone: Picture | None = None) -> Drawing[Facts]:
    return Drawing(facts, Drawn.of(wide), Drawn.of(phone) if phone else None)


@lru_cache(maxsize=KEPT)
def score_over_time(facts: score_chart.ScoreHistory) -> Drawing[score_chart.ScoreHistory]:
    """The chart of a risk's page."""
    return _drawing(facts, score_chart.score_chart(facts, 480, 290), score_chart.score_chart(facts, _PHONE, 270))


@lru_cache(maxsize=KEPT)
def appetite_scale(facts: ruler.Appetite) -> Drawing[ruler.Appetite]:
    """The ruler below the three scores."""
    return _drawing(facts, ruler.appetite_ruler(facts, 408), ruler.appetite_ruler(facts, 300))


def ageing(facts: bars.Bars) -> Drawing[bars.Bars]:
    """How late the overdue are."""
    return _drawing(facts, bars.ageing_bars(facts, 560, 276), bars.ageing_bars(facts, _PHONE, 276))


@lru_cache(maxsize=KEPT)
def statement_bow_tie(facts: bow_tie.BowTie) -> Drawing[bow_tie.BowTie]:
    """Cause, event and consequence; a phone reads the words instead."""
    return _drawing(facts, bow_tie.bow_tie(facts))


def route(facts: route_map.Route) -> Drawing[route_map.Route]:
    """A directorate's route; a phone scrolls it."""
    return _drawing(facts, route_map.route_map(facts))


def network(facts: network_map.Neighbours) -> Drawing[network_map.Neighbours]:
    """A risk's neighbourhood; a phone reads the lists instead."""
    return _drawing(facts, network_map.network_map(facts))


@lru_cache(maxsize=KEPT)
def heat_map(facts: matrix.Matrix) -> Drawing[matrix.Matrix]:
    """The matrix with its counts, for paper and for copying; its words are the table."""
    return _drawing(facts, matrix.heat_map(facts))


def _words(s: Any) -> str:
    anchor = "" if s.anchor == "start" else f' text-anchor="{s.anchor}"'
    look = f'class="d-{s.kind}" x="{s.x:.1f}" y="{s.y:.1f}" font-size="{s.size}" font-weight="{s.weight}"{anchor}'
    return f"<text {look}>{escape(s.text)}</text>"


def _curve(s: Any) -> str:
    (x1, y1), (x2, y2), bend = s.start, s.end, s.bend
    path = f"M{x1:.1f} {y1:.1f}C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    return f'<path class="d-{s.kind}" d="{path}"/>'


def _points(s: Any) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in s.points)


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "words": _words,
    "line": lambda s: f'<polyline class="d-{s.kind}" points="{_points(s)}"/>',
    "curve": _curve,
    "area": lambda s: f'<polygon class="d-{s.kind}" points="{_points(s)}"/>',
    "box": lambda s: (
        f'<rect class="d-{s.kind}" x="{s.x:.1f}" y="{s.y:.1f}" width="{s.width:.1f}" height="{s.height:.1f}"/>'
    ),
    "dot": lambda s: f'<circle class="d-{s.kind}" cx="{s.x:.1f}" cy="{s.y:.1f}" r="{s.radius}"/>',
}
