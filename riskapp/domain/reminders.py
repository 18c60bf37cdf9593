"""Which reminders are due on a day: rules of the policy against the dates of what people look after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.calendar import Calendar, WithCalendar, is_working_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from riskapp.domain.toml_reader import Clause, Table

WHEN = ("before", "overdue", "at_once")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReminderRule:
    """One reminder of the policy for one family of subjects ("review", "action", "escalation_raised"...).

    ``when`` is "before" (on each of ``lead_days`` days before the date, 0 being the date itself), "overdue"
    (from the day after, then every ``every_days`` days) or "at_once" (on the date, be it a day off or not).
    """

    key: str
    family: str
    label: str
    when: str
    lead_days: tuple[int, ...]
    every_days: int
    clause: Clause


@dataclass(frozen=True, slots=True)
class SubjectFact:
    """Something with a date, and the post to be reminded of it."""

    family: str
    subject_id: int
    due_on: date
    recipient_post_id: int


@dataclass(frozen=True, slots=True)
class ReminderFact:
    """A reminder to be sent: unique by rule, subject, recipient and ``due_on``, the local day it is for.

    ``days_late`` is counted from the subject's own date: negative before it, 0 on the day.
    """

    rule: str
    subject_id: int
    recipient_post_id: int
    due_on: date
    subject_due_on: date
    days_late: int


class WithReminders(WithCalendar, Protocol):
    """The part of a policy that a rule on reminders reads."""

    @property
    def reminders(self) -> tuple[ReminderRule, ...]: ...


def due_reminders(policy: WithReminders, subjects: Iterable[SubjectFact], on: date) -> Iterator[ReminderFact]:
    """Yield the reminders due on a day, in the order of the subjects and then of the rules.

    A reminder that would fall on a day off goes out on the working day before, one about something overdue
    on the working day after; only what happens at once goes out on a day off. Pure: the same day asked twice
    gives the same reminders.
    """
    early, late = _days_stood_for(policy.calendar, on)
    by_family: dict[str, list[ReminderRule]] = {}
    for rule in policy.reminders:
        by_family.setdefault(rule.family, []).append(rule)
    for subject in subjects:
        for rule in by_family.get(subject.family, ()):
            days = {"before": early, "overdue": late, "at_once": (on,)}[rule.when]
            if any(_falls_on(rule, subject.due_on, day) for day in days):
                yield ReminderFact(
                    rule.key,
                    subject.subject_id,
                    subject.recipient_post_id,
                    on,
                    subject.due_on,
                    (on - subject.due_on).days,
                )


def _falls_on(rule: ReminderRule, due_on: date, day: date) -> bool:
    days = (day - due_on).days
    if rule.when == "before":
        return -days in rule.lead_days
    if rule.when == "overdue":
        return days > 0 and (days - 1) % rule.every_days == 0
    return days == 0


def _days_stood_for(calendar: Calendar, on: date) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Return the days whose early, and whose late, reminders go out on this one."""
    if not is_working_day(calendar, on):
        return (), ()
    return tuple(_with_days_off(calendar, on, DAY)), tuple(_with_days_off(calendar, on, -DAY))


def _with_days_off(calendar: Calendar, on: date, step: timedelta) -> Iterator[date]:
    yield on
    day = on + step
    while day.year in calendar.years and not is_working_day(calendar, day):
        yield day
        day += step


def parse(document: Table) -> tuple[ReminderRule, ...]:
    """Read reminders.toml; faults go to the document's notes."""
    rules = []
    for table in document.tables("rule"):
        when = table.one_of("when", WHEN)
        lead_days = table.integers("lead_days") if when == "before" else ()
        if when == "before" and (not lead_days or min(lead_days) < 0):
            table.fault("lead_days", "expected one or more whole numbers of days, 0 for the day itself.")
        rules.append(
            ReminderRule(
                key=table.key("key"),
                family=table.key("family"),
                label=table.text("label"),
                when=when,
                lead_days=lead_days,
                every_days=table.integer("every_days", at_least=1) if when == "overdue" else 0,
                clause=table.clause(),
            )
        )
        table.done()
    if len({rule.key for rule in rules}) < len(rules):
        document.fault("rule", "expected each key once.")
    return tuple(rules)
