"""Part 2: the items that the law lets a council keep private, and why each is.

Local Government Act 1972, Schedule 12A.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskapp.reports.dates import day
from riskapp.reports.marks import Travel
from riskapp.reports.sections.annex import draw_cut
from riskapp.reports.sections.first_page import draw_list
from riskapp.reports.table import Column, Table, Words, figure, filled, named
from riskapp.reports.words import Run

if TYPE_CHECKING:
    from riskapp.reports.pack_data import Exemption, PackData
    from riskapp.reports.paper import Paper
    from riskapp.reports.scheme import Scheme


def draw(paper: Paper, data: PackData, scheme: Scheme) -> None:
    paper.page("Exempt items")
    with paper.surface.element("Sect"):
        title = f"{data.meeting.title}: exempt items"
        paper.head("", title, data.findings.first, "exempt", tag="H1")
        if data.decisions:
            paper.sub("What you are asked to decide", tag="H2")
            draw_list(paper, data.decisions, "decision", x=paper.x)
            paper.gap(14)
        if not data.exemptions:
            paper.put("No item is exempt.")
            return
        note = "Numbered E1 onwards. They are not counted in Part 1, which leaves no gap where they would be."
        paper.sub("Items", note, tag="H2", keep=80)
        _items(paper, data, scheme).draw(paper)
        paper.gap(20)
        paper.sub("Why they are private", tag="H2", keep=120)
        for each in data.exemptions:
            _draw_reasons(paper, each)
        draw_cut(paper, "H2")


def _items(paper: Paper, data: PackData, scheme: Scheme) -> Table:
    columns = (
        Column("Item", 32, is_figures=True),
        Column("Risk", 252),
        Column("Score now", 86),
        Column("Move", 62),
        Column("Owner", 0),
    )
    rows = [
        (
            figure(f"E{each.risk.item}"),
            named(each.risk.title, each.risk.why, f"Item E{each.risk.item}", "reason"),
            scheme.chip(each.risk.now),
            Travel(each.risk.now.score, each.risk.was.score if each.risk.was else None),
            Words(each.risk.owner, "reason", 3),
        )
        for each in data.exemptions
    ]
    return Table(filled(columns, paper.width), rows, "Exempt risks", name="Items", names=2, pad=5)


def _draw_reasons(paper: Paper, each: Exemption) -> None:
    paper.need(150)
    paper.put(f"Item E{each.risk.item}", "small heading", tag="H3")
    paper.gap(3)
    again = (
        Run(f"{day(each.ask_again_on)}.", bold=True),
        Run(" After that day this paper may not be signed off until it has been."),
    )
    rows = [
        (Words(name), Words(said, "about", 12, f"Item E{each.risk.item}: {name.lower()}"))
        for name, said in (
            ("Ground", each.ground),
            ("Public interest", each.public_interest),
            ("Decided by", f"{each.decided_by}, {day(each.decided_on)}"),
            ("Asked again on", again),
        )
    ]
    columns = filled((Column("", 120), Column("", 0)), paper.width)
    Table(columns, rows, f"Reasons for item E{each.risk.item}", has_head=False, pad=4).draw(paper)
    paper.gap(16)
