import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from riskapp.web import filters
from riskapp.web.assets import Assets

TODAY = date(2026, 12, 1)


@dataclass
class Band:
    rank: int
    of: int
    is_gain: bool = False
    key: str = ""
    label: str = ""


def test_a_date_is_short_in_tables_and_long_in_heads() -> None:
    assert filters.day(date(2026, 12, 4)) == "4 Dec 2026"
    assert filters.day(None) == ""
    assert filters.long_day(TODAY) == "Tuesday 1 December 2026"
    assert filters.week_day(date(2026, 12, 4)) == "Fri 4 Dec"


def test_an_instant_is_shown_in_london_summer_and_winter() -> None:
    assert filters.clock_time(datetime(2026, 12, 1, 15, 10, tzinfo=UTC)) == "3:10pm"
    assert filters.clock_time(datetime(2026, 7, 1, 15, 10, tzinfo=UTC)) == "4:10pm"
    assert filters.clock_time(datetime(2026, 12, 1, 0, 5, tzinfo=UTC)) == "12:05am"
    assert filters.day(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == "2 Jul 2026"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        filters.clock_time(datetime(2026, 12, 1, 15, 10))  # noqa: DTZ001 - the refusal is what is tested


def test_a_date_has_no_time_of_day() -> None:
    with pytest.raises(TypeError):
        filters.clock_time(TODAY)  # type: ignore[arg-type] # the fault under test


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (date(2026, 11, 24), "7 days late"),
        (date(2026, 11, 30), "1 day late"),
        (date(2026, 12, 1), "today"),
        (date(2026, 12, 2), "tomorrow"),
        (date(2026, 12, 4), "in 3 days"),
    ],
)
def test_how_far_a_date_is_away(on: date, said: str) -> None:
    assert filters.in_days(on, TODAY) == said


def test_nothing_is_late_on_its_day() -> None:
    assert filters.days_late(TODAY, TODAY) == ""


@pytest.mark.parametrize(
    ("pounds", "said"),
    [
        (1_015_000_000, "£1.015bn"),
        (18_200_000, "£18.2m"),
        (Decimal(13650000), "£13.65m"),
        (150_000_000, "£150m"),
        (1_000_000, "£1m"),
        (340_000, "£340,000"),
        (0, "£0"),
        (-42_000_000, "\N{MINUS SIGN}£42m"),
    ],
)
def test_a_sum_is_as_exact_as_it_is(pounds: Decimal, said: str) -> None:
    assert filters.money(pounds) == said


def test_one_and_many() -> None:
    assert filters.plural(1, "day") == "1 day"
    assert filters.plural(1030, "risk") == "1,030 risks"
    assert filters.plural(0, "body", "bodies") == "0 bodies"


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd")]
)
def test_ordinals(number: int, said: str) -> None:
    assert filters.ordinal(number) == said


@pytest.mark.parametrize(
    ("of", "slots"), [(3, [1, 3, 5]), (4, [1, 2, 4, 5]), (5, [1, 2, 3, 4, 5])], ids=["three", "four", "five"]
)
def test_bands_are_spread_over_the_palette(of: int, slots: list[int]) -> None:
    assert [filters.band(Band(rank, of)) for rank in range(1, of + 1)] == [f"band-{slot}" for slot in slots]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JavaScript:x", "//elsewhere.example", "data:text/html,x", "", None]
)
def test_an_address_that_could_run_or_lead_astray_becomes_a_dead_link(url: str | None) -> None:
    assert filters.safe_href(url) == "#"


def test_an_asset_changes_its_address_with_its_content(tmp_path: Path) -> None:
    sheet = tmp_path / "a.css"
    sheet.write_text("a")
    first = Assets(str(tmp_path), "/static").address("a.css")
    sheet.write_text("b")
    assert first.startswith("/static/a.css?v=")
    assert Assets(str(tmp_path), "/static").address("a.css") != first


def test_a_vendor_asset_is_found_through_its_manifest(tmp_path: Path) -> None:
    assets = Assets(str(tmp_path), "/static")
    assert assets.address("vendor/fonts.css") == "/static/vendor/fonts.css"
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/manifest.json").write_text('{"fonts.css": "fonts.0a1b.css"}')
    assert assets.address("vendor/fonts.css") == "/static/vendor/fonts.0a1b.css"


def test_every_page_has_one_style_sheet_that_a_browser_may_keep_for_ever(app: Flask) -> None:
    with app.test_request_context():
        address = app.jinja_env.globals["style_address"]()
    answer = app.test_client().get(address)
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.text.index("@font-face") < answer.text.index(".govuk-") < answer.text.index(".side-nav")
    assert answer.text.index(".drawing") < answer.text.rindex("@media print")
    fonts = re.findall(r"url\((\.\./[^)]+\.woff2)\)", answer.text)
    assert len(fonts) == 10
    for font in fonts:
        with app.test_client().get(font.removeprefix("..")) as found:
            assert found.status_code == 200
