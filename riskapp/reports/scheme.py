"""The policy's scheme of scores as paper uses it: bands with their colours, and the matrix as a grid."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from riskapp.reports.ink import Fill, fill_of
from riskapp.reports.marks import Chip, Scale

if TYPE_CHECKING:
    from riskapp.reports.pack_data import Band, MatrixCell, PackData, Risk, Score


class Scheme:
    """Bands low to high with their fills, and the cells of a matrix of any size."""

    def __init__(self, data: PackData) -> None:
        self.bands: tuple[Band, ...] = data.bands
        self.matrix = data.matrix
        count = len(self.bands)
        self._fills = {band.name: fill_of(band, rank, count) for rank, band in enumerate(self.bands)}
        self._cells = {(cell.likelihood, cell.impact): cell for cell in self.matrix.cells}

    @cached_property
    def most(self) -> int:
        """The highest score the matrix can give."""
        return max((cell.score for cell in self.matrix.cells), default=1)

    @property
    def worst(self) -> str:
        """Name of the highest band, "red"."""
        return self.bands[-1].name

    def fill(self, band: str) -> Fill:
        """Colours of a band; one that the scheme does not have gets the highest's, so that it stands out."""
        return self._fills.get(band) or self._fills[self.worst]

    def cell(self, likelihood: int, impact: int) -> MatrixCell | None:
        return self._cells.get((likelihood, impact))

    def chip(self, score: Score | MatrixCell) -> Chip:
        return Chip(score.score, score.band, self.fill(score.band))

    def scale(self, risk: Risk) -> Scale:
        return Scale(
            now=risk.now.score,
            most=max(self.most, risk.now.score),
            fill=self.fill(risk.now.band).ground,
            was=risk.was.score if risk.was else None,
            target=risk.target.score if risk.target else None,
            content_to=risk.content_to,
            limit=risk.limit,
        )

    def range_of(self, band: str) -> str:
        """Say which scores a band holds: "16 to 25"."""
        scores = sorted(cell.score for cell in self.matrix.cells if cell.band == band)
        if not scores:
            return "no score"
        return str(scores[0]) if scores[0] == scores[-1] else f"{scores[0]} to {scores[-1]}"
