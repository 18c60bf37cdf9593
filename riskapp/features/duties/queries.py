"""What hangs on a post, who covers it while its holder is away, and which posts with duties nobody answers for."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.calendar import day_words
from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.domain.staffing import Duties, LeftOver, Span, left_over
from riskapp.features.people import queries as people
from riskapp.features.readers import queries as readers
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.people import Absence, Person, Post, Tenure, Unit
from riskapp.models.risks import Assessment, Risk

CHAMPION_POST = "risk_champion"


def holds_on(on: date) -> ColumnElement[bool]:
    """A tenure that counts on a day."""
    return and_(Tenure.from_on <= on, or_(Tenure.to_on.is_(None), Tenure.to_on >= on))


def lasts(on: date) -> ColumnElement[bool]:
    """A tenure that counts on a day or later."""
    return or_(Tenure.to_on.is_(None), Tenure.to_on >= on)


@dataclass(frozen=True, slots=True)
class Hanging:
    """Something that hangs on a person's posts: by its reference alone, unless the actor may read it."""

    kind: str
    reference: str
    title: str | None


def duties_of(*, post_ids: Collection[int] | None = None) -> defaultdict[int, Duties]:
    """Count what hangs on posts, all of them unless some are named, in four queries."""

    def counted(column: Any, *where: ColumnElement[bool]) -> dict[int, int]:
        query = select(column, func.count()).where(*where).group_by(column)
        if post_ids is not None:
            query = query.where(column.in_(post_ids))
        return {post_id: count for post_id, count in db.session.execute(query)}  # noqa: C416 - rows, not pairs

    risks = counted(Risk.owner_post_id, Risk.status == "open")
    actions = counted(Action.owner_post_id, Action.status.in_(OPEN_STATUSES))
    desks = counted(EscalationDesk.post_id, EscalationDesk.state.in_(LIVE_DESKS))
    champions = counted(Post.id, Post.kind == CHAMPION_POST, Post.closed_on.is_(None))
    found: defaultdict[int, Duties] = defaultdict(Duties)
    for post_id in {*risks, *actions, *desks, *champions}:
        found[post_id] = Duties(
            risks.get(post_id, 0), actions.get(post_id, 0), desks.get(post_id, 0), post_id in champions
        )
    return found


def hanging(actor: Actor, post_ids: Collection[int], *, on: date, limit: int = 20) -> tuple[Hanging, ...]:
    """List what hangs on some posts, live escalations first, with the titles of what the actor may read alone."""
    case_entity = aliased(Entity)
    desks = db.session.execute(
        select(case_entity.reference, EscalationCase.subject_id)
        .select_from(EscalationDesk)
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .join(case_entity, case_entity.id == EscalationCase.id)
        .where(EscalationDesk.post_id.in_(post_ids), EscalationDesk.state.in_(LIVE_DESKS))
        .order_by(EscalationDesk.due_at, case_entity.reference)
        .limit(limit)
    )
    risks = db.session.execute(
        select(Entity.reference, Risk.id)
        .select_from(Risk)
        .join(Entity, Entity.id == Risk.id)
        .where(Risk.owner_post_id.in_(post_ids), Risk.status == "open")
        .order_by(Entity.reference)
        .limit(limit)
    )
    found = [("escalation", *row) for row in desks] + [("risk", *row) for row in risks]
    names = _names(actor, {risk_id for _kind, _reference, risk_id in found if risk_id is not None}, on=on)
    return tuple(Hanging(kind, reference, names.get(risk_id or 0)) for kind, reference, risk_id in found)


def _names(actor: Actor, risk_ids: Collection[int], *, on: date) -> Mapping[int, str]:
    """The titles of those of some risks that the actor may read, each as it is shown to them."""
    seen = readers.projection(actor, on=on)
    rows = db.session.execute(
        seen.joined(
            select(Risk.id, seen.shown("title", Entity.name), seen.why("title")).join(Entity, Entity.id == Risk.id)
        ).where(Risk.id.in_(risk_ids), readers.readable(actor, on=on))
    )
    return {risk_id: readers.told(name, why) for risk_id, name, why in rows}


@dataclass(frozen=True, slots=True)
class Pending:
    """What of a person's doing is on its way, and with whom it stays."""

    acknowledged: int
    drafts: int
    proposals: int
    reviews: int

    @property
    def any(self) -> bool:
        return bool(self.acknowledged or self.drafts or self.proposals or self.reviews)


def pending(actor: Actor, person_id: int, *, on: date) -> Pending:
    """Count what somebody who goes has on the way: acknowledged desks, drafts, proposed scores, reviews due."""
    del actor
    later = aliased(Assessment)
    answered = exists().where(
        later.risk_id == Assessment.risk_id, later.basis == Assessment.basis, later.id > Assessment.id
    )
    held = select(Tenure.post_id).where(Tenure.person_id == person_id, holds_on(on), Tenure.capacity != "deputy")
    counts = (
        select(func.count(EscalationDesk.id)).where(
            EscalationDesk.person_id == person_id,
            EscalationDesk.state.in_(LIVE_DESKS),
            EscalationDesk.acknowledged_at.is_not(None),
        ),
        select(func.count(Risk.id)).where(Risk.status == "draft", Risk.drafted_by_id == person_id),
        select(func.count(Assessment.id)).where(
            Assessment.by_id == person_id, Assessment.state == "proposed", ~answered
        ),
        select(func.count(Risk.id)).where(
            Risk.status == "open", Risk.owner_post_id.in_(held), Risk.next_review_on <= on
        ),
    )
    return Pending(*db.session.execute(select(*(each.scalar_subquery() for each in counts))).one())


def sitting(*, on: date) -> set[tuple[int, int]]:
    """Who has which post on a day, in whatever capacity: active people and their posts."""
    query = select(Tenure.person_id, Tenure.post_id).join(Person, Person.id == Tenure.person_id)
    rows = db.session.execute(query.where(Person.is_active, holds_on(on)))
    return {(person_id, post_id) for person_id, post_id in rows}


def is_away(person_id: int, *, days: Span) -> bool:
    """Tell whether a person is away on one of some days."""
    rows = db.session.execute(select(Absence.from_on, Absence.to_on).where(Absence.person_id == person_id))
    return any(Span(start, end).meets(days) for start, end in rows)


def uncovered_posts(*, person_id: int, days: Span, on: date) -> tuple[tuple[Post, Duties], ...]:
    """List the posts that a person answers for on some days and nobody else would, each with what hangs on it."""
    theirs = db.session.scalars(
        select(Post)
        .join(Tenure, Tenure.post_id == Post.id)
        .where(Tenure.person_id == person_id, Tenure.capacity != "deputy", lasts(max(days.from_on, on)))
        .order_by(Post.title)
    ).all()
    hangs = duties_of(post_ids={post.id for post in theirs})
    return tuple((post, hangs[post.id]) for post in theirs if not _is_covered(post.id, person_id, days))


def _is_covered(post_id: int, person_id: int, days: Span) -> bool:
    rows = db.session.execute(
        select(Tenure.person_id, Tenure.from_on, Tenure.to_on)
        .join(Person, Person.id == Tenure.person_id)
        .where(Tenure.post_id == post_id, Tenure.person_id != person_id, Person.is_active)
    )
    return any(Span(start, end).covers(days) and not is_away(who, days=days) for who, start, end in rows)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A post with duties that nobody answers for today: who is away until when, or who left last."""

    post_id: int
    title: str
    unit: str
    duties: Duties
    why: str


def without_holder(actor: Actor, *, on: date) -> tuple[Unanswered, ...]:
    """List every post with duties that nobody answers for today, within what the actor may see, the heaviest first."""
    council = people.organisation(on=on)
    left = left_over(duties_of(), council.seats)
    ids = [each.post_id for each in left]
    rows = db.session.execute(
        select(Post.id, Post.title, Entity.name, Unit.path)
        .join(Unit, Unit.id == Post.unit_id)
        .join(Entity, Entity.id == Unit.id)
        .where(Post.id.in_(ids))
    )
    known = {row[0]: row for row in rows}
    whys = _whys(left, on)
    return tuple(
        Unanswered(each.post_id, known[each.post_id][1], known[each.post_id][2], each.duties, whys[each.post_id])
        for each in left
        if may(actor, Permission.PEOPLE_READ, Facts(unit_path=known[each.post_id][3]))
    )


def _whys(left: Collection[LeftOver], on: date) -> dict[int, str]:
    """Say of each post why nobody answers for it."""
    ids = [each.post_id for each in left]
    away: dict[int, date] = {
        row[0]: row[1]
        for row in db.session.execute(
            select(Tenure.post_id, func.max(Absence.to_on))
            .join(Absence, Absence.person_id == Tenure.person_id)
            .where(Tenure.post_id.in_(ids), holds_on(on), Absence.from_on <= on, Absence.to_on >= on)
            .group_by(Tenure.post_id)
        )
    }
    last = db.session.execute(
        select(Tenure.post_id, func.max(Tenure.to_on))
        .where(Tenure.post_id.in_(ids), Tenure.to_on < on, Tenure.capacity == "holder")
        .group_by(Tenure.post_id)
    )
    words = {post_id: f"Vacant since {day_words(ended)}" for post_id, ended in last if ended}
    for each in left:
        if each.is_away and each.post_id in away:
            words[each.post_id] = f"Its holder is away until {day_words(away[each.post_id])}, with no deputy"
        else:
            words.setdefault(each.post_id, "Vacant: nobody is recorded as its holder")
    return words
