from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.appetite import Position
from riskapp.domain.calendar import is_working_day
from riskapp.domain.reviews import Interval, next_review_on, review_interval

RATINGS = st.sampled_from(["low", "medium", "high", "very_high"])
DAYS = st.dates(date(2025, 1, 1), date(2028, 5, 1))


@pytest.mark.parametrize(
    ("rating", "place", "expected"),
    [
        ("very_high", Position.BEYOND_TOLERABLE, date(2026, 7, 15)),
        ("high", Position.ABOVE_OPTIMAL, date(2026, 8, 3)),
        ("medium", Position.WITHIN, date(2026, 10, 1)),
        ("medium", Position.BEYOND_TOLERABLE, date(2026, 8, 3)),
        ("low", Position.NOT_SET, date(2027, 1, 4)),
    ],
)
def test_the_band_sets_the_review_and_beyond_tolerable_brings_it_forward(policy, rating, place, expected):
    assert next_review_on(policy, rating, place, date(2026, 7, 1)) == expected


def test_the_end_of_a_short_month_stands_for_a_day_it_lacks():
    assert Interval(1, "months").after(date(2027, 1, 31)) == date(2027, 2, 28)
    assert Interval(1, "months").after(date(2028, 1, 31)) == date(2028, 2, 29)
    assert Interval(12, "months").after(date(2028, 2, 29)) == date(2029, 2, 28)
    assert Interval(1, "months").after(date(2026, 11, 30)) == date(2026, 12, 30)


def test_an_interval_can_be_said_in_words(policy):
    on = date(2026, 7, 1)
    assert review_interval(policy, "very_high", Position.WITHIN, on).words == "every 2 weeks"
    assert review_interval(policy, "high", Position.WITHIN, on).words == "every month"


@given(rating=RATINGS, place=st.sampled_from(Position), on=DAYS)
def test_a_review_is_later_than_today_and_on_a_working_day(policy, rating, place, on):
    due = next_review_on(policy, rating, place, on)
    assert due > on
    assert is_working_day(policy.calendar, due)


@given(rating=RATINGS, on=DAYS)
def test_beyond_tolerable_is_never_reviewed_later(policy, rating, on):
    beyond = next_review_on(policy, rating, Position.BEYOND_TOLERABLE, on)
    assert beyond <= next_review_on(policy, rating, Position.WITHIN, on)
    assert beyond <= on + timedelta(days=31 + 4)
