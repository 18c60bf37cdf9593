"""The way up: policy tiers times the organisation make a graph of posts, climbed one desk at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx

from riskapp.domain.escalation import Trigger, WithEscalation, tiers_reached
from riskapp.domain.organisation import Capacity, PostFact, Seat, Sitter, UnitFact, sitter
from riskapp.domain.refusal import Cannot, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from riskapp.domain.toml_reader import Clause


class CannotBuildRoute(Cannot):
    """The units do not make a tree: some hang on a unit that is not there, or on each other."""


class CannotEscalate(Cannot):
    """Nobody on the route can take the risk, or its unit is unknown."""


@dataclass(frozen=True, slots=True)
class Route:
    """Every way up in the council on one day.

    ``graph`` has the posts of the policy's tiers as nodes (ids; attributes ``tier`` and ``title``) and an
    edge from each to the post that stands over it. ``lines`` gives each unit its posts, one for each tier,
    the lowest first, None where no unit above has such a post. ``sitters`` has None for an empty post.
    """

    graph: nx.DiGraph[int]
    lines: Mapping[int, tuple[int | None, ...]]
    posts: Mapping[int, PostFact]
    seats: Mapping[int, Seat]
    sitters: Mapping[int, Sitter | None]
    unit_names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A step that could not take the risk, and why: ``post_id`` is None where there is no such post."""

    tier: str
    post_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an escalation lands: post, person and capacity; working hours to acknowledge; what it cites."""

    post_id: int
    person_id: int
    capacity: Capacity
    tier: str
    hours: int
    clause: Clause
    why: str
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One tier of a unit's way up, for drawing: who sits there and under which clauses a risk arrives."""

    tier: str
    label: str
    post_id: int | None
    title: str | None
    sitter: Sitter | None
    hours: int
    clauses: tuple[Clause, ...]


def build_route(
    policy: WithEscalation, units: Iterable[UnitFact], posts: Iterable[PostFact], seats: Iterable[Seat]
) -> Route:
    """Build the route of the whole council in one pass over units and posts.

    A unit's post for a tier is its own, else that of the nearest unit above; of several alike in one unit the
    one with the lowest id. A post without a seat counts as empty. Units that make no tree are refused.
    """
    units, posts = list(units), sorted(posts, key=lambda post: post.id)
    seat_of = {seat.post_id: seat for seat in seats}
    ranks = {tier.post_kind: rank for rank, tier in enumerate(policy.escalation.tiers)}
    own: dict[int, dict[int, int]] = {}
    graph: nx.DiGraph[int] = nx.DiGraph()
    for post in posts:
        if post.kind in ranks:
            tier = policy.escalation.tiers[ranks[post.kind]]
            graph.add_node(post.id, tier=tier.key, title=post.title)
            own.setdefault(post.unit_id, {}).setdefault(ranks[post.kind], post.id)
    lines = _lines(units, own, len(ranks))
    for post in posts:
        if post.kind in ranks and post.unit_id in lines:
            above = [over for over in lines[post.unit_id][ranks[post.kind] + 1 :] if over is not None]
            graph.add_edges_from(pairwise([post.id, *above]))
    return Route(
        graph,
        lines,
        {post.id: post for post in posts},
        seat_of,
        {post.id: sitter(seat_of[post.id]) if post.id in seat_of else None for post in posts},
        {unit.id: unit.name for unit in units},
    )


def first_desk(
    route: Route, policy: WithEscalation, unit_id: int, owner_post_id: int | None, facts: Trigger
) -> Desk | None:
    """Return the desk that a risk of a unit goes to: at the highest tier it reaches, or further up.

    Never an empty post, never the owner's, never a person who sits for the owner. None if the facts reach no
    tier; CannotEscalate, saying who was passed over, if nobody up to the top can take it.
    """
    decisions = tiers_reached(policy, facts)
    if not decisions:
        return None
    decision = decisions[-1]
    rank = policy.escalation.rank(decision.tier)
    found = _climb(route, policy, unit_id, rank, _owners(route, owner_post_id), owner_post_id)
    if isinstance(found, tuple):
        passed = " ".join(skip.reason for skip in found)
        raise CannotEscalate(Refusal("unit", f"Nobody on the escalation route can take this. {passed}"))
    return _desk(found, policy, decision.clause, decision.why)


def next_desk(
    route: Route,
    policy: WithEscalation,
    unit_id: int,
    owner_post_id: int | None,
    tier: str,
    *,
    leaving_person_id: int | None = None,
) -> Desk | None:
    """Return the desk above a tier, when time ran out or the risk is passed on; None if nobody is further up.

    ``leaving_person_id`` is whoever has it now: sitting on two posts, they do not get it again.
    """
    people = _owners(route, owner_post_id)
    leaving = frozenset() if leaving_person_id is None else frozenset({leaving_person_id})
    rank = policy.escalation.rank(tier) + 1
    found = _climb(route, policy, unit_id, rank, people, owner_post_id, leaving)
    if isinstance(found, tuple):
        return None
    clause = policy.escalation.moving_up_clause
    return _desk(found, policy, clause, f"It moved up the route (policy {clause.ref}).")


def authority(
    route: Route, policy: WithEscalation, unit_id: int, tier: str, *, but_for: int | None = None
) -> tuple[str, int]:
    """Return the tier and the post that has a tier's authority over a unit: its own, or further up.

    Never an empty post, nor the post ``but_for``, nor a person who sits for it; CannotEscalate if nobody is left.
    """
    start = policy.escalation.rank(tier)
    found = _climb(route, policy, unit_id, start, _owners(route, but_for), but_for)
    if isinstance(found, tuple):
        passed = " ".join(skip.reason for skip in found)
        raise CannotEscalate(Refusal(None, f"Nobody on the escalation route can accept this. {passed}"))
    return policy.escalation.tiers[found.rank].key, found.post_id


def path_to_top(route: Route, policy: WithEscalation, unit_id: int) -> tuple[Step, ...]:
    """Return a unit's way up, the lowest tier first, with the clauses that lead to each tier."""
    steps = []
    for tier, post_id in zip(policy.escalation.tiers, _line(route, unit_id), strict=True):
        clauses = tuple(rule.clause for rule in policy.escalation.rules if rule.tier == tier.key)
        title = None if post_id is None else route.posts[post_id].title
        who = None if post_id is None else route.sitters[post_id]
        steps.append(Step(tier.key, tier.label, post_id, title, who, tier.acknowledge_hours, clauses))
    return tuple(steps)


def _lines(
    units: Iterable[UnitFact], own: Mapping[int, Mapping[int, int]], tiers: int
) -> dict[int, tuple[int | None, ...]]:
    below: dict[int | None, list[UnitFact]] = {}
    for unit in units:
        below.setdefault(unit.parent_id, []).append(unit)
    nobody: tuple[int | None, ...] = (None,) * tiers
    lines: dict[int, tuple[int | None, ...]] = {}
    waiting = [(unit, nobody) for unit in below.get(None, ())]
    while waiting:
        unit, above = waiting.pop()
        mine = own.get(unit.id, {})
        lines[unit.id] = tuple(mine.get(rank, post) for rank, post in enumerate(above))
        waiting.extend((child, lines[unit.id]) for child in below.get(unit.id, ()))
    if lost := [unit for siblings in below.values() for unit in siblings if unit.id not in lines]:
        raise CannotBuildRoute(
            *(Refusal(None, f"{unit.name} does not hang on the council's tree of units.") for unit in lost)
        )
    return lines


@dataclass(frozen=True, slots=True)
class _Landing:
    rank: int
    post_id: int
    sitter: Sitter
    skipped: tuple[Skipped, ...]


def _climb(
    route: Route,
    policy: WithEscalation,
    unit_id: int,
    start: int,
    owners: frozenset[int],
    owner_post_id: int | None,
    leaving: frozenset[int] = frozenset(),
) -> _Landing | tuple[Skipped, ...]:
    """Go up from a rank to the first post whose sitter can take it; all that was skipped if there is none."""
    skipped: list[Skipped] = []
    line = _line(route, unit_id)
    for rank in range(start, len(line)):
        tier, post_id = policy.escalation.tiers[rank], line[rank]
        who = None if post_id is None else route.sitters[post_id]
        if post_id is None:
            reason = f"{route.unit_names[unit_id]} has no {tier.label} above it."
        elif post_id == owner_post_id or (who and who.person_id in owners):
            reason = f"{route.posts[post_id].title} owns the risk."
        elif who is None:
            reason = f"{route.posts[post_id].title} is {_empty(route.seats.get(post_id))}."
        elif who.person_id in leaving:
            reason = f"{route.posts[post_id].title} is held by whoever has it now."
        else:
            return _Landing(rank, post_id, who, tuple(skipped))
        skipped.append(Skipped(tier.key, post_id, reason))
    return tuple(skipped)


def _desk(landing: _Landing, policy: WithEscalation, clause: Clause, why: str) -> Desk:
    tier = policy.escalation.tiers[landing.rank]
    return Desk(
        post_id=landing.post_id,
        person_id=landing.sitter.person_id,
        capacity=landing.sitter.capacity,
        tier=tier.key,
        hours=tier.acknowledge_hours,
        clause=clause,
        why=why,
        skipped=landing.skipped,
    )


def _line(route: Route, unit_id: int) -> tuple[int | None, ...]:
    line = route.lines.get(unit_id)
    if line is None:
        raise CannotEscalate(Refusal("unit", "Choose a unit of the council."))
    return line


def _owners(route: Route, owner_post_id: int | None) -> frozenset[int]:
    """Return the people who stand for the owner: whoever holds the owning post and whoever sits in it now."""
    if owner_post_id is None or owner_post_id not in route.seats:
        return frozenset()
    holder, who = route.seats[owner_post_id].holder_person_id, route.sitters.get(owner_post_id)
    people = {holder, who.person_id if who else None}
    return frozenset(person for person in people if person is not None)


def _empty(seat: Seat | None) -> str:
    if seat is None or seat.holder_person_id is None:
        return "vacant and nobody acts for it"
    return "away and has no deputy"
