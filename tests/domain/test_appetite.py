import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.appetite import CATEGORIES, CannotPlace, Position, limits, position

ORDER = [Position.WITHIN, Position.ABOVE_OPTIMAL, Position.BEYOND_TOLERABLE]


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (5, Position.WITHIN),
        (6, Position.WITHIN),
        (8, Position.ABOVE_OPTIMAL),
        (9, Position.ABOVE_OPTIMAL),
        (10, Position.BEYOND_TOLERABLE),
    ],
)
def test_a_score_at_a_limit_is_still_inside_it(policy, score, expected):
    assert position(policy, "commercial", score) is expected


def test_the_limits_of_a_category_come_from_its_two_levels(policy):
    found = limits(policy, "financial")
    assert (found.optimal, found.tolerable, found.level.label) == (6, 12, "Cautious")


def test_a_category_whose_appetite_is_not_set_places_no_score(policy):
    assert limits(policy, "reputational") is None
    assert position(policy, "reputational", 25) is Position.NOT_SET


def test_an_unknown_category_is_refused(policy):
    with pytest.raises(CannotPlace, match="Choose one of the categories") as refused:
        position(policy, "weather", 3)
    assert refused.value.refusals[0].field == "category"


def test_positions_are_found_by_key_and_said_in_words():
    assert [(place.key, place.label) for place in Position] == [
        ("within", "Within"),
        ("above", "Above optimal"),
        ("beyond", "Beyond tolerable"),
        ("unset", "Not set"),
        ("no_limit", "No limit"),
    ]
    assert Position.of("beyond") is Position.BEYOND_TOLERABLE


def test_all_thirteen_categories_have_a_label_and_a_meaning(policy):
    assert len(policy.appetite.categories) == 13
    assert all(category.label and category.meaning for category in policy.appetite.categories.values())


@given(
    category=st.sampled_from([key for key in CATEGORIES if key not in {"information", "reputational"}]),
    one=st.integers(1, 25),
    other=st.integers(1, 25),
)
def test_a_higher_score_never_stands_better(policy, category, one, other):
    low, high = sorted((one, other))
    places = [ORDER.index(position(policy, category, score)) for score in (low, high)]
    assert places == sorted(places)
