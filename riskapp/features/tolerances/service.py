"""What happens to the treatment of a risk: chosen, asked to be tolerated, accepted or refused, and void again.

A tolerance is bound to the state accepted. Whoever changes a score, the words or the place of a risk calls `consider`
or `reconsider`: what has materially changed is treated again, and escalation looks at it anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import update

from riskapp.domain import appetite, scoring
from riskapp.domain import tolerances as rules
from riskapp.domain.appetite import Position
from riskapp.domain.audit import Event
from riskapp.domain.calendar import day_words
from riskapp.domain.escalation import Trigger
from riskapp.domain.escalation_route import CannotEscalate, authority
from riskapp.domain.permissions import Actor
from riskapp.domain.policy import Policy
from riskapp.domain.refusal import Refusal
from riskapp.domain.tolerances import TOLERATE, TREAT, CannotTolerate, CannotTreat, Choice, Needed, State
from riskapp.domain.toml_reader import listed
from riskapp.features.audit import service as audit
from riskapp.features.escalation import queries as routes
from riskapp.features.escalation import service as escalation
from riskapp.features.policy import queries as policies
from riskapp.features.policy.queries import InForce
from riskapp.features.reminders import service as reminders
from riskapp.features.tolerances import queries
from riskapp.models.database import db
from riskapp.models.people import Post
from riskapp.models.risks import Assessment, Risk, RiskStanding
from riskapp.models.tolerances import ASKED, ENDED, IN_FORCE, REFUSED, Tolerance

ENDS: Mapping[str, str] = {
    "expired": "its last day has passed",
    "changed": "the risk changed",
    "withdrawn": "it was withdrawn",
    "replaced": "another took its place",
    "closed": "the risk was closed",
}


class MoveTreatment(Protocol):
    """Changes how a risk is treated, and keeps what it was."""

    def __call__(self, risk: Risk, *, to: str, why: str, by: Actor, at: datetime, on: date) -> None: ...


TREATMENT_MOVES: dict[str, MoveTreatment] = {}
"""How a kind of entity changes its treatment: the feature that keeps a kind ("risk") and its versions registers its own
function here when it is imported."""


@dataclass(frozen=True, slots=True)
class _When:
    """Who does it and when, handed on whole."""

    by: Actor
    at: datetime
    on: date

    @property
    def facts(self) -> dict[str, Any]:
        return {"by": self.by, "at": self.at, "on": self.on}


def trigger(risk: Risk, held: Assessment, policy: InForce, *, is_tolerated: bool = False) -> Trigger:
    """Give the facts by which the policy decides where a risk with this score goes."""
    return Trigger(
        score=held.score,
        rating=policy.policy.scoring.of(risk.kind).rating(held.rating),
        position=Position.of(held.position),
        category=risk.category,
        is_tolerated=is_tolerated,
    )


def consider(
    risk: Risk, held: Assessment, policy: InForce, *, by: Actor, at: datetime, on: date, anew: str = ""
) -> None:
    """Hand the facts of an open risk's current score to escalation, once what it has outgrown is void.

    `anew` says why what was decided of it before stands no more.
    """
    when = _When(by, at, on)
    anew = _end_what_is_outgrown(risk, held, policy, when) or anew
    if risk.kind == "threat":  # an opportunity is sent up by a person and never by its score (policy 3.9)
        _escalate(risk, held, policy, when, anew)


def reconsider(risk: Risk, *, by: Actor, at: datetime, on: date, is_decided: bool = False) -> None:
    """End the tolerance of a risk whose words or place have materially changed, and let escalation look at it anew.

    Where whoever had it on the desk has just decided it, what was decided stands.
    """
    if not queries.live(risk_id=risk.id):
        return
    held, policy, when = _held(risk), policies.in_force(on=on), _When(by, at, on)
    why = _end_what_is_outgrown(risk, held, policy, when)
    if why and risk.status == "open":
        _escalate(risk, held, policy, when, "" if is_decided else why)


def _escalate(risk: Risk, held: Assessment, policy: InForce, when: _When, anew: str) -> None:
    facts = trigger(risk, held, policy, is_tolerated=_bears(risk, held, policy.policy, when.on))
    escalation.consider(
        risk.id,
        unit_id=risk.unit_id,
        owner_post_id=risk.owner_post_id,
        facts=facts,
        anew=anew,
        **when.facts,
    )


def _bears(risk: Risk, held: Assessment, policy: Policy, on: date) -> bool:
    """Whether a tolerance in force bears the position, so that the rule on it rests."""
    if policy.treatment is None or not policy.treatment.quiets_position:
        return False
    standing = queries.in_force(risk_id=risk.id, on=on)
    return standing is not None and not rules.is_worse(Position.of(held.position), Position.of(standing.position))


def may_begin_with(
    treatment: str, category: str, likelihood: int, impacts: Mapping[str, int], policy: Policy, *, kind: str = "threat"
) -> bool:
    """Tell whether a risk may begin with a treatment: what somebody must accept is not tolerated from the first."""
    if treatment != TOLERATE or kind == "opportunity":
        return True
    scored = scoring.score(policy.scoring, likelihood, impacts)
    facts = Trigger(scored.score, scored.rating, appetite.position(policy, category, scored.score), category)
    return rules.needed(policy, facts, policy.effective_from) is None


def choose(risk: Risk, choice: Choice, *, by: Actor, at: datetime, on: date) -> Tolerance | None:
    """Change how a risk is treated; a tolerance that somebody must accept is asked for, and nothing changes yet.

    Refused with fields "option", "why" and "expires_on". Gives what was asked for, None if the choice holds at once.
    """
    if risk.status == "closed":
        raise CannotTreat(Refusal(None, "This risk is closed. Its treatment stays on the record as it was"))
    when, policy = _When(by, at, on), policies.in_force(on=on)
    _hold(risk)
    held = _held(risk)
    wants = rules.check(policy.policy, choice, risk.kind, trigger(risk, held, policy), on)
    if wants:
        return _ask(risk, held, choice, wants, policy, when)
    if (risk.treatment, risk.treatment_why) == (choice.option, choice.why.strip()):
        raise CannotTreat(Refusal("why", "That is how it is treated, and why. Change one of them"))
    ended = [row for row in queries.live(risk_id=risk.id) if _end(row, "withdrawn", choice.why.strip(), when)]
    TREATMENT_MOVES["risk"](risk, to=choice.option, why=choice.why, **when.facts)
    if risk.status == "open" and any(row.from_on for row in ended):
        _escalate(risk, held, policy, when, "It is no longer tolerated.")
    return None


def _ask(risk: Risk, held: Assessment, choice: Choice, wants: Needed, policy: InForce, when: _When) -> Tolerance:
    if risk.status != "open":
        raise CannotTreat(Refusal("option", "A draft above appetite cannot be tolerated. Open it first, then ask"))
    tier, post_id = _asked_of(risk, wants, policy.policy, when.on)
    for earlier in queries.live(risk_id=risk.id):
        if earlier.state == ASKED:
            _end(earlier, "replaced", "It was asked for anew.", when)
    state = _state(risk, held, policy.policy)
    sitting = when.by.sitting(risk.owner_post_id) or when.by.post
    row = Tolerance(
        risk_id=risk.id,
        assessment_id=held.id,
        score=state.score,
        rating=held.rating,
        position=held.position,
        event=state.event,
        unit_id=state.unit_id,
        owner_unit_id=state.owner_unit_id,
        policy_version_id=policy.version_id,
        why=choice.why.strip(),
        expires_on=choice.expires_on,
        asked_on=when.on,
        asked_at=when.at,
        asked_by_id=when.by.person_id,
        asked_by_post_id=sitting.post_id if sitting else None,
        tier=tier,
        asked_of_post_id=post_id,
    )
    db.session.add(row)
    db.session.flush()
    after = {"score": row.score, "asked_of": _title(post_id), "expires_on": row.expires_on}
    _record(Event.RISK_TOLERANCE_ASKED, row, when, after=after, why=row.why, post_id=risk.owner_post_id)
    words = f"It is asked for until {day_words(row.expires_on)}. Accept it or refuse it on its page."
    _tell(row, "tolerance_asked", post_id, "You are asked to accept a risk as it is", words, when)
    return row


def _asked_of(risk: Risk, wants: Needed, policy: Policy, on: date) -> tuple[str, int]:
    but_for = risk.owner_post_id if wants.acceptance.own == "forbidden" else None
    try:
        return authority(routes.route(on=on), policy, risk.unit_id, wants.tier, but_for=but_for)
    except CannotEscalate as no:
        raise CannotTreat(Refusal("option", str(no))) from no


def accept(tolerance_id: int, *, why: str, expires_on: date | None, by: Actor, at: datetime, on: date) -> Tolerance:
    """Accept a risk as it is, until a day, with the authority of the tier; it is tolerated from now on.

    Refused with fields "why" and "expires_on", to whom it is not asked of, and where the risk has changed since.
    """
    row, when, policy = _asked_row(tolerance_id, by), _When(by, at, on), policies.in_force(on=on)
    risk = db.session.get_one(Risk, row.risk_id)
    _hold(risk)
    held = _held(risk)
    _refuse_what_has_changed(risk, row, held, policy.policy)
    is_own = risk.owner_post_id in by.post_ids
    wants = rules.needed(policy.policy, trigger(risk, held, policy), on)
    chapter = rules.rules_of(policy.policy)
    if wants is None:
        raise CannotTolerate(Refusal(None, "Nobody need accept this risk now. Its owner may tolerate it alone"))
    if not rules.suffices(policy.policy, row.tier, wants):
        raise CannotTolerate(Refusal(None, "Its score goes to a higher tier now. Its owner asks anew, of that tier"))
    rules.check_acceptance(wants, why=why, expires_on=expires_on, is_own=is_own, own=chapter.own_clause, on=on)
    for earlier in queries.live(risk_id=risk.id):
        if earlier.state == IN_FORCE:
            _end(earlier, "replaced", "Another was accepted in its place.", when)
    decided = {"decided_at": at, "decided_by_id": by.person_id, "decided_why": why.strip()}
    _change(row, ASKED, state=IN_FORCE, from_on=on, expires_on=expires_on, is_own=is_own, **decided)
    after = {"score": row.score, "expires_on": expires_on, "tier": row.tier, "by_its_owner": is_own}
    _record(Event.RISK_TOLERANCE_ACCEPTED, row, when, after=after, why=why, post_id=row.asked_of_post_id)
    TREATMENT_MOVES["risk"](risk, to=TOLERATE, why=row.why, **when.facts)
    words = f"It is tolerated until {day_words(row.expires_on)}."
    _tell(row, "tolerance_accepted", risk.owner_post_id, "Your risk was accepted as it is", words, when)
    _escalate(risk, held, policy, when, "")
    return row


def refuse(tolerance_id: int, *, why: str, by: Actor, at: datetime, on: date) -> None:
    """Refuse to accept a risk as it is: it stays treated as it was. Refused without a reason, field "why"."""
    row, when = _asked_row(tolerance_id, by), _When(by, at, on)
    if not why.strip():
        raise CannotTolerate(Refusal("why", "Say why you refuse. The owner reads this first"))
    decided = {"decided_at": at, "decided_by_id": by.person_id, "decided_why": why.strip()}
    _change(row, ASKED, state=REFUSED, **decided)
    _record(Event.RISK_TOLERANCE_REFUSED, row, when, why=why, post_id=row.asked_of_post_id)
    owner_post_id = db.session.get_one(Risk, row.risk_id).owner_post_id
    words = "It was not accepted as it is. Read why on its page, and treat it or escalate it."
    _tell(row, "tolerance_refused", owner_post_id, "A tolerance was refused", words, when)


def withdraw(tolerance_id: int, *, why: str, by: Actor, at: datetime, on: date) -> None:
    """Take back what one's post accepted: the risk is treated again, or escalated. Refused without a reason."""
    row, when = db.session.get_one(Tolerance, tolerance_id), _When(by, at, on)
    if row.asked_of_post_id not in by.post_ids:
        raise CannotTolerate(Refusal(None, f"{_title(row.asked_of_post_id)} accepted it, and may take that back"))
    if row.state != IN_FORCE:
        raise CannotTolerate(Refusal(None, "This tolerance is not in force. Load the page again"))
    if not why.strip():
        raise CannotTolerate(Refusal("why", "Say why you take it back. The owner reads this first"))
    _void(row, "withdrawn", why.strip(), when)


def void(row: Tolerance, *, by: Actor, at: datetime, on: date) -> bool:
    """End a tolerance whose last day has passed, or whose risk has materially changed; gives whether it did."""
    when = _When(by, at, on)
    if row.state == ASKED or row.expires_on >= on:
        risk = db.session.get_one(Risk, row.risk_id)
        reconsider(risk, **when.facts)
        if row.state == ASKED and row.expires_on < on:
            _end(row, "expired", "Nobody decided before the last day that was asked for.", when)
        return row.state == ENDED
    return _void(row, "expired", f"Its last day was {day_words(row.expires_on)}.", when)


def end_with_risk(risk: Risk, *, by: Actor, at: datetime, on: date) -> None:
    """End what is asked or in force for a risk that was closed; how it was treated stays on the record."""
    for row in queries.live(risk_id=risk.id):
        _end(row, "closed", "The risk was closed.", _When(by, at, on))


def _void(row: Tolerance, how: str, why: str, when: _When) -> bool:
    """End a tolerance in force, treat the risk again, and let escalation look at it anew."""
    risk = db.session.get_one(Risk, row.risk_id)
    _hold(risk)
    if not _end(row, how, why, when):
        return False
    _treat_again(risk, row, how, why, when)
    if risk.status == "open":
        _escalate(risk, _held(risk), policies.in_force(on=when.on), when, f"It is no longer tolerated: {ENDS[how]}.")
    return True


def _end_what_is_outgrown(risk: Risk, held: Assessment, policy: InForce, when: _When) -> str:
    """End what the risk has outgrown; says why in a sentence where it is treated again for that."""
    chapter = policy.policy.treatment
    if chapter is None:
        return ""
    now, told = _state(risk, held, policy.policy), ""
    for row in queries.live(risk_id=risk.id):
        changes = rules.material_changes(chapter, _accepted(row, policy.policy), now)
        if not changes and not (row.state == IN_FORCE and row.expires_on < when.on):
            continue
        how = "changed" if changes else "expired"
        why = f"The risk changed: {listed(changes)}." if changes else "Its last day has passed."
        was_in_force = row.state == IN_FORCE
        if _end(row, how, why, when) and was_in_force:
            _treat_again(risk, row, how, why, when)
            told = f"It is no longer tolerated: {ENDS[how]}."
    return told or _refuse_to_bear(risk, held, policy, when)


def _refuse_to_bear(risk: Risk, held: Assessment, policy: InForce, when: _When) -> str:
    """Treat again what its owner tolerated within appetite, once its score asks for somebody to accept it."""
    if risk.treatment != TOLERATE or queries.in_force(risk_id=risk.id, on=when.on) is not None:
        return ""
    if rules.needed(policy.policy, trigger(risk, held, policy), when.on) is None:
        return ""
    why = "It is above appetite now, and nobody has accepted that."
    TREATMENT_MOVES["risk"](risk, to=TREAT, why=why, **when.facts)
    return why


def _treat_again(risk: Risk, row: Tolerance, how: str, why: str, when: _When) -> None:
    TREATMENT_MOVES["risk"](risk, to=TREAT, why=f"It was tolerated until {day_words(when.on)}. {why}", **when.facts)
    words = f"It is treated again, since {ENDS[how]}. Plan for it, escalate it, or ask anew."
    _tell(row, "tolerance_ended", risk.owner_post_id, "A tolerance is void", words, when)


def _end(row: Tolerance, how: str, why: str, when: _When) -> bool:
    """End what is asked or in force; False if somebody else did a moment ago."""
    before = row.state
    ended = {"ended_on": when.on, "ended_how": how, "ended_why": why, "ended_by_id": when.by.person_id}
    if before not in {ASKED, IN_FORCE} or not _changed(row, before, state=ENDED, **ended):
        return False
    after = {"how": ENDS[how], "was": "in force" if before == IN_FORCE else "asked for"}
    _record(Event.RISK_TOLERANCE_ENDED, row, when, before={"expires_on": row.expires_on}, after=after, why=why)
    return True


def _changed(row: Tolerance, before: str, **values: object) -> bool:
    """Change a row that is still in a state; the database decides which of two that change it at once comes first."""
    statement = (
        update(Tolerance).where(Tolerance.id == row.id, Tolerance.state == before).values(**values).returning(Tolerance)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    return db.session.scalars(statement, execution_options=options).first() is not None


def _change(row: Tolerance, before: str, **values: object) -> None:
    if not _changed(row, before, **values):
        raise CannotTolerate(Refusal(None, "Somebody else decided this a moment ago. Load the page again"))


def _asked_row(tolerance_id: int, by: Actor) -> Tolerance:
    row = db.session.get_one(Tolerance, tolerance_id)
    if row.asked_of_post_id not in by.post_ids:
        raise CannotTolerate(Refusal(None, f"This is asked of {_title(row.asked_of_post_id)}. Nothing was changed"))
    if row.state != ASKED:
        raise CannotTolerate(Refusal(None, "This waits for nobody now. Load the page again"))
    return row


def _refuse_what_has_changed(risk: Risk, row: Tolerance, held: Assessment, policy: Policy) -> None:
    changes = rules.material_changes(rules.rules_of(policy), _accepted(row, policy), _state(risk, held, policy))
    if changes:
        message = f"The risk changed after this was asked for: {listed(changes)}. Its owner asks anew"
        raise CannotTolerate(Refusal(None, message))


def _accepted(row: Tolerance, policy: Policy) -> State:
    return State(
        row.score,
        _rating(policy, row.rating),
        Position.of(row.position),
        row.event,
        row.unit_id,
        row.owner_unit_id,
    )


def _state(risk: Risk, held: Assessment, policy: Policy) -> State:
    owner_unit_id = db.session.get_one(Post, risk.owner_post_id).unit_id
    position, rating = Position.of(held.position), _rating(policy, held.rating)
    return State(held.score, rating, position, risk.event, risk.unit_id, owner_unit_id)


def _rating(policy: Policy, key: str) -> scoring.Rating:
    """Find a band; one that only an earlier policy knew is the mildest, so that any band of today is worse."""
    known = {rating.key: rating for rating in policy.scoring.ratings}
    return known.get(key) or scoring.Rating(key, key.replace("_", " ").capitalize(), 0, len(known))


def _hold(risk: Risk) -> None:
    """Make whoever else would change the score or the tolerance wait: the same empty write locks both."""
    lock = update(RiskStanding).where(RiskStanding.risk_id == risk.id).values(risk_id=risk.id)
    db.session.execute(lock, execution_options={"synchronize_session": False})


def _held(risk: Risk) -> Assessment:
    standing = db.session.get_one(RiskStanding, risk.id)
    db.session.refresh(standing)
    return db.session.get_one(Assessment, standing.current_id)


def _record(
    event: Event,
    row: Tolerance,
    when: _When,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    why: str = "",
    post_id: int | None = None,
) -> None:
    post_id = post_id if post_id in when.by.post_ids else None
    audit.record(
        event, by=when.by, at=when.at, subject_id=row.risk_id, post_id=post_id, before=before, after=after, why=why
    )


def _tell(row: Tolerance, rule: str, post_id: int, heading: str, words: str, when: _When) -> None:
    """Tell a post at once; never in a person's own words, which may say too much for a mail."""
    chapter = policies.in_force(on=when.on).policy.treatment
    if chapter is None:
        return
    clause = chapter.ending_clause if rule == "tolerance_ended" else chapter.accepting_clause
    reminders.tell_post(
        reminders.once_for(rule, row.id),
        subject_id=row.risk_id,
        post_id=post_id,
        heading=heading,
        words=words,
        clause=clause,
        on=when.on,
        at=when.at,
    )


def _title(post_id: int) -> str:
    return db.session.get_one(Post, post_id).title
