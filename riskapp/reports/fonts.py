"""The letters: Atkinson Hyperlegible Next, also with tabular digits, and DejaVu Sans for what it lacks."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import Final, Literal

from fontTools.ttLib import TTFont as FontFile
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

Weight = Literal["R", "M", "S", "B", "RT", "ST", "BT"]
"""Regular, medium, semi-bold, bold; with T, digits of one width for columns of figures."""

FONT_FOLDER: Final = Path(__file__).resolve().parents[1] / "web" / "static" / "vendor" / "fonts" / "pdf"

_FILES: Final = {
    "R": "AtkinsonHyperlegibleNext_400Regular.ttf",
    "M": "AtkinsonHyperlegibleNext_500Medium.ttf",
    "S": "AtkinsonHyperlegibleNext_600SemiBold.ttf",
    "B": "AtkinsonHyperlegibleNext_700Bold.ttf",
}
_UNDERSTUDIES: Final = {
    "R": "DejaVuSans.ttf",
    "M": "DejaVuSans.ttf",
    "S": "DejaVuSans-Bold.ttf",
    "B": "DejaVuSans-Bold.ttf",
}
_DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPACES: Final = frozenset((0x20, 0xA0))


class FontsMissingError(FileNotFoundError):
    """The folder of fonts lacks a file; the message names it and says what fills it."""


class Face:
    """One weight of the family, with the font that stands in for a letter it lacks.

    Widths are in thousandths of the size.
    """

    def __init__(self, weight: Weight, folder: Path) -> None:
        self.font = _loaded(f"{folder}/{weight}", folder / _FILES[weight[0]])
        self._stand_in = folder / _UNDERSTUDIES[weight[0]]
        if weight.endswith("T"):
            _use_tabular_digits(self.font, folder / _FILES[weight[0]])
            self.font.face.subfontNameX = b"-Tabular"  # reportlab names what it embeds by face: two would be one
        self.glyphs: dict[int, int] = self.font.face.charToGlyph

    @cached_property
    def understudy(self) -> TTFont:
        """DejaVu Sans in the like weight, read from disk when the first missing letter asks for it."""
        return _stand_in(self._stand_in)

    def lacks(self, letter: str) -> bool:
        """Say whether neither this font nor its stand-in can draw a letter."""
        code = ord(letter)
        return not self.has(code) and code not in self.understudy.face.charToGlyph

    def has(self, code: int) -> bool:
        return code in self.glyphs or code in _SPACES

    def runs(self, text: str) -> list[tuple[TTFont, str]]:
        """Part a text into runs of one font, in order."""
        if all(map(self.has, map(ord, text))):
            return [(self.font, text)]
        out: list[tuple[TTFont, str]] = []
        for letter in text:
            font = self.font if self.has(ord(letter)) else self.understudy
            if out and out[-1][0] is font:
                out[-1] = (font, out[-1][1] + letter)
            else:
                out.append((font, letter))
        return out

    def width(self, text: str) -> float:
        return sum(font.stringWidth(part, 1000) for font, part in self.runs(text))


class Faces:
    """Every weight the paper uses, from one folder."""

    def __init__(self, folder: Path) -> None:
        for name in {**_FILES, "understudy": "DejaVuSans.ttf", "bold": "DejaVuSans-Bold.ttf"}.values():
            if not (folder / name).is_file():
                raise FontsMissingError(f"{folder / name} is missing. Run `make setup`, which fetches the fonts.")
        weights: tuple[Weight, ...] = ("R", "M", "S", "B", "RT", "ST", "BT")
        self._by_weight = {weight: Face(weight, folder) for weight in weights}
        pdfmetrics.registerFont(self._by_weight["R"].font)  # a page of reportlab begins in a registered font

    def __getitem__(self, weight: Weight) -> Face:
        return self._by_weight[weight]


@cache
def faces(folder: Path = FONT_FOLDER) -> Faces:
    """Load the family once for each folder; refuses a folder that lacks a file (`FontsMissingError`)."""
    return Faces(folder)


@cache
def _stand_in(path: Path) -> TTFont:
    return _loaded(path.stem, path)


def _loaded(name: str, path: Path) -> TTFont:
    try:
        return TTFont(name, str(path), shapable=False)
    except TTFError as problem:
        raise FontsMissingError(f"{path} is not a font. Run `make setup`, which fetches it again.") from problem


def _use_tabular_digits(font: TTFont, path: Path) -> None:
    """Point the digits at the font's own `tnum` glyphs; no second file is embedded."""
    with FontFile(path, lazy=True) as tables:
        advances = tables["hmtx"].metrics
        for code, digit in enumerate(_DIGITS, start=ord("0")):
            glyph = f"{digit}.tf"
            font.face.charToGlyph[code] = tables.getGlyphID(glyph)
            font.face.charWidths[code] = advances[glyph][0] * 1000 / tables["head"].unitsPerEm
