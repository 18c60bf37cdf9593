"""The time line of a risk for one reader: what happened to it, to its plan and on its way up, and what is told of it.

What is withheld is judged for the day of each entry, by the stricter of that day and today, before anything is counted.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from riskapp.domain import history as rules
from riskapp.domain.audit import Event
from riskapp.domain.calendar import day_begins, local_day
from riskapp.domain.history import BARE_DEEDS, DESK, MAIL, Change, Kind, Mark, Telling, Version, kind_of, telling
from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.domain.policy import Policy
from riskapp.features.escalation.queries import DEED_WORDS
from riskapp.features.past import queries as past
from riskapp.features.past.queries import THE_RISK
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import kept
from riskapp.models.actions import Action
from riskapp.models.audit import AuditEntry, AuditPayload
from riskapp.models.database import Document, Instant, read
from riskapp.models.entity import Classification, EndedLink, Entity, Link
from riskapp.models.escalation import EscalationCase, EscalationEvent
from riskapp.models.people import Post, Tenure
from riskapp.models.reminders import Message, Occurrence
from riskapp.models.risks import Assessment, Risk, RiskVersion

AT_A_DESK = ("arrived", "stranded", "stays_at_the_top")
"""What the log of a case tells, and no entry of the trail."""
LATEST = 12
LOOKED_THROUGH = 60
"""Entries that are read for the latest of a risk: more than are shown, since some may not be told."""


class Assessed(Protocol):
    """A score, target or forecast as it was kept, in the order in which they counted."""

    @property
    def id(self) -> int: ...
    @property
    def basis(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def score(self) -> int: ...
    @property
    def likelihood(self) -> int: ...
    @property
    def impact(self) -> int: ...
    @property
    def target_on(self) -> date | None: ...
    @property
    def rationale(self) -> str: ...
    @property
    def by_post(self) -> str | None: ...
    @property
    def recorded_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Scored:
    """An assessment, with what its chart needs."""

    id: int
    basis: str
    state: str
    score: int
    likelihood: int
    impact: int
    rating: str
    effective_on: date
    target_on: date | None
    rationale: str
    by_post: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class About:
    """The risk whose history it is; a withheld title says why."""

    id: int
    reference: str
    title: str
    drafted_on: date
    withheld: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: `reference` and `thing` name what it happened to, where that is not the risk itself.

    A bare entry tells no more than that it happened.
    """

    at: datetime
    event: str
    kind: Kind
    source: str
    id: int
    thing: str = "risk"
    reference: str | None = None
    is_bare: bool = False
    post_title: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


def about(actor: Actor, reference: str, *, on: date) -> About | None:
    """Find the risk that a history is asked for, if the actor may read it."""
    row = read(_about(actor, on), {"reference": reference}).first()
    if row is None:
        return None
    risk_id, mark, title, drafted_on, *whys = row
    withheld = readers.withheld_from(whys)
    return About(risk_id, mark, title or withheld.get("title", ""), drafted_on, withheld)


@kept
def _about(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    sight = past.sight(actor, on=on)
    columns = (Risk.id, Entity.reference, sight.seen.shown("title", Entity.name), Risk.drafted_on, *sight.seen.whys())
    query = select(*columns).select_from(Risk).join(Entity, Entity.id == Risk.id)
    return sight.seen.joined(query).where(Entity.reference == bindparam("reference"), sight.readable)


def scores(actor: Actor, *, risk_id: int) -> tuple[Scored, ...]:
    """List the assessments of a risk whose scores the actor may read, in the order in which they counted."""
    del actor
    rows = read(
        select(
            Assessment.id, Assessment.basis, Assessment.state, Assessment.score, Assessment.likelihood,
            Assessment.impact, Assessment.rating, Assessment.effective_on, Assessment.target_on, Assessment.rationale,
            Post.title, Assessment.recorded_at,
        )
        .outerjoin(Post, Post.id == Assessment.by_post_id)
        .where(Assessment.risk_id == THE_RISK)
        .order_by(Assessment.effective_on, Assessment.id),
        {"risk_id": risk_id},
    )  # fmt: skip
    return tuple(Scored(*row) for row in rows)


def categories(actor: Actor, *, risk_id: int) -> tuple[tuple[date, str], ...]:
    """Say since when a risk is in which category, the first first."""
    del actor  # the category of a risk that one may read is never withheld
    rows = read(
        select(RiskVersion.valid_from, RiskVersion.category)
        .where(RiskVersion.risk_id == THE_RISK)
        .order_by(RiskVersion.valid_from, RiskVersion.id),
        {"risk_id": risk_id},
    )
    return tuple((day, category) for day, category in rows)


def time_line(actor: Actor, risk: About, facts: Facts, scored: Iterable[Assessed], *, on: date) -> tuple[Entry, ...]:
    """List all that the actor may know of what happened to a risk, the last first; `told` gives the words of some.

    `facts` are those of the risk today, `scored` its assessments where the actor reads them.
    """
    named = {"risk_id": risk.id}
    hidden = _hiding(actor, facts, (Mark(*row) for row in read(_MARKS, named)), on)
    entries = [
        Entry(at, event, kind_of(event), source, number, thing, None if thing == "risk" else reference)
        for source, number, at, event, thing, reference in read(_everything(actor, on, risk.drafted_on), named)
    ]
    return _told([*_with_changes([*entries, *_scores(scored)], risk.id, hidden)], hidden)


def latest(
    actor: Actor,
    risk_id: int,
    facts: Facts,
    scored: Iterable[Assessed],
    *,
    action_ids: Collection[int],
    on: date,
    until: date | None = None,
) -> tuple[Entry, ...]:
    """List what happened last to a risk, with its words; by the end of a day, if one is given. No mail is among it.

    One query; where words were changed, two more say what in them.
    """
    end = day_begins((until or on) + timedelta(days=1))
    is_part_hidden = bool(facts.exempt_groups) and not may(actor, Permission.RISK_READ_EXEMPT, facts)
    statement = _LATEST_BARE if is_part_hidden else _LATEST
    rows = read(statement, {"risk_id": risk_id, "action_ids": list(action_ids), "end": end}).all()
    marks = (Mark(*row[3:6], *row[8:]) for row in rows if row[0] == "mark")
    hidden = _hiding(actor, facts, marks, on, until)
    entries = [
        Entry(
            at,
            event,
            kind_of(event),
            what,
            number,
            thing,
            None if thing == "risk" else reference,
            post_title=title,
            content=said or {},
        )
        for what, number, at, event, thing, reference, title, said, *_ in rows
        if what == "entry"
    ]
    entries += (each for each in _scores(scored) if each.at < end)
    if any(each.event == Event.RISK_REWORDED for each in entries):
        entries = [each for each in _with_changes(entries, risk_id, hidden) if each.at < end]
    return _told(entries, hidden)[:LATEST]


Hidden = Callable[[datetime], frozenset[str] | None]
"""Which groups of a moment are withheld from the reader; None where even that there was a risk is."""


def _hiding(actor: Actor, facts: Facts, marks: Iterable[Mark], on: date, shown_on: date | None = None) -> Hidden:
    """Judge each day by itself and today, and by the past day on whose page it is shown."""
    made = tuple(marks)

    @cache
    def of_day(day: date) -> frozenset[str] | None:
        found, there = rules.withheld(made, then=day, now=on), rules.withheld(made, then=shown_on or day, now=on)
        groups, existence = found.groups | there.groups, found.existence or there.existence
        of_then = replace(facts, exempt_groups=groups, is_existence_withheld=existence)
        if not may(actor, Permission.RISK_READ, of_then):
            return None
        return frozenset() if may(actor, Permission.RISK_READ_EXEMPT, of_then) else groups

    return lambda at: of_day(local_day(at))


def _told(entries: Iterable[Entry], hidden: Hidden) -> tuple[Entry, ...]:
    """Leave out what is not told, and of the rest what is not told of it; the last first."""
    found: list[Entry] = []
    for entry in entries:
        groups = hidden(entry.at)
        how = Telling.NOTHING if groups is None else telling(entry.event, groups)
        if how is Telling.WHOLE:
            found.append(entry)
        elif groups is not None and (how is Telling.BARE or entry.changes):
            found.append(replace(entry, is_bare=True, content={}))
    return tuple(sorted(found, key=_when, reverse=True))


_OF_ONE_INSTANT = ("score", "entry", "version", "desk", "mail")


def _when(entry: Entry) -> tuple[datetime, bool, int, int]:
    """What happens at one instant comes in this order: a draft first, its scores, what is said, the desk, the mail."""
    return entry.at, entry.event != Event.RISK_DRAFTED, _OF_ONE_INSTANT.index(entry.source), entry.id


def _scores(scored: Iterable[Assessed]) -> Iterator[Entry]:
    """Say of each assessment what it was before; one that was proposed and agreed to stands twice."""
    held: dict[str, Assessed] = {}
    before: Assessed | None = None
    for each in scored:
        was = held.get(each.basis)
        levels = {"likelihood": each.likelihood, "impact": each.impact}
        now = {each.basis: each.score, "state": each.state, **levels, "by": each.target_on}
        if before and before.state == "proposed" and _levels(before) == _levels(each):
            now["proposed"] = before.id
        then = {each.basis: was.score, "likelihood": was.likelihood, "impact": was.impact} if was else {}
        said = {"before": then, "after": now, "why": each.rationale}
        at, title = each.recorded_at, each.by_post
        yield Entry(at, Event.RISK_SCORED, Kind.SCORE, "score", each.id, post_title=title, content=said)
        if each.state == "in_force":
            held[each.basis] = each
        before = each


def _levels(each: Assessed) -> tuple[object, ...]:
    return each.basis, each.likelihood, each.impact, each.rationale


def _with_changes(entries: Sequence[Entry], risk_id: int, hidden: Hidden) -> Iterator[Entry]:
    """Put what changed in the risk's words beside the entry that tells of it; none that changed them goes untold."""
    changed = _changes(risk_id, hidden)
    telling_of = {at: _who_tells(at, entries) for at in changed}
    for entry in entries:
        if telling_of.get(entry.at) is entry:
            kind = Kind.WORDS if entry.kind is Kind.OTHER else entry.kind
            yield replace(entry, changes=changed[entry.at], kind=kind)
        else:
            yield entry
    for number, (at, changes) in enumerate(changed.items()):
        if telling_of[at] is None:
            yield Entry(at, Event.RISK_REWORDED, Kind.WORDS, "version", number, changes=changes)


def _who_tells(at: datetime, entries: Iterable[Entry]) -> Entry | None:
    about = [each for each in entries if each.at == at and each.source == "entry" and each.thing == "risk"]
    return min(about, key=lambda each: (each.event != Event.RISK_REWORDED, each.id), default=None)


def _changes(risk_id: int, hidden: Hidden) -> Mapping[datetime, tuple[Change, ...]]:
    rows = read(_VERSIONS, {"risk_id": risk_id}).all()
    named = _names(rows)
    last = {at: _version(row, named) for at, *row in rows}  # of several of one instant, what it came to
    found = {}
    for (_, before), (at, after) in pairwise(last.items()):
        groups = hidden(at)
        if groups is not None and (changes := rules.changes(before, after, groups)):
            found[at] = changes
    return found


_OWN_WORDS = frozenset({"causes", "event", "consequences", "treatment", "treatment_why"})


def _version(row: Sequence[Any], named: Mapping[str, str]) -> Version:
    title, unit_id, owner_post_id, category, kind, words = row
    others = {
        key.removesuffix("_post_id"): named.get(f"post {value}", "") if key.endswith("_post_id") else str(value or "")
        for key, value in words.items()
        if key not in _OWN_WORDS
    }
    return Version(
        title=title,
        causes=tuple(words.get("causes", ())),
        event=words.get("event") or "",
        consequences=tuple(words.get("consequences", ())),
        treatment=(words.get("treatment") or "").capitalize(),
        treatment_why=words.get("treatment_why") or "",
        named={
            "Owner": named[f"post {owner_post_id}"],
            "Unit": named[f"unit {unit_id}"],
            "Category": category.replace("_", " ").capitalize(),
            "Kind": kind.capitalize(),
            **{key.replace("_", " ").capitalize(): value for key, value in others.items()},
        },
    )


def _names(rows: Sequence[Sequence[Any]]) -> Mapping[str, str]:
    """Name the posts and units that some versions tell of."""
    posts = {row[3] for row in rows}
    posts |= {value for row in rows for key, value in row[-1].items() if key.endswith("_post_id") and value}
    units = {row[2] for row in rows}
    found = read(
        union_all(
            select(literal("post"), Post.id, Post.title).where(Post.id.in_(posts)),
            select(literal("unit"), Entity.id, Entity.name).where(Entity.id.in_(units)),
        )
    )
    return {f"{what} {number}": name for what, number, name in found}


_VERSIONS = (
    select(
        RiskVersion.recorded_at, RiskVersion.title, RiskVersion.unit_id, RiskVersion.owner_post_id,
        RiskVersion.category, RiskVersion.kind, RiskVersion.words,
    )
    .where(RiskVersion.risk_id == THE_RISK)
    .order_by(RiskVersion.valid_from, RiskVersion.id)
)  # fmt: skip
_MARKS = select(
    Classification.field_group, Classification.level, Classification.state, Classification.from_on,
    Classification.number,
).where(Classification.entity_id == THE_RISK)  # fmt: skip
_CASES = select(EscalationCase.id).where(EscalationCase.subject_id == THE_RISK, EscalationCase.is_drill.is_(False))
_UNTOLD = (Event.EXEMPT_SHOWN, Event.RISK_SCORED)
"""A score is told from what was kept of it; who read what is exempt is told elsewhere, to whom that concerns."""


def _recent(*conditions: ColumnElement[bool]) -> CompoundSelect[*tuple[Any, ...]]:
    """The last entries of a risk's trail with all that they say, and every mark and decision on what is withheld."""
    asked = (
        select(AuditEntry.id)
        .where(AuditEntry.event.not_in(_UNTOLD), AuditEntry.at < bindparam("end", type_=Instant), *conditions)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(LOOKED_THROUGH)
        .subquery()
    )
    return union_all(
        select(
            literal("entry"), AuditEntry.id, AuditEntry.at, AuditEntry.event, Entity.kind, Entity.reference, Post.title,
            AuditPayload.content, cast(null(), Date), literal(0),
        )
        .join(asked, asked.c.id == AuditEntry.id)
        .join(Entity, Entity.id == AuditEntry.subject_id)
        .outerjoin(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .outerjoin(Post, Post.id == AuditEntry.post_id),
        select(
            literal("mark"), Classification.id, cast(null(), Instant), Classification.field_group, Classification.level,
            Classification.state, literal(""), cast(null(), Document), Classification.from_on, Classification.number,
        ).where(Classification.entity_id == THE_RISK),
    )  # fmt: skip


_ACTION_IDS = bindparam("action_ids", expanding=True, type_=Integer)
_LATEST = _recent(
    AuditEntry.subject_id.in_(union_all(select(THE_RISK), select(Entity.id).where(Entity.id.in_(_ACTION_IDS)), _CASES))
)
_LATEST_BARE = _recent(AuditEntry.subject_id == THE_RISK, AuditEntry.event.in_(BARE_DEEDS))


@kept
def _everything(actor: Actor, on: date, since: date) -> CompoundSelect[*tuple[Any, ...]]:
    """What happened and to what, without its words: entries of the trail, what the logs of cases add, and mail."""
    about = _about_it(actor, on, since)
    return union_all(
        select(literal("entry"), AuditEntry.id, AuditEntry.at, AuditEntry.event, Entity.kind, Entity.reference)
        .join(Entity, Entity.id == AuditEntry.subject_id)
        .where(AuditEntry.subject_id.in_(about), AuditEntry.event.not_in(_UNTOLD)),
        select(literal("desk"), EscalationEvent.id, EscalationEvent.at, literal(DESK), Entity.kind, Entity.reference)
        .join(Entity, Entity.id == EscalationEvent.case_id)
        .where(EscalationEvent.case_id.in_(_CASES), EscalationEvent.deed.in_(AT_A_DESK)),
        select(
            literal("mail"), Occurrence.id, func.coalesce(Message.sent_at, Occurrence.made_at), literal(MAIL),
            Entity.kind, Entity.reference,
        )
        .join(Message, Message.id == Occurrence.message_id)
        .join(Entity, Entity.id == Occurrence.subject_id)
        .where(Occurrence.subject_id.in_(about)),
    )  # fmt: skip


def _about_it(actor: Actor, on: date, since: date) -> CompoundSelect[*tuple[Any, ...]]:
    """The risk, its cases, and the actions that treat or treated it and speak of no other that is, or was, exempt."""
    treats = (
        select(table.from_id)
        .join(Action, Action.id == table.from_id)
        .where(table.to_id == THE_RISK, table.kind == "treats")
        .where(~past.treats_what_is_exempt(actor, on=on, since=since))
        for table in (Link, EndedLink)
    )
    return union_all(select(THE_RISK), _CASES, *treats)


def told(actor: Actor, entries: Sequence[Entry], *, policy: Policy) -> tuple[Entry, ...]:
    """Give entries of a time line with their words: what was said and by which post, for a mail to whom.

    The policy says what each of its reminders is about.
    """
    del actor  # the time line holds what the actor may know
    labels = {rule.key: rule.label for rule in policy.reminders}
    ids = {source: [each.id for each in entries if each.source == source] for source in ("entry", "desk", "mail")}
    words = {("entry", number): (title, said or {}) for number, title, said in read(_said_in_entries(ids["entry"]))}
    words |= {
        ("desk", number): (title, {"deed": DEED_WORDS[deed], "why": note})
        for number, title, deed, note in read(_said_at_desks(ids["desk"]))
    }
    words |= {
        ("mail", number): (None, {"to": of_rule or of_person, "about": _about_what(rule, labels), "state": state})
        for number, of_rule, of_person, rule, state in read(_said_of_mail(ids["mail"]))
    }
    found = []
    for each in entries:
        title, said = words.get((each.source, each.id), (each.post_title, each.content))
        found.append(replace(each, post_title=title, content={} if each.is_bare else said))
    return tuple(found)


def _about_what(rule: str, labels: Mapping[str, str]) -> str:
    """Say what a message was about by the rule that wrote it, never by its words."""
    key = rule.partition("#")[0]
    return labels.get(key) or key.replace("_", " ").capitalize()


def _said_in_entries(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(AuditEntry.id, Post.title, AuditPayload.content)
        .outerjoin(AuditPayload, AuditPayload.entry_id == AuditEntry.id)
        .outerjoin(Post, Post.id == AuditEntry.post_id)
        .where(AuditEntry.id.in_(ids))
    )


def _said_at_desks(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(EscalationEvent.id, Post.title, EscalationEvent.deed, EscalationEvent.note)
        .outerjoin(Post, Post.id == EscalationEvent.post_id)
        .where(EscalationEvent.id.in_(ids))
    )


def _said_of_mail(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """To whom, by the post that was meant, or else by the one that the person sat in."""
    meant, sat_in = aliased(Post), aliased(Post)
    seat = (
        select(func.min(sat_in.title))
        .join(Tenure, Tenure.post_id == sat_in.id)
        .where(Tenure.person_id == Occurrence.person_id, Tenure.from_on <= Occurrence.due_on)
        .where(or_(Tenure.to_on.is_(None), Tenure.to_on >= Occurrence.due_on))
        .correlate(Occurrence)
        .scalar_subquery()
    )
    return (
        select(Occurrence.id, meant.title, seat, Occurrence.rule, Message.state)
        .join(Message, Message.id == Occurrence.message_id)
        .outerjoin(meant, meant.id == Occurrence.post_id)
        .where(Occurrence.id.in_(ids))
    )
