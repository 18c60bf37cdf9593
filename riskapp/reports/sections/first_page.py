"""The first page for Members: what the figures say, what to decide, what to ask, what became of requests.

It is one page, always. What does not fit is on the next page, with a count here.
"""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING, Final

from riskapp.reports import ink
from riskapp.reports.dates import day, weekday
from riskapp.reports.marks import Rating
from riskapp.reports.strip import draw_strip
from riskapp.reports.table import GAP, Column, Table, Words
from riskapp.reports.words import PAGE, Run, Style, on_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskapp.reports.pack_data import Ask, PackData, Request
    from riskapp.reports.paper import Paper

MOST_ASKS: Final = 3
MOST_REQUESTS: Final = 4
_SIDE: Final = 120.0  # the column of headings, with its gutter
_LINES: Final = 2


def draw(paper: Paper, data: PackData) -> None:
    paper.page("First page for Members", has_head=False)
    _draw_masthead(paper, data)
    paper.mark("first", "First page for Members")
    meeting = data.meeting
    with paper.surface.element("H1"):
        block = paper.set(meeting.title, "title", paper.width, 1)
        paper.draw(block, paper.x, paper.top, paper.width)
    paper.gap(block.height + 9)
    said = f" Figures as they stood on {weekday(meeting.as_at)}. Report of the {meeting.report_of}."
    line = (Run(f"{meeting.committee}, {weekday(meeting.held_on)}.", bold=True), Run(said))
    _put(paper, line, "body", _LINES)
    paper.gap(15)
    if data.figures:
        draw_strip(paper, data.figures[:4], 27)
        paper.gap(6)
    _put(paper, data.findings.first, "lede", _LINES, 470)
    paper.gap(18)
    _draw_asks(paper, "What you are asked to decide", data.decisions, "decision")
    _draw_asks(paper, "Questions worth asking", data.questions, "question")
    if data.requests:
        _draw_requests(paper, data.requests)


def more_asks(data: PackData) -> tuple[tuple[str, str, tuple[Ask, ...]], ...]:
    """Give what the first page has no room for: heading, kind and items, to be drawn on the next."""
    lists = (
        ("More to decide", "decision", data.decisions[MOST_ASKS:]),
        ("More questions worth asking", "question", data.questions[MOST_ASKS:]),
    )
    return tuple(each for each in lists if each[2])


def label(kind: str, at: int) -> str:
    """Label decisions A, B, C and questions 1, 2, 3."""
    return ascii_uppercase[at] if kind == "decision" and at < len(ascii_uppercase) else str(at + 1)


def _draw_masthead(paper: Paper, data: PackData) -> None:
    with paper.surface.artifact():
        paper.line(paper.x, 48, data.meeting.council, Style("S", 12, 14))
        said = "Part 1: open to the public" if data.sign_off else "Draft, not signed off"
        wide = paper.typesetter.width(said, "B", 11) + 18
        left = paper.x + paper.width - wide
        paper.surface.rect((left, 34), (wide, 21), None, ink.INK, 1.1)
        paper.line(left + 9, 48.5, said, Style("B", 11, 14))
        paper.rule(68, 2, ink.INK)
    paper.top = 84


def _put(paper: Paper, text: str | tuple[Run, ...], style: str, most: int, width: float = 0) -> None:
    width = width or paper.width
    block = paper.set(text, style, width, most, f"First page: {style}")
    with paper.surface.element("P"):
        paper.draw(block, paper.x, paper.top, width)
    paper.gap(block.height)


def _open_block(paper: Paper, title: str) -> None:
    paper.rule(paper.top, 0.5)
    paper.gap(8)
    with paper.surface.element("H2"):
        paper.draw(paper.set(title, "side", _SIDE - 14), paper.x, paper.top, _SIDE - 14)


def _draw_asks(paper: Paper, title: str, asks: Sequence[Ask], kind: str) -> None:
    if not asks:
        return
    number = "Three " if len(asks) >= MOST_ASKS and kind == "question" else ""
    with paper.surface.element("Sect"):
        start = paper.top
        _open_block(paper, number + title[:1].lower() + title[1:] if number else title)
        draw_list(paper, asks[:MOST_ASKS], kind, x=paper.x + _SIDE, most=_LINES)
        over = len(asks) - MOST_ASKS
        if over > 0:
            more = (Run(f"And {over} more on "), Run(f"page {PAGE}", goes_to="contents"), Run("."))
            with paper.surface.element("P"):
                block = paper.set(more, "why", paper.width - _SIDE)
                paper.draw(block, paper.x + _SIDE, paper.top, paper.width - _SIDE)
            paper.gap(block.height)
        paper.top = max(paper.top, start + 42) + 9


def draw_list(paper: Paper, asks: Sequence[Ask], kind: str, *, x: float, most: int = 0, first: int = 0) -> None:
    """Draw decisions or questions as a list, each with its reason and where to read more."""
    numbering = "/O/List/ListNumbering/" + ("UpperAlpha" if kind == "decision" else "Decimal")
    style = "body" if kind == "decision" else "question"
    width = paper.x + paper.width - x
    with paper.surface.element("L", numbering):
        for at, ask in enumerate(asks, start=first):
            text = ask.text if ask.why else on_page(ask.text, ask.place)
            why = on_page(ask.why, ask.place) if ask.why else ""
            name = f"{kind.capitalize()} {label(kind, at)}"
            paper.listed(label(kind, at), text, style, why, x=x, width=width, most=most, full=name)


def _draw_requests(paper: Paper, requests: Sequence[Request]) -> None:
    """Draw what became of the last requests, as many as the page holds, and count the rest."""
    width = paper.width - _SIDE
    columns = (Column("You asked for", 130), Column("What was done", width - 202), Column("State", 80))
    rows = [
        (
            Words(each.asked, most=_LINES, full=f"Request {at}"),
            Words(each.done, most=_LINES, full=f"Answer to request {at}"),
            Rating(each.state),
        )
        for at, each in enumerate(requests, start=1)
    ]
    room = paper.end - paper.top - 8 - 16 - 16  # the rule, the head and the line that counts the rest
    shown = min(len(rows), MOST_REQUESTS, int(room // 35))
    with paper.surface.element("Sect"):
        _open_block(paper, "What changed since you last asked")
        if shown > 0:
            summary = "What the committee asked for, what was done and how far it is"
            Table(columns, rows[:shown], summary, pad=4.5, x=paper.x + _SIDE).draw(paper, keep=1)
        if len(rows) > shown:
            said = f"And {len(rows) - shown} more on " if shown else f"{len(rows)} answers are on "
            more = (Run(said), Run(f"page {PAGE}", goes_to="contents"), Run("."))
            with paper.surface.element("P"):
                paper.draw(paper.set(more, "why", width + GAP), paper.x + _SIDE, paper.top + 2, width)
    paper.shown_requests = shown


def meeting_line(data: PackData) -> str:
    """Name the paper in a running head."""
    return f"{data.meeting.title} · {data.meeting.committee}, {day(data.meeting.held_on)}"
