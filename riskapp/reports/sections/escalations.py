"""Escalations: the live ones, and how those since the last pack were answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskapp.reports.dates import day, short_day
from riskapp.reports.pack_data import Figure
from riskapp.reports.strip import draw_strip
from riskapp.reports.table import Column, Table, Words, figure, filled
from riskapp.reports.words import Run, beginning

if TYPE_CHECKING:
    from riskapp.reports.pack_data import Escalation, PackData
    from riskapp.reports.paper import Paper
    from riskapp.reports.table import Cell


def draw(paper: Paper, data: PackData, number: str) -> None:
    paper.page(f"{number} Escalations")
    with paper.surface.element("Sect"):
        paper.head(number, "Escalations", data.findings.escalations, "escalations")
        if not data.escalations and not data.answers:
            paper.put("No risk has been escalated since the last pack.")
            return
        draw_strip(paper, _figures(data), 20)
        paper.gap(6)
        _draw_live(paper, data)
        if data.answers:
            paper.gap(20)
            _draw_answers(paper, data)


def _figures(data: PackData) -> list[Figure]:
    late = sum(1 for case in data.escalations if case.is_late)
    raised = sum(count.raised for count in data.answers)
    in_time = sum(count.in_time for count in data.answers)
    up = sum(count.moved_up for count in data.answers)
    return [
        Figure("Live now", str(len(data.escalations)), "waiting for an answer"),
        Figure("Late now", str(late), "past the time to answer"),
        Figure("Answered in time", f"{in_time} of {raised}", "since the last pack"),
        Figure("Moved up", str(up), "because nobody answered"),
    ]


def _draw_live(paper: Paper, data: PackData) -> None:
    paper.sub("Live escalations", "The post that holds each, since when, and the working time it has left.")
    if not data.escalations:
        paper.put("None is live.")
        return
    columns = (
        Column("Item", 32, is_figures=True),
        Column("Risk", 178),
        Column("With", 118),
        Column("Since", 66),
        Column("Time left", 0),
    )
    cases = sorted(data.escalations, key=lambda case: (not case.is_late, case.since, case.item or 0))
    summary = "Live escalations, late ones first"
    rows = [_row(case) for case in cases]
    Table(filled(columns, paper.width), rows, summary, names=2, name="Live escalations").draw(paper)


def _row(case: Escalation) -> tuple[Cell, ...]:
    title = Words(case.title, "name", 3, f"Escalation: {beginning(case.title)}")
    return (
        figure(case.item),
        title,
        Words(case.held_by, "reason", 3, f"Escalation: {beginning(case.title)}, held by"),
        Words(short_day(case.since)),
        Words((Run(case.time_left, bold=case.is_late),), most=3),
    )


def _draw_answers(paper: Paper, data: PackData) -> None:
    since = f"From {day(data.meeting.last_on)} to {day(data.meeting.as_at)}." if data.meeting.last_on else ""
    rows: list[tuple[Cell, ...]] = [
        (
            Words(count.post, most=3),
            Words(count.limit, "reason", 3),
            figure(count.raised),
            figure(count.in_time),
            figure(count.moved_up or "–", bold=True),
        )
        for count in data.answers
    ]
    totals = (
        sum(count.raised for count in data.answers),
        sum(count.in_time for count in data.answers),
        sum(count.moved_up for count in data.answers),
    )
    rows.append((Words("All", "name"), Words(""), *(figure(total, bold=True) for total in totals)))
    columns = (
        Column("Who answers", 190),
        Column("Within", 110),
        Column("Raised", 60, is_figures=True),
        Column("In time", 60, is_figures=True),
        Column("Moved up", 0, is_figures=True),
    )
    summary = "Escalations since the last pack by the post that answers"
    name = "How escalations were answered"
    table = Table(filled(columns, paper.width), rows, summary, name=name, has_total=True)
    paper.sub(name, since, keep=table.opening(paper))
    table.draw(paper)
