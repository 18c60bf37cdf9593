"""Keep the record of reading: who was shown what is exempt, in what post, where and when."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor
from riskapp.domain.publication import PARTS
from riskapp.features.audit import service as audit
from riskapp.features.readers import queries
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.exemption import ExemptRead


class Outlet(StrEnum):
    """Where exempt words come out."""

    RISK = "Risk page"
    QUALITY = "Risks to ask about"
    QUALITY_FILE = "Risks to ask about as a file"
    REGISTER = "Register"
    REGISTER_FILE = "Register as a file"
    ACTION = "Action page"
    ACTIONS = "List of actions"
    ACTIONS_FILE = "Actions as a file"
    ESCALATION = "Escalation page"
    ESCALATIONS = "List of escalations"
    ESCALATIONS_FILE = "Escalations as a file"
    PACK = "Part 2 of a pack"
    DESK = "Desk of exemptions"
    DESK_FILE = "Desk of exemptions as a file"
    DECISION = "Decision on an exemption"
    MARK = "Mark as perhaps exempt"
    NEW_ACTION = "New action"
    WORK = "My work"
    SIMILAR = "Similar and linked risks"
    MANY = "Many risks at once"
    NETWORK = "Network of risks"
    NETWORK_FILE = "Network of risks as a file"
    PLAN = "Improvement plan"
    BODY = "Page of a body"
    BODIES = "List of bodies"
    BODIES_FILE = "Bodies as a file"
    TRAIL = "Audit trail"
    TRAIL_FILE = "Audit trail as a file"
    ENTRY = "Entry of the audit trail"
    TIME_LINE = "Time line of a record"
    CHALLENGES = "Challenges to a risk"
    CHALLENGE_LIST = "List of challenges"
    CHALLENGES_FILE = "Challenges as a file"
    TOLERANCES = "Tolerances of a risk"
    TOLERANCE_LIST = "List of tolerances"
    TOLERANCES_FILE = "Tolerances as a file"
    TREATMENT = "Treatment of a risk"


def record_reading(references: Iterable[str | None], *, outlet: Outlet, by: Actor, at: datetime, on: date) -> int:
    """Record which of some risks an outlet has just shown with exempt groups to a reader; give their number."""
    asked = [reference for reference in references if reference]
    shown = queries.exempt_shown(by, asked, on=on) if asked else {}
    fresh = shown.keys() - _recorded(outlet, by) if shown else ()
    for risk_id in sorted(fresh):
        _keep(risk_id, shown[risk_id], outlet, by, at)
    if fresh:
        _put_on_the_trail(fresh, frozenset().union(*(shown[each] for each in fresh)), outlet, by, at)
    return len(fresh)


def _put_on_the_trail(
    risk_ids: Collection[int], groups: Collection[str], outlet: Outlet, by: Actor, at: datetime
) -> None:
    """Say the same in one entry of the audit trail, which nobody can take out unseen."""
    names = select(Entity.reference).where(Entity.id.in_(risk_ids)).order_by(Entity.reference)
    after = {"where": outlet, "records": list(db.session.scalars(names)), "parts": sorted(groups)}
    only = next(iter(risk_ids)) if len(risk_ids) == 1 else None
    audit.record(Event.EXEMPT_SHOWN, by=by, at=at, subject_id=only, after=after)


def _recorded(outlet: Outlet, by: Actor) -> set[int]:
    """What this request has recorded already: a form that was refused is shown once more by the same request."""
    if by.request_id is None:
        return set()
    told = select(ExemptRead.thing_id).where(ExemptRead.request_id == by.request_id, ExemptRead.outlet == outlet)
    return set(db.session.scalars(told))


def record_handing_out(pack_id: int, *, by: Actor, at: datetime) -> None:
    """Record that Part 2 of a pack was handed out: all that is in it was."""
    _keep(pack_id, PARTS, Outlet.PACK, by, at)


def _keep(thing_id: int, groups: Iterable[str], outlet: Outlet, by: Actor, at: datetime) -> None:
    db.session.add(
        ExemptRead(
            at=at,
            person_id=by.person_id,
            post_id=by.post.post_id if by.post else None,
            thing_id=thing_id,
            field_groups=sorted(groups),
            outlet=outlet,
            door=by.door,
            request_id=by.request_id,
        )
    )
