"""Who may be let in, by whom and for how long: two people for each role, a last day for each outsider.

Each refusal names the field it is about and what to do. The numbers are the policy's (access.toml, chapter 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from riskapp.domain.actors import Actor, Clearance, Facts, Role, usual_clearance
from riskapp.domain.permissions import Permission, may
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.reviews import Interval
from riskapp.domain.toml_reader import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from riskapp.domain.toml_reader import Clause, Table

AGREES: Mapping[Role, tuple[Role, ...]] = {
    Role.CHAMPION: (Role.HEAD_OF_ASSURANCE,),
    Role.MANAGER: (Role.HEAD_OF_ASSURANCE,),
    Role.ASSURANCE_OFFICER: (Role.HEAD_OF_ASSURANCE,),
    Role.COMMITTEE: (Role.HEAD_OF_ASSURANCE,),
    Role.AUDITOR: (Role.HEAD_OF_ASSURANCE,),
    Role.EXTERNAL_AUDITOR: (Role.HEAD_OF_ASSURANCE,),
    Role.EXTERNAL_READER: (Role.HEAD_OF_ASSURANCE,),
    Role.ADMINISTRATOR: (Role.HEAD_OF_ASSURANCE,),
    Role.HEAD_OF_ASSURANCE: (Role.PROPER_OFFICER,),
    Role.PROPER_OFFICER: (Role.PROPER_OFFICER,),
    Role.COMMISSIONER: (Role.PROPER_OFFICER,),
}
"""Who may agree that somebody is given a role or loses it; a role that is not here is given to nobody."""

ABOVE_USUAL = (Role.PROPER_OFFICER,)
"""Who alone may agree to more clearance than a role usually has, and let somebody in to what is exempt."""

READS: Mapping[str, Permission] = {
    "risk": Permission.RISK_READ,
    "action": Permission.ACTION_READ,
    "escalation": Permission.ESCALATION_READ,
    "body": Permission.BODY_READ,
    "pack": Permission.PACK_READ,
}
"""The kinds of thing that may be opened to somebody by name, and what reading one asks."""

PAGES: Mapping[str, str] = {
    "risk": "/risks/{}",
    "action": "/actions/{}",
    "escalation": "/escalations/{}",
    "body": "/bodies/{}",
    "pack": "/packs/{}/part-1.pdf",
}
"""Where a thing that may be opened by name is read; these addresses stand for good."""

BY_HAND_ALONE = (Role.HEAD_OF_ASSURANCE, Role.PROPER_OFFICER, Role.ADMINISTRATOR)
"""Roles that no app role of a sign-in provider brings: who keeps its directory must not be able to give them."""

THE_COUNCIL = "council"
"""Stands for the unit at the top where a policy says over what a role counts."""

NOT_THERE = "No risk, action, escalation, body or pack that you may read has this reference. Check it"


class CannotPropose(Cannot):
    """The role cannot be given or ended as proposed."""


class CannotAgree(Cannot):
    """This person may not agree to it, or it no longer stands."""


class CannotLetIn(Cannot):
    """The thing cannot be opened to this person by name."""


class CannotBreakGlass(Cannot):
    """What was asked for in an emergency cannot be asked, agreed to or ended so."""


@dataclass(frozen=True, slots=True)
class MappedRole:
    """A role that whoever has an app role at the sign-in provider has here too, over a unit and all beneath it."""

    app_role: str
    role: Role
    unit: str  # its reference, or THE_COUNCIL


@dataclass(frozen=True, slots=True)
class AccountRoles:
    """Which app roles of the sign-in provider bring which roles here; the policy is what two people agreed to."""

    clause: Clause
    roles: tuple[MappedRole, ...]


@dataclass(frozen=True, slots=True)
class AccessRules:
    """How long an outsider, somebody let in by name and an emergency may last, each with its clause."""

    two_people: Clause
    outsiders: frozenset[str]
    outsider_for: Interval
    outsider_clause: Clause
    by_name_for: Interval
    by_name_clause: Clause
    emergency_for: timedelta
    emergency_clause: Clause
    account_roles: AccountRoles | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A role as it is asked for: who is to have it, over what, with which clearance and on which days."""

    person_id: int
    role: Role
    unit_path: str
    clearance: Clearance | None
    from_on: date
    to_on: date | None

    @property
    def reads_up_to(self) -> Clearance:
        """The clearance it comes with: as asked, or the usual one."""
        return usual_clearance(self.role) if self.clearance is None else self.clearance

    @property
    def agreeing_roles(self) -> tuple[Role, ...]:
        """The roles that may agree to it; none for a role that is given to nobody."""
        if self.role not in AGREES:
            return ()
        return ABOVE_USUAL if self.reads_up_to > usual_clearance(self.role) else AGREES[self.role]


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a role or a named grant that the person has already; no last day is for good."""

    from_on: date
    to_on: date | None

    def overlaps(self, from_on: date, to_on: date | None) -> bool:
        """Whether a day is in both; two that begin on one day always clash, since each row is told by its first."""
        first, last = max(self.from_on, from_on), min(self.to_on or date.max, to_on or date.max)
        return first <= last or self.from_on == from_on

    @property
    def words(self) -> str:
        """Say them: "from 1 April 2026", "from 1 April 2026 until 31 March 2027"."""
        return f"from {_day(self.from_on)}" + (f" until {_day(self.to_on)}" if self.to_on else "")


def check_proposal(asked: Asked, held: Iterable[Days], rules: AccessRules | None, *, by: Actor, on: date) -> None:
    """Refuse a role that nobody can be given, or not so; `held` are this person's days of the same role and unit."""
    faults = [*_faults_of_role(asked, rules), *_faults_of_days(asked, held)]
    if asked.person_id == by.person_id:
        faults.append(Refusal("person", "Choose somebody else: another person must propose a role for you"))
    if asked.from_on < on:
        faults.append(Refusal("from_on", "Enter today or a later day: a role is not given for days gone by"))
    if faults:
        raise CannotPropose(*faults)


def _faults_of_role(asked: Asked, rules: AccessRules | None) -> Iterable[Refusal]:
    if not asked.agreeing_roles:
        yield Refusal("role", f"Choose another role: {asked.role.label} is given to nobody")
    if rules is None or asked.role not in rules.outsiders:
        return
    latest = rules.outsider_for.after(asked.from_on)
    if asked.to_on is None or asked.to_on > latest:
        words = f"Enter a last day, {_day(latest)} at the latest: {asked.role.label} is a role with an end"
        yield Refusal("to_on", f"{words} (policy {rules.outsider_clause.ref})")


def _faults_of_days(asked: Asked, held: Iterable[Days]) -> Iterable[Refusal]:
    if asked.to_on is not None and asked.to_on < asked.from_on:
        yield Refusal("to_on", "Enter a last day that is not before the first")
    elif clash := next((each for each in held if each.overlaps(asked.from_on, asked.to_on)), None):
        words = f"They have this role over this unit {clash.words}. Choose days that do not meet those"
        yield Refusal("from_on", words)


def check_agreement(asked: Asked, held: Iterable[Days], *, proposed_by_id: int | None, by: Actor, on: date) -> None:
    """Refuse an agreement to one's own wish, beyond one's own rights, or to what has become impossible."""
    faults = [*_faults_of_who_agrees(asked, proposed_by_id, by)]
    if asked.to_on is not None and asked.to_on < on:
        faults.append(Refusal(None, f"Refuse it: its last day, {_day(asked.to_on)}, has gone by"))
    else:
        faults += _faults_of_days(asked, held)
    if faults:
        raise CannotAgree(*faults)


def check_ending(asked: Asked, *, proposed_by_id: int | None, by: Actor) -> None:
    """Refuse an agreement to end a role by its holder, by who proposed it, or by who could not have given it."""
    if faults := tuple(_faults_of_who_agrees(asked, proposed_by_id, by)):
        raise CannotAgree(*faults)


def _faults_of_who_agrees(asked: Asked, proposed_by_id: int | None, by: Actor) -> Iterable[Refusal]:
    if by.person_id == proposed_by_id:
        yield Refusal(None, "Leave this to another: nobody agrees to what they proposed")
    if by.person_id == asked.person_id:
        yield Refusal(None, "Leave this to another: nobody decides on a role of their own")
    own = [grant for grant in by.grants if grant.role in asked.agreeing_roles]
    over = [grant for grant in own if asked.unit_path.startswith(grant.unit_path)]
    if not own:
        who = listed([role.label for role in asked.agreeing_roles], "or") or "Nobody"
        yield Refusal(None, f"Leave this to another: {who} agrees to it")
    elif not over:
        yield Refusal(None, "Leave this to another: your own role does not reach over this unit")
    elif max(grant.reads_up_to for grant in over) < asked.reads_up_to:
        yield Refusal(None, "Leave this to another: it comes with more clearance than your own")


@dataclass(frozen=True, slots=True)
class ByName:
    """A thing to be opened to a person by name: what it is, with which clearance, and on which days."""

    person_id: int
    kind: str
    clearance: Clearance
    from_on: date
    to_on: date


def check_by_name(
    asked: ByName, facts: Facts, held: Iterable[Days], rules: AccessRules, *, by: Actor, on: date
) -> None:
    """Refuse to let in oneself, for too long, beyond one's own clearance, or where it would open nothing."""
    if asked.kind not in READS or not may(by, READS[asked.kind], facts):
        raise CannotLetIn(Refusal("thing", NOT_THERE))
    faults = [*_faults_of_clearance(asked, facts, by)]
    if asked.person_id == by.person_id:
        faults.append(Refusal("person", "Choose somebody else: another person must let you in"))
    latest = rules.by_name_for.after(asked.from_on)
    if asked.to_on < on:
        faults.append(Refusal("to_on", "Enter a last day that is today or later"))
    elif asked.to_on > latest:
        ref = rules.by_name_clause.ref
        faults.append(Refusal("to_on", f"Enter a last day, {_day(latest)} at the latest (policy {ref})"))
    if clash := next((each for each in held if each.overlaps(asked.from_on, asked.to_on)), None):
        faults.append(Refusal("person", f"They are let in to it {clash.words}. End that first"))
    if faults:
        raise CannotLetIn(*faults)


def _faults_of_clearance(asked: ByName, facts: Facts, by: Actor) -> Iterable[Refusal]:
    own = max((grant.reads_up_to for grant in by.grants if grant.role in ABOVE_USUAL), default=None)
    opened = Actor(person_id=asked.person_id, named={facts.entity_id: asked.clearance} if facts.entity_id else {})
    if asked.clearance >= Clearance.EXEMPT and own is None:
        yield Refusal("clearance", "Choose Ordinary: the proper officer alone lets somebody in to what is exempt")
    elif asked.clearance >= Clearance.EXEMPT and own is not None and own < asked.clearance:
        yield Refusal("clearance", "Choose less: it is more clearance than your own")
    elif not may(opened, READS[asked.kind], facts):
        yield Refusal("clearance", "Choose more clearance, as the proper officer may: with this one nothing opens")


def check_emergency(
    *, asked_by_id: int | None, asked_at: datetime, rules: AccessRules, by: Actor, at: datetime
) -> None:
    """Refuse an agreement by who asked, and one that comes later than the emergency could have lasted."""
    if by.person_id == asked_by_id:
        raise CannotBreakGlass(Refusal(None, "Leave this to another: nobody agrees to what they asked for"))
    if at - asked_at > rules.emergency_for:
        raise CannotBreakGlass(Refusal(None, "Too long ago: the administrator must ask again"))


def page_of(kind: str, reference: str) -> str:
    """Give the address where a thing of one of the kinds is read."""
    return PAGES[kind].format(reference)


def parse(document: Table) -> AccessRules:
    """Read access.toml; faults go to the document's notes."""
    two, outside, name, glass = (document.table(key) for key in ("two_people", "outsiders", "by_name", "emergency"))
    outsiders = outside.texts("roles")
    if unknown := sorted(set(outsiders) - {role.value for role in AGREES}):
        outside.fault("roles", f'expected roles that can be given, found "{unknown[0]}".')
    rules = AccessRules(
        two_people=two.clause(),
        outsiders=frozenset(outsiders),
        outsider_for=Interval(outside.integer("months", at_least=1, at_most=60), "months"),
        outsider_clause=outside.clause(),
        by_name_for=Interval(name.integer("months", at_least=1, at_most=60), "months"),
        by_name_clause=name.clause(),
        emergency_for=timedelta(hours=glass.integer("hours", at_least=1, at_most=72)),
        emergency_clause=glass.clause(),
        account_roles=_account_roles(document, outsiders) if document.has("council_account") else None,
    )
    for table in (two, outside, name, glass):
        table.done()
    return rules


def _account_roles(document: Table, outsiders: Iterable[str]) -> AccountRoles:
    """Read which app roles bring which roles; one that must have a last day cannot come from a provider."""
    table = document.table("council_account")
    lasting = [role.value for role in AGREES if role not in BY_HAND_ALONE and role.value not in outsiders]
    roles = []
    for each in table.tables("role") if table.has("role") else ():
        name, found, unit = each.text("app_role"), each.one_of("role", lasting), each.text("unit")
        if found in lasting:
            roles.append(MappedRole(name, Role(found), unit))
        each.done()
    if len({(each.app_role, each.role, each.unit) for each in roles}) < len(roles):
        table.fault("role", "expected each role of a unit once for an app role.")
    clause = table.clause()
    table.done()
    return AccountRoles(clause, tuple(roles))


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
