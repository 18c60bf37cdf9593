import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.appetite import Position
from riskapp.domain.escalation import Trigger
from riskapp.domain.escalation_route import (
    CannotBuildRoute,
    CannotEscalate,
    build_route,
    first_desk,
    next_desk,
    path_to_top,
)
from riskapp.domain.organisation import PostFact, Seat, Sitter, UnitFact, sitter
from riskapp.domain.scoring import Rating

COUNCIL, HOUSING, REPAIRS, DELIVERY = 1, 2, 3, 4
BOARD, CHIEF, DIRECTOR, LEAD, MANAGER = 10, 11, 12, 13, 14
UNITS = [
    UnitFact(DELIVERY, REPAIRS, "team", "Repairs Delivery"),
    UnitFact(COUNCIL, None, "council", "Council"),
    UnitFact(REPAIRS, HOUSING, "service", "Housing Repairs"),
    UnitFact(HOUSING, COUNCIL, "directorate", "Housing"),
]
POSTS = [
    PostFact(BOARD, COUNCIL, "commissioner", "Lead Commissioner"),
    PostFact(CHIEF, COUNCIL, "chief_executive", "Chief Executive"),
    PostFact(DIRECTOR, HOUSING, "director", "Director of Housing"),
    PostFact(LEAD, REPAIRS, "service_lead", "Service Lead, Housing Repairs"),
    PostFact(MANAGER, DELIVERY, "team_manager", "Manager, Repairs Delivery"),
    PostFact(15, DELIVERY, "champion", "Risk Champion, Housing Repairs"),
]


def seats(**changes):
    """Everyone sits on their own post (person = post + 100) unless a change, by post name, says otherwise."""
    names = {"board": BOARD, "chief": CHIEF, "director": DIRECTOR, "lead": LEAD, "manager": MANAGER}
    held = {post: Seat(post, post + 100) for post in names.values()}
    for name, seat in changes.items():
        held[names[name]] = seat
    return list(held.values())


def facts(score, position=Position.WITHIN):
    return Trigger(score, Rating("high", "High", 3, 4), position, "technology")


def land(policy, score, owner, **changes):
    route = build_route(policy, UNITS, POSTS, seats(**changes))
    return first_desk(route, policy, DELIVERY, owner, facts(score))


def test_a_risk_at_16_owned_by_the_service_lead_goes_to_the_director(policy):
    desk = land(policy, 16, LEAD)
    assert (desk.post_id, desk.person_id, desk.capacity) == (DIRECTOR, DIRECTOR + 100, "holder")
    assert (desk.tier, desk.hours, desk.clause.ref, desk.skipped) == ("director", 16, "6.3", ())


def test_a_risk_at_12_owned_by_the_team_manager_goes_to_the_service_lead(policy):
    assert land(policy, 12, MANAGER).post_id == LEAD


def test_a_risk_below_every_threshold_goes_nowhere(policy):
    assert land(policy, 9, MANAGER) is None


def test_nobody_gets_their_own_risk(policy):
    desk = land(policy, 12, LEAD)
    assert desk.post_id == DIRECTOR
    assert [(skip.post_id, skip.reason) for skip in desk.skipped] == [
        (LEAD, "Service Lead, Housing Repairs owns the risk.")
    ]


def test_whoever_sits_for_the_owner_on_another_post_is_skipped_too(policy):
    desk = land(policy, 16, LEAD, director=Seat(DIRECTOR, None, acting_person_id=LEAD + 100))
    assert desk.post_id == CHIEF


def test_a_vacant_post_is_answered_by_its_deputy(policy):
    desk = land(policy, 16, LEAD, director=Seat(DIRECTOR, None, deputy_person_id=77))
    assert (desk.post_id, desk.person_id, desk.capacity) == (DIRECTOR, 77, "deputy")


def test_an_absent_holder_is_stood_for_and_acting_comes_before_the_deputy(policy):
    away = Seat(DIRECTOR, 5, acting_person_id=66, deputy_person_id=77, holder_away=True)
    assert (land(policy, 16, LEAD, director=away).person_id) == 66


def test_without_holder_or_deputy_it_goes_further_up_and_says_why(policy):
    desk = land(policy, 16, LEAD, director=Seat(DIRECTOR, None))
    assert desk.post_id == CHIEF
    assert desk.hours == 16
    assert desk.skipped[0].reason == "Director of Housing is vacant and nobody acts for it."
    away = land(policy, 16, LEAD, director=Seat(DIRECTOR, 5, holder_away=True))
    assert away.skipped[0].reason == "Director of Housing is away and has no deputy."


def test_a_tier_that_the_unit_lacks_is_passed_over(policy):
    route = build_route(policy, UNITS, [post for post in POSTS if post.id != LEAD], seats())
    desk = first_desk(route, policy, DELIVERY, MANAGER, facts(12))
    assert desk.post_id == DIRECTOR
    assert desk.skipped[0].reason == "Repairs Delivery has no Service lead above it."


def test_when_nobody_is_left_the_refusal_says_who_was_passed_over(policy):
    with pytest.raises(CannotEscalate) as refused:
        land(policy, 25, CHIEF, board=Seat(BOARD, None))
    assert str(refused.value) == (
        "Nobody on the escalation route can take this. Lead Commissioner is vacant and nobody acts for it."
    )


def test_an_unknown_unit_is_refused(policy):
    route = build_route(policy, UNITS, POSTS, seats())
    with pytest.raises(CannotEscalate, match="Choose a unit of the council"):
        first_desk(route, policy, 99, LEAD, facts(16))


def test_from_each_desk_it_moves_one_up_until_the_top(policy):
    route = build_route(policy, UNITS, POSTS, seats())
    climbed = [next_desk(route, policy, DELIVERY, MANAGER, tier.key) for tier in policy.escalation.tiers]
    assert [desk and desk.post_id for desk in climbed] == [LEAD, DIRECTOR, CHIEF, BOARD, None]
    assert climbed[0].clause.ref == "6.6"


def test_who_let_it_pass_does_not_get_it_again_on_their_other_post(policy):
    both = Seat(CHIEF, None, acting_person_id=DIRECTOR + 100)
    route = build_route(policy, UNITS, POSTS, seats(chief=both))
    leaving = DIRECTOR + 100
    desk = next_desk(route, policy, DELIVERY, LEAD, "director", leaving_person_id=leaving)
    assert desk.post_id == BOARD


def test_the_graph_leads_from_every_post_to_the_one_over_it(policy):
    graph = build_route(policy, UNITS, POSTS, seats()).graph
    assert sorted(graph.edges) == [(CHIEF, BOARD), (DIRECTOR, CHIEF), (LEAD, DIRECTOR), (MANAGER, LEAD)]
    assert graph.nodes[DIRECTOR] == {"tier": "director", "title": "Director of Housing"}
    assert nx.is_directed_acyclic_graph(graph)


def test_the_path_to_the_top_can_be_drawn_with_its_conditions(policy):
    route = build_route(policy, UNITS, POSTS, seats(lead=Seat(LEAD, None)))
    path = path_to_top(route, policy, DELIVERY)
    assert [step.post_id for step in path] == [MANAGER, LEAD, DIRECTOR, CHIEF, BOARD]
    assert path[1].sitter is None
    assert path[2].sitter == Sitter(DIRECTOR + 100, "holder")
    assert [clause.ref for clause in path[2].clauses] == ["6.3", "6.1"]


def test_units_that_hang_on_nothing_or_on_each_other_are_refused(policy):
    loop = [UnitFact(8, 9, "team", "Hen"), UnitFact(9, 8, "team", "Egg"), UnitFact(7, 70, "team", "Stray")]
    with pytest.raises(CannotBuildRoute) as refused:
        build_route(policy, UNITS + loop, POSTS, seats())
    assert sorted(refusal.message for refusal in refused.value.refusals) == [
        "Egg does not hang on the council's tree of units.",
        "Hen does not hang on the council's tree of units.",
        "Stray does not hang on the council's tree of units.",
    ]


PEOPLE = st.one_of(st.none(), st.integers(1, 6))


@st.composite
def organisations(draw):
    """Any tree, any posts at any unit, any seats: vacant, away, shared by one person."""
    count = draw(st.integers(1, 8))
    units = [UnitFact(n, draw(st.integers(0, n - 1)) if n else None, "unit", f"Unit {n}") for n in range(count)]
    kinds = st.sampled_from(["team_manager", "service_lead", "director", "chief_executive", "commissioner", "champion"])
    posts = [
        PostFact(100 + n, draw(st.integers(0, count - 1)), draw(kinds), f"Post {n}")
        for n in range(draw(st.integers(0, 10)))
    ]
    held = [Seat(post.id, draw(PEOPLE), draw(PEOPLE), draw(PEOPLE), draw(st.booleans())) for post in posts]
    owner = draw(st.sampled_from([post.id for post in posts])) if posts else None
    return units, posts, held, draw(st.integers(0, count - 1)), owner


@given(organisation=organisations(), score=st.integers(1, 25), place=st.sampled_from(Position))
def test_a_route_ends_and_never_lands_on_an_empty_desk_nor_the_owners(policy, organisation, score, place):
    units, posts, held, unit, owner = organisation
    route = build_route(policy, units, posts, held)
    assert nx.is_directed_acyclic_graph(route.graph)
    seat_of = {seat.post_id: seat for seat in held}
    owners = {seat_of[owner].holder_person_id} if owner else set()
    owners |= {person.person_id for person in [owner and sitter(seat_of[owner])] if person}
    try:
        desk = first_desk(route, policy, unit, owner, facts(score, place))
    except CannotEscalate:
        return
    landed = []
    while desk is not None:
        who = sitter(seat_of[desk.post_id])
        assert who is not None
        assert (who.person_id, who.capacity) == (desk.person_id, desk.capacity)
        assert desk.post_id != owner
        assert desk.person_id not in owners
        landed.append(policy.escalation.rank(desk.tier))
        desk = next_desk(route, policy, unit, owner, desk.tier, leaving_person_id=desk.person_id)
    assert landed == sorted(set(landed))
