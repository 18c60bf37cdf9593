"""How to read the paper: the scheme of scores, the marks, what the council will bear, and the words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskapp.reports import ink
from riskapp.reports.marks import LINE, Stands, Travel
from riskapp.reports.table import Column, Table, Words, figure, filled
from riskapp.reports.words import Style

if TYPE_CHECKING:
    from riskapp.reports.pack_data import Level, PackData
    from riskapp.reports.paper import Paper
    from riskapp.reports.scheme import Scheme
    from riskapp.reports.table import Cell

_QUIET = Style("R", 9.5, LINE, ink.SECOND)


def draw(paper: Paper, data: PackData, scheme: Scheme, number: str) -> None:
    paper.page(f"{number} How to read this paper")
    with paper.surface.element("Sect"):
        said = "A score joins how likely a risk is with how much it would hurt. "
        said += f"The policy gives each pair its score, up to {scheme.most}."
        paper.head(number, "How to read this paper", said, "reading")
        _draw_score(paper, scheme)
        paper.gap(22)
    with paper.surface.element("Sect"):
        paper.sub("The marks")
        _draw_marks(paper, scheme)
        paper.gap(14)
    if data.appetites:
        with paper.surface.element("Sect"):
            _draw_appetites(paper, data)
    if data.glossary:
        _draw_words(paper, data)


def _draw_score(paper: Paper, scheme: Scheme) -> None:
    """Draw the matrix beside what its levels mean."""
    start, left = paper.top, paper.x + 232
    width = paper.x + paper.width - left
    paper.sub("The score", width=200)
    _draw_matrix(paper, scheme, paper.x, paper.top)
    end = paper.top + 5 * 36 + 30
    paper.top = start
    for title, levels in (
        ("Likelihood", scheme.matrix.likelihood),
        ("Impact, the worst that applies", scheme.matrix.impact),
    ):
        paper.sub(title, x=left, width=width)
        _levels(levels, left, width, title).draw(paper, keep=1)
        paper.gap(12)
    paper.top = max(paper.top, end)


def _levels(levels: tuple[Level, ...], x: float, width: float, title: str) -> Table:
    rows = [
        (figure(level.value, bold=True), Words(level.name, most=2), Words(level.meaning, most=2))
        for level in reversed(levels)
    ]
    columns = filled((Column("", 22, is_figures=True), Column("", 92), Column("", 0)), width)
    return Table(columns, rows, f"{title} levels", names=2, pad=2.2, has_head=False, x=x)


def _draw_matrix(paper: Paper, scheme: Scheme, x: float, top: float) -> None:
    likelihood, impact = scheme.matrix.likelihood, scheme.matrix.impact
    cell, labels = min(180 / max(len(likelihood), 1), 180 / max(len(impact), 1)), 20.0
    bands = "; ".join(f"{band.name.lower()} is {scheme.range_of(band.name)}" for band in scheme.bands)
    wide, high = labels + cell * len(impact), cell * len(likelihood)
    with paper.surface.figure(f"Matrix of scores: {bands}.", (x, top), (wide, high + 28)):
        for row, level in enumerate(reversed(likelihood)):
            paper.line(x + 10, top + (row + 0.5) * cell + 3, str(level.value), Style("B", 9.5, 12), side="r")
            for at, across in enumerate(impact):
                pair = level.value, across.value
                _draw_score_cell(paper, scheme, pair, x + labels + at * cell, top + row * cell, cell - 2)
        for at, across in enumerate(impact):
            paper.line(
                x + labels + (at + 0.5) * cell - 1,
                top + high + 9,
                str(across.value),
                Style("B", 9.5, 12),
                side="c",
            )
        said = "Impact across, likelihood up"
        paper.line(x + labels + (wide - labels) / 2 - 1, top + high + 22, said, "note", side="c")


def _draw_score_cell(paper: Paper, scheme: Scheme, pair: tuple[int, int], x: float, top: float, side: float) -> None:
    cell = scheme.cell(*pair)
    if cell is None:
        return
    fill = scheme.fill(cell.band)
    paper.surface.rect((x, top), (side, side), fill.ground)
    if fill.ground == ink.WHITE:
        paper.surface.rect((x + 0.3, top + 0.3), (side - 0.6, side - 0.6), None, fill.edge, 0.6)
    paper.line(x + side / 2, top + side / 2 + 4.3, str(cell.score), Style("B", 11.5, 14, fill.words), side="c")


def _draw_marks(paper: Paper, scheme: Scheme) -> None:
    top = paper.top
    highest = {cell.band: cell for cell in sorted(scheme.matrix.cells, key=lambda cell: cell.score)}
    scores: list[tuple[Cell, str]] = [
        (scheme.chip(highest[band.name]), scheme.range_of(band.name))
        for band in reversed(scheme.bands)
        if band.name in highest
    ]
    travel: list[tuple[Cell, str]] = [
        (Travel(4, 2), "worse"),
        (Travel(2, 4), "better"),
        (Travel(2, 2), "no change"),
        (Travel(2, None), "not there last time"),
        (Travel(gone="Closed"), "or merged"),
    ]
    stands: list[tuple[Cell, str]] = [
        (Stands("Within"), "content"),
        (Stands("Above"), "bearable, with a plan"),
        (Stands("Beyond"), "over the limit"),
        (Stands("Not set"), "not agreed yet"),
    ]
    x, ends = paper.x, []
    for width, title, marks, indent in (
        (148, "Score", scores, 84),
        (149, "Since the last meeting", travel, 62),
        (156, "Against appetite", stands, 70),
    ):
        paper.surface.line((x, top), (x + width, top), 0.9, ink.INK)
        with paper.surface.element("P"):
            paper.line(x, top + 13, title, "label")
        for at, (mark, says) in enumerate(marks):
            down = top + 21 + at * 19
            with paper.surface.element("P"):
                mark.draw(paper, x, down, width)
                paper.line(x + indent, down + 9.5, says, _QUIET)
        ends.append(top + 21 + len(marks) * 19)
        x += width + 20
    paper.top = max(ends) + 4


def _draw_appetites(paper: Paper, data: PackData) -> None:
    note = "For each kind of risk: content up to the first figure; beyond the second, the committee is told."
    paper.sub("What the council is willing to bear", note, keep=60)
    kinds: dict[tuple[str, int | None, int | None], list[str]] = {}
    for each in data.appetites:
        kinds.setdefault((each.level or "Not yet set", each.content_to, each.limit), []).append(each.category)
    ordered = sorted(kinds.items(), key=lambda item: (item[0][2] is None, item[0][2] or 0))
    rows = [
        (Words(level, "name"), Words(", ".join(names)), figure(content), figure(limit))
        for (level, content, limit), names in ordered
    ]
    columns = (
        Column("Appetite", 90),
        Column("Kinds of risk", paper.width - 222),
        Column("Content up to", 72, is_figures=True),
        Column("Limit", 0, is_figures=True),
    )
    Table(
        filled(columns, paper.width),
        rows,
        "Appetite by kind of risk",
        name="What the council is willing to bear",
    ).draw(paper)


def _draw_words(paper: Paper, data: PackData) -> None:
    paper.page()
    with paper.surface.element("Sect"):
        said = "If a word in this paper is neither here nor plain, tell us: it should be one or the other."
        paper.part("The words we use", said, "words")
        columns = filled((Column("Word", 150), Column("What it means", 0)), paper.width)
        rows = [(Words(term.word, "name"), Words(term.meaning, "about")) for term in data.glossary]
        Table(columns, rows, "Glossary", name="The words we use", pad=4.6).draw(paper)
