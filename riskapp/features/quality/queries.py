"""How every risk that a reader may read is kept, and how forecasts came out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal_column, select, union_all
from sqlalchemy.orm import aliased

from riskapp.domain.actions import Status
from riskapp.domain.permissions import Actor
from riskapp.domain.policy import Policy
from riskapp.domain.quality import CHECKS, Finding, Kept, Outturn, findings
from riskapp.features.people import queries as people
from riskapp.features.plan.queries import THREATENED
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import kept
from riskapp.models.actions import Action
from riskapp.models.database import read
from riskapp.models.entity import Entity, Link
from riskapp.models.people import Post, Unit
from riskapp.models.plan import PlanItem
from riskapp.models.quality import QualityReason, still_holds
from riskapp.models.risks import Assessment, Risk, RiskCause, RiskConsequence, RiskStanding

OPEN_ACTIONS = tuple(status.value for status in Status if status.is_open)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A risk as its keepers keep it, and what there is to ask."""

    reference: str
    title: str
    unit: str
    unit_path: str
    owner: str
    score: int
    rating: str
    is_gain: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class UnitQuality:
    """A unit with all below it: how many open risks it has, how many are well kept, and how often each check asks."""

    id: int
    reference: str
    name: str
    risks: int
    well_kept: int
    counts: Mapping[str, int]

    @property
    def share(self) -> int:
        """Well kept out of a hundred, rounded down: 100 means every one."""
        return 100 * self.well_kept // self.risks if self.risks else 100

    @property
    def most(self) -> str | None:
        """The check that asks most often; of two alike the more pressing one."""
        asked = [key for key in CHECKS if self.counts.get(key)]
        return max(asked, key=lambda key: (self.counts[key], -CHECKS.index(key)), default=None)


def reviewed(actor: Actor, policy: Policy, *, on: date, unit_path: str = "") -> tuple[Reviewed, ...]:
    """Look at every open risk of which nothing is withheld from the reader, in three queries, by title."""
    rows = read(_open_risks(actor, on, unit_path)).all()
    texts, reasons = _texts(actor, on, unit_path), _reasons(actor, on, unit_path)
    return tuple(_reviewed(row, texts, reasons, policy, on) for row in rows)


def _reviewed(
    row: Any,
    texts: Mapping[tuple[int, str], Sequence[str]],
    reasons: Mapping[int, frozenset[str]],
    policy: Policy,
    on: date,
) -> Reviewed:
    is_gain = row.kind == "opportunity"
    asked = Kept(
        is_open=True,
        rating=row.rating,
        inherent=row.inherent,
        current=row.current,
        target=row.target,
        next_review_on=row.next_review_on,
        has_action_in_date=row.has_action_in_date,
        causes=tuple(texts.get((row.id, "cause"), ())),
        event=row.event,
        consequences=tuple(texts.get((row.id, "consequence"), ())),
        target_on=row.target_on,
        is_gain=is_gain,
        has_open_action=row.has_open_action,
        rating_since=row.rating_since,
        is_held=row.is_held,
        is_linked=row.is_linked,
        reasons=reasons.get(row.id, frozenset()),
    )
    return Reviewed(
        row.reference, row.name, row.unit, row.path, row.owner, row.current, row.rating, is_gain,
        findings(policy, asked, on),
    )  # fmt: skip


def _readable(actor: Actor, on: date, unit_path: str) -> tuple[readers.Projection, list[ColumnElement[bool]]]:
    """Only what the reader may read whole: a finding on the rest would tell what is withheld."""
    seen = readers.projection(actor, on=on)
    conditions = [readers.readable(actor, on=on), Risk.status == "open", *(why.is_(None) for why in seen.whys())]
    if unit_path:
        conditions.append(Risk.unit_id.in_(readers.units_below(unit_path)))
    return seen, conditions


@kept
def _open_risks(actor: Actor, on: date, unit_path: str) -> Select[*tuple[Any, ...]]:
    inherent, current, target = aliased(Assessment), aliased(Assessment), aliased(Assessment)
    unit_name = aliased(Entity)
    seen, conditions = _readable(actor, on, unit_path)
    treats = (Link.to_id == Risk.id, Link.kind == "treats", Action.id == Link.from_id, Action.status.in_(OPEN_ACTIONS))
    threatens = exists().where(
        Link.from_id == Risk.id, Link.kind == "threatens", PlanItem.id == Link.to_id, PlanItem.kind.in_(THREATENED)
    )
    return (
        seen.joined(
            select(
                Risk.id, Entity.reference, Entity.name, Risk.kind, Risk.event, unit_name.name.label("unit"), Unit.path,
                Post.title.label("owner"), inherent.score.label("inherent"), current.score.label("current"),
                current.rating, target.score.label("target"), target.target_on, Risk.next_review_on,
                exists().where(*treats, Action.due_on >= on).label("has_action_in_date"),
                exists().where(*treats).label("has_open_action"),
                people.is_held(Risk.owner_post_id, on=on).label("is_held"),
                threatens.label("is_linked"),
                _rating_since(current).label("rating_since"),
            )
            .select_from(Risk)
            .join(Entity, Entity.id == Risk.id)
            .join(Unit, Unit.id == Risk.unit_id)
            .join(unit_name, unit_name.id == Risk.unit_id)
            .join(Post, Post.id == Risk.owner_post_id)
            .join(RiskStanding, RiskStanding.risk_id == Risk.id)
            .join(inherent, inherent.id == RiskStanding.inherent_id)
            .join(current, current.id == RiskStanding.current_id)
            .join(target, target.id == RiskStanding.target_id)
        )
        .where(*conditions)
        .order_by(func.lower(Entity.name), Entity.reference)
    )  # fmt: skip


def _rating_since(current: type[Assessment]) -> ColumnElement[date]:
    """The first day of the unbroken run in the band of today: after the last assessment in another band."""
    other, same = aliased(Assessment), aliased(Assessment)
    of_risk = {"basis": "current", "state": "in_force"}
    last_other = (
        select(func.coalesce(func.max(other.id), 0))
        .filter_by(**of_risk)
        .where(other.risk_id == Risk.id, other.rating != current.rating)
        .correlate(Risk, current)
        .scalar_subquery()
    )
    return (
        select(func.min(same.effective_on))
        .filter_by(**of_risk)
        .where(same.risk_id == Risk.id, same.id > last_other)
        .correlate(Risk, current)
        .scalar_subquery()
    )


def _texts(actor: Actor, on: date, unit_path: str) -> Mapping[tuple[int, str], Sequence[str]]:
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for what, risk_id, _position, text in sorted(read(_all_texts(actor, on, unit_path)), key=lambda line: line[2]):
        found[risk_id, what].append(text)
    return found


@kept
def _all_texts(actor: Actor, on: date, unit_path: str) -> Any:
    seen, conditions = _readable(actor, on, unit_path)
    risks = seen.joined(select(Risk.id).select_from(Risk).join(Entity, Entity.id == Risk.id)).where(*conditions)
    return union_all(
        *(
            select(literal_column(f"'{what}'"), table.risk_id, table.position, table.text).where(
                table.risk_id.in_(risks)
            )
            for what, table in (("cause", RiskCause), ("consequence", RiskConsequence))
        )
    )


def _reasons(actor: Actor, on: date, unit_path: str) -> Mapping[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for risk_id, check in read(_all_reasons(actor, on, unit_path)):
        found[risk_id].add(check)
    return {risk_id: frozenset(checks) for risk_id, checks in found.items()}


@kept
def _all_reasons(actor: Actor, on: date, unit_path: str) -> Select[*tuple[Any, ...]]:
    seen, conditions = _readable(actor, on, unit_path)
    risks = seen.joined(select(Risk.id).select_from(Risk).join(Entity, Entity.id == Risk.id)).where(*conditions)
    return (
        select(QualityReason.risk_id, QualityReason.check_key)
        .join(RiskStanding, still_holds())
        .where(QualityReason.risk_id.in_(risks))
        .distinct()
    )


@dataclass(frozen=True)
class League:
    """Units beside each other, the best kept first, and all of them together."""

    units: tuple[UnitQuality, ...]
    whole: UnitQuality

    @cached_property
    def asked(self) -> tuple[tuple[str, int], ...]:
        """Each check with how often it asks in all, the most pressing first."""
        return tuple((key, self.whole.counts.get(key, 0)) for key in CHECKS)


def league(actor: Actor, rows: Iterable[Reviewed], *, under: str, whole: str) -> League:
    """Count risks by the units directly below one, those of the unit itself under its own name; ties by name."""
    del actor  # the rows are what the reader may read, and the organisation is no secret inside the council
    units = read(
        select(Unit.id, Unit.path, Entity.reference, Entity.name, Unit.parent_id)
        .join(Entity, Entity.id == Unit.id)
        .where(Unit.path.like(f"{under}%"))
    ).all()
    top = next((unit for unit in units if unit.path == under), None)
    beside = [unit for unit in units if top is not None and unit.parent_id == top.id]
    rows = tuple(rows)
    found = [_counted(unit, [row for row in rows if row.unit_path.startswith(unit.path)]) for unit in beside]
    if top is not None:
        found.append(_counted(top, [row for row in rows if row.unit_path == top.path]))
    everything = UnitQuality(0, "", whole, len(rows), *_counts(rows))
    in_order = sorted((unit for unit in found if unit.risks), key=lambda unit: (-unit.share, unit.name))
    return League(tuple(in_order), everything)


def _counted(unit: Any, rows: Sequence[Reviewed]) -> UnitQuality:
    return UnitQuality(unit.id, unit.reference, unit.name, len(rows), *_counts(rows))


def _counts(rows: Sequence[Reviewed]) -> tuple[int, Mapping[str, int]]:
    counted: dict[str, int] = defaultdict(int)
    for row in rows:
        for key in {finding.check.key for finding in row.findings}:
            counted[key] += 1
    return sum(not row.findings for row in rows), counted


def outturns(actor: Actor, *, on: date) -> Mapping[str, tuple[Outturn, ...]]:
    """Compare the last forecast for each year end that has passed with what came about, by directorate."""
    directorate, name = aliased(Unit), aliased(Entity)
    seen = readers.projection(actor, on=on)
    forecast = aliased(Assessment)
    later = aliased(Assessment)
    is_last = ~exists().where(
        later.risk_id == forecast.risk_id,
        later.basis == "forecast",
        later.target_on == forecast.target_on,
        later.id > forecast.id,
    )
    rows = read(
        seen.joined(
            select(
                name.name,
                forecast.score,
                _held_at(forecast, forecast.effective_on),
                _held_at(forecast, forecast.target_on),
            )
            .select_from(Risk)
            .join(Entity, Entity.id == Risk.id)
            .join(forecast, (forecast.risk_id == Risk.id) & (forecast.basis == "forecast"))
            .join(Unit, Unit.id == Risk.unit_id)
            .join(directorate, (directorate.kind == "directorate") & Unit.path.startswith(directorate.path))
            .join(name, name.id == directorate.id)
        )
        .where(readers.readable(actor, on=on), *(why.is_(None) for why in seen.whys()))
        .where(Risk.kind == "threat", forecast.target_on < on, is_last)
        .order_by(func.lower(name.name), forecast.id)
    )
    found: dict[str, list[Outturn]] = defaultdict(list)
    for unit, forecast_score, was, came in rows:
        if was is not None and came is not None:
            found[unit].append(Outturn(was, forecast_score, came))
    return {unit: tuple(each) for unit, each in found.items()}


def _held_at(forecast: type[Assessment], day: Any) -> ColumnElement[int]:
    """The current score that held at the end of a day."""
    held = aliased(Assessment)
    return (
        select(held.score)
        .where(held.risk_id == Risk.id, held.basis == "current", held.state == "in_force", held.effective_on <= day)
        .order_by(held.effective_on.desc(), held.id.desc())
        .limit(1)
        .correlate(Risk, forecast)
        .scalar_subquery()
    )
