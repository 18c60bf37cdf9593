"""The clock as doors read it: today in Europe/London and the instant in UTC. Nothing below a door reads it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    """Give this instant, aware and in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Give today's date in Europe/London."""
    return now().astimezone(LONDON).date()
