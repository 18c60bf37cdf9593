"""What the trail says: a record's time line, and whether the chain holds."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from riskapp.domain import audit as chain
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.models.audit import AuditEntry, AuditPayload, AuditSeal
from riskapp.models.database import db
from riskapp.models.people import Post

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a time line: when, what, by which post, and the payload if it was not erased."""

    at: datetime
    event: str
    post_title: str | None
    door: str
    content: dict[str, Any]


def time_line(actor: Actor, subject_id: int, limit: int = 50) -> tuple[Told, ...]:
    """List what happened to a subject, newest first; the caller has shown that the actor may read the subject."""
    del actor
    rows = db.session.execute(_TIME_LINE, {"subject_id": subject_id, "most": limit})
    return tuple(Told(at, event, title, door, content or {}) for at, event, title, door, content in rows)


_TIME_LINE = (
    select(AuditEntry.at, AuditEntry.event, Post.title, AuditEntry.door, AuditPayload.content)
    .outerjoin(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
    .outerjoin(Post, Post.id == AuditEntry.post_id)
    .where(AuditEntry.subject_id == bindparam("subject_id"))
    .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    .limit(bindparam("most"))
)


def of_person(actor: Actor, person_id: int, events: Collection[str], limit: int = 50) -> tuple[Told, ...]:
    """List what some kinds of entry say of a person, newest first; the caller has shown that the actor may read it.

    A person is no entity, so such entries name the person in what changed.
    """
    del actor
    named = (AuditPayload.content[part]["person"].as_string() == str(person_id) for part in ("after", "before"))
    rows = db.session.execute(
        select(AuditEntry, AuditPayload.content, Post.title)
        .join(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .outerjoin(Post, Post.id == AuditEntry.post_id)
        .where(AuditEntry.event.in_(events), or_(*named))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
    )
    return tuple(Told(entry.at, entry.event, title, entry.door, content) for entry, content, title in rows)


OUTLINE = (
    Event.RISK_DRAFTED,
    Event.RISK_OPENED,
    Event.RISK_CLOSED,
    Event.RISK_TAKEN_ON,
    Event.RISK_CLASSIFIED,
    Event.RISK_MARKED_EXEMPT,
)
"""What may be told of a thing of which something is withheld: no score, no review and no escalation is among it."""


def outline(actor: Actor, subject_id: int) -> tuple[Told, ...]:
    """List, newest first, what happened to a thing of which something is withheld from the actor: the bare deeds."""
    del actor  # the caller has shown that the actor may read the thing
    rows = db.session.execute(
        select(AuditEntry, Post.title)
        .outerjoin(Post, Post.id == AuditEntry.post_id)
        .where(AuditEntry.subject_id == subject_id, AuditEntry.event.in_(OUTLINE))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    )
    return tuple(Told(entry.at, entry.event, title, entry.door, {}) for entry, title in rows)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the chain holds: how many entries were checked, and the first that fails with what is wrong with it."""

    checked: int
    fault: str | None


def verify(progress: Callable[[int], None] = lambda _count: None) -> Verdict:
    """Walk the chain from its first seal; the first entry that does not fit is named."""
    previous, checked = chain.GENESIS, 0
    for seal, entry, payload in _sealed():
        if seal.sequence != checked + 1:
            return Verdict(checked, f"seal {checked + 1} is missing")
        previous = chain.seal(previous, entry.outer_facts())
        if previous != seal.hash:
            return Verdict(checked, f"entry {entry.id} was changed, or one before it was taken out")
        if payload and chain.payload_digest(payload.salt, payload.content) != entry.payload_digest:
            return Verdict(checked, f"what entry {entry.id} says was changed")
        checked += 1
        progress(checked)
    return Verdict(checked, None)


def _sealed() -> Iterator[tuple[AuditSeal, AuditEntry, AuditPayload | None]]:
    """Read the chain a page at a time, so that memory stays flat however long it is."""
    page = (
        select(AuditSeal, AuditEntry, AuditPayload)
        .join(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
        .outerjoin(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .order_by(AuditSeal.sequence)
        .limit(PAGE)
    )
    last = 0
    while rows := db.session.execute(page.where(AuditSeal.sequence > last)).all():
        yield from rows
        last = rows[-1][0].sequence
        db.session.expunge_all()
