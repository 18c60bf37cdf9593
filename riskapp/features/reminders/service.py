"""Decide who is reminded of what, once; write the messages; and keep what became of each attempt to send one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import joinedload

from riskapp.adapters import letters
from riskapp.adapters.mail import Outcome
from riskapp.domain.escalation_route import build_route
from riskapp.domain.organisation import Sitter
from riskapp.domain.policy import Policy
from riskapp.domain.reminders import ReminderFact, SubjectFact, due_reminders
from riskapp.domain.toml_reader import Clause
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.features.reminders import queries
from riskapp.models.database import db
from riskapp.models.people import Post
from riskapp.models.reminders import Attempt, Message, Occurrence

ONCE = ("rule", "subject_id", "person_id", "due_on")
AT_A_TIME = 500
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
    row = {
        "rule": rule,
        "subject_id": subject_id,
        "post_id": post_id,
        "person_id": person_id,
        "due_on": due_on,
        "made_at": at,
        "words": words,
    }
    made = _keep_once([row])
    return db.session.get(Occurrence, made[0]) if made else None


def _keep_once(rows: list[dict[str, Any]]) -> list[int]:
    """Insert what is not there yet and give its ids: the database decides, so two clocks cannot both win."""
    insert = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    made: list[int] = []
    for start in range(0, len(rows), AT_A_TIME):
        part = rows[start : start + AT_A_TIME]
        statement = insert(Occurrence).values(part).on_conflict_do_nothing(index_elements=ONCE)
        made.extend(db.session.scalars(statement.returning(Occurrence.id)))
    return made


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
    occurrence = remember(
        rule, subject_id=subject_id, post_id=post_id, person_id=person_id, due_on=on, words=words, at=at
    )
    address = people.addresses((person_id,)).get(person_id)
    if occurrence is None or address is None:
        return None
    item = queries.items(occurrences=(occurrence,), on=on)[occurrence.id]
    content = letters.Words(
        subject=f"{heading}: {item.reference}{f' {item.name}' if item.name else ''}",
        lede=f"{heading}.",
        groups=(letters.Group("", _cited(clause), (item,)),),
        reason=_reason(post_id),
    )
    message = _queue(_key(rule, subject_id, person_id, on), person_id, post_id, address, content, at=at)
    occurrence.message_id = message.id
    return message


def _cited(clause: Clause) -> str:
    return f"policy {clause.ref}. {clause.text}"


def _reason(post_id: int | None) -> str:
    title = db.session.scalar(select(Post.title).where(Post.id == post_id))
    return f"You get this because you answer for the post {title}." if title else "You get this because of your role."


def _key(*parts: object) -> str:
    """A Message-ID that every attempt, and every process that might write the same message, would choose."""
    return sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]


def _queue(
    key: str, person_id: int, post_id: int | None, address: str, content: letters.Words, *, at: datetime
) -> Message:
    written = letters.write(content)
    message = Message(
        message_id=key,
        person_id=person_id,
        post_id=post_id,
        address=address,
        subject=written.subject,
        text=written.text,
        html=written.html,
        queued_at=at,
        next_try_at=at,
    )
    db.session.add(message)
    db.session.flush()
    return message


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
        rows.append(
            {
                "rule": fact.rule,
                "subject_id": fact.subject_id,
                "post_id": fact.recipient_post_id,
                "person_id": who.person_id,
                "due_on": fact.due_on,
                "made_at": at,
                "words": _due_words(fact) + (f" Nobody answers for {title}, so it comes to you." if instead else ""),
            }
        )
    return Reminded(len(due), len(_keep_once(rows)), tuple(sorted(nobody)))


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
    policy = policies.in_force(on=on).policy
    waiting = db.session.scalars(
        select(Occurrence)
        .options(joinedload(Occurrence.subject))
        .where(Occurrence.message_id.is_(None), Occurrence.due_on <= on)
        .order_by(Occurrence.person_id, Occurrence.id)
    ).all()
    addresses = people.addresses({occurrence.person_id for occurrence in waiting})
    queued, nobody = 0, set()
    for person_id, mine in groupby(waiting, key=lambda occurrence: occurrence.person_id):
        if person_id not in addresses:
            nobody.add(f"account {person_id} is closed")
        elif _digest(person_id, addresses[person_id], tuple(mine), policy, on=on, at=at):
            queued += 1
    return Reminded(len(waiting), queued, tuple(sorted(nobody)))


def _digest(
    person_id: int, address: str, mine: tuple[Occurrence, ...], policy: Policy, *, on: date, at: datetime
) -> bool:
    key = _key("digest", person_id, on)
    if db.session.scalar(select(Message.id).where(Message.message_id == key)) is not None:
        return False
    groups = queries.groups(occurrences=mine, policy=policy, on=on)
    count = sum(len(group.items) for group in groups)
    kinds = ", ".join(f"{group.heading.lower()} ({len(group.items)})" for group in groups)
    content = letters.Words(
        subject=f"{count} thing{'' if count == 1 else 's'} to do: {kinds}",
        lede="This is what is due, the late first. Each line leads to the page where it is done.",
        groups=groups,
        reason=_reason(mine[0].post_id),
    )
    message = _queue(key, person_id, mine[0].post_id, address, content, at=at)
    for occurrence in mine:
        occurrence.message_id = message.id
    return True


def claim(*, at: datetime) -> Message | None:
    """Take the next message that waits to be sent; None if none does. Once committed, no other process has it."""
    waiting = (
        select(Message)
        .where(Message.state == "queued", Message.next_try_at <= at)
        .order_by(Message.next_try_at, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    while (message := db.session.scalars(waiting, execution_options={"populate_existing": True}).first()) is not None:
        if _change(message, "queued", state="sending", next_try_at=at + SENDING_TAKES):
            return message
    return None


def _change(message: Message, held: str, **values: object) -> bool:
    """Change a message that is still held in a state; False if another process was first."""
    statement = update(Message).where(Message.id == message.id, Message.state == held).values(**values)
    result = db.session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)  # noqa: S101 - what an update gives; says so to the type checker
    db.session.refresh(message)
    return result.rowcount == 1


def note(message: Message, outcome: Outcome, *, at: datetime) -> None:
    """Keep what became of an attempt: done, to be tried again later, parked after the last try, or uncertain."""
    if outcome.kind == "unknown":
        _doubt(message, outcome.detail, at=at)
        return
    db.session.add(Attempt(message_id=message.id, at=at, outcome=outcome.kind, detail=outcome.detail))
    if outcome.kind in {"sent", "kept"}:
        _change(message, "sending", state="sent", sent_at=at)
        return
    db.session.flush()
    failures = _attempts(message, "refused", "unreachable")
    if failures > len(RETRY_AFTER):
        _change(message, "sending", state="parked")
    else:
        _change(message, "sending", state="queued", next_try_at=at + _pause(message, failures))


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
        _change(message, "sending", state="queued", next_try_at=at + RETRY_AFTER[0])
    else:
        _change(message, "sending", state="uncertain")
