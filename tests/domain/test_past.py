from datetime import date, timedelta

import pytest

from riskapp.domain.past import CannotLookBack, not_before, past_day

TODAY = date(2026, 12, 1)


def test_a_day_that_has_gone_by_is_looked_back_to() -> None:
    assert past_day("2026-03-31", TODAY) == date(2026, 3, 31)
    assert past_day(" 2026-11-30 ", TODAY) == TODAY - timedelta(days=1)


@pytest.mark.parametrize("said", ["", "  ", "2026-12-01"])
def test_nothing_said_and_today_are_no_past_day(said: str) -> None:
    assert past_day(said, TODAY) is None


@pytest.mark.parametrize(
    "said",
    ["yesterday", "31/3/2026", "2026-3-31", "20260331", "2026-02-29", "2026-W13-2", "2026-03-31T00:00", "²026-03-31"],
)
def test_what_is_no_day_is_refused_at_its_field(said: str) -> None:
    with pytest.raises(CannotLookBack) as refused:
        past_day(said, TODAY)
    (reason,) = refused.value.refusals
    assert (reason.field, "like 2026-03-31" in reason.message) == ("as_at", True)


def test_a_day_to_come_is_named_in_the_refusal() -> None:
    with pytest.raises(CannotLookBack, match="2 December 2026 is still to come"):
        past_day("2026-12-02", TODAY)


def test_a_day_before_there_was_anything_says_from_when_there_is() -> None:
    assert "It was logged on 2 March 2026. Choose that day or a later one" in str(
        not_before(date(2026, 3, 2), because="It was logged")
    )
