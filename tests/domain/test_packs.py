from datetime import date

import pytest

from riskapp.domain.packs import papers_open_by


@pytest.mark.parametrize(
    ("meeting", "last_day"),
    [(date(2026, 12, 17), date(2026, 12, 9)), (date(2027, 1, 7), date(2026, 12, 29))],
)
def test_papers_are_open_five_clear_days_before_the_meeting(policy, meeting, last_day):
    assert papers_open_by(policy, meeting) == last_day
