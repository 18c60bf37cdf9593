"""The audit trail in plain words, for the time line of a thing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from riskapp.domain.audit import Event
from riskapp.web.filters import day

WORDS: Mapping[str, str] = {
    Event.SIGNED_IN: "Signed in",
    Event.SIGNED_OUT: "Signed out",
    Event.SESSIONS_ENDED: "Other sessions ended",
    Event.APP_ROLE_UNKNOWN: "App role named that brings nothing",
    Event.PERSON_ADDED: "Person added",
    Event.PERSON_MOVED: "Person moved",
    Event.PERSON_LEAVES: "Leaving recorded",
    Event.PERSON_LEFT: "Person left",
    Event.PERSON_REINSTATED: "Person came back",
    Event.AWAY: "Absence recorded",
    Event.BACK: "Return recorded",
    Event.ROLE_ENDED: "Role ended",
    Event.ROLE_PROPOSED: "Role proposed",
    Event.ROLE_REFUSED: "Proposed role refused",
    Event.ROLE_WITHDRAWN: "Proposed role withdrawn",
    Event.CHAMPION_APPOINTED: "Risk champion appointed",
    Event.CHAMPION_ENDED: "Risk champion stood down",
    Event.CHAMPION_TRAINED: "Training of a risk champion recorded",
    Event.GLASS_ASKED: "Emergency access asked for",
    Event.GLASS_AGREED: "Emergency access agreed to",
    Event.GLASS_REFUSED: "Emergency access refused",
    Event.GLASS_ENDED: "Emergency access ended",
    Event.PLAN_RECORDED: "Improvement plan recorded",
    Event.MEETING_PLANNED: "Meeting planned",
    Event.POLICY_ADOPTED: "Risk policy adopted",
    Event.RISK_SCORED: "Scored",
    Event.RISK_REVIEWED: "Reviewed",
    Event.BODY_RECORDED: "Body recorded",
    Event.BODY_REVIEWED: "Governance review recorded",
    Event.PACK_BUILT: "Paper built",
    Event.PACK_DOWNLOADED: "Part 2 of a paper handed out",
    Event.REGISTER_EXPORTED: "Register taken out as a file",
    Event.LIST_EXPORTED: "List taken out as a file",
    Event.EXEMPT_SHOWN: "Exempt words read",
    Event.CHECKPOINT_ISSUED: "Checkpoint issued",
    Event.TRAIL_ERASED: "Personal data erased from the trail",
    Event.IMPORT_APPLIED: "File imported",
    Event.DEMO_LOADED: "Demonstration loaded",
    Event.RISK_DRAFTED: "Drafted",
    Event.RISK_OPENED: "Opened",
    Event.RISK_REWORDED: "Reworded",
    Event.RISK_EXPLAINED: "Reason given for how it is kept",
    Event.EXPERTISE_COMMISSIONED: "Expertise commissioned",
    Event.EXPERTISE_RECEIVED: "Expert advice received",
    Event.RISK_CLOSED: "Closed",
    Event.RISK_TAKEN_ON: "Taken on by another post",
    Event.RISK_CLASSIFIED: "Classified",
    Event.RISK_MARKED_EXEMPT: "Marked as perhaps exempt",
    Event.RISK_CHALLENGED: "Score challenged",
    Event.RISK_CHALLENGE_ANSWERED: "Challenge answered",
    Event.RISK_CHALLENGE_WENT_UP: "Challenge gone up, since nobody answered in time",
    Event.RISK_TREATMENT_CHANGED: "Treatment changed",
    Event.RISK_TOLERANCE_ASKED: "Tolerance asked for",
    Event.RISK_TOLERANCE_ACCEPTED: "Tolerance accepted",
    Event.RISK_TOLERANCE_REFUSED: "Tolerance refused",
    Event.RISK_TOLERANCE_ENDED: "Tolerance ended",
    Event.ACTION_ADDED: "Action added",
    Event.ACTION_UPDATED: "Action updated",
    Event.ACTION_MOVED: "Due date moved",
    Event.ACTION_CHASED: "Action chased",
    Event.NAMED_GRANT_GIVEN: "Opened to somebody by name",
    Event.NAMED_GRANT_ENDED: "No longer open to somebody by name",
    Event.GLASS_READ: "Read in an emergency",
    Event.ESCALATION_RAISED: "Escalated",
    Event.ESCALATION_ACKNOWLEDGED: "Escalation acknowledged",
    Event.ESCALATION_ACCEPTED: "Escalation decided",
    Event.ESCALATION_RETURNED: "Escalation returned",
    Event.ESCALATION_PASSED_ON: "Escalation passed on",
    Event.ESCALATION_HANDED_OVER: "Escalation handed to whoever answers for the post now",
    Event.ESCALATION_WITHDRAWN: "Escalation withdrawn",
    Event.ESCALATION_EXPIRED: "Escalation moved up, since nobody answered in time",
    Event.RISK_REHOMED: "Given to another unit",
    Event.RISK_REASSIGNED: "Given to another owner",
    Event.RISK_CHASED: "Its owner asked to look at it",
    Event.ESCALATION_OWNER_CHANGED: "Its risk given to another owner",
    Event.VIEW_SAVED: "View of the registers saved",
    Event.VIEW_CHANGED: "View of the registers changed",
    Event.VIEW_DELETED: "View of the registers deleted",
    Event.VIEW_OPENS_FIRST: "View chosen that opens first",
    Event.RISK_REOPENED: "Opened again",
    Event.ISSUE_RAISED: "Raised as an issue",
    Event.ISSUE_BRIEFED: "Members briefed",
    Event.ISSUE_CLOSED: "Issue closed",
    Event.ISSUE_TAKEN_ON: "Issue taken on by another post",
    Event.ISSUE_CLASSIFIED: "Issue withheld as its risk is",
    Event.RISK_HAPPENED: "It happened",
    Event.NEAR_MISS_TOLD: "Near miss told of",
    Event.NEAR_MISS_LINKED: "A near miss linked",
    Event.NEAR_MISS_LOGGED: "Logged from a near miss",
    Event.NEAR_MISS_LEFT: "Nothing more to do about a near miss",
    Event.EMERGING_ADDED: "Put on the watch list",
    Event.EMERGING_LOOKED_AT: "Emerging risk looked at",
    Event.EMERGING_PROMOTED: "Logged from the watch list",
    Event.EMERGING_DROPPED: "Taken off the watch list",
    Event.ESCALATION_REHOMED: "Escalation given to another unit",
}


IN_FULL: Mapping[str, str] = {
    Event.UNIT_ADDED: "Added as a {after[kind]} called {after[name]}",
    Event.UNIT_RENAMED: "Renamed from {before[name]} to {after[name]}",
    Event.UNIT_MOVED: "Moved from {before[parent]} to {after[parent]}",
    Event.UNIT_MERGED: "Merged into {after[into]} and closed",
    Event.UNIT_TOOK_OVER: "Took over all of {after[from]}",
    Event.UNIT_PARTED: "Parted from {after[from]}: the merger was undone",
    Event.UNIT_CLOSED: "Closed with the date {after[closed_on]}",
    Event.UNIT_REOPENED: "Reopened",
    Event.UNIT_REDATED: "Opening corrected from {before[opened_on]} to {after[opened_on]}",
    Event.POST_ADDED: "Post added: {after[title]}",
    Event.POST_RENAMED: "Post renamed from {before[title]} to {after[title]}",
    Event.POST_CLOSED: "Post closed: {after[title]}, with the date {after[closed_on]}",
    Event.POST_REOPENED: "Post reopened: {after[title]}",
    Event.POST_FILLED: "Post filled: {after[post]}",
    Event.POST_LEFT: "Post left: {after[post]}",
    Event.ROLE_GRANTED: "Role given: {after[role]}",
    Event.BOARD_RECORDED: "Recorded as {after[name]}",
    Event.BOARD_CHANGED: "Changed: now {after[name]}, led by {after[led_by]}",
    Event.BOARD_JOINED: "{after[post]} joined as {after[role]}",
    Event.BOARD_LEFT: "{after[post]} left",
    Event.LINK_ADDED: "Link added: it {after[says]} {after[linked]}",
    Event.LINK_ENDED: "Link ended: it no longer {before[says]} {before[linked]}",
    Event.RISK_MERGED: "Merged into {after[into]}",
    Event.RISK_TOOK_OVER: "Took over {after[merged]}",
    Event.EXEMPT_SHOWN: "Exempt words read: {after[where]}",
    Event.RISK_REVIEW_SET: "Next review set: {after[next_review_on]}, was {before[next_review_on]}",
    Event.RISKS_CHANGED: "{after[deed]}: {after[count]} risks at once",
    Event.RISKS_PUT_BACK: "{after[deed]}: {after[count]} risks put back as they were",
    Event.LIST_EXPORTED: "Taken out as a file: {after[list]}, {after[rows]} rows",
    Event.CHECKPOINT_ISSUED: "Checkpoint issued at number {after[number]}",
    Event.TRAIL_ERASED: "Personal data erased from the trail under policy {after[clause]}",
    Event.RISK_CHALLENGED: "Score challenged: {after[score]} and not {before[score]}",
    Event.RISK_CHALLENGE_ANSWERED: "Challenge answered: {after[answer]}",
    Event.RISK_CHALLENGE_WENT_UP: "Challenge gone up, since nobody answered in time: told is {after[told]}",
    Event.RISK_TREATMENT_CHANGED: "Treatment changed: {before[treatment]} to {after[treatment]}",
    Event.RISK_TOLERANCE_ASKED: "Tolerance asked for: of {after[asked_of]}, until {after[expires_on]}",
    Event.RISK_TOLERANCE_ACCEPTED: "Tolerance accepted: {after[score]}, until {after[expires_on]}",
    Event.RISK_TOLERANCE_ENDED: "Tolerance ended: {after[how]}",
}
"""What was done with its particulars; where the payload was erased, the words before the first of them are left."""


KINDS: Mapping[str, str] = {
    "account": "Accounts",
    "action": "Actions",
    "board": "Boards",
    "body": "External bodies",
    "champion": "Risk champions",
    "demo": "Demonstration",
    "escalation": "Escalations",
    "emerging": "Emerging risks",
    "exempt": "Exempt words",
    "glass": "Emergencies",
    "import": "Imports",
    "link": "Links",
    "issue": "Issues",
    "list": "Exports",
    "meeting": "Meetings",
    "named_grant": "Access by name",
    "near_miss": "Near misses",
    "pack": "Committee papers",
    "person": "People",
    "plan": "Improvement plan",
    "policy": "Risk policy",
    "post": "Posts",
    "register": "Exports of a register",
    "risk": "Risks",
    "role": "Roles",
    "trail": "Audit trail",
    "unit": "Units",
    "view": "Saved views",
}
"""What the part of an event before the colon is called."""
CAPACITIES: Mapping[str, str] = {
    "holder": "as its holder",
    "acting": "acting in it",
    "deputy": "as its deputy",
    "broken_glass": "in an emergency, with everything open to read",
}
"""In what capacity somebody acted, said after the post."""
DOORS: Mapping[str, str] = {
    "web": "Page",
    "clock": "Clock",
    "council account": "Council account",
    "command": "Command line",
    "demo": "Demonstration",
}


def event_words(event: str) -> str:
    """Say what kind of thing an event is, whatever its entry says."""
    if event in WORDS:
        return WORDS[event]
    if event in IN_FULL:
        return IN_FULL[event].partition("{")[0].rstrip(" :").removesuffix(" from").removesuffix(" with the date")
    return event.partition(":")[2].replace("_", " ").capitalize()


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


def sentence(told: Told) -> str:
    """Say an entry in a sentence."""
    return _deed(told)


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
    if told.event in IN_FULL:
        return _in_full(IN_FULL[told.event], before, after)
    return event_words(told.event)


def _in_full(template: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    try:
        return template.format(before=_dated(before), after=_dated(after))
    except KeyError:
        return template.partition("{")[0].rstrip(" :") or "Changed"


def _dated(content: Mapping[str, Any]) -> dict[str, Any]:
    """Say days as days; what is kept of a role or a kind loses its underscores."""
    return {
        key: day(date.fromisoformat(value))
        if key.endswith("_on") and value
        else value.replace("_", " ")
        if key == "role" and isinstance(value, str)
        else value
        for key, value in content.items()
    }


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
