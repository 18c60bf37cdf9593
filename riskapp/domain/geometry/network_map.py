"""A risk's neighbourhood drawn from left to right: what drives it, the risk, what it drives."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from riskapp.domain.geometry.lettering import width_of, wrapped
from riskapp.domain.geometry.shapes import Area, Box, Curve, Line, Picture, Shape, Words, lettered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Side = Literal[-1, 1]

WIDTH = 1000.0
_MARGIN, _GAP, _WIDEST_GAP, _WIDEST, _APART = 26.0, 45.0, 96.0, 236.0, 16.0
_PAD, _HEAD, _LEADING, _NOTE, _LANE = 10.0, 26.0, 16.5, 15.0, 8.0
_SIZE, _SMALL = 13.0, 12.5


@dataclass(frozen=True, slots=True)
class MapNode:
    """A risk: the column it stands in, how it is linked in words, and its score with the slot of its band."""

    key: str
    label: str
    column: int
    note: str = ""
    score: int | None = None
    band: str = ""


@dataclass(frozen=True, slots=True)
class MapEdge:
    """A link of one kind; one that shares a cause has no arrow."""

    source: str
    target: str
    kind: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The risk itself first, then those near it; and every link between any two of them."""

    nodes: tuple[MapNode, ...]
    edges: tuple[MapEdge, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    node: MapNode
    x: float
    y: float
    width: float
    lines: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def height(self) -> float:
        return _HEAD + _LEADING * len(self.lines) + _NOTE * len(self.notes) + _PAD * 1.5

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    def side(self, side: Side) -> float:
        return self.x + self.width if side > 0 else self.x


def network_map(facts: Neighbours) -> Picture:
    """The map on a ground as wide as a page, and as high as its fullest column."""
    placed = _placed(facts)
    foot = max((each.y + each.height for each in placed.values()), default=0)
    lines, last = _edges(facts, placed, foot)
    boxes = (shape for number, each in enumerate(placed.values()) for shape in _box(each, is_centre=not number))
    return Picture(WIDTH, last + 12, (*lines, *boxes))


def _placed(facts: Neighbours) -> dict[str, _Placed]:
    """Columns beside each other in the middle of the ground, each with its boxes one below the other."""
    columns = _columns(facts)
    if not columns:
        return {}
    count = len(columns)
    inner = WIDTH - 2 * _MARGIN
    width = min(_WIDEST, (inner - _GAP * (count - 1)) / count)
    gap = min(_WIDEST_GAP, (inner - width * count) / (count - 1)) if count > 1 else 0
    left = (WIDTH - width * count - gap * (count - 1)) / 2
    stacks = [
        [_lettered(node, left + place * (width + gap), width) for node in columns[column]]
        for place, column in enumerate(sorted(columns))
    ]
    heights = [sum(each.height for each in stack) + _APART * (len(stack) - 1) for stack in stacks]
    found: dict[str, _Placed] = {}
    for stack, height in zip(stacks, heights, strict=True):
        y = 2 + (max(heights) - height) / 2
        for each in stack:
            found[each.node.key] = _Placed(each.node, each.x, y, each.width, each.lines, each.notes)
            y += each.height + _APART
    return {node.key: found[node.key] for node in facts.nodes}


def _columns(facts: Neighbours) -> dict[int, list[MapNode]]:
    """Each column in the order of what it is joined to in the column nearer the middle, so that few lines cross."""
    columns: dict[int, list[MapNode]] = defaultdict(list)
    for node in facts.nodes:
        columns[node.column].append(node)
    joined: dict[str, set[str]] = defaultdict(set)
    for edge in facts.edges:
        joined[edge.source].add(edge.target)
        joined[edge.target].add(edge.source)
    place = {node.key: float(number) for number, node in enumerate(columns[0])}
    for column in sorted(columns, key=lambda each: (abs(each), each)):
        if column:
            columns[column].sort(key=lambda node: (_mean(place, joined[node.key]), node.key))
            place |= {node.key: float(number) for number, node in enumerate(columns[column])}
    return dict(columns)


def _mean(place: Mapping[str, float], keys: Iterable[str]) -> float:
    known = [place[key] for key in keys if key in place]
    return sum(known) / len(known) if known else 0.0


def _lettered(node: MapNode, x: float, width: float) -> _Placed:
    inside = width - 2 * _PAD
    return _Placed(
        node,
        x,
        0,
        width,
        _fitted(node.label, inside, _SIZE, 600),
        _fitted(node.note, inside, _SMALL) if node.note else (),
    )


def _fitted(text: str, width: float, size: float, weight: int = 400) -> tuple[str, ...]:
    """Lines of text; a word that is wider than a line is broken, since a box has no room beside it."""
    parts: list[str] = []
    for word in text.split():
        piece = ""
        for character in word:
            if piece and width_of(piece + character, size, weight) > width:
                parts.append(piece)
                piece = ""
            piece += character
        parts.append(piece)
    return wrapped(" ".join(parts), width, size, weight)


@dataclass(frozen=True, slots=True)
class _End:
    """Where a link leaves or meets a box: the side, and the height of what is at the other end."""

    key: str
    side: Side
    towards: float
    edge: int
    is_source: bool


def _ends(number: int, edge: MapEdge, placed: Mapping[str, _Placed]) -> tuple[_End, _End]:
    source, target = placed[edge.source], placed[edge.target]
    leaves: Side = 1 if source.node.column <= target.node.column else -1
    meets: Side = 1 if source.node.column >= target.node.column else -1
    return (
        _End(edge.source, leaves, target.middle, number, is_source=True),
        _End(edge.target, meets, source.middle, number, is_source=False),
    )


def _ports(facts: Neighbours, placed: Mapping[str, _Placed]) -> dict[tuple[int, bool], tuple[float, float, Side]]:
    """Where each link touches: the ends at one side of a box share its height, in the order of where they go."""
    at_side: dict[tuple[str, Side], list[_End]] = defaultdict(list)
    for number, edge in enumerate(facts.edges):
        for end in _ends(number, edge, placed):
            at_side[end.key, end.side].append(end)
    found: dict[tuple[int, bool], tuple[float, float, Side]] = {}
    for (key, side), ends in at_side.items():
        box = placed[key]
        ends.sort(key=lambda end: (end.towards, end.edge, end.is_source))
        for number, end in enumerate(ends, start=1):
            y = box.y + box.height * number / (len(ends) + 1)
            found[end.edge, end.is_source] = (box.side(side), y, side)
    return found


def _edges(facts: Neighbours, placed: Mapping[str, _Placed], foot: float) -> tuple[list[Shape], float]:
    """The links, beneath the boxes; one that passes a whole column goes below them all. Gives the lowest line too."""
    ports, shapes, lanes, brackets = _ports(facts, placed), list[Shape](), 0, 0
    for number, edge in enumerate(facts.edges):
        (x1, y1, leaves), (x2, y2, meets) = ports[number, True], ports[number, False]
        apart = abs(placed[edge.source].node.column - placed[edge.target].node.column)
        end = x2 + meets * (_LANE if edge.kind != "shares_cause" else 0)
        kind = f"net-{edge.kind.replace('_', '-')}"
        if apart == 1:
            shapes.append(Curve((x1, y1), (end, y2), kind))
        elif apart == 0:
            out = max(x1, x2) + _LANE * (1.5 + brackets % 2)
            brackets += 1
            shapes.append(Line(((x1, y1), (out, y1), (out, y2), (end, y2)), kind))
        else:
            lanes += 1
            low, near = foot + _LANE * (lanes + 0.5), _LANE * (1 + lanes % 3 * 0.6)
            there = x2 + meets * (near + _LANE)
            here = x1 + leaves * near
            shapes.append(Line(((x1, y1), (here, y1), (here, low), (there, low), (there, y2), (end, y2)), kind))
        if edge.kind != "shares_cause":
            back = x2 + meets * (_LANE + 1)
            shapes.append(Area(((back, y2 - 5), (x2, y2), (back, y2 + 5)), "ink-box"))
    return shapes, foot + _LANE * (lanes + 0.5 if lanes else 0)


def _box(each: _Placed, *, is_centre: bool) -> Iterator[Shape]:
    node = each.node
    yield Box(each.x, each.y, each.width, each.height, "node-live" if is_centre else "node")
    left, top = each.x + _PAD, each.y + 7
    if node.score is not None:
        yield Box(left, top, 28, 18, node.band)
        yield Words(left + 14, top + 13.5, str(node.score), f"{node.band.split()[0]}-ink", _SIZE, 700, "middle")
        left += 36
    yield Words(left, top + 13.5, node.key, "soft", _SMALL, 600)
    y = each.y + _HEAD + 4
    like = Words(0, 0, "", "ink", _SIZE, 700 if is_centre else 600)
    yield from lettered(each.lines, each.x + _PAD, y + _LEADING * len(each.lines) / 2, like=like, leading=_LEADING)
    y += _LEADING * len(each.lines)
    note = Words(0, 0, "", "soft", _SMALL)
    yield from lettered(each.notes, each.x + _PAD, y + _NOTE * len(each.notes) / 2, like=note, leading=_NOTE)
