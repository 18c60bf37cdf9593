"""External bodies: the council's part and interest, who leads, the next governance review, the risks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskapp.reports.dates import short_day
from riskapp.reports.table import Column, Stack, Table, Words, filled, named
from riskapp.reports.words import Run, beginning

if TYPE_CHECKING:
    from riskapp.reports.pack_data import Body, PackData
    from riskapp.reports.paper import Paper
    from riskapp.reports.table import Cell


def draw(paper: Paper, data: PackData, number: str) -> None:
    paper.page(f"{number} External bodies")
    with paper.surface.element("Sect"):
        paper.head(number, "External bodies", data.findings.bodies, "bodies")
        if not data.bodies:
            paper.put("The council has recorded no external body.")
            return
        columns = (
            Column("Body and the council’s part", 130),
            Column("The council’s interest", 134),
            Column("Lead", 94),
            Column("Governance review", 98),
            Column("Items", 0),
        )
        rows = [_row(body, data) for body in data.bodies]
        summary = "External bodies with the council's role, its lead, the next governance review and linked risks"
        Table(filled(columns, paper.width), rows, summary, name="External bodies", pad=5).draw(paper)
        alone = [body.name for body in data.bodies if not body.items]
        if alone:
            paper.gap(7)
            said = (
                " stands behind no risk in this paper." if len(alone) == 1 else " stand behind no risk in this paper."
            )
            names = alone[0] if len(alone) == 1 else f"{', '.join(alone[:-1])} and {alone[-1]}"
            paper.put((Run(names, bold=True), Run(said)), "why")


def _row(body: Body, data: PackData) -> tuple[Cell, ...]:
    items = ", ".join(map(str, body.items))
    return (
        named(body.name, body.role, f"Body: {beginning(body.name)}"),
        Words(body.interest, "reason", 6, f"Interest in {beginning(body.name)}"),
        Words(body.lead, "reason", 3, f"Lead for {beginning(body.name)}"),
        _review(body, data),
        Words(items, most=3) if items else Words((Run("none", bold=True),)),
    )


def _review(body: Body, data: PackData) -> Cell:
    last = f"last {short_day(body.last_review_on)}" if body.last_review_on else "none yet"
    if not body.next_review_on:
        return Stack((Words((Run("No date", bold=True),)), Words(last, "small")), -0.5)
    is_late = body.next_review_on < data.meeting.as_at
    said = Run(f"Due {short_day(body.next_review_on)}" if is_late else short_day(body.next_review_on), bold=is_late)
    under = f"late; {last}" if is_late else last
    return Stack((Words((said,)), Words(under, "small")), -0.5)
