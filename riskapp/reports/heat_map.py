"""Heat maps of the last meeting and of now: one table of two halves that share the words for likelihood."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskapp.reports import ink
from riskapp.reports.structure import literal
from riskapp.reports.words import Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskapp.reports.pack_data import Level, Score
    from riskapp.reports.paper import Paper
    from riskapp.reports.scheme import Scheme

_LABELS: Final = 74.0
_GUTTER: Final = 19.0
_TALLEST: Final = 56.0
_ROOM: Final = 230.0
_ITEM_SIZE: Final = 8.5
_NAMED: Final = 6
"""Items in a cell that are named; of more, only the count is given."""


@dataclass(frozen=True, slots=True)
class Half:
    """One map: its title, the day of its figures, where each risk stands, and their items or none."""

    title: str
    day: str
    scores: tuple[Score, ...]
    items: tuple[int, ...] = ()

    def by_cell(self) -> dict[tuple[int, int], list[int]]:
        cells: dict[tuple[int, int], list[int]] = defaultdict(list)
        for at, score in enumerate(self.scores):
            cells[score.likelihood, score.impact].append(self.items[at] if self.items else 0)
        return cells


class HeatMap:
    """Draws one or two halves of any matrix at the cursor."""

    def __init__(self, paper: Paper, scheme: Scheme, halves: Sequence[Half]) -> None:
        self.paper, self.scheme, self.halves = paper, scheme, halves
        likelihood, impact = scheme.matrix.likelihood, scheme.matrix.impact
        gutters = _GUTTER * (len(halves) - 1)
        room = paper.width - _LABELS - gutters if len(halves) > 1 else (paper.width - _LABELS) * 0.72
        self.half = room / len(halves)
        self.cell = (self.half + 2) / len(impact)
        self.row = min(_TALLEST, _ROOM / len(likelihood))
        self.lefts = [paper.x + _LABELS + at * (self.half + _GUTTER) for at in range(len(halves))]
        self.foot = paper.top + 22

    def draw(self) -> None:
        paper, rows = self.paper, len(self.scheme.matrix.likelihood)
        summary = "Number of risks in each cell: likelihood down, impact across" + (
            ", last meeting then now" if len(self.halves) > 1 else ""
        )
        with paper.surface.element("Table", "/O/Table/Summary" + literal(summary)):
            with paper.surface.element("THead"):
                self._titles()
                self._impacts()
            with paper.surface.element("TBody"):
                for at, level in enumerate(reversed(self.scheme.matrix.likelihood)):
                    self._draw_row(level, self.foot + at * self.row)
        with paper.surface.artifact():
            paper.line(paper.x, self.foot + rows * self.row + 10, "Impact", "label")
        paper.top = self.foot + rows * self.row + 32

    def item_lines(self, items: list[int]) -> list[str]:
        """Give item numbers in at most two even lines; none where there are too many for the cell."""
        if not items or len(items) > _NAMED:
            return []
        for count in (1, 2):
            each = -(-len(items) // count)
            parts = [", ".join(map(str, items[at : at + each])) for at in range(0, len(items), each)]
            lines = [part + "," for part in parts[:-1]] + parts[-1:]
            if max(self.paper.typesetter.width(line, "RT", _ITEM_SIZE) for line in lines) < self.cell - 6:
                return lines
        return []

    @property
    def names_all(self) -> bool:
        """Say whether every item stands in its cell by number."""
        named = (half for half in self.halves if half.items)
        return all(self.item_lines(items) for half in named for items in half.by_cell().values())

    def _titles(self) -> None:
        paper, surface = self.paper, self.paper.surface
        with surface.element("TR"):
            with surface.element("TH", "/O/Table/Scope/Column/RowSpan 2"):
                paper.line(paper.x, paper.top + 11, "Likelihood", "label")
            for half, x in zip(self.halves, self.lefts, strict=True):
                span = f"/O/Table/Scope/Column/ColSpan {len(self.scheme.matrix.impact)}"
                with surface.element("TH", span):
                    wide = paper.line(x, paper.top + 11, half.title, "heading")
                    paper.line(x + wide + 8, paper.top + 11, half.day, Style("R", 10, 14, ink.SECOND))

    def _impacts(self) -> None:
        paper, top = self.paper, self.foot + len(self.scheme.matrix.likelihood) * self.row
        with paper.surface.element("TR"):
            for x in self.lefts:
                for at, level in enumerate(self.scheme.matrix.impact):
                    with paper.surface.element("TH", "/O/Table/Scope/Column"):
                        centre = x + self.cell * at + (self.cell - 2) / 2
                        paper.line(centre, top + 10, str(level.value), Style("B", 9.5, 11), side="c")
                        name = paper.set(level.name, Style("R", 8.5, 10, ink.SECOND, "c"), self.cell + 6, 1)
                        paper.draw(name, centre - self.cell / 2 - 3, top + 12.4, self.cell + 6)

    def _draw_row(self, level: Level, top: float) -> None:
        paper = self.paper
        with paper.surface.element("TR"):
            with paper.surface.element("TH", "/O/Table/Scope/Row"):
                name = paper.set(level.name, "label", _LABELS - 24, 3)
                paper.draw(name, paper.x, top + self.row / 2 - 1 - name.height / 2, _LABELS - 24)
                base = top + self.row / 2 + 2.2
                paper.line(paper.x + _LABELS - 8, base, str(level.value), Style("B", 9.5, 11), side="r")
            for half, x in zip(self.halves, self.lefts, strict=True):
                cells = half.by_cell()
                for at, impact in enumerate(self.scheme.matrix.impact):
                    here = cells.get((level.value, impact.value), [])
                    names = [item for item in here if item]
                    self._draw_cell((level.value, impact.value), x + at * self.cell, top, len(here), names)

    def _draw_cell(self, pair: tuple[int, int], x: float, top: float, count: int, items: list[int]) -> None:
        surface, wide, high = self.paper.surface, self.cell - 2, self.row - 2
        cell = self.scheme.cell(*pair)
        fill = self.scheme.fill(cell.band if cell else "")
        surface.rect((x, top), (wide, high), fill.ground if count else fill.tint)
        if fill.ground == ink.WHITE:
            edge = fill.edge if count else ink.RULE
            surface.rect((x + 0.3, top + 0.3), (wide - 0.6, high - 0.6), None, edge, 0.5)
        with surface.element("TD"):
            if count:
                self._draw_count(x + wide / 2, top, fill.words, count, items)
            else:
                surface.heard(x + wide / 2, top + high / 2, "none ")

    def _draw_count(self, centre: float, top: float, colour: str, count: int, items: list[int]) -> None:
        paper, lines = self.paper, self.item_lines(items)
        base = top + self.row / 2 + 4.2 - 5.2 * len(lines)
        paper.line(centre, base, str(count), Style("B", 15, 18, colour), side="c")
        what = "risk" if count == 1 else "risks"
        paper.surface.heard(centre, base, f"{what}, item{'' if count == 1 else 's'} " if lines else f"{what} ")
        for at, line in enumerate(lines):
            paper.line(centre, base + 11.2 + 9.4 * at, line, Style("RT", _ITEM_SIZE, 10, colour), side="c")


def draw_tally(paper: Paper, scheme: Scheme, halves: Sequence[Half]) -> None:
    """Draw counts by band under each map: the key to the maps and the first finding."""
    plan = HeatMap(paper, scheme, halves)
    count = len(scheme.bands)
    wide = (plan.half - 2 * (count - 1)) / count
    for half, left in zip(halves, plan.lefts, strict=True):
        counts = Counter(score.band for score in half.scores)
        with paper.surface.element("P"):
            paper.surface.heard(left, paper.top + 14, f"{half.title}: ")
        for at, band in enumerate(scheme.bands):
            fill, x = scheme.fill(band.name), left + at * (wide + 2)
            paper.surface.rect((x, paper.top), (wide, 30), fill.ground, fill.edge, 0.7, corner=2)
            with paper.surface.element("P"):
                number = Style("B", 14, 16, fill.words)
                paper.line(x + wide / 2, paper.top + 14.5, str(counts[band.name]), number, side="c")
                name = paper.set(band.name, Style("S", 8.5, 10, fill.words, "c"), wide - 2, 1)
                paper.draw(name, x + 1, paper.top + 16.7, wide - 2)
    with paper.surface.element("P"):
        paper.draw(paper.set("Risks in each band", "label", 60), paper.x, paper.top + 5, 60)
    paper.gap(40)
