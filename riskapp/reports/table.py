"""Tables: rows that never split, heads that return on each page, and cells of words, marks or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from riskapp.reports import ink
from riskapp.reports.structure import literal
from riskapp.reports.words import STYLES, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from riskapp.reports.paper import Paper

GAP: Final = 8.0
"""White after each column, inside its width."""

_CELL_SIZE: Final = 9.5
_HEAD_GAP: Final = 4.0


class Cell(Protocol):
    """Something that knows its height in a width and draws itself into the open element of a page."""

    @property
    def size(self) -> float:
        """Size of its first line of words, so that the first baselines of a row meet; 0 if it has none."""

    def height(self, paper: Paper, width: float) -> float: ...

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Words:
    """A cell of words; cut at `most` lines, it is given whole in the annex as `full`."""

    text: Text
    style: str = "cell"
    most: int = 0
    full: str = ""

    @property
    def size(self) -> float:
        return STYLES[self.style].size if self.text else 0.0

    def height(self, paper: Paper, width: float) -> float:
        return paper.set(self.text, self.style, width, self.most, self.full).height

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        paper.draw(paper.set(self.text, self.style, width, self.most, self.full), x, top, width)


@dataclass(frozen=True, slots=True)
class Stack:
    """Cells over one another."""

    cells: tuple[Cell, ...]
    gap: float = 0.0

    @property
    def size(self) -> float:
        return self.cells[0].size

    def height(self, paper: Paper, width: float) -> float:
        return sum(cell.height(paper, width) for cell in self.cells) + self.gap * (len(self.cells) - 1)

    def draw(self, paper: Paper, x: float, top: float, width: float) -> None:
        for cell in self.cells:
            cell.draw(paper, x, top, width)
            top += cell.height(paper, width) + self.gap


def named(name: Text, under: Text, full: str, under_style: str = "small") -> Stack:
    """Stack a name over its owner, date or reason, which saves a column."""
    first = Words(name, "name", 3, full)
    return Stack((first, Words(under, under_style, 3, f"{full}: more"))) if under else Stack((first,))


def figure(value: int | str | None, *, bold: bool = False) -> Words:
    """Set a figure right-aligned; a dash for nothing."""
    return Words("–" if value in {None, ""} else str(value), "bold figure" if bold else "figure")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, its width with the white after it, and whether it holds figures."""

    head: str | Cell
    width: float
    is_figures: bool = False

    @property
    def cell(self) -> Cell:
        if not isinstance(self.head, str):
            return self.head
        return Words(self.head, "head r" if self.is_figures else "head l")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of cells; the first `names` columns say what a row is about.

    `rules_at` are the rows that a strong rule stands over. `on_row` is told each row as it is placed.
    """

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]
    summary: str
    name: str = ""
    names: int = 1
    pad: float = 4.4
    rules_at: Collection[int] = ()
    has_head: bool = True
    has_total: bool = False
    x: float = 0.0
    on_row: Callable[[int], None] | None = None

    def draw(self, paper: Paper, keep: int = 2) -> None:
        """Draw at the cursor and move it; at least `keep` rows stay with the head."""
        heights = [self._row_height(paper, row) for row in self.rows]
        head = self._head_height(paper)
        if not paper.has_room(head + sum(heights[:keep])):
            paper.page()
        with paper.surface.element("Table", "/O/Table/Summary" + literal(self.summary)):
            if self.has_head:
                with paper.surface.element("THead"):
                    self._draw_head(paper)
            self._rule(paper, 0.9, ink.INK)
            with paper.surface.element("TBody"):
                for at, row in enumerate(self.rows):
                    self._part_from_last(paper, at, heights)
                    self._draw_row(paper, row, heights[at])
                    if self.on_row:
                        self.on_row(at)
        self._rule(paper, 0.9, ink.INK)

    def _part_from_last(self, paper: Paper, at: int, heights: list[float]) -> None:
        """Rule off the row above, or go on over the page, where no last row and no total stands alone."""
        tail = 3 if self.has_total else 2
        rest = heights[at:] if 1 < at == len(heights) - tail else heights[at : at + 1]
        if not at:
            return
        if paper.has_room(sum(rest)):
            strong = at in self.rules_at or (self.has_total and at == len(heights) - 1)
            self._rule(paper, *((0.9, ink.INK) if strong else (0.4, ink.RULE)))
            return
        self._rule(paper, 0.4, ink.RULE)
        paper.page()
        with paper.surface.artifact():
            if self.name:
                paper.line(
                    self._left(paper),
                    paper.top + 4,
                    f"{self.name}, continued",
                    "small heading",
                    colour=ink.SECOND,
                )
                paper.gap(15)
            if self.has_head:
                self._draw_head(paper)
        self._rule(paper, 0.9, ink.INK)

    def opening(self, paper: Paper) -> float:
        """Height of the head and two rows, which a heading above must bring along."""
        return self._head_height(paper) + sum(self._row_height(paper, row) for row in self.rows[:2])

    def fitting(self, paper: Paper, room: float) -> int:
        """Count the rows that a height holds under the head."""
        room -= self._head_height(paper)
        for at, row in enumerate(self.rows):
            room -= self._row_height(paper, row)
            if room < 0:
                return at
        return len(self.rows)

    def _row_height(self, paper: Paper, row: Sequence[Cell]) -> float:
        base = self._base(row)
        inner = max(
            cell.height(paper, column.width - GAP) + _drop(cell, base)
            for cell, column in zip(row, self.columns, strict=True)
        )
        return inner + 2 * self.pad

    def _base(self, row: Sequence[Cell]) -> float:
        return max((cell.size for cell in row), default=_CELL_SIZE)

    def _head_height(self, paper: Paper) -> float:
        if not self.has_head:
            return 0.0
        return max(column.cell.height(paper, column.width - GAP) for column in self.columns) + _HEAD_GAP

    def _draw_head(self, paper: Paper) -> None:
        tall, x = self._head_height(paper) - _HEAD_GAP, self._left(paper)
        with paper.surface.element("TR"):
            for column in self.columns:
                cell, width = column.cell, column.width - GAP
                with paper.surface.element("TH", "/O/Table/Scope/Column"):
                    cell.draw(paper, x, paper.top + tall - cell.height(paper, width), width)
                x += column.width
        paper.gap(tall + _HEAD_GAP)

    def _draw_row(self, paper: Paper, row: Sequence[Cell], height: float) -> None:
        x, base = self._left(paper), self._base(row)
        with paper.surface.element("TR"):
            for at, (cell, column) in enumerate(zip(row, self.columns, strict=True)):
                tag, scope = ("TH", "/O/Table/Scope/Row") if at < self.names else ("TD", "")
                with paper.surface.element(tag, scope):
                    cell.draw(paper, x, paper.top + self.pad + _drop(cell, base), column.width - GAP)
                x += column.width
        paper.gap(height)

    def _left(self, paper: Paper) -> float:
        return self.x or paper.x

    def _rule(self, paper: Paper, width: float, colour: str) -> None:
        left = self._left(paper)
        right = left + sum(column.width for column in self.columns) - GAP
        paper.surface.line((left, paper.top), (right, paper.top), width, colour)


def _drop(cell: Cell, base: float) -> float:
    """Lower small words so that their first baseline meets the row's."""
    return max(base - cell.size, 0.0) * 0.9 if cell.size else 0.0


def filled(columns: Sequence[Column], width: float) -> tuple[Column, ...]:
    """Give the last column what the others leave of a width."""
    *firsts, last = columns
    rest = width + GAP - sum(column.width for column in firsts)
    return (*firsts, Column(last.head, rest, last.is_figures))
