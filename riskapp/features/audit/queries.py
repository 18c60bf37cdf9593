"""What the trail says: a record's time line, and whether the chain holds."""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select, true

from riskapp.adapters.signatures import is_signed
from riskapp.domain import audit_check
from riskapp.domain.audit import Event
from riskapp.domain.audit_check import Fault, Link, Tampering, Verdict
from riskapp.domain.checkpoints import Checkpoint, Sighting, Signed
from riskapp.domain.permissions import Actor
from riskapp.models.audit import (
    AuditCheckpoint,
    AuditDatabase,
    AuditEntry,
    AuditPayload,
    AuditSeal,
    AuditVerification,
)
from riskapp.models.clock import JobRun
from riskapp.models.database import db, read
from riskapp.models.people import Post

EVERYTHING = true()
BUILT = 400
"""How many statements are kept once built, one for each limit on what is told."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a time line: when, what, by which post, and the payload if it was not erased."""

    at: datetime
    event: str
    post_title: str | None
    door: str
    content: dict[str, Any]


def time_line(
    actor: Actor, subject_id: int, limit: int = 50, *, told: ColumnElement[bool] = EVERYTHING
) -> tuple[Told, ...]:
    """List what happened to a subject, newest first; the caller has shown that the actor may read the subject.

    Of a subject that others are linked to, only the entries are `told` that tell of no other the actor may not read.
    """
    del actor
    rows = read(_time_line(told), {"subject_id": subject_id, "most": limit})
    return tuple(Told(at, event, title, door, content or {}) for at, event, title, door, content in rows)


@lru_cache(maxsize=BUILT)
def _time_line(told: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(AuditEntry.at, AuditEntry.event, Post.title, AuditEntry.door, AuditPayload.content)
        .outerjoin(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .outerjoin(Post, Post.id == AuditEntry.post_id)
        .where(AuditEntry.subject_id == bindparam("subject_id"), AuditEntry.event != Event.EXEMPT_SHOWN, told)
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
    Event.RISK_REOPENED,
    Event.RISK_HAPPENED,
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


AROUND = timedelta(hours=1)
"""How near to a checkpoint the clock's own records are, which tell a tail cut off from an older copy."""
IN_ONE_READ = 5_000


def verify(
    connection: Connection,
    *,
    outside: Iterable[Sighting] = (),
    trusted: bytes | None = None,
    progress: Callable[[int], None] = lambda _count: None,
) -> Verdict:
    """Walk the sealed chain in plain SQL, a big page at a time, and name the first entry that fails.

    Kept checkpoints bear witness where their signature holds, under the public key `trusted` if one is given; those
    from outside the database are given in `outside`.
    """
    kept, forged = _kept_witnesses(connection, trusted)
    verdict = audit_check.check(
        partial(_links, connection),
        witnesses=(*kept, *outside),
        erased=_erased_and_unsealed(connection),
        knows_of=partial(_knows_of, connection),
        progress=progress,
    )
    if verdict.fault is None and forged is not None:
        words = f"The checkpoint kept of number {forged:,} does not bear the signature it was issued with."
        return replace(verdict, fault=Fault(Tampering.CHECKPOINT_EDITED, forged, words))
    return verdict


def length(actor: Actor) -> int:
    """Give the number of the last seal: how long the chain is, if nothing is missing."""
    del actor
    return db.session.scalar(select(func.max(AuditSeal.sequence))) or 0


def _links(connection: Connection, after: int) -> Iterator[Link]:
    """Read the chain after a place, past SQLAlchemy's own rows, since a million of them take as long as the hashes."""
    is_server = connection.dialect.name == "postgresql"
    pages = _pages(connection, after)
    for page in _read_ahead(pages) if is_server else pages:
        yield from map(_LINK, page)


def _pages(connection: Connection, after: int) -> Iterator[list[Any]]:
    statement = _LINKS[connection.dialect.name]
    cursor: Any = connection.connection.cursor()
    try:
        while rows := cursor.execute(statement.format(after=after, most=IN_ONE_READ)).fetchall():
            yield rows
            after = rows[-1][0]
    finally:
        cursor.close()


def _read_ahead(pages: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """Let a server read the next page while this one is hashed; a database in this process would only be in the way."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, pages, None)
        while page := coming.result():
            coming = reader.submit(next, pages, None)
            yield page


_LINK = Link._make
_READ = """
SELECT s.sequence, s.entry_id, s.hash, s.entry_digest, {sealed_at}, e.id, e.event, {at}, e.person_id, e.post_id,
  e.capacity, e.subject_id, e.door, e.request_id, e.payload_digest, p.salt, p.content{json}
FROM audit_seal s LEFT JOIN audit_entry e ON e.id = s.entry_id LEFT JOIN audit_payload p ON p.entry_id = e.id
WHERE s.sequence > {{after}} ORDER BY s.sequence LIMIT {{most}}
"""
_LINKS = {
    name: _READ.format(sealed_at=spelt.format("s.sealed_at"), at=spelt.format("e.at"), json=json)
    for name, spelt, json in (
        ("sqlite", "{0}", ""),
        ("postgresql", "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')", "::text"),
    )
}


def _kept_witnesses(connection: Connection, trusted: bytes | None) -> tuple[list[Sighting], int | None]:
    """Give the kept checkpoints whose signature holds, and the place of the first whose signature does not."""
    rows = connection.execute(
        select(
            AuditCheckpoint.sequence,
            AuditCheckpoint.hash,
            AuditCheckpoint.at,
            AuditCheckpoint.public_key,
            AuditCheckpoint.signature,
        ).order_by(AuditCheckpoint.sequence, AuditCheckpoint.id)
    ).all()
    name = database_name(connection)
    kept, forged = [], None
    for sequence, mark, at, public_key, signature in rows:
        told = Checkpoint(name, sequence, mark, at)
        if is_signed(public_key, told.message(), signature) and trusted in {None, public_key}:
            kept.append(Sighting(sequence, told.mark, at, ""))
        elif forged is None and trusted in {None, public_key}:
            forged = sequence
    return kept, forged


def database_name(connection: Connection) -> str:
    """Give the database's own id, which no other database has; empty before the first checkpoint."""
    return connection.execute(select(AuditDatabase.name)).scalar_one_or_none() or ""


def _erased_and_unsealed(connection: Connection) -> set[int]:
    """Give the entries whose erasure is recorded in an entry that the clock has yet to seal."""
    rows = connection.execute(
        select(AuditPayload.content)
        .join(AuditEntry, AuditEntry.id == AuditPayload.entry_id)
        .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        .where(AuditEntry.event == Event.TRAIL_ERASED, AuditSeal.sequence.is_(None))
    )
    return {each for (content,) in rows for each in content["after"].get("entries", ())}


def _knows_of(connection: Connection, at: datetime) -> bool:
    """Say whether the clock, a checkpoint or a verification left a record at about an instant."""
    found = (
        select(column).where(column.between(at - AROUND, at + AROUND)).limit(1)
        for column in (JobRun.started_at, AuditCheckpoint.at, AuditVerification.at)
    )
    return any(connection.execute(each).first() is not None for each in found)


@dataclass(frozen=True, slots=True)
class Verified:
    """A verification as it was kept: its fault is None where the chain held."""

    at: datetime
    checked: int
    seconds: float
    fault: Tampering | None
    detail: str
    witness: str
    door: str


def last_verification(actor: Actor) -> Verified | None:
    """Give the last walk through the chain; None before the first."""
    del actor
    row = db.session.scalars(
        select(AuditVerification).order_by(AuditVerification.at.desc(), AuditVerification.id.desc()).limit(1)
    ).first()
    if row is None:
        return None
    fault = Tampering(row.fault) if row.fault else None
    return Verified(row.at, row.checked, row.milliseconds / 1000, fault, row.detail, row.witness, row.door)


def last_checkpoint() -> Signed | None:
    """Give the checkpoint issued last, for a page or the foot of a paper; None before the first."""
    row = db.session.scalars(
        select(AuditCheckpoint).order_by(AuditCheckpoint.at.desc(), AuditCheckpoint.id.desc()).limit(1)
    ).first()
    if row is None:
        return None
    told = Checkpoint(database_name(db.session.connection()), row.sequence, row.hash, row.at)
    return Signed(told, row.public_key, row.signature)


def unsealed_count() -> int:
    """Count the entries that the clock has yet to seal."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(AuditEntry)
            .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
            .where(AuditSeal.sequence.is_(None))
        )
        or 0
    )
