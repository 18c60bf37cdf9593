"""The drawing of a neighbourhood: boxes stand apart, words stay inside them, and it is the same each time."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.geometry.lettering import width_of
from riskapp.domain.geometry.network_map import WIDTH, MapEdge, MapNode, Neighbours, network_map
from riskapp.domain.geometry.shapes import Box, Curve, Line, Words
from riskapp.domain.network import KINDS

LABELS = st.text(st.sampled_from("aeiou mnrst Wi"), max_size=150)
NODES = st.lists(st.tuples(LABELS, st.integers(-2, 2), st.booleans()), min_size=0, max_size=14)
ENDS = st.tuples(st.integers(0, 14), st.integers(0, 14), st.sampled_from(KINDS))


def neighbours(others, links) -> Neighbours:
    nodes = [MapNode("R-7K4Q0", "The risk itself", 0, "", 16, "band-4")]
    for number, (label, column, is_scored) in enumerate(others, start=1):
        score = (12, "band-3") if is_scored else (None, "")
        nodes.append(MapNode(f"R-7K4Q{number}", label, column, "Shares a cause with R-7K4Q0", *score))
    edges = [
        MapEdge(nodes[one].key, nodes[other].key, kind)
        for one, other, kind in links
        if one != other and max(one, other) < len(nodes)
    ]
    return Neighbours(tuple(nodes), tuple(dict.fromkeys(edges)))


def boxes_of(picture):
    return [shape for shape in picture.shapes if isinstance(shape, Box) and shape.kind.startswith("node")]


@given(NODES, st.lists(ENDS, max_size=25))
def test_up_to_fifteen_risks_never_stand_on_each_other_and_stay_on_the_ground(others, links):
    picture = network_map(neighbours(others, links))
    boxes = boxes_of(picture)
    assert len(boxes) == len(others) + 1
    for one, other in combinations(boxes, 2):
        is_beside = one.x + one.width <= other.x or other.x + other.width <= one.x
        is_below = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert is_beside or is_below
    for box in boxes:
        assert box.x >= 0
        assert box.x + box.width <= WIDTH
        assert box.y >= 0
        assert box.y + box.height <= picture.height


@given(NODES, st.lists(ENDS, max_size=25))
def test_every_word_stays_inside_one_box(others, links):
    picture = network_map(neighbours(others, links))
    boxes = boxes_of(picture)
    for words in (shape for shape in picture.shapes if isinstance(shape, Words)):
        wide = width_of(words.text, words.size, words.weight)
        left = words.x - wide / 2 if words.anchor == "middle" else words.x
        inside = [
            box
            for box in boxes
            if box.x <= left and left + wide <= box.x + box.width + 0.01 and box.y < words.y < box.y + box.height
        ]
        assert len(inside) == 1, words


@given(NODES, st.lists(ENDS, max_size=25))
def test_every_link_is_a_line_of_its_own_kind_on_the_ground(others, links):
    facts = neighbours(others, links)
    picture = network_map(facts)
    lines = [shape for shape in picture.shapes if isinstance(shape, Line | Curve)]
    assert [line.kind for line in lines] == [f"net-{edge.kind.replace('_', '-')}" for edge in facts.edges]
    for line in lines:
        points = (line.start, line.end) if isinstance(line, Curve) else line.points
        assert all(0 <= x <= WIDTH and 0 <= y <= picture.height for x, y in points)


def test_the_same_facts_give_the_same_drawing():
    facts = neighbours([("A", -1, True), ("B", 1, False)], [(1, 0, "causes"), (0, 2, "worsens")])
    assert network_map(facts) == network_map(facts)


def test_what_drives_stands_left_of_the_risk_and_what_is_driven_right():
    facts = neighbours([("A", -1, True), ("B", 1, False)], [(1, 0, "causes"), (0, 2, "worsens")])
    centre, before, after = boxes_of(network_map(facts))
    assert before.x + before.width < centre.x
    assert centre.x + centre.width < after.x
