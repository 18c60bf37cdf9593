"""Keep boards and their meetings, and freeze packs for them: a version once built is never changed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from riskapp.domain.audit import Event
from riskapp.domain.calendar import CannotCountWorkingTime
from riskapp.domain.packs import papers_open_by
from riskapp.domain.permissions import Actor
from riskapp.domain.policy import Policy
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.audit import queries as trail
from riskapp.features.audit import service as audit
from riskapp.features.figures import queries as figures
from riskapp.features.packs import queries
from riskapp.features.packs.queries import Frozen, MeetingRow
from riskapp.features.policy import queries as policies
from riskapp.features.readers import service as readers
from riskapp.models.database import db
from riskapp.models.entity import new_entity
from riskapp.models.packs import Board, Meeting, Pack, PackPart
from riskapp.reports.fonts import FontsMissingError
from riskapp.reports.gathering import Occasion
from riskapp.reports.pack import render
from riskapp.reports.pack_data import PackData
from riskapp.reports.parts import exempt_part, left_out, public_part
from riskapp.reports.snapshot import content_code, from_json, to_json

REPORT_OF = "Head of Assurance"


class CannotBuildPack(Cannot):
    """The day of the figures cannot be shown, or the paper cannot be drawn."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Whose paper it is, and whether it is a demonstration."""

    council: str
    is_illustrative: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What a pack of a day holds: Part 1, Part 2 where there is one, and how many undecided risks stay out of both."""

    public: PackData
    exempt: PackData | None
    left_out: int


def add_board(*, name: str, led_by: str, purpose: str, by: Actor, at: datetime) -> Board:
    """Add a committee or board."""
    entity = new_entity(db.session(), "board", name)
    board = Board(id=entity.id, led_by=led_by, purpose=purpose)
    db.session.add(board)
    db.session.flush()
    audit.record(Event.BOARD_RECORDED, by=by, at=at, subject_id=board.id, after={"name": name})
    return board


def plan_meeting(board: Board, *, name: str, held_on: date, papers_due_on: date, by: Actor, at: datetime) -> Meeting:
    """Plan a meeting of a board; its papers are due before it."""
    entity = new_entity(db.session(), "meeting", name)
    meeting = Meeting(id=entity.id, board_id=board.id, held_on=held_on, papers_due_on=papers_due_on)
    db.session.add(meeting)
    db.session.flush()
    audit.record(Event.MEETING_PLANNED, by=by, at=at, subject_id=meeting.id, after={"held_on": held_on})
    return meeting


def build(meeting: MeetingRow, *, by: Actor, at: datetime, on: date, as_at: date | None, publisher: Publisher) -> Pack:
    """Freeze a new version of a meeting's pack: a snapshot of each part, its code, and the hash of the PDF it draws.

    Figures are as at a day no later than today, the meeting's own if it is past. Refuses (`CannotBuildPack`, field
    "as_at") a day still to come or without a policy in force.
    """
    made = contents(meeting, by=by, on=on, as_at=as_at, publisher=publisher)
    latest = db.session.scalar(select(func.max(Pack.version)).where(Pack.meeting_id == meeting.meeting_id)) or 0
    entity = new_entity(db.session(), "pack", f"{meeting.board}, {meeting.held_on:%-d %B %Y}, version {latest + 1}")
    pack = Pack(
        id=entity.id,
        meeting_id=meeting.meeting_id,
        version=latest + 1,
        state="frozen",
        as_at=made.public.meeting.as_at,
        built_at=at,
        built_by_id=by.person_id,
        built_by_post_id=by.post.post_id if by.post else None,
    )
    db.session.add(pack)
    db.session.flush()
    last = trail.last_checkpoint()
    witness = last.printed() if last else ""
    codes = [_freeze(pack, data, witness) for data in (made.public, made.exempt) if data]
    audit.record(
        Event.PACK_BUILT,
        by=by,
        at=at,
        subject_id=pack.id,
        after={"meeting": meeting.reference, "version": pack.version, "as_at": pack.as_at, "codes": codes},
    )
    return pack


def contents(meeting: MeetingRow, *, by: Actor, on: date, as_at: date | None, publisher: Publisher) -> Contents:
    """Gather what a pack built now would hold; keeps nothing."""
    as_at = as_at or min(on, meeting.held_on)
    policy = _policy_of(as_at, on)
    last = queries.last_figures(by, meeting, as_at=as_at)
    occasion = Occasion(
        council=publisher.council,
        committee=meeting.board,
        held_on=meeting.held_on,
        as_at=as_at,
        decided_on=on,
        report_of=REPORT_OF,
        last_on=last.on if last else None,
        next_on=queries.next_meeting_on(by, meeting),
        is_illustrative=publisher.is_illustrative,
    )
    source = figures.source(by, as_at=as_at, last_on=occasion.last_on)
    before = read(last.snapshot) if last and last.snapshot else None
    public = public_part(source, occasion, policy, before)
    return Contents(public, exempt_part(source, occasion, policy), left_out(source, occasion, policy))


def _policy_of(as_at: date, on: date) -> Policy:
    if as_at > on:
        message = f"The figures of {as_at:%-d %B %Y} are not known yet. Choose {on:%-d %B %Y} or an earlier day"
        raise CannotBuildPack(Refusal("as_at", message))
    try:
        return policies.in_force(on=as_at).policy
    except policies.NoPolicyError:
        message = f"No risk policy was in force on {as_at:%-d %B %Y}. Choose a later day for the figures"
        raise CannotBuildPack(Refusal("as_at", message)) from None


def _freeze(pack: Pack, data: PackData, witness: str) -> str:
    """Keep a part as it is drawn, with the last checkpoint of the audit trail at its foot: the paper bears witness."""
    snapshot: dict[str, Any] = json.loads(to_json(data))
    code, paper = content_code(data), _drawn(data, witness)
    digest = hashlib.sha256(paper).hexdigest()
    part = PackPart(
        pack_id=pack.id, number=data.part, snapshot=snapshot, content_code=code, pdf=paper, pdf_sha256=digest
    )
    db.session.add(part)
    return code


def read(snapshot: Mapping[str, Any]) -> PackData:
    """Read a stored snapshot back."""
    return from_json(json.dumps(snapshot))


def draw(snapshot: Mapping[str, Any]) -> bytes:
    """Draw the PDF of a stored snapshot, without the witness at its foot: the same bytes whenever it is drawn."""
    return _drawn(read(snapshot), "")


def _drawn(data: PackData, witness: str) -> bytes:
    try:
        return render(data, witness=witness)
    except FontsMissingError as problem:
        raise CannotBuildPack(Refusal(None, str(problem))) from problem


def hand_out(part: Frozen, *, by: Actor, at: datetime) -> bytes:
    """Give a reader the paper of a part; who was handed an exempt one is recorded."""
    paper = part.pdf or draw(part.snapshot or {})
    if part.number != 1:
        audit.record(Event.PACK_DOWNLOADED, by=by, at=at, subject_id=part.pack_id, after={"part": part.number})
        readers.record_handing_out(part.pack_id, by=by, at=at)
    return paper


def papers_due_on(meeting: MeetingRow, policy: Policy) -> date:
    """Say by when the papers must be open: by clear days, or as planned where the calendar does not reach so far."""
    try:
        return papers_open_by(policy, meeting.held_on)
    except CannotCountWorkingTime:
        return meeting.papers_due_on
