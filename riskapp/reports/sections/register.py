"""The register: every risk in order of item; of more than 60, those not red or moved are in the annex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskapp.reports.dates import month, short_day, short_month
from riskapp.reports.marks import ScaleHead, Stands, Travel
from riskapp.reports.table import Column, Stack, Table, Words, figure, filled, named
from riskapp.reports.words import PAGE, Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskapp.reports.pack_data import PackData, Risk, Score
    from riskapp.reports.paper import Paper
    from riskapp.reports.scheme import Scheme
    from riskapp.reports.table import Cell

FEW: Final = 6
"""Below this many risks, the register stands on the summary's page."""

MANY: Final = 60
"""Above this many, unmoved risks that are not red go to the annex."""


def draw(paper: Paper, data: PackData, scheme: Scheme, number: str) -> None:
    full, rest = parted(data, scheme)
    paper.page(f"{number} The register", landscape=True)
    with paper.surface.element("Sect"):
        paper.head(number, "The register", data.findings.register, "register")
        paper.gap(-9)
        paper.put(_key(data, scheme), "note")
        if rest:
            said = f"Here: {len(full)} risks that are {scheme.worst.lower()} or have moved. "
            said += f"The other {len(rest)} are in the annex, "
            paper.put((Run(said), Run(f"page {PAGE}", goes_to="annex"), Run(".")), "note")
        paper.gap(9)
        if full:
            _table(paper, data, scheme, full).draw(paper)


def parted(data: PackData, scheme: Scheme) -> tuple[list[Risk], list[Risk]]:
    """Part the risks into those shown in full and those of the annex."""
    risks = sorted(data.risks, key=lambda risk: risk.item)
    if len(risks) <= MANY:
        return risks, []
    full = [risk for risk in risks if risk.now.band == scheme.worst or has_moved(risk)]
    shown = {risk.item for risk in full}
    return full, [risk for risk in risks if risk.item not in shown]


def has_moved(risk: Risk) -> bool:
    return risk.was is None or risk.was.score != risk.now.score


def _key(data: PackData, scheme: Scheme) -> tuple[Run, ...]:
    before = f"short mark, {month(data.meeting.last_on)}; " if data.meeting.last_on else ""
    return (
        Run("On the scale:", bold=True),
        Run(
            f" filled dot, score now; ring, target; thick line, the gap; {before}tall line, the most the "
            "council will bear for that kind of risk. The shading ends there; in its darker part the council is content. "
            f"No shading: appetite not yet set. Red means {scheme.worst.lower()}."
        ),
    )


def _table(paper: Paper, data: PackData, scheme: Scheme, risks: Sequence[Risk]) -> Table:
    since = f"Since {month(data.meeting.last_on)[:4].strip()}" if data.meeting.last_on else "Move"
    most = max((scheme.most, *(risk.now.score for risk in risks)))
    columns = (
        Column("Item", 30, is_figures=True),
        Column("Risk and owner", 199),
        Column("Inherent", 58),
        Column("Score now", 84),
        Column(since, 62),
        Column(ScaleHead(most), 108),
        Column("Target", 58),
        Column("Against appetite", 98),
        Column("Next review", 0),
    )
    rows = [_row(risk, scheme) for risk in risks]
    changes = [at for at in range(1, len(risks)) if risks[at].now.band != risks[at - 1].now.band]
    in_order = len(changes) < len(scheme.bands)
    return Table(
        filled(columns, paper.width),
        rows,
        "The register of risks in order of item",
        name="The register",
        names=2,
        pad=4.1,
        rules_at=changes if in_order else (),
    )


def _row(risk: Risk, scheme: Scheme) -> tuple[Cell, ...]:
    return (
        figure(risk.item),
        named(risk.title, risk.owner, f"Item {risk.item}, title"),
        _scored(risk.inherent),
        scheme.chip(risk.now),
        Travel(risk.now.score, risk.was.score if risk.was else None),
        scheme.scale(risk),
        target(risk),
        _stands(risk),
        Words(short_day(risk.next_review_on) if risk.next_review_on else "–", "cell"),
    )


def target(risk: Risk) -> Cell:
    """Set a target with the month it is due, or that it is reached; a dash where none is agreed."""
    if risk.target is None:
        return Words("–")
    by = short_month(risk.target_on) if risk.target_on else ""
    reached = risk.now.score <= risk.target.score
    return Stack((Words(str(risk.target.score)), Words("reached" if reached else by, "small")), -0.5)


def _scored(score: Score | None) -> Cell:
    if score is None:
        return Words("–")
    return Stack((Words(str(score.score)), Words(score.band, "small", 1)), -0.5)


def _stands(risk: Risk) -> Cell:
    limit = "no limit yet" if risk.limit is None else f"limit {risk.limit}"
    under = Words(f"{risk.category}, {limit}", "small", 2, f"Item {risk.item}, kind of risk")
    return Stack((Stands(risk.position), under), -0.5)


def draw_few(paper: Paper, data: PackData, scheme: Scheme) -> None:
    """Draw a register of a few risks on the summary's page."""
    paper.gap(20)
    with paper.surface.element("Sect"):
        paper.mark("register", "All risks", 1)
        table = portrait(paper, scheme, sorted(data.risks, key=lambda risk: risk.item), "All risks")
        paper.sub("All risks", keep=table.opening(paper))
        table.draw(paper)


def portrait(paper: Paper, scheme: Scheme, risks: Sequence[Risk], name: str) -> Table:
    """Give the register's table for an upright page: a row a risk, without the scale."""
    columns = (
        Column("Item", 30, is_figures=True),
        Column("Risk and owner", 166),
        Column("Score now", 82),
        Column("Move", 57),
        Column("Target", 54),
        Column("Appetite", 50),
        Column("Next review", 0),
    )
    rows = [
        (
            figure(risk.item),
            named(risk.title, risk.owner, f"Item {risk.item}, title"),
            scheme.chip(risk.now),
            Travel(risk.now.score, risk.was.score if risk.was else None),
            target(risk),
            Words(risk.position, "small"),
            Words(short_day(risk.next_review_on) if risk.next_review_on else "–", "small"),
        )
        for risk in risks
    ]
    return Table(filled(columns, paper.width), rows, f"Risks: {name}", name=name, names=2, pad=4.1)
