"""Actions overdue: how late they are, which matter most, and how their dates have moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskapp.reports import ink
from riskapp.reports.dates import day, month, short_day
from riskapp.reports.marks import Bar
from riskapp.reports.pack_data import Figure
from riskapp.reports.slips import Months, MonthsHead, Slip, draw_ageing
from riskapp.reports.strip import draw_strip
from riskapp.reports.table import Column, Table, Words, figure, filled, named
from riskapp.reports.words import beginning

if TYPE_CHECKING:
    from riskapp.reports.pack_data import OverdueAction, PackData
    from riskapp.reports.paper import Paper

_PAD = 4.2
_LONG = 90
"""Days after which a bar is drawn in the colour of failure, as in the ageing bars' long spans."""


def draw(paper: Paper, data: PackData, number: str) -> None:
    paper.page(f"{number} Actions overdue")
    with paper.surface.element("Sect"):
        paper.head(number, "Actions overdue", data.findings.actions, "actions")
        if not data.overdue:
            paper.put("No action is overdue.")
            return
        draw_strip(paper, _figures(data), 20)
        paper.gap(2)
        if data.ageing:
            paper.sub(f"How late the {len(data.overdue)} are" if len(data.overdue) > 1 else "How late it is")
            since = month(data.meeting.last_on) if data.meeting.last_on else "the last pack"
            draw_ageing(paper, data.ageing, since)
            paper.gap(15)
        note = "Ring: the date first promised. Tick: a later promise. Dot: the date now. "
        note += f"The line down the column is {day(data.meeting.as_at)}."
        paper.sub("Ranked by the risk’s score times the days late", note, keep=90)
        _draw_table(paper, data)


def days_late(action: OverdueAction, data: PackData) -> int:
    return (data.meeting.as_at - action.promised_on[-1]).days


def _figures(data: PackData) -> list[Figure]:
    late = [days_late(action, data) for action in data.overdue]
    long = sum(1 for days in late if days > _LONG)
    slipped = sum(1 for action in data.overdue if len(action.promised_on) > 1)
    was = [age.was for age in data.ageing if age.was is not None]
    note = f"was {sum(was)} in {month(data.meeting.last_on)}" if was and data.meeting.last_on else ""
    return [
        Figure("Overdue", str(len(late)), note),
        Figure("Longest overdue", f"{max(late)} days"),
        Figure(f"Over {_LONG} days late", str(long)),
        Figure("Date moved", str(slipped), "at least once"),
    ]


def _draw_table(paper: Paper, data: PackData) -> None:
    ranked = sorted(data.overdue, key=lambda action: (-days_late(action, data) * (action.score or 1), action.title))
    dates = [on for action in ranked for on in action.promised_on]
    months = Months(min(dates), max(*dates, data.meeting.as_at), data.meeting.as_at)
    longest = max(days_late(action, data) for action in ranked)
    columns = (
        Column("Action and who does it", 194),
        Column("Item", 30, is_figures=True),
        Column("Score", 36, is_figures=True),
        Column(MonthsHead(months), 112),
        Column("Now due", 72),
        Column("Days late", 0),
    )
    rows = [
        (
            named(action.title, action.owner, f"Action: {beginning(action.title)}"),
            figure(action.item),
            figure(action.score),
            Slip(action.promised_on, months, _PAD),
            Words(short_day(action.promised_on[-1])),
            Bar(
                days_late(action, data),
                longest,
                ink.WORSE if days_late(action, data) > _LONG else ink.MID,
            ),
        )
        for action in ranked
    ]
    summary = "Overdue actions with every date promised, those that matter most first"
    Table(filled(columns, paper.width), rows, summary, name="Actions overdue", pad=_PAD).draw(paper)
