"""Contents, what the first page had no room for, and where the paper comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskapp.reports import ink
from riskapp.reports.dates import day, weekday
from riskapp.reports.marks import Rating
from riskapp.reports.sections.first_page import MOST_ASKS, draw_list, more_asks
from riskapp.reports.snapshot import content_code
from riskapp.reports.table import Column, Table, Words, filled
from riskapp.reports.words import Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskapp.reports.pack_data import PackData
    from riskapp.reports.paper import Paper


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the contents: a section with its number, or a part without."""

    place: str
    title: str
    says: str
    number: str = ""
    is_part: bool = False


def draw(paper: Paper, data: PackData, entries: Sequence[Entry]) -> None:
    paper.page("Contents")
    with paper.surface.element("Sect"):
        paper.head("", "Contents", "", "contents")
        paper.gap(-6)
        with paper.surface.element("TOC"):
            for entry in entries:
                if not paper.known.places or entry.place in paper.known.places:
                    _draw_entry(paper, entry)
    paper.gap(22)
    for title, kind, asks in more_asks(data):
        with paper.surface.element("Sect"):
            paper.sub(title)
            draw_list(paper, asks, kind, x=paper.x, first=MOST_ASKS)
        paper.gap(14)
    _draw_more_requests(paper, data)
    with paper.surface.element("Sect"):
        paper.mark("about", "About this paper")
        paper.sub("About this paper", keep=60)
        rows = [(Words(name, "name"), Words(said, "about")) for name, said in _about(data)]
        columns = filled((Column("", 106), Column("", 0)), paper.width)
        Table(columns, rows, "About this paper", name="About this paper", has_head=False).draw(paper)


def _draw_entry(paper: Paper, entry: Entry) -> None:
    top, right = paper.top, paper.x + paper.width
    size, style = (11.0, "R") if entry.is_part else (12.0, "S")
    page = str(paper.known.places.get(entry.place, ""))
    with paper.surface.element("TOCI"), paper.surface.element("Link"):
        if entry.number:
            paper.line(paper.x, top + 14, entry.number, Style("B", 12, 14, ink.MUTE))
        paper.line(paper.x + 22, top + 14, entry.title, Style("R" if style == "R" else "S", size, 14))
        paper.line(paper.x + 216, top + 14, entry.says, Style("R", 9.5, 12, ink.SECOND))
        paper.line(right, top + 14, page, Style("ST", 11, 14), side="r")
        said = f"{entry.title}, page {page}"
        paper.surface.link(entry.place, said, (paper.x, top), (paper.width, 20))
    paper.gap(22.5)
    paper.rule(paper.top - 1.5)


def _draw_more_requests(paper: Paper, data: PackData) -> None:
    rest = data.requests[paper.shown_requests :]
    if not rest:
        return
    rows = [(Words(each.asked), Words(each.done), Rating(each.state)) for each in rest]
    columns = filled((Column("You asked for", 170), Column("What was done", 240), Column("State", 0)), paper.width)
    with paper.surface.element("Sect"):
        paper.sub("More of what changed since you last asked", keep=60)
        Table(columns, rows, "More requests and their answers", name="What changed").draw(paper)
    paper.gap(20)


def _about(data: PackData) -> list[tuple[str, str]]:
    meeting, sign_off = data.meeting, data.sign_off
    rows = [("Figures", f"As they stood on {weekday(meeting.as_at)}. Nothing was worked out again after that.")]
    if meeting.published_on:
        rows.append(("Published", f"{weekday(meeting.published_on)}. A correction is a new version."))
    if sign_off:
        said = f"{sign_off.post}, {day(sign_off.signed_on)}. {sign_off.note}".strip()
        code = f"Content code {content_code(data)} stands on every page, so that anyone can check a copy."
        rows += [("Signed off", said), ("Proof", code)]
    else:
        rows.append(("Signed off", "Not yet. This is a draft: its figures and words may change."))
    if data.is_illustrative:
        rows.append(("Data", "Illustrative: nobody’s assessment."))
    private = "What the law lets a council keep private goes in a separate paper. "
    private += "This paper counts only what it shows."
    forms = "It reads aloud in screen readers and prints in black and white."
    return [*rows, ("Part 2", private), ("Other forms", forms)]
