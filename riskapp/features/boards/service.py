"""Keep boards: their names and purposes, and the posts that sit on them."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import flag_modified

from riskapp.domain.audit import Event
from riskapp.domain.organisation import Overtaken, same_name
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.audit import service as audit
from riskapp.features.boards.queries import LED_BY, ROLES
from riskapp.models.database import db
from riskapp.models.entity import Entity, new_entity
from riskapp.models.packs import Board, BoardMember
from riskapp.models.people import Post


class CannotKeepBoard(Cannot):
    """The board, or the seat on it, cannot be so."""


def add(*, name: str, led_by: str, purpose: str, key: str | None, by: Actor, at: datetime) -> Board:
    """Add a board or committee; the same form sent twice is one board."""
    known = key and db.session.scalars(_with_name().where(Board.submission_key == key)).first()
    if known:
        return known
    if wrong := _wrong(name, led_by, purpose):
        raise CannotKeepBoard(*wrong)
    entity = new_entity(db.session(), "board", name.strip())
    board = Board(id=entity.id, entity=entity, led_by=led_by, purpose=purpose.strip(), submission_key=key or None)
    db.session.add(board)
    db.session.flush()
    audit.record(Event.BOARD_RECORDED, by=by, at=at, subject_id=board.id, after={"name": entity.name})
    return board


def change(board_id: int, *, name: str, led_by: str, purpose: str, seen: int, by: Actor, at: datetime) -> None:
    """Give a board another name, lead or purpose."""
    board = _held(board_id, seen)
    if wrong := _wrong(name, led_by, purpose, but=board.id):
        raise CannotKeepBoard(*wrong)
    before = {"name": board.entity.name, "led_by": board.led_by, "purpose": board.purpose}
    board.entity.name, board.led_by, board.purpose = name.strip(), led_by, purpose.strip()
    after = {"name": board.entity.name, "led_by": board.led_by, "purpose": board.purpose}
    if before != after:
        _record(Event.BOARD_CHANGED, board, after, before=before, by=by, at=at)


def join(board_id: int, *, post_id: int, role: str, from_on: date, seen: int, by: Actor, at: datetime) -> BoardMember:
    """Give a post a seat on a board; a post has one seat, and a board one chair."""
    board = _held(board_id, seen)
    post = db.session.get(Post, post_id)
    sitting = db.session.scalars(
        select(BoardMember).where(BoardMember.board_id == board.id, BoardMember.to_on.is_(None))
    ).all()
    wrong = []
    if post is None or post.closed_on is not None:
        wrong.append(Refusal("post", "Choose a post that is open"))
    elif any(seat.post_id == post.id for seat in sitting):
        wrong.append(Refusal("post", f"{post.title} sits on it already. End that seat first"))
    if role not in ROLES:
        wrong.append(Refusal("role", "Choose chair, vice-chair or member"))
    elif role == "chair" and any(seat.role == "chair" for seat in sitting):
        wrong.append(Refusal("role", "It has a chair. End the chair’s seat first, or choose another role"))
    if wrong or post is None:
        raise CannotKeepBoard(*wrong)
    seat = BoardMember(board_id=board.id, post_id=post.id, role=role, from_on=from_on)
    db.session.add(seat)
    _record(Event.BOARD_JOINED, board, {"post": post.title, "role": role, "from_on": from_on}, by=by, at=at)
    return seat


def leave(seat_id: int, *, to_on: date, seen: int, by: Actor, at: datetime, on: date) -> None:
    """End a seat on a day; it stays on the record."""
    seat = db.session.get_one(BoardMember, seat_id)
    board = _held(seat.board_id, seen)
    db.session.refresh(seat)
    wrong = []
    if seat.to_on is not None:
        wrong.append(Refusal(None, "That seat has ended already"))
    if to_on > on:
        wrong.append(Refusal("on", "That day is still to come. End the seat when the day comes"))
    elif to_on < seat.from_on:
        wrong.append(Refusal("on", f"The seat began on {seat.from_on:%-d %B %Y}. Give that day or a later one"))
    if wrong:
        raise CannotKeepBoard(*wrong)
    seat.to_on = to_on
    post = db.session.get_one(Post, seat.post_id)
    _record(Event.BOARD_LEFT, board, {"post": post.title, "to_on": to_on}, by=by, at=at)


def _held(board_id: int, seen: int) -> Board:
    query = _with_name().where(Board.id == board_id).with_for_update(of=Board)
    board = db.session.scalars(query.execution_options(populate_existing=True)).one()
    if board.version != seen:
        raise Overtaken(Refusal(None, "This board was changed after you loaded the page"))
    return board


def _with_name() -> Select[Board]:
    return select(Board).options(joinedload(Board.entity, innerjoin=True))


def _wrong(name: str, led_by: str, purpose: str, *, but: int = 0) -> list[Refusal]:
    wrong = []
    others = db.session.scalars(select(Entity.name).where(Entity.kind == "board", Entity.id != but))
    if not name.strip():
        wrong.append(Refusal("name", "Enter the name of the board"))
    elif same_name(name) in {same_name(other) for other in others}:
        wrong.append(Refusal("name", f"There is a board called {name.strip()} already. Choose another name"))
    if led_by not in LED_BY:
        wrong.append(Refusal("led_by", "Choose who leads it"))
    if not purpose.strip():
        wrong.append(Refusal("purpose", "Say in a sentence what it is for"))
    return wrong


def _record(
    what: Event,
    board: Board,
    after: Mapping[str, object],
    *,
    before: Mapping[str, object] | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Record a change; whatever it is, it counts up the version, so that the later of two people is told."""
    flag_modified(board, "purpose")
    db.session.flush()
    audit.record(what, by=by, at=at, subject_id=board.id, before=before, after={**after, "version": board.version})
