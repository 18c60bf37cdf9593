"""The network of risks: what drives what, what follows if one of them happens, and which of them hang together.

All of it is read from the nodes and edges that one reader may see: what is not among them is on no path.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import networkx as nx

from riskapp.domain.refusal import Cannot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DRIVES = ("causes", "worsens")
KINDS = (*DRIVES, "shares_cause")
"""How a risk is linked to another, the strongest first."""
LARGEST = 12
"""Risks that hang together and are still one cluster; more of them are parted where fewest links run between."""


class CannotLinkRisk(Cannot):
    """What was asked for makes no link, or ends none."""


SAID: Mapping[str, tuple[str, str]] = {
    "causes": ("causes", "is caused by"),
    "worsens": ("worsens", "is worsened by"),
    "shares_cause": ("shares a cause with", "shares a cause with"),
    "threatens": ("threatens", "is threatened by"),
    "concerns": ("concerns", "is a concern of"),
}
"""A link in words, read from its first end and from its other end."""


def says(kind: str, *, is_onward: bool) -> str:
    """Say a link from its first end, or from its other end; one of any other kind loses its underscores."""
    return SAID.get(kind, (kind.replace("_", " "),) * 2)[0 if is_onward else 1]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a risk may be said to be linked to another: the kind, and whether it is the first end."""

    kind: str
    is_onward: bool
    words: str


MANNERS: Mapping[str, Manner] = {
    "causes": Manner("causes", is_onward=True, words="This risk causes the other"),
    "worsens": Manner("worsens", is_onward=True, words="This risk worsens the other"),
    "caused_by": Manner("causes", is_onward=False, words="The other causes this risk"),
    "worsened_by": Manner("worsens", is_onward=False, words="The other worsens this risk"),
    "shares_cause": Manner("shares_cause", is_onward=True, words="The two share a cause"),
}


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A link of one kind between two risks, by their references."""

    source: str
    target: str
    kind: str


@dataclass(frozen=True)
class Network:
    """Risks by reference and the links between them, in an order that follows from them alone."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]

    @classmethod
    def of(cls, nodes: Iterable[str], edges: Iterable[Edge]) -> Network:
        """Leave out each edge with an end that is not there, and each to itself."""
        known = set(nodes)
        kept = {each for each in edges if {each.source, each.target} <= known and each.source != each.target}
        return cls(tuple(sorted(known)), tuple(sorted(kept)))

    @cached_property
    def drives(self) -> nx.DiGraph[str]:
        """What leads to what, whether it causes or worsens it."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from((each.source, each.target) for each in self.edges if each.kind in DRIVES)
        return graph

    @cached_property
    def joined(self) -> nx.Graph[str]:
        """What is linked with what, in any way."""
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from((each.source, each.target) for each in self.edges)
        return graph

    @cached_property
    def _kinds(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for each in sorted(self.edges, key=lambda edge: KINDS.index(edge.kind)):
            ends = (each.source, each.target)
            found[ends] = (*found.get(ends, ()), each.kind)
        return found

    def kinds(self, source: str, target: str) -> tuple[str, ...]:
        """How one risk is linked to another in this direction, the strongest first."""
        return self._kinds.get((source, target), ())


@dataclass(frozen=True, slots=True)
class Near:
    """A risk near another: how many links away, through which nearer one, by which of their links.

    `step` is where it stands along the chain: what is driven is one further on, what drives one before.
    """

    reference: str
    distance: int
    step: int
    through: str
    kind: str
    is_onward: bool


def neighbourhood(network: Network, start: str, *, depth: int) -> tuple[Near, ...]:
    """List the risks within some links of one: the nearest first, then the most strongly linked, then by reference."""
    away = nx.single_source_shortest_path_length(network.joined, start, cutoff=depth)
    found: list[tuple[int, int, str, Near]] = []
    steps = {start: 0}
    for node in sorted(away, key=lambda each: (away[each], each)):
        if node == start:
            continue
        rank, through, is_onward = min(
            _ties(network, node, (each for each in network.joined[node] if away.get(each) == away[node] - 1))
        )
        kind = KINDS[rank]
        steps[node] = steps[through] + (0 if kind not in DRIVES else 1 if not is_onward else -1)
        near = Near(node, away[node], steps[node], through, kind, is_onward=not is_onward)
        found.append((away[node], rank, node, near))
    return tuple(each for *_order, each in sorted(found, key=lambda each: each[:3]))


def _ties(network: Network, node: str, nearer: Iterable[str]) -> Iterable[tuple[int, str, bool]]:
    """Each link of a node with a nearer one: how strong, with which, and whether the node is its first end."""
    for other in nearer:
        for ends, is_first in (((other, node), False), ((node, other), True)):
            for kind in network.kinds(*ends):
                yield KINDS.index(kind), other, is_first


@dataclass(frozen=True, slots=True)
class Follows:
    """What follows if a risk happens: after how many steps, along which risks, by which links of the last two.

    `back_to` are risks before it in the list, or the first one, that it leads to again: the chain is a loop there.
    """

    reference: str
    depth: int
    path: tuple[str, ...]
    kinds: tuple[str, ...]
    back_to: tuple[str, ...]


def what_follows(network: Network, start: str) -> tuple[Follows, ...]:
    """List each risk that a risk leads to, once, by the shortest way; a loop is told and not gone round."""
    graph = network.drives
    paths: dict[str, tuple[str, ...]] = {start: (start,)}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for further in sorted(graph.successors(node)):
            if further not in paths:
                paths[further] = (*paths[node], further)
                waiting.append(further)
    place = {node: number for number, node in enumerate(paths)}
    parts = nx.strongly_connected_components(graph.subgraph(paths))
    part_of = {node: number for number, part in enumerate(parts) for node in part}
    return tuple(
        Follows(
            node,
            len(path) - 1,
            path,
            tuple(kind for kind in network.kinds(path[-2], node) if kind in DRIVES),
            tuple(
                other
                for other in sorted(graph.successors(node))
                if place[other] < place[node] and part_of[other] == part_of[node]
            ),
        )
        for node, path in paths.items()
        if node != start
    )


@dataclass(frozen=True, slots=True)
class Driver:
    """How many other risks one leads to in all, how many of these at once, and how many lead to it at once."""

    reference: str
    reaches: int
    directly: int
    driven_by: int


def drivers(network: Network) -> tuple[Driver, ...]:
    """List the risks that lead to another, the one that leads to most first, ties by reference."""
    graph = network.drives
    bit = {node: 1 << number for number, node in enumerate(network.nodes)}
    condensed = nx.condensation(graph)  # a loop is one place, so that what is left has an order
    reached: dict[int, int] = {}
    for part in reversed(list(nx.topological_sort(condensed))):
        reached[part] = sum(bit[node] for node in condensed.nodes[part]["members"])
        for further in condensed.successors(part):
            reached[part] |= reached[further]
    part_of = condensed.graph["mapping"]
    found = [
        Driver(node, reached[part_of[node]].bit_count() - 1, graph.out_degree(node), graph.in_degree(node))
        for node in network.nodes
        if graph.out_degree(node)
    ]
    return tuple(sorted(found, key=lambda each: (-each.reaches, each.reference)))


def clusters(network: Network) -> tuple[tuple[str, ...], ...]:
    """Part the linked risks into those that hang together, the largest cluster first; each is in exactly one."""
    found: list[tuple[str, ...]] = []
    for part in nx.connected_components(network.joined):
        if len(part) > LARGEST:
            found += _parted(network, sorted(part))
        elif len(part) > 1:
            found.append(tuple(sorted(part)))
    return tuple(sorted(found, key=lambda each: (-len(each), each)))


def _parted(network: Network, members: list[str]) -> list[tuple[str, ...]]:
    """Part what is too much for one cluster, over numbers: how words are hashed differs from run to run."""
    number = {node: place for place, node in enumerate(members)}
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(members)))
    graph.add_edges_from((number[each.source], number[each.target]) for each in network.edges if each.source in number)
    parts = nx.community.greedy_modularity_communities(graph)
    return [tuple(members[place] for place in sorted(part)) for part in parts]
