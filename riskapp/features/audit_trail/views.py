"""The pages of the audit trail: the list, one entry, and the time line of one record."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue

from riskapp.domain.audit import Event
from riskapp.domain.checkpoints import Signed
from riskapp.domain.permissions import Permission
from riskapp.features.audit import queries as audit
from riskapp.features.audit_trail import queries
from riskapp.features.audit_trail.forms import DaysForm
from riskapp.features.audit_trail.queries import Line, Scope
from riskapp.features.readers.views import Outlet, record_shown
from riskapp.web import csv, guards, history, lists
from riskapp.web.clock import now, today
from riskapp.web.filters import day

blueprint = Blueprint("audit_trail", __name__)
ORDERS = {
    "-at": "The last first",
    "at": "The first first",
    "event": "By event, the first first",
    "-event": "By event from the end, the last first",
}
HEADS = (
    "When", "What", "Kind", "Record", "Post", "Capacity", "Person", "Why", "Before", "After", "Door", "Erased under",
    "Entry",
)  # fmt: skip
CODE = re.compile(r"[a-z]+(_[a-z]+)+")
"""A word of ours, such as "in_force", in which an underscore stands for a space."""
DOORS = {"": "Any door", **history.DOORS}
NOTHING = queries.Found((), 0, has_more=False)


def _scope() -> Scope:
    seen = queries.scope(guards.actor(), on=today())
    if seen is None:
        abort(404)
    return seen


def _wanted(days: DaysForm) -> queries.Wanted:
    asked = request.args
    sort = asked.get("sort", "-at")
    return queries.Wanted(
        who=asked.get("who", "").strip()[:200],
        reference=asked.get("record", "").strip()[:40],
        event=asked.get("event", ""),
        door=asked.get("door", "") if asked.get("door") in DOORS else "",
        from_on=days.from_on.data,
        to_on=days.to_on.data,
        words=asked.get("q", "").strip()[:100],
        sort=sort if sort in ORDERS else "-at",
    )


def _date(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def _events(seen: Scope) -> dict[str, str]:
    """The events to choose from: each kind as a whole, then what there is of it."""
    offered: dict[str, list[Event]] = {}
    for each in Event if seen.events is None else seen.events:
        offered.setdefault(each.partition(":")[0], []).append(each)
    choices = {"": "Any event"}
    for kind in sorted(offered, key=lambda each: history.KINDS[each]):
        choices[kind] = f"{history.KINDS[kind]}: anything"
        named = sorted((history.event_words(each), each) for each in offered[kind])
        choices |= {each: f"{history.KINDS[kind]}: {words[:1].lower() + words[1:]}" for words, each in named}
    return choices


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the chain, for the head of the page; numbers are None for who does not read all of it."""

    verified: audit.Verified | None
    checkpoint: Signed | None
    has_key: bool
    shows_numbers: bool


@blueprint.get("/audit")
@guards.requires(Permission.AUDIT_READ_SYSTEM)
def trail() -> ResponseReturnValue:
    """Search the record of changes, and say whether it holds."""
    return _show(_scope(), DaysForm(request.args))


def _show(seen: Scope, days: DaysForm) -> ResponseReturnValue:
    """Show what is asked for; where a day is wrong, nothing is looked for and the day is said."""
    is_right, number = days.validate(), lists.page_number()
    wanted = _wanted(days)
    found = queries.search(guards.actor(), seen, wanted, page=number) if is_right else NOTHING
    record_shown(found.exempt, Outlet.TRAIL)
    events = _events(seen)
    page = render_template(
        "audit_trail/trail.html",
        found=found,
        rows=[_row(line) for line in found.lines],
        wanted=wanted,
        seen=seen,
        events=events,
        doors=DOORS,
        order=ORDERS[wanted.sort],
        heads=(
            lists.sorting("at", "When", chosen=wanted.sort),
            "Who",
            lists.sorting("event", "What", chosen=wanted.sort),
            "Why",
            "Door",
        ),
        pager=lists.pager(number, queries.PAGE, found.total),
        looked_through=queries.WORDS_LOOKED_THROUGH,
        applied=lists.applied(
            {"who": None, "record": None, "event": events, "door": DOORS, "from": None, "to": None, "q": None}
        ),
        csv_url=lists.same_list("audit_trail.trail_csv"),
        standing=_standing(seen),
        form=days,
    )
    return page, 200 if is_right else 422


def _standing(seen: Scope) -> Standing:
    settings = current_app.extensions["settings"]
    has_key = settings.is_demo or settings.audit_key is not None
    return Standing(audit.last_verification(guards.actor()), audit.last_checkpoint(), has_key, seen.is_whole)


@blueprint.get("/audit.csv")
@guards.requires(Permission.AUDIT_READ_SYSTEM)
def trail_csv() -> ResponseReturnValue:
    """Give the entries asked for as a file, the first of them up to the most that a file holds."""
    seen, days = _scope(), DaysForm(request.args)
    if not days.validate():
        return _show(seen, days)
    found = queries.search(guards.actor(), seen, _wanted(days), size=csv.MOST_ROWS)
    record_shown(found.exempt, Outlet.TRAIL_FILE)
    return csv.answer("audit-trail", HEADS, map(_cells, found.lines))


def _cells(line: Line) -> tuple[object, ...]:
    before, after = (_flat(line.content.get(part)) for part in ("before", "after"))
    return (
        line.at.isoformat(),
        history.sentence(_Told(line)),
        history.event_words(line.event),
        line.reference,
        line.post_title,
        line.capacity,
        line.email,
        line.content.get("why"),
        before,
        after,
        line.door,
        line.erased_under,
        line.key,
    )


def _flat(said: object) -> str:
    pairs = said.items() if isinstance(said, dict) else ()
    return "; ".join(f"{_label(key)}: {_words(value)}" for key, value in pairs)


class _Told:
    """A line as `history` tells it."""

    def __init__(self, line: Line) -> None:
        self.at, self.event, self.post_title, self.content = line.at, line.event, line.post_title, line.content


@dataclass(frozen=True, slots=True)
class Row:
    """A line as the page draws it."""

    line: Line
    words: str
    why: str
    who: str
    capacity: str


def _row(line: Line) -> Row:
    who = line.post_title or (line.email and "A person without a post") or history.DOORS.get(line.door, line.door)
    why = str(line.content.get("why") or "")
    return Row(line, history.sentence(_Told(line)), why, who, history.CAPACITIES.get(line.capacity or "", ""))


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that an entry says: what it is called, what it was, what it became, and whether the two differ."""

    label: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


@blueprint.get("/audit/entries/<key>")
@guards.requires(Permission.AUDIT_READ_SYSTEM)
def entry(key: str) -> ResponseReturnValue:
    """Show one entry whole: who, when, through which door, and what was before and after, side by side."""
    seen = _scope()
    found = queries.entry(guards.actor(), seen, key)
    if found is None:
        abort(404)
    record_shown(found.exempt, Outlet.ENTRY)
    return render_template(
        "audit_trail/entry.html", entry=found, row=_row(found.line), changes=tuple(_changes(found)), doors=DOORS
    )


def _changes(found: queries.Opened) -> Iterator[Changed]:
    before, after = (found.line.content.get(part) or {} for part in ("before", "after"))
    for key in dict.fromkeys((*before, *after)):
        yield Changed(_label(key), *(_said(key, part, found.people) for part in (before, after)))


def _said(key: str, part: Mapping[str, Any], people: Mapping[str, str]) -> str:
    if key not in part:
        return ""
    if key == "person":
        return people.get(str(part[key]), _words(part[key]))
    return _words(part[key])


def _label(key: str) -> str:
    return str(key).removesuffix("_on").removesuffix("_at").removesuffix("_id").replace("_", " ").capitalize()


def _words(value: object) -> str:
    """Say what was kept in words: days as days, yes and no, lists with commas between."""
    if value is None or value == "":
        return "Nothing"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, dict):
        return "; ".join(f"{_label(key).lower()} {_words(inner)}" for key, inner in value.items()) or "Nothing"
    if isinstance(value, list):
        return ", ".join(map(_words, value)) or "Nothing"
    if isinstance(value, str) and len(value) == len("2026-12-31"):
        found = _date(value)
        return day(found) if found else value
    words = str(value)
    return words.replace("_", " ") if CODE.fullmatch(words) else words


@blueprint.get("/audit/records/<reference>")
@guards.requires(Permission.SIGNED_IN)
def record(reference: str) -> ResponseReturnValue:
    """Tell in plain words what happened to a risk, an action, an escalation or a body."""
    found = queries.record(guards.actor(), reference, at=now(), on=today())
    if found is None:
        abort(404)
    record_shown((*found.exempt, found.reference), Outlet.TIME_LINE)
    seen = queries.scope(guards.actor(), on=today())
    opens_entries = seen is not None and seen.events is None
    return render_template(
        "audit_trail/record.html", record=found, days=_by_day(map(_row, found.told)), opens_entries=opens_entries
    )


def _by_day(rows: Iterable[Row]) -> dict[str, list[Row]]:
    days: dict[str, list[Row]] = {}
    for row in rows:
        days.setdefault(day(row.line.at), []).append(row)
    return days
