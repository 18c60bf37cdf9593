"""Words on paper: what any text must pass through, and how it breaks into lines.

There is no markup: a text is data, never a language, so nothing in it can open a file, run, vanish or break
the pack. Reportlab's own paragraph, which does read markup, is used nowhere.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from riskapp.reports import ink

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskapp.reports.fonts import Faces, Weight

LONGEST: Final = 2000
"""Letters of one text that a paper gives; the rest stays in the record, and the paper says how much."""

_DROPPED: Final = frozenset(("Cc", "Cf", "Cs"))  # controls, directions and joiners, halves of a letter
_UNKNOWN: Final = frozenset(("Cn", "Co"))
_LAST_COPIED: Final = "\uffff"  # reportlab tells a reader wrongly which letter one beyond is, so that it is not copied


PAGE: Final = "00"
"""Stands in a link for its page number, which is known when the whole paper has been laid out."""


class Run(NamedTuple):
    """A stretch of words in one dress; `goes_to` makes it a link to a place in the paper."""

    text: str
    bold: bool = False
    goes_to: str = ""


Text = str | tuple[Run, ...]


def on_page(text: str, place: str) -> Text:
    """Add to a sentence the page of a place to read more, in brackets before its full stop."""
    if not place:
        return text
    stop = text[-1:] if text[-1:] in {".", "?"} else ""
    return (Run(text[: len(text) - len(stop)] + " ("), Run(f"page {PAGE}", goes_to=place), Run(")" + stop))


@dataclass(frozen=True, slots=True)
class Style:
    """Weight, size and leading in points, colour and side (l, r or c) of words."""

    weight: Weight
    size: float
    lead: float
    colour: str = ink.INK
    side: str = "l"


STYLES: Final = {
    "title": Style("B", 34, 38),
    "section": Style("B", 24, 28),
    "part": Style("B", 17, 22),
    "heading": Style("B", 13, 17),
    "small heading": Style("S", 10.5, 14),
    "lede": Style("M", 15, 20.5),
    "finding": Style("M", 13, 18),
    "part finding": Style("M", 11.5, 16),
    "body": Style("R", 11, 15.5),
    "question": Style("S", 11.5, 15.5),
    "why": Style("R", 10, 14, ink.SECOND),
    "about": Style("R", 10, 13.5),
    "note": Style("R", 9, 12.5, ink.SECOND),
    "side": Style("B", 11, 15.5),
    "label": Style("S", 8.5, 11, ink.SECOND),
    "cell": Style("RT", 9.5, 12.5),
    "name": Style("ST", 9.5, 12.5),
    "small": Style("RT", 8.5, 11.5, ink.SECOND),
    "reason": Style("RT", 9, 12, ink.SECOND),
    "figure": Style("RT", 9.5, 12.5, side="r"),
    "bold figure": Style("ST", 9.5, 12.5, side="r"),
    "head l": Style("S", 8.5, 11, ink.SECOND),
    "head r": Style("S", 8.5, 11, ink.SECOND, "r"),
}


def beginning(text: Text, most: int = 40) -> str:
    """Give the first letters of a text, to name it by."""
    whole = text if isinstance(text, str) else "".join(run.text for run in text)
    return whole if len(whole) <= most else whole[:most].rstrip() + "…"


def clean(text: str, most: int = LONGEST) -> str:
    """Make any text fit for paper: one space between words, no control characters, at most `most` letters.

    What is cut off is counted in words at the end, so that nothing goes in silence.
    """
    kept = "".join(_letter(each) for each in unicodedata.normalize("NFC", text))
    kept = " ".join(kept.split())
    if len(kept) <= most:
        return kept
    return f"{kept[:most].rstrip()}… (and {len(kept) - most:,} more letters in the record)"


def _letter(each: str) -> str:
    if each < "\x7f":
        return max(each, " ")
    kind = unicodedata.category(each)
    if kind in _DROPPED:
        return " " if each in "\x85\u200b" else ""
    return f"[U+{ord(each):04X}]" if kind in _UNKNOWN or each > _LAST_COPIED else each


class Piece(NamedTuple):
    """Letters of one line in one dress, with their width in points."""

    text: str
    weight: Weight
    width: float
    goes_to: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Words broken into lines for a width; height in points."""

    style: Style
    lines: tuple[tuple[Piece, ...], ...]
    is_cut: bool = False

    @property
    def height(self) -> float:
        return len(self.lines) * self.style.lead


class Typesetter:
    """Measures and breaks words, and remembers: what was set once is not measured again."""

    def __init__(self, faces: Faces) -> None:
        self.faces = faces
        self._widths: dict[tuple[str, str], float] = {}
        self._blocks: dict[tuple[Text, Style, float, int], Block] = {}
        self._drawable: dict[str, str] = {}

    def width(self, text: str, weight: Weight, size: float) -> float:
        """Width of a text in points, without a space at its end."""
        return self._em(text.rstrip(" "), weight) * size / 1000

    def drawable(self, text: str) -> str:
        """Give a clean text; a letter that no font can draw is written as its number, like [U+1F680]."""
        known = self._drawable.get(text)
        if known is None:
            face, bold = self.faces["R"], self.faces["B"]
            known = clean(text)
            if not all(map(face.has, map(ord, known))):
                known = "".join(f"[U+{ord(c):04X}]" if face.lacks(c) or bold.lacks(c) else c for c in known)
            self._drawable[text] = known
        return known

    def para(self, text: Text, style: Style, width: float, most: int = 0) -> Block:
        """Break a text into lines of at most `width` points; the one way for words of any length onto paper.

        Beyond `most` lines, if it is given, the words are cut with "…" and the block says so.
        """
        key = (text, style, width, most)
        block = self._blocks.get(key)
        if block is None:
            runs = (Run(text),) if isinstance(text, str) else text
            lines = tuple(self._lines(runs, style, width))
            if most and len(lines) > most:
                block = Block(style, (*lines[: most - 1], self._ended(lines[most - 1], style, width)), is_cut=True)
            else:
                block = Block(style, lines)
            self._blocks[key] = block
        return block

    def _ended(self, line: tuple[Piece, ...], style: Style, width: float) -> tuple[Piece, ...]:
        """End a line with "…" in its last words, short enough for the width."""
        *firsts, last = line
        room = width - sum(piece.width for piece in firsts)
        text = last.text
        while text and self.width(text + "…", last.weight, style.size) > room:
            text = text[:-1]
        return (*firsts, self._piece(text.rstrip(" ,;:.") + "…", last.weight, style, last.goes_to))

    def _em(self, text: str, weight: Weight) -> float:
        key = (text, weight)
        wide = self._widths.get(key)
        if wide is None:
            wide = self._widths[key] = self.faces[weight].width(text)
        return wide

    def _lines(self, runs: tuple[Run, ...], style: Style, width: float) -> Iterable[tuple[Piece, ...]]:
        line: list[Piece] = []
        used = 0.0
        for unbroken in self._words(runs, style):
            word = unbroken
            wide = sum(piece.width for piece in word)
            gap = self._space(line, word, style)
            if line and used + gap.width + wide > width + 0.01:
                yield _joined(line)
                line, used = [], 0.0
            if wide > width:
                *full, word = self._broken(word, style, width)
                yield from (_joined(part) for part in full)
                wide = sum(piece.width for piece in word)
            if line:
                line.append(gap)
                used += gap.width
            line += word
            used += wide
        if line:
            yield _joined(line)

    def _space(self, line: list[Piece], word: list[Piece], style: Style) -> Piece:
        """Part a line from its next word, in their dress if they share it."""
        same = line and line[-1].goes_to == word[0].goes_to and line[-1].weight == word[0].weight
        weight, goes_to = (line[-1].weight, line[-1].goes_to) if same else (style.weight, "")
        return Piece(" ", weight, self._em(" ", weight) * style.size / 1000, goes_to)

    def _words(self, runs: tuple[Run, ...], style: Style) -> Iterable[list[Piece]]:
        """Part runs at spaces; a word, with its stops and brackets, may be of several dresses."""
        word: list[Piece] = []
        for run in runs:
            text = self.drawable(run.text)
            weight = _bolder(style.weight) if run.bold else style.weight
            if word and run.text[:1] == " ":
                yield word
                word = []
            parts = text.split(" ")
            for at, part in enumerate(parts):
                if at and word:
                    yield word
                    word = []
                if part:
                    word.append(Piece(part, weight, self._em(part, weight) * style.size / 1000, run.goes_to))
            if word and run.text[-1:] == " ":
                yield word
                word = []
        if word:
            yield word

    def _broken(self, word: list[Piece], style: Style, width: float) -> list[list[Piece]]:
        """Break a word wider than the line between letters."""
        out: list[list[Piece]] = [[]]
        used = 0.0
        for text, weight, _, goes_to in word:
            start = 0
            for at, letter in enumerate(text):
                wide = self._em(letter, weight) * style.size / 1000
                if used + wide > width and (at > start or out[-1]):
                    if at > start:
                        out[-1].append(self._piece(text[start:at], weight, style, goes_to))
                    out.append([])
                    start, used = at, 0.0
                used += wide
            out[-1].append(self._piece(text[start:], weight, style, goes_to))
        return out

    def _piece(self, text: str, weight: Weight, style: Style, goes_to: str) -> Piece:
        return Piece(text, weight, self._em(text, weight) * style.size / 1000, goes_to)


def _bolder(weight: Weight) -> Weight:
    bolder: dict[Weight, Weight] = {"R": "S", "RT": "ST", "M": "B", "S": "B", "ST": "BT"}
    return bolder.get(weight, weight)


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    out: list[Piece] = []
    for piece in pieces:
        if out and out[-1].weight == piece.weight and out[-1].goes_to == piece.goes_to:
            last = out[-1]
            out[-1] = Piece(last.text + piece.text, piece.weight, last.width + piece.width, piece.goes_to)
        else:
            out.append(piece)
    return tuple(out)
