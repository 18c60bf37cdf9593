"""What waits for the proper officer, how a risk stands, who read what is exempt, and who was handed it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, and_, cast, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.audit import Event
from riskapp.domain.calendar import day_begins
from riskapp.domain.exemption import paragraphs_in_words
from riskapp.domain.permissions import Actor
from riskapp.domain.publication import EXEMPT, FIELD_GROUPS, UNDECIDED
from riskapp.features.classification import queries as classification
from riskapp.features.readers import queries as readers
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db
from riskapp.models.entity import Classification, Entity
from riskapp.models.exemption import ExemptRead
from riskapp.models.packs import Meeting, Pack, PackPart
from riskapp.models.people import Person, Post
from riskapp.models.risks import Risk

PAGE = 50
_marker, _decider = aliased(Post), aliased(Post)
STATES: Mapping[str, str] = {
    "waits": "Waits for a decision",
    "overdue": "Overdue for review",
    "withheld": "Withheld, review to come",
}
ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "since": (Classification.from_on.asc(),),
    "-since": (Classification.from_on.desc(),),
    "review": (Classification.review_on.is_(None).asc(), Classification.review_on.asc()),
    "-review": (Classification.review_on.is_(None).asc(), Classification.review_on.desc()),
    "title": (func.lower(Entity.name).asc(),),
    "-title": (func.lower(Entity.name).desc(),),
}


@dataclass(frozen=True, slots=True)
class Made:
    """A mark or a decision, as it was made."""

    group: str
    level: str
    state: str
    from_on: date
    paragraphs: str | None
    reason: str | None
    public_interest: str | None
    review_on: date | None
    by_id: int | None
    post: str | None

    @property
    def is_claim(self) -> bool:
        return self.state == "claimed"

    @property
    def withholds(self) -> bool:
        return self.level in EXEMPT

    @property
    def words(self) -> str:
        """Say it in a sentence: what was marked or decided of which group."""
        what = FIELD_GROUPS.get(self.group, self.group)
        if self.is_claim:
            return f"Marked as perhaps exempt: {what}"
        named = paragraphs_in_words(self.paragraphs)
        under = f" under {named} of Schedule 12A" if named else ""
        decided = {"exempt": f"Exempt{under}", "withheld": f"Existence withheld{under}"}
        return f"{decided.get(self.level, self.level.capitalize())}: {what}"

    def is_overdue(self, on: date) -> bool:
        return self.withholds and self.review_on is not None and self.review_on < on


@dataclass(frozen=True, slots=True)
class Standing:
    """How a thing stands: what is in force for each group, every row ever made (newest first), the last one's id."""

    in_force: Mapping[str, Made]
    history: tuple[Made, ...]
    seen: str

    def level(self, group: str) -> str:
        """The level of a group itself, whatever was said of all."""
        made = self.in_force.get(group)
        return made.level if made else UNDECIDED

    def level_in_force(self, group: str) -> str:
        """The level that a new decision on a group is measured against: its own, or what was decided of all."""
        return self.level(group) if group in self.in_force else self.level("all")

    def is_claimed_by(self, person_id: int | None, group: str) -> bool:
        made = self.in_force.get(group)
        return made is not None and made.is_claim and made.by_id == person_id


def standing_of(risk_id: int, *, on: date) -> Standing:
    """Read how a risk stands, for a rule or for its page; the caller has shown that it may be read."""
    rows = db.session.execute(
        select(Classification, _marker.title.label("marker"), _decider.title.label("decider"))
        .outerjoin(_marker, _marker.id == Classification.claimed_by_post_id)
        .outerjoin(_decider, _decider.id == Classification.decided_by_post_id)
        .where(Classification.entity_id == risk_id, Classification.from_on <= on)
        .order_by(Classification.from_on, Classification.number, Classification.id)
    ).all()
    made = [_made(row) for row in rows]
    last = max((row.Classification.id for row in rows), default=0)
    return Standing({each.group: each for each in made}, tuple(reversed(made)), str(last))


def in_force_of(risk_id: int, *, on: date) -> tuple[Classification, ...]:
    """Read what is in force on each group of a risk, for what is withheld with it."""
    wanted = select(Classification).where(Classification.entity_id == risk_id, classification.is_in_force(on=on))
    return tuple(db.session.scalars(wanted.order_by(Classification.id)))


def _made(row: Row[*tuple[Any, ...]]) -> Made:
    found: Classification = row.Classification
    is_claim = found.state == "claimed"
    return Made(
        group=found.field_group,
        level=found.level,
        state=found.state,
        from_on=found.from_on,
        paragraphs=found.paragraphs,
        reason=found.reason,
        public_interest=found.public_interest,
        review_on=found.review_on,
        by_id=found.claimed_by_id if is_claim else found.decided_by_id,
        post=row.marker if is_claim else row.decider,
    )


@dataclass(frozen=True, slots=True)
class About:
    """The risk that a mark or a decision is about: its title is None where it is withheld from the reader."""

    id: int
    reference: str
    title: str | None
    unit: str


def risk(actor: Actor, reference: str, *, on: date) -> About | None:
    """Find a risk that the actor may read, by its reference."""
    unit = aliased(Entity)
    shown = readers.projection(actor, on=on)
    row = db.session.execute(
        shown.joined(
            select(Risk.id, Entity.reference, shown.shown("title", Entity.name), unit.name)
            .select_from(Risk)
            .join(Entity, Entity.id == Risk.id)
            .join(unit, unit.id == Risk.unit_id)
        ).where(Entity.reference == reference, readers.readable(actor, on=on))
    ).first()
    return About(*row) if row else None


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A line of the proper officer's desk."""

    id: int
    reference: str
    title: str
    made: Made
    state: str

    @property
    def state_words(self) -> str:
        return STATES[self.state]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the desk is asked for; an empty field is no condition."""

    state: str = ""
    group: str = ""
    words: str = ""
    sort: str = "since"


def desk(actor: Actor, wanted: Wanted, *, on: date, page: int = 1, size: int = PAGE) -> tuple[tuple[DeskRow, ...], int]:
    """Give a page of what is withheld today and may be read by the actor, and how many there are."""
    query = _in_force(actor, on).where(*_conditions(wanted, on))
    total = db.session.scalar(query.with_only_columns(func.count())) or 0
    order = ORDERS.get(wanted.sort, ORDERS["since"])
    rows = db.session.execute(
        query.order_by(*order, Entity.reference, Classification.id).limit(size).offset((page - 1) * size)
    )
    return tuple(_desk_row(row, on) for row in rows), total


def counts(actor: Actor, *, on: date) -> Mapping[str, int]:
    """Count what the desk holds, by state."""
    found = dict.fromkeys(STATES, 0)
    for row in db.session.execute(_in_force(actor, on)):
        found[_state(_made(row), on)] += 1
    return found


def waiting_count(actor: Actor, *, on: date) -> int:
    """Count what waits for a decision or is overdue for review: the number in the navigation."""
    due = or_(*(_is(state, on) for state in ("waits", "overdue")))
    return db.session.scalar(_in_force(actor, on).where(due).with_only_columns(func.count())) or 0


def _in_force(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Classification,
            Entity.reference,
            Entity.name,
            _marker.title.label("marker"),
            _decider.title.label("decider"),
        )
        .join(Risk, Risk.id == Classification.entity_id)
        .join(Entity, Entity.id == Risk.id)
        .outerjoin(_marker, _marker.id == Classification.claimed_by_post_id)
        .outerjoin(_decider, _decider.id == Classification.decided_by_post_id)
        .where(
            Classification.level.in_(sorted(EXEMPT)),
            classification.is_in_force(on=on),
            readers.readable(actor, on=on),
            readers.reads_exempt(actor, on=on),
        )
    )


def _is(state: str, on: date) -> ColumnElement[bool]:
    late = and_(Classification.review_on.is_not(None), Classification.review_on < on)
    return {
        "waits": Classification.state == "claimed",
        "overdue": and_(Classification.state == "decided", late),
        "withheld": and_(Classification.state == "decided", ~late),
    }[state]


def _state(made: Made, on: date) -> str:
    return "waits" if made.is_claim else "overdue" if made.is_overdue(on) else "withheld"


def _conditions(wanted: Wanted, on: date) -> Iterator[ColumnElement[bool]]:
    if wanted.state in STATES:
        yield _is(wanted.state, on)
    if wanted.group in FIELD_GROUPS:
        yield Classification.field_group == wanted.group
    if wanted.words:
        yield or_(*(each.icontains(wanted.words, autoescape=True) for each in (Entity.name, Entity.reference)))


def _desk_row(row: Row[*tuple[Any, ...]], on: date) -> DeskRow:
    made = _made(row)
    return DeskRow(row.Classification.entity_id, row.reference, row.name, made, _state(made, on))


@dataclass(frozen=True, slots=True)
class HandedOut:
    """Somebody was handed a paper or a page that held a risk's words; nothing pretends that it can be recalled."""

    what: str
    post: str
    at: datetime


def handed_out(actor: Actor, risk_id: int) -> tuple[HandedOut, ...]:
    """List who downloaded a pack that held a risk, and who was shown what is exempt in it, the last first."""
    del actor  # a rule asks it too: whom to tell does not depend on who asks
    found = [*_packs_handed_out(risk_id), *_pages_shown(risk_id)]
    return tuple(sorted(found, key=lambda each: (each.at, each.what, each.post), reverse=True))


def _packs_handed_out(risk_id: int) -> Iterator[HandedOut]:
    title = db.session.scalar(select(Entity.name).where(Entity.id == risk_id)) or ""
    board = aliased(Entity)
    rows = db.session.execute(
        select(PackPart.snapshot, PackPart.number, Pack.version, Meeting.held_on, board.name, AuditEntry.at, Post.title)
        .join(Pack, Pack.id == PackPart.pack_id)
        .join(Meeting, Meeting.id == Pack.meeting_id)
        .join(board, board.id == Meeting.board_id)
        .join(AuditEntry, (AuditEntry.subject_id == Pack.id) & (AuditEntry.event == Event.PACK_DOWNLOADED))
        .outerjoin(Post, Post.id == AuditEntry.post_id)
        .where(PackPart.number == 2)  # noqa: PLR2004 - the first part is public, and nobody is asked who they are
    )
    for snapshot, number, version, held_on, name, at, post in rows:
        if any(each.get("risk", {}).get("title") == title for each in snapshot.get("exemptions", ())):
            what = f"{name}, {held_on:%-d %B %Y}, version {version}, part {number}"
            yield HandedOut(what, post or "A person without a post", at)


def _pages_shown(risk_id: int) -> Iterator[HandedOut]:
    rows = db.session.execute(
        select(ExemptRead.outlet, Post.title, func.max(ExemptRead.at))
        .outerjoin(Post, Post.id == ExemptRead.post_id)
        .where(ExemptRead.thing_id == risk_id)
        .group_by(ExemptRead.outlet, Post.title)
    )
    return (HandedOut(outlet, post or "A person without a post", at) for outlet, post, at in rows)


@dataclass(frozen=True, slots=True)
class Reading:
    """A line of the record of reading; the title is None where the reader of the record may not know it."""

    at: datetime
    person: str | None
    post: str | None
    kind: str
    reference: str
    title: str | None
    groups: tuple[str, ...]
    outlet: str

    @property
    def groups_words(self) -> str:
        return "; ".join(FIELD_GROUPS.get(group, group).removeprefix("its ") for group in self.groups)


@dataclass(frozen=True, slots=True)
class ReadingWanted:
    """Which lines of the record are asked for; an empty field is no condition."""

    risk: str = ""
    person: str = ""
    day: date | None = None
    outlet: str = ""
    sort: str = "-at"


READING_ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "at": (ExemptRead.at.asc(),),
    "-at": (ExemptRead.at.desc(),),
    "person": (Post.title.asc(), ExemptRead.at.desc()),
    "-person": (Post.title.desc(), ExemptRead.at.desc()),
    "risk": (Entity.reference.asc(), ExemptRead.at.desc()),
    "-risk": (Entity.reference.desc(), ExemptRead.at.desc()),
}


def readings(
    actor: Actor, wanted: ReadingWanted, *, on: date, page: int = 1, size: int = PAGE
) -> tuple[tuple[Reading, ...], int]:
    """Give a page of the record of reading, and how many lines there are; a risk that must not be told is not in it."""
    shown = readers.projection(actor, on=on)
    told = or_(Risk.id.is_(None), readers.readable(actor, on=on))
    query = shown.joined(
        select(
            ExemptRead,
            Person.email,
            Post.title.label("post"),
            Entity.kind,
            Entity.reference,
            cast(shown.shown("title", Entity.name), String).label("title"),
        )
        .select_from(ExemptRead)
        .join(Entity, Entity.id == ExemptRead.thing_id)
        .outerjoin(Risk, Risk.id == ExemptRead.thing_id)
        .outerjoin(Person, Person.id == ExemptRead.person_id)
        .outerjoin(Post, Post.id == ExemptRead.post_id)
    ).where(told, *_of_readings(wanted))
    total = db.session.scalar(query.with_only_columns(func.count())) or 0
    order = READING_ORDERS.get(wanted.sort, READING_ORDERS["-at"])
    rows = db.session.execute(query.order_by(*order, ExemptRead.id.desc()).limit(size).offset((page - 1) * size))
    return tuple(_reading(row) for row in rows), total


def _of_readings(wanted: ReadingWanted) -> Iterator[ColumnElement[bool]]:
    if wanted.risk:
        yield Entity.reference == wanted.risk.upper()
    if wanted.person:
        yield or_(*(each.icontains(wanted.person, autoescape=True) for each in (Person.email, Post.title)))
    if wanted.day:
        yield and_(ExemptRead.at >= day_begins(wanted.day), ExemptRead.at < day_begins(wanted.day + timedelta(days=1)))
    if wanted.outlet:
        yield ExemptRead.outlet == wanted.outlet


def _reading(row: Row[*tuple[Any, ...]]) -> Reading:
    kept: ExemptRead = row.ExemptRead
    return Reading(
        kept.at, row.email, row.post, row.kind, row.reference, row.title, tuple(kept.field_groups), kept.outlet
    )
