"""Working days and working hours: weekdays but for bank holidays, in London's time of day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from riskapp.domain.refusal import Cannot, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskapp.domain.toml_reader import Clause, Table

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class CannotCountWorkingTime(Cannot):
    """The policy lists no bank holidays for the year asked about, so no working day in it can be told."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the council works: hours of the day, days of the week (Monday is 1), bank holidays by year."""

    opens: time
    closes: time
    weekdays: frozenset[int]
    bank_holidays: frozenset[date]
    years: frozenset[int]
    clause: Clause

    @property
    def hours_a_day(self) -> float:
        return (self.closes.hour - self.opens.hour) + (self.closes.minute - self.opens.minute) / 60


class WithCalendar(Protocol):
    """The part of a policy that a rule on dates reads."""

    @property
    def calendar(self) -> Calendar: ...


def local_day(at: datetime) -> date:
    """Return the date in London of an aware instant."""
    return _aware(at).astimezone(LONDON).date()


def day_begins(day: date) -> datetime:
    """Give the instant at which a day begins in London."""
    return _instant(day, time())


def moment_words(at: datetime) -> str:
    """Say an aware instant in London's time: 3:10pm on Wed 2 Dec 2026."""
    local = at.astimezone(LONDON)
    half = "am" if local.hour < 12 else "pm"  # noqa: PLR2004 - noon
    return f"{local.hour % 12 or 12}:{local:%M}{half} on {local:%a} {local.day} {local:%b %Y}"


def day_words(day: date) -> str:
    """Say a date: 2 Dec 2026."""
    return f"{day.day} {day:%b %Y}"


def is_working_day(calendar: Calendar, day: date) -> bool:
    """Tell whether the council works on a day; a year without listed bank holidays is refused."""
    if day.year not in calendar.years:
        message = f"The policy lists no bank holidays for {day.year}. Add the year to calendar.toml."
        raise CannotCountWorkingTime(Refusal(None, message))
    return day.isoweekday() in calendar.weekdays and day not in calendar.bank_holidays


def next_working_day(calendar: Calendar, day: date) -> date:
    """Return the day itself if it is a working day, else the first one after it."""
    while not is_working_day(calendar, day):
        day += DAY
    return day


def add_working_days(calendar: Calendar, day: date, days: int) -> date:
    """Count working days after a day, or before it if negative; nought gives the day itself."""
    step = DAY if days > 0 else -DAY
    for _ in range(abs(days)):
        day += step
        while not is_working_day(calendar, day):
            day += step
    return day


def working_days_between(calendar: Calendar, start: date, end: date) -> int:
    """Count the working days after the start up to and with the end; nought if the end is not later."""
    return sum(is_working_day(calendar, start + DAY * n) for n in range(1, (end - start).days + 1))


def add_working_hours(calendar: Calendar, at: datetime, hours: float) -> datetime:
    """Return the UTC instant by which so many working hours have passed since an aware instant.

    Time outside working hours does not count. Hours are nought or more.
    """
    if hours < 0:
        raise ValueError("working hours are counted forward")
    left = timedelta(hours=hours)
    for opens, closes in _sessions(calendar, at):
        start = max(opens, _aware(at))
        if start + left <= closes:
            return start + left
        left -= max(closes - start, timedelta())
    raise AssertionError("sessions end only by refusal")


def working_hours_between(calendar: Calendar, start: datetime, end: datetime) -> float:
    """Count the working hours from one aware instant to a later one; nought if it is not later."""
    passed = timedelta()
    if _aware(end) <= _aware(start):
        return 0.0
    for opens, closes in _sessions(calendar, start):
        if opens >= end:
            break
        passed += max(min(closes, end) - max(opens, start), timedelta())
        if closes >= end:
            break
    return passed / HOUR


def _sessions(calendar: Calendar, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield opening and closing of each working day from the instant's own, in UTC.

    Sums are done in UTC, where every hour is as long as another: between two local times on either side of
    a clock change Python would count the clock's hands and not the time.
    """
    day = local_day(at)
    while True:
        if is_working_day(calendar, day):
            yield _instant(day, calendar.opens), _instant(day, calendar.closes)
        day += DAY


def _instant(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, LONDON).astimezone(UTC)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant must carry its time zone")
    return at.astimezone(UTC)


def parse(document: Table) -> Calendar:
    """Read calendar.toml; faults go to the document's notes."""
    clause = document.clause()
    opens, closes = document.hour("opens"), document.hour("closes")
    if opens >= closes:
        document.fault("closes", "expected a time after the opening.")
    weekdays = frozenset(document.integers("weekdays"))
    if not weekdays or not weekdays <= set(range(1, 8)):
        document.fault("weekdays", "expected days from 1 (Monday) to 7 (Sunday).")
    holidays: set[date] = set()
    years = set()
    for table in document.tables("year"):
        year = table.integer("year", at_least=1900, at_most=9999)
        days = table.days("bank_holidays")
        if any(day.year != year for day in days):
            table.fault("bank_holidays", f"expected dates of {year} only.")
        holidays.update(days)
        years.add(year)
        table.done()
    return Calendar(opens, closes, weekdays, frozenset(holidays), frozenset(years), clause)
