"""Keep boards and their meetings."""

from datetime import date, datetime

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.features.audit import service as audit
from riskapp.models.database import db
from riskapp.models.entity import new_entity
from riskapp.models.packs import Board, Meeting


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
