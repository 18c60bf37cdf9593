"""A route drawn from left to right: who hands what to whom, and where live cases stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import networkx as nx

from riskapp.domain.geometry.lettering import width_of, wrapped
from riskapp.domain.geometry.shapes import Box, Curve, Line, Picture, Shape, Words, lettered

if TYPE_CHECKING:
    from collections.abc import Iterator

NodeState = Literal["plain", "here", "vacant", "board"]

_GAP_ACROSS, _GAP_DOWN, _GROUP_GAP, _HEAD = 54.0, 10.0, 24.0, 58.0
_NARROWEST, _WIDEST, _PAD, _LEADING, _CASE = 104.0, 168.0, 10.0, 17.0, 36.0
_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class LiveCase:
    """A case that waits at a desk: its reference, what is left, its score and the slot of its band."""

    reference: str
    note: str
    score: int
    band: str


@dataclass(frozen=True, slots=True)
class RouteNode:
    """A desk or team; `note` is its second line."""

    key: str
    label: str
    column: int
    note: str = ""
    state: NodeState = "plain"
    cases: tuple[LiveCase, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteEdge:
    """A hand-over; it is live where a case has gone that way and stands beyond it."""

    source: str
    target: str
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Columns as (name, condition and time), desks with their column, and hand-overs."""

    columns: tuple[tuple[str, str], ...]
    nodes: tuple[RouteNode, ...]
    edges: tuple[RouteEdge, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    node: RouteNode
    x: float
    y: float
    width: float
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        return _LEADING * len(self.lines) + (16 if self.node.note else 0) + 14

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def route_map(facts: Route) -> Picture:
    """The map, as wide and high as its desks need; rows are ordered so that few lines cross."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(node.key for node in facts.nodes)
    graph.add_edges_from((edge.source, edge.target) for edge in facts.edges)
    placed = _heights_found(graph, _columns_filled(facts, _orders(facts, graph)))
    live = {key for edge in facts.edges if edge.is_live for key in (edge.source, edge.target)}
    width = max((each.x + each.width for each in placed.values()), default=0) + 1
    foot = max((each.y + each.height + _CASE * len(each.node.cases) for each in placed.values()), default=0)
    shapes = (
        *_heads(facts, placed, width),
        *(shape for edge in sorted(facts.edges, key=lambda edge: edge.is_live) for shape in _edge(edge, placed)),
        *(shape for each in placed.values() for shape in _desk(each, is_live=each.node.key in live)),
    )
    return Picture(width, foot + 8, shapes)


def _orders(facts: Route, graph: nx.DiGraph[str]) -> list[list[RouteNode]]:
    """Each column's desks, swept to and fro towards the mean place of what they are joined to."""
    columns = [[node for node in facts.nodes if node.column == number] for number in range(len(facts.columns))]
    rank = {node.key: float(place) for column in columns for place, node in enumerate(column)}
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 else reversed(columns):
            neighbours = graph.predecessors if sweep % 2 else graph.successors
            mean = {
                node.key: sum(rank[key] for key in joined) / len(joined)
                if (joined := list(neighbours(node.key)))
                else rank[node.key]
                for node in column
            }
            column.sort(key=lambda node: (mean[node.key], rank[node.key], node.key))
            rank |= {node.key: float(place) for place, node in enumerate(column)}
    return columns


def _columns_filled(facts: Route, columns: list[list[RouteNode]]) -> list[list[_Placed]]:
    """Desks with their width and lines, column beside column; heights come after."""
    filled, x = [], 0.75
    for (name, condition), column in zip(facts.columns, columns, strict=True):
        words = max((width_of(node.label, 13.5, 600) for node in column), default=0)
        notes = max((width_of(node.note, 12.5) for node in column), default=0)
        heads = max(width_of(name, 14, 700), width_of(condition, 13)) - 20
        width = max(_NARROWEST, min(_WIDEST, words + 2 * _PAD), notes + 2 * _PAD, heads)
        filled.append([_Placed(node, x, 0, width, wrapped(node.label, width - 2 * _PAD, 13.5, 600)) for node in column])
        x += width + _GAP_ACROSS
    return filled


def _heights_found(graph: nx.DiGraph[str], columns: list[list[_Placed]]) -> dict[str, _Placed]:
    """The fullest column is stacked in groups that share a next desk; the others stand level with what they join."""
    placed: dict[str, _Placed] = {}
    fullest = max(range(len(columns)), key=lambda number: len(columns[number]), default=0)
    _stack(columns[fullest], graph, placed)
    for number in [*range(fullest + 1, len(columns)), *range(fullest - 1, -1, -1)]:
        joined = graph.predecessors if number > fullest else graph.successors
        _level(columns[number], {each.node.key: list(joined(each.node.key)) for each in columns[number]}, placed)
    return placed


def _down(each: _Placed, y: float) -> _Placed:
    return _Placed(each.node, each.x, y, each.width, each.lines)


def _stack(column: list[_Placed], graph: nx.DiGraph[str], placed: dict[str, _Placed]) -> None:
    y, before = _HEAD, None
    for each in column:
        heads_for = set(graph.successors(each.node.key))
        if before is not None and heads_for != before:
            y += _GROUP_GAP - _GAP_DOWN
        placed[each.node.key] = _down(each, y)
        y += each.height + _CASE * len(each.node.cases) + _GAP_DOWN
        before = heads_for


def _level(column: list[_Placed], joined: dict[str, list[str]], placed: dict[str, _Placed]) -> None:
    """Each desk at the mean height of what it joins, then pushed down and back up until none overlaps."""
    heights = [each.height + _CASE * len(each.node.cases) + _GROUP_GAP for each in column]
    wanted = []
    for each in column:
        middles = [placed[key].middle for key in joined[each.node.key] if key in placed]
        wanted.append((sum(middles) / len(middles) if middles else _HEAD + each.height) - each.height / 2)
    tops = list(wanted)
    for number in range(1, len(column)):
        tops[number] = max(tops[number], tops[number - 1] + heights[number - 1])
    slack = sum(top - wish for top, wish in zip(tops, wanted, strict=True)) / max(len(column), 1)
    lift = min(slack, tops[0] - _HEAD) if column else 0
    for each, top in zip(column, tops, strict=True):
        placed[each.node.key] = _down(each, max(top - lift, _HEAD))


def _heads(facts: Route, placed: dict[str, _Placed], width: float) -> Iterator[Shape]:
    lefts = {each.node.column: each.x for each in placed.values()}
    for number, (name, condition) in enumerate(facts.columns):
        if number in lefts:
            yield Words(lefts[number], 14, name, size=14, weight=700)
            yield Words(lefts[number], 32, condition, "soft")
    yield Line(((0, 44), (width, 44)), "axis")


def _edge(edge: RouteEdge, placed: dict[str, _Placed]) -> Iterator[Shape]:
    source, target = placed[edge.source], placed[edge.target]
    kind = "route-live" if edge.is_live else "route"
    yield Curve((source.x + source.width, source.middle), (target.x, target.middle), kind)


def _desk(each: _Placed, *, is_live: bool) -> Iterator[Shape]:
    node = each.node
    kind = {"here": "accent-box", "vacant": "vacant", "board": "board"}.get(
        node.state, "node-live" if is_live else "node"
    )
    yield Box(each.x, each.y, each.width, each.height, kind)
    inverse = node.state == "here"
    words = each.y + 7 + _LEADING * len(each.lines) / 2
    like = Words(0, 0, "", "inverse" if inverse else "ink", 13.5, 600)
    yield from lettered(each.lines, each.x + _PAD, words, like=like, leading=_LEADING)
    if node.note:
        soft = "inverse" if inverse else "late" if node.state == "vacant" else "soft"
        yield Words(each.x + _PAD, each.y + each.height - 10, node.note, soft, 12.5)
    for number, case in enumerate(node.cases):
        top = each.y + each.height + 7 + _CASE * number
        yield Box(each.x, top, 28, 20, case.band)
        yield Words(each.x + 14, top + 15, str(case.score), f"{case.band}-ink", 13.5, 700, "middle")
        yield Words(each.x + 36, top + 9, case.reference, size=12.5, weight=600)
        yield Words(each.x + 36, top + 24, case.note, "soft", 12.5)
