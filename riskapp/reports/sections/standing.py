"""Where the risks stand: heat maps of last meeting and now, and the risks beyond appetite."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from riskapp.reports.dates import day
from riskapp.reports.heat_map import Half, HeatMap, draw_tally
from riskapp.reports.marks import Bar
from riskapp.reports.sections.register import FEW
from riskapp.reports.table import Column, Table, Words, figure, filled
from riskapp.reports.words import PAGE, Run

if TYPE_CHECKING:
    from riskapp.reports.pack_data import PackData, Risk
    from riskapp.reports.paper import Paper
    from riskapp.reports.scheme import Scheme

_ROW = 21.5
_MOST = 10


def draw(paper: Paper, data: PackData, scheme: Scheme, number: str) -> None:
    paper.page(f"{number} Where the risks stand")
    halves = _halves(data)
    with paper.surface.element("Sect"):
        paper.head(number, "Where the risks stand", data.findings.standing, "standing")
        if any(half.scores for half in halves):
            maps = HeatMap(paper, scheme, halves)
            maps.draw()
            draw_tally(paper, scheme, halves)
            rest = "" if maps.names_all else "where there is room, "
            paper.put(
                f"The large figure in a cell counts its risks; {rest}the small ones are their item numbers.",
                "note",
            )
            paper.gap(15)
        else:
            paper.put("There is no risk on this register.")
            paper.gap(15)
    with paper.surface.element("Sect"):
        if len(data.risks) < FEW:
            _say_beyond(paper, data)
        else:
            _draw_beyond(paper, data, scheme)


def beyond(data: PackData) -> list[Risk]:
    """Risks over the limit, the largest excess first."""
    over = [risk for risk in data.risks if risk.position == "Beyond"]
    return sorted(over, key=lambda risk: ((risk.limit or 0) - risk.now.score, risk.item))


def _halves(data: PackData) -> list[Half]:
    now = Half(
        "Now",
        day(data.meeting.as_at),
        tuple(risk.now for risk in data.risks),
        tuple(risk.item for risk in data.risks),
    )
    if not data.meeting.last_on:
        return [now]
    before = tuple(risk.was for risk in data.risks if risk.was) + tuple(gone.was for gone in data.departures)
    return [Half("Last meeting", day(data.meeting.last_on), before), now]


def _say_beyond(paper: Paper, data: PackData) -> None:
    """Say in a sentence which risks are beyond appetite, where a table would be more head than rows."""
    paper.mark("beyond", "Risks beyond appetite", 1)
    paper.sub("Risks beyond appetite")
    items = [str(risk.item) for risk in beyond(data)]
    if not items:
        paper.put("No risk is beyond what the council is willing to bear.")
    else:
        paper.put(f"Beyond what the council is willing to bear: item{'s' * (len(items) > 1)} {', '.join(items)}.")


def _draw_beyond(paper: Paper, data: PackData, scheme: Scheme) -> None:
    """Draw the risks beyond appetite: the ten largest excesses at most, and how many more there are."""
    over = beyond(data)
    if not over:
        _say_beyond(paper, data)
        return
    note = "The upright line is the most the council will bear for that kind of risk. "
    note += "The dark part is the excess."
    if not paper.has_room(80 + _ROW * min(len(over), 4)):
        paper.page()
    paper.mark("beyond", "Risks beyond appetite", 1)
    paper.sub("Risks beyond appetite", note)
    if data.findings.beyond:
        paper.gap(-4)
        paper.put(data.findings.beyond, "note")
        paper.gap(5)
    table = _table(paper, scheme, over)
    room = table.fitting(paper, paper.end - paper.top)
    if room < len(over) or len(over) > _MOST:
        room = min(_MOST, max(table.fitting(paper, paper.end - paper.top - 18), 2))
    shown = over[:room]
    replace(table, rows=table.rows[:room]).draw(paper)
    if len(shown) < len(over):
        paper.gap(4)
        more = (
            Run(f"And {len(over) - len(shown)} more, "),
            Run(f"page {PAGE}", goes_to="register"),
            Run("."),
        )
        paper.put(more, "why")


def _table(paper: Paper, scheme: Scheme, risks: list[Risk]) -> Table:
    rows = [
        (
            figure(risk.item),
            Words(risk.title, most=3, full=f"Item {risk.item}, title"),
            Bar(risk.now.score, scheme.most, limit=risk.limit or 0),
            figure(risk.limit),
            figure(risk.now.score - (risk.limit or 0), bold=True),
        )
        for risk in risks
    ]
    columns = (
        Column("Item", 32, is_figures=True),
        Column("Risk", 262),
        Column("Score now", 121),
        Column("Limit", 38, is_figures=True),
        Column("Over by", 0, is_figures=True),
    )
    summary = "Risks whose score is beyond the limit of appetite, the largest excess first"
    return Table(filled(columns, paper.width), rows, summary, names=2, name="Risks beyond appetite")
