"""The life of an escalation: a case with one live desk, and what may be done at a desk."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from riskapp.domain.refusal import Cannot, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping


class CannotMoveDesk(Cannot):
    """The desk's state does not allow this deed."""


class CannotAcknowledge(CannotMoveDesk):
    """The escalation no longer waits to be acknowledged at this desk."""


class CannotMoveCase(Cannot):
    """The case's state does not allow this deed."""


class DeskState(StrEnum):
    """Where one desk of an escalation stands; a live one can still be acted upon."""

    RAISED = "raised"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    PASSED_ON = "passed_on"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        return self.replace("_", " ").capitalize()

    @property
    def is_live(self) -> bool:
        return self in {DeskState.RAISED, DeskState.NOTIFIED, DeskState.ACKNOWLEDGED}


class DeskDeed(StrEnum):
    """What happens at a desk: the clock notifies and expires, the rest is done by people."""

    NOTIFY = "notify"
    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    RETURN = "return"
    PASS_ON = "pass_on"  # noqa: S105 -- a deed, no password
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


class Decision(StrEnum):
    """What whoever accepts an escalation decides."""

    TAKE_ON = "take_on"
    SUPPORT = "support"
    RESOURCES = "resources"
    INSTRUCT = "instruct"

    @property
    def label(self) -> str:
        return {
            Decision.TAKE_ON: "Take it on",
            Decision.SUPPORT: "Support the plan as it is",
            Decision.RESOURCES: "Give money or people",
            Decision.INSTRUCT: "Instruct",
        }[self]

    @property
    def moves_ownership(self) -> bool:
        """Only taking it on changes who owns the risk."""
        return self is Decision.TAKE_ON


class CaseState(StrEnum):
    """Where the whole escalation stands; it is open as long as one desk is live."""

    OPEN = "open"
    DECIDED = "decided"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    STOOD_DOWN = "stood_down"

    @property
    def label(self) -> str:
        return self.replace("_", " ").capitalize()


class CaseDeed(StrEnum):
    """What ends a case: a decision, a return, a withdrawal; a decided one stands down as the score falls."""

    DECIDE = "decide"
    RETURN = "return"
    WITHDRAW = "withdraw"
    STAND_DOWN = "stand_down"


WAITING = (DeskState.RAISED, DeskState.NOTIFIED)
LIVE = (*WAITING, DeskState.ACKNOWLEDGED)

TRANSITIONS: Mapping[tuple[DeskState, DeskDeed], DeskState] = MappingProxyType(
    {
        (DeskState.RAISED, DeskDeed.NOTIFY): DeskState.NOTIFIED,
        (DeskState.ACKNOWLEDGED, DeskDeed.ACCEPT): DeskState.ACCEPTED,
    }
    | {(state, DeskDeed.ACKNOWLEDGE): DeskState.ACKNOWLEDGED for state in WAITING}
    | {(state, DeskDeed.RETURN): DeskState.RETURNED for state in LIVE}
    | {(state, DeskDeed.PASS_ON): DeskState.PASSED_ON for state in LIVE}
    | {(state, DeskDeed.WITHDRAW): DeskState.WITHDRAWN for state in LIVE}
    | {(state, DeskDeed.EXPIRE): DeskState.EXPIRED for state in LIVE}
)

CASE_TRANSITIONS: Mapping[tuple[CaseState, CaseDeed], CaseState] = MappingProxyType({
    (CaseState.OPEN, CaseDeed.DECIDE): CaseState.DECIDED,
    (CaseState.OPEN, CaseDeed.RETURN): CaseState.RETURNED,
    (CaseState.OPEN, CaseDeed.WITHDRAW): CaseState.WITHDRAWN,
    (CaseState.DECIDED, CaseDeed.STAND_DOWN): CaseState.STOOD_DOWN,
})  # fmt: skip


def move(state: DeskState, deed: DeskDeed) -> DeskState:
    """Return the state of a desk after a deed; CannotAcknowledge or CannotMoveDesk if it is not allowed."""
    after = TRANSITIONS.get((state, deed))
    if after is not None:
        return after
    refused = CannotAcknowledge if deed is DeskDeed.ACKNOWLEDGE else CannotMoveDesk
    raise refused(Refusal(None, _no(state, deed)))


def move_case(state: CaseState, deed: CaseDeed) -> CaseState:
    """Return the state of a case after a deed; CannotMoveCase if it is not allowed."""
    after = CASE_TRANSITIONS.get((state, deed))
    if after is None:
        message = f"You cannot {deed.replace('_', ' ')}: this escalation is {state.label.lower()}."
        raise CannotMoveCase(Refusal(None, message))
    return after


def _no(state: DeskState, deed: DeskDeed) -> str:
    if deed is DeskDeed.ACCEPT and state.is_live:
        return "Acknowledge the escalation first, then decide."
    happened = {
        DeskState.RAISED: "has not been sent",
        DeskState.NOTIFIED: "has been sent already",
        DeskState.ACKNOWLEDGED: "has been acknowledged already",
        DeskState.ACCEPTED: "has been decided",
        DeskState.RETURNED: "has been returned",
        DeskState.PASSED_ON: "has been passed on",
        DeskState.WITHDRAWN: "has been withdrawn",
        DeskState.EXPIRED: "was not answered in time and has moved up",
    }[state]
    return f"This escalation {happened}. Nothing was changed."
