from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.geometry.lettering import width_of, wrapped
from riskapp.domain.geometry.route_map import Route, RouteEdge, RouteNode, route_map
from riskapp.domain.geometry.shapes import Box


@given(st.text(st.sampled_from("abcdefgh  £-"), max_size=80), st.floats(40, 300))
def test_wrapping_keeps_every_word_in_order_and_fits(text: str, width: float) -> None:
    lines = wrapped(text, width, 14)
    assert " ".join(lines).split() == text.split()
    assert all(width_of(line, 14) <= width or " " not in line for line in lines)


@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 3), st.randoms(use_true_random=False))
def test_desks_never_stand_on_each_other(teams: int, leads: int, officers: int, random) -> None:
    nodes = [RouteNode(f"t{n}", f"Team {n}", 0) for n in range(teams)]
    nodes += [RouteNode(f"l{n}", f"Service Lead of a long name {n}", 1) for n in range(leads)]
    nodes += [RouteNode(f"o{n}", f"Officer {n}", 2, "Money") for n in range(officers)]
    edges = [RouteEdge(f"t{n}", f"l{random.randrange(leads)}") for n in range(teams)]
    edges += [RouteEdge(f"l{random.randrange(leads)}", f"o{n}") for n in range(officers)]
    picture = route_map(Route((("Team", ""), ("Lead", ""), ("Officer", "")), tuple(nodes), tuple(edges)))
    boxes = [shape for shape in picture.shapes if isinstance(shape, Box)]
    assert len(boxes) == len(nodes)
    for one, other in combinations(boxes, 2):
        assert (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
    assert all(box.y + box.height <= picture.height for box in boxes)
