"""Who may read a risk: the SQL twin of the table of permissions, and the facts that `may()` asks of one risk."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache, wraps
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from riskapp.domain.audit import Event
from riskapp.domain.exemption import withheld_words
from riskapp.domain.permissions import PERMISSIONS, Actor, Clearance, Condition, Facts, Permission, Relation
from riskapp.domain.publication import EXEMPT, PARTS, exempt_parts
from riskapp.features.classification import queries as classification
from riskapp.models.actions import Action
from riskapp.models.audit import AuditEntry, AuditPayload
from riskapp.models.database import db, read
from riskapp.models.entity import Classification, Entity, Link
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk
from riskapp.models.people import Unit
from riskapp.models.risks import Risk, RiskDuty
from riskapp.models.tolerances import LIVE, Tolerance

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


Twin = Callable[[Actor, Condition], ColumnElement[bool]]


def limited(permission: Permission, actor: Actor, twins: Mapping[Relation, Twin]) -> ColumnElement[bool]:
    """Write the lines of a permission as SQL, condition by condition: what a list may hold for an actor."""
    lines = (_all_of(*(twins[each.relation](actor, each) for each in line)) for line in PERMISSIONS[permission])
    return _any_of(*lines)


def _any_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Join conditions with "or", and fold what is known before the query: whoever reads all is asked nothing."""
    if any(condition is true() for condition in conditions):
        return true()
    return or_(false(), *(condition for condition in conditions if condition is not false()))


def _all_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Join conditions with "and", folded like `_any_of`."""
    if any(condition is false() for condition in conditions):
        return false()
    unknown = [condition for condition in conditions if condition is not true()]
    return and_(*unknown) if unknown else true()


def by_unit(
    unit_id: SQLColumnExpression[Any], is_exempt: ColumnElement[bool], is_existence_withheld: ColumnElement[bool]
) -> Mapping[Relation, Twin]:
    """Give the twins of the conditions on roles, clearance and what is withheld, for things that belong to a unit."""

    def over(actor: Actor, condition: Condition, least: Clearance) -> ColumnElement[bool]:
        grants = [each for each in actor.grants if each.role in condition.roles and each.reads_up_to >= least]
        if any(each.is_council_wide for each in grants):
            return true()
        return unit_id.in_(units_below(*(each.unit_path for each in grants))) if grants else false()

    def reads(actor: Actor, condition: Condition) -> ColumnElement[bool]:
        anything = over(actor, condition, Clearance.EXISTENCE_WITHHELD)
        return _any_of(anything, _all_of(over(actor, condition, Clearance.ORDINARY), ~is_existence_withheld))

    def cleared(actor: Actor, condition: Condition) -> ColumnElement[bool]:
        anything = over(actor, condition, Clearance.EXISTENCE_WITHHELD)
        return _any_of(anything, _all_of(over(actor, condition, Clearance.EXEMPT), ~is_existence_withheld))

    return {
        Relation.IN_UNIT: lambda actor, condition: over(actor, condition, Clearance.ORDINARY),
        Relation.READS_UNIT: reads,
        Relation.CLEARED_IN_UNIT: cleared,
        Relation.EXISTENCE_TOLD: lambda _actor, _condition: ~is_existence_withheld,
        Relation.NOT_EXEMPT: lambda _actor, _condition: ~is_exempt,
    }


def by_name(entity_id: SQLColumnExpression[Any], is_existence_withheld: ColumnElement[bool]) -> Mapping[Relation, Twin]:
    """Give the twins of the conditions on things opened to somebody by name."""

    def opened(actor: Actor, least: Clearance) -> ColumnElement[bool]:
        ids = [each for each, clearance in actor.named.items() if clearance >= least]
        return entity_id.in_(sorted(ids)) if ids else false()

    def with_clearance(least: Clearance) -> Twin:
        return lambda actor, _condition: _any_of(
            opened(actor, Clearance.EXISTENCE_WITHHELD), _all_of(opened(actor, least), ~is_existence_withheld)
        )

    return {
        Relation.NAMED: with_clearance(Clearance.ORDINARY),
        Relation.NAMED_CLEARED: with_clearance(Clearance.EXEMPT),
    }


def _twins(on: date) -> Mapping[Relation, Twin]:
    hidden = is_existence_withheld(on=on)
    return {
        **by_unit(Risk.unit_id, is_exempt(on=on), hidden),
        **by_name(Risk.id, hidden),
        Relation.OWNS: lambda actor, _: Risk.owner_post_id.in_(actor.post_ids) if actor.post_ids else false(),
        Relation.DRAFTED: lambda actor, _: Risk.drafted_by_post_id.in_(actor.post_ids) if actor.post_ids else false(),
        Relation.TAKES_PART: lambda actor, _: _takes_part(actor) if actor.post_ids else false(),
        Relation.ON_ITS_ROUTE: lambda actor, _: _on_its_route(actor) if actor.post_ids else false(),
        Relation.OPEN: lambda _actor, _condition: Risk.status == "open",
        Relation.COUNCIL_WIDE: lambda actor, condition: true() if condition.holds(actor, Facts()) else false(),
    }


@kept
def readable(actor: Actor, *, on: date) -> ColumnElement[bool]:
    """Limit a query over `Risk` to what the actor may read; a property test proves it equal to `may()`."""
    return limited(Permission.RISK_READ, actor, _twins(on))


@kept
def reads_exempt(actor: Actor, *, on: date) -> ColumnElement[bool]:
    """Tell of which risks the actor may read what is exempt in them: the twin of `Permission.RISK_READ_EXEMPT`."""
    return limited(Permission.RISK_READ_EXEMPT, actor, _twins(on))


@kept
def reads_all(actor: Actor, *, on: date) -> ColumnElement[bool]:
    """Limit a query over `Risk` to those of which nothing is withheld from the actor."""
    return and_(readable(actor, on=on), or_(~is_exempt(on=on), reads_exempt(actor, on=on)))


@kept
def may_do(actor: Actor, permission: Permission, *, on: date) -> ColumnElement[bool]:
    """Tell to which risks the actor may do a deed: the twin of a permission on one risk."""
    return limited(permission, actor, _twins(on))


@dataclass(frozen=True, slots=True)
class Projection:
    """The columns of risks as one actor may see them: NULL in place of each that is in a group withheld from them.

    What selects, searches, filters, sorts or counts uses `shown`, so that what is withheld moves nothing. For who reads
    all that is exempt, `things` is None: nothing is joined, and each column is itself.
    """

    things: Subquery | None
    cleared: ColumnElement[bool]

    def joined(self, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """Join what is withheld to a query that has `Risk`."""
        if self.things is None:
            return query
        return query.outerjoin(self.things, self.things.c.entity_id == Risk.id)

    def shown(self, group: str, column: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
        """Give a column of a group of fields, or NULL where the group is withheld from the actor."""
        if self.things is None:
            return column
        return case((self.things.c[group].is_(None), column), (self.cleared, column))

    def shows(self, group: str) -> ColumnElement[bool]:
        """Tell whether the actor sees a group of fields."""
        return true() if self.things is None else or_(self.things.c[group].is_(None), self.cleared)

    def shows_all(self) -> ColumnElement[bool]:
        """Tell whether nothing is withheld from the actor."""
        return true() if self.things is None else or_(self.things.c.entity_id.is_(None), self.cleared)

    def why(self, group: str) -> ColumnElement[Any]:
        """Tell why a group is withheld from the actor, as `exemption.withheld_words` takes it; NULL where it is not."""
        if self.things is None:
            return null()
        return case((self.cleared, null()), else_=self.things.c[group])

    def whys(self) -> tuple[ColumnElement[Any], ...]:
        """Tell of each group, in the order of `GROUPS`, why it is withheld from the actor."""
        return tuple(self.why(group).label(f"why_{group}") for group in GROUPS)


GROUPS = tuple(sorted(PARTS))
NOTHING_WITHHELD: Mapping[str, str] = MappingProxyType({})


def told(words: str | None, why: str | None) -> str:
    """Give words of a group as the projection shows them, or in their place why they are withheld."""
    return withheld_words(why) if why is not None else words or ""


def projection(actor: Actor, *, on: date) -> Projection:
    """Say which columns of which risks an actor sees on a day."""
    cleared = reads_exempt(actor, on=on)
    return Projection(None if cleared is true() else classification.withheld_things(on=on), cleared)


def withheld_from(whys: Sequence[str | None]) -> Mapping[str, str]:
    """Read what `Projection.whys` selected: each group that is withheld from the actor, and why in words."""
    if not any(why is not None for why in whys):
        return NOTHING_WITHHELD
    return {group: withheld_words(why) for group, why in zip(GROUPS, whys, strict=True) if why is not None}


def exempt_shown(actor: Actor, references: Iterable[str], *, on: date) -> Mapping[int, frozenset[str]]:
    """Map those of some risks, by reference, of which the actor reads exempt groups to these groups; one query.

    What is exempt is little, so it is read whole: a file of ten thousand rows asks no more than a page does.
    """
    rows = db.session.execute(_exempt_things(actor, on))
    asked = set(references)
    return {
        risk_id: frozenset(group for group, why in zip(GROUPS, whys, strict=True) if why is not None)
        for reference, risk_id, *whys in rows
        if reference in asked
    }


@kept
def _exempt_things(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    things = classification.withheld_things(on=on)
    return (
        select(Entity.reference, Risk.id, *(things.c[group] for group in GROUPS))
        .select_from(things)
        .join(Risk, Risk.id == things.c.entity_id)
        .join(Entity, Entity.id == Risk.id)
        .where(reads_exempt(actor, on=on))
    )


LINKING = (Event.LINK_ADDED, Event.LINK_ENDED)


@kept
def tells_of_links(actor: Actor, *, on: date) -> ColumnElement[bool]:
    """Limit a query over `AuditEntry` to what may be told of links: none with a risk that the actor reads in part.

    Both ends of a link keep an entry. That there is one, its words and why it ended may tell of the other end, which
    is judged by what of it was ever exempt.
    """
    made = aliased(Classification)
    was_exempt = exists().where(made.entity_id == Risk.id, made.level.in_(sorted(EXEMPT)))
    whole = _all_of(readable(actor, on=on), _any_of(~was_exempt, reads_exempt(actor, on=on)))
    if whole is true():
        return true()
    said = aliased(AuditPayload)
    other = func.coalesce(*(said.content[part]["linked_id"].as_integer() for part in ("after", "before")))
    closed = exists().where(Risk.id == other, ~whole)
    return or_(AuditEntry.event.not_in(LINKING), exists().where(said.entry_id == AuditEntry.id, ~closed))


def units_below(*paths: str) -> Select[int]:
    """Select the ids of the units of one or more sub-trees."""
    inside = or_(*(Unit.path.startswith(path, autoescape=True) for path in paths))
    return select(Unit.id).where(inside)


def is_exempt(*, on: date) -> ColumnElement[bool]:
    """Tell whether anything of a risk is exempt, or its existence withheld, on a day."""
    return classification.is_exempt(Risk.id, on=on)


def is_existence_withheld(*, on: date) -> ColumnElement[bool]:
    """Tell whether the existence of a risk is withheld on a day."""
    return classification.is_existence_withheld(Risk.id, on=on)


def _reads_by_it(duty: type[RiskDuty]) -> tuple[ColumnElement[bool], ...]:
    """Which parts in a risk let somebody read it: a champion reads by the role over the unit, and not by the part."""
    return duty.duty != "champion", duty.to_on.is_(None)


def _takes_part(actor: Actor) -> ColumnElement[bool]:
    # Aliases of its own: a list that joins links or actions itself would else be taken for the ones meant here.
    link, action = aliased(Link), aliased(Action)
    mine = or_(action.owner_post_id.in_(actor.post_ids), action.accountable_post_id.in_(actor.post_ids))
    duty = aliased(RiskDuty)
    return or_(
        exists().where(link.to_id == Risk.id, link.kind == "treats", action.id == link.from_id, mine),
        exists().where(duty.risk_id == Risk.id, duty.post_id.in_(actor.post_ids), *_reads_by_it(duty)),
    )


def _on_its_route(actor: Actor) -> ColumnElement[bool]:
    case, desk, tolerance = aliased(EscalationCase), aliased(EscalationDesk), aliased(Tolerance)
    escalated = exists().where(
        case.subject_id == Risk.id,
        case.is_drill.is_(False),
        desk.case_id == case.id,
        desk.post_id.in_(actor.post_ids),
    )
    asked = exists().where(tolerance.risk_id == Risk.id, tolerance.asked_of_post_id.in_(actor.post_ids))
    return or_(escalated, asked)


_RISK_ID, _ON = bindparam("risk_id", type_=Integer), bindparam("on", type_=Date)
_NONE: ColumnElement[int] = literal_column("0")
_NO_WORD: ColumnElement[str] = literal_column("''")
_FACTS = union_all(
    select(literal_column("'risk'"), Risk.owner_post_id, Risk.drafted_by_post_id, Risk.status, Unit.path)
    .join(Unit, Unit.id == Risk.unit_id)
    .where(Risk.id == _RISK_ID),
    select(literal_column("'action'"), Action.owner_post_id, Action.accountable_post_id, _NO_WORD, _NO_WORD)
    .join(Link, Link.from_id == Action.id)
    .where(Link.to_id == _RISK_ID, Link.kind == "treats"),
    select(literal_column("'duty'"), RiskDuty.post_id, RiskDuty.post_id, _NO_WORD, _NO_WORD).where(
        RiskDuty.risk_id == _RISK_ID, *_reads_by_it(RiskDuty)
    ),
    select(literal_column("'desk'"), EscalationDesk.post_id, EscalationDesk.id, EscalationDesk.state, _NO_WORD)
    .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
    .where(EscalationCase.subject_id == _RISK_ID, EscalationCase.is_drill.is_(False)),
    select(literal_column("'asked'"), Tolerance.asked_of_post_id, Tolerance.id, Tolerance.state, _NO_WORD).where(
        Tolerance.risk_id == _RISK_ID
    ),
    classification.withheld_groups(_RISK_ID, literal_column("'withheld'"), _NONE, _NONE, on=_ON),
)


def facts(*, risk_id: int, on: date) -> Facts:
    """Gather what the permissions ask of one risk, in one query."""
    lines = read(_FACTS, {"risk_id": risk_id, "on": on}).all()
    risk = next(line for line in lines if line[0] == "risk")
    others = [line for line in lines if line[0] in {"action", "duty"}]
    desks = sorted((number, post, state) for what, post, number, state, _ in lines if what == "desk")
    asked = [(post, state) for what, post, _, state, _ in lines if what == "asked"]
    withheld = {group: level for what, _, _, level, group in lines if what == "withheld"}
    return Facts(
        entity_id=risk_id,
        unit_path=risk[4],
        owner_post_id=risk[1],
        drafted_by_post_id=risk[2],
        other_post_ids=frozenset(post for _, owner, accountable, *_ in others for post in (owner, accountable)),
        desk_post_ids=frozenset((*(post for _, post, _ in desks), *(post for post, _ in asked))),
        live_desk_post_id=next((post for _, post, state in reversed(desks) if state in LIVE_DESKS), None),
        asked_post_ids=frozenset(post for post, state in asked if state in LIVE),
        is_open=risk[3] == "open",
        exempt_groups=exempt_parts(withheld),
        is_existence_withheld=classification.EXISTENCE in withheld.values(),
    )
