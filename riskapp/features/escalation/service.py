"""What happens to an escalation: it is raised, joined, answered, passed up, moved up by time, or ended.

A case has one live desk until it ends. Where nobody on the route can take it, it stays open without a desk, the
Head of Assurance is told at once, and the clock looks for a desk again at every turn.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import insert, select, update

from riskapp.domain import escalation_route as routes
from riskapp.domain.appetite import Position
from riskapp.domain.audit import Event
from riskapp.domain.calendar import local_day, moment_words
from riskapp.domain.escalation import Trigger, acknowledge_by, decide_by, half_time, tiers_reached
from riskapp.domain.escalation_route import CannotEscalate, Desk
from riskapp.domain.escalation_states import (
    CannotMoveDesk,
    CaseDeed,
    CaseState,
    Decision,
    DeskDeed,
    DeskState,
    move,
    move_case,
)
from riskapp.domain.permissions import Actor
from riskapp.domain.policy import Policy
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.toml_reader import Clause
from riskapp.features.audit import service as audit
from riskapp.features.escalation import queries
from riskapp.features.policy import queries as policies
from riskapp.features.policy.queries import InForce
from riskapp.features.reminders import queries as outbox
from riskapp.features.reminders import service as reminders
from riskapp.features.reminders.service import Notice
from riskapp.models.database import db
from riskapp.models.entity import Entity, new_entity
from riskapp.models.escalation import EscalationCase, EscalationDesk, EscalationEvent
from riskapp.models.people import Post

STRANDED = "stranded"
AT_THE_TOP = "stays_at_the_top"


class CannotRaise(Cannot):
    """There is no reason, or the subject is on somebody's desk already."""


class CannotAnswer(Cannot):
    """The escalation is not on a desk of the actor's, the actor owns the risk, or something needed was not said."""


class CannotPassOn(Cannot):
    """There is no reason, or nobody above."""


class CannotWithdraw(Cannot):
    """There is no reason."""


class MoveOwnership(Protocol):
    """Gives a subject to the post that took it on."""

    def __call__(self, subject_id: int, *, to_post_id: int, why: str, by: Actor, at: datetime, on: date) -> None: ...


OWNERSHIP_MOVES: dict[str, MoveOwnership] = {}
"""How a kind of entity changes its owner. Escalation knows entities and not what they are: the feature that keeps a
kind ("risk") registers its own function here when it is imported. A kind without one cannot be taken on."""


def consider(
    subject_id: int,
    *,
    unit_id: int,
    owner_post_id: int | None,
    facts: Trigger,
    by: Actor,
    at: datetime,
    on: date,
    anew: str = "",
) -> None:
    """Raise, join or stand down the escalation of a subject, as the policy says of its facts.

    A second trigger joins the live case, and lifts it where its tier is higher. What was decided stands until the
    facts reach a higher tier, which raises it anew, or none, which stands it down; `anew` says why it stands no more.
    """
    policy = policies.in_force(on=on)
    reached = tiers_reached(policy.policy, facts)
    case = queries.standing_case(subject_id=subject_id)
    if case is not None and not reached:
        if not case.facts.get("by_hand"):
            _end(case, _reaches_nobody(facts), by=by, at=at)
    elif case is not None and case.state == CaseState.OPEN:
        _join(case, facts, policy, owner_post_id, by=by, at=at, on=on)
    elif reached and (
        case is None or anew or _rank(policy.policy, reached[-1].tier) > _rank_decided(policy.policy, case)
    ):
        if case is not None:
            _end(case, anew or "A higher score raised it anew.", by=by, at=at)
        _raise(subject_id, unit_id, owner_post_id, facts, policy, by=by, at=at, on=on)


def _reaches_nobody(facts: Trigger) -> str:
    if facts.is_tolerated:
        return f"Its position is tolerated, and its score of {facts.score} reaches no tier of the policy."
    return f"Its score of {facts.score} no longer reaches any tier of the policy."


def _rank(policy: Policy, tier: str) -> int:
    """The place of a tier; one that the policy no longer has stands below all."""
    keys = [each.key for each in policy.escalation.tiers]
    return keys.index(tier) if tier in keys else -1


def _rank_decided(policy: Policy, case: EscalationCase) -> int:
    desk = queries.last_desk(case_id=case.id)
    return _rank(policy, desk.tier) if desk else -1


def _facts(facts: Trigger) -> dict[str, object]:
    return {
        "score": facts.score,
        "rating": facts.rating.key,
        "rating_label": facts.rating.label,
        "rank": facts.rating.rank,
        "of": facts.rating.of,
        "position": facts.position.key,
        "category": facts.category,
        "is_tolerated": facts.is_tolerated,
    }


def _raise(
    subject_id: int,
    unit_id: int,
    owner_post_id: int | None,
    facts: Trigger,
    policy: InForce,
    *,
    by: Actor,
    at: datetime,
    on: date,
) -> EscalationCase:
    decision = tiers_reached(policy.policy, facts)[-1]
    case = _open(subject_id, unit_id, owner_post_id, decision.why, decision.clause, _facts(facts), policy, by=by, at=at)
    _send((case,), at=at, on=on)
    return case


def _open(
    subject_id: int,
    unit_id: int,
    owner_post_id: int | None,
    reason: str,
    clause: Clause,
    facts: dict[str, object],
    policy: InForce,
    *,
    by: Actor,
    at: datetime,
) -> EscalationCase:
    subject = db.session.get_one(Entity, subject_id)
    entity = new_entity(db.session(), "escalation", subject.name)
    sitting = by.sitting(owner_post_id) or by.post
    case = EscalationCase(
        id=entity.id,
        subject_id=subject_id,
        unit_id=unit_id,
        owner_post_id=owner_post_id,
        state=CaseState.OPEN,
        raised_at=at,
        raised_by_post_id=sitting.post_id if sitting else None,
        raised_by_id=by.person_id,
        reason=reason,
        clause=clause.ref,
        facts=facts,
        policy_version_id=policy.version_id,
    )
    db.session.add(case)
    db.session.flush()
    _log(case, "raised", reason, by=by, at=at)
    audit.record(
        Event.ESCALATION_RAISED,
        by=by,
        at=at,
        subject_id=case.id,
        after={"subject": subject.reference, "clause": clause.ref, **facts},
        why=reason,
    )
    return case


def _send(cases: Collection[EscalationCase], *, at: datetime, on: date) -> list[EscalationDesk]:
    """Put cases on their desks; what nobody can take stays open and the Head of Assurance is told."""
    policy, route = policies.in_force(on=on).policy, queries.route(on=on)
    kinds = queries.post_kinds(ids={case.owner_post_id for case in cases})
    landing, stranded = [], []
    for case in cases:
        try:
            desk = _first_desk(case, route, policy, kinds)
        except CannotEscalate as no:
            stranded.append((case, str(no)))
        else:
            landing += [(case, desk)] if desk else []
    _strand(stranded, at=at, on=on)
    return _land(landing, at=at, on=on)


def _first_desk(
    case: EscalationCase, route: routes.Route, policy: Policy, kinds: Mapping[int | None, str]
) -> Desk | None:
    """The desk that the facts of the case lead to; raised by hand, the first above its owner."""
    if not case.facts.get("by_hand"):
        facts = Trigger(
            score=case.facts["score"],
            rating=policy.scoring.rating(case.facts["rating"]),
            position=Position.of(case.facts["position"]),
            category=case.facts["category"],
            is_tolerated=case.facts.get("is_tolerated", False),
        )
        return routes.first_desk(route, policy, case.unit_id, case.owner_post_id, facts)
    start = _tier_of(kinds.get(case.owner_post_id), policy)
    found = routes.next_desk(
        route, policy, case.unit_id, case.owner_post_id, start, leaving_person_id=case.raised_by_id
    )
    if found is None:
        raise CannotEscalate(Refusal(None, "Nobody on the escalation route can take this."))
    return found


def _strand(stranded: Collection[tuple[EscalationCase, str]], *, at: datetime, on: date) -> None:
    if not stranded:
        return
    known = {case_id for case_id, _ in queries.times_of(case_ids=[case.id for case, _ in stranded], deed=STRANDED)}
    _log_all(_event(case, STRANDED, words, by=None, at=at) for case, words in stranded if case.id not in known)
    clause = policies.in_force(on=on).policy.escalation.absence_clause
    heading = "Nobody can take an escalation"
    _tell_assurance([(case, STRANDED, words) for case, words in stranded], heading, clause, at=at, on=on)


def _land(landing: Collection[tuple[EscalationCase, Desk]], *, at: datetime, on: date) -> list[EscalationDesk]:
    """Give each case its desk, and tell whoever answers there."""
    rows = _seat(landing, at=at, on=on)
    _tell_of_arrival(landing, rows, (), at=at, on=on)
    return rows


def _seat(landing: Collection[tuple[EscalationCase, Desk]], *, at: datetime, on: date) -> list[EscalationDesk]:
    """Give each case its desk, in the order of the cases."""
    if not landing:
        return []
    policy = policies.in_force(on=on).policy
    rows = [
        {
            "case_id": case.id,
            "tier": desk.tier,
            "clause": desk.clause.ref,
            "post_id": desk.post_id,
            "person_id": desk.person_id,
            "capacity": desk.capacity,
            "skipped": [skip.reason for skip in desk.skipped],
            "state": DeskState.RAISED,
            "arrived_at": at,
            "due_at": acknowledge_by(policy, desk.tier, at),
        }
        for case, desk in landing
    ]
    made = {row.case_id: row for row in db.session.scalars(insert(EscalationDesk).returning(EscalationDesk), rows)}
    titles = outbox.post_titles(ids={row.post_id for row in made.values()})
    seated = [made[case.id] for case, _ in landing]
    _log_all(
        (
            _event(case, "arrived", " ".join((f"{titles[row.post_id]}.", *row.skipped)), by=None, at=at, desk=row)
            for (case, _), row in zip(landing, seated, strict=True)
        )
    )
    return seated


def _tell_of_arrival(
    landing: Collection[tuple[EscalationCase, Desk]],
    rows: Collection[EscalationDesk],
    others: Iterable[Notice],
    *,
    at: datetime,
    on: date,
) -> None:
    """Tell whoever answers at each desk, which notes who was told; and in the same breath some others."""
    arrivals = [
        Notice(
            reminders.once_for("escalation_raised", row.id),
            subject_id=case.id,
            post_id=desk.post_id,
            person_id=desk.person_id,
            due_on=on,
            heading="A risk has come to you",
            words=f"{_why(case, desk)} Acknowledge it by {moment_words(row.due_at)}.",
            clause=desk.clause,
        )
        for (case, desk), row in zip(landing, rows, strict=True)
    ]
    told = reminders.tell((*arrivals, *others), on=on, at=at)
    _move_all([row for row, message in zip(rows, told, strict=False) if message], DeskDeed.NOTIFY)


def _why(case: EscalationCase, desk: Desk) -> str:
    """Why it came, for a mail: the policy's sentence, never a person's own words, which may say too much."""
    return desk.why if desk.skipped or not case.facts.get("by_hand") else "Somebody asks for your answer."


def _join(
    case: EscalationCase,
    facts: Trigger,
    policy: InForce,
    owner_post_id: int | None,
    *,
    by: Actor,
    at: datetime,
    on: date,
) -> None:
    """A second trigger joins the live case; where it reaches a higher tier than the desk's, the case moves up."""
    before = case.facts.get("score")
    desk = queries.live_desk(case_id=case.id)
    case.owner_post_id = owner_post_id
    if before == facts.score and desk is not None:
        return
    case.facts = {**case.facts, **_facts(facts), "was": before, "by_hand": False}
    decision = tiers_reached(policy.policy, facts)[-1]
    words = f"Scored again: {facts.score}, {facts.rating.label}, was {before}."
    _log(case, "joined", words, by=by, at=at, desk=desk)
    audit.record(
        Event.ESCALATION_RAISED,
        by=by,
        at=at,
        subject_id=case.id,
        before={"score": before},
        after={"score": facts.score, "tier": decision.tier},
        why=words,
    )
    if desk is None or _rank(policy.policy, decision.tier) > _rank(policy.policy, desk.tier):
        case.reason, case.clause, case.policy_version_id = decision.why, decision.clause.ref, policy.version_id
        if desk is not None:
            _leave(desk, DeskDeed.PASS_ON, at=at)
            rule = reminders.once_for("escalation_passed_on", desk.id)
            _tell_the_route(case, rule, "A higher score took an escalation up", words, by=by, at=at, on=on)
        _send((case,), at=at, on=on)


def stand_down(subject_id: int, *, why: str, by: Actor, at: datetime) -> None:
    """End the standing escalation of a subject, if it has one; those on its route are told why."""
    case = queries.standing_case(subject_id=subject_id)
    if case is not None:
        _end(case, why, by=by, at=at)


def _end(case: EscalationCase, why: str, *, by: Actor, at: datetime) -> None:
    """Withdraw a live case, or stand down a decided one."""
    on, before = local_day(at), case.state
    desk = queries.live_desk(case_id=case.id)
    if desk is not None:
        _leave(desk, DeskDeed.WITHDRAW, at=at)
    live = case.state == CaseState.OPEN
    case.state = move_case(CaseState(case.state), CaseDeed.WITHDRAW if live else CaseDeed.STAND_DOWN)
    case.ended_at = case.ended_at or at
    _log(case, case.state, why, by=by, at=at, desk=desk)
    audit.record(
        Event.ESCALATION_WITHDRAWN,
        by=by,
        at=at,
        subject_id=case.id,
        before={"state": before},
        after={"state": case.state},
        why=why,
    )
    _tell_the_route(case, case.state, "An escalation has ended", "Read why on its page.", by=by, at=at, on=on)


def raise_by_hand(
    subject_id: int,
    *,
    unit_id: int,
    owner_post_id: int | None,
    facts: Trigger,
    reason: str,
    by: Actor,
    at: datetime,
    on: date,
) -> EscalationCase:
    """Escalate by a person's judgement: at least one tier above the owner, or above the lowest tier (policy 6.6).

    Refused without a reason, and where the subject is on a desk already, which is named.
    """
    if not reason.strip():
        raise CannotRaise(Refusal("reason", "Say why it must go up. Whoever gets it reads this first"))
    standing = queries.standing_case(subject_id=subject_id)
    if standing is not None and standing.state == CaseState.OPEN:
        with_whom = queries.whereabouts(case_id=standing.id)
        raise CannotRaise(Refusal(None, f"It is escalated already, and is with {with_whom}. Nothing was changed"))
    policy = policies.in_force(on=on)
    if standing is not None:
        _end(standing, "It was raised anew by hand.", by=by, at=at)
    clause = policy.policy.escalation.moving_up_clause
    known = {**_facts(facts), "by_hand": True}
    case = _open(subject_id, unit_id, owner_post_id, reason.strip(), clause, known, policy, by=by, at=at)
    _send((case,), at=at, on=on)
    return case


def _tier_of(kind: str | None, policy: Policy) -> str:
    """The tier a kind of post stands on; the lowest for one that is none of the route's."""
    tiers = policy.escalation.tiers
    return next((tier.key for tier in tiers if tier.post_kind == kind), tiers[0].key)


def acknowledge(case_id: int, *, by: Actor, at: datetime, on: date) -> None:
    """Say that one has it: from now the time to decide runs."""
    case, desk = _at_my_desk(case_id, by)
    policy = policies.in_force(on=on).policy
    _move(desk, DeskDeed.ACKNOWLEDGE, acknowledged_at=at, due_at=decide_by(policy, desk.tier, at))
    _log(case, "acknowledged", "", by=by, at=at, desk=desk)
    _record(Event.ESCALATION_ACKNOWLEDGED, case, desk, "", by=by, at=at)
    words = f"{_title(desk)} has it, and decides by {moment_words(desk.due_at)}."
    _tell_the_route(
        case,
        reminders.once_for("escalation_acknowledged", desk.id),
        "An escalation was acknowledged",
        words,
        by=by,
        at=at,
        on=on,
    )


def return_with_advice(case_id: int, *, advice: str, by: Actor, at: datetime, on: date) -> None:
    """Send it back to its owner with advice, which ends the case."""
    _need(advice, "advice", "Write what the owner must change")
    case, desk = _at_my_desk(case_id, by)
    _leave(desk, DeskDeed.RETURN, at=at)
    _close(case, CaseDeed.RETURN, at=at)
    _log(case, "returned", advice.strip(), by=by, at=at, desk=desk)
    _record(Event.ESCALATION_RETURNED, case, desk, advice.strip(), by=by, at=at)
    words = f"{_title(desk)} returned it with advice. Read the advice on its page."
    _tell_the_route(case, "escalation_returned", "An escalation came back", words, by=by, at=at, on=on)


def pass_on(case_id: int, *, why: str, by: Actor, at: datetime, on: date) -> None:
    """Give it to the next desk up with a reason; refused at the top of the route."""
    _need(why, "why", "Say why it is beyond you")
    case, desk = _at_my_desk(case_id, by)
    policy = policies.in_force(on=on).policy
    above = _above(case, desk, policy, queries.route(on=on))
    if above is None:
        message = "This is the top of the route, so it cannot be passed on. Decide it, or return it with advice"
        raise CannotPassOn(Refusal(None, message))
    _leave(desk, DeskDeed.PASS_ON, at=at)
    _log(case, "passed_on", why.strip(), by=by, at=at, desk=desk)
    _record(Event.ESCALATION_PASSED_ON, case, desk, why.strip(), by=by, at=at)
    (row,) = _land([(case, above)], at=at, on=on)
    words = f"{_title(desk)} passed it on to {_title(row)}."
    rule = reminders.once_for("escalation_passed_on", desk.id)
    _tell_the_route(case, rule, "An escalation went up", words, by=by, at=at, on=on, but=(row.person_id,))


def accept(case_id: int, *, decision: Decision, note: str, by: Actor, at: datetime, on: date) -> None:
    """Decide what was acknowledged; only taking it on changes the owner of the subject (policy 6.9)."""
    _need(note, "note", "Say what you decide, in words that the owner can act on")
    case, desk = _at_my_desk(case_id, by)
    _move(desk, DeskDeed.ACCEPT, decision=decision, left_at=at)
    _close(case, CaseDeed.DECIDE, at=at)
    _log(case, "decided", note.strip(), by=by, at=at, desk=desk)
    _record(Event.ESCALATION_ACCEPTED, case, desk, note.strip(), by=by, at=at, decision=decision)
    if decision.moves_ownership:
        _take_on(case, desk, note.strip(), by=by, at=at, on=on)
    words = f"{_title(desk)} decided: {decision.label.lower()}. Read the decision on its page."
    _tell_the_route(case, "escalation_decided", "An escalation was decided", words, by=by, at=at, on=on)


def _take_on(case: EscalationCase, desk: EscalationDesk, why: str, *, by: Actor, at: datetime, on: date) -> None:
    subject = db.session.get(Entity, case.subject_id) if case.subject_id else None
    give = OWNERSHIP_MOVES.get(subject.kind) if subject else None
    if subject is None or give is None:
        raise CannotAnswer(Refusal("decision", "This cannot change its owner. Choose another decision"))
    give(subject.id, to_post_id=desk.post_id, why=why, by=by, at=at, on=on)
    case.owner_post_id = desk.post_id


def withdraw(case_id: int, *, why: str, by: Actor, at: datetime, on: date) -> None:
    """Take an open case off the route with a reason, which those on it are told."""
    del on
    if not why.strip():
        raise CannotWithdraw(Refusal("why", "Say why it is withdrawn. The reason stays on the record"))
    case = db.session.get_one(EscalationCase, case_id)
    if case.state != CaseState.OPEN:
        move_case(CaseState(case.state), CaseDeed.WITHDRAW)
    _end(case, why.strip(), by=by, at=at)


def expire(desks: Iterable[EscalationDesk], *, by: Actor, at: datetime, on: date) -> int:
    """Move up what was not answered in time (policy 6.6); at the top it stays and the Head of Assurance is told.

    Gives to how many something happened: what is told already is not told again.
    """
    late = [desk for desk in desks if desk.due_at <= at]
    if not late:
        return 0
    policy, route, cases = policies.in_force(on=on).policy, queries.route(on=on), queries.cases_of(desks=late)
    titles = outbox.post_titles(ids={desk.post_id for desk in late})
    ref = policy.escalation.moving_up_clause.ref
    up, top = {}, []
    for desk in late:
        case = cases[desk.case_id]
        deed = "acknowledged" if desk.acknowledged_at is None else "decided"
        words = f"Not {deed} in time by {titles[desk.post_id]} (policy {ref})."
        above = _above(case, desk, policy, route)
        if above is None:
            top.append((case, desk, words))
        else:
            up[desk.id] = _Late(case, desk, words, above)
    left = _move_all([each.desk for each in up.values()], DeskDeed.EXPIRE, left_at=at)
    _go_up([up[desk.id] for desk in left], route, by=by, at=at, on=on)
    return len(left) + _stay_at_the_top(top, at=at, on=on)


@dataclass(frozen=True, slots=True)
class _Late:
    """A case that leaves a desk where time ran out, and the desk above."""

    case: EscalationCase
    desk: EscalationDesk
    words: str
    above: Desk


def _go_up(late: Collection[_Late], route: routes.Route, *, by: Actor, at: datetime, on: date) -> None:
    if not late:
        return
    _log_all(_event(each.case, "expired", each.words, by=by, at=at, desk=each.desk) for each in late)
    changes = [_change(Event.ESCALATION_EXPIRED, each.case, each.desk, each.words) for each in late]
    audit.record_all(changes, by=by, at=at)
    landing = [(each.case, each.above) for each in late]
    rows = _seat(landing, at=at, on=on)
    stories = [
        _Story(
            each.case,
            reminders.once_for("escalation_expired", each.desk.id),
            f"{each.words} It is with {route.posts[row.post_id].title} now.",
            but=(row.person_id,),
        )
        for each, row in zip(late, rows, strict=True)
    ]
    others = _notices(stories, "An escalation has moved up", route, by=by, on=on)
    _tell_of_arrival(landing, rows, others, at=at, on=on)


def _stay_at_the_top(top: Collection[tuple[EscalationCase, EscalationDesk, str]], *, at: datetime, on: date) -> int:
    if not top:
        return 0
    said = queries.times_of(case_ids=[case.id for case, _, _ in top], deed=AT_THE_TOP)
    telling, events = [], []
    for case, desk, late in top:
        before = said.get((case.id, desk.id))
        if before is not None and (desk.acknowledged_at is None or before >= desk.acknowledged_at):
            continue
        words = f"{late} It is at the top of the route and stays there."
        events.append(_event(case, AT_THE_TOP, words, by=None, at=at, desk=desk))
        telling.append((case, reminders.once_for("escalation_top", _phase(desk)), late))
    _log_all(events)
    clause = policies.in_force(on=on).policy.escalation.moving_up_clause
    _tell_assurance(telling, "An escalation waits at the top", clause, at=at, on=on)
    return len(telling)


def _phase(desk: EscalationDesk) -> str:
    """Tell the time to acknowledge from the time to decide at one desk."""
    return f"{desk.id}{'d' if desk.acknowledged_at else 'a'}"


def reseat(desk: EscalationDesk, *, by: Actor, at: datetime, on: date) -> bool:
    """Give a desk to whoever answers for its post now; where nobody does, it goes up, or waits at the top.

    The time to answer runs on: the post had it, whoever sits there. Gives whether anything happened.
    """
    case = db.session.get_one(EscalationCase, desk.case_id)
    sitters = queries.route(on=on).sitters
    who, owner = sitters.get(desk.post_id), sitters.get(case.owner_post_id or 0)
    if who is None or (owner is not None and owner.person_id == who.person_id):
        return _go_past(case, desk, by=by, at=at, on=on)
    if who.person_id == desk.person_id:
        return False
    before, desk.person_id, desk.capacity = desk.person_id, who.person_id, who.capacity
    _log(case, "handed_over", f"{_title(desk)}.", by=None, at=at, desk=desk)
    audit.record(
        Event.ESCALATION_HANDED_OVER,
        by=by,
        at=at,
        subject_id=case.id,
        before={"person": before},
        after={"person": who.person_id, "capacity": who.capacity},
    )
    deed = "Decide" if desk.acknowledged_at else "Acknowledge"
    reminders.notify(
        reminders.once_for("escalation_handed_over", desk.id),
        subject_id=case.id,
        post_id=desk.post_id,
        person_id=who.person_id,
        heading="An escalation has come to you",
        words=f"You answer for {_title(desk)} now. {deed} it by {moment_words(desk.due_at)}.",
        clause=policies.in_force(on=on).policy.escalation.absence_clause,
        on=on,
        at=at,
    )
    return True


def _go_past(case: EscalationCase, desk: EscalationDesk, *, by: Actor, at: datetime, on: date) -> bool:
    policy, route = policies.in_force(on=on).policy, queries.route(on=on)
    why = f"Nobody answers for {_title(desk)} now who may answer this (policy {policy.escalation.absence_clause.ref})."
    above = _above(case, desk, policy, route)
    if above is None:
        return _stay_at_the_top([(case, desk, why)], at=at, on=on) > 0
    _leave(desk, DeskDeed.PASS_ON, at=at)
    _log(case, "went_past", why, by=None, at=at, desk=desk)
    _record(Event.ESCALATION_PASSED_ON, case, desk, why, by=by, at=at)
    (row,) = _land(((case, above),), at=at, on=on)
    rule = reminders.once_for("escalation_passed_on", desk.id)
    words = f"{why} It is with {_title(row)} now."
    _tell_the_route(case, rule, "An escalation went up", words, by=by, at=at, on=on, but=(row.person_id,))
    return True


def remind_at_half_time(desks: Iterable[EscalationDesk], *, at: datetime, on: date) -> int:
    """Remind whoever has a desk once half of its time has gone; gives how many were told now."""
    policy = policies.in_force(on=on).policy
    rule = next((rule for rule in policy.reminders if rule.family == "escalation_half_time"), None)
    if rule is None:
        return 0
    notices = []
    for desk in desks:
        half = half_time(policy.calendar, desk.acknowledged_at or desk.arrived_at, desk.due_at)
        if not half <= at < desk.due_at or desk.person_id is None:
            continue
        deed = "Decide" if desk.acknowledged_at else "Acknowledge"
        notices.append(
            Notice(
                reminders.once_for(rule.key, _phase(desk)),
                subject_id=desk.case_id,
                post_id=desk.post_id,
                person_id=desk.person_id,
                due_on=local_day(half),
                heading=rule.label,
                words=f"{deed} it by {moment_words(desk.due_at)}, or it moves to the next post up.",
                clause=rule.clause,
            )
        )
    return sum(message is not None for message in reminders.tell(notices, on=on, at=at))


def land_stranded(cases: Collection[EscalationCase], *, by: Actor, at: datetime, on: date) -> int:
    """Look again for desks for cases that nobody could take; gives how many have one now."""
    if not cases:
        return 0
    desks = _send(cases, at=at, on=on)
    changes = [audit.Change(Event.ESCALATION_RAISED, desk.case_id, after={"tier": desk.tier}) for desk in desks]
    audit.record_all(changes, by=by, at=at)
    return len(desks)


def _above(case: EscalationCase, desk: EscalationDesk, policy: Policy, route: routes.Route) -> Desk | None:
    return routes.next_desk(
        route, policy, case.unit_id, case.owner_post_id, desk.tier, leaving_person_id=desk.person_id
    )


def _at_my_desk(case_id: int, by: Actor) -> tuple[EscalationCase, EscalationDesk]:
    """The case and its live desk, if the actor answers for that desk's post and does not own the subject (6.7)."""
    case = db.session.get_one(EscalationCase, case_id)
    desk = queries.live_desk(case_id=case_id)
    if desk is None:
        state = CaseState(case.state).label.lower()
        raise CannotAnswer(Refusal(None, f"This escalation is on no desk: it is {state}. Nothing was changed"))
    if desk.post_id not in by.post_ids:
        raise CannotAnswer(Refusal(None, f"This escalation is with {_title(desk)}. Nothing was changed"))
    if case.owner_post_id in by.post_ids:
        raise CannotAnswer(Refusal(None, "You own this risk, so somebody else must answer. Nothing was changed"))
    return case, desk


def _need(words: str, field: str, message: str) -> None:
    if not words.strip():
        raise CannotAnswer(Refusal(field, message))


def _move(desk: EscalationDesk, deed: DeskDeed, **values: object) -> None:
    """Change a desk's state as the table of transitions says; refused if somebody else changed it first."""
    if not _move_all((desk,), deed, **values):
        raise CannotMoveDesk(Refusal(None, "Somebody else answered this a moment ago. Load the page again"))


def _move_all(desks: Collection[EscalationDesk], deed: DeskDeed, **values: object) -> list[EscalationDesk]:
    """Change the states of desks as the table of transitions says; gives those that nobody else changed first."""
    moved: set[int] = set()
    for before in sorted({DeskState(desk.state) for desk in desks}):
        statement = (
            update(EscalationDesk)
            .where(EscalationDesk.id.in_([desk.id for desk in desks if desk.state == before]))
            .where(EscalationDesk.state == before)
            .values(state=move(before, deed), **values)
            .returning(EscalationDesk)
        )
        options = {"synchronize_session": False, "populate_existing": True}
        moved |= {desk.id for desk in db.session.scalars(statement, execution_options=options)}
    return [desk for desk in desks if desk.id in moved]


def _leave(desk: EscalationDesk, deed: DeskDeed, *, at: datetime) -> None:
    _move(desk, deed, left_at=at)


def _close(case: EscalationCase, deed: CaseDeed, *, at: datetime) -> None:
    case.state, case.ended_at = move_case(CaseState(case.state), deed), at


def _title(desk: EscalationDesk) -> str:
    return db.session.scalars(select(Post.title).where(Post.id == desk.post_id)).one()


def _log(
    case: EscalationCase, deed: str, note: str, *, by: Actor | None, at: datetime, desk: EscalationDesk | None = None
) -> None:
    _log_all((_event(case, deed, note, by=by, at=at, desk=desk),))


def _event(
    case: EscalationCase, deed: str, note: str, *, by: Actor | None, at: datetime, desk: EscalationDesk | None = None
) -> dict[str, object]:
    sitting = by and ((by.sitting(desk.post_id) if desk else None) or by.post)
    return {
        "case_id": case.id,
        "desk_id": desk.id if desk else None,
        "at": at,
        "deed": deed,
        "note": note,
        "post_id": sitting.post_id if sitting else None,
        "person_id": by.person_id if by else None,
    }


def _log_all(events: Iterable[dict[str, object]]) -> None:
    """Write into the logs of cases, in this order."""
    if rows := list(events):
        db.session.execute(insert(EscalationEvent), rows)


def _record(
    event: Event,
    case: EscalationCase,
    desk: EscalationDesk,
    why: str,
    *,
    by: Actor,
    at: datetime,
    decision: Decision | None = None,
) -> None:
    audit.record_all((_change(event, case, desk, why, decision=decision),), by=by, at=at)


def _change(
    event: Event, case: EscalationCase, desk: EscalationDesk, why: str, *, decision: Decision | None = None
) -> audit.Change:
    after = {"state": desk.state, "tier": desk.tier, "decision": decision}
    return audit.Change(event, case.id, desk.post_id, after=after, why=why)


@dataclass(frozen=True, slots=True)
class _Story:
    """What those on a case's route are told of it, but for some."""

    case: EscalationCase
    rule: str
    words: str
    but: tuple[int | None, ...] = ()


def _tell_the_route(
    case: EscalationCase,
    rule: str,
    heading: str,
    words: str,
    *,
    by: Actor,
    at: datetime,
    on: date,
    but: tuple[int | None, ...] = (),
) -> None:
    """Tell a case's owner and whoever had it on the desk, but not the one who did the deed."""
    notices = _notices((_Story(case, rule, words, but),), heading, queries.route(on=on), by=by, on=on)
    reminders.tell(notices, on=on, at=at)


def _notices(stories: Collection[_Story], heading: str, route: routes.Route, *, by: Actor, on: date) -> list[Notice]:
    clause = policies.in_force(on=on).policy.escalation.moving_up_clause
    those = queries.those_on_the_routes(cases=[story.case for story in stories], way=route)
    notices = []
    for story in stories:
        told = {by.person_id, *story.but}
        for post_id, person_id in those[story.case.id]:
            if person_id not in told:
                told.add(person_id)
                notices.append(Notice(story.rule, story.case.id, post_id, person_id, on, heading, story.words, clause))
    return notices


def _tell_assurance(
    telling: Iterable[tuple[EscalationCase, str, str]], heading: str, clause: Clause, *, at: datetime, on: date
) -> None:
    heads = queries.heads_of_assurance(on=on)
    notices = [
        Notice(rule, case.id, None, person_id, on, heading, words, clause)
        for case, rule, words in telling
        for person_id in heads
    ]
    reminders.tell(notices, on=on, at=at)


def change_owner(subject_id: int, *, owner_post_id: int, by: Actor, at: datetime, on: date) -> None:
    """Let the open escalation of a subject know its new owner; where that is who has it, it goes past them (6.7)."""
    case = queries.standing_case(subject_id=subject_id)
    if case is None or case.state != CaseState.OPEN:
        return
    before, case.owner_post_id = case.owner_post_id, owner_post_id
    audit.record(
        Event.ESCALATION_OWNER_CHANGED,
        by=by,
        at=at,
        subject_id=case.id,
        before={"owner_post_id": before},
        after={"owner_post_id": owner_post_id},
    )
    db.session.flush()
    desk = queries.live_desk(case_id=case.id)
    if desk is not None:
        reseat(desk, by=by, at=at, on=on)


def rehome(case_ids: Iterable[int], *, to_unit_id: int, why: str, by: Actor, at: datetime) -> None:
    """Give cases to another unit because their own was merged or parted: desks stay, the way up is that unit's."""
    for case in db.session.scalars(select(EscalationCase).where(EscalationCase.id.in_(tuple(case_ids)))):
        before, case.unit_id = case.unit_id, to_unit_id
        audit.record(
            Event.ESCALATION_REHOMED,
            by=by,
            at=at,
            subject_id=case.id,
            before={"unit_id": before},
            after={"unit_id": to_unit_id},
            why=why,
        )
