"""Record external bodies: the council's part in them, its seats, the money, and each governance review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select

from riskapp.domain.audit import Event
from riskapp.domain.bodies import HEADINGS, RATINGS
from riskapp.domain.calendar import local_day
from riskapp.domain.permissions import Actor
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.audit import service as audit
from riskapp.models.bodies import Appointment, Body, BodyMoney, GovernanceReview
from riskapp.models.database import db
from riskapp.models.entity import new_entity
from riskapp.models.people import Post


class CannotReviewBody(Cannot):
    """What was given does not make a governance review."""


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
    """Record a governance review under the headings of Direction J, and when the next is due; sent twice it is one.

    Refuses (`CannotReviewBody`, fields "held_on", "reviewer", "next_on" or a heading) a day to come, a reviewer who
    sits on the body, a heading without a rating, a next review that is not later, and a second review of one day.
    """
    known = db.session.scalars(
        select(GovernanceReview).where(GovernanceReview.body_id == body.id, GovernanceReview.held_on == held_on)
    ).first()
    if known is not None and (known.reviewer, known.ratings) == (reviewer.strip(), dict(ratings)):
        return known
    refusals = _what_is_wrong(body, held_on, reviewer, ratings, next_on, local_day(at))
    if known is not None:
        refusals.append(Refusal("held_on", "A review of that day is on the record already"))
    if refusals:
        raise CannotReviewBody(*refusals)
    review = GovernanceReview(body_id=body.id, held_on=held_on, reviewer=reviewer.strip(), ratings=dict(ratings))
    db.session.add(review)
    before, body.next_review_on = body.next_review_on, next_on
    audit.record(
        Event.BODY_REVIEWED,
        by=by,
        at=at,
        subject_id=body.id,
        before={"next_review_on": before},
        after={"next_review_on": next_on, "reviewer": review.reviewer, "ratings": dict(ratings)},
    )
    return review


def _what_is_wrong(
    body: Body, held_on: date, reviewer: str, ratings: Mapping[str, str], next_on: date, today: date
) -> list[Refusal]:
    wrong = []
    if held_on > today:
        wrong.append(Refusal("held_on", "The review has not been held yet. Record it when it has"))
    if not reviewer.strip():
        wrong.append(Refusal("reviewer", "Say who held the review"))
    elif reviewer.strip().lower() in _who_takes_part(body):
        wrong.append(Refusal("reviewer", "A reviewer neither leads the body nor sits on it. Name somebody independent"))
    wrong += [
        Refusal(heading, f"Rate {words.lower()}") for heading, words in HEADINGS.items() if heading not in ratings
    ]
    if any(rating not in RATINGS for rating in ratings.values()) or not set(ratings) <= set(HEADINGS):
        wrong.append(Refusal(None, "Rate the five headings as weak, partly, sound or strong"))
    if next_on <= held_on:
        wrong.append(Refusal("next_on", "The next review comes after this one. Give a later day"))
    return wrong


def _who_takes_part(body: Body) -> set[str]:
    seats = select(Appointment.post_id).where(Appointment.body_id == body.id, Appointment.post_id.is_not(None))
    posts = select(Post.title).where(or_(Post.id.in_(seats), Post.id == body.lead_post_id))
    return {title.lower() for title in db.session.scalars(posts)}
