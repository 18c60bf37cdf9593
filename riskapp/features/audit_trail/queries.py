"""The trail for one reader: search, one entry, one record's time line, and what of it is withheld from whom.

What an entry says is told where the reader may read all of what it is about; else the bare deed is, or nothing. An
entry about a thing that was ever exempt is judged by that, whatever has been decided since.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import aliased

from riskapp.domain.access import PAGES, page_of
from riskapp.domain.audit import Event
from riskapp.domain.calendar import day_begins
from riskapp.domain.permissions import Actor, Permission, Role, may
from riskapp.domain.publication import EXEMPT
from riskapp.features.audit import queries as audit
from riskapp.features.bodies import queries as bodies
from riskapp.features.escalation import queries as escalations
from riskapp.features.readers import queries as readers
from riskapp.features.rmap import queries as rmap
from riskapp.models.actions import Action
from riskapp.models.audit import AuditEntry, AuditErasure, AuditPayload, AuditSeal
from riskapp.models.database import db
from riskapp.models.entity import Classification, Entity, Link
from riskapp.models.escalation import EscalationCase
from riskapp.models.people import Person, Post, RoleAssignment, Unit
from riskapp.models.risks import Risk

PAGE = 50
MOST_PAGED = 10_000
"""Entries that are counted and paged; further back one looks by date."""
WORDS_LOOKED_THROUGH = 50_000
"""Entries whose reasons are looked through for words, the last of those that the other filters leave."""
NAMES = 200
"""People and posts that a name stands for at the most."""

SYSTEM = ("account", "unit", "post", "person", "role", "champion", "policy", "import", "demo", "trail")
"""What an administrator keeps: the events about it are all that an administrator reads."""
SYSTEM_EVENTS = (
    *(each for each in Event if each.partition(":")[0] in SYSTEM),
    Event.GLASS_ASKED, Event.GLASS_AGREED, Event.GLASS_REFUSED, Event.GLASS_ENDED,
)  # fmt: skip
UNTOLD = frozenset({Event.EXEMPT_SHOWN, Event.PACK_DOWNLOADED})
"""Not there at all for a reader from whom anything is withheld: that it happened would tell of it."""
OPEN_KINDS = frozenset({"body", "board", "meeting", "plan", "champion", "account"})
ABOUT_A_RECORD = tuple(
    each
    for each in Event
    if each.partition(":")[0] in {"risk", "link", "action", "escalation", "near_miss", "emerging"}
)
TOLD = frozenset(
    {
        *ABOUT_A_RECORD,
        *(each for each in Event if each.partition(":")[0] in OPEN_KINDS),
        Event.UNIT_ADDED, Event.UNIT_RENAMED, Event.UNIT_MOVED, Event.UNIT_CLOSED, Event.UNIT_REOPENED,
        Event.UNIT_REDATED, Event.POST_ADDED, Event.POST_RENAMED, Event.POST_CLOSED, Event.POST_REOPENED,
        Event.POST_FILLED, Event.POST_LEFT, Event.PERSON_ADDED, Event.AWAY, Event.BACK, Event.POLICY_ADOPTED,
    }
) - {Event.RISK_MERGED, Event.RISK_TOOK_OVER, Event.RISK_HAPPENED}  # fmt: skip
"""Events whose words hold no count and no name of a thing but their own: told to whom that thing is open."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What of the trail a reader has: all of it, or without some things and with the bare deeds of others."""

    is_whole: bool
    events: tuple[Event, ...] | None = None
    hidden: frozenset[int] = frozenset()
    outlined: frozenset[int] = frozenset()
    links: ColumnElement[bool] = field(default=audit.EVERYTHING, compare=False)

    def limit(self) -> ColumnElement[bool]:
        """Write as SQL which entries are there for the reader."""
        if self.is_whole:
            return true()
        conditions: list[ColumnElement[bool]] = [AuditEntry.event.not_in(UNTOLD), self.links]
        if self.events is not None:
            conditions.append(AuditEntry.event.in_(self.events))
        if self.hidden:
            conditions.append(or_(AuditEntry.subject_id.is_(None), AuditEntry.subject_id.not_in(self.hidden)))
        if self.outlined:
            told = AuditEntry.event.in_(audit.OUTLINE)
            conditions.append(or_(AuditEntry.subject_id.is_(None), AuditEntry.subject_id.not_in(self.outlined), told))
        return and_(*conditions)

    def tells(self) -> ColumnElement[bool]:
        """Write as SQL of which of these entries the words are told too."""
        if self.is_whole:
            return true()
        closed = self.hidden | self.outlined
        open_ = AuditEntry.subject_id.not_in(closed) if closed else true()
        return and_(AuditEntry.event.in_(TOLD), or_(AuditEntry.subject_id.is_(None), open_))

    def is_told(self, event: str, subject_id: int | None) -> bool:
        """Say the same of one entry."""
        return self.is_whole or (event in TOLD and subject_id not in self.hidden | self.outlined)


def scope(actor: Actor, *, on: date) -> Scope | None:
    """Say what of the trail the actor reads today; None where it is closed."""
    is_reader = may(actor, Permission.AUDIT_READ)
    if not is_reader and not may(actor, Permission.AUDIT_READ_SYSTEM):
        return None
    hidden, outlined = _withheld(actor, on)
    if not is_reader:
        return Scope(False, SYSTEM_EVENTS, hidden, outlined)  # noqa: FBT003 - read as: not whole
    links = readers.tells_of_links(actor, on=on)
    return Scope(readers.reads_exempt(actor, on=on) is true(), None, hidden, outlined, links)


def _withheld(actor: Actor, on: date) -> tuple[frozenset[int], frozenset[int]]:
    """Give the ids of what is not there for the actor, and of risks of which the bare deeds are."""
    reads, cleared = readers.readable(actor, on=on), readers.reads_exempt(actor, on=on)
    if reads is true() and cleared is true():
        return frozenset(), frozenset()
    ever = select(Classification.entity_id).where(Classification.level.in_(sorted(EXEMPT)))
    told = select(Risk.id).where(Risk.id.in_(ever))
    risks = set(db.session.scalars(told))
    readable = set(db.session.scalars(told.where(reads)))
    outlined = readable - set(db.session.scalars(told.where(cleared)))
    closed = (risks - readable) | outlined
    treats = select(Link.from_id).where(Link.to_id.in_(closed), Link.kind == "treats")
    cases = select(EscalationCase.id).where(EscalationCase.subject_id.in_(closed))
    around = db.session.scalars(treats.union(cases)) if closed else ()
    return frozenset(risks - readable) | frozenset(around), frozenset(outlined)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; an empty field is no condition. An event may be a kind, such as "risk"."""

    who: str = ""
    reference: str = ""
    event: str = ""
    door: str = ""
    from_on: date | None = None
    to_on: date | None = None
    words: str = ""
    sort: str = "-at"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in the list; the name and the words are None and empty where they are withheld."""

    key: str
    at: datetime
    event: str
    email: str | None
    post_title: str | None
    capacity: str | None
    door: str
    kind: str | None
    reference: str | None
    name: str | None
    content: Mapping[str, Any]
    is_told: bool
    erased_under: str | None

    @property
    def url(self) -> str | None:
        """Where the thing it is about is read, if that has a page."""
        return page_of(self.kind, self.reference) if self.reference and self.kind and self.kind in PAGES else None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of entries, how many there are up to `MOST_PAGED`, and whether there are more."""

    lines: tuple[Line, ...]
    total: int
    has_more: bool
    exempt: tuple[str, ...] = field(default=())
    """References of the risks that the lines on this page are about, or stand for: for the record of reading."""


ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "-at": (AuditEntry.at.desc(), AuditEntry.id.desc()),
    "at": (AuditEntry.at.asc(), AuditEntry.id.asc()),
    "event": (AuditEntry.event.asc(), AuditEntry.at.asc(), AuditEntry.id.asc()),
    "-event": (AuditEntry.event.desc(), AuditEntry.at.desc(), AuditEntry.id.desc()),
}


def search(actor: Actor, seen: Scope, wanted: Wanted, *, page: int = 1, size: int = PAGE) -> Found:
    """Give a page of the entries asked for, in an order that an index keeps, counted as far as they are paged."""
    del actor  # `seen` is what the actor reads
    asked = _asked(seen, wanted)
    counted = select(func.count()).select_from(asked.limit(MOST_PAGED + 1).subquery())
    total = db.session.scalar(counted) or 0
    most = max(size, MOST_PAGED)
    start = min((page - 1) * size, most - size)
    order = ORDERS.get(wanted.sort, ORDERS["-at"])
    ids = asked.order_by(*order).limit(size).offset(start).subquery()
    rows = db.session.execute(_lines().join(ids, ids.c.id == AuditEntry.id).order_by(*order)).all()
    lines = tuple(_line(row, seen) for row in rows)
    return Found(lines, min(total, most), total > MOST_PAGED, _risks_of(rows))


def _asked(seen: Scope, wanted: Wanted) -> Select[int]:
    query = select(AuditEntry.id).where(seen.limit(), *_conditions(wanted))
    if wanted.words:
        last = query.order_by(*ORDERS["-at"]).limit(WORDS_LOOKED_THROUGH).subquery()
        why = AuditPayload.content["why"].as_string()
        query = (
            select(AuditEntry.id)
            .join(last, last.c.id == AuditEntry.id)
            .join(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
            .where(seen.tells(), why.icontains(wanted.words, autoescape=True))
        )
    return query


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.who:
        yield _by_whom(wanted.who)
    if wanted.reference:
        named = db.session.scalar(select(Entity.id).where(Entity.reference == wanted.reference.upper()))
        yield AuditEntry.subject_id == named if named is not None else false()
    if wanted.event:
        kinds = [each for each in Event if wanted.event in {each, each.partition(":")[0]}]
        yield AuditEntry.event.in_(kinds) if kinds else false()
    if wanted.door:
        yield AuditEntry.door == wanted.door
    if wanted.from_on:
        yield AuditEntry.at >= day_begins(wanted.from_on)
    if wanted.to_on:
        yield AuditEntry.at < day_begins(wanted.to_on + timedelta(days=1))


def _by_whom(words: str) -> ColumnElement[bool]:
    """People by address and posts by title, found first: the entries are then looked up by an index."""
    people = db.session.scalars(select(Person.id).where(Person.email.icontains(words, autoescape=True)).limit(NAMES))
    posts = db.session.scalars(select(Post.id).where(Post.title.icontains(words, autoescape=True)).limit(NAMES))
    person_ids, post_ids = list(people), list(posts)
    found = [AuditEntry.person_id.in_(person_ids)] if person_ids else []
    found += [AuditEntry.post_id.in_(post_ids)] if post_ids else []
    return or_(*found) if found else false()


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(
            AuditEntry.payload_digest,
            AuditEntry.at,
            AuditEntry.event,
            Person.email,
            Post.title,
            AuditEntry.capacity,
            AuditEntry.door,
            Entity.kind,
            Entity.reference,
            Entity.name,
            AuditPayload.content,
            AuditEntry.subject_id,
            AuditErasure.clause,
            AuditEntry.id,
        )
        .select_from(AuditEntry)
        .outerjoin(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .outerjoin(AuditErasure, AuditErasure.entry_id == AuditEntry.id)
        .outerjoin(Person, Person.id == AuditEntry.person_id)
        .outerjoin(Post, Post.id == AuditEntry.post_id)
        .outerjoin(Entity, Entity.id == AuditEntry.subject_id)
    )


def _line(row: Any, seen: Scope) -> Line:
    digest, at, event, email, title, capacity, door, kind, reference, name, content, subject_id, clause, _id = row
    is_told = seen.is_told(event, subject_id)
    is_named = seen.is_whole or subject_id not in seen.outlined
    return Line(
        digest.hex()[:KEY_LENGTH],
        at,
        event,
        email,
        title,
        capacity,
        door,
        kind,
        reference,
        name if is_named else None,
        (content or {}) if is_told else {},
        is_told,
        clause,
    )


def _risks_of(rows: Sequence[Any]) -> tuple[str, ...]:
    """Give the references of the risks that some rows are about, that their actions treat or their cases escalate."""
    kinds = {row.subject_id: row.kind for row in rows if row.subject_id is not None}
    found = {row.reference for row in rows if row.kind == "risk"}
    ids = [each for each, kind in kinds.items() if kind in {"action", "escalation"}]
    if ids:
        treated = select(Link.to_id).where(Link.from_id.in_(ids), Link.kind == "treats")
        escalated = select(EscalationCase.subject_id).where(EscalationCase.id.in_(ids))
        stands_for = Entity.id.in_(treated.union(escalated))
        found |= set(db.session.scalars(select(Entity.reference).where(stands_for)))
    return tuple(sorted(found))


KEY_LENGTH = 32
"""Characters of the digest that name an entry in an address: its number would tell how many others there are."""


@dataclass(frozen=True, slots=True)
class Opened:
    """One entry with all that it says and where it stands in the chain; `place` is None where that is withheld."""

    line: Line
    request_id: str | None
    digest: str
    place: int | None
    sealed_at: datetime | None
    erased_at: datetime | None
    people: Mapping[str, str]
    exempt: tuple[str, ...]


def entry(actor: Actor, seen: Scope, key: str) -> Opened | None:
    """Open the entry with a key; None where there is none that the actor may read."""
    del actor
    try:
        first = bytes.fromhex(key)
    except ValueError:
        return None
    if len(key) != KEY_LENGTH:
        return None
    begins = and_(AuditEntry.payload_digest >= first, AuditEntry.payload_digest < first + b"\xff" * 17)
    erasing = aliased(AuditEntry)
    query = (
        _lines()
        .add_columns(AuditEntry.request_id, AuditSeal.sequence, AuditSeal.sealed_at, erasing.at.label("erased_at"))
        .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        .outerjoin(erasing, erasing.id == AuditErasure.recorded_in_id)
        .where(begins, seen.limit())
        .order_by(AuditEntry.id)
    )
    row = db.session.execute(query).first()
    if row is None:
        return None
    line = _line(row[:14], seen)
    return Opened(
        line,
        row.request_id,
        row.payload_digest.hex(),
        row.sequence if seen.is_whole else None,
        row.sealed_at,
        row.erased_at,
        _people_in(line.content),
        _risks_of([row]),
    )


def _people_in(content: Mapping[str, Any]) -> Mapping[str, str]:
    """Map the numbers of people that an entry names to their addresses."""
    named = {
        str(said["person"])
        for part in ("before", "after")
        if isinstance(said := content.get(part), dict) and str(said.get("person", "")).isdecimal()
    }
    rows = db.session.execute(select(Person.id, Person.email).where(Person.id.in_({int(each) for each in named})))
    return {str(person_id): email for person_id, email in rows}


@dataclass(frozen=True, slots=True)
class Record:
    """A thing whose time line is told: its name is None where that is withheld; `told` the newest first."""

    kind: str
    reference: str
    name: str | None
    url: str
    told: tuple[Line, ...]
    is_outline: bool
    exempt: tuple[str, ...]


MOST_TOLD = 500
KINDS = ("risk", "action", "escalation", "body")


def record(actor: Actor, reference: str, *, at: datetime, on: date) -> Record | None:
    """Tell what happened to a risk, an action, an escalation or a body; None where the actor may not read it."""
    found = db.session.execute(
        select(Entity.id, Entity.kind, Entity.reference, Entity.name).where(
            Entity.reference == reference.upper(), Entity.kind.in_(KINDS)
        )
    ).first()
    if found is None or not _is_readable(actor, found.id, found.kind, found.reference, at=at, on=on):
        return None
    hidden, outlined = _withheld(actor, on)
    is_outline = found.kind == "risk" and found.id in outlined
    is_bare = found.kind == "escalation" and found.id in hidden  # its name and its reasons are the risk's own words
    seen = Scope(not is_outline, outlined=frozenset({found.id}) if is_outline else frozenset())
    rows = db.session.execute(
        _lines()
        .where(AuditEntry.subject_id == found.id, AuditEntry.event != Event.EXEMPT_SHOWN, seen.limit())
        .where(readers.tells_of_links(actor, on=on))
        .order_by(*ORDERS["-at"])
        .limit(MOST_TOLD)
    ).all()
    told_to = Scope(is_whole=False, hidden=frozenset({found.id})) if is_bare else seen
    return Record(
        found.kind,
        found.reference,
        None if is_outline or is_bare else found.name,
        page_of(found.kind, found.reference),
        tuple(_line(row, told_to) for row in rows),
        is_outline or is_bare,
        _risks_of(rows),
    )


def _is_readable(actor: Actor, entity_id: int, kind: str, reference: str, *, at: datetime, on: date) -> bool:
    if kind == "body":
        return bodies.body(actor, reference, on=on) is not None
    if kind == "escalation":
        case = escalations.case(actor, reference, at=at, on=on)
        return case is not None and may(actor, Permission.ESCALATION_READ, case.facts)
    if kind == "action":
        mine = rmap.reach(actor, select(Action.id), on=on).where(Action.id == entity_id)
        return db.session.execute(mine).first() is not None
    readable = readers.readable(actor, on=on)
    return db.session.scalar(select(Risk.id).where(Risk.id == entity_id, readable)) is not None


def internal_auditors(*, on: date, roles: Collection[Role] = (Role.AUDITOR,)) -> tuple[int, ...]:
    """Give who has the role of internal auditor over the whole council on a day, or another of some roles."""
    held = RoleAssignment.from_on <= on, or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on >= on)
    found = (
        select(RoleAssignment.person_id)
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .where(RoleAssignment.role.in_(roles), Unit.parent_id.is_(None), *held)
    )
    return tuple(db.session.scalars(found.distinct().order_by(RoleAssignment.person_id)))


def council_id() -> int | None:
    """Give the unit that is the whole council: what messages about the trail are about."""
    return db.session.scalars(select(Unit.id).where(Unit.parent_id.is_(None)).order_by(Unit.id)).first()


def entries_of_person(*, person_id: int) -> tuple[int, ...]:
    """List the entries whose words are of a person or by one, but for what the chain itself is checked by."""
    named = (AuditPayload.content[part]["person"].as_string() == str(person_id) for part in ("before", "after"))
    rows = db.session.scalars(
        select(AuditEntry.id)
        .join(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .where(AuditEntry.event.not_in((Event.TRAIL_ERASED, Event.CHECKPOINT_ISSUED, Event.POLICY_ADOPTED)))
        .where(or_(AuditEntry.person_id == person_id, *named))
        .order_by(AuditEntry.id)
    )
    return tuple(rows)


def entries_due(*, events: Collection[Event], last_day: date, most: int) -> tuple[int, ...]:
    """List entries of some kinds, no later than a day, that still say what they say."""
    rows = db.session.scalars(
        select(AuditEntry.id)
        .join(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .where(AuditEntry.event.in_(events), AuditEntry.at < day_begins(last_day + timedelta(days=1)))
        .order_by(AuditEntry.at, AuditEntry.id)
        .limit(most)
    )
    return tuple(rows)
