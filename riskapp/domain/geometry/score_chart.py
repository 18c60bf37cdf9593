"""A risk's score over time: the steps it took, the plan, the limits of appetite and the targets as set, and today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from riskapp.domain.geometry.lettering import width_of
from riskapp.domain.geometry.shapes import Box, Dot, Line, Picture, Point, Shape, Words, diamond

if TYPE_CHECKING:
    from collections.abc import Iterator

_NARROW = 420
_LABEL_ROOM = 112
_LEAST_SPAN = timedelta(days=92)
_BY_MONTH = timedelta(days=200)


@dataclass(frozen=True, slots=True)
class Scored:
    """A score and the day it took or takes effect."""

    on: date
    score: int


@dataclass(frozen=True, slots=True)
class Aim:
    """A score that was aimed at or forecast on a day, and the day by or for which it was."""

    set_on: date
    score: int
    by: date


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of appetite from a day on; None while none were set."""

    on: date
    optimal: int | None
    tolerable: int | None


@dataclass(frozen=True, slots=True)
class ScoreHistory:
    """What the chart shows, oldest first; `highest` is the top of the policy's scale, `band` the colour of now.

    `today` is the day at the end of the steps: a past one where the chart `is_past`.
    """

    history: tuple[Scored, ...]
    highest: int
    today: date
    band: str
    plan: tuple[Scored, ...] = ()
    targets: tuple[Aim, ...] = ()
    forecasts: tuple[Aim, ...] = ()
    appetite: tuple[Bounds, ...] = ()
    is_past: bool = False

    @property
    def now(self) -> int | None:
        return self.history[-1].score if self.history else None

    @property
    def target(self) -> Scored | None:
        """The target that holds."""
        return Scored(self.targets[-1].by, self.targets[-1].score) if self.targets else None

    @property
    def bounds(self) -> Bounds | None:
        """The limits that hold."""
        return self.appetite[-1] if self.appetite else None

    @property
    def days(self) -> tuple[date, date]:
        """The first and last day drawn."""
        ahead = [point.on for point in self.plan] + [each.by for each in (*self.targets, *self.forecasts)]
        every = [self.today, *ahead, *(point.on for point in self.history)]
        return min(*every, self.today - _LEAST_SPAN), max(every)


@dataclass(frozen=True, slots=True)
class _Scale:
    left: float
    right: float
    top: float
    bottom: float
    first: date
    span: int
    highest: int

    def x(self, on: date) -> float:
        return self.left + 8 + (self.right - self.left - 16) * (on - self.first).days / self.span

    def y(self, score: float) -> float:
        return self.bottom - (self.bottom - self.top) * score / self.highest

    def at(self, point: Scored) -> Point:
        return self.x(point.on), self.y(point.score)


def score_chart(facts: ScoreHistory, width: float = 480, height: float = 290) -> Picture:
    """The chart at a width and height in pixels; below 420 wide the limits are named inside the plot."""
    first, last = facts.days
    room = 12 if width < _NARROW else _LABEL_ROOM
    scale = _Scale(26, width - room, 14, height - 34, first, (last - first).days, facts.highest)
    shapes = (
        *_grounds(facts, scale),
        *_axes(facts, scale),
        *_limits(facts, scale, inside=width < _NARROW),
        *_today(facts, scale),
        *_aims(facts, scale),
        *_plan(facts, scale),
        *_steps(facts, scale),
    )
    return Picture(width, height, shapes)


def _spans(facts: ScoreHistory, scale: _Scale, limit: str) -> Iterator[tuple[float, float, float]]:
    """Where a limit stood: from which x to which, and at which height, over the whole width of the plot."""
    first, last = facts.days
    for number, bounds in enumerate(facts.appetite):
        is_last = number + 1 == len(facts.appetite)
        until = last if is_last else min(facts.appetite[number + 1].on, last)
        value = getattr(bounds, limit)
        if value is None or until <= first:
            continue
        left = scale.left if bounds.on <= first else scale.x(bounds.on)
        yield left, scale.right if is_last else scale.x(until), scale.y(value)


def _grounds(facts: ScoreHistory, scale: _Scale) -> Iterator[Shape]:
    for limit, kind in (("tolerable", "ground"), ("optimal", "ground-2")):
        for left, right, top in _spans(facts, scale, limit):
            yield Box(left, top, right - left, scale.bottom - top, kind)


def _axes(facts: ScoreHistory, scale: _Scale) -> Iterator[Shape]:
    step = 5 if facts.highest % 5 == 0 else 4
    for score in range(0, facts.highest + 1, step):
        y = scale.y(score)
        yield Line(((scale.left - 4, y), (scale.left, y)), "tick")
        yield Words(scale.left - 8, y + 4.5, str(score), "soft", anchor="end")
    yield Line(((scale.left, scale.bottom), (scale.right, scale.bottom)), "axis")
    for on, text in _months(facts, scale):
        yield Line(((scale.x(on), scale.bottom), (scale.x(on), scale.bottom + 5)), "tick")
        yield Words(scale.x(on), scale.bottom + 22, text, "soft", anchor="middle")


def _months(facts: ScoreHistory, scale: _Scale) -> Iterator[tuple[date, str]]:
    """The first days of months or quarters, or of each nth when they would crowd; a year is said once."""
    first, last = facts.days
    starts = [
        date(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in range(1, 13, 1 if last - first < _BY_MONTH else 3)
        if first <= date(year, month, 1) <= last
    ]
    crowd = max(1, round(56 * len(starts) / (scale.right - scale.left) + 0.3))
    said = None
    for on in starts[::crowd]:
        yield on, f"{on:%b}" if on.year == said else f"{on:%b %Y}"
        said = on.year


def _limits(facts: ScoreHistory, scale: _Scale, *, inside: bool) -> Iterator[Shape]:
    for limit in ("tolerable", "optimal"):
        spans = tuple(_spans(facts, scale, limit))
        for line in _stepped(spans):
            yield Line(line, "limit")
        value = getattr(facts.bounds, limit) if facts.bounds else None
        if value is None:
            continue
        y = spans[-1][2]
        x, baseline = (scale.left + 6, y + 15) if inside else (scale.right + 6, y + 4.5)
        yield Words(x, baseline, f"{limit.capitalize()} to {value}", "soft")


def _stepped(spans: tuple[tuple[float, float, float], ...]) -> Iterator[tuple[Point, ...]]:
    """Join spans that follow on one another into one line of steps."""
    line: list[Point] = []
    for left, right, y in spans:
        if line and line[-1][0] != left:
            yield tuple(line)
            line = []
        line += [(left, y), (right, y)]
    if line:
        yield tuple(line)


def _today(facts: ScoreHistory, scale: _Scale) -> Iterator[Shape]:
    x = scale.x(facts.today)
    near_edge = x > scale.right - 48
    yield Line(((x, scale.top), (x, scale.bottom)), "today")
    words = f"{facts.today.day} {facts.today:%b %Y}" if facts.is_past else "Today"
    yield Words(x - 5 if near_edge else x + 5, scale.bottom - 8, words, anchor="end" if near_edge else "start")


def _aims(facts: ScoreHistory, scale: _Scale) -> Iterator[Shape]:
    """The targets one after another, from the day each was set, and the days of those that hold no more."""
    corners: list[Point] = []
    for number, aim in enumerate(facts.targets):
        is_last = number + 1 == len(facts.targets)
        until = aim.by if is_last else facts.targets[number + 1].set_on
        y = scale.y(aim.score)
        corners += [(scale.x(max(aim.set_on, facts.days[0])), y), (scale.x(max(until, aim.set_on)), y)]
    if corners:
        yield Line(tuple(corners), "aim")
    for aim in facts.targets[:-1]:
        if facts.target != Scored(aim.by, aim.score):
            yield diamond(scale.x(aim.by), scale.y(aim.score), 5, "aim-was")
    for number, aim in enumerate(facts.forecasts, start=1):
        holds = number == len(facts.forecasts)
        if holds and facts.now is not None and aim.by > facts.today:
            yield Line(((scale.x(facts.today), scale.y(facts.now)), (scale.x(aim.by), scale.y(aim.score))), "plan")
        yield Dot(scale.x(aim.by), scale.y(aim.score), 4 if holds else 3, "plan-ring" if holds else "aim-was")


def _plan(facts: ScoreHistory, scale: _Scale) -> Iterator[Shape]:
    ends = (facts.target,) if facts.target else ()
    line = tuple(scale.at(point) for point in (*facts.plan, *ends))
    if len(line) > 1:
        yield Line(line, "plan")
        start, end = max(pairwise(line), key=lambda part: part[1][0] - part[0][0])
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        yield Words(x - 4, y + 18, "Plan", "accent", weight=600, anchor="end")
    for x, y in line[1 : len(line) - len(ends)]:
        yield Dot(x, y, 4, "plan-ring")
    if facts.target:
        yield from _target(facts.target, scale)


def _target(target: Scored, scale: _Scale) -> Iterator[Shape]:
    x, y = scale.at(target)
    yield diamond(x, y, 7, "target")
    lines = (f"Target {target.score} by", f"{target.on.day} {target.on:%b %Y}")
    to_the_left = x + width_of(lines[1], 13, 600) / 2 > scale.right
    first = y - 30 if y + 44 > scale.bottom else y + 22
    for number, text in enumerate(lines):
        at = (scale.right - 2, "end") if to_the_left else (x, "middle")
        yield Words(at[0], first + 16 * number, text, "accent", weight=600, anchor=at[1])  # type: ignore[arg-type]  # one of the two words above


def _steps(facts: ScoreHistory, scale: _Scale) -> Iterator[Shape]:
    if not facts.history:
        return
    corners: list[Point] = []
    for point in facts.history:
        x, y = scale.at(point)
        corners += [(x, corners[-1][1]), (x, y)] if corners else [(x, y)]
    now = (scale.x(facts.today), corners[-1][1])
    yield Line((*corners, now), "step")
    yield from _step_names(facts, scale)
    yield Dot(*now, 6.5, facts.band)
    label = f"{'Then' if facts.is_past else 'Now'} {facts.now}"
    room = scale.right - now[0] > width_of(label, 15, 700) + 14
    x = now[0] + 12 if room else now[0] - 4
    y = now[1] + 5 if room else now[1] - 12
    yield Words(x, y, label, size=15, weight=700, anchor="start" if room else "end")


def _step_names(facts: ScoreHistory, scale: _Scale) -> Iterator[Shape]:
    """A dot at each step and its score, unless the number would stand on the one before or on now."""
    now = scale.x(facts.today)
    free = 0.0
    for point in facts.history:
        x, y = scale.at(point)
        yield Dot(x, y, 4, "step-dot")
        if free <= x < now - 44:
            yield Words(x + 6, y - 8, str(point.score), size=14, weight=700)
            free = x + 30
