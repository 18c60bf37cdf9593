"""What one action's page and forms need: its promises, what was said, the risk it treats, and who can be named."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import aliased

from riskapp.domain import actions as rules
from riskapp.domain.actions import Status
from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.features.issues import queries as issues
from riskapp.features.readers import queries as readers
from riskapp.features.rmap.queries import THE_REST
from riskapp.models.actions import Action, ActionPromise, ActionUpdate, Chase
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Post, Unit
from riskapp.models.risks import Risk


def row(*, action_id: int) -> Action:
    """Load the row of an action that `action` has shown the actor may read."""
    return db.session.get_one(Action, action_id)


def reference(*, action_id: int) -> str:
    """Give the reference of an action, for its address."""
    return db.session.scalars(select(Entity.reference).where(Entity.id == action_id)).one()


def promises(*, action_id: int) -> tuple[date, ...]:
    """List every date promised for an action, the first promise first."""
    query = select(ActionPromise.due_on).where(ActionPromise.action_id == action_id).order_by(ActionPromise.number)
    return tuple(db.session.scalars(query))


def directorates() -> tuple[str, ...]:
    """List the directorates by name, for a filter."""
    names = select(Entity.name).join(Unit, Unit.id == Entity.id).where(Unit.kind == "directorate")
    return (*db.session.scalars(names.order_by(Entity.name)), THE_REST)


def open_posts() -> tuple[tuple[int, str], ...]:
    """List the posts that exist, by title, for a choice."""
    query = select(Post.id, Post.title).where(Post.closed_on.is_(None)).order_by(Post.title)
    return tuple((post_id, title) for post_id, title in db.session.execute(query))


@dataclass(frozen=True, slots=True)
class Source:
    """A risk or an issue that an action can treat, with what permissions ask of it."""

    kind: str
    id: int
    reference: str
    title: str
    owner_post_id: int
    facts: Facts


def source(actor: Actor, reference: str, *, on: date) -> Source | None:
    """Find an open or drafted risk, or an open issue, to which the actor may add an action; any other is not there."""
    if issue := issues.to_treat(actor, reference, on=on):
        return Source("issue", issue.id, issue.reference, issue.title, issue.owner_post_id, issue.facts)
    row = db.session.execute(
        select(Risk.id, Entity.reference, Entity.name, Risk.owner_post_id)
        .join(Entity, Entity.id == Risk.id)
        .where(Entity.reference == reference, Risk.status != "closed", readers.readable(actor, on=on))
    ).first()
    facts = readers.facts(risk_id=row.id, on=on) if row else None
    if row is None or facts is None or not may(actor, Permission.ACTION_ADD, facts):
        return None
    return Source("risk", row.id, row.reference, row.name, row.owner_post_id, facts)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said of an action; the note ends with the post that said it."""

    on: date
    words: str
    note: str


def history(*, action_id: int) -> tuple[Said, ...]:
    """List updates, moves and chases of an action, newest first."""
    poster = aliased(Post)
    updates = db.session.execute(
        select(ActionUpdate, poster.title)
        .outerjoin(poster, poster.id == ActionUpdate.by_post_id)
        .where(ActionUpdate.action_id == action_id)
    )
    moves = db.session.execute(
        select(ActionPromise, poster.title)
        .outerjoin(poster, poster.id == ActionPromise.by_post_id)
        .where(ActionPromise.action_id == action_id)
    )
    chases = db.session.execute(
        select(Chase, poster.title).outerjoin(poster, poster.id == Chase.by_post_id).where(Chase.action_id == action_id)
    )
    told = [
        *((each.said_on, 1, each.id, _state(each), each.note, title) for each, title in updates),
        *((each.promised_on, 0, each.id, _promised(each), each.reason, title) for each, title in moves),
        *((each.chased_on, 2, each.id, "Chased", "", title) for each, title in chases),
    ]
    newest = sorted(told, key=lambda each: each[:3], reverse=True)
    return tuple(
        Said(on, words, ". ".join(part.rstrip(".") for part in (note, title) if part))
        for on, _rank, _id, words, note, title in newest
    )


def _state(update: ActionUpdate) -> str:
    return f"{Status(update.status).label}, {update.progress}%"


def _promised(promise: ActionPromise) -> str:
    day = f"{promise.due_on:%-d %b %Y}"
    return f"Promised for {day}" if promise.number == 1 else f"Date moved to {day}, the {rules.ordinal(promise.number)}"
