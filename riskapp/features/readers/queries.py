"""Who may read a risk: the SQL twin of `Permission.RISK_READ`, and the facts that `may()` asks of one risk."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    bindparam,
    case,
    exists,
    false,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from riskapp.domain.permissions import COUNCIL_READERS, Actor, Facts, Role
from riskapp.models.actions import Action
from riskapp.models.database import db
from riskapp.models.entity import Classification, Link
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.people import Unit
from riskapp.models.risks import Risk

CLOSED_TO_COMMITTEE = ("exempt", "withheld")
KEPT = 400
Asked = ParamSpec("Asked")
Built = TypeVar("Built")


def kept(build: Callable[Concatenate[Actor, Asked], Built]) -> Callable[Concatenate[Actor, Asked], Built]:
    """Keep the statements that a pure function builds for an actor, since building SQL costs more than running it.

    No row is kept: a statement is, under all that the actor is at this moment, so that another role is another
    statement from the next request on.
    """
    built = lru_cache(maxsize=KEPT)(build)

    @wraps(build)
    def find(actor: Actor, /, *asked: Asked.args, **more: Asked.kwargs) -> Built:
        return built(replace(actor, request_id=None), *asked, **more)  # type: ignore[arg-type] # all is hashable

    return find


def readable(actor: Actor, *, on: date) -> ColumnElement[bool]:
    """Limit a query over `Risk` to what the actor may read; a property test proves it equal to `may()`."""
    if actor.has_role(*COUNCIL_READERS):
        return true()
    lines = []
    if actor.post_ids:
        lines += [_owns(actor), _takes_part(actor) & ~is_exempt(on=on), _on_its_route(actor)]
    if paths := [grant.unit_path for grant in actor.grants if grant.role in {Role.CHAMPION, Role.MANAGER}]:
        lines.append(Risk.unit_id.in_(units_below(*paths)))
    if actor.has_role(Role.COMMITTEE):
        lines.append((Risk.status == "open") & ~is_exempt(on=on))
    return or_(*lines) if lines else false()


def units_below(*paths: str) -> Select[int]:
    """Select the ids of the units of one or more sub-trees."""
    inside = or_(*(Unit.path.startswith(path, autoescape=True) for path in paths))
    return select(Unit.id).where(inside)


def is_exempt(*, on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Tell whether any field group of a risk is exempt or withheld by its latest classification on a day."""
    later = aliased(Classification)
    overruled = exists().where(
        later.entity_id == Classification.entity_id,
        later.field_group == Classification.field_group,
        later.from_on > Classification.from_on,
        later.from_on <= on,
    )
    return exists().where(
        Classification.entity_id == Risk.id,
        Classification.level.in_(CLOSED_TO_COMMITTEE),
        Classification.from_on <= on,
        ~overruled,
    )


def _owns(actor: Actor) -> ColumnElement[bool]:
    return Risk.owner_post_id.in_(actor.post_ids)


def _takes_part(actor: Actor) -> ColumnElement[bool]:
    # Aliases of its own: a list that joins links or actions itself would else be taken for the ones meant here.
    link, action = aliased(Link), aliased(Action)
    mine = or_(action.owner_post_id.in_(actor.post_ids), action.accountable_post_id.in_(actor.post_ids))
    return exists().where(link.to_id == Risk.id, link.kind == "treats", action.id == link.from_id, mine)


def _on_its_route(actor: Actor) -> ColumnElement[bool]:
    case, desk = aliased(EscalationCase), aliased(EscalationDesk)
    return exists().where(
        case.subject_id == Risk.id,
        case.is_drill.is_(False),
        desk.case_id == case.id,
        desk.post_id.in_(actor.post_ids),
    )


_RISK_ID, _ON = bindparam("risk_id", type_=Integer), bindparam("on", type_=Date)
_NONE: ColumnElement[int] = literal_column("0")
_NO_WORD: ColumnElement[str] = literal_column("''")
_FACTS = union_all(
    select(
        literal_column("'risk'"),
        Risk.owner_post_id,
        _NONE,
        Risk.status,
        Unit.path,
        case((is_exempt(on=_ON), 1), else_=0),
    )
    .join(Unit, Unit.id == Risk.unit_id)
    .where(Risk.id == _RISK_ID),
    select(literal_column("'action'"), Action.owner_post_id, Action.accountable_post_id, _NO_WORD, _NO_WORD, _NONE)
    .join(Link, Link.from_id == Action.id)
    .where(Link.to_id == _RISK_ID, Link.kind == "treats"),
    select(literal_column("'desk'"), EscalationDesk.post_id, EscalationDesk.id, EscalationDesk.state, _NO_WORD, _NONE)
    .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
    .where(EscalationCase.subject_id == _RISK_ID, EscalationCase.is_drill.is_(False)),
)


def facts(*, risk_id: int, on: date) -> Facts:
    """Gather what the permissions ask of one risk, in one query."""
    lines = db.session.execute(_FACTS, {"risk_id": risk_id, "on": on}).all()
    risk = next(line for line in lines if line[0] == "risk")
    others = [line for line in lines if line[0] == "action"]
    desks = sorted((number, post, state) for what, post, number, state, *_ in lines if what == "desk")
    return Facts(
        unit_path=risk[4],
        owner_post_id=risk[1],
        other_post_ids=frozenset(post for _, owner, accountable, *_ in others for post in (owner, accountable)),
        desk_post_ids=frozenset(post for _, post, _ in desks),
        live_desk_post_id=next((post for _, post, state in reversed(desks) if state in LIVE_DESKS), None),
        is_open=risk[3] == "open",
        is_exempt=bool(risk[5]),
    )
