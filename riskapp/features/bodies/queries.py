"""External bodies as a reader sees them: the list, and one body with its reviews, money, seats and risks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import or_, select

from riskapp.domain.bodies import ACCOUNTABLE, KINDS, role_words
from riskapp.domain.permissions import Actor, Facts, Permission, may
from riskapp.features.readers import queries as readers
from riskapp.models.bodies import Appointment, Body, BodyMoney, GovernanceReview
from riskapp.models.database import db
from riskapp.models.entity import Entity, Link
from riskapp.models.people import Post
from riskapp.models.risks import Assessment, Risk, RiskStanding


@dataclass(frozen=True, slots=True)
class LinkedRisk:
    """An open risk that concerns a body; a title withheld from the reader says why, a withheld score is None."""

    reference: str
    title: str
    owner: str
    score: int | None
    rating: str | None


@dataclass(frozen=True, slots=True)
class Sum:
    """Money awarded to or through a body, in pounds."""

    kind: str
    awarded: int
    passed_on: int
    deadline: str
    deadline_on: date | None

    @property
    def held(self) -> int:
        return self.awarded - self.passed_on

    @property
    def share(self) -> int:
        """The part passed on, in whole hundredths."""
        return round(100 * self.passed_on / self.awarded) if self.awarded else 0


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat of the council's; vacant since `from_on` where `held_by` is None."""

    seat: str
    role: str
    held_by: str | None
    from_on: date
    to_on: date | None
    training_until: date | None

    @property
    def is_vacant(self) -> bool:
        return self.held_by is None

    def training_ran_out(self, on: date) -> bool:
        return not self.is_vacant and self.training_until is not None and self.training_until < on


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A governance review: rating by heading."""

    held_on: date
    reviewer: str
    ratings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BodyRow:
    """An external body with what stands behind it; `part` is posts that lead it or sit on it."""

    body_id: int
    reference: str
    name: str
    position: int
    kind: str
    purpose: str
    legal_form: str
    interest: str
    roles: tuple[str, ...]
    lead: str
    started_on: date | None
    review_every_months: int
    next_review_on: date
    part: frozenset[int]
    risks: tuple[LinkedRisk, ...]
    money: tuple[Sum, ...]
    seats: tuple[SeatRow, ...]
    reviews: tuple[ReviewRow, ...]

    @property
    def kind_words(self) -> str:
        return KINDS[self.kind]

    @property
    def role_words(self) -> str:
        return role_words(self.roles)

    @property
    def is_accountable(self) -> bool:
        """Whether the council answers to government for the body's public money."""
        return ACCOUNTABLE in self.roles

    @property
    def awarded(self) -> int:
        return sum(each.awarded for each in self.money)

    @property
    def passed_on(self) -> int:
        return sum(each.passed_on for each in self.money)

    @property
    def worst(self) -> LinkedRisk | None:
        return self.risks[0] if self.risks else None

    @property
    def facts(self) -> Facts:
        """What the permissions ask of it."""
        return Facts(entity_id=self.body_id, other_post_ids=self.part)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which bodies a list shows; an empty field is no condition."""

    words: tuple[str, ...] = ()
    kind: str = ""
    role: str = ""
    is_late: bool = False


SORTS: Mapping[str, Any] = MappingProxyType({
    "position": lambda row: row.position,
    "name": lambda row: row.name.lower(),
    "kind": lambda row: row.kind_words,
    "lead": lambda row: row.lead.lower(),
    "review": lambda row: row.next_review_on,
    "risks": lambda row: ((row.worst.score if row.worst else None) or 0, len(row.risks)),
    "money": lambda row: row.awarded,
})  # fmt: skip


def bodies(
    actor: Actor, filters: Filters, *, on: date, sort: str = "position", descending: bool = False
) -> tuple[BodyRow, ...]:
    """List the bodies that the actor may read, in an order whose ties are broken by name and reference."""
    rows = [row for row in _rows(actor, on) if _shown(row, filters, on)]
    rows.sort(key=lambda row: (row.name.lower(), row.reference))
    rows.sort(key=SORTS[sort], reverse=descending)
    return tuple(rows)


def body(actor: Actor, reference: str, *, on: date) -> BodyRow | None:
    """Give the body with a reference; None where there is none that the actor may read."""
    return next(iter(_rows(actor, on, reference=reference)), None)


def _shown(row: BodyRow, filters: Filters, on: date) -> bool:
    text = f"{row.name} {row.interest} {row.purpose} {row.lead} {row.reference}".lower()
    return (
        all(word.lower() in text for word in filters.words)
        and filters.kind in {"", row.kind}
        and (not filters.role or filters.role in row.roles)
        and (not filters.is_late or row.next_review_on < on)
    )


def _rows(actor: Actor, on: date, *, reference: str | None = None) -> Iterable[BodyRow]:
    query = (
        select(Body, Entity.reference, Entity.name, Post.title)
        .join(Entity, Entity.id == Body.id)
        .join(Post, Post.id == Body.lead_post_id)
        .order_by(Body.position)
    )
    if reference is not None:
        query = query.where(Entity.reference == reference)
    rows = db.session.execute(query).all()
    ids = [body.id for body, *_rest in rows]
    seats, part = _seats(ids, on)
    risks, money, reviews = _risks(actor, ids, on), _money(ids), _reviews(ids)
    for body, its_reference, name, lead in rows:
        row = BodyRow(
            body_id=body.id,
            reference=its_reference,
            name=name,
            position=body.position,
            kind=body.kind,
            purpose=body.purpose,
            legal_form=body.legal_form,
            interest=body.interest,
            roles=tuple(body.roles),
            lead=lead,
            started_on=body.started_on,
            review_every_months=body.review_every_months,
            next_review_on=body.next_review_on,
            part=frozenset({body.lead_post_id, *part[body.id]}),
            risks=tuple(risks[body.id]),
            money=tuple(money[body.id]),
            seats=tuple(seats[body.id]),
            reviews=tuple(reviews[body.id]),
        )
        if may(actor, Permission.BODY_READ, row.facts):
            yield row


def _seats(ids: list[int], on: date) -> tuple[Mapping[int, list[SeatRow]], Mapping[int, set[int]]]:
    seats: dict[int, list[SeatRow]] = defaultdict(list)
    part: dict[int, set[int]] = defaultdict(set)
    rows = db.session.execute(
        select(Appointment, Post.title)
        .outerjoin(Post, Post.id == Appointment.post_id)
        .where(Appointment.body_id.in_(ids), or_(Appointment.to_on.is_(None), Appointment.to_on >= on))
        .order_by(Appointment.body_id, Appointment.position)
    )
    for seat, held_by in rows:
        row = SeatRow(seat.seat, seat.role, held_by, seat.from_on, seat.to_on, seat.training_until)
        seats[seat.body_id].append(row)
        if seat.post_id is not None:
            part[seat.body_id].add(seat.post_id)
    return seats, part


def _risks(actor: Actor, ids: list[int], on: date) -> Mapping[int, list[LinkedRisk]]:
    found: dict[int, list[LinkedRisk]] = defaultdict(list)
    seen = readers.projection(actor, on=on)
    title = seen.shown("title", Entity.name)
    score, rating = (seen.shown("assessment", column) for column in (Assessment.score, Assessment.rating))
    rows = db.session.execute(
        seen.joined(
            select(Link.to_id, Entity.reference, title, seen.why("title"), Post.title, score, rating)
            .select_from(Link)
            .join(Risk, Risk.id == Link.from_id)
            .join(Entity, Entity.id == Risk.id)
            .join(Post, Post.id == Risk.owner_post_id)
            .join(RiskStanding, RiskStanding.risk_id == Risk.id)
            .join(Assessment, Assessment.id == RiskStanding.current_id)
        )
        .where(Link.kind == "concerns", Link.to_id.in_(ids), Risk.status == "open", readers.readable(actor, on=on))
        .order_by(Link.to_id, score.is_(None), score.desc(), title.is_(None), title, Entity.reference)
    )
    for body_id, reference, name, why, owner, *scored in rows:
        found[body_id].append(LinkedRisk(reference, readers.told(name, why), owner, *scored))
    return found


def _money(ids: list[int]) -> Mapping[int, list[Sum]]:
    found: dict[int, list[Sum]] = defaultdict(list)
    query = select(BodyMoney).where(BodyMoney.body_id.in_(ids)).order_by(BodyMoney.body_id, BodyMoney.position)
    for row in db.session.scalars(query):
        found[row.body_id].append(Sum(row.kind, row.awarded, row.passed_on, row.deadline, row.deadline_on))
    return found


def _reviews(ids: list[int]) -> Mapping[int, list[ReviewRow]]:
    found: dict[int, list[ReviewRow]] = defaultdict(list)
    order = (GovernanceReview.body_id, GovernanceReview.held_on, GovernanceReview.id)
    query = select(GovernanceReview).where(GovernanceReview.body_id.in_(ids)).order_by(*order)
    for row in db.session.scalars(query):
        found[row.body_id].append(ReviewRow(row.held_on, row.reviewer, row.ratings))
    return found
