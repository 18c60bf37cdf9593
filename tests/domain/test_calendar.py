from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.calendar import (
    LONDON,
    CannotCountWorkingTime,
    add_working_days,
    add_working_hours,
    is_working_day,
    local_day,
    next_working_day,
    working_days_between,
    working_hours_between,
)

INSTANTS = st.datetimes(
    datetime(2025, 1, 1),  # noqa: DTZ001 - the fault under test -- hypothesis wants bounds without a zone
    datetime(2027, 6, 1),  # noqa: DTZ001 -- the fault on purpose
    timezones=st.just(UTC),
)
QUARTERS = st.integers(0, 400).map(lambda quarters: quarters / 4)


def london(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        (date(2026, 12, 24), True),
        (date(2026, 12, 25), False),
        (date(2026, 12, 26), False),
        (date(2026, 12, 28), False),
        (date(2026, 12, 29), True),
        (date(2026, 4, 3), False),
    ],
)
def test_weekdays_are_worked_but_for_bank_holidays(calendar, day, is_working):
    assert is_working_day(calendar, day) is is_working


def test_a_year_without_bank_holidays_is_refused_in_words(calendar):
    with pytest.raises(CannotCountWorkingTime) as refused:
        is_working_day(calendar, date(2031, 1, 6))
    assert str(refused.value) == ("The policy lists no bank holidays for 2031. Add the year to calendar.toml.")


def test_the_next_working_day_is_the_day_itself_or_the_first_after_the_holiday(calendar):
    assert next_working_day(calendar, date(2026, 12, 24)) == date(2026, 12, 24)
    assert next_working_day(calendar, date(2026, 12, 25)) == date(2026, 12, 29)


def test_working_days_are_counted_forward_and_back(calendar):
    assert add_working_days(calendar, date(2026, 12, 24), 1) == date(2026, 12, 29)
    assert add_working_days(calendar, date(2026, 12, 29), -1) == date(2026, 12, 24)
    assert add_working_days(calendar, date(2026, 12, 26), 0) == date(2026, 12, 26)
    assert working_days_between(calendar, date(2026, 12, 24), date(2026, 12, 30)) == 2
    assert working_days_between(calendar, date(2026, 12, 30), date(2026, 12, 24)) == 0


def test_two_working_days_from_a_monday_afternoon_end_on_wednesday_at_the_same_time(calendar):
    at = london(2026, 11, 30, 15, 10)
    assert add_working_hours(calendar, at, 16) == london(2026, 12, 2, 15, 10)


def test_what_arrives_at_night_or_at_a_weekend_starts_at_nine(calendar):
    assert add_working_hours(calendar, london(2026, 12, 1, 22), 1) == london(2026, 12, 2, 10)
    assert add_working_hours(calendar, london(2026, 12, 5, 12), 1) == london(2026, 12, 7, 10)


def test_a_working_day_that_is_used_up_ends_at_five_and_not_at_nine_the_next_day(calendar):
    assert add_working_hours(calendar, london(2026, 12, 1, 9), 8) == london(2026, 12, 1, 17)


def test_the_answer_is_in_utc(calendar):
    assert add_working_hours(calendar, london(2026, 12, 1, 9), 1).tzinfo is UTC


@pytest.mark.parametrize(
    ("friday", "monday"),
    [
        (london(2026, 3, 27, 16), london(2026, 3, 30, 10)),
        (london(2026, 10, 23, 16), london(2026, 10, 26, 10)),
        (london(2027, 10, 29, 16), london(2027, 11, 1, 10)),
    ],
)
def test_a_clock_change_over_the_weekend_neither_adds_nor_takes_an_hour(calendar, friday, monday):
    assert add_working_hours(calendar, friday, 2) == monday
    assert working_hours_between(calendar, friday, monday) == 2


def test_the_day_is_londons_and_not_utcs():
    assert local_day(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == date(2026, 7, 1)
    assert local_day(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2026, 12, 31)


def test_an_instant_without_a_zone_is_a_fault_of_the_program(calendar):
    with pytest.raises(ValueError, match="time zone"):
        add_working_hours(calendar, datetime(2026, 12, 1, 9), 1)  # noqa: DTZ001 -- the fault on purpose


def test_working_hours_are_not_counted_backward(calendar):
    with pytest.raises(ValueError, match="forward"):
        add_working_hours(calendar, london(2026, 12, 1), -1)
    assert working_hours_between(calendar, london(2026, 12, 2, 12), london(2026, 12, 1, 12)) == 0


@given(at=INSTANTS, hours=QUARTERS)
def test_hours_added_are_the_hours_between(calendar, at, hours):
    assert working_hours_between(calendar, at, add_working_hours(calendar, at, hours)) == hours


@given(at=INSTANTS, hours=QUARTERS, more=QUARTERS)
def test_adding_in_two_steps_is_adding_at_once(calendar, at, hours, more):
    stepwise = add_working_hours(calendar, add_working_hours(calendar, at, hours), more)
    assert working_hours_between(calendar, at, stepwise) == hours + more


@given(at=INSTANTS, hours=st.integers(1, 400).map(lambda quarters: quarters / 4))
def test_a_deadline_falls_in_working_time_and_not_before_the_start(calendar, at, hours):
    deadline = add_working_hours(calendar, at, hours)
    assert deadline >= at
    assert is_working_day(calendar, local_day(deadline))
    assert (
        timedelta(hours=9)
        <= deadline.astimezone(LONDON).replace(tzinfo=None) - datetime.combine(local_day(deadline), datetime.min.time())
        <= timedelta(hours=17)
    )
