"""The audit trail in plain words, for the time line of a thing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from riskapp.domain.audit import Event
from riskapp.web.filters import day

WORDS: Mapping[str, str] = {
    Event.RISK_DRAFTED: "Drafted",
    Event.RISK_OPENED: "Opened",
    Event.RISK_REWORDED: "Reworded",
    Event.RISK_CLOSED: "Closed",
    Event.RISK_TAKEN_ON: "Taken on by another post",
    Event.RISK_CLASSIFIED: "Classified",
    Event.RISK_MARKED_EXEMPT: "Marked as perhaps exempt",
    Event.ACTION_ADDED: "Action added",
    Event.ACTION_UPDATED: "Action updated",
    Event.ACTION_MOVED: "Due date moved",
    Event.ACTION_CHASED: "Action chased",
    Event.ESCALATION_RAISED: "Escalated",
    Event.ESCALATION_ACKNOWLEDGED: "Escalation acknowledged",
    Event.ESCALATION_ACCEPTED: "Escalation decided",
    Event.ESCALATION_RETURNED: "Escalation returned",
    Event.ESCALATION_PASSED_ON: "Escalation passed on",
    Event.ESCALATION_WITHDRAWN: "Escalation withdrawn",
    Event.ESCALATION_EXPIRED: "Escalation moved up, since nobody answered in time",
}


class Told(Protocol):
    """An entry of the trail as `audit.queries.time_line` tells it."""

    @property
    def at(self) -> datetime: ...
    @property
    def event(self) -> str: ...
    @property
    def post_title(self) -> str | None: ...
    @property
    def content(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a time line: when, what in words, and who or why beneath."""

    on: datetime
    words: str
    note: str


def in_words(entries: Iterable[Told]) -> tuple[Entry, ...]:
    """Say each entry in a sentence, with the post and the reason beneath; an erased payload leaves the bare deed."""
    return tuple(
        Entry(told.at, _deed(told), ". ".join(part.rstrip(".") for part in (_why(told), told.post_title) if part))
        for told in entries
    )


def _why(told: Told) -> str:
    return str(told.content.get("why") or "")


def _deed(told: Told) -> str:
    before, after = told.content.get("before", {}), told.content.get("after", {})
    if told.event == Event.RISK_SCORED:
        return _scored(before, after)
    if told.event == Event.RISK_REVIEWED:
        outcome = "Reviewed and scored anew" if after.get("outcome") == "rescored" else "Reviewed and confirmed"
        return f"{outcome}. {_next(after)}".strip()
    if told.event == Event.RISK_OPENED:
        return f"Opened. {_next(after)}".strip()
    return WORDS.get(told.event, told.event.replace(":", " ").replace("_", " ").capitalize())


def _next(after: Mapping[str, Any]) -> str:
    due = after.get("next_review_on")
    return f"Next review by {day(date.fromisoformat(due))}" if due else ""


def _scored(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    basis = next((key for key in ("current", "inherent", "target", "forecast") if key in after), None)
    if basis is None:
        return "Scored"
    was, now = before.get(basis), after[basis]
    moved = (
        f"{basis.capitalize()} score {now}, as before" if was == now else f"{basis.capitalize()} score {was} to {now}"
    )
    if was is None:
        moved = f"{basis.capitalize()} score {now}"
    if after.get("state") == "proposed":
        return f"{moved}: proposed, until somebody else agrees"
    return f"{moved}, as proposed: agreed" if after.get("proposed") else moved
