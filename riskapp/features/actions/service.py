"""What happens to an action: added, updated, moved, completed, confirmed, cancelled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select

from riskapp.domain import actions as rules
from riskapp.domain.actions import Deed, Status
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.actions import queries
from riskapp.features.audit import service as audit
from riskapp.features.past import service as past
from riskapp.features.policy import queries as policies
from riskapp.models.actions import Action, ActionPromise, ActionUpdate
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link, new_entity
from riskapp.models.people import Post

PRIORITIES = ("high", "medium", "low")
MOST_PROGRESS = 100
LONGEST_TITLE = 200
LARGEST_COST = 999_000_000_000


class CannotAddAction(Cannot):
    """What was given does not make an action."""


class CannotUpdateAction(Cannot):
    """Nothing was said, or progress is off the scale."""


class CannotCancelAction(Cannot):
    """No reason was given."""


@dataclass(frozen=True, slots=True)
class NewAction:
    """All that an action needs; `source_ids` are the entities it treats, the one it was made for first."""

    title: str
    source_ids: Sequence[int]
    owner_post_id: int
    accountable_post_id: int
    start_on: date
    due_on: date
    priority: str = "medium"
    cost: int | None = None  # whole pounds
    status: Status = Status.AGREED
    submission_key: str | None = field(default=None, kw_only=True)


def add(new: NewAction, *, by: Actor, at: datetime, on: date) -> Action:
    """Add an action with its first promise (policy 9.1); the same submission posted twice is the same action.

    Refused with fields "title", "source", "owner", "accountable", "start_on", "due_on", "priority" and "cost".
    """
    if new.submission_key:
        known = db.session.scalars(select(Action).where(Action.submission_key == new.submission_key)).first()
        if known is not None:
            return _refuse_a_stranger(known, by)
    _check(new, on)
    entity = new_entity(db.session(), "action", new.title.strip())
    action = Action(
        id=entity.id,
        owner_post_id=new.owner_post_id,
        accountable_post_id=new.accountable_post_id,
        status=new.status,
        priority=new.priority,
        cost=new.cost,
        start_on=new.start_on,
        due_on=new.due_on,
        first_due_on=new.due_on,
        submission_key=new.submission_key,
    )
    db.session.add(action)
    db.session.flush()
    db.session.add_all(
        Link(from_id=action.id, to_id=to_id, kind="treats", from_on=on) for to_id in dict.fromkeys(new.source_ids)
    )
    _promise(action, 1, "", by=by, on=on)
    past.keep_action(action, at=at, on=on)
    audit.record(
        Event.ACTION_ADDED,
        by=by,
        at=at,
        subject_id=action.id,
        after={"title": entity.name, "due_on": new.due_on, "treats": list(new.source_ids)},
    )
    return action


def _refuse_a_stranger(known: Action, by: Actor) -> Action:
    first = select(ActionPromise.by_id).where(ActionPromise.action_id == known.id, ActionPromise.number == 1)
    if db.session.scalar(first) != by.person_id:
        raise CannotAddAction(Refusal(None, "This form was sent by somebody else. Load the page again"))
    return known


def _check(new: NewAction, on: date) -> None:
    refusals = [*_check_words(new), *_check_posts(new)]
    known = db.session.scalar(select(func.count(Entity.id)).where(Entity.id.in_(set(new.source_ids))))
    if not new.source_ids or known != len(set(new.source_ids)):
        refusals.append(Refusal("source", "Choose the risk that the action treats"))
    if new.start_on > new.due_on:
        refusals.append(Refusal("start_on", "The start is after the due date. Give an earlier day"))
    try:
        rules.may_promise(new.due_on, on)
    except rules.CannotPromise as no:
        refusals.extend(no.refusals)
    if refusals:
        raise CannotAddAction(*refusals)


def _check_words(new: NewAction) -> Iterator[Refusal]:
    title = new.title.strip()
    if not title:
        yield Refusal("title", "Say what will be done")
    elif len(title) > LONGEST_TITLE:
        yield Refusal("title", f"Use at most {LONGEST_TITLE} characters. The rest belongs in an update")
    if new.priority not in PRIORITIES:
        yield Refusal("priority", "Choose high, medium or low")
    if new.cost is not None and not 0 <= new.cost <= LARGEST_COST:
        yield Refusal("cost", "Give the cost in pounds, from nought to £999 billion")


def _check_posts(new: NewAction) -> Iterator[Refusal]:
    for name, post_id, words in (
        ("owner", new.owner_post_id, "Choose the post that does it"),
        ("accountable", new.accountable_post_id, "Choose the post that answers for it"),
    ):
        post = db.session.get(Post, post_id)
        if post is None or post.closed_on is not None:
            yield Refusal(name, words)


def update(
    action: Action, *, progress: int, note: str = "", deed: Deed | None = None, by: Actor, at: datetime, on: date
) -> None:
    """Say how far an action is; progress on an agreed one starts it, and 100% alone does not complete it.

    Refused with fields "progress" and "note" when nothing was said, and for a deed that its status does not allow.
    """
    status = Status(action.status)
    if not status.is_open:
        raise CannotUpdateAction(Refusal(None, f"This action is {status.label.lower()}. Only an open one is updated"))
    if not 0 <= progress <= MOST_PROGRESS:
        raise CannotUpdateAction(Refusal("progress", "Progress is between 0 and 100"))
    if deed is None and progress == action.progress and not note.strip():
        raise CannotUpdateAction(Refusal("note", "Change the progress, or say what has happened"))
    if status is Status.PROPOSED and deed is not Deed.AGREE and progress > 0:
        raise CannotUpdateAction(Refusal("progress", "The action is proposed. Agree to it before work on it counts"))
    if deed is None and status is Status.AGREED and progress > 0:
        deed = Deed.START
    _tell(action, rules.move(status, deed) if deed else status, progress, note, by=by, at=at, on=on)


def complete(action: Action, *, note: str, by: Actor, at: datetime, on: date) -> None:
    """Say that an action is done; it stays to be confirmed by somebody else (policy 9.5). Refused without a note."""
    if not note.strip():
        raise CannotUpdateAction(Refusal("note", "Say in one line what was done"))
    after = rules.move(Status(action.status), Deed.COMPLETE)
    action.completed_on = on
    _tell(action, after, MOST_PROGRESS, note, by=by, at=at, on=on)


def verify(action: Action, *, note: str = "", by: Actor, at: datetime, on: date) -> None:
    """Confirm that a completed action is done; neither its owner nor whoever completed it may (policy 9.5)."""
    _refuse_the_owner(action, by)
    _tell(action, rules.move(Status(action.status), Deed.VERIFY), action.progress, note, by=by, at=at, on=on)


def send_back(action: Action, *, note: str, by: Actor, at: datetime, on: date) -> None:
    """Say that a completed action is not done: it is in progress again, and its due date stands."""
    _refuse_the_owner(action, by)
    if not note.strip():
        raise CannotUpdateAction(Refusal("note", "Say what is still to do"))
    after = rules.move(Status(action.status), Deed.SEND_BACK)
    action.completed_on = None
    _tell(action, after, action.progress, note, by=by, at=at, on=on)


def cancel(action: Action, *, reason: str, by: Actor, at: datetime, on: date) -> None:
    """Give an action up, with a reason that stays on the record."""
    if not reason.strip():
        raise CannotCancelAction(Refusal("reason", "Say why the action is cancelled. The reason stays on the record"))
    _tell(action, rules.move(Status(action.status), Deed.CANCEL), action.progress, reason, by=by, at=at, on=on)


def move_due_date(action: Action, *, to: date, reason: str, by: Actor, at: datetime, on: date) -> None:
    """Promise another date and keep every earlier one; beyond the policy's limit the accountable person must do it.

    Refused with fields "due_on", "reason" and "approved_by". Source: policy 9.2.
    """
    status = Status(action.status)
    if not status.is_open:
        raise rules.CannotMoveDueDate(Refusal(None, f"This action is {status.label.lower()}. Its date stands"))
    policy = policies.in_force(on=on).policy
    promises = queries.promises(action_id=action.id)
    is_approved = action.accountable_post_id in by.post_ids
    rules.may_move(policy, promises, to, reason=reason, is_approved=is_approved, on=on)
    before, action.due_on, action.times_moved = action.due_on, to, len(promises)
    _promise(action, len(promises) + 1, reason.strip(), by=by, on=on)
    past.keep_action(action, at=at, on=on)
    audit.record(
        Event.ACTION_MOVED,
        by=by,
        at=at,
        subject_id=action.id,
        post_id=_post_of(action, by),
        before={"due_on": before},
        after={"due_on": to, "times_moved": action.times_moved},
        why=reason,
    )


def _refuse_the_owner(action: Action, by: Actor) -> None:
    completed_by = db.session.scalar(
        select(ActionUpdate.by_id)
        .where(ActionUpdate.action_id == action.id, ActionUpdate.status == Status.COMPLETE)
        .order_by(ActionUpdate.id.desc())
        .limit(1)
    )
    is_own = action.owner_post_id in by.post_ids or completed_by == by.person_id
    rules.may_verify(by.person_id if is_own else None, by.person_id or 0)


def _tell(action: Action, status: Status, progress: int, note: str, *, by: Actor, at: datetime, on: date) -> None:
    """Append what was said, and bring the action into step with it."""
    before = {"status": action.status, "progress": action.progress}
    action.status, action.progress = status, progress
    past.keep_action(action, at=at, on=on)
    post_id = _post_of(action, by)
    sitting = by.sitting(post_id)
    db.session.add(
        ActionUpdate(
            action_id=action.id,
            said_on=on,
            recorded_at=at,
            status=status,
            progress=progress,
            note=note.strip(),
            by_post_id=sitting.post_id if sitting else None,
            by_id=by.person_id,
        )
    )
    after = {"status": status, "progress": progress}
    audit.record(
        Event.ACTION_UPDATED, by=by, at=at, subject_id=action.id, post_id=post_id, before=before, after=after, why=note
    )


def _promise(action: Action, number: int, reason: str, *, by: Actor, on: date) -> None:
    sitting = by.sitting(_post_of(action, by))
    db.session.add(
        ActionPromise(
            action_id=action.id,
            number=number,
            due_on=action.due_on,
            promised_on=on,
            reason=reason,
            by_post_id=sitting.post_id if sitting else None,
            by_id=by.person_id,
        )
    )


def _post_of(action: Action, by: Actor) -> int | None:
    """In which post the actor acts on this action: its owner's or accountable one before any other."""
    return next((post for post in (action.owner_post_id, action.accountable_post_id) if post in by.post_ids), None)
