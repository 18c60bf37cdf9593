"""Marks in tables: score, travel, appetite, rating and bars.

Each says in words what its shape and darkness say. Shapes are artifacts; the words beside them are the
cell's content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskapp.reports import ink
from riskapp.reports.words import Style

if TYPE_CHECKING:
    from riskapp.reports.ink import Fill
    from riskapp.reports.pack_data import Position, RequestState
    from riskapp.reports.paper import Paper

LINE: Final = 12.5
CHIP_WIDTH: Final = 74.0
_TICKS: Final = 5
_BASE: Final = 9.5  # from the top of a cell to the first baseline
_TEXT: Final = Style("RT", 9.5, LINE)
_STRONG: Final = Style("ST", 9.5, LINE)
_QUIET: Final = Style("RT", 9.5, LINE, ink.SECOND)
_AXIS: Final = Style("RT", 8.5, 11, ink.SECOND)
_AXIS_NAME: Final = Style("S", 8.5, 11, ink.SECOND)


class _Mark:
    """A cell one line high."""

    __slots__ = ()

    @property
    def size(self) -> float:
        return _BASE

    def height(self, _paper: Paper, _width: float) -> float:
        return LINE


@dataclass(frozen=True, slots=True)
class Chip(_Mark):
    """A score and its band on the band's colour."""

    score: int
    band: str
    fill: Fill

    def height(self, _paper: Paper, _width: float) -> float:
        return LINE + 0.8

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        del width
        fill = self.fill
        paper.surface.rect((x, top - 1.2), (CHIP_WIDTH, 14.5), fill.ground, fill.edge, 0.7, corner=2)
        units = x + 5 + 2 * paper.typesetter.width("0", "BT", 10.5)
        paper.line(units, top + 9.7, str(self.score), Style("BT", 10.5, LINE, fill.words), side="r")
        size, room = 8.8, CHIP_WIDTH - 26
        wide = paper.typesetter.width(self.band, "S", size)
        size *= min(1.0, room / wide) if wide else 1.0
        paper.line(x + 23, top + 9.5, self.band, Style("S", size, LINE, fill.words))


@dataclass(frozen=True, slots=True)
class Travel(_Mark):
    """How a score moved since the last pack; None before means new, and `gone` says how a risk left."""

    now: int = 0
    was: int | None = None
    gone: str = ""

    def words(self) -> str:
        if self.gone:
            return self.gone
        if self.was is None:
            return "New"
        step = self.now - self.was
        return f"Up {step}" if step > 0 else f"Down {-step}" if step < 0 else "Same"

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        del width
        said = self.words()
        self._shape(paper, said, x, top + 6.2)
        paper.line(x + 13, top + _BASE, said, _QUIET if said == "Same" else _STRONG)

    def _shape(self, paper: Paper, said: str, x: float, mid: float) -> None:
        surface = paper.surface
        if self.gone:
            surface.rect((x + 0.7, mid - 3.3), (6.6, 6.6), ink.WHITE, ink.SECOND, 1.1)
        elif said == "New":
            surface.shape([(x + 4, mid - 4.2), (x + 8.2, mid), (x + 4, mid + 4.2), (x - 0.2, mid)], ink.INK)
        elif said == "Same":
            surface.line((x, mid), (x + 8, mid), 1.4, ink.MID)
        elif said.startswith("Up"):
            surface.shape([(x, mid + 3.6), (x + 8, mid + 3.6), (x + 4, mid - 3.8)], ink.WORSE)
        else:
            points = [(x + 0.5, mid - 3.4), (x + 7.5, mid - 3.4), (x + 4, mid + 3.4)]
            surface.shape(points, ink.WHITE, ink.BETTER, 1.1)


@dataclass(frozen=True, slots=True)
class Stands(_Mark):
    """Where a score stands against appetite: the place of the dark box, and the word."""

    position: Position

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        del width
        dark = {"Within": 0, "Above": 1, "Beyond": 2}.get(self.position)
        for at in range(3):
            fill, edge = (ink.INK, ink.INK) if at == dark else (None, ink.MID)
            paper.surface.rect((x + at * 6.4, top + 2.8), (5.4, 6.6), fill, edge, 0.6)
        paper.line(x + 25, top + _BASE, self.position, _STRONG if self.position == "Beyond" else _TEXT)


@dataclass(frozen=True, slots=True)
class Rating(_Mark):
    """How far something has come: a ring full, half or empty, or a dash, and the word."""

    state: RequestState

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        del width
        mid = (x + 4, top + 6.4)
        if self.state == "Not yet due":
            paper.surface.line((x + 0.3, mid[1]), (x + 7.7, mid[1]), 1.2, ink.SECOND)
        else:
            paper.surface.dot(mid, 3.7, ink.INK if self.state == "Done" else ink.WHITE, ink.INK)
        if self.state == "Partly done":
            paper.surface.half_dot(mid, 3.7, ink.INK)
        paper.line(x + 12.5, top + _BASE, self.state, _STRONG if self.state == "Late" else _TEXT)


@dataclass(frozen=True, slots=True)
class Bar(_Mark):
    """A length out of `most` with its figure at the end; from an upright line at `limit` it is dark."""

    value: int
    most: int
    fill: str = ink.MID
    limit: int | None = None

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        scale = (width - 26) / max(self.most, 1)
        end = x + max(self.value * scale, 0.8)
        if self.limit is None:
            paper.surface.rect((x, top + 2), (end - x, 8.4), self.fill)
        else:
            at = x + self.limit * scale
            paper.surface.rect((x, top + 2), (at - x, 8.4), ink.WITHIN)
            paper.surface.rect((at, top + 2), (max(end - at, 0), 8.4), ink.WORSE)
            paper.surface.line((at, top - 1), (at, top + 13.4), 1.2, ink.INK)
        paper.line(end + 5, top + _BASE, str(self.value), _STRONG)


@dataclass(frozen=True, slots=True)
class Scale(_Mark):
    """Score now, last time, target and limits on a line from 0 to `most`, with figures in other columns."""

    now: int
    most: int
    fill: str
    was: int | None = None
    target: int | None = None
    content_to: int | None = None
    limit: int | None = None

    @property
    def size(self) -> float:
        return 0.0

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        surface, mid = paper.surface, top + 6.4

        def at(value: int) -> float:
            return x + 4 + (width - 8) * value / self.most

        if self.limit is not None:
            content = self.content_to or 0
            surface.rect((at(0), mid - 2.6), (at(content) - at(0), 5.2), ink.CONTENT)
            surface.rect((at(content), mid - 2.6), (at(self.limit) - at(content), 5.2), ink.BEARABLE)
            surface.line((at(self.limit), mid - 6.5), (at(self.limit), mid + 6.5), 1.1, ink.INK)
        surface.line((at(0), mid), (at(self.most), mid), 0.5, ink.MID)
        if self.was not in {None, self.now}:
            surface.line((at(self.was or 0), mid - 4), (at(self.was or 0), mid + 4), 1.1, ink.MID)
        self._target(paper, at(self.now), at(self.target) if self.target is not None else None, mid)

    def _target(self, paper: Paper, now: float, target: float | None, mid: float) -> None:
        surface = paper.surface
        if target is None:
            surface.dot((now, mid), 4.6, self.fill, ink.INK, 0.9)
        elif target == now:
            surface.dot((now, mid), 5.2, None, ink.INK, 1.1)
            surface.dot((now, mid), 3.4, self.fill, ink.INK, 0.9)
        else:
            surface.line((target, mid), (now, mid), 2.2, ink.INK)
            surface.dot((target, mid), 3.3, ink.WHITE, ink.INK, 1.3)
            surface.dot((now, mid), 4.6, self.fill, ink.INK, 0.9)


@dataclass(frozen=True, slots=True)
class ScaleHead:
    """The head of a column of scales: what they show, and figures along them."""

    most: int

    @property
    def size(self) -> float:
        return 0.0

    def height(self, _paper: Paper, _width: float) -> float:
        return 22

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        paper.line(x, top + 8, "Now, target and limit", _AXIS_NAME)
        step = next(step for step in (1, 2, 4, 5, 10, 20, 25, 50, 100, self.most) if self.most / step <= _TICKS)
        for value in range(0, self.most + 1, step):
            paper.line(x + 4 + (width - 8) * value / self.most, top + 19, str(value), _AXIS, side="c")
