"""A strip of figures in a row: a label, a large figure, and what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskapp.reports import ink
from riskapp.reports.words import Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskapp.reports.pack_data import Figure
    from riskapp.reports.paper import Paper

_GUTTER: Final = 14.0


def draw_strip(paper: Paper, figures: Sequence[Figure], size: float) -> None:
    """Draw figures at the cursor in equal columns; a figure too wide for its column is set smaller."""
    width = (paper.width - _GUTTER * (len(figures) - 1)) / max(len(figures), 1)
    tall = 0.0
    for at, figure in enumerate(figures):
        x = paper.x + at * (width + _GUTTER)
        paper.surface.line((x, paper.top), (x + width, paper.top), 0.9, ink.INK)
        with paper.surface.element("P"):
            tall = max(tall, _draw(paper, figure, x, width, size))
    paper.gap(tall + 12)


def _draw(paper: Paper, figure: Figure, x: float, width: float, size: float) -> float:
    label = paper.set(figure.label, "label", width, 1)
    paper.draw(label, x, paper.top + 6, width)
    value = paper.typesetter.drawable(figure.value)
    wide = paper.typesetter.width(value, "B", size)
    fits = size * min(1.0, width / wide) if wide else size
    if fits < size / 2:  # no figure is that long: words have come in its place
        value, fits = value[: int(len(value) * 2 * width / wide) - 1] + "…", size / 2
    base = 6 + label.height + 4 + size * 0.74
    paper.line(x, paper.top + base, value, Style("B", fits, size))
    note = paper.set(figure.note, "note", width, 1)
    paper.draw(note, x, paper.top + base + 5.5, width)
    return base + 5.5 + note.height
