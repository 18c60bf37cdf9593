"""Decide who is reminded of what, once; write the messages; and keep what became of each attempt to send one."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.attributes import set_committed_value

from riskapp.adapters import letters
from riskapp.adapters.mail import Outcome
from riskapp.domain.escalation_route import build_route
from riskapp.domain.organisation import Sitter
from riskapp.domain.policy import Policy
from riskapp.domain.reminders import ReminderFact, SubjectFact, due_reminders
from riskapp.domain.toml_reader import Clause
from riskapp.features.accounts import service as accounts
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.features.reminders import queries
from riskapp.models.accounts import PasswordLink
from riskapp.models.database import db, insert_or
from riskapp.models.people import Person
from riskapp.models.reminders import Attempt, Message, Occurrence

Kept = TypeVar("Kept")
ONCE = ("rule", "subject_id", "person_id", "due_on")
AT_A_TIME = 2000
"""Things named in one statement: a database takes some 30,000 values in one."""
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440))
"""How long a message waits after each failure; when they are used up it is parked, and a person must look."""
LONGEST_DAYS_OFF = timedelta(days=14)
SENDING_TAKES = timedelta(minutes=10)
"""A message still being sent after this was left by a process that died: nobody knows whether it went out."""


@dataclass(frozen=True, slots=True)
class Reminded:
    """What a pass found due, what it kept for a digest, and the posts nobody answers for, nor anyone above them."""

    found: int = 0
    queued: int = 0
    unreachable: tuple[str, ...] = ()


def once_for(rule: str, number: object) -> str:
    """Name a rule that may speak twice a day of one subject, told apart by a number: "escalation_raised#17"."""
    return f"{rule}#{number}"


def remember(
    rule: str, *, subject_id: int, post_id: int | None, person_id: int, due_on: date, words: str, at: datetime
) -> Occurrence | None:
    """Keep that a person must be told of a subject, for the next digest; None if that is kept already."""
    made = _keep_once([_row(rule, subject_id, post_id, person_id, due_on, words, at)], Occurrence)
    return next(iter(made), None)


def _row(
    rule: str, subject_id: int, post_id: int | None, person_id: int, due_on: date, words: str, at: datetime
) -> dict[str, object]:
    return {
        "rule": rule,
        "subject_id": subject_id,
        "post_id": post_id,
        "person_id": person_id,
        "due_on": due_on,
        "made_at": at,
        "words": words,
    }


def _keep_once(rows: list[dict[str, object]], wanted: type[Kept] | InstrumentedAttribute[Kept]) -> Sequence[Kept]:
    """Insert what is not there yet and give what is wanted of it: the database decides, so no two clocks both win."""
    if not rows:
        return ()
    statement = insert_or(Occurrence).on_conflict_do_nothing(index_elements=ONCE).returning(wanted)
    return db.session.scalars(statement, rows).all()


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person is told at once of one subject, by a rule that speaks once for a day."""

    rule: str
    subject_id: int
    post_id: int | None
    person_id: int
    due_on: date
    heading: str
    words: str
    clause: Clause

    @property
    def once(self) -> tuple[str, int, int, date]:
        return self.rule, self.subject_id, self.person_id, self.due_on


def notify(
    rule: str,
    *,
    subject_id: int,
    post_id: int | None,
    person_id: int,
    heading: str,
    words: str,
    clause: Clause,
    on: date,
    at: datetime,
) -> Message | None:
    """Tell a person at once, in a message of its own; None if they were told already or have no address."""
    return tell((Notice(rule, subject_id, post_id, person_id, on, heading, words, clause),), on=on, at=at)[0]


def tell(notices: Iterable[Notice], *, on: date, at: datetime) -> list[Message | None]:
    """Give each notice its message; None where the person was told already or has no address."""
    notices = tuple(notices)
    new = {
        (kept.rule, kept.subject_id, kept.person_id, kept.due_on): kept
        for kept in _keep_once(
            [
                _row(each.rule, each.subject_id, each.post_id, each.person_id, each.due_on, each.words, at)
                for each in notices
            ],
            Occurrence,
        )
    }
    addresses = people.addresses({kept.person_id for kept in new.values()}) if new else {}
    fresh = [(each, new.pop(each.once)) for each in notices if each.once in new and each.person_id in addresses]
    if not fresh:
        return [None] * len(notices)
    items = queries.items(occurrences=tuple(kept for _, kept in fresh), on=on)
    titles = queries.post_titles(ids={each.post_id for each, _ in fresh})
    rows = []
    for notice, kept in fresh:
        item = items[kept.id]
        content = letters.Words(
            subject=f"{notice.heading}: {item.reference}{f' {item.name}' if item.name else ''}",
            lede=f"{notice.heading}.",
            groups=(letters.Group("", _cited(notice.clause), (item,)),),
            reason=_reason(titles.get(notice.post_id)),
        )
        address = addresses[notice.person_id]
        rows.append(_message(_key(*notice.once), notice.person_id, notice.post_id, address, content, at))
    made = {each.message_id: each for each in db.session.scalars(insert(Message).returning(Message), rows)}
    messages = {notice: made[row["message_id"]] for (notice, _), row in zip(fresh, rows, strict=True)}
    for notice, kept in fresh:
        kept.message_id = messages[notice].id
    return [messages.get(each) for each in notices]


def tell_post(
    rule: str, *, subject_id: int, post_id: int, heading: str, words: str, clause: Clause, on: date, at: datetime
) -> Message | None:
    """Tell whoever answers for a post at once, or the nearest manager above where nobody does; None as for `notify`."""
    title, who, instead = _who_answers(policies.in_force(on=on).policy, on).get(post_id, ("", None, False))
    if who is None:
        return None
    words += f" Nobody answers for {title}, so it comes to you." if instead else ""
    return notify(
        rule,
        subject_id=subject_id,
        post_id=post_id,
        person_id=who.person_id,
        heading=heading,
        words=words,
        clause=clause,
        on=on,
        at=at,
    )


def write_to(person: Person, content: letters.Words, *, at: datetime) -> Message:
    """Write to a person about their own account, at once and in a message of its own: no digest, no occurrence."""
    row = _message(secrets.token_hex(16), person.id, None, person.email, content, at)
    return db.session.scalars(insert(Message).returning(Message), [row]).one()


def write_once(rule: str, person: Person, content: letters.Words, *, at: datetime) -> Message | None:
    """Write to a person about their own account, once for good by a rule; None if that was written already."""
    row = _message(_key(rule, person.id), person.id, None, person.email, content, at)
    statement = insert_or(Message).on_conflict_do_nothing(index_elements=("message_id",)).returning(Message)
    return db.session.scalars(statement, [row]).first()


def tell_plainly(
    rule: str, *, subject_id: int, person_ids: Iterable[int], subject: str, words: str, on: date, at: datetime
) -> int:
    """Tell people the same in plain text as it stands, once a day by a rule; gives the number of messages queued."""
    asked = [_row(rule, subject_id, None, each, on, subject, at) for each in sorted(set(person_ids))]
    new = _keep_once(asked, Occurrence)
    addresses = people.addresses({kept.person_id for kept in new}) if new else {}
    reached = [kept for kept in new if kept.person_id in addresses]
    for kept in reached:
        message = Message(
            message_id=_key(rule, subject_id, kept.person_id, on),
            person_id=kept.person_id,
            address=addresses[kept.person_id],
            subject=subject,
            text=words,
            html="",
            queued_at=at,
            next_try_at=at,
        )
        db.session.add(message)
        db.session.flush()
        kept.message_id = message.id
    return len(reached)


def _cited(clause: Clause) -> str:
    return f"policy {clause.ref}. {clause.text}"


def _reason(title: str | None) -> str:
    return f"You get this because you answer for the post {title}." if title else "You get this because of your role."


def _key(*parts: object) -> str:
    """A Message-ID that every attempt, and every process that might write the same message, would choose."""
    return sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]


def _message(
    key: str, person_id: int, post_id: int | None, address: str, content: letters.Words, at: datetime
) -> dict[str, Any]:
    written = letters.write(content)
    return {
        "message_id": key,
        "person_id": person_id,
        "post_id": post_id,
        "address": address,
        "subject": written.subject,
        "text": written.text,
        "html": written.html,
        "queued_at": at,
        "next_try_at": at,
    }


def horizon(family: str, *, on: date) -> date:
    """The last date that a reminder of a day can be about, so that a job reads no further; days off are counted in."""
    leads = [
        days for rule in policies.in_force(on=on).policy.reminders if rule.family == family for days in rule.lead_days
    ]
    return on + timedelta(days=max(leads, default=0)) + LONGEST_DAYS_OFF


def remind(subjects: Iterable[SubjectFact], *, on: date, at: datetime) -> Reminded:
    """Keep every reminder the policy wants on a day, for whoever answers for the post, or for the manager above."""
    policy = policies.in_force(on=on).policy
    due = tuple(due_reminders(policy, subjects, on))
    if not due:
        return Reminded()
    answering = _who_answers(policy, on)
    rows, nobody = [], set()
    for fact in due:
        title, who, instead = answering.get(fact.recipient_post_id, ("A post that is closed", None, False))
        if who is None:
            nobody.add(title)
            continue
        words = _due_words(fact) + (f" Nobody answers for {title}, so it comes to you." if instead else "")
        rows.append(_row(fact.rule, fact.subject_id, fact.recipient_post_id, who.person_id, fact.due_on, words, at))
    return Reminded(len(due), len(_keep_once(rows, Occurrence.id)), tuple(sorted(nobody)))


def _who_answers(policy: Policy, on: date) -> Mapping[int, tuple[str, Sitter | None, bool]]:
    """For each post its title, who answers for it or for the nearest manager above, and whether it is the latter."""
    council = people.organisation(on=on)
    route = build_route(policy, council.units, council.posts, council.seats)
    answering = {}
    for post in council.posts:
        above = (route.sitters[each] for each in route.lines.get(post.unit_id, ()) if each not in {None, post.id})
        own = route.sitters[post.id]
        answering[post.id] = (post.title, own or next((who for who in above if who), None), own is None)
    return answering


def _due_words(fact: ReminderFact) -> str:
    day = f"{fact.subject_due_on:%a} {fact.subject_due_on.day} {fact.subject_due_on:%b %Y}"
    if fact.days_late > 0:
        return f"{fact.days_late} day{'' if fact.days_late == 1 else 's'} late: it was due on {day}."
    return f"Due today, {day}." if fact.days_late == 0 else f"Due on {day}."


def queue_digests(*, on: date, at: datetime) -> Reminded:
    """Write one message a person a day that joins all they have not been told, what is overdue first."""
    waiting = db.session.scalars(
        select(Occurrence)
        .where(Occurrence.message_id.is_(None), Occurrence.due_on <= on)
        .order_by(Occurrence.person_id, Occurrence.id)
        .with_for_update(key_share=True)
    ).all()
    addresses = people.addresses({occurrence.person_id for occurrence in waiting}) if waiting else {}
    reached = [occurrence for occurrence in waiting if occurrence.person_id in addresses]
    closed = {occurrence.person_id for occurrence in waiting if occurrence.person_id not in addresses}
    queued = sum(_write_digests(part, addresses, on=on, at=at) for part in _parts(reached))
    return Reminded(len(waiting), queued, tuple(sorted(f"account {person_id} is closed" for person_id in closed)))


def _parts(waiting: Iterable[Occurrence]) -> Iterator[list[Occurrence]]:
    """Cut what waits into parts that a statement can name, never one person's in two."""
    part: list[Occurrence] = []
    for _, mine in groupby(waiting, key=lambda occurrence: occurrence.person_id):
        part.extend(mine)
        if len(part) >= AT_A_TIME:
            yield part
            part = []
    if part:
        yield part


def _write_digests(part: list[Occurrence], addresses: Mapping[int, str], *, on: date, at: datetime) -> int:
    """Write the digests that this day does not have yet: the database decides, so two clocks cannot both win."""
    policy = policies.in_force(on=on).policy
    shown = queries.items(occurrences=part, on=on)
    titles = queries.post_titles(ids={occurrence.post_id for occurrence in part})
    told: dict[str, list[Occurrence]] = {}
    rows = []
    for person_id, each in groupby(part, key=lambda occurrence: occurrence.person_id):
        mine, key = list(each), _key("digest", person_id, on)
        post_id, told[key] = mine[0].post_id, mine
        content = _digest(queries.groups(occurrences=mine, shown=shown, policy=policy), titles.get(post_id))
        rows.append(_message(key, person_id, post_id, addresses[person_id], content, at))
    statement = insert_or(Message).on_conflict_do_nothing(index_elements=("message_id",))
    made = db.session.execute(statement.returning(Message.id, Message.message_id), rows).all()
    joined = [(occurrence, number) for number, key in made for occurrence in told[key]]
    if joined:
        db.session.execute(update(Occurrence), [{"id": each.id, "message_id": number} for each, number in joined])
    for occurrence, number in joined:
        set_committed_value(occurrence, "message_id", number)
    return len(made)


def _digest(groups: tuple[letters.Group, ...], title: str | None) -> letters.Words:
    count = sum(len(group.items) for group in groups)
    kinds = ", ".join(f"{group.heading.lower()} ({len(group.items)})" for group in groups)
    return letters.Words(
        subject=f"{count} thing{'' if count == 1 else 's'} to do: {kinds}",
        lede="This is what is due, the late first. Each line leads to the page where it is done.",
        groups=groups,
        reason=_reason(title),
    )


def keep_in_outbox(outcome: Outcome, *, at: datetime) -> int:
    """Note of every message that waits that it stays in the outbox: nothing leaves, so none needs to be claimed."""
    queued = Message.state == "queued", Message.next_try_at <= at
    links = select(Message).join(PasswordLink, PasswordLink.message_id == Message.id)
    for message in db.session.scalars(links.where(*queued)):
        message.text, message.html = completed(message, at=at)
    db.session.flush()
    waiting = update(Message).where(*queued)
    kept = db.session.scalars(
        waiting.values(state="sent", sent_at=at).returning(Message.id),
        execution_options={"synchronize_session": False},
    ).all()
    if kept:
        tries = [{"message_id": each, "at": at, "outcome": outcome.kind, "detail": outcome.detail} for each in kept]
        db.session.execute(insert(Attempt), tries)
    return len(kept)


def completed(message: Message, *, at: datetime) -> tuple[str, str]:
    """Give the text and the HTML of a message that is about to leave, with the key of its link if it has one."""
    token = accounts.link_token(message.id, at=at) if letters.TOKEN in message.text else None
    if token is None:
        return message.text, message.html
    return letters.with_key(message.text, token), letters.with_key(message.html, token)


def claim(*, at: datetime) -> Message | None:
    """Take the next message that waits to be sent; None if none does. Once committed, no other process has it."""
    first = (
        select(Message.id)
        .where(Message.state == "queued", Message.next_try_at <= at)
        .order_by(Message.next_try_at, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return _change(Message.id == first, "queued", state="sending", next_try_at=at + SENDING_TAKES)


def _change(which: ColumnElement[bool], held: str, **values: object) -> Message | None:
    """Change a message that is still held in a state, and give it; None if another process was first."""
    statement = update(Message).where(which, Message.state == held).values(**values).returning(Message)
    options = {"synchronize_session": False, "populate_existing": True}
    return db.session.scalars(statement, execution_options=options).first()


def note(message: Message, outcome: Outcome, *, at: datetime) -> None:
    """Keep what became of an attempt: done, to be tried again later, parked after the last try, or uncertain."""
    if outcome.kind == "unknown":
        _doubt(message, outcome.detail, at=at)
        return
    db.session.add(Attempt(message_id=message.id, at=at, outcome=outcome.kind, detail=outcome.detail))
    if outcome.kind in {"sent", "kept"}:
        _change(Message.id == message.id, "sending", state="sent", sent_at=at)
        return
    db.session.flush()
    failures = _attempts(message, "refused", "unreachable")
    if failures > len(RETRY_AFTER):
        _change(Message.id == message.id, "sending", state="parked")
    else:
        again = at + _pause(message, failures)
        _change(Message.id == message.id, "sending", state="queued", next_try_at=again)


def _pause(message: Message, failures: int) -> timedelta:
    """Wait longer each time, and not all at the same moment: up to a tenth more, by the message's own number."""
    return RETRY_AFTER[failures - 1] * (1 + (message.id % 10) / 100)


def _attempts(message: Message, *outcomes: str) -> int:
    counted = select(func.count(Attempt.id)).where(Attempt.message_id == message.id, Attempt.outcome.in_(outcomes))
    return db.session.scalar(counted) or 0


def doubt_the_abandoned(*, at: datetime) -> int:
    """Mark as uncertain what a process that died was sending; an escalation goes once more, with its Message-ID."""
    abandoned = db.session.scalars(
        select(Message).where(Message.state == "sending", Message.next_try_at < at).order_by(Message.id)
    ).all()
    for message in abandoned:
        _doubt(message, "The clock stopped while it was being sent.", at=at)
    return len(abandoned)


def _doubt(message: Message, detail: str, *, at: datetime) -> None:
    doubted_before = _attempts(message, "uncertain") > 0
    db.session.add(Attempt(message_id=message.id, at=at, outcome="uncertain", detail=detail))
    db.session.flush()
    if queries.is_urgent(message=message) and not doubted_before:
        _change(Message.id == message.id, "sending", state="queued", next_try_at=at + RETRY_AFTER[0])
    else:
        _change(Message.id == message.id, "sending", state="uncertain")
