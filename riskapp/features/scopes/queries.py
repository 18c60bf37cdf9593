"""Which risks stand on a register: by their home, their owner, an escalation, the plan, or an external body."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, or_, select

from riskapp.domain.escalation_states import CaseState, DeskState
from riskapp.features.readers import queries as readers
from riskapp.features.readers.queries import Projection
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.people import Post, Unit
from riskapp.models.risks import Risk

LEVELS = ("council", "directorate", "service", "team")
"""Kinds of unit, each of which has registers of its own; that of the council itself is the corporate one."""
PROGRAMME, BODY = "programme", "body"
OF_A_PROGRAMME = ("priority", "workstream")
STANDING_DESKS = (*LIVE_DESKS, DeskState.ACCEPTED.value)
STANDING_CASES = (CaseState.OPEN.value, CaseState.DECIDED.value)


@dataclass(frozen=True, slots=True)
class Scope:
    """A register: of one kind of unit or of one unit, of the plan or one item, of bodies or one; no kind is the whole.

    `with_all_below` holds the units below that unit too.
    """

    kind: str = ""
    unit_id: int | None = None
    unit_path: str = ""
    with_all_below: bool = False
    item_id: int | None = None
    body_id: int | None = None


WHOLE = Scope()


def is_on(scope: Scope, seen: Projection) -> list[ColumnElement[bool]]:
    """Tell which risks stand on a register, as one reader may know it: nothing for the whole council's."""
    if scope.kind in LEVELS:
        below = [Risk.unit_id.in_(readers.units_below(scope.unit_path))] if scope.with_all_below else []
        return [or_(*below, *_at(_units(scope), seen))]
    if scope.kind == PROGRAMME:
        return [Risk.id.in_(select(Link.from_id).where(Link.kind == "threatens", Link.to_id.in_(_items(scope))))]
    if scope.kind == BODY:
        concerns = select(Link.from_id).join(Entity, Entity.id == Link.to_id)
        which = Entity.kind == "body" if scope.body_id is None else Link.to_id == scope.body_id
        return [Risk.id.in_(concerns.where(Link.kind == "concerns", which).correlate(None))]
    return []


def _units(scope: Scope) -> Select[int]:
    chosen = Unit.kind == scope.kind if scope.unit_id is None else Unit.id == scope.unit_id
    return select(Unit.id).where(chosen).correlate(None)


def _at(units: Select[int], seen: Projection) -> tuple[ColumnElement[bool], ...]:
    """The home of the risk or of its owner's post is there, or a post there has it by escalation or decided it.

    That it came there tells of its score: to whom that is withheld, it did not.
    """
    posts = select(Post.id).where(Post.unit_id.in_(units)).correlate(None)
    came_up = (
        select(EscalationCase.subject_id)
        .join(EscalationDesk, EscalationDesk.case_id == EscalationCase.id)
        .where(
            EscalationCase.is_drill.is_(False),
            EscalationCase.state.in_(STANDING_CASES),
            EscalationDesk.state.in_(STANDING_DESKS),
            EscalationDesk.post_id.in_(posts),
        )
        .correlate(None)
    )
    return (
        Risk.unit_id.in_(units),
        Risk.owner_post_id.in_(posts),
        and_(seen.shows("assessment"), Risk.id.in_(came_up)),
    )


def _items(scope: Scope) -> Select[int]:
    """The items of the plan that a programme's register is about: one with what belongs to it, or all of the kinds."""
    if scope.item_id is None:
        return select(Entity.id).where(Entity.kind.in_(OF_A_PROGRAMME)).correlate(None)
    parts = select(Link.from_id).where(Link.to_id == scope.item_id, Link.kind == "belongs_to")
    return parts.union_all(select(Entity.id).where(Entity.id == scope.item_id))  # type: ignore[return-value] # it selects ids too
