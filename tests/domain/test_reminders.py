from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.calendar import is_working_day
from riskapp.domain.reminders import SubjectFact, due_reminders

POST = 40
YEAR = [date(2026, 6, 1) + timedelta(days=n) for n in range(365)]


def rules_on(policy, on, family, due_on):
    subject = SubjectFact(family, 1, due_on, POST)
    return [fact.rule for fact in due_reminders(policy, [subject], on)]


def days_of(policy, family, due_on, rule, days=YEAR):
    return [day for day in days if rule in rules_on(policy, day, family, due_on)]


def test_an_action_is_announced_two_weeks_and_three_days_before_and_on_the_day(policy):
    assert days_of(policy, "action", date(2026, 12, 17), "action_due") == [
        date(2026, 12, 3),
        date(2026, 12, 14),
        date(2026, 12, 17),
    ]


def test_an_announcement_that_falls_on_a_day_off_goes_out_before_it(policy):
    assert days_of(policy, "review", date(2026, 12, 26), "review_due") == [
        date(2026, 12, 18),
        date(2026, 12, 24),
    ]


def test_an_overdue_action_is_told_the_day_after_and_then_every_week(policy):
    days = days_of(policy, "action", date(2026, 12, 1), "action_overdue", YEAR[: YEAR.index(date(2026, 12, 24))])
    assert days == [date(2026, 12, 2), date(2026, 12, 9), date(2026, 12, 16), date(2026, 12, 23)]


def test_an_overdue_reminder_on_a_day_off_waits_for_the_next_working_day(policy):
    assert days_of(policy, "action", date(2026, 12, 24), "action_overdue")[0] == date(2026, 12, 29)


def test_two_announcements_that_meet_on_one_day_are_one(policy):
    assert rules_on(policy, date(2026, 12, 24), "action", date(2026, 12, 27)) == ["action_due"]


def test_what_happens_at_once_is_told_on_a_sunday_too(policy):
    sunday = date(2026, 12, 6)
    assert rules_on(policy, sunday, "escalation_raised", sunday) == ["escalation_raised"]
    assert rules_on(policy, sunday + timedelta(days=1), "escalation_raised", sunday) == []


def test_a_reminder_says_what_makes_it_unique_and_how_late_it_is(policy):
    subject = SubjectFact("review", 9, date(2026, 11, 30), POST)
    (fact,) = due_reminders(policy, [subject], date(2026, 12, 1))
    assert (fact.rule, fact.subject_id, fact.recipient_post_id, fact.due_on) == (
        "review_overdue",
        9,
        POST,
        date(2026, 12, 1),
    )
    assert (fact.subject_due_on, fact.days_late) == (date(2026, 11, 30), 1)


def test_a_family_without_rules_is_left_alone(policy):
    assert rules_on(policy, date(2026, 12, 1), "weather", date(2026, 12, 1)) == []


@given(due=st.dates(date(2026, 7, 1), date(2026, 12, 31)))
def test_no_reminder_is_lost_to_a_holiday_and_none_doubled(policy, due):
    rule = next(rule for rule in policy.reminders if rule.key == "review_overdue")
    days = [due + timedelta(days=n) for n in range(1, 36)]
    told = [day for day in days if rules_on(policy, day, "review", due)]
    assert all(is_working_day(policy.calendar, day) for day in told)
    assert 35 // rule.every_days - 1 <= len(told) <= 35 // rule.every_days
