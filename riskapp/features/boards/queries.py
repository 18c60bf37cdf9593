"""Boards and who sits on them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from riskapp.domain.permissions import Actor
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.packs import Board, BoardMember, Meeting
from riskapp.models.people import Post, Unit

ROLES = {"chair": "Chair", "vice": "Vice-chair", "member": "Member"}
LED_BY = {"Member": "A Member", "Commissioner": "A Commissioner", "officer": "An officer"}


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A post's seat on a board; it is over where `is_over`."""

    id: int
    post_id: int
    post: str
    unit: str
    unit_reference: str
    role: str
    from_on: date
    to_on: date | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A board with all its seats, those that are over too, the chair first."""

    id: int
    reference: str
    name: str
    led_by: str
    purpose: str
    version: int
    next_meeting_on: date | None
    members: tuple[MemberRow, ...]

    @property
    def sitting(self) -> tuple[MemberRow, ...]:
        """Who sits on it today."""
        return tuple(member for member in self.members if not member.is_over)

    @property
    def chair(self) -> str | None:
        """The post that chairs it today."""
        return next((member.post for member in self.sitting if member.role == "chair"), None)


SORTS = ("name", "led", "members", "meeting")


def boards(
    actor: Actor, words: tuple[str, ...] = (), *, on: date, sort: str = "name", descending: bool = False
) -> tuple[BoardRow, ...]:
    """List the boards whose name, purpose or members have every word; a fixed number of queries."""
    del actor  # the organisation is no secret inside the council
    seats = _members(on=on)
    next_meeting = (
        select(func.min(Meeting.held_on)).where(Meeting.board_id == Board.id, Meeting.held_on >= on).scalar_subquery()
    )
    query = select(Board, Entity.reference, Entity.name, next_meeting).join(Entity, Entity.id == Board.id)
    rows = [
        BoardRow(board.id, reference, name, board.led_by, board.purpose, board.version, meeting, tuple(seats[board.id]))
        for board, reference, name, meeting in db.session.execute(query.order_by(Entity.name, Board.id))
    ]
    keys = {
        "led": lambda row: row.led_by,
        "members": lambda row: len(row.sitting),
        "meeting": lambda row: row.next_meeting_on or date.max,
    }
    rows.sort(key=keys.get(sort, lambda row: row.name.casefold()), reverse=descending)
    return tuple(row for row in rows if _fits(row, words))


def _fits(row: BoardRow, words: tuple[str, ...]) -> bool:
    told = " ".join((row.name, row.reference, row.purpose, *(each.post for each in row.sitting))).casefold()
    return all(word.casefold() in told for word in words)


def board(actor: Actor, reference: str, *, on: date) -> BoardRow | None:
    """Find one board."""
    return next((row for row in boards(actor, on=on) if row.reference == reference), None)


def open_posts(actor: Actor) -> tuple[tuple[int, str], ...]:
    """List the posts that can have a seat, by title."""
    del actor  # the organisation is no secret inside the council
    query = select(Post.id, Post.title).where(Post.closed_on.is_(None)).order_by(Post.title)
    return tuple((post_id, title) for post_id, title in db.session.execute(query))


def _members(*, on: date) -> Mapping[int, list[MemberRow]]:
    found: dict[int, list[MemberRow]] = defaultdict(list)
    rows = db.session.execute(
        select(BoardMember, Post.title, Entity.name, Entity.reference)
        .join(Post, Post.id == BoardMember.post_id)
        .join(Unit, Unit.id == Post.unit_id)
        .join(Entity, Entity.id == Unit.id)
        .order_by(Post.title, BoardMember.from_on, BoardMember.id)
    )
    for seat, post, unit, reference in rows:
        is_over = seat.to_on is not None and seat.to_on <= on
        found[seat.board_id].append(
            MemberRow(seat.id, seat.post_id, post, unit, reference, seat.role, seat.from_on, seat.to_on, is_over)
        )
    for seats in found.values():
        seats.sort(key=lambda seat: list(ROLES).index(seat.role))
    return found
