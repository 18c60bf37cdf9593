"""Escalations as people see them: the case, its desks and time left, the lists, the route and its proof."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import networkx as nx
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from riskapp.domain import escalation_route as routes
from riskapp.domain.calendar import moment_words
from riskapp.domain.escalation import TimeLeft, time_left
from riskapp.domain.escalation_states import CaseState, Decision, DeskState
from riskapp.domain.geometry.route_map import LiveCase, Route, RouteEdge, RouteNode
from riskapp.domain.permissions import Actor, Facts, Permission, Relation, Role, may
from riskapp.domain.policy import Policy
from riskapp.domain.publication import Withheld
from riskapp.domain.scoring import Rating
from riskapp.features.classification import queries as classification
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.features.readers import queries as readers
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk, EscalationEvent
from riskapp.models.people import Post, RoleAssignment, Unit

PAGE = 50
UNREADABLE = "A risk whose name you may not read"
Subject = aliased(Entity)
UnitName = aliased(Entity)
Answerer = aliased(Post)
SCORE = EscalationCase.facts["score"].as_integer()
ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "due": (EscalationDesk.due_at.is_(None).asc(), EscalationDesk.due_at.asc(), EscalationCase.id.asc()),
    "-due": (EscalationDesk.due_at.is_(None).asc(), EscalationDesk.due_at.desc(), EscalationCase.id.asc()),
    "score": (SCORE.asc(), EscalationCase.id.asc()),
    "-score": (SCORE.desc(), EscalationCase.id.asc()),
    "raised": (EscalationCase.raised_at.asc(), EscalationCase.id.asc()),
    "-raised": (EscalationCase.raised_at.desc(), EscalationCase.id.asc()),
}


def standing_case(*, subject_id: int) -> EscalationCase | None:
    """The case that stands for a subject: the open one, or the last that was decided and not stood down."""
    standing = (CaseState.OPEN, CaseState.DECIDED)
    return db.session.scalars(
        select(EscalationCase)
        .where(
            EscalationCase.subject_id == subject_id,
            EscalationCase.is_drill.is_(False),
            EscalationCase.state.in_(standing),
        )
        .order_by((EscalationCase.state == CaseState.OPEN).desc(), EscalationCase.id.desc())
        .limit(1)
    ).first()


def live_desk(*, case_id: int) -> EscalationDesk | None:
    """The desk a case stands on."""
    return db.session.scalars(
        select(EscalationDesk).where(EscalationDesk.case_id == case_id, EscalationDesk.state.in_(LIVE_DESKS))
    ).first()


def last_desk(*, case_id: int) -> EscalationDesk | None:
    """The desk a case stands on, or stood on last."""
    return db.session.scalars(
        select(EscalationDesk).where(EscalationDesk.case_id == case_id).order_by(EscalationDesk.id.desc()).limit(1)
    ).first()


def live_desks() -> tuple[EscalationDesk, ...]:
    """Every desk that somebody must act at, the first to run out first."""
    wanted = select(EscalationDesk).where(EscalationDesk.state.in_(LIVE_DESKS))
    return tuple(db.session.scalars(wanted.order_by(EscalationDesk.due_at, EscalationDesk.id)))


def desks_out_of_time(*, at: datetime) -> tuple[EscalationDesk, ...]:
    """Live desks whose time has run out, but for those that another process has in hand."""
    wanted = select(EscalationDesk).where(EscalationDesk.state.in_(LIVE_DESKS), EscalationDesk.due_at <= at)
    in_order = wanted.order_by(EscalationDesk.due_at, EscalationDesk.id)
    return tuple(db.session.scalars(in_order.with_for_update(skip_locked=True, key_share=True)))


def stranded_cases() -> tuple[EscalationCase, ...]:
    """Open cases that are on no desk, since nobody can take them, but for those that another process has in hand."""
    on_a_desk = select(EscalationDesk.case_id).where(EscalationDesk.state.in_(LIVE_DESKS))
    wanted = select(EscalationCase).where(EscalationCase.state == CaseState.OPEN, EscalationCase.id.not_in(on_a_desk))
    return tuple(
        db.session.scalars(wanted.order_by(EscalationCase.id).with_for_update(skip_locked=True, key_share=True))
    )


def has_event(*, case_id: int, deed: str) -> bool:
    """Tell whether a deed is in a case's log."""
    return bool(times_of(case_ids=(case_id,), deed=deed))


def times_of(*, case_ids: Collection[int], deed: str) -> dict[tuple[int, int | None], datetime]:
    """When a deed was last done in the logs of some cases, by case and desk."""
    rows = db.session.execute(
        select(EscalationEvent.case_id, EscalationEvent.desk_id, func.max(EscalationEvent.at))
        .where(EscalationEvent.case_id.in_(case_ids), EscalationEvent.deed == deed)
        .group_by(EscalationEvent.case_id, EscalationEvent.desk_id)
    )
    return {(case_id, desk_id): at for case_id, desk_id, at in rows}


def cases_of(*, desks: Iterable[EscalationDesk]) -> dict[int, EscalationCase]:
    """The cases that stand on some desks, by number."""
    wanted = select(EscalationCase).where(EscalationCase.id.in_({desk.case_id for desk in desks}))
    return {case.id: case for case in db.session.scalars(wanted)}


def post_kinds(*, ids: Collection[int | None]) -> dict[int | None, str]:
    """The kinds of some posts, such as "service_lead"."""
    rows = db.session.execute(select(Post.id, Post.kind).where(Post.id.in_(ids)))
    return {post_id: kind for post_id, kind in rows}  # noqa: C416 - rows are not plain pairs to the type checker


def whereabouts(*, case_id: int) -> str:
    """The post that has a case, in words."""
    desk = live_desk(case_id=case_id)
    title = desk and db.session.scalar(select(Post.title).where(Post.id == desk.post_id))
    return title or "nobody yet: the Head of Assurance looks for a desk"


def route(*, on: date) -> routes.Route:
    """The way up of the whole council on a day, with whoever answers for each post."""
    council = people.organisation(on=on)
    return routes.build_route(policies.in_force(on=on).policy, council.units, council.posts, council.seats)


def heads_of_assurance(*, on: date) -> tuple[int, ...]:
    """Who holds that role on a day."""
    return tuple(
        db.session.scalars(
            select(RoleAssignment.person_id)
            .where(
                RoleAssignment.role == Role.HEAD_OF_ASSURANCE,
                RoleAssignment.from_on <= on,
                or_(RoleAssignment.to_on.is_(None), RoleAssignment.to_on >= on),
            )
            .distinct()
            .order_by(RoleAssignment.person_id)
        )
    )


def those_on_the_routes(*, cases: Collection[EscalationCase], way: routes.Route) -> dict[int, list[tuple[int, int]]]:
    """Give post and person of each case's owner, and of everyone who had the case on the desk."""
    told: dict[int, list[tuple[int, int]]] = {case.id: [] for case in cases}
    for case in cases:
        owner = way.sitters.get(case.owner_post_id) if case.owner_post_id else None
        if owner is not None and case.owner_post_id is not None:
            told[case.id].append((case.owner_post_id, owner.person_id))
    desks = db.session.execute(
        select(EscalationDesk.case_id, EscalationDesk.post_id, EscalationDesk.person_id)
        .where(EscalationDesk.case_id.in_(told), EscalationDesk.person_id.is_not(None))
        .order_by(EscalationDesk.id)
    )
    for case_id, post_id, person_id in desks:
        if person_id is not None:
            told[case_id].append((post_id, person_id))
    return told


@dataclass(frozen=True, slots=True)
class Score:
    """The facts that raised a case, as marks show them."""

    score: int
    rating: Rating
    position: str
    was: int | None

    @property
    def travel(self) -> str:
        if self.was is None:
            return "new"
        return "up" if self.score > self.was else "down" if self.score < self.was else "same"


def _score(facts: Mapping[str, Any]) -> Score | None:
    if "score" not in facts:
        return None
    rating = Rating(facts["rating"], facts["rating_label"], facts["rank"], facts["of"])
    return Score(facts["score"], rating, facts["position"], facts.get("was"))


@dataclass(frozen=True, slots=True)
class Row:
    """A case in a list; `left` is None where it is on no desk."""

    reference: str
    title: str
    subject_reference: str | None
    subject_kind: str | None
    unit: str
    score: Score | None
    state: CaseState
    tier: str | None
    post: str | None
    desk_state: DeskState | None
    raised_at: datetime
    due_at: datetime | None
    left: TimeLeft | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the escalations is asked for; the state is of the case, "open" unless said, "all" for any."""

    state: str = CaseState.OPEN
    tier: str = ""
    unit: str = ""
    text: str = ""
    sort: str = "due"


@readers.kept
def readable(actor: Actor, *, on: date) -> ColumnElement[bool]:
    """The SQL twin of ESCALATION_READ, over a query of cases."""
    is_exempt = classification.is_exempt(EscalationCase.subject_id, on=on)
    is_existence_withheld = classification.is_existence_withheld(EscalationCase.subject_id, on=on)
    twins: dict[Relation, readers.Twin] = {
        **readers.by_unit(EscalationCase.unit_id, is_exempt, is_existence_withheld),
        **readers.by_name(EscalationCase.id, is_existence_withheld),
        Relation.OWNS: lambda actor, _: EscalationCase.owner_post_id.in_(actor.post_ids),
        Relation.ON_ITS_ROUTE: lambda actor, _: EscalationCase.id.in_(
            select(EscalationDesk.case_id).where(EscalationDesk.post_id.in_(actor.post_ids))
        ),
    }
    return readers.limited(Permission.ESCALATION_READ, actor, twins)


def _rows() -> Select[*tuple[Any, ...]]:
    last = (
        select(func.max(EscalationDesk.id))
        .where(EscalationDesk.case_id == EscalationCase.id)
        .correlate(EscalationCase)
        .scalar_subquery()
    )
    return (
        select(EscalationCase, EscalationDesk, Entity.reference, Subject, UnitName.name, Unit.path, Answerer.title)
        .join(Entity, Entity.id == EscalationCase.id)
        .join(Unit, Unit.id == EscalationCase.unit_id)
        .join(UnitName, UnitName.id == EscalationCase.unit_id)
        .outerjoin(Subject, Subject.id == EscalationCase.subject_id)
        .outerjoin(EscalationDesk, EscalationDesk.id == last)
        .outerjoin(Answerer, Answerer.id == EscalationDesk.post_id)
        .where(EscalationCase.is_drill.is_(False))
    )


def _limited(query: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    if wanted.state in set(CaseState):
        query = query.where(EscalationCase.state == wanted.state)
    if wanted.tier:
        query = query.where(EscalationDesk.tier == wanted.tier)
    if wanted.unit:
        paths = select(Unit.path).join(Unit.entity).where(Entity.reference == wanted.unit)
        query = query.where(Unit.path.startswith(db.session.scalar(paths) or "none", autoescape=True))
    if wanted.text:
        query = query.where(
            or_(*(each.icontains(wanted.text, autoescape=True) for each in (Subject.name, Subject.reference)))
        )
    return query


def cases(
    actor: Actor, wanted: Wanted, *, at: datetime, on: date, page: int = 1, size: int = PAGE
) -> tuple[tuple[Row, ...], int]:
    """Give a page of the cases that the actor may read, and how many there are."""
    query = _limited(_rows().where(readable(actor, on=on)), wanted)
    total = db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    order = ORDERS.get(wanted.sort, ORDERS["due"])
    found = db.session.execute(query.order_by(*order).limit(size).offset((page - 1) * size)).all()
    return tuple(_read(found, actor, at=at, on=on)), total


def desks_waiting(actor: Actor, *, at: datetime, on: date) -> tuple[Row, ...]:
    """The cases that wait for the actor, the first to run out first: what My work shows."""
    query = _rows().where(_waits_for(actor))
    return tuple(_read(db.session.execute(query.order_by(*ORDERS["due"])).all(), actor, at=at, on=on))


def waiting_count(actor: Actor) -> int:
    """Count what `desks_waiting` lists."""
    return db.session.scalar(waiting_counted(actor)) or 0


def waiting_counted(actor: Actor) -> Select[int]:
    """Make the count of what waits for the actor part of another query, as the navigation does."""
    return (
        select(func.count(EscalationDesk.id))
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .where(EscalationCase.is_drill.is_(False), _waits_for(actor))
    )


def _waits_for(actor: Actor) -> ColumnElement[bool]:
    """On a desk of the actor's, and about nothing that the actor owns."""
    posts = tuple(actor.post_ids)
    owner = EscalationCase.owner_post_id
    return (
        EscalationDesk.state.in_(LIVE_DESKS)
        & EscalationDesk.post_id.in_(posts)
        & or_(owner.is_(None), owner.not_in(posts))
    )


def case_of(actor: Actor, subject_id: int, *, at: datetime, on: date) -> Row | None:
    """The case that stands for a subject, for the subject's own page; the caller has shown that it may be read."""
    standing = standing_case(subject_id=subject_id)
    if standing is None:
        return None
    return next(_read(db.session.execute(_rows().where(EscalationCase.id == standing.id)).all(), actor, at=at, on=on))


def _read(found: Iterable[Any], actor: Actor, *, at: datetime, on: date) -> Iterator[Row]:
    found = tuple(found)
    policy = policies.in_force(on=on).policy
    hidden = classification.withheld((case.subject_id for case, *_ in found if case.subject_id), on=on)
    labels = {tier.key: tier.label for tier in policy.escalation.tiers}
    stood_at = _desks_of([case.id for case, *_ in found])
    for case, desk, reference, subject, unit, path, post in found:
        live = desk is not None and desk.state in LIVE_DESKS
        facts = _permission_facts(case, stood_at[case.id], path, hidden)
        yield Row(
            reference=reference,
            title=_name(actor, subject, facts),
            subject_reference=subject.reference if subject else None,
            subject_kind=subject.kind if subject else None,
            unit=unit,
            score=_score(case.facts),
            state=CaseState(case.state),
            tier=labels.get(desk.tier, desk.tier) if desk else None,
            post=post,
            desk_state=DeskState(desk.state) if desk else None,
            raised_at=case.raised_at,
            due_at=desk.due_at if live else None,
            left=time_left(policy.calendar, desk.acknowledged_at or desk.arrived_at, desk.due_at, at) if live else None,
        )


def _desks_of(case_ids: list[int]) -> Mapping[int, list[EscalationDesk]]:
    """Every desk that some cases stand or stood on, in order: who had one of them reads it still."""
    desks: dict[int, list[EscalationDesk]] = defaultdict(list)
    wanted = select(EscalationDesk).where(EscalationDesk.case_id.in_(case_ids)).order_by(EscalationDesk.id)
    for desk in db.session.scalars(wanted):
        desks[desk.case_id].append(desk)
    return desks


def _permission_facts(
    case: EscalationCase,
    desks: Iterable[EscalationDesk],
    path: str,
    hidden: Mapping[int, Withheld],
) -> Facts:
    desks = tuple(desks)
    withheld = hidden.get(case.subject_id or 0, classification.NOTHING)
    return Facts(
        entity_id=case.id,
        unit_path=path,
        owner_post_id=case.owner_post_id,
        desk_post_ids=frozenset(desk.post_id for desk in desks),
        live_desk_post_id=next((desk.post_id for desk in desks if desk.state in LIVE_DESKS), None),
        is_open=case.state == CaseState.OPEN,
        exempt_groups=withheld.groups,
        is_existence_withheld=withheld.existence,
    )


def _name(actor: Actor, subject: Entity | None, facts: Facts) -> str:
    if subject is None:
        return "Test"
    may_read = "title" not in facts.exempt_groups or may(actor, Permission.RISK_READ_EXEMPT, facts)
    return subject.name if may_read and may(actor, Permission.RISK_READ, facts) else UNREADABLE


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a case's way, as it is drawn: state is "past", "now" or "next"."""

    title: str
    note: str
    state: str
    is_branch: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a case's log."""

    on: datetime
    words: str
    note: str


@dataclass(frozen=True, slots=True)
class Decided:
    """How a case was decided or returned: the post, what, and in what words."""

    post: str
    words: str
    note: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """All that the page of an escalation shows."""

    id: int
    row: Row
    facts: Facts
    reason: str
    by_hand: bool
    raised_by: str | None
    clause: str
    clause_text: str
    policy_number: str
    skipped: tuple[str, ...]
    steps: tuple[Step, ...]
    log: tuple[Happening, ...]
    above: str | None
    above_hours: int
    decide_hours: int
    own_clause: str
    acknowledged_at: datetime | None
    outcome: Decided | None


DEED_WORDS = {
    "raised": "Raised",
    "arrived": "Came to the desk",
    "stranded": "Nobody on the route could take it; the Head of Assurance was told",
    "joined": "A new score joined it",
    "acknowledged": "Acknowledged",
    "returned": "Returned with advice",
    "passed_on": "Passed on",
    "handed_over": "Handed to whoever answers for the post now",
    "went_past": "Went up, since nobody answers for the post",
    "decided": "Decided",
    "expired": "Moved up, since time ran out",
    "stays_at_the_top": "Time ran out at the top of the route; the Head of Assurance was told",
    "withdrawn": "Withdrawn",
    "stood_down": "Stood down",
}


def case(actor: Actor, reference: str, *, at: datetime, on: date) -> CaseView | None:
    """Give a case by its reference, None if there is none; the door checks the facts before it shows anything."""
    found = db.session.execute(_rows().where(Entity.reference == reference)).first()
    if found is None:
        return None
    case, desk, *_, path, _title = found
    desks = tuple(
        db.session.scalars(select(EscalationDesk).where(EscalationDesk.case_id == case.id).order_by(EscalationDesk.id))
    )
    in_force = policies.in_force(on=on)
    stored = policies.of_version(case.policy_version_id)
    ways = route(on=on)
    live = desk if desk is not None and desk.state in LIVE_DESKS else None
    above = live and routes.next_desk(
        ways, in_force.policy, case.unit_id, case.owner_post_id, live.tier, leaving_person_id=live.person_id
    )
    log = _log(case.id)
    row = next(_read((found,), actor, at=at, on=on))
    hidden = classification.withheld((case.subject_id,) if case.subject_id else (), on=on)
    clause = stored.policy.clauses.get(live.clause if live else case.clause)
    return CaseView(
        id=case.id,
        row=row,
        facts=_permission_facts(case, desks, path, hidden),
        reason=case.reason,
        by_hand=bool(case.facts.get("by_hand")),
        raised_by=db.session.scalar(select(Post.title).where(Post.id == case.raised_by_post_id)),
        clause=clause.ref if clause else case.clause,
        clause_text=clause.text if clause else "",
        policy_number=stored.number,
        skipped=tuple(live.skipped) if live else (),
        steps=tuple(_steps(case, row, desks, ways, in_force.policy, actor)),
        log=log,
        above=ways.posts[above.post_id].title if above else None,
        above_hours=above.hours if above else 0,
        decide_hours=in_force.policy.escalation.tier(live.tier).decide_hours if live else 0,
        own_clause=in_force.policy.escalation.moving_up_clause.ref,
        acknowledged_at=live.acknowledged_at if live else None,
        outcome=_outcome(row, desk, log),
    )


def _log(case_id: int) -> tuple[Happening, ...]:
    """What happened, newest first."""
    rows = db.session.execute(
        select(EscalationEvent.at, EscalationEvent.deed, EscalationEvent.note, Post.title)
        .outerjoin(Post, Post.id == EscalationEvent.post_id)
        .where(EscalationEvent.case_id == case_id)
        .order_by(EscalationEvent.at.desc(), EscalationEvent.id.desc())
    )
    return tuple(
        Happening(at, DEED_WORDS.get(deed, deed) + (f" by {title}" if title else ""), note)
        for at, deed, note, title in rows
    )


def _outcome(row: Row, desk: EscalationDesk | None, log: Iterable[Happening]) -> Decided | None:
    if row.state is CaseState.OPEN or desk is None:
        return None
    words = Decision(desk.decision).label if desk.decision else row.state.label
    wanted = DEED_WORDS["decided"] if desk.decision else DEED_WORDS.get(row.state, "")
    note = next((each.note for each in log if each.words.startswith(wanted)), "")
    return Decided(row.post or "", words, note)


def _steps(
    case: EscalationCase,
    row: Row,
    desks: Iterable[EscalationDesk],
    ways: routes.Route,
    policy: Policy,
    actor: Actor,
) -> Iterator[Step]:
    """Where it began, each desk it stood on, and the desks above that it may still reach."""
    yield Step(row.unit, f"Raised at {moment_words(case.raised_at)}", "past")
    rank = -1
    for desk in desks:
        keys = [tier.key for tier in policy.escalation.tiers]
        rank = keys.index(desk.tier) if desk.tier in keys else rank
        live = desk.state in LIVE_DESKS
        title = ways.posts[desk.post_id].title if desk.post_id in ways.posts else "A post that is closed"
        you = "You: " if live and desk.post_id in actor.post_ids else ""
        yield Step(f"{you}{title}", _desk_words(desk), "now" if live else "past")
    if row.state is CaseState.OPEN:
        yield from _ahead(case, rank, ways, policy)


def _ahead(case: EscalationCase, rank: int, ways: routes.Route, policy: Policy) -> Iterator[Step]:
    is_first = True
    for step in routes.path_to_top(ways, policy, case.unit_id)[rank + 1 :]:
        if step.post_id is None or step.title is None:
            continue
        if step.sitter is None:
            yield Step(step.title, "Vacant or away: it would go past", "next")
        else:
            yield Step(step.title, "Only if it is passed on, or time runs out" if is_first else "", "next")
            is_first = False


def _desk_words(desk: EscalationDesk) -> str:
    arrived = f"Arrived at {moment_words(desk.arrived_at)}"
    if desk.capacity in {"deputy", "acting"}:
        arrived += f", {'to its deputy' if desk.capacity == 'deputy' else 'to whoever acts'}"
    ended = {
        DeskState.PASSED_ON: "Passed on",
        DeskState.EXPIRED: "Not answered in time",
        DeskState.RETURNED: "Returned it",
        DeskState.ACCEPTED: "Decided",
        DeskState.WITHDRAWN: "Ended",
    }.get(DeskState(desk.state))
    if ended and desk.left_at:
        return f"{ended} at {moment_words(desk.left_at)}"
    return f"Acknowledged at {moment_words(desk.acknowledged_at)}" if desk.acknowledged_at else arrived


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether every team's risks reach the top: what is broken, and what is passed over on the way."""

    teams: int
    faults: tuple[str, ...]
    warnings: tuple[str, ...]


def proof(*, on: date) -> Proof:
    """Prove the route of a day: it has no circle, and every team reaches the top with somebody at each end of it."""
    policy, ways = policies.in_force(on=on).policy, route(on=on)
    teams = [unit for unit in people.organisation(on=on).units if unit.kind == "team"]
    faults = [] if nx.is_directed_acyclic_graph(ways.graph) else ["A route comes back to where it started."]
    warnings = set()
    top = policy.escalation.tiers[-1]
    for team in teams:
        steps = routes.path_to_top(ways, policy, team.id)
        if steps[-1].sitter is None:
            where = (
                f"{steps[-1].title} is vacant or away, with no deputy" if steps[-1].title else "there is no such post"
            )
            faults.append(f"{team.name} does not reach the {top.label}: {where}.")
        if not any(step.sitter for step in steps[:-1]):
            faults.append(f"{team.name} has nobody on its route below the {top.label}.")
        warnings |= {
            f"{step.title} is vacant or away, with no deputy: what comes there goes past it."
            for step in steps[:-1]
            if step.title and step.sitter is None
        }
    return Proof(len(teams), tuple(faults), tuple(sorted(warnings)))


def units_to_choose() -> tuple[tuple[str, str], ...]:
    """Reference and name of the council, its directorates and its services, in the order of the tree."""
    rows = db.session.execute(
        select(Entity.reference, Entity.name)
        .join(Unit, Unit.id == Entity.id)
        .where(Unit.kind != "team", Unit.closed_on.is_(None))
        .order_by(Unit.path)
    )
    return tuple((reference, name) for reference, name in rows)


@dataclass(frozen=True, slots=True)
class RouteMap:
    """The route of a part of the council: its name and reference, the facts of the drawing, and how many teams."""

    reference: str
    name: str
    facts: Route
    teams: int


def route_map(actor: Actor, reference: str, *, at: datetime, on: date) -> RouteMap | None:
    """Lay out the way up from each team of a unit; without a reference, of the first directorate. None if unknown."""
    wanted = select(Unit.path, Entity.reference, Entity.name).join(Unit.entity)
    chosen = Entity.reference == reference if reference else Unit.kind == "directorate"
    found = db.session.execute(wanted.where(chosen).order_by(Unit.path).limit(1)).first()
    if found is None:
        return None
    under = select(Unit.id).where(Unit.kind == "team", Unit.path.startswith(found.path, autoescape=True))
    teams = tuple(db.session.scalars(under.order_by(Unit.path)))
    policy, ways = policies.in_force(on=on).policy, route(on=on)
    waiting = _waiting_at(actor, at=at, on=on)
    return RouteMap(found.reference, found.name, _drawn(teams, ways, policy, waiting), len(teams))


def _waiting_at(actor: Actor, *, at: datetime, on: date) -> dict[int, list[tuple[int, LiveCase]]]:
    """The live cases that the actor may read, by post, each with the unit it came from."""
    query = _rows().where(readable(actor, on=on), EscalationDesk.state.in_(LIVE_DESKS)).order_by(*ORDERS["due"])
    found = db.session.execute(query).all()
    waiting: dict[int, list[tuple[int, LiveCase]]] = {}
    for (case, desk, *_), row in zip(found, _read(found, actor, at=at, on=on), strict=True):
        if row.score and row.left:
            note = row.left.words if desk.acknowledged_at is None else f"decides by {row.left.until:%-d %b}"
            slot = f"band-{1 + round(4 * (row.score.rating.rank - 1) / max(row.score.rating.of - 1, 1))}"
            shown = LiveCase(row.subject_reference or row.reference, note, row.score.score, slot)
            waiting.setdefault(desk.post_id, []).append((case.unit_id, shown))
    return waiting


def _drawn(
    teams: Iterable[int],
    ways: routes.Route,
    policy: Policy,
    waiting: Mapping[int, list[tuple[int, LiveCase]]],
) -> Route:
    tiers = policy.escalation.tiers
    nodes: dict[str, RouteNode] = {}
    edges: dict[tuple[str, str], bool] = {}
    for team in teams:
        line = ways.lines[team]
        manager = line[0]
        cases = tuple(case for _, case in waiting.get(manager or 0, ()))
        empty = manager is None or ways.sitters[manager] is None
        nodes[f"t{team}"] = RouteNode(
            f"t{team}",
            ways.unit_names[team],
            0,
            "manager vacant" if empty else "",
            "vacant" if empty else "plain",
            cases,
        )
        reached = max(
            (rank for rank, post in enumerate(line) for unit, _ in waiting.get(post or 0, ()) if unit == team),
            default=0,
        )
        before = f"t{team}"
        for rank, post_id in enumerate(line[1:], start=1):
            if post_id is None:
                continue
            key = f"p{post_id}"
            nodes[key] = _post_node(key, post_id, rank, ways, waiting)
            edges[before, key] = edges.get((before, key), False) or rank <= reached
            before = key
    columns = tuple(
        (("Team" if rank == 0 else tier.label), _condition(policy, rank)) for rank, tier in enumerate(tiers)
    )
    return Route(columns, tuple(nodes.values()), tuple(RouteEdge(a, b, live) for (a, b), live in edges.items()))


def _post_node(
    key: str,
    post_id: int,
    rank: int,
    ways: routes.Route,
    waiting: Mapping[int, list[tuple[int, LiveCase]]],
) -> RouteNode:
    who = ways.sitters[post_id]
    note = "vacant or away" if who is None else "" if who.capacity == "holder" else f"{who.capacity} answers"
    cases = tuple(case for _, case in waiting.get(post_id, ()))
    return RouteNode(key, ways.posts[post_id].title, rank, note, "vacant" if who is None else "plain", cases)


def _condition(policy: Policy, rank: int) -> str:
    """From which score a tier is reached, and how long it has."""
    tier = policy.escalation.tiers[rank]
    score = next((rule.score for rule in policy.escalation.rules if rule.tier == tier.key and rule.score), None)
    days = tier.acknowledge_hours / policy.calendar.hours_a_day
    time = f"{days:g} day{'' if days == 1 else 's'}"
    return f"{score} and above, {time}" if score else time
