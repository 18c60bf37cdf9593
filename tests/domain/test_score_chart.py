"""The chart of a score shows the limits of appetite and the targets as they were set at the time."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from riskapp.domain.appetite import Held, limits_over_time
from riskapp.domain.geometry.score_chart import Aim, Bounds, Scored, ScoreHistory, score_chart
from riskapp.domain.geometry.shapes import Area, Box, Dot, Line, Words
from riskapp.domain.policy import parse_policy, read_documents

POLICY = parse_policy(read_documents(Path(__file__).parents[2] / "policies"))
SPRING, SUMMER, AUTUMN, TODAY = date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1), date(2026, 12, 1)
NEXT_YEAR = date(2027, 3, 31)
FACTS = ScoreHistory(
    history=(Scored(SPRING, 16), Scored(SUMMER, 12)),
    highest=25,
    today=TODAY,
    band="band-4",
    targets=(Aim(SPRING, 4, AUTUMN), Aim(SUMMER, 6, NEXT_YEAR)),
    appetite=(Bounds(date(2025, 4, 1), 4, 8), Bounds(SUMMER, 6, 12)),
)


def _shapes(facts, form, kind):
    return [each for each in score_chart(facts).shapes if isinstance(each, form) and getattr(each, "kind", "") == kind]


def _words(facts, width=480):
    return [each.text for each in score_chart(facts, width).shapes if isinstance(each, Words)]


def test_each_limit_is_one_line_with_a_step_on_the_day_it_was_set_anew() -> None:
    tolerable, optimal = _shapes(FACTS, Line, "limit")
    for line, (before, after) in ((tolerable, (8, 12)), (optimal, (4, 6))):
        (_, was), (edge, also_was), (also_edge, now), (_, still) = line.points
        assert (was, now) == (also_was, still)
        assert edge == also_edge
        assert (was - now) == pytest.approx((after - before) * (290 - 34 - 14) / 25)
    assert {"Tolerable to 12", "Optimal to 6"} <= set(_words(FACTS))
    assert "Tolerable to 8" not in _words(FACTS)


def test_while_no_appetite_was_set_there_is_no_line_and_the_one_after_begins_on_its_day() -> None:
    unset = replace(FACTS, appetite=(Bounds(SPRING, None, None), Bounds(SUMMER, 6, 12)))
    lines = _shapes(unset, Line, "limit")
    assert [len(each.points) for each in lines] == [2, 2]
    assert all(each.points[0][0] > 60 for each in lines)
    grounds = _shapes(unset, Box, "ground")
    assert len(grounds) == 1
    taken_back = replace(FACTS, appetite=(Bounds(SPRING, 4, 8), Bounds(SUMMER, None, None)))
    assert not any(word.startswith("Tolerable") for word in _words(taken_back))


def test_limits_of_before_the_chart_begins_reach_to_its_edge() -> None:
    early = replace(FACTS, appetite=(Bounds(date(2020, 1, 1), 1, 2), Bounds(date(2025, 1, 1), 4, 8)))
    (line, _) = _shapes(early, Line, "limit")
    assert len(line.points) == 2
    assert line.points[0][0] == 26


def test_targets_are_a_line_of_steps_and_the_days_of_those_that_hold_no_more_are_marked() -> None:
    (line,) = _shapes(FACTS, Line, "aim")
    assert len(line.points) == 4
    assert line.points[1][0] == line.points[2][0], "the second begins where the first ends"
    assert len(_shapes(FACTS, Area, "aim-was")) == 1
    (held,) = _shapes(FACTS, Area, "target")
    assert held.points[0][0] == line.points[-1][0]
    assert "Target 6 by" in _words(FACTS)
    assert FACTS.target == Scored(NEXT_YEAR, 6)


def test_a_forecast_is_joined_with_now_and_earlier_ones_are_rings() -> None:
    facts = replace(FACTS, forecasts=(Aim(SPRING, 9, AUTUMN), Aim(AUTUMN, 10, NEXT_YEAR)))
    assert len(_shapes(facts, Line, "plan")) == 1
    assert len(_shapes(facts, Dot, "plan-ring")) == len(_shapes(facts, Dot, "aim-was")) == 1


def test_a_past_chart_says_its_day_and_then_in_place_of_today_and_now() -> None:
    assert {"1 Dec 2026", "Then 12"} <= set(_words(replace(FACTS, is_past=True)))
    assert {"Today", "Now 12"} <= set(_words(FACTS))


@pytest.mark.parametrize("width", [300, 358, 480])
def test_everything_is_inside_the_picture(width) -> None:
    facts = replace(FACTS, forecasts=(Aim(AUTUMN, 10, NEXT_YEAR),))
    for shape in score_chart(facts, width).shapes:
        points = getattr(shape, "points", ()) or ((getattr(shape, "x", 0), getattr(shape, "y", 0)),)
        assert all(-1 <= x <= width + 1 and -1 <= y <= 291 for x, y in points), shape


def test_limits_over_time_follow_the_policy_of_the_time_and_the_category_of_the_time() -> None:
    financial, operations = (POLICY.appetite.categories[key].limits for key in ("financial", "operations"))
    assert financial != operations
    categories = ((SPRING, "operations"), (AUTUMN, "financial"))
    assert limits_over_time(((date(2025, 4, 1), POLICY), (SUMMER, POLICY)), categories) == (
        Held(date(2025, 4, 1), operations),
        Held(AUTUMN, financial),
    ), "a version that changes nothing is no step"


def test_before_the_first_policy_nothing_is_said_and_an_unknown_category_has_no_limits() -> None:
    held = limits_over_time(((SUMMER, POLICY),), ((SPRING, "operations"), (AUTUMN, "weather")))
    assert [(each.on, each.limits is None) for each in held] == [(SUMMER, False), (AUTUMN, True)]
