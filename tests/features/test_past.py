"""A risk and a register as they stood on a past day: what counts by when, and what a page of the past refuses."""

from datetime import date, datetime, timedelta

import pytest
import time_machine

from riskapp.domain.calendar import LONDON
from riskapp.features.assessments import service as assessments
from riskapp.features.risks import service as risks
from riskapp.models.database import transaction
from tests.builders import DAY, NOON, ACouncil, a_judgement, a_new_risk, actor, sign_in
from tests.pack_builders import reference_of


def _at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=LONDON)


SPRING, SUMMER, AUTUMN = date(2026, 3, 2), date(2026, 6, 1), date(2026, 9, 1)


class APastCouncil(ACouncil):
    """A council with one risk that was logged in spring, scored anew in summer and again in autumn."""

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            self.risk = risks.draft(a_new_risk(self, title="Repairs fall behind"), by=self._who("champion"), **self._on(SPRING))
            risks.open_risk(self.risk, by=self._who("manager"), **self._on(SPRING))
        for day, levels in ((SUMMER, (4, 4)), (AUTUMN, (5, 5))):
            with transaction():
                assessments.score(self.risk, "current", a_judgement(*levels), by=self._who("manager"), **self._on(day))
        self.reference = reference_of(self.risk)

    def _who(self, name):
        return actor(getattr(self, f"{name}_person"))

    def _on(self, day):
        return {"at": _at(day), "on": day}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return APastCouncil()


@pytest.fixture
def visit(client, council):
    sign_in(client, council.assurance_person)
    return client.get


def test_it(council, visit):
    for d in ("", "?as_at=2026-06-01","?as_at=2026-05-31"):
        page = visit(f"/risks/{council.reference}{d}")
        print(page.status_code, page.text[5000:9000] if d else "")
    for d in ("", "?as_at=2026-06-01","?as_at=2026-05-31","?as_at=2026-05-32","?as_at=2027-05-31","?as_at=2001-05-31"):
        page = visit(f"/registers{d}")
        print(page.status_code, page.text[5000:6000])
