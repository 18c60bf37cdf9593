from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain import staffing
from riskapp.domain.organisation import Seat, sitter
from riskapp.domain.permissions import Role
from riskapp.domain.staffing import (
    CannotBeAway,
    CannotLeave,
    CannotSeat,
    Duties,
    Sits,
    Somebody,
    Span,
    left_over,
    may_be_away,
    may_leave,
    may_seat,
    may_take_back,
)

DAY = date(2026, 12, 1)
EVER = Span(date(2020, 4, 1))


def sits(person=1, capacity="holder", from_on=DAY, to_on=None):
    return Sits(person, f"person{person}@council.example", capacity, Span(from_on, to_on))


def seat(new, *others, who=None, post_open=EVER):
    somebody = who or Somebody(new.person_id, new.email)
    may_seat(new, somebody, "Manager", others, post_open=post_open)


def words(no):
    return " ".join(reason.message for reason in no.value.refusals)


days = st.dates(date(2026, 1, 1), date(2026, 3, 31))
spans = st.builds(
    lambda first, last: Span(first, last if last is None or last >= first else first), days, st.none() | days
)


@given(spans, spans, days)
def test_two_spans_meet_if_and_only_if_they_share_a_day(one, other, day):
    def holds(span):
        return span.from_on <= day and (span.to_on is None or day <= span.to_on)

    if holds(one) and holds(other):
        assert one.meets(other)
    assert one.meets(other) is other.meets(one)
    if one.covers(other):
        assert one.meets(other)
        assert holds(one) or not holds(other)


def test_spans_that_touch_meet_and_the_day_after_does_not():
    assert Span(DAY, DAY).meets(Span(DAY, DAY))
    assert not Span(DAY, DAY).meets(Span(date(2026, 12, 2)))


def test_a_post_held_on_the_same_days_is_refused_and_says_by_whom_and_until_when():
    with pytest.raises(CannotSeat) as no:
        seat(sits(2), sits(1, to_on=date(2026, 12, 31)))
    assert "held by person1@council.example from 1 Dec 2026, until 31 Dec 2026" in words(no)
    with pytest.raises(CannotSeat) as no:
        seat(sits(2), sits(1))
    assert "with no end set" in words(no)


def test_a_post_is_held_one_after_another_and_acted_in_beside_its_holder():
    seat(sits(2, from_on=date(2027, 1, 1)), sits(1, to_on=date(2026, 12, 31)))
    seat(sits(2, "acting"), sits(1))


def test_nobody_stands_in_for_themselves():
    with pytest.raises(CannotSeat, match="on those days already"):
        seat(sits(1, "deputy"), sits(1))


def test_days_out_of_order_are_refused():
    with pytest.raises(CannotSeat, match="last day is before the first"):
        seat(sits(1, to_on=date(2026, 11, 30)))


def test_a_post_that_is_closed_takes_nobody():
    with pytest.raises(CannotSeat, match="does not exist on 1 Dec 2026"):
        seat(sits(1), post_open=Span(date(2020, 4, 1), date(2026, 11, 30)))


def test_somebody_who_has_gone_takes_no_post():
    with pytest.raises(CannotSeat, match="has left"):
        seat(sits(1), who=Somebody(1, "a@council.example", is_active=False))


def test_somebody_who_is_leaving_takes_no_post_beyond_the_day():
    going = Somebody(1, "a@council.example", leaves_on=date(2026, 12, 24))
    with pytest.raises(CannotSeat, match="is leaving too, and is gone from 24 Dec 2026"):
        seat(sits(1), who=going)
    with pytest.raises(CannotSeat, match="leaving too"):
        seat(sits(1, to_on=date(2026, 12, 24)), who=going)
    seat(sits(1, to_on=date(2026, 12, 23)), who=going)


def away(first, last, *others, uncovered=(), has_deputy=False, goes_up=False):
    may_be_away(Span(first, last), others, uncovered, has_deputy=has_deputy, goes_up=goes_up, on=DAY)


def test_an_absence_that_nobody_covers_asks_for_a_deputy_or_a_tick():
    with pytest.raises(CannotBeAway) as no:
        away(DAY, DAY, uncovered=("Manager, Repairs",))
    assert no.value.refusals[0].field == "deputy"
    assert "Nobody covers Manager, Repairs" in words(no)
    away(DAY, DAY, uncovered=("Manager, Repairs",), has_deputy=True)
    away(DAY, DAY, uncovered=("Manager, Repairs",), goes_up=True)
    away(DAY, DAY)


def test_absences_that_overlap_are_refused_with_the_days_that_are_said():
    with pytest.raises(CannotBeAway, match="Already away from 1 Dec 2026 to 4 Dec 2026"):
        away(date(2026, 12, 4), date(2026, 12, 9), Span(DAY, date(2026, 12, 4)))
    away(date(2026, 12, 5), date(2026, 12, 9), Span(DAY, date(2026, 12, 4)))


def test_an_absence_that_is_over_or_upside_down_is_refused():
    with pytest.raises(CannotBeAway, match="These days are over"):
        away(date(2026, 11, 2), date(2026, 11, 30))
    with pytest.raises(CannotBeAway, match="before the first"):
        away(date(2026, 12, 3), date(2026, 12, 2))


@pytest.mark.parametrize("gone_on", [date(2026, 11, 30), DAY])
def test_nobody_leaves_before_or_on_the_day_of_joining(gone_on):
    with pytest.raises(CannotLeave) as no:
        may_leave(gone_on, DAY, ())
    assert no.value.refusals[0].field == "gone_on"
    may_leave(date(2026, 12, 2), DAY, ())


def test_nobody_leaves_before_a_post_that_was_taken_up_since():
    with pytest.raises(CannotLeave, match="have had Manager since 1 Dec 2026"):
        may_leave(date(2026, 11, 1), date(2020, 1, 1), [("Manager", DAY)])


def test_a_departure_is_taken_back_until_its_day_and_on_it():
    assert may_take_back("planned", None, DAY)
    assert may_take_back("done", DAY, DAY)
    assert not may_take_back("done", date(2026, 11, 30), DAY)
    assert not may_take_back("undone", DAY, DAY)


people = st.none() | st.integers(1, 5)
seats_of = st.builds(Seat, st.integers(1, 30), people, people, people, st.booleans())
hangs = st.builds(Duties, st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), st.booleans())


@given(st.lists(seats_of, unique_by=lambda seat: seat.post_id), st.dictionaries(st.integers(1, 30), hangs))
def test_what_is_left_over_is_exactly_the_posts_with_duties_that_nobody_answers_for(seats, duties):
    found = left_over(duties, seats)
    wanted = {
        seat.post_id for seat in seats if seat.post_id in duties and duties[seat.post_id].any and sitter(seat) is None
    }
    assert {each.post_id for each in found} == wanted
    assert [each.duties.live_desks for each in found] == sorted(
        (each.duties.live_desks for each in found), reverse=True
    )


def test_a_post_that_opens_the_council_is_filled_by_who_assures_it_where_there_is_one():
    with pytest.raises(CannotSeat, match="The Head of Assurance fills it"):
        staffing.may_give_role(Role.AUDITOR, (Role.ADMINISTRATOR,), is_assured=True)
    staffing.may_give_role(Role.AUDITOR, (Role.HEAD_OF_ASSURANCE,), is_assured=True)
    staffing.may_give_role(Role.AUDITOR, (Role.ADMINISTRATOR,), is_assured=False)
    staffing.may_give_role(Role.MANAGER, (Role.ADMINISTRATOR,), is_assured=True)
    staffing.may_give_role(None, (Role.ADMINISTRATOR,), is_assured=True)
