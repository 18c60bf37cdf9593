"""Tolerances as people see them: those of a risk, those of the council, and what rules and the clock ask of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain.permissions import Actor
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Person, Post
from riskapp.models.risks import Assessment, Risk, RiskStanding
from riskapp.models.tolerances import ASKED, ENDED, IN_FORCE, LIVE, REFUSED, Tolerance

PAGE = 50
STATES: Mapping[str, str] = {
    "live": "Asked for or in force",
    IN_FORCE: "In force",
    ASKED: "Asked for",
    REFUSED: "Refused",
    ENDED: "Ended",
    "all": "Any state",
}
_asked_of, _asker, _owner = aliased(Post), aliased(Post), aliased(Post)
ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "expires": (Tolerance.expires_on.asc(),),
    "-expires": (Tolerance.expires_on.desc(),),
    "score": (Tolerance.score.asc(),),
    "-score": (Tolerance.score.desc(),),
    "title": (func.lower(Entity.name).asc(),),
    "-title": (func.lower(Entity.name).desc(),),
    "asked": (Tolerance.asked_on.asc(),),
    "-asked": (Tolerance.asked_on.desc(),),
}


def live(*, risk_id: int) -> tuple[Tolerance, ...]:
    """What is in force or asked for of a risk, as rows for a rule."""
    wanted = select(Tolerance).where(Tolerance.risk_id == risk_id, Tolerance.state.in_(LIVE))
    return tuple(db.session.scalars(wanted.order_by(Tolerance.id)))


def in_force(*, risk_id: int, on: date) -> Tolerance | None:
    """The tolerance in force of a risk on a day, whether or not the clock has been there."""
    return next((row for row in live(risk_id=risk_id) if row.state == IN_FORCE and row.expires_on >= on), None)


def to_look_at(*, on: date) -> tuple[Tolerance, ...]:
    """What the clock ends, or compares with its risk: the last day has passed, or it is not as it was accepted."""
    differs = or_(
        Risk.event != Tolerance.event,
        Risk.unit_id != Tolerance.unit_id,
        _owner.unit_id != Tolerance.owner_unit_id,
        Assessment.score > Tolerance.score,
        Assessment.rating != Tolerance.rating,
        Assessment.position != Tolerance.position,
    )
    return tuple(
        db.session.scalars(
            select(Tolerance)
            .join(Risk, Risk.id == Tolerance.risk_id)
            .join(_owner, _owner.id == Risk.owner_post_id)
            .join(RiskStanding, RiskStanding.risk_id == Risk.id)
            .join(Assessment, Assessment.id == RiskStanding.current_id)
            .where(Tolerance.state.in_(LIVE), or_(Tolerance.expires_on < on, differs))
            .order_by(Tolerance.id)
        )
    )


def ending(*, by: date) -> Iterator[tuple[int, date, int]]:
    """Give risk, last day and owner's post of each tolerance in force that ends by a day."""
    rows = db.session.execute(
        select(Tolerance.risk_id, Tolerance.expires_on, Risk.owner_post_id)
        .join(Risk, Risk.id == Tolerance.risk_id)
        .where(Tolerance.state == IN_FORCE, Tolerance.expires_on <= by)
        .order_by(Tolerance.risk_id)
    )
    return ((risk_id, last_on, post_id) for risk_id, last_on, post_id in rows)


@dataclass(frozen=True, slots=True)
class Shown:
    """A tolerance with who asked for it, of whom, and what became of it; `person` is who decided."""

    id: int
    state: str
    score: int
    rating: str
    position: str
    why: str
    expires_on: date
    asked_on: date
    asked_by: str | None
    tier: str
    asked_of_post_id: int
    asked_of: str
    decided_at: datetime | None
    decided_why: str | None
    person: str | None
    is_own: bool
    from_on: date | None
    ended_on: date | None
    ended_how: str | None
    ended_why: str | None


def of_risk(actor: Actor, risk_id: int) -> tuple[Shown, ...]:
    """List the tolerances of a risk, the newest first; the caller has shown that the actor may read them."""
    del actor
    rows: Iterable[Sequence[Any]] = db.session.execute(
        select(
            Tolerance.id, Tolerance.state, Tolerance.score, Tolerance.rating, Tolerance.position, Tolerance.why,
            Tolerance.expires_on, Tolerance.asked_on, _asker.title, Tolerance.tier, Tolerance.asked_of_post_id,
            _asked_of.title, Tolerance.decided_at, Tolerance.decided_why, Person.email, Tolerance.is_own,
            Tolerance.from_on, Tolerance.ended_on, Tolerance.ended_how, Tolerance.ended_why,
        )
        .join(_asked_of, _asked_of.id == Tolerance.asked_of_post_id)
        .outerjoin(_asker, _asker.id == Tolerance.asked_by_post_id)
        .outerjoin(Person, Person.id == Tolerance.decided_by_id)
        .where(Tolerance.risk_id == risk_id)
        .order_by(Tolerance.id.desc())
    )  # fmt: skip
    return tuple(Shown(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Standing:
    """A risk as the form of its treatment is filled in over."""

    id: int
    kind: str
    status: str
    category: str
    treatment: str
    treatment_why: str
    version: int
    assessment_id: int
    score: int
    rating: str
    position: str

    @property
    def seen(self) -> str:
        """A mark of what the reader has seen, so that a form can tell when somebody else came first."""
        return f"{self.version}.{self.assessment_id}"


def standing(actor: Actor, risk_id: int) -> Standing:
    """Read how a risk is treated and scored; the caller has shown that the actor may read all of it."""
    del actor
    row = db.session.execute(
        select(
            Risk.id, Risk.kind, Risk.status, Risk.category, Risk.treatment, Risk.treatment_why, Risk.version,
            Assessment.id, Assessment.score, Assessment.rating, Assessment.position,
        )
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .join(Assessment, Assessment.id == RiskStanding.current_id)
        .where(Risk.id == risk_id)
    ).one()  # fmt: skip
    return Standing(*row)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the list is asked for; an empty field is no condition."""

    state: str = "live"
    position: str = ""
    words: str = ""
    sort: str = "expires"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: the state accepted, and the score of now."""

    reference: str
    title: str
    owner: str
    state: str
    score: int
    rating: str
    position: str
    score_now: int
    rating_now: str
    asked_of: str
    asked_on: date
    from_on: date | None
    expires_on: date
    ended_on: date | None
    ended_how: str | None

    @property
    def state_words(self) -> str:
        return STATES[self.state]


def tolerances(
    actor: Actor, wanted: Wanted, *, on: date, page: int = 1, size: int = PAGE
) -> tuple[tuple[Row, ...], int]:
    """Give a page of the tolerances of risks of which the actor may read all, and how many there are."""
    query = _rows(actor, on).where(*_conditions(wanted))
    total = db.session.scalar(query.with_only_columns(func.count(Tolerance.id))) or 0
    order = ORDERS.get(wanted.sort, ORDERS["expires"])
    rows = db.session.execute(
        query.order_by(*order, Entity.reference, Tolerance.id).limit(size).offset((page - 1) * size)
    )
    return tuple(Row(*row) for row in rows), total


def counts(actor: Actor, *, on: date) -> Mapping[str, int]:
    """Count the tolerances that the actor may read, by state."""
    query = _rows(actor, on).with_only_columns(Tolerance.state, func.count(Tolerance.id)).group_by(Tolerance.state)
    found = {state: count for state, count in db.session.execute(query)}  # noqa: C416 - rows, not pairs
    return {state: found.get(state, 0) for state in (IN_FORCE, ASKED, REFUSED, ENDED)}


def _rows(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Entity.reference, Entity.name, _owner.title, Tolerance.state, Tolerance.score, Tolerance.rating,
            Tolerance.position, Assessment.score, Assessment.rating, _asked_of.title, Tolerance.asked_on,
            Tolerance.from_on, Tolerance.expires_on, Tolerance.ended_on, Tolerance.ended_how,
        )
        .select_from(Tolerance)
        .join(Risk, Risk.id == Tolerance.risk_id)
        .join(Entity, Entity.id == Risk.id)
        .join(_owner, _owner.id == Risk.owner_post_id)
        .join(_asked_of, _asked_of.id == Tolerance.asked_of_post_id)
        .join(RiskStanding, RiskStanding.risk_id == Risk.id)
        .join(Assessment, Assessment.id == RiskStanding.current_id)
        .where(readers.reads_all(actor, on=on))
    )  # fmt: skip


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.state == "live":
        yield Tolerance.state.in_(LIVE)
    elif wanted.state != "all":
        yield Tolerance.state == wanted.state
    if wanted.position:
        yield Tolerance.position == wanted.position
    if wanted.words:
        yield or_(*(each.icontains(wanted.words, autoescape=True) for each in (Entity.name, Entity.reference)))
