"""The network of risks: neighbours, what follows, drivers and clusters, on graphs of every shape."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain import network as rules
from riskapp.domain.network import DRIVES, KINDS, Edge, Network, clusters, drivers, neighbourhood, what_follows

NAMES = [f"R-{letter}" for letter in "ABCDEFGHIJKLMNOP"]
EDGES = st.lists(st.builds(Edge, st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(KINDS)), max_size=40)


def a_network(*links: str) -> Network:
    """A network from words such as "A causes B"."""
    said = [link.split() for link in links]
    edges = [Edge(f"R-{source}", f"R-{target}", kind) for source, kind, target in said]
    return Network.of({end for each in edges for end in (each.source, each.target)}, edges)


def networks():
    return EDGES.map(lambda edges: Network.of(NAMES, edges))


def test_what_a_risk_leads_to_is_told_with_its_depth_and_path():
    found = what_follows(a_network("A causes B", "B worsens C", "A shares_cause D"), "R-A")
    assert [(each.reference, each.depth, each.path, each.kinds) for each in found] == [
        ("R-B", 1, ("R-A", "R-B"), ("causes",)),
        ("R-C", 2, ("R-A", "R-B", "R-C"), ("worsens",)),
    ]


def test_a_loop_is_told_and_not_gone_round():
    found = what_follows(a_network("A causes B", "B causes C", "C worsens A"), "R-A")
    assert [each.reference for each in found] == ["R-B", "R-C"]
    assert found[-1].back_to == ("R-A",)
    assert found[0].back_to == ()


def test_two_ways_to_one_risk_are_no_loop():
    found = what_follows(a_network("A causes B", "A causes C", "C causes B"), "R-A")
    assert [(each.reference, each.depth, each.back_to) for each in found] == [("R-B", 1, ()), ("R-C", 1, ())]


def test_what_drives_stands_before_and_what_is_driven_after():
    near = neighbourhood(a_network("A causes B", "B worsens C", "B shares_cause D", "A causes E"), "R-B", depth=2)
    assert [(each.reference, each.distance, each.step, each.through) for each in near] == [
        ("R-A", 1, -1, "R-B"),
        ("R-C", 1, 1, "R-B"),
        ("R-D", 1, 0, "R-B"),
        ("R-E", 2, 0, "R-A"),
    ]


def test_the_link_to_a_nearer_risk_is_said_from_the_nearer_one():
    near = {each.reference: each for each in neighbourhood(a_network("A causes B", "B worsens C"), "R-B", depth=1)}
    assert (near["R-C"].kind, near["R-C"].is_onward) == ("worsens", True)
    assert (near["R-A"].kind, near["R-A"].is_onward) == ("causes", False)


def test_the_driver_of_most_stands_first_and_ties_go_by_reference():
    found = drivers(a_network("B causes C", "A causes B", "D causes E", "F causes G"))
    assert [(each.reference, each.reaches, each.directly) for each in found] == [
        ("R-A", 2, 1),
        ("R-B", 1, 1),
        ("R-D", 1, 1),
        ("R-F", 1, 1),
    ]


def test_what_hangs_together_is_a_cluster_whatever_the_direction():
    network = a_network("A causes B", "C shares_cause B", "D worsens E")
    assert clusters(network) == (("R-A", "R-B", "R-C"), ("R-D", "R-E"))


def test_more_than_can_be_overseen_is_parted_where_fewest_links_run():
    ring = [f"{one}{number} causes {one}{(number + 1) % 8}" for one in "AB" for number in range(8)]
    parts = clusters(a_network(*ring, "A0 causes B0"))
    assert len(parts) > 1
    assert all(len({name[2] for name in part}) == 1 for part in parts)


@pytest.mark.parametrize("kind", rules.SAID)
def test_each_kind_of_link_is_said_from_both_ends(kind):
    assert all(rules.says(kind, is_onward=onward) for onward in (True, False))


@given(networks(), st.sampled_from(NAMES))
def test_what_follows_is_all_that_can_be_reached_each_once_by_a_shortest_way(network, start):
    found = what_follows(network, start)
    assert {each.reference for each in found} == nx.descendants(network.drives, start)
    assert len({each.reference for each in found}) == len(found)
    for each in found:
        assert each.path[0] == start
        assert each.path[-1] == each.reference
        assert len(each.path) == each.depth + 1 == len(set(each.path))
        assert each.depth == nx.shortest_path_length(network.drives, start, each.reference)
        assert all(set(network.kinds(*ends)) & set(DRIVES) for ends in zip(each.path, each.path[1:], strict=False))
    assert [each.depth for each in found] == sorted(each.depth for each in found)


@given(networks(), st.sampled_from(NAMES))
def test_a_loop_is_told_exactly_where_there_is_one(network, start):
    found = what_follows(network, start)
    reached = network.drives.subgraph({start, *(each.reference for each in found)})
    assert any(each.back_to for each in found) == (not nx.is_directed_acyclic_graph(reached))
    for each in found:
        assert all(nx.has_path(network.drives, back, each.reference) for back in each.back_to)


@given(networks(), st.sampled_from(NAMES), st.integers(1, 4))
def test_a_neighbourhood_holds_what_is_so_near_and_each_through_one_told_before(network, start, depth):
    near = neighbourhood(network, start, depth=depth)
    away = nx.single_source_shortest_path_length(network.joined, start, cutoff=depth)
    assert {each.reference: each.distance for each in near} == {key: far for key, far in away.items() if key != start}
    told = {start}
    for each in near:
        assert each.through in told
        ends = (each.through, each.reference) if each.is_onward else (each.reference, each.through)
        assert each.kind in network.kinds(*ends)
        told.add(each.reference)


@given(networks())
def test_a_driver_reaches_as_many_as_follow_from_it(network):
    found = drivers(network)
    for each in found:
        assert each.reaches == len(what_follows(network, each.reference))
        assert each.directly == network.drives.out_degree(each.reference)
    assert {each.reference for each in found} == {node for node in network.nodes if network.drives.out_degree(node)}
    order = [(-each.reaches, each.reference) for each in found]
    assert order == sorted(order)


@given(networks())
def test_every_linked_risk_is_in_exactly_one_cluster_with_what_it_hangs_on(network):
    parts = clusters(network)
    members = [node for part in parts for node in part]
    assert sorted(members) == sorted(node for node in network.nodes if network.joined.degree(node))
    whole = [frozenset(part) for part in nx.connected_components(network.joined)]
    assert all(any(set(part) <= each for each in whole) for part in parts)
    assert [len(part) for part in parts] == sorted((len(part) for part in parts), reverse=True)


@given(EDGES, st.randoms())
def test_the_answers_do_not_depend_on_the_order_in_which_links_are_read(edges, random):
    mixed, names = list(edges), list(NAMES)
    random.shuffle(mixed)
    random.shuffle(names)
    one, other = Network.of(NAMES, edges), Network.of(names, mixed)
    assert clusters(one) == clusters(other)
    assert drivers(one) == drivers(other)
    assert neighbourhood(one, "R-A", depth=2) == neighbourhood(other, "R-A", depth=2)
    assert what_follows(one, "R-A") == what_follows(other, "R-A")


@given(EDGES, st.sampled_from(NAMES[1:]))
def test_what_is_not_there_is_on_no_path(edges, hidden):
    seen = Network.of([name for name in NAMES if name != hidden], edges)
    told = [name for each in what_follows(seen, "R-A") for name in each.path]
    told += [name for each in neighbourhood(seen, "R-A", depth=3) for name in (each.reference, each.through)]
    told += [name for part in clusters(seen) for name in part] + [each.reference for each in drivers(seen)]
    assert hidden not in told
    without = Network.of(seen.nodes, [each for each in edges if hidden not in {each.source, each.target}])
    assert seen == without
