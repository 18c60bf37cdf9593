"""The annex: the risks that the register leaves out, by directorate, and the texts that were cut, in full."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from riskapp.reports.sections.register import parted, portrait

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskapp.reports.pack_data import PackData, Risk
    from riskapp.reports.paper import Paper
    from riskapp.reports.scheme import Scheme


def draw(paper: Paper, data: PackData, scheme: Scheme) -> None:
    _, rest = parted(data, scheme)
    if not rest and not paper.cut:
        return
    paper.page("Annex")
    with paper.surface.element("Sect"):
        said = (
            f"The {len(rest)} risks below {scheme.worst.lower()} that have not moved, by directorate." if rest else ""
        )
        paper.head("", "Annex", said, "annex")
        if rest:
            _draw_rest(paper, scheme, rest)
            paper.gap(22)
        draw_cut(paper)


def _draw_rest(paper: Paper, scheme: Scheme, risks: list[Risk]) -> None:
    by_directorate: dict[str, list[Risk]] = defaultdict(list)
    for risk in risks:
        by_directorate[risk.directorate].append(risk)
    for directorate, theirs in sorted(by_directorate.items()):
        table = portrait(paper, scheme, theirs, directorate or "No directorate")
        paper.sub(directorate or "No directorate", keep=table.opening(paper))
        replace(table, on_row=_noting(paper, theirs)).draw(paper)
        paper.gap(16)


def _noting(paper: Paper, risks: list[Risk]) -> Callable[[int], None]:
    """Note the first and last item of each page, for its running head."""

    def note(at: int) -> None:
        layout, item = paper.layout, risks[at].item
        first, _ = layout.items.get(layout.pages, (item, item))
        layout.items[layout.pages] = (first, item)

    return note


def draw_cut(paper: Paper, tag: str = "H3") -> None:
    """Give every text that was cut, in full."""
    if not paper.cut:
        return
    paper.sub("Words in full", "Each was too long for its place in the paper.", tag=tag, keep=60)
    for name, text in dict(paper.cut).items():
        paper.need(44)
        paper.put(name, "small heading", tag=f"H{int(tag[1]) + 1}")
        paper.put(text, "about")
        paper.gap(8)
