"""Let people in, by two: propose and agree to roles, open one thing by name, and break the glass in an emergency."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from riskapp.domain import access as rules
from riskapp.domain.access import AccessRules, Asked, ByName, CannotAgree, CannotBreakGlass, CannotLetIn, CannotPropose
from riskapp.domain.actors import Actor, Clearance, Role
from riskapp.domain.audit import Event
from riskapp.domain.calendar import LONDON
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.features.access import queries
from riskapp.features.accounts import service as accounts
from riskapp.features.audit import service as audit
from riskapp.features.people import queries as people
from riskapp.features.policy import queries as policies
from riskapp.features.reminders import service as reminders
from riskapp.models.access import BrokenGlass, NamedGrant, RoleProposal
from riskapp.models.database import db
from riskapp.models.entity import Entity
from riskapp.models.people import Person, RoleAssignment, Unit

NO_ACCOUNT = "No account that is open has this address. Check it"
NO_RULES = "The risk policy in force has no chapter on access. Adopt one that has, then do this"
DECIDED = "This was decided already. Load the page again to see how"


@dataclass(frozen=True, slots=True)
class NewRole:
    """A role as it is proposed: whose, over what, with which clearance, on which days, and why."""

    email: str
    role: Role
    unit_id: int
    clearance: Clearance | None
    from_on: date
    to_on: date | None
    reason: str


def propose(new: NewRole, *, by: Actor, at: datetime, on: date) -> RoleProposal:
    """Propose that somebody is given a role; the same proposal sent again is the one there is."""
    person = _person(new.email, CannotPropose)
    unit = db.session.get_one(Unit, new.unit_id)
    waiting = _waiting("give", person.id, new.role, unit.id)
    if waiting is not None:
        if (waiting.proposed_by_id, waiting.from_on, waiting.to_on) == (by.person_id, new.from_on, new.to_on):
            return waiting
        raise CannotPropose(Refusal("role", "This is proposed already, and waits. Withdraw that or let it be decided"))
    asked = Asked(person.id, new.role, unit.path, new.clearance, new.from_on, new.to_on)
    rules.check_proposal(asked, _days_held(asked, unit.id), _rules_if_any(on), by=by, on=on)
    return _keep_proposal("give", asked, unit.id, new.reason, by=by, at=at)


def propose_end(assignment_id: int, *, reason: str, by: Actor, at: datetime, on: date) -> RoleProposal:
    """Propose that somebody loses a role, and say why."""
    held = db.session.get_one(RoleAssignment, assignment_id)
    if held.to_on is not None and held.to_on < on:
        raise CannotPropose(Refusal(None, "This role has ended already"))
    waiting = _waiting("end", held.person_id, held.role, held.unit_id)
    if waiting is not None:
        return waiting
    return _keep_proposal("end", _asked(held), held.unit_id, reason, held.id, by=by, at=at)


def _keep_proposal(
    kind: str, asked: Asked, unit_id: int, reason: str, assignment_id: int | None = None, *, by: Actor, at: datetime
) -> RoleProposal:
    made = RoleProposal(
        kind=kind,
        person_id=asked.person_id,
        role=asked.role,
        unit_id=unit_id,
        clearance=asked.clearance,
        from_on=asked.from_on,
        to_on=asked.to_on,
        assignment_id=assignment_id,
        reason=reason,
        proposed_by_id=by.person_id,
        proposed_at=at,
        state="waiting",
    )
    db.session.add(made)
    db.session.flush()
    audit.record(Event.ROLE_PROPOSED, by=by, at=at, subject_id=unit_id, after=_told(made), why=reason)
    return made


def agree(proposal_id: int, *, why: str = "", by: Actor, at: datetime, on: date) -> RoleAssignment:
    """Agree to a proposal: the role counts, or counts no more, from now on, and the person signs in anew."""
    proposal = _undecided(proposal_id)
    if proposal.kind == "end":
        return _end(proposal, why, by=by, at=at, on=on)
    unit = db.session.get_one(Unit, proposal.unit_id)
    asked = Asked(
        proposal.person_id,
        Role(proposal.role),
        unit.path,
        _clearance(proposal.clearance),
        max(proposal.from_on, on),
        proposal.to_on,
    )
    days = _days_held(asked, unit.id)
    rules.check_agreement(asked, days, proposed_by_id=proposal.proposed_by_id, by=by, on=on)
    given = RoleAssignment(
        person_id=asked.person_id,
        role=asked.role,
        unit_id=unit.id,
        clearance=asked.clearance,
        from_on=asked.from_on,
        to_on=asked.to_on,
        granted_by_id=proposal.proposed_by_id,
        agreed_by_id=by.person_id,
        reason=proposal.reason,
    )
    db.session.add(given)
    _decide(proposal, "agreed", why, by=by, at=at)
    audit.record(Event.ROLE_GRANTED, by=by, at=at, subject_id=unit.id, after=_told(proposal), why=proposal.reason)
    accounts.end_sessions(given.person_id, by=by, at=at)
    return given


def _end(proposal: RoleProposal, why: str, *, by: Actor, at: datetime, on: date) -> RoleAssignment:
    held = db.session.get_one(RoleAssignment, proposal.assignment_id)
    rules.check_ending(_asked(held), proposed_by_id=proposal.proposed_by_id, by=by)
    if held.to_on is not None and held.to_on < on:
        raise CannotAgree(Refusal(None, "Refuse it: this role has ended already"))
    before = {"until": held.to_on}
    held.to_on, held.ended_by_id, held.ended_why = on - timedelta(days=1), by.person_id, proposal.reason
    _decide(proposal, "agreed", why, by=by, at=at)
    audit.record(
        Event.ROLE_ENDED, by=by, at=at, subject_id=held.unit_id, before=before, after=_told(proposal),
        why=proposal.reason,
    )  # fmt: skip
    accounts.end_sessions(held.person_id, by=by, at=at)
    if proposal.role == Role.ADMINISTRATOR:
        lasts = BrokenGlass.asked_by_id == held.person_id, BrokenGlass.ended_at.is_(None)
        for glass in db.session.scalars(select(BrokenGlass).where(*lasts)):
            _close(glass, Event.GLASS_ENDED, "The role of administrator ended.", by=by, at=at)
    return held


def refuse(proposal_id: int, *, why: str, by: Actor, at: datetime) -> None:
    """Refuse a proposal of another, and say why."""
    proposal = _undecided(proposal_id)
    if proposal.proposed_by_id == by.person_id:
        raise CannotAgree(Refusal(None, "Withdraw it instead: it is your own proposal"))
    _decide(proposal, "refused", why, by=by, at=at)
    audit.record(Event.ROLE_REFUSED, by=by, at=at, subject_id=proposal.unit_id, after=_told(proposal), why=why)


def withdraw(proposal_id: int, *, by: Actor, at: datetime) -> None:
    """Take back one's own proposal before it is decided."""
    proposal = _undecided(proposal_id)
    if proposal.proposed_by_id != by.person_id:
        raise CannotPropose(Refusal(None, "Leave it to who proposed it, or refuse it"))
    _decide(proposal, "withdrawn", "", by=by, at=at)
    audit.record(Event.ROLE_WITHDRAWN, by=by, at=at, subject_id=proposal.unit_id, after=_told(proposal))


def _decide(proposal: RoleProposal, state: str, why: str, *, by: Actor, at: datetime) -> None:
    proposal.state, proposal.decided_by_id = state, by.person_id
    proposal.decided_at, proposal.decided_why = at, why


def _undecided(proposal_id: int) -> RoleProposal:
    proposal = db.session.get_one(RoleProposal, proposal_id)
    if proposal.state != "waiting":
        raise CannotAgree(Refusal(None, DECIDED))
    return proposal


def _told(proposal: RoleProposal) -> dict[str, object]:
    names = ("id", "kind", "person_id", "role", "clearance", "from_on", "to_on", "proposed_by_id")
    return {name: getattr(proposal, name) for name in names}


def _asked(held: RoleAssignment) -> Asked:
    path = db.session.get_one(Unit, held.unit_id).path
    role, clearance = Role(held.role), _clearance(held.clearance)
    return Asked(held.person_id, role, path, clearance, held.from_on, held.to_on)


def _clearance(number: int | None) -> Clearance | None:
    return None if number is None else Clearance(number)


def _waiting(kind: str, person_id: int, role: str, unit_id: int) -> RoleProposal | None:
    same = RoleProposal.person_id == person_id, RoleProposal.role == role, RoleProposal.unit_id == unit_id
    return db.session.scalars(
        select(RoleProposal).where(RoleProposal.kind == kind, RoleProposal.state == "waiting", *same)
    ).first()


def _days_held(asked: Asked, unit_id: int) -> list[rules.Days]:
    same = RoleAssignment.person_id == asked.person_id, RoleAssignment.role == asked.role
    rows = db.session.execute(
        select(RoleAssignment.from_on, RoleAssignment.to_on)
        .where(*same, RoleAssignment.unit_id == unit_id)
        .order_by(RoleAssignment.from_on)
    )
    return [rules.Days(*row) for row in rows]


def _person(email: str, no: type[Cannot]) -> Person:
    person = people.person_by_email(email)
    if person is None or not person.is_active:
        raise no(Refusal("person", NO_ACCOUNT))
    return person


def _rules_if_any(on: date) -> AccessRules | None:
    return policies.in_force(on=on).policy.access


def _rules(on: date, no: type[Cannot]) -> AccessRules:
    found = _rules_if_any(on)
    if found is None:
        raise no(Refusal(None, NO_RULES))
    return found


@dataclass(frozen=True, slots=True)
class NewNamedGrant:
    """One thing to be opened to one person: by reference, with which clearance, on which days, and why."""

    email: str
    reference: str
    clearance: Clearance
    from_on: date
    to_on: date
    reason: str


def let_in(new: NewNamedGrant, *, by: Actor, at: datetime, on: date) -> NamedGrant:
    """Open one thing to one person until a day; it counts from their next request on."""
    allowed = _rules(on, CannotLetIn)
    person = _person(new.email, CannotLetIn)
    thing = queries.thing(by, new.reference, on=on)
    if thing is None:
        raise CannotLetIn(Refusal("thing", rules.NOT_THERE))
    rows = db.session.scalars(
        select(NamedGrant)
        .where(NamedGrant.person_id == person.id, NamedGrant.entity_id == thing.id, NamedGrant.ended_at.is_(None))
        .order_by(NamedGrant.id)
    ).all()
    said = (by.person_id, new.clearance, new.from_on, new.to_on)
    for row in rows:
        if (row.granted_by_id, row.clearance, row.from_on, row.to_on) == said:
            return row  # the same form sent again
    asked = ByName(person.id, thing.kind, new.clearance, new.from_on, new.to_on)
    held = [rules.Days(row.from_on, row.to_on) for row in rows]
    rules.check_by_name(asked, thing.facts, held, allowed, by=by, on=on)
    made = NamedGrant(
        person_id=person.id,
        entity_id=thing.id,
        clearance=new.clearance,
        from_on=new.from_on,
        to_on=new.to_on,
        granted_by_id=by.person_id,
        granted_at=at,
        reason=new.reason,
    )
    db.session.add(made)
    db.session.flush()
    after = {"id": made.id, "person": person.id, "clearance": new.clearance, "from": new.from_on, "until": new.to_on}
    audit.record(Event.NAMED_GRANT_GIVEN, by=by, at=at, subject_id=thing.id, after=after, why=new.reason)
    return made


def end_named_grant(grant_id: int, *, why: str, by: Actor, at: datetime) -> None:
    """Close a thing again to whom it was opened by name; one that was ended already stays as it ended."""
    grant = db.session.get_one(NamedGrant, grant_id)
    if grant.ended_at is not None:
        return
    grant.ended_at, grant.ended_by_id = at, by.person_id
    after = {"id": grant.id, "person": grant.person_id}
    audit.record(Event.NAMED_GRANT_ENDED, by=by, at=at, subject_id=grant.entity_id, after=after, why=why)


def ask_in_emergency(*, reason: str, by: Actor, at: datetime, on: date) -> BrokenGlass:
    """Ask to read everything for a few hours: those who watch over it are told at once; nothing is open yet."""
    allowed = _rules(on, CannotBreakGlass)
    undecided = BrokenGlass.agreed_at.is_(None), BrokenGlass.ended_at.is_(None)
    before = db.session.scalars(select(BrokenGlass).where(BrokenGlass.asked_by_id == by.person_id, *undecided)).first()
    if before is not None and at - before.asked_at <= allowed.emergency_for:
        return before
    if before is not None:
        _close(before, Event.GLASS_ENDED, "Nobody answered in time.", by=by, at=at)
        db.session.flush()
    if queries.own_emergency(by, at=at) is not None:
        raise CannotBreakGlass(Refusal(None, "You may read everything already. End that first, or wait until it ends"))
    made = BrokenGlass(asked_by_id=by.person_id, asked_at=at, reason=reason)
    db.session.add(made)
    db.session.flush()
    audit.record(Event.GLASS_ASKED, by=by, at=at, after={"id": made.id}, why=reason)
    heading = "An administrator asks to read everything in an emergency"
    words = "The reason stands on the page Access, Emergencies. Another person must agree before anything is opened."
    _tell("emergency_asked", made, heading, words, allowed, on=on, at=at)
    return made


def agree_to_emergency(emergency_id: int, *, by: Actor, at: datetime, on: date) -> BrokenGlass:
    """Agree to what another asked for: it counts at once, and runs out by itself."""
    allowed = _rules(on, CannotBreakGlass)
    glass = _undecided_emergency(emergency_id)
    rules.check_emergency(asked_by_id=glass.asked_by_id, asked_at=glass.asked_at, rules=allowed, by=by, at=at)
    glass.agreed_by_id, glass.agreed_at, glass.runs_out_at = by.person_id, at, at + allowed.emergency_for
    after = {"id": glass.id, "asked_by": glass.asked_by_id, "until": glass.runs_out_at}
    audit.record(Event.GLASS_AGREED, by=by, at=at, after=after, why=glass.reason)
    until = glass.runs_out_at.astimezone(LONDON)
    words = f"It was agreed to by {by.post.title if by.post else 'another person'}. Every page read is recorded."
    heading = f"An administrator may read everything until {until:%H:%M} on {until.day} {until:%B}"
    _tell("emergency_agreed", glass, heading, words, allowed, on=on, at=at)
    return glass


def refuse_emergency(emergency_id: int, *, by: Actor, at: datetime) -> None:
    """Refuse what another asked for."""
    glass = _undecided_emergency(emergency_id)
    _close(glass, Event.GLASS_REFUSED, "", by=by, at=at)


def end_emergency(emergency_id: int, *, by: Actor, at: datetime) -> None:
    """End an emergency before it runs out, or take back the wish for one; what is over stays as it ended."""
    glass = db.session.get_one(BrokenGlass, emergency_id)
    if glass.ended_at is None and (glass.runs_out_at is None or glass.runs_out_at > at):
        _close(glass, Event.GLASS_ENDED, "", by=by, at=at)


def _close(glass: BrokenGlass, what: Event, why: str, *, by: Actor, at: datetime) -> None:
    glass.ended_at, glass.ended_by_id = at, by.person_id
    audit.record(what, by=by, at=at, after={"id": glass.id, "asked_by": glass.asked_by_id}, why=why)


def _undecided_emergency(emergency_id: int) -> BrokenGlass:
    glass = db.session.get_one(BrokenGlass, emergency_id)
    if glass.agreed_at is not None or glass.ended_at is not None:
        raise CannotBreakGlass(Refusal(None, DECIDED))
    return glass


def _tell(
    rule: str, glass: BrokenGlass, heading: str, words: str, told: AccessRules, *, on: date, at: datetime
) -> None:
    """Mail those who watch over emergencies, in this transaction; the reason stays here, since it may be exempt."""
    council_id = db.session.scalars(select(Unit.id).where(Unit.parent_id.is_(None)).order_by(Unit.id)).first()
    if council_id is None:
        return
    for person_id in queries.told_of_emergencies(on=on):
        reminders.notify(
            reminders.once_for(rule, glass.id),
            subject_id=council_id,
            post_id=None,
            person_id=person_id,
            heading=heading,
            words=words,
            clause=told.emergency_clause,
            on=on,
            at=at,
        )


def record_reading(*, page: str, reference: str | None, status: int, by: Actor, at: datetime) -> None:
    """Record that a page was read in an emergency: which, about what, and whether it opened."""
    found = select(Entity.id).where(Entity.reference == reference) if reference else None
    subject_id = db.session.scalars(found).first() if found is not None else None
    after = {"page": page, "reference": reference, "status": status}
    audit.record(Event.GLASS_READ, by=by, at=at, subject_id=subject_id, after=after)
