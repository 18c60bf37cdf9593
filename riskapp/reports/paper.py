"""A committee paper being laid out: its pages, and the cursor that moves down them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from riskapp.reports import ink
from riskapp.reports.furniture import Furniture, draw_band, draw_foot, draw_head
from riskapp.reports.words import PAGE, STYLES, Block, Piece, Style, Text, Typesetter

if TYPE_CHECKING:
    from riskapp.reports.surface import Surface

A4: Final = (595.28, 841.89)
LIST_LABEL: Final = 18.0
_FOOT: Final = 56.0
_ASCENT: Final = 0.78  # from the top of a letter's box to its baseline, in sizes


@dataclass(slots=True)
class Layout:
    """Where things fell: learnt in the first pass, printed in the second."""

    pages: int = 0
    places: dict[str, int] = field(default_factory=dict)
    items: dict[int, tuple[int, int]] = field(default_factory=dict)


class Paper:
    """Places words and marks from the top of a page down, and turns the page when there is no room.

    `known` is the layout of the pass before: page numbers come from it. All lengths are in points.
    """

    def __init__(self, surface: Surface, typesetter: Typesetter, furniture: Furniture, known: Layout) -> None:
        self.surface, self.typesetter, self.furniture = surface, typesetter, furniture
        self.known, self.layout = known, Layout()
        self.is_landscape = False
        self.wide, self.high = A4
        self.x, self.width, self.top, self.end = 0.0, 0.0, 0.0, 0.0
        self.section = ""
        self.cut: dict[str, Text] = {}
        self.shown_requests = 0

    def page(self, section: str = "", *, landscape: bool | None = None, has_head: bool = True) -> None:
        """Begin a page: like the last one, or portrait when it begins a section and nothing else is said."""
        self.layout.pages += 1
        self.is_landscape = (self.is_landscape and not section) if landscape is None else landscape
        self.wide, self.high = (A4[1], A4[0]) if self.is_landscape else A4
        self.x = 42.0 if self.is_landscape else 51.0
        self.width = self.wide - 2 * self.x
        self.top, self.end = (68.0 if self.is_landscape else 78.0), self.high - _FOOT
        self.section = section or self.section
        self.surface.page(self.wide, self.high)
        with self.surface.artifact():
            if self.furniture.is_private:
                draw_band(self)
            if has_head:
                draw_head(self)
            draw_foot(self)

    def has_room(self, need: float) -> bool:
        return self.top + need <= self.end

    def need(self, height: float) -> None:
        """Turn the page unless there is room for a height."""
        if not self.has_room(height):
            self.page()

    def gap(self, height: float) -> None:
        self.top += height

    def rule(self, top: float, width: float = 0.4, colour: str = ink.RULE) -> None:
        """Draw a line across the text."""
        self.surface.line((self.x, top), (self.x + self.width, top), width, colour)

    # words

    def line(self, x: float, base: float, text: str, style: str | Style, *, side: str = "l", colour: str = "") -> float:
        """Draw one line at a baseline and give its width; a space ends it, to part words when read aloud."""
        look = STYLES[style] if isinstance(style, str) else style
        said = self.typesetter.drawable(text)
        wide = self.typesetter.width(said, look.weight, look.size)
        x -= {"l": 0.0, "r": wide, "c": wide / 2}[side]
        if said:
            self.surface.words(x, base, said + " ", look.weight, look.size, colour or look.colour)
        return wide

    def set(self, text: Text, style: str | Style, width: float, most: int = 0, full: str = "") -> Block:
        """Break a text into lines; what is cut at `most` lines goes to the annex under the name `full`."""
        block = self.typesetter.para(text, STYLES[style] if isinstance(style, str) else style, width, most)
        if block.is_cut and full:
            self.cut[full] = text
        return block

    def draw(self, block: Block, x: float, top: float, width: float) -> None:
        """Draw lines into the element that is open."""
        style = block.style
        for at, pieces in enumerate(block.lines):
            wide = sum(piece.width for piece in pieces)
            left = x + {"l": 0.0, "r": width - wide, "c": (width - wide) / 2}[style.side]
            base = top + at * style.lead + (style.lead - style.size) / 2 + style.size * _ASCENT
            for piece in pieces:
                said = piece if piece is not pieces[-1] else piece._replace(text=piece.text + " ")
                left += self._draw_link(left, base, said, style) if piece.goes_to else piece.width
                if not piece.goes_to:
                    at_x = left - piece.width
                    self.surface.words(at_x, base, said.text, piece.weight, style.size, style.colour)

    def _draw_link(self, x: float, base: float, piece: Piece, style: Style) -> float:
        place, page = self._destination(piece.goes_to)
        said = piece.text.replace(PAGE, page)
        wide = self.typesetter.width(said, piece.weight, style.size)
        with self.surface.element("Link"):
            self.surface.words(x, base, said, piece.weight, style.size, ink.ACCENT)
            self.surface.link(place, said.strip(), (x, base - style.size), (wide, style.size + 3))
        self.surface.line((x, base + 1.8), (x + wide, base + 1.8), 0.5, ink.ACCENT)
        return wide

    def _destination(self, place: str) -> tuple[str, str]:
        """Find a place and its page; one that this paper turns out not to have leads to the contents."""
        places = self.known.places
        if places and place not in places:
            place = "contents" if "contents" in places else next(iter(places))
        return place, str(places.get(place, PAGE))

    def put(self, text: Text, style: str | Style = "body", *, tag: str = "P", x: float = 0, width: float = 0) -> None:
        """Let a paragraph flow from the cursor, over the page's end where it must."""
        x, width = x or self.x, width or self.width
        block = self.set(text, style, width)
        if not block.lines:
            return
        lead = block.style.lead
        with self.surface.element(tag):
            lines = block.lines
            while lines:
                fit = max(int((self.end - self.top + 0.01) / lead), 0)
                if fit < min(len(lines), 2):
                    self.page()
                    continue
                self.draw(Block(block.style, lines[:fit]), x, self.top, width)
                self.top += len(lines[:fit]) * lead
                lines = lines[fit:]

    def listed(
        self,
        label: str,
        text: Text,
        style: str,
        why: Text = "",
        *,
        x: float,
        width: float,
        most: int = 0,
        full: str = "",
    ) -> None:
        """Draw one item of the list that is open: its label, its words and the reason under them."""
        body = self.set(text, style, width - LIST_LABEL, most, full)
        reason = self.set(why, "why", width - LIST_LABEL, most, full and f"{full}: why")
        size = body.style.size
        self.need(body.height + reason.height)
        with self.surface.element("LI"):
            with self.surface.element("Lbl"):
                self.line(x, self.top + size + 0.6, label, Style("B", size, size, ink.ACCENT))
            with self.surface.element("LBody"):
                for block in (body, reason):
                    self.draw(block, x + LIST_LABEL, self.top, width - LIST_LABEL)
                    self.top += block.height
        self.gap(4.5 if reason.lines else 2.5)

    # headings

    def mark(self, place: str, title: str = "", level: int = 0) -> None:
        """Name this spot for links and, with a title, for the outline."""
        self.layout.places[place] = self.layout.pages
        self.surface.place(place, self.top - 40)
        if title:
            self.surface.bookmark(place, self.typesetter.drawable(title), level)

    def head(self, number: str, title: str, finding: str, place: str, *, tag: str = "H2") -> None:
        """Open a section: rule, number, title, and the sentence that says what the page shows."""
        self.mark(place, title)
        self.rule(self.top - 10, 2, ink.INK)
        indent = self.typesetter.width(number, "B", 24) + 12 if number else 0.0
        block = self.set(title, "section", self.width - indent)
        with self.surface.element(tag):
            if number:
                self.line(self.x, self.top + 1 + 24 * _ASCENT, number, "section", colour=ink.MUTE)
            self.draw(block, self.x + indent, self.top - 1, self.width - indent)
        self.top += block.height + 5
        if finding:
            self.put(finding, "finding", width=self.width if self.is_landscape else 480)
        self.gap(14)

    def part(self, title: str, finding: str, place: str) -> None:
        """Open a part of a section that has a page of its own and a line in the contents."""
        self.mark(place, title, 1)
        self.rule(self.top - 10, 1, ink.INK)
        self.put(title, "part", tag="H3")
        self.gap(3)
        if finding:
            self.put(finding, "part finding", width=480)
        self.gap(13)

    def sub(
        self, title: str, note: str = "", *, tag: str = "H3", keep: float = 40, x: float = 0, width: float = 0
    ) -> None:
        """Head what follows inside a section; `keep` is the height that must stay with it on the page."""
        x, width = x or self.x, width or self.width
        heights = self.set(title, "heading", width).height + self.set(note, "note", width).height
        self.need(heights + keep)
        self.put(title, "heading", tag=tag, x=x, width=width)
        self.gap(1)
        if note:
            self.put(note, "note", x=x, width=width)
            self.gap(1)
        self.gap(5)
