"""Colours of the paper, each chosen so that a grey printer keeps its meaning.

A colour is a string like `#15212B`. Bands get darker as they get worse.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from riskapp.reports.pack_data import Band

INK: Final = "#15212B"
SECOND: Final = "#4A5762"
MUTE: Final = "#6B7782"
MID: Final = "#8A959E"
RULE: Final = "#C6CDD3"
TINT: Final = "#F2F4F6"
WHITE: Final = "#FFFFFF"
ACCENT: Final = "#17506B"
WORSE: Final = "#8C1C23"
BETTER: Final = "#2B6A4D"
CONTENT: Final = "#D5E0E6"
BEARABLE: Final = "#E9EEF1"
WITHIN: Final = "#C9D3DA"
AGES: Final = ("#B8C2CA", "#5E6B76", WORSE)


class Fill(NamedTuple):
    """How one band is drawn: its ground, the words on it, its edge, and an empty cell of the heat map."""

    ground: str
    words: str
    edge: str
    tint: str


_NEARLY_BLACK: Final = 0.04045
_LOW: Final = Fill(WHITE, INK, "#4B7F63", "#F3F7F4")
_PALE: Final = Fill("#FBF3D5", INK, "#B9A04E", "#FDFAEC")
_MEDIUM: Final = Fill("#F6DFA0", INK, "#B08A2A", "#FBF1D6")
_HIGH: Final = Fill("#E3913C", INK, "#E3913C", "#F7DDBE")
_WORST: Final = Fill("#8C1C23", WHITE, "#8C1C23", "#DDB9B6")
_RAMPS: Final = {
    1: (_WORST,),
    2: (_LOW, _WORST),
    3: (_LOW, _HIGH, _WORST),
    4: (_LOW, _MEDIUM, _HIGH, _WORST),
    5: (_LOW, _PALE, _MEDIUM, _HIGH, _WORST),
}


def fill_of(band: Band, rank: int, of: int) -> Fill:
    """Colours of a band: the policy's own where it names them, else by rank, 0 the lowest of `of` bands."""
    ramp = _RAMPS[min(max(of, 1), max(_RAMPS))]
    default = ramp[round(rank * (len(ramp) - 1) / max(of - 1, 1)) if of > 1 else 0]
    return Fill(
        band.fill or default.ground,
        band.ink or (readable_on(band.fill) if band.fill else default.words),
        band.edge or band.fill or default.edge,
        band.tint or default.tint,
    )


def readable_on(ground: str) -> str:
    """Choose ink or white, whichever stands out more on a ground."""
    return max((INK, WHITE), key=lambda words: contrast(words, ground))


def contrast(one: str, other: str) -> float:
    """Contrast of two colours from 1 to 21, as WCAG 2.2 defines it (success criterion 1.4.3)."""
    dark, light = sorted((lightness(one), lightness(other)))
    return (light + 0.05) / (dark + 0.05)


def lightness(colour: str) -> float:
    """Relative luminance of a colour, from 0, black, to 1, white."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= _NEARLY_BLACK else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@cache
def operands(colour: str) -> str:
    """Write a colour as the three numbers that a PDF operator takes."""
    return " ".join(f"{part:.4g}" for part in _parts(colour))


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
