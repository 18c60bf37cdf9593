"""The Audit Committee's pack: frozen facts in, the bytes of a tagged PDF out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskapp.reports.dates import day
from riskapp.reports.fonts import FONT_FOLDER, Faces, faces
from riskapp.reports.furniture import Furniture
from riskapp.reports.pack_data import EXEMPT
from riskapp.reports.paper import Layout, Paper
from riskapp.reports.scheme import Scheme
from riskapp.reports.sections import (
    actions,
    annex,
    bodies,
    contents,
    escalations,
    exempt,
    first_page,
    moves,
    reading,
    register,
    standing,
)
from riskapp.reports.sections.contents import Entry
from riskapp.reports.snapshot import content_code
from riskapp.reports.surface import Surface
from riskapp.reports.tagged import TaggedSurface
from riskapp.reports.words import Typesetter, clean

if TYPE_CHECKING:
    from pathlib import Path

    from riskapp.reports.pack_data import PackData


def render(data: PackData, *, witness: str = "", fonts: Path = FONT_FOLDER) -> bytes:
    """Draw a pack as PDF/UA-1; the same data and the same witness, a line for the foot, give the same bytes.

    Drawn twice: first on nothing, to learn the page numbers. Refuses only a folder without the fonts
    (`FontsMissingError`): no text and no number of records stops a pack.
    """
    family = faces(fonts)
    typesetter, scheme, furniture = Typesetter(family), Scheme(data), _furniture(data, witness)
    first = Paper(Surface(), typesetter, furniture, Layout())
    _draw(first, data, scheme)
    surface = _tagged(data, family)
    _draw(Paper(surface, typesetter, furniture, first.layout), data, scheme)
    return surface.save()


def _draw(paper: Paper, data: PackData, scheme: Scheme) -> None:
    if data.part == EXEMPT:
        exempt.draw(paper, data, scheme)
        return
    is_small = len(data.risks) < register.FEW
    first_page.draw(paper, data)
    contents.draw(paper, data, _entries(is_small=is_small))
    standing.draw(paper, data, scheme, "1")
    if is_small and data.risks:
        register.draw_few(paper, data, scheme)
    moves.draw(paper, data, scheme, "2")
    if not is_small:
        register.draw(paper, data, scheme, "3")
    after = 3 if is_small else 4
    actions.draw(paper, data, str(after))
    escalations.draw(paper, data, str(after + 1))
    bodies.draw(paper, data, str(after + 2))
    reading.draw(paper, data, scheme, str(after + 3))
    annex.draw(paper, data, scheme)


def _entries(*, is_small: bool) -> list[Entry]:
    """List the contents; only what the paper turns out to have is printed."""
    after = 3 if is_small else 4
    return [
        Entry("first", "First page for Members", "What to decide, what to ask, what was done", ""),
        Entry("about", "About this paper", "When it was frozen, who signed it", is_part=True),
        Entry("standing", "Where the risks stand", "Heat maps, last meeting and now", "1"),
        Entry("beyond", "Risks beyond appetite", "Those that are more than the council will bear", is_part=True),
        *([Entry("register", "All risks", "Score, direction, target, owner", is_part=True)] if is_small else []),
        Entry("moves", "What moved, and why", "Up, down, new, closed, merged, unchanged", "2"),
        *([] if is_small else [Entry("register", "The register", "Score, direction, target, appetite, owner", "3")]),
        Entry("actions", "Actions overdue", "How late, how often moved, which matter most", str(after)),
        Entry("escalations", "Escalations", "Who holds them, and how fast they are answered", str(after + 1)),
        Entry("bodies", "External bodies", "The council’s part, and the next review of each", str(after + 2)),
        Entry("reading", "How to read this paper", "Scores, colours, marks and appetite", str(after + 3)),
        Entry("words", "The words we use", "In plain English", is_part=True),
        Entry("annex", "Annex", "The other risks, and long texts in full"),
    ]


def _furniture(data: PackData, witness: str) -> Furniture:
    is_private = data.part == EXEMPT
    marking = "Part 2: exempt" if is_private else "Part 1: public"
    return Furniture(
        running=first_page.meeting_line(data),
        marking=marking if data.sign_off else f"{marking}. Draft, not signed off",
        is_private=is_private,
        ground=data.ground,
        remark="Illustrative data: nobody’s assessment" if data.is_illustrative else "",
        code=content_code(data) if data.sign_off else "",
        witness=witness,
    )


def _tagged(data: PackData, family: Faces) -> TaggedSurface:
    meeting = data.meeting
    part = "Part 2: exempt" if data.part == EXEMPT else "Part 1"
    remark = " Illustrative data: nobody’s assessment." if data.is_illustrative else ""
    return TaggedSurface(
        family,
        title=clean(f"{meeting.title}, {meeting.committee}, {day(meeting.held_on)}, {part}"),
        author=clean(meeting.council),
        subject=clean(f"Risks as at {day(meeting.as_at)}.{remark}"),
    )
