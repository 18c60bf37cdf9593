"""What stands at the head and foot of every page: paper, section, marking, content code, page number, witness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.reports import ink
from riskapp.reports.words import Style

if TYPE_CHECKING:
    from riskapp.reports.paper import Paper

_LABEL = Style("S", 8.5, 11, ink.SECOND)
_SMALL = Style("R", 8.5, 11, ink.SECOND)
_CODE = Style("RT", 8.5, 11, ink.SECOND)
_PAGE = Style("S", 8.5, 11)
_WITNESS = Style("RT", 7, 9, ink.SECOND)


@dataclass(frozen=True, slots=True)
class Furniture:
    """The words of the running head and foot; a private paper has a black band across the head.

    The witness is the last checkpoint of the audit trail: one quiet line beneath all else.
    """

    running: str
    marking: str
    is_private: bool = False
    ground: str = ""
    remark: str = ""
    code: str = ""
    witness: str = ""

    def draw(self, paper: Paper, *, has_head: bool) -> None:
        """Draw the furniture of a page that has just begun."""
        if self.is_private:
            self._draw_band(paper)
        if has_head:
            self._draw_head(paper)
        self._draw_foot(paper)

    def _draw_head(self, paper: Paper) -> None:
        """Draw the running head: the paper left, the section right, and the items of a page of the annex."""
        said = paper.section
        items = paper.known.items.get(paper.layout.pages)
        if items:
            first, last = items
            said += f": item {first}" if first == last else f": items {first} to {last}"
        paper.line(paper.x, 40, self.running, _LABEL, room=paper.width * 0.6)
        paper.line(paper.x + paper.width, 40, said, _SMALL, side="r", room=paper.width * 0.38)
        paper.rule(48, 0.5, ink.RULE)

    def _draw_foot(self, paper: Paper) -> None:
        """Draw the marking in a box, the remark, the content code and "Page x of y"."""
        base, right = paper.high - 26, paper.x + paper.width
        paper.rule(base - 14, 0.5, ink.RULE)
        ground, words = (ink.INK, ink.WHITE) if self.is_private else (None, ink.INK)
        box = paper.typesetter.width(self.marking, "S", 8.5) + 12
        paper.surface.rect((paper.x, base - 9.5), (box, 13.5), ground, ink.INK, 0.7)
        paper.line(paper.x + 6, base, self.marking, Style("S", 8.5, 11, words))
        paper.line(paper.x + box + 10, base, self.remark, _SMALL)
        paper.line(right, base, f"Page {paper.layout.pages} of {paper.known.pages}", _PAGE, side="r")
        if self.code:
            paper.line(right - 84, base, f"Content code {self.code}", _CODE, side="r")
        if self.witness:
            paper.line(paper.x, paper.high - 13.5, self.witness, _WITNESS, room=paper.width)

    def _draw_band(self, paper: Paper) -> None:
        """Draw the black band of Part 2, with the paragraph of the Schedule that makes it private."""
        paper.surface.rect((0, 0), (paper.wide, 25), ink.INK)
        said = "Part 2: exempt. Not for publication."
        paper.line(paper.x, 16.5, said, Style("B", 10.5, 14, ink.WHITE))
        ground = Style("S", 9, 12, ink.WHITE)
        right = paper.x + paper.width
        paper.line(right, 16.5, self.ground, ground, side="r", room=paper.width * 0.55)
