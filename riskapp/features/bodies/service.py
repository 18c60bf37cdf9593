"""Record external bodies: the council's part in them, its seats, the money, and each governance review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.features.audit import service as audit
from riskapp.models.bodies import Appointment, Body, BodyMoney, GovernanceReview
from riskapp.models.database import db
from riskapp.models.entity import new_entity


@dataclass(frozen=True, slots=True)
class NewBody:
    """What is known of a body when it is recorded; `roles` are the council's, such as accountable_body."""

    name: str
    kind: str
    position: int
    purpose: str
    legal_form: str
    interest: str
    roles: Sequence[str]
    lead_post_id: int
    started_on: date | None
    review_every_months: int
    next_review_on: date


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of the council's on a body; vacant where `post_id` is None, since `from_on`."""

    seat: str
    role: str
    post_id: int | None
    from_on: date
    training_until: date | None


@dataclass(frozen=True, slots=True)
class Money:
    """Money awarded to or through a body, in pounds, and what its deadline says."""

    kind: str
    awarded: int
    passed_on: int
    deadline: str
    deadline_on: date | None


def record_body(new: NewBody, *, seats: Sequence[Seat], money: Sequence[Money], by: Actor, at: datetime) -> Body:
    """Record a body with its seats and money."""
    entity = new_entity(db.session(), "body", new.name)
    body = Body(
        id=entity.id,
        kind=new.kind,
        position=new.position,
        purpose=new.purpose,
        legal_form=new.legal_form,
        interest=new.interest,
        roles=list(new.roles),
        lead_post_id=new.lead_post_id,
        started_on=new.started_on,
        review_every_months=new.review_every_months,
        next_review_on=new.next_review_on,
    )
    db.session.add(body)
    db.session.flush()
    for position, seat in enumerate(seats, start=1):
        db.session.add(
            Appointment(
                body_id=body.id,
                position=position,
                seat=seat.seat,
                role=seat.role,
                post_id=seat.post_id,
                from_on=seat.from_on,
                training_until=seat.training_until,
            )
        )
    for position, sum_ in enumerate(money, start=1):
        db.session.add(
            BodyMoney(
                body_id=body.id,
                position=position,
                kind=sum_.kind,
                awarded=sum_.awarded,
                passed_on=sum_.passed_on,
                deadline=sum_.deadline,
                deadline_on=sum_.deadline_on,
            )
        )
    audit.record(Event.BODY_RECORDED, by=by, at=at, subject_id=body.id, after={"name": new.name, "kind": new.kind})
    return body


def record_review(
    body: Body, *, held_on: date, reviewer: str, ratings: Mapping[str, str], next_on: date, by: Actor, at: datetime
) -> GovernanceReview:
    """Record a governance review under the headings of Direction J, and when the next is due."""
    review = GovernanceReview(body_id=body.id, held_on=held_on, reviewer=reviewer, ratings=dict(ratings))
    db.session.add(review)
    before, body.next_review_on = body.next_review_on, next_on
    audit.record(
        Event.BODY_REVIEWED,
        by=by,
        at=at,
        subject_id=body.id,
        before={"next_review_on": before},
        after={"next_review_on": next_on, "ratings": dict(ratings)},
    )
    return review
