"""The calendar of boards and meetings with the packs made for them, and the stored parts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.packs import Board, Meeting, Pack, PackPart
from riskapp.models.people import Post


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of a pack: its content code and the SHA-256 of its PDF."""

    number: int
    code: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PackRow:
    """A version of a pack, with the parts that the reader may open."""

    pack_id: int
    reference: str
    version: int
    as_at: date
    built_at: datetime
    built_by: str
    parts: tuple[PartRow, ...]


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """A meeting of a board, with the packs made for it, the newest first."""

    meeting_id: int
    reference: str
    board_id: int
    board: str
    held_on: date
    papers_due_on: date
    packs: tuple[PackRow, ...]


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A committee or board with its calendar: what was, the newest first, and what is to come, the nearest first."""

    reference: str
    name: str
    led_by: str
    purpose: str
    held: tuple[MeetingRow, ...]
    coming: tuple[MeetingRow, ...]


def boards(actor: Actor, *, on: date) -> tuple[BoardRow, ...]:
    """List the boards with their meetings and packs; those with a meeting to come first, by its day."""
    by_board: dict[int, list[MeetingRow]] = defaultdict(list)
    for row in meetings(actor):
        by_board[row.board_id].append(row)
    found = []
    for board, name, reference in db.session.execute(
        select(Board, Entity.name, Entity.reference).join(Entity, Entity.id == Board.id).order_by(Entity.name)
    ):
        mine = by_board[board.id]
        coming = tuple(row for row in mine if row.held_on >= on)
        held = tuple(row for row in reversed(mine) if row.held_on < on)
        found.append(BoardRow(reference, name, board.led_by, board.purpose, held, coming))
    return tuple(sorted(found, key=lambda row: (row.coming[0].held_on if row.coming else date.max, row.name)))


def meetings(actor: Actor, *, reference: str | None = None) -> tuple[MeetingRow, ...]:
    """List all meetings, or the one with a reference, in order of their day."""
    named = aliased(Entity)
    query = (
        select(Meeting.id, Entity.reference, Meeting.board_id, named.name, Meeting.held_on, Meeting.papers_due_on)
        .join(Entity, Entity.id == Meeting.id)
        .join(named, named.id == Meeting.board_id)
        .order_by(Meeting.held_on, named.name)
    )
    if reference is not None:
        query = query.where(Entity.reference == reference)
    rows = db.session.execute(query).all()
    packs = _packs(actor, [row.id for row in rows])
    return tuple(MeetingRow(*row, tuple(packs[row.id])) for row in rows)


def _packs(actor: Actor, meeting_ids: Sequence[int]) -> Mapping[int, list[PackRow]]:
    parts: dict[int, list[PartRow]] = defaultdict(list)
    for pack_id, number, code, sha256 in db.session.execute(
        select(PackPart.pack_id, PackPart.number, PackPart.content_code, PackPart.pdf_sha256)
        .join(Pack, Pack.id == PackPart.pack_id)
        .where(Pack.meeting_id.in_(meeting_ids))
        .order_by(PackPart.pack_id, PackPart.number)
    ):
        if may_read(actor, number):
            parts[pack_id].append(PartRow(number, code, sha256))
    found: dict[int, list[PackRow]] = defaultdict(list)
    for pack, reference, title in db.session.execute(
        select(Pack, Entity.reference, Post.title)
        .join(Entity, Entity.id == Pack.id)
        .outerjoin(Post, Post.id == Pack.built_by_post_id)
        .where(Pack.meeting_id.in_(meeting_ids))
        .order_by(Pack.meeting_id, Pack.version.desc())
    ):
        by = title or "The command line"
        shown = tuple(parts[pack.id])
        row = PackRow(pack.id, reference, pack.version, pack.as_at, pack.built_at, by, shown)
        found[pack.meeting_id].append(row)
    return found


def may_read(actor: Actor, number: int, pack_id: int | None = None) -> bool:
    """Tell whether the actor may open a part, of any pack or of one: the second holds what is exempt."""
    needed = Permission.PACK_READ if number == 1 else Permission.PACK_READ_EXEMPT
    return may(actor, needed, Facts(entity_id=pack_id))


@dataclass(frozen=True, slots=True)
class Frozen:
    """A stored part with what names its file: its paper, or the snapshot to draw it from where none was kept."""

    pack_id: int
    number: int
    pdf: bytes | None
    snapshot: Mapping[str, Any] | None
    board: str
    held_on: date
    version: int


def frozen(actor: Actor, reference: str, number: int) -> Frozen | None:
    """Give a stored part of the pack with a reference; None where there is none that the actor may read."""
    own, board = aliased(Entity), aliased(Entity)
    snapshot = case((PackPart.pdf.is_(None), PackPart.snapshot))
    row = db.session.execute(
        select(Pack.id, PackPart.number, PackPart.pdf, snapshot, board.name, Meeting.held_on, Pack.version)
        .join(own, own.id == Pack.id)
        .join(PackPart, PackPart.pack_id == Pack.id)
        .join(Meeting, Meeting.id == Pack.meeting_id)
        .join(board, board.id == Meeting.board_id)
        .where(own.reference == reference, PackPart.number == number)
    ).first()
    return Frozen(*row) if row and may_read(actor, number, row.id) else None


@dataclass(frozen=True, slots=True)
class Last:
    """The figures that a new pack is compared with: their day, and Part 1 of the pack that printed them, if any."""

    on: date
    snapshot: Mapping[str, Any] | None


def last_figures(actor: Actor, meeting: MeetingRow, *, as_at: date) -> Last | None:
    """Find the board's last pack before a meeting, or else its last meeting; None before the first."""
    if not may_read(actor, 1):
        return None
    earlier = (Meeting.board_id == meeting.board_id, Meeting.held_on < meeting.held_on)
    packed = db.session.execute(
        select(Pack.as_at, PackPart.snapshot)
        .join(Meeting, Meeting.id == Pack.meeting_id)
        .join(PackPart, (PackPart.pack_id == Pack.id) & (PackPart.number == 1))
        .where(*earlier, Pack.as_at < as_at, Pack.state == "frozen")
        .order_by(Meeting.held_on.desc(), Pack.version.desc())
        .limit(1)
    ).first()
    if packed:
        return Last(*packed)
    held_on = db.session.scalar(select(func.max(Meeting.held_on)).where(*earlier, Meeting.held_on < as_at))
    return Last(held_on, None) if held_on else None


def next_meeting_on(actor: Actor, meeting: MeetingRow) -> date | None:
    """Say when the board meets after a meeting."""
    later = (row for row in meetings(actor) if row.board_id == meeting.board_id and row.held_on > meeting.held_on)
    return next((row.held_on for row in later), None)
