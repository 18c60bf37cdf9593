"""When a risk champion's training is due: soon after the appointment, and again after the policy's period."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.reviews import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from riskapp.domain.staffing import Span, WithPeople


class CannotAppoint(Cannot):
    """The person is the unit's champion on those days already, is not there, or would appoint themselves."""


class CannotTrain(Cannot):
    """The day of the training is wrong."""


def may_appoint(new: Span, others: Iterable[Span], *, field: str = "email") -> None:
    """Refuse days out of order, and a second appointment of one person to one unit on the same days."""
    if new.to_on is not None and new.to_on < new.from_on:
        raise CannotAppoint(Refusal("to_on", "The last day is before the first. Give a later one"))
    if any(other.meets(new) for other in others):
        raise CannotAppoint(Refusal(field, "They are the champion of this unit on those days already"))


def may_record_training(trained_on: date, on: date) -> None:
    """Refuse a training that has not been held."""
    if trained_on > on:
        raise CannotTrain(Refusal("trained_on", "This day has not come yet. Record the training when it has been held"))


def next_training_on(policy: WithPeople, trained_on: date) -> date | None:
    """Return the day by which somebody trained on a day is trained again; None where the policy sets no period."""
    months = policy.people.refresher_months
    return Interval(months, "months").after(trained_on) if months else None


def training_due_on(policy: WithPeople, appointed_on: date, next_on: date | None) -> date | None:
    """Return the day by which a champion must be trained: anew after the last time, or first after the appointment."""
    if next_on is not None:
        return next_on
    days = policy.people.first_training_days
    return appointed_on + timedelta(days=days) if days else None
