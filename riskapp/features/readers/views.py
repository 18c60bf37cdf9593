"""What a door does once it has shown risks: keep the record of reading. It has no page of its own."""

from collections.abc import Iterable
from datetime import date

from riskapp.features.readers.service import Outlet, record_reading
from riskapp.models.database import transaction
from riskapp.web import guards
from riskapp.web.clock import now, today

__all__ = ["Outlet", "record_shown"]


def record_shown(references: Iterable[str | None], outlet: Outlet, *, since: date | None = None) -> None:
    """Record which of some risks were shown to a reader of what is exempt in them, however many there are.

    Nothing is asked of the database where no risk was shown; `since` is the day that the page looks back to.
    """
    if asked := [reference for reference in references if reference]:
        with transaction():
            record_reading(asked, outlet=outlet, by=guards.actor(), at=now(), on=today(), since=since)
