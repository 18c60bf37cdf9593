"""Take a register out of the system: an export leaves an entry, since what is in it leaves with it."""

from collections.abc import Mapping
from datetime import datetime

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.features.audit import service as audit


def record_export(*, rows: int, asked: Mapping[str, str], by: Actor, at: datetime) -> None:
    """Record that a list was exported: how many rows, and which filters it was asked with."""
    audit.record(Event.REGISTER_EXPORTED, by=by, at=at, after={"rows": rows, "asked": dict(asked)})
