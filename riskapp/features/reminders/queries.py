"""The outbox as pages show it, and what a message may say of the things it is about."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, or_, select, union_all

from riskapp.adapters.letters import Group, Item
from riskapp.domain.permissions import Actor
from riskapp.domain.policy import Policy
from riskapp.models.database import db
from riskapp.models.entity import Classification, Entity, Link
from riskapp.models.escalation import EscalationCase
from riskapp.models.people import Post
from riskapp.models.reminders import MESSAGE_STATES, Attempt, Message, Occurrence

Columns = TypeVarTuple("Columns")
PAGE = 50
PRIVATE = ("sensitive", "exempt", "withheld")
PATHS = {
    "risk": "/risks", "issue": "/issues", "action": "/actions", "escalation": "/escalations", "body": "/bodies",
}  # fmt: skip
"""Where the thing itself is: below a door there is no url_for, and these addresses stand for good."""
STATE_WORDS = {
    "queued": "Waiting to be sent",
    "sending": "Being sent",
    "sent": "Sent",
    "uncertain": "May have been sent",
    "parked": "Could not be sent",
}
ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "queued": (Message.queued_at.asc(), Message.id.asc()),
    "-queued": (Message.queued_at.desc(), Message.id.desc()),
    "to": (Post.title.asc(), Message.id.desc()),
    "-to": (Post.title.desc(), Message.id.desc()),
    "subject": (Message.subject.asc(), Message.id.desc()),
    "-subject": (Message.subject.desc(), Message.id.desc()),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the outbox is asked for: state, words in the address or post, words in the message, and the order."""

    state: str = ""
    to: str = ""
    text: str = ""
    sort: str = "-queued"


@dataclass(frozen=True, slots=True)
class Line:
    """A message in the list."""

    id: int
    subject: str
    address: str
    post_title: str | None
    state: str
    queued_at: datetime
    sent_at: datetime | None

    @property
    def state_words(self) -> str:
        return STATE_WORDS[self.state]


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt, and what the mail server said."""

    at: datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A message with its words, the things it is about, and every attempt to send it, newest first."""

    line: Line
    text: str
    groups: tuple[Group, ...]
    tries: tuple[Try, ...]
    next_try_at: datetime
    key: str


def outbox(actor: Actor, wanted: Wanted, *, page: int, size: int = PAGE) -> tuple[tuple[Line, ...], int]:
    """Give a page of messages and how many there are; who may read the outbox is the door's to say."""
    del actor
    found = _wanted(_lines(), wanted)
    total = db.session.scalar(_wanted(select(func.count(Message.id)).outerjoin(Post, _POST), wanted)) or 0
    order = ORDERS.get(wanted.sort, ORDERS["-queued"])
    rows = db.session.execute(found.order_by(*order).limit(size).offset((page - 1) * size))
    return tuple(Line(*row) for row in rows), total


_POST = Post.id == Message.post_id


def _lines() -> Select[int, str, str, str, str, datetime, datetime | None]:
    return select(
        Message.id, Message.subject, Message.address, Post.title, Message.state, Message.queued_at, Message.sent_at
    ).outerjoin(Post, _POST)


def _wanted(query: Select[*Columns], wanted: Wanted) -> Select[*Columns]:
    if wanted.state in MESSAGE_STATES:
        query = query.where(Message.state == wanted.state)
    if wanted.to:
        query = query.where(
            or_(*(each.icontains(wanted.to, autoescape=True) for each in (Message.address, Post.title)))
        )
    if wanted.text:
        query = query.where(
            or_(*(each.icontains(wanted.text, autoescape=True) for each in (Message.subject, Message.text)))
        )
    return query


def counts(actor: Actor) -> dict[str, int]:
    """Count the messages by state, every state named."""
    del actor
    rows = db.session.execute(select(Message.state, func.count(Message.id)).group_by(Message.state))
    found = {state: count for state, count in rows}  # noqa: C416 - rows are not plain pairs to the type checker
    return {state: found.get(state, 0) for state in MESSAGE_STATES}


def message(actor: Actor, message_id: int, policy: Policy, *, on: date) -> Opened | None:
    """Open one message; None if there is none with this number."""
    del actor
    row = db.session.execute(
        _lines().add_columns(Message.text, Message.next_try_at, Message.message_id).where(Message.id == message_id)
    ).first()
    if row is None:
        return None
    *line, text, next_try_at, key = row
    about = db.session.scalars(
        select(Occurrence).where(Occurrence.message_id == message_id).order_by(Occurrence.id)
    ).all()
    tries = db.session.execute(
        select(Attempt.at, Attempt.outcome, Attempt.detail)
        .where(Attempt.message_id == message_id)
        .order_by(Attempt.at.desc(), Attempt.id.desc())
    )
    told = groups(occurrences=about, shown=items(occurrences=about, on=on), policy=policy)
    return Opened(Line(*line), text, told, tuple(Try(*each) for each in tries), next_try_at, key)


def groups(*, occurrences: Iterable[Occurrence], shown: Mapping[int, Item], policy: Policy) -> tuple[Group, ...]:
    """Sort what is due by what to do, the late first; of one thing told several times, the latest word."""
    latest: dict[tuple[str, int], Occurrence] = {}
    for each in sorted(occurrences, key=lambda occurrence: (occurrence.due_on, occurrence.id)):
        latest[_plain_rule(each.rule), each.subject_id] = each
    rules = {rule.key: rule for rule in policy.reminders}
    keys = sorted({key for key, _ in latest}, key=lambda key: (key not in rules or rules[key].when != "overdue", key))
    made = []
    for key in keys:
        rule = rules.get(key)
        mine = tuple(shown[each.id] for (own, _), each in latest.items() if own == key)
        made.append(
            Group(
                rule.label if rule else key.replace("_", " ").capitalize(),
                f"policy {rule.clause.ref}. {rule.clause.text}" if rule else "",
                mine,
            )
        )
    return tuple(made)


def _plain_rule(rule: str) -> str:
    """The policy's own key, without what tells two occurrences of a day apart."""
    return rule.partition("#")[0]


def items(*, occurrences: Collection[Occurrence], on: date) -> dict[int, Item]:
    """Say each occurrence as a line of a message: by its reference alone where its words are not for a mail."""
    ids = {occurrence.subject_id for occurrence in occurrences}
    things = db.session.execute(select(Entity.id, Entity.kind, Entity.reference, Entity.name).where(Entity.id.in_(ids)))
    private = private_subjects(ids=ids, on=on)
    said = {
        entity_id: (
            reference,
            None if entity_id in private else name,
            f"{PATHS[kind]}/{reference}" if kind in PATHS else "/",
        )
        for entity_id, kind, reference, name in things
    }
    made = {}
    for occurrence in occurrences:
        reference, name, path = said[occurrence.subject_id]
        made[occurrence.id] = Item(reference, name, occurrence.words, path)
    return made


def private_subjects(*, ids: Collection[int], on: date) -> set[int]:
    """Of some things, those whose names no message carries: sensitive, exempt or withheld, or about what is.

    An action speaks of the risks it treats, an escalation of its subject and of what that treats (Local Government
    Act 1972, Schedule 12A).
    """
    treats = Link.kind == "treats"
    speaks = union_all(
        select(Entity.id.label("id"), Entity.id.label("of_id")).where(Entity.id.in_(ids)),
        select(Link.from_id, Link.to_id).where(treats, Link.from_id.in_(ids)),
        select(EscalationCase.id, EscalationCase.subject_id).where(EscalationCase.id.in_(ids)),
        select(EscalationCase.id, Link.to_id)
        .join(Link, Link.from_id == EscalationCase.subject_id)
        .where(treats, EscalationCase.id.in_(ids)),
    ).subquery()
    made = (Classification.entity_id, Classification.field_group)
    told = db.session.execute(
        select(speaks.c.id, *made, Classification.level)
        .join(speaks, speaks.c.of_id == Classification.entity_id)
        .where(Classification.from_on <= on)
        .order_by(Classification.from_on, Classification.number)
    )
    latest = {(each, of_id, group): level for each, of_id, group, level in told}
    return {each for (each, _, _), level in latest.items() if level in PRIVATE}


def is_urgent(*, message: Message) -> bool:
    """Whether a message tells of an escalation: rather twice than never."""
    found = select(Occurrence.id).where(
        Occurrence.message_id == message.id, Occurrence.rule.startswith("escalation", autoescape=True)
    )
    return db.session.scalar(found.limit(1)) is not None


def post_titles(*, ids: Collection[int | None]) -> dict[int | None, str]:
    """Map posts to their titles."""
    rows = db.session.execute(select(Post.id, Post.title).where(Post.id.in_(ids)))
    return {post_id: title for post_id, title in rows}  # noqa: C416 - rows are not plain pairs to the type checker


def last_message_id() -> int:
    """The number of the newest message; nought if there is none."""
    return db.session.scalar(select(func.max(Message.id))) or 0


def messages_after(actor: Actor, message_id: int) -> tuple[Line, ...]:
    """The messages written since one, oldest first."""
    del actor
    return tuple(Line(*row) for row in db.session.execute(_lines().where(Message.id > message_id).order_by(Message.id)))
