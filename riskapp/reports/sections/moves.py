"""What moved since the last pack, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskapp.reports.dates import month
from riskapp.reports.marks import Travel
from riskapp.reports.pack_data import Figure
from riskapp.reports.strip import draw_strip
from riskapp.reports.table import Column, Table, Words, figure, filled, named
from riskapp.reports.words import Run, beginning

if TYPE_CHECKING:
    from riskapp.reports.pack_data import PackData, Risk
    from riskapp.reports.paper import Paper
    from riskapp.reports.scheme import Scheme
    from riskapp.reports.table import Cell

_MOST_NAMED = 60


def draw(paper: Paper, data: PackData, scheme: Scheme, number: str) -> None:
    paper.page(f"{number} What moved, and why")
    with paper.surface.element("Sect"):
        paper.head(number, "What moved, and why", data.findings.moves, "moves")
        if not data.meeting.last_on:
            paper.put("This is the first pack, so there is nothing to compare it with.")
            return
        groups = moved(data)
        closed = sum(1 for gone in data.departures if gone.merged_into is None)
        counts = {name: len(risks) for name, risks in groups.items()}
        same = counts.pop("Unchanged")
        counts |= {"Closed": closed, "Merged": len(data.departures) - closed, "Unchanged": same}
        draw_strip(paper, [Figure(name, str(count)) for name, count in counts.items()], 22)
        _draw_unchanged(paper, groups["Unchanged"])  # before the table: after it, it could stand alone on a page
        paper.gap(10)
        _draw_table(paper, data, scheme, groups)


def moved(data: PackData) -> dict[str, list[Risk]]:
    """Part the risks by how they moved, the largest steps first."""
    groups: dict[str, list[Risk]] = {"Up": [], "Down": [], "New": [], "Unchanged": []}
    for risk in data.risks:
        step = risk.now.score - risk.was.score if risk.was else None
        name = "New" if step is None else "Up" if step > 0 else "Down" if step < 0 else "Unchanged"
        groups[name].append(risk)
    for name in ("Up", "Down"):
        groups[name].sort(key=lambda risk: (-abs(risk.now.score - (risk.was.score if risk.was else 0)), risk.item))
    return groups


def _draw_table(paper: Paper, data: PackData, scheme: Scheme, groups: dict[str, list[Risk]]) -> None:
    rows: list[tuple[Cell, ...]] = []
    starts: list[int] = []
    for name in ("Up", "Down", "New"):
        starts.append(len(rows))
        rows += [_row(risk, scheme) for risk in groups[name]]
    starts.append(len(rows))
    for gone in data.departures:
        into = "Closed" if gone.merged_into is None else f"Part of item {gone.merged_into}"
        mark = Travel(gone="Closed" if gone.merged_into is None else "Merged")
        about = named(gone.title, gone.why, f"{mark.gone}: {beginning(gone.title)}", "reason")
        rows.append((mark, figure("–"), about, scheme.chip(gone.was), Words(into, "reason")))
    if not rows:
        paper.put("No risk has moved.")
        return
    columns = (
        Column("Move", 62),
        Column("Item", 32, is_figures=True),
        Column("Risk, and why it moved", paper.width - 256),
        Column(month(data.meeting.last_on or data.meeting.as_at), 86),
        Column("Now", 0),
    )
    Table(
        filled(columns, paper.width),
        rows,
        "Risks that moved since the last pack, with the reason",
        name="What moved, and why",
        names=3,
        pad=3.7,
        rules_at=starts,
    ).draw(paper)


def _row(risk: Risk, scheme: Scheme) -> tuple[Cell, ...]:
    return (
        Travel(risk.now.score, risk.was.score if risk.was else None),
        figure(risk.item),
        named(risk.title, risk.why, f"Item {risk.item}, title", "reason"),
        scheme.chip(risk.was) if risk.was else Words("Not listed", "reason"),
        scheme.chip(risk.now),
    )


def _draw_unchanged(paper: Paper, risks: list[Risk]) -> None:
    if not risks:
        return
    items = [str(risk.item) for risk in risks]
    if len(items) > _MOST_NAMED:
        said = f" {len(items)} risks."
    elif len(items) == 1:
        said = f" item {items[0]}."
    else:
        said = f" items {', '.join(items[:-1])} and {items[-1]}."
    paper.put((Run("Unchanged:", bold=True), Run(said)), "why")
