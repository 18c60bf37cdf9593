"""Drawings as a template needs them: the picture for a wide page, one for a phone, and the facts for the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from riskapp.domain.geometry import bars, bow_tie, matrix, route_map, ruler, score_chart

if TYPE_CHECKING:
    from riskapp.domain.geometry.shapes import Curve, Picture, Point

Facts = TypeVar("Facts")
_PHONE = 358


@dataclass(frozen=True, slots=True)
class Drawing(Generic[Facts]):
    """A picture for wide pages, one for phones where it differs, and what both were made from."""

    facts: Facts
    wide: Picture
    phone: Picture | None = None


def score_over_time(facts: score_chart.ScoreHistory) -> Drawing[score_chart.ScoreHistory]:
    """The chart of a risk's page."""
    return Drawing(facts, score_chart.score_chart(facts, 480, 290), score_chart.score_chart(facts, _PHONE, 270))


def appetite_scale(facts: ruler.Appetite) -> Drawing[ruler.Appetite]:
    """The ruler below the three scores."""
    return Drawing(facts, ruler.appetite_ruler(facts, 408), ruler.appetite_ruler(facts, 300))


def ageing(facts: bars.Bars) -> Drawing[bars.Bars]:
    """How late the overdue are."""
    return Drawing(facts, bars.ageing_bars(facts, 560, 276), bars.ageing_bars(facts, _PHONE, 276))


def statement_bow_tie(facts: bow_tie.BowTie) -> Drawing[bow_tie.BowTie]:
    """Cause, event and consequence; a phone reads the words instead."""
    return Drawing(facts, bow_tie.bow_tie(facts))


def route(facts: route_map.Route) -> Drawing[route_map.Route]:
    """A directorate's route; a phone scrolls it."""
    return Drawing(facts, route_map.route_map(facts))


def heat_map(facts: matrix.Matrix) -> Drawing[matrix.Matrix]:
    """The matrix with its counts, for paper and for copying; its words are the table."""
    return Drawing(facts, matrix.heat_map(facts))


def points_of(points: tuple[Point, ...]) -> str:
    """Points as SVG writes them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def curve_path(curve: Curve) -> str:
    """A curve as SVG writes it."""
    (x1, y1), (x2, y2), bend = curve.start, curve.end, curve.bend
    return f"M{x1:.1f} {y1:.1f}C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
