"""Actions of a risk management action plan: their life, their promised dates and who may move them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.calendar import WithCalendar, add_working_days
from riskapp.domain.refusal import Cannot, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from riskapp.domain.toml_reader import Clause, Table


class CannotMoveAction(Cannot):
    """The action's status does not allow this deed."""


class CannotPromise(Cannot):
    """A first due date is not acceptable."""


class CannotMoveDueDate(Cannot):
    """A due date may not be moved so."""


class CannotVerify(Cannot):
    """Whoever owns an action does not confirm that it is done."""


class Status(StrEnum):
    """Where an action stands."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    VERIFIED = "verified"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return self.replace("_", " ").capitalize()

    @property
    def is_open(self) -> bool:
        """Tell whether the action can still be late: neither complete, verified nor cancelled."""
        return self in {Status.PROPOSED, Status.AGREED, Status.IN_PROGRESS}


class Deed(StrEnum):
    """What can be done to an action."""

    AGREE = "agree"
    START = "start"
    COMPLETE = "complete"
    VERIFY = "verify"
    SEND_BACK = "send_back"
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[Status, Deed], Status] = MappingProxyType({
    (Status.PROPOSED, Deed.AGREE): Status.AGREED,
    (Status.PROPOSED, Deed.CANCEL): Status.CANCELLED,
    (Status.AGREED, Deed.START): Status.IN_PROGRESS,
    (Status.AGREED, Deed.COMPLETE): Status.COMPLETE,
    (Status.AGREED, Deed.CANCEL): Status.CANCELLED,
    (Status.IN_PROGRESS, Deed.COMPLETE): Status.COMPLETE,
    (Status.IN_PROGRESS, Deed.CANCEL): Status.CANCELLED,
    (Status.COMPLETE, Deed.VERIFY): Status.VERIFIED,
    (Status.COMPLETE, Deed.SEND_BACK): Status.IN_PROGRESS,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ActionRules:
    """How often a date may move before somebody must agree, and how soon a bad risk needs an action."""

    due_clause: Clause
    moves_without_approval: int
    moves_clause: Clause
    verify_clause: Clause
    urgency_clause: Clause
    plan_ratings: tuple[str, ...]
    plan_working_days: int
    plan_clause: Clause


@dataclass(frozen=True, slots=True)
class Slippage:
    """How far an action's date has slipped, and the sentence for it.

    ``days_after_first`` is from the first promise to the last (negative when brought forward);
    ``days_past_first`` is how long the first promise has been broken on the day asked about, at least 0.
    """

    times_moved: int
    days_after_first: int
    days_past_first: int
    words: str


class WithActions(WithCalendar, Protocol):
    """The part of a policy that a rule on actions reads."""

    @property
    def actions(self) -> ActionRules: ...


def move(status: Status, deed: Deed) -> Status:
    """Return the status after a deed; a deed that the status does not allow is CannotMoveAction."""
    after = TRANSITIONS.get((status, deed))
    if after is None:
        verb = deed.replace("_", " ")
        message = f"You cannot {verb} an action that is {status.label.lower()}."
        raise CannotMoveAction(Refusal(None, message))
    return after


def deeds_of(status: Status) -> tuple[Deed, ...]:
    """Return what can be done to an action of this status."""
    return tuple(deed for deed in Deed if (status, deed) in TRANSITIONS)


def slippage(promises: Sequence[date], on: date) -> Slippage:
    """Say how an action's promised dates, in the order they were made, have slipped by a day.

    An action has at least one promise: none is a ValueError.
    """
    if not promises:
        raise ValueError("an action has promised at least one date")
    moved, days = len(promises) - 1, (promises[-1] - promises[0]).days
    past = max((on - promises[0]).days, 0)
    words = f"{ordinal(len(promises))} date"
    if moved:
        words += f", {_distance(days)} the first promise"
    return Slippage(moved, days, past, words)


def days_late(due: date, status: Status, on: date) -> int:
    """Count the days by which an open action is past its date; nought if in time or no longer open."""
    return max((on - due).days, 0) if status.is_open else 0


def urgency(score: int, late: int) -> int:
    """Rank an overdue action: the risk's score times the days late (policy, order of overdue actions)."""
    return score * late


def may_promise(due: date, on: date) -> None:
    """Refuse a first due date that has already passed."""
    if due < on:
        raise CannotPromise(Refusal("due_on", "The due date has passed. Give today or a later day."))


def needs_approval(policy: WithActions, promises: Sequence[date]) -> bool:
    """Tell whether one more move of the date is beyond what the owner may do alone."""
    return len(promises) > policy.actions.moves_without_approval


def may_move(
    policy: WithActions, promises: Sequence[date], to: date, *, reason: str, is_approved: bool, on: date
) -> None:
    """Refuse a new due date that has passed, is no change, lacks a reason or needs an approval.

    Fields are "due_on", "reason" and "approved_by". Source: the policy's clause on moving a date.
    """
    refusals = []
    if to < on:
        refusals.append(Refusal("due_on", "The new date has passed. Give today or a later day."))
    elif to == promises[-1]:
        refusals.append(Refusal("due_on", "This is the date it has now. Give another."))
    if not reason.strip():
        refusals.append(Refusal("reason", "Say why the date moves. The reason stays on the record."))
    if needs_approval(policy, promises) and not is_approved:
        clause = policy.actions.moves_clause
        times = f"The date has moved {_times(len(promises) - 1)}."
        message = f"{times} The accountable person must agree to another move (policy {clause.ref})."
        refusals.append(Refusal("approved_by", message))
    if refusals:
        raise CannotMoveDueDate(*refusals)


def may_verify(owner_person_id: int | None, by_person_id: int) -> None:
    """Refuse to let the owner confirm their own action as done."""
    if owner_person_id == by_person_id:
        message = "You own this action. Someone else confirms that it is done."
        raise CannotVerify(Refusal(None, message))


def plan_due_on(policy: WithActions, rating_key: str, on: date) -> date | None:
    """Return the working day by which a risk of this band needs an action in date; None if it needs none."""
    if rating_key not in policy.actions.plan_ratings:
        return None
    return add_working_days(policy.calendar, on, policy.actions.plan_working_days)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    teens = number % 100 in {11, 12, 13}
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _distance(days: int) -> str:
    if days == 0:
        return "the same day as"
    unit = "day" if abs(days) == 1 else "days"
    return f"{abs(days)} {unit} {'after' if days > 0 else 'before'}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def parse(document: Table) -> ActionRules:
    """Read actions.toml; faults go to the document's notes."""
    due, moves, verify, order, plan = (
        document.table(key) for key in ("due_date", "moving_a_date", "verifying", "order", "plan")
    )
    rules = ActionRules(
        due_clause=due.clause(),
        moves_without_approval=moves.integer("moves_without_approval", at_most=20),
        moves_clause=moves.clause(),
        verify_clause=verify.clause(),
        urgency_clause=order.clause(),
        plan_ratings=plan.texts("ratings"),
        plan_working_days=plan.integer("working_days", at_least=1),
        plan_clause=plan.clause(),
    )
    for table in (due, moves, verify, order, plan):
        table.done()
    return rules
