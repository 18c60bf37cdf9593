"""How dates, sums and bands are said on a page. Install with `install(app)`.

Business dates are `date`; instants are aware and are shown in Europe/London. Nothing here reads the clock.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from riskapp.web import style
from riskapp.web.assets import Assets

if TYPE_CHECKING:
    from flask import Flask

LONDON = ZoneInfo("Europe/London")
BANDS_OF_PALETTE = 5
_BILLION, _MILLION = 1_000_000_000, 1_000_000


class Ranked(Protocol):
    """A rating of the policy, as far as its colours care: `rank` 1 is the mildest of `of`."""

    @property
    def rank(self) -> int: ...

    @property
    def of(self) -> int: ...

    @property
    def is_gain(self) -> bool: ...


def day(on: date | None) -> str:
    """4 Dec 2026; nothing for no date."""
    return f"{_local(on).day} {_local(on):%b %Y}" if on else ""


def long_day(on: date) -> str:
    """Tuesday 1 December 2026."""
    return f"{_local(on):%A} {_local(on).day} {_local(on):%B %Y}"


def week_day(on: date) -> str:
    """Fri 4 Dec."""
    return f"{_local(on):%a} {_local(on).day} {_local(on):%b}"


def clock_time(at: datetime) -> str:
    """3:10pm in London; refuses an instant without a zone."""
    local = _local(at)
    if not isinstance(local, datetime):
        raise TypeError("clock_time needs an instant, not a date")
    return f"{local.hour % 12 or 12}:{local:%M}{'pm' if local.hour >= 12 else 'am'}"  # noqa: PLR2004 - noon


def days_late(on: date, today: date) -> str:
    """7 days late; nothing on the day or before it."""
    return f"{plural((today - on).days, 'day')} late" if on < today else ""


def in_days(on: date, today: date) -> str:
    """Today, tomorrow, in 3 days; after it, how late."""
    ahead = (on - today).days
    return days_late(on, today) or {0: "today", 1: "tomorrow"}.get(ahead, f"in {ahead} days")


def plural(count: int, noun: str, many: str | None = None) -> str:
    """1 day, 2 days; 2 bodies where the plural is given."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th."""
    teens = 10 < number % 100 < 14  # noqa: PLR2004 - eleventh to thirteenth
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def money(pounds: Decimal | int) -> str:
    """£1.015bn, £18.2m, £340,000: as exact as the sum is, to three places of a million or billion."""
    sign, size = ("\N{MINUS SIGN}" if pounds < 0 else ""), abs(Decimal(pounds))
    for unit, name in ((_BILLION, "bn"), (_MILLION, "m")):
        if size >= unit:
            return f"{sign}£{size / unit:.3f}".rstrip("0").rstrip(".") + name
    return f"{sign}£{size:,.0f}"


def band(rating: Ranked) -> str:
    """The class of a rating's colours: 3, 4 or 5 bands are spread over the palette's five; gains have their own."""
    steps = max(rating.of - 1, 1)
    gain = " gain" if rating.is_gain else ""
    return f"band-{1 + round((BANDS_OF_PALETTE - 1) * (rating.rank - 1) / steps)}{gain}"


def promise_gap(promises: list[date]) -> int:
    """Days from the first promised date to the last."""
    return (promises[-1] - promises[0]) // timedelta(days=1)


def safe_href(url: str | None) -> str:
    """An address inside this site or of the web; anything else, such as a script, becomes a dead link."""
    address = (url or "").strip()
    inside = address.startswith(("/", "#", "?")) and not address.startswith("//")
    return address if inside or address.startswith(("https://", "http://", "mailto:")) else "#"


def install(app: Flask) -> None:
    """Gives the templates their filters, the `asset(name)` global, and the pages their style."""
    said = (
        day,
        long_day,
        week_day,
        clock_time,
        days_late,
        in_days,
        plural,
        ordinal,
        money,
        band,
        promise_gap,
    )
    for filter_ in (*said, safe_href):
        app.jinja_env.filters[filter_.__name__] = filter_
    app.jinja_env.globals["asset"] = Assets(app.static_folder or "", app.static_url_path or "").address
    app.jinja_env.globals["drawn_once"] = cache  # a macro's marks, for a page that shows the same ones on many rows
    style.install(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _local(on: date) -> date:
    if not isinstance(on, datetime):
        return on
    if on.tzinfo is None:
        raise ValueError("an instant is shown only if it carries its zone")
    return on.astimezone(LONDON)
