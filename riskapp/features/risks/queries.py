"""A risk as a reader sees it, and what a form that logs one offers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Integer, Row, Select, String, bindparam, cast, func, literal_column, or_, select, union_all
from sqlalchemy.orm import aliased

from riskapp.domain.actions import Status
from riskapp.domain.permissions import Actor
from riskapp.features.past import queries as past
from riskapp.features.past.queries import THE_RISK
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import kept
from riskapp.models.actions import Action, ActionPromise
from riskapp.models.database import db, read
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Post, Unit
from riskapp.models.plan import PlanItem
from riskapp.models.policy import PolicyVersion
from riskapp.models.risks import (
    Assessment,
    AssessmentImpact,
    Review,
    Risk,
    RiskCause,
    RiskConsequence,
    RiskStanding,
    RiskVersion,
)


@dataclass(frozen=True, slots=True)
class Assessed:
    """An assessment as it was kept, with the number of the policy it was made under and the post that made it."""

    id: int
    basis: str
    state: str
    score: int
    likelihood: int
    impact: int
    rating: str
    position: str
    effective_on: date
    target_on: date | None
    rationale: str
    policy: str
    by_post: str | None
    by_id: int | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """An action of the risk's plan with every date promised for it."""

    id: int
    reference: str
    title: str
    owner: str
    status: Status
    progress: int
    due_on: date
    promises: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """What a risk is linked to; `code` is a plan item's letter or number."""

    link: str
    kind: str
    reference: str
    name: str
    code: str | None


@dataclass(frozen=True, slots=True)
class DeskLine:
    """A desk of the risk's latest escalation."""

    case: str
    case_state: str
    reason: str
    clause: str
    raised_at: datetime
    post: str
    state: str
    arrived_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The day of a review, and the day it was due on."""

    held_on: date
    was_due_on: date | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A risk's own columns; one of a group that is withheld from the reader is None, and was never read."""

    id: int
    owner_post_id: int
    category: str
    kind: str
    status: str
    event: str | None
    treatment: str | None
    treatment_why: str | None
    drafted_on: date
    opened_on: date | None
    closed_on: date | None
    closed_why: str | None
    next_review_on: date | None
    version: int


@dataclass(frozen=True, slots=True)
class RiskPage:
    """Everything the page of a risk shows; scores are as kept, oldest first in `assessed`, newest first in `reviews`.

    `withheld` says of each group that is withheld from the reader why: what is in it is None or empty, and a title says
    why. The escalation, the reviews and the next one follow from the score and are withheld with it. `categories` says
    since when the risk is in which; `whole_from` is there where a past day is shown of which less was kept: the day
    from which all is.
    """

    row: Shown
    reference: str
    title: str
    units: tuple[tuple[str, str], ...]
    owner: str
    drafted_by: str | None
    causes: tuple[str, ...]
    consequences: tuple[str, ...]
    inherent: Assessed | None
    current: Assessed | None
    target: Assessed | None
    was: int | None
    proposed: Assessed | None
    assessed: tuple[Assessed, ...]
    actions: tuple[PlannedAction, ...]
    links: tuple[Linked, ...]
    desks: tuple[DeskLine, ...]
    reviews: tuple[Reviewed, ...]
    withheld: Mapping[str, str]
    categories: tuple[tuple[date, str], ...]
    whole_from: date | None

    @property
    def history(self) -> tuple[Assessed, ...]:
        """The current scores that held one after another."""
        return tuple(each for each in self.assessed if each.basis == "current" and each.state == "in_force")

    @property
    def seen(self) -> str:
        """A mark of what the reader has seen, so that a form can tell when somebody else came first."""
        current = self.current.id if self.current else 0
        return f"{self.row.version}.{current}.{self.proposed.id if self.proposed else 0}"


def find(actor: Actor, reference: str, *, on: date) -> Risk | None:
    """Find a risk that the actor may read, by its reference."""
    return db.session.scalars(
        select(Risk)
        .join(Entity, Entity.id == Risk.id)
        .where(Entity.reference == reference, readers.readable(actor, on=on))
    ).first()


def risk(actor: Actor, reference: str, *, on: date) -> RiskPage | None:
    """Gather a risk's page in seven queries, whatever the length of its history; None if the actor may not read it."""
    return _page(actor, {"reference": reference}, on, None)


def risk_then(actor: Actor, risk_id: int, reference: str, *, on: date, then: date) -> RiskPage | None:
    """Gather the page of a risk as it stood at the end of a day; None if it was not there, or not for the actor."""
    return _page(actor, {"reference": reference, "risk_id": risk_id}, on, then)


def _page(actor: Actor, about: dict[str, Any], on: date, then: date | None) -> RiskPage | None:
    over = past.sight(actor, on=on, then=then, of_one=True).over if then else _today
    head = read(_head(actor, on, then), about).first()
    if head is None:
        return None
    reference, title, path, owner_title, drafter_title, inherent_id, current_id, target_id, previous_id, *rest = head
    row, withheld = Shown(*rest[: -len(readers.GROUPS)]), readers.withheld_from(rest[-len(readers.GROUPS) :])
    about["risk_id"] = row.id
    assessed = () if "assessment" in withheld else tuple(Assessed(*each) for each in read(over(_ASSESSMENTS), about))
    by_id = {each.id: each for each in assessed}
    is_stated = "statement" not in withheld
    words = _words(row.id, path, with_statement=is_stated and then is None)
    causes, consequences = (tuple(text for *_, text in words[each]) for each in ("cause", "consequence"))
    stated = past.stated(actor, risk_id=row.id, then=then, is_told=is_stated) if then else None
    if stated:
        causes, consequences = stated.causes, stated.consequences
    since = tuple((date.fromisoformat(day), category) for _, _, day, category in words["category"])
    return RiskPage(
        row=row,
        reference=reference,
        title=title or withheld.get("title", ""),
        units=tuple((reference, name) for _, _, reference, name in words["unit"]),
        owner=owner_title,
        drafted_by=drafter_title,
        causes=causes,
        consequences=consequences,
        inherent=by_id.get(inherent_id),
        current=by_id.get(current_id),
        target=by_id.get(target_id),
        was=by_id[previous_id].score if assessed and previous_id else None,
        proposed=_proposed(assessed) if assessed else None,
        assessed=assessed,
        actions=() if "plan" in withheld else _planned(read(_plan(actor, on, then), about)),
        links=tuple(_linked(*each) for each in read(_links(actor, on, then), about)),
        # An escalation is exempt with any part of its risk: its reason may speak of all of it.
        desks=() if withheld else tuple(DeskLine(*each) for each in read(over(_DESKS), about)),
        reviews=tuple(Reviewed(*each) for each in read(over(_REVIEWS), about)) if assessed else (),
        withheld=withheld,
        categories=tuple(each for each in since if then is None or each[0] <= then)
        or ((row.drafted_on, row.category),),
        whole_from=stated.whole_from if stated else None,
    )


def _today(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """What is asked of today is asked as it is."""
    return statement


def _linked(link: str, kind: str, reference: str, name: str | None, code: str | None, why: str | None) -> Linked:
    return Linked(link, kind, reference, readers.told(name, why), code)


@kept
def _head(actor: Actor, on: date, then: date | None) -> Select[*tuple[Any, ...]]:
    owner, drafter = aliased(Post), aliased(Post)
    sight = past.sight(actor, on=on, then=then, of_one=True)
    seen = sight.seen
    head = seen.joined(
        select(
            Entity.reference, seen.shown("title", Entity.name), Unit.path, owner.title, drafter.title,
            RiskStanding.inherent_id, RiskStanding.current_id, RiskStanding.target_id, RiskStanding.previous_id,
            Risk.id, Risk.owner_post_id, Risk.category, Risk.kind, Risk.status,
            seen.shown("statement", Risk.event), seen.shown("plan", Risk.treatment),
            seen.shown("plan", Risk.treatment_why), Risk.drafted_on, Risk.opened_on, Risk.closed_on,
            seen.shown("assessment", Risk.closed_why), seen.shown("assessment", Risk.next_review_on), Risk.version,
            *seen.whys(),
        )
        .select_from(Risk)
        .join(Entity, Entity.id == Risk.id)
        .join(Unit, Unit.id == Risk.unit_id)
        .join(owner, owner.id == Risk.owner_post_id)
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .outerjoin(drafter, drafter.id == Risk.drafted_by_post_id)
    ).where(Entity.reference == bindparam("reference"), sight.readable)  # fmt: skip
    return sight.over(head)


_ASSESSMENTS = (
    select(
        Assessment.id, Assessment.basis, Assessment.state, Assessment.score, Assessment.likelihood, Assessment.impact,
        Assessment.rating, Assessment.position, Assessment.effective_on, Assessment.target_on, Assessment.rationale,
        PolicyVersion.number, Post.title, Assessment.by_id, Assessment.recorded_at,
    )
    .join(PolicyVersion, PolicyVersion.id == Assessment.policy_version_id)
    .outerjoin(Post, Post.id == Assessment.by_post_id)
    .where(Assessment.risk_id == THE_RISK)
    .order_by(Assessment.effective_on, Assessment.id)
)  # fmt: skip


def _proposed(assessed: Sequence[Assessed]) -> Assessed | None:
    """A proposal waits until any later current assessment is made."""
    latest = max((each for each in assessed if each.basis == "current"), key=lambda each: each.id)
    return latest if latest.state == "proposed" else None


def _words_of(what: str, table: type[RiskCause] | type[RiskConsequence]) -> Select[*tuple[Any, ...]]:
    return select(literal_column(f"'{what}'"), table.position, literal_column("''"), table.text).where(
        table.risk_id == bindparam("stated_id", type_=Integer)
    )


_versions = (
    select(
        RiskVersion.version,
        RiskVersion.valid_from,
        RiskVersion.category,
        func.lag(RiskVersion.category).over(order_by=RiskVersion.version).label("was"),
    )
    .where(RiskVersion.risk_id == THE_RISK)
    .subquery()
)
_WORDS = union_all(
    _words_of("cause", RiskCause),
    _words_of("consequence", RiskConsequence),
    select(
        literal_column("'category'"), _versions.c.version, cast(_versions.c.valid_from, String), _versions.c.category
    ).where(or_(_versions.c.was.is_(None), _versions.c.was != _versions.c.category)),
    select(literal_column("'unit'"), func.length(Unit.path), Entity.reference, Entity.name)
    .join(Entity, Entity.id == Unit.id)
    .where(Unit.id.in_(bindparam("unit_ids", expanding=True))),
)


def _words(risk_id: int, path: str, *, with_statement: bool) -> dict[str, list[Row[*tuple[Any, ...]]]]:
    """Read a risk's causes and consequences in order, its categories since when, and its units, the council first."""
    unit_ids = [int(part) for part in path.split("/") if part]
    about = {"risk_id": risk_id, "stated_id": risk_id if with_statement else None, "unit_ids": unit_ids}
    found: dict[str, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for line in sorted(read(_WORDS, about), key=itemgetter(1)):
        found[line[0]].append(line)
    return found


def _planned(rows: Iterable[Row[*tuple[Any, ...]]]) -> tuple[PlannedAction, ...]:
    return tuple(
        PlannedAction(
            key, reference, title, owner, Status(status), progress, due_on, tuple(day for *_, day in each if day)
        )
        for (key, reference, title, owner, status, progress, due_on), each in groupby(rows, key=lambda row: row[:-1])
    )


@kept
def _plan(actor: Actor, on: date, then: date | None) -> Select[*tuple[Any, ...]]:
    """The plan with each action's promises, without what also treats a risk that is exempt to the actor."""
    sight = past.sight(actor, on=on, then=then, of_one=True)
    return sight.over(
        select(
            Action.id, Entity.reference, Entity.name, Post.title, Action.status, Action.progress, Action.due_on,
            ActionPromise.due_on.label("promised"),
        )
        .join(Link, Link.from_id == Action.id)
        .join(Entity, Entity.id == Action.id)
        .join(Post, Post.id == Action.owner_post_id)
        .outerjoin(ActionPromise, ActionPromise.action_id == Action.id)
        .where(Link.to_id == THE_RISK, Link.kind == "treats", ~sight.treats_what_is_exempt)
        .order_by(Action.due_on, Action.id, ActionPromise.number)
    )  # fmt: skip


@kept
def _links(actor: Actor, on: date, then: date | None) -> Select[*tuple[Any, ...]]:
    """Both ways round; another risk only if the actor may read it."""
    there = or_(
        (Link.from_id == THE_RISK) & (Entity.id == Link.to_id), (Link.to_id == THE_RISK) & (Entity.id == Link.from_id)
    )
    sight = past.sight(actor, on=on, then=then, of_one=True)
    seen = sight.seen
    name = seen.shown("title", Entity.name)
    return sight.over(
        seen.joined(
            select(Link.kind, Entity.kind, Entity.reference, name, PlanItem.code, seen.why("title"))
            .select_from(Link)
            .join(Entity, there)
            .outerjoin(PlanItem, PlanItem.id == Entity.id)
            .outerjoin(Risk, Risk.id == Entity.id)
        )
        .where(Link.kind != "treats", or_(Entity.kind != "risk", sight.readable))
        .order_by(Entity.kind, PlanItem.position, name.is_(None), name, Link.id)
    )


_LATEST_CASE = (
    select(EscalationCase.id)
    .where(EscalationCase.subject_id == THE_RISK, EscalationCase.is_drill.is_(False))
    .order_by(EscalationCase.raised_at.desc(), EscalationCase.id.desc())
    .limit(1)
)
_DESKS = (
    select(
        Entity.reference, EscalationCase.state, EscalationCase.reason, EscalationCase.clause, EscalationCase.raised_at,
        Post.title, EscalationDesk.state, EscalationDesk.arrived_at, EscalationDesk.due_at,
        EscalationDesk.acknowledged_at, EscalationDesk.left_at,
    )
    .select_from(EscalationCase)
    .join(EscalationDesk, EscalationDesk.case_id == EscalationCase.id)
    .join(Entity, Entity.id == EscalationCase.id)
    .join(Post, Post.id == EscalationDesk.post_id)
    .where(EscalationCase.id.in_(_LATEST_CASE.scalar_subquery()))
    .order_by(EscalationDesk.arrived_at, EscalationDesk.id)
)  # fmt: skip
_REVIEWS = (
    select(Review.held_on, Review.was_due_on)
    .where(Review.risk_id == THE_RISK)
    .order_by(Review.held_on.desc(), Review.id.desc())
)


def kind_of_impact(actor: Actor, *, assessment_id: int) -> str | None:
    """Name the kind of impact that decided an assessment: the worst, by its key where two are alike."""
    del actor  # whoever may read the risk may read its scores
    return db.session.scalar(
        select(AssessmentImpact.dimension)
        .where(AssessmentImpact.assessment_id == assessment_id)
        .order_by(AssessmentImpact.level.desc(), AssessmentImpact.dimension)
        .limit(1)
    )


def reference(actor: Actor, *, risk_id: int) -> str:
    """Give the reference of a risk that the actor has just made."""
    del actor
    return db.session.get_one(Entity, risk_id).reference
