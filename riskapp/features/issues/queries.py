"""Issues as a reader sees them: the register, one issue with its plan, and what was known of each before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain import issues as rules
from riskapp.domain.calendar import day_begins
from riskapp.domain.issues import Foresight, Rate
from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.features.classification import queries as classification
from riskapp.features.life.queries import issue_readable
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.features.rmap import queries as rmap
from riskapp.features.rmap.queries import THE_REST, ListedAction
from riskapp.models.actions import Action
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.issues import Issue
from riskapp.models.people import Post, Unit
from riskapp.models.risks import Assessment, Risk, RiskVersion

PAGE = 50
FAMILY = "briefing"
STATES: Mapping[str, str] = {"": "Open", "closed": "Closed", "brief": "Members to be briefed", "all": "Any state"}
STOPPED: Mapping[str, str] = {
    "raised": "Not yet acknowledged by",
    "notified": "Not yet acknowledged by",
    "acknowledged": "Acknowledged, and not decided, by",
    "accepted": "Decided by",
    "returned": "Returned by",
    "passed_on": "Passed on by",
    "expired": "Not answered by",
    "withdrawn": "Withdrawn from",
}
_unit, _owner, _stopped = aliased(Entity), aliased(Post), aliased(Post)
ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "happened": (Issue.happened_on.asc(),),
    "-happened": (Issue.happened_on.desc(),),
    "title": (func.lower(Entity.name).asc(),),
    "-title": (func.lower(Entity.name).desc(),),
    "severity": (Issue.score.asc(),),
    "-severity": (Issue.score.desc(),),
    "owner": (func.lower(_owner.title).asc(),),
    "-owner": (func.lower(_owner.title).desc(),),
    "known": (Issue.registered_on.is_(None).asc(), Issue.registered_on.asc()),
    "-known": (Issue.registered_on.is_(None).desc(), Issue.registered_on.desc()),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An issue with what was known of it before; its risk is None where the reader may not read it."""

    id: int
    reference: str
    title: str
    what: str
    category: str
    unit: str
    unit_path: str
    directorate: str
    owner_post_id: int
    owner: str
    happened_on: date
    score: int
    rating: str
    position: str
    impact: int
    dimension: str
    may_recur: bool
    status: str
    raised_on: date
    closed_on: date | None
    closed_why: str | None
    registered_on: date | None
    held_score: int | None
    held_rating: str | None
    stopped_as: str | None
    stopped_at: str | None
    brief_by: date | None
    briefed_on: date | None
    briefed_whom: str | None
    version: int
    has_risk: bool
    risk_reference: str | None
    risk_title: str | None

    @property
    def known(self) -> Foresight:
        """What was known of it before."""
        return Foresight(self.happened_on, self.registered_on, self.directorate)

    @property
    def stopped(self) -> str:
        """Where its escalation stood when it happened, in words."""
        if self.registered_on is None:
            return ""
        if self.stopped_as is None:
            return "Never escalated"
        return f"{STOPPED.get(self.stopped_as, 'With')} {self.stopped_at or 'nobody'}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which issues are asked for; an empty field is no condition. The state is "open" unless said, "all" is any."""

    state: str = ""
    unit: str = ""
    words: str = ""
    surprises: bool = False
    sort: str = "-happened"


def issues(actor: Actor, wanted: Wanted, *, on: date, page: int = 1, size: int = PAGE) -> tuple[tuple[Shown, ...], int]:
    """Give a page of the issues that the actor may read, and how many there are."""
    query = _rows(actor, on).where(issue_readable(actor, on=on), *_conditions(wanted))
    total = db.session.scalar(query.with_only_columns(func.count(Issue.id))) or 0
    order = ORDERS.get(wanted.sort, ORDERS["-happened"])
    rows = db.session.execute(query.order_by(*order, Entity.reference).limit(size).offset((page - 1) * size))
    return tuple(map(_shown, rows)), total


def issue(actor: Actor, reference: str, *, on: date) -> Shown | None:
    """Find an issue that the actor may read."""
    wanted = Entity.reference == reference.strip().upper(), issue_readable(actor, on=on)
    row = db.session.execute(_rows(actor, on).where(*wanted)).first()
    return _shown(row) if row else None


def _rows(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    seen, of_risk = readers.projection(actor, on=on), aliased(Entity)
    may_read = readers.readable(actor, on=on)
    return seen.joined(
        select(
            Issue.id, Entity.reference, Entity.name, Issue.what, Issue.category, _unit.name, Unit.path,
            func.coalesce(rmap.homes.c.name, THE_REST), Issue.owner_post_id, _owner.title, Issue.happened_on,
            Issue.score, Issue.rating, Issue.position, Issue.impact, Issue.dimension, Issue.may_recur, Issue.status,
            Issue.raised_on, Issue.closed_on, Issue.closed_why, Issue.registered_on, Issue.held_score,
            Issue.held_rating, Issue.stopped_as, _stopped.title, Issue.brief_by, Issue.briefed_on, Issue.briefed_whom,
            Issue.version, Issue.risk_id.is_not(None), of_risk.reference, seen.shown("title", of_risk.name),
            seen.why("title"),
        )
        .select_from(Issue)
        .join(Entity, Entity.id == Issue.id)
        .join(Unit, Unit.id == Issue.unit_id)
        .join(_unit, _unit.id == Issue.unit_id)
        .join(_owner, _owner.id == Issue.owner_post_id)
        .outerjoin(rmap.homes, rmap.homes.c.id == Issue.unit_id)
        .outerjoin(_stopped, _stopped.id == Issue.stopped_at_post_id)
        .outerjoin(Risk, (Risk.id == Issue.risk_id) & may_read)
        .outerjoin(of_risk, of_risk.id == Risk.id)
    )  # fmt: skip


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    states: Mapping[str, ColumnElement[bool]] = {
        "": Issue.status == "open",
        "closed": Issue.status == "closed",
        "brief": Issue.brief_by.is_not(None) & Issue.briefed_on.is_(None),
    }
    if wanted.state in states:
        yield states[wanted.state]
    if wanted.surprises:
        yield Issue.registered_on.is_(None)
    if wanted.unit:
        path = db.session.scalar(select(Unit.path).join(Unit.entity).where(Entity.reference == wanted.unit))
        yield Unit.path.startswith(path or "none", autoescape=True)
    if wanted.words:
        found = (Entity.name, Issue.what, Entity.reference)
        yield or_(*(each.icontains(wanted.words, autoescape=True) for each in found))


def _shown(row: Any) -> Shown:
    *rest, reference, title, why = row
    values: tuple[Any, ...] = (*rest, reference, readers.told(title, why) if reference else None)
    return Shown(*values)


def facts(actor: Actor, shown: Shown, *, on: date) -> Facts:
    """Gather what the permissions ask of an issue that the actor may read."""
    del actor
    withheld = classification.withheld((shown.id,), on=on).get(shown.id, classification.NOTHING)
    desks = db.session.execute(
        select(EscalationDesk.post_id, EscalationDesk.state)
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .where(EscalationCase.subject_id == shown.id, EscalationCase.is_drill.is_(False))
        .order_by(EscalationDesk.id)
    ).all()
    return Facts(
        entity_id=shown.id,
        unit_path=shown.unit_path,
        owner_post_id=shown.owner_post_id,
        desk_post_ids=frozenset(post for post, _state in desks),
        live_desk_post_id=next((post for post, state in reversed(desks) if state in LIVE_DESKS), None),
        is_open=shown.status == "open",
        exempt_groups=withheld.groups,
        is_existence_withheld=withheld.existence,
    )


class ToTreat(NamedTuple):
    """An issue to which the actor may add an action."""

    id: int
    reference: str
    title: str
    owner_post_id: int
    facts: Facts


def to_treat(actor: Actor, reference: str, *, on: date) -> ToTreat | None:
    """Find an open issue to which the actor may add an action."""
    found = issue(actor, reference, on=on)
    if found is None or found.status != "open":
        return None
    asked = facts(actor, found, on=on)
    if not may(actor, Permission.ISSUE_KEEP, asked):
        return None
    return ToTreat(found.id, found.reference, found.title, found.owner_post_id, asked)


def actions(actor: Actor, issue_id: int, *, on: date) -> tuple[ListedAction, ...]:
    """List the actions of an issue that the actor may read, the first due first."""
    treating = select(Link.from_id).where(Link.to_id == issue_id, Link.kind == "treats")
    query = rmap.readable(actor, on=on).where(Action.id.in_(treating)).order_by(Action.due_on, Action.id)
    return rmap.listed(actor, db.session.execute(query), on=on)


def treated(actor: Actor, action_id: int, *, on: date) -> tuple[Shown, ...]:
    """List the issues that an action treats and the actor may read."""
    treating = select(Link.to_id).where(Link.from_id == action_id, Link.kind == "treats")
    query = _rows(actor, on).where(Issue.id.in_(treating), issue_readable(actor, on=on))
    return tuple(map(_shown, db.session.execute(query.order_by(Issue.happened_on, Entity.reference))))


def foresight(actor: Actor, *, on: date) -> Mapping[tuple[int, str], Rate]:
    """Work out the foresight rate of the issues that the actor may read, by year and directorate."""
    policy = policies.in_force(on=on).policy
    if policy.life is None:
        return {}
    rows = db.session.execute(
        select(Issue.happened_on, Issue.registered_on, func.coalesce(rmap.homes.c.name, THE_REST))
        .select_from(Issue)
        .outerjoin(rmap.homes, rmap.homes.c.id == Issue.unit_id)
        .where(issue_readable(actor, on=on))
    )
    return rules.rates((Foresight(*row) for row in rows), policy.life)


class Known(NamedTuple):
    """What was known of a risk on a day: since when it was open, its score, and where its escalation stood."""

    registered_on: date | None
    score: int | None
    rating: str | None
    stopped_at_post_id: int | None
    stopped_as: str | None


def known_before(*, risk_id: int, day: date) -> Known:
    """Read what was known of a risk before a day: it counts as on a register while one of its versions was open."""
    versions: Sequence[tuple[date, str]] = [
        (valid_from, status)
        for valid_from, status in db.session.execute(
            select(RiskVersion.valid_from, RiskVersion.status)
            .where(RiskVersion.risk_id == risk_id, RiskVersion.valid_from < day)
            .order_by(RiskVersion.version)
        )
    ]
    if not versions or versions[-1][1] != "open":
        return Known(None, None, None, None, None)
    since = versions[-1][0]
    for valid_from, status in reversed(versions):
        if status != "open":
            break
        since = valid_from
    held = db.session.execute(
        select(Assessment.score, Assessment.rating)
        .where(
            Assessment.risk_id == risk_id,
            Assessment.basis == "current",
            Assessment.state == "in_force",
            Assessment.effective_on < day,
        )
        .order_by(Assessment.effective_on.desc(), Assessment.id.desc())
        .limit(1)
    ).first()
    begins = day_begins(day)
    desk = db.session.scalars(
        select(EscalationDesk)
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .where(EscalationCase.subject_id == risk_id, EscalationCase.is_drill.is_(False))
        .where(EscalationDesk.arrived_at < begins)
        .order_by(EscalationDesk.id.desc())
        .limit(1)
    ).first()
    score, rating = held or (None, None)
    return Known(since, score, rating, desk.post_id if desk else None, _stood(desk, begins) if desk else None)


def _stood(desk: EscalationDesk, at: datetime) -> str:
    """Say how a desk stood at an instant."""
    if desk.left_at is not None and desk.left_at < at:
        return desk.state
    return "acknowledged" if desk.acknowledged_at is not None and desk.acknowledged_at < at else "raised"


def briefings_due(*, by: date) -> Iterator[tuple[int, date, int]]:
    """Give issue, day and owner's post of each briefing that is due by a day."""
    rows = db.session.execute(
        select(Issue.id, Issue.brief_by, Issue.owner_post_id)
        .where(Issue.brief_by <= by, Issue.briefed_on.is_(None))
        .order_by(Issue.id)
    )
    return ((issue_id, brief_by, post_id) for issue_id, brief_by, post_id in rows if brief_by)


def of_risk_ids(*, risk_id: int) -> tuple[int, ...]:
    """List the issues of a risk, to which what is withheld of it goes on."""
    return tuple(db.session.scalars(select(Issue.id).where(Issue.risk_id == risk_id).order_by(Issue.id)))
