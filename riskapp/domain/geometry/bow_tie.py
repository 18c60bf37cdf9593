"""A bow-tie: causes at the left, the event in the middle, consequences at the right, controls on the lines between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from riskapp.domain.geometry.lettering import wrapped
from riskapp.domain.geometry.shapes import Area, Box, Curve, Line, Picture, Shape, Words, lettered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ControlState = Literal["effective", "partly", "untested"]
STATE_WORDS: dict[ControlState, str] = {
    "effective": "Effective",
    "partly": "Partly",
    "untested": "Not tested",
}

_WIDTH, _SIDE, _KNOT, _RUN_END = 1008.0, 192.0, 160.0, 378.0
_HEAD, _GAP, _LEADING = 34.0, 26.0, 19.0


@dataclass(frozen=True, slots=True)
class Barrier:
    """A control on a line, and what its last test said."""

    name: str
    state: ControlState


@dataclass(frozen=True, slots=True)
class Branch:
    """One cause or consequence; `controls` is None where controls are not drawn, empty where there is none."""

    text: str
    controls: tuple[Barrier, ...] | None = None


@dataclass(frozen=True, slots=True)
class BowTie:
    """The three parts of a risk's statement."""

    causes: tuple[Branch, ...]
    event: str
    consequences: tuple[Branch, ...]


def bow_tie(facts: BowTie) -> Picture:
    """The drawing, 1008 wide and as high as its words need."""
    left, right = _heights(facts.causes), _heights(facts.consequences)
    event = wrapped(facts.event, _KNOT - 28, 15.5, 600)
    knot = max(len(event) * 20.5 + 44, 90.0, 30.0 * max(len(left), len(right)))
    tall = max(sum(left) + _GAP * len(left), sum(right) + _GAP * len(right), knot + _GAP)
    middle = _HEAD + tall / 2
    shapes = (
        *_heads(facts),
        *_side(facts.causes, left, middle, knot, mirror=False),
        *_side(facts.consequences, right, middle, knot, mirror=True),
        *_event(event, middle, knot),
    )
    return Picture(_WIDTH, _HEAD + tall + 6, shapes)


def _lines(branch: Branch) -> tuple[str, ...]:
    return wrapped(branch.text, _SIDE - 26, 14.5)


def _heights(branches: Sequence[Branch]) -> list[float]:
    """Each row is as high as its box, or as the names above and the states below its controls."""
    return [
        max(
            len(_lines(branch)) * _LEADING + 22,
            2 * (24 + 16.5 * _name_lines(branch)) if branch.controls else 44,
        )
        for branch in branches
    ]


def _name_room(controls: Sequence[Barrier]) -> float:
    return min((_RUN_END - _SIDE) / len(controls) - 6, 150.0)


def _name_lines(branch: Branch) -> int:
    controls = branch.controls or ()
    return max((len(wrapped(each.name, _name_room(controls), 13.5)) for each in controls), default=0)


def _heads(facts: BowTie) -> Iterator[Shape]:
    drawn = any(branch.controls is not None for branch in (*facts.causes, *facts.consequences))
    across = (_SIDE + _RUN_END) / 2
    heads = [("Causes", 0.0, "start"), ("Event", _WIDTH / 2, "middle"), ("Consequences", _WIDTH, "end")]
    if drawn:
        heads += [
            ("Controls that prevent", across, "middle"),
            ("Controls that recover", _WIDTH - across, "middle"),
        ]
    for text, x, anchor in heads:
        yield Words(x, 14, text, "soft", 14, 600, anchor)  # type: ignore[arg-type]  # one of the three anchors above


def _side(
    branches: Sequence[Branch], heights: Sequence[float], middle: float, knot: float, *, mirror: bool
) -> Iterator[Shape]:
    def at(x: float) -> float:
        return _WIDTH - x if mirror else x

    y = middle - (sum(heights) + _GAP * (len(heights) - 1)) / 2
    spread = min(30.0, (knot - 30) / max(len(branches), 1))
    for number, (branch, height) in enumerate(zip(branches, heights, strict=True)):
        centre = y + height / 2
        into = middle + spread * (number - (len(branches) - 1) / 2)
        yield Line(((at(_SIDE), centre), (at(_RUN_END), centre)), "link")
        yield Curve((at(_RUN_END), centre), (at((_WIDTH - _KNOT) / 2), into), "link")
        lines = _lines(branch)
        tall = len(lines) * _LEADING + 22
        yield Box(min(at(0), at(_SIDE)) + 0.75, centre - tall / 2, _SIDE - 1.5, tall, "node")
        left = _WIDTH - _SIDE + 13 if mirror else 13.0
        yield from lettered(lines, left, centre, like=Words(0, 0, "", size=14.5), leading=_LEADING)
        yield from _controls(branch.controls, centre, at)
        y += height + _GAP


def _controls(controls: tuple[Barrier, ...] | None, y: float, at: Callable[[float], float]) -> Iterator[Shape]:
    """Controls in reading order; those that recover stand from the event outwards."""
    if controls is None:
        return
    if not controls:
        yield Words(at((_SIDE + _RUN_END) / 2), y - 10, "No control", "late", 13.5, 600, "middle")
    mirrored = at(0) > at(_SIDE)
    for number, control in enumerate(reversed(controls) if mirrored else controls):
        x = at(_SIDE + (_RUN_END - _SIDE) * (number + 0.5) / len(controls))
        yield from _bar(control.state, x, y)
        names = wrapped(control.name, _name_room(controls), 13.5)
        for line, text in enumerate(reversed(names)):
            yield Words(x, y - 22 - 16.5 * line, text, size=13.5, anchor="middle")
        tested = control.state == "effective"
        weight, kind = (400, "soft") if tested else (600, "ink")
        yield Words(x, y + 31, STATE_WORDS[control.state], kind, 13, weight, "middle")


def _bar(state: ControlState, x: float, y: float) -> Iterator[Shape]:
    """Whole when it holds, broken when it holds in part, dotted when nobody knows."""
    if state == "effective":
        yield Box(x - 4, y - 15, 8, 30, "ink-box")
    elif state == "partly":
        yield Box(x - 4, y - 15, 8, 11, "ink-box")
        yield Box(x - 4, y + 4, 8, 11, "ink-box")
    else:
        yield Box(x - 3, y - 14, 6, 28, "dotted-box")


def _event(lines: tuple[str, ...], middle: float, tall: float) -> Iterator[Shape]:
    left, right, top, foot = (_WIDTH - _KNOT) / 2, (_WIDTH + _KNOT) / 2, middle - tall / 2, middle + tall / 2
    cut = 14
    corners = (
        (left, top + cut),
        (left + cut, top),
        (right - cut, top),
        (right, top + cut),
        (right, foot - cut),
        (right - cut, foot),
        (left + cut, foot),
        (left, foot - cut),
    )
    yield Area(corners, "accent-box")
    like = Words(0, 0, "", "inverse", 15.5, 600, "middle")
    yield from lettered(lines, _WIDTH / 2, middle, like=like, leading=20.5)
