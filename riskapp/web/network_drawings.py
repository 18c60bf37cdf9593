"""A risk's neighbourhood as a drawing: the nearest and most strongly linked of it, with how each is linked in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from riskapp.domain.geometry.network_map import MapEdge, MapNode, Neighbours
from riskapp.domain.network import Near, Network, says
from riskapp.web import drawings
from riskapp.web.filters import band

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from riskapp.domain.scoring import Rating

MOST = 15
"""Risks that a drawing holds before it is no longer read at one look, the risk itself among them."""


class Shown(Protocol):
    """A risk as its reader sees it."""

    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def score(self) -> int | None: ...
    @property
    def rating(self) -> str | None: ...


def neighbourhood(
    network: Network,
    nodes: Mapping[str, Shown],
    start: str,
    near: Sequence[Near],
    rating_of: Callable[[str, str], Rating],
) -> drawings.Drawing[Neighbours]:
    """Draw a risk with those near it, up to `MOST` in all; `rating_of` finds a band by kind of risk and key."""
    drawn = near[: MOST - 1]
    keys = {start, *(each.reference for each in drawn)}
    boxes = [_box(nodes[start], start, 0, "", rating_of)]
    boxes += [_box(nodes[each.reference], each.reference, each.step, _note(each), rating_of) for each in drawn]
    edges = [
        MapEdge(each.source, each.target, each.kind) for each in network.edges if {each.source, each.target} <= keys
    ]
    return drawings.network(Neighbours(tuple(boxes), tuple(edges)))


def _note(near: Near) -> str:
    words = says(near.kind, is_onward=not near.is_onward).removeprefix("is ")
    return f"{words[0].upper()}{words[1:]} {near.through}"


def _box(shown: Shown, key: str, column: int, note: str, rating_of: Callable[[str, str], Rating]) -> MapNode:
    if shown.score is None or shown.rating is None:
        return MapNode(key, shown.title, column, note)
    return MapNode(key, shown.title, column, note, shown.score, band(rating_of(shown.kind, shown.rating)))
