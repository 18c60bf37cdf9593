"""Who may do what: one table that a Monitoring Officer can read, default deny.

A permission is granted if any of its lines holds; a line holds if all of its predicates do. Predicates are one-liners
on who asks and on the facts of the thing. Lists are limited by a SQL twin of `RISK_READ` beside the query.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """A role is given over a unit's sub-tree; owning and answering are relationships and not roles."""

    CHAMPION = "champion"
    MANAGER = "manager"
    HEAD_OF_ASSURANCE = "head_of_assurance"
    PROPER_OFFICER = "proper_officer"
    AUDITOR = "auditor"
    COMMITTEE = "committee"
    COMMISSIONER = "commissioner"
    ADMINISTRATOR = "administrator"


COUNCIL_READERS = (Role.HEAD_OF_ASSURANCE, Role.PROPER_OFFICER, Role.AUDITOR, Role.COMMISSIONER)
"""Roles that read every risk, exempt ones included."""


class Permission(StrEnum):
    """Every route names one of these; `PUBLIC` and `SIGNED_IN` are named too, so that nothing is open by omission."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    RISK_DRAFT = "risk:draft"
    RISK_READ = "risk:read"
    RISK_OPEN = "risk:open"
    RISK_SCORE = "risk:score"
    RISK_REVIEW = "risk:review"
    RISK_CLOSE = "risk:close"
    ACTION_ADD = "action:add"
    ACTION_READ = "action:read"
    ACTION_UPDATE = "action:update"
    ACTION_CHASE = "action:chase"
    ESCALATION_READ = "escalation:read"
    ESCALATION_RAISE = "escalation:raise"
    ESCALATION_ANSWER = "escalation:answer"
    ESCALATION_WITHDRAW = "escalation:withdraw"
    BODY_READ = "body:read"
    BODY_REVIEW = "body:review"
    PLAN_READ = "plan:read"
    PACK_READ = "pack:read"
    PACK_BUILD = "pack:build"
    OUTBOX_READ = "outbox:read"
    CLOCK_READ = "clock:read"
    AUDIT_READ = "audit:read"
    PEOPLE_READ = "people:read"
    PEOPLE_KEEP = "people:keep"
    CHAMPION_KEEP = "champion:keep"
    OWN_ABSENCE = "absence:own"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role over the units whose path begins with `unit_path`."""

    role: Role
    unit_path: str


@dataclass(frozen=True, slots=True)
class Sitting:
    """A post that the actor answers for today, and in what capacity: holder, acting or deputy."""

    post_id: int
    title: str
    capacity: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: a person with the posts and roles of this moment, or the clock, which has neither."""

    person_id: int | None
    sittings: tuple[Sitting, ...] = ()
    grants: tuple[Grant, ...] = ()
    door: str = "web"
    request_id: str | None = None
    post_ids: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "post_ids", frozenset(sitting.post_id for sitting in self.sittings))

    @property
    def post(self) -> Sitting | None:
        """The post people know the actor by: one held before one acted in, before one deputised for."""
        order = {"holder": 0, "acting": 1, "deputy": 2}
        return min(self.sittings, key=lambda sitting: (order[sitting.capacity], sitting.post_id), default=None)

    def sitting(self, post_id: int | None) -> Sitting | None:
        """How the actor answers for a post today, if at all; for no post, the post people know the actor by."""
        if post_id is None:
            return self.post
        return next((sitting for sitting in self.sittings if sitting.post_id == post_id), None)

    def has_role(self, *roles: Role) -> bool:
        """Whether the actor has one of the roles anywhere."""
        return any(grant.role in roles for grant in self.grants)


THE_CLOCK = Actor(person_id=None, door="clock")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a predicate may ask of a thing. A field that is not known is empty, and grants nothing."""

    unit_path: str = ""
    owner_post_id: int | None = None
    other_post_ids: frozenset[int] = frozenset()
    desk_post_ids: frozenset[int] = frozenset()
    live_desk_post_id: int | None = None
    is_open: bool = False
    is_exempt: bool = False
    is_demo: bool = False


Predicate = Callable[[Actor, Facts], bool]


def signed_in(actor: Actor, _facts: Facts) -> bool:
    """Someone with an account."""
    return actor.person_id is not None


def anyone(_actor: Actor, _facts: Facts) -> bool:
    """The public."""
    return True


def council_wide(*roles: Role) -> Predicate:
    """A role that counts anywhere."""
    return lambda actor, _facts: actor.has_role(*roles)


def in_unit(*roles: Role) -> Predicate:
    """A role over the unit the thing belongs to."""
    return lambda actor, facts: (
        bool(facts.unit_path)
        and any(grant.role in roles and facts.unit_path.startswith(grant.unit_path) for grant in actor.grants)
    )


def owns(actor: Actor, facts: Facts) -> bool:
    """Answers for the post that owns the thing."""
    return facts.owner_post_id in actor.post_ids


def takes_part(actor: Actor, facts: Facts) -> bool:
    """Answers for another post named on the thing: accountable for an action, owner of the risk it serves, lead."""
    return bool(facts.other_post_ids & actor.post_ids)


def independent(actor: Actor, facts: Facts) -> bool:
    """Answers for no post that is named on the thing: neither leads the body nor sits on it (Direction J)."""
    return not takes_part(actor, facts)


def on_its_route(actor: Actor, facts: Facts) -> bool:
    """Has, or had, the escalation on the desk."""
    return bool(facts.desk_post_ids & actor.post_ids)


def has_it_now(actor: Actor, facts: Facts) -> bool:
    """Has the escalation on the desk at this moment."""
    return facts.live_desk_post_id in actor.post_ids


def not_own(actor: Actor, facts: Facts) -> bool:
    """Nobody answers for what they own (separation of duties)."""
    return facts.owner_post_id not in actor.post_ids


def is_open(_actor: Actor, facts: Facts) -> bool:
    """The thing is open: neither a draft nor closed."""
    return facts.is_open


def not_exempt(_actor: Actor, facts: Facts) -> bool:
    """Nothing in it is exempt under Schedule 12A."""
    return not facts.is_exempt


def demonstration(_actor: Actor, facts: Facts) -> bool:
    """Only in demonstration mode."""
    return facts.is_demo


_reads_council = council_wide(*COUNCIL_READERS)
_assures = council_wide(Role.HEAD_OF_ASSURANCE)
_keeps_unit = in_unit(Role.CHAMPION, Role.MANAGER)

PERMISSIONS: Mapping[Permission, tuple[tuple[Predicate, ...], ...]] = {
    Permission.PUBLIC: ((anyone,),),
    Permission.SIGNED_IN: ((signed_in,),),
    Permission.RISK_DRAFT: ((_keeps_unit,), (_assures,)),
    Permission.RISK_READ: (
        (_reads_council,),
        (owns,),
        (takes_part, not_exempt),
        (_keeps_unit,),
        (on_its_route,),
        (council_wide(Role.COMMITTEE), is_open, not_exempt),
    ),
    Permission.RISK_OPEN: ((owns,), (in_unit(Role.MANAGER),)),
    Permission.RISK_SCORE: ((owns,), (_keeps_unit,)),
    Permission.RISK_REVIEW: ((owns,),),
    Permission.RISK_CLOSE: ((in_unit(Role.MANAGER), not_own),),
    Permission.ACTION_ADD: ((owns,), (_keeps_unit,), (_assures,)),
    Permission.ACTION_READ: (
        (_reads_council,),
        (owns,),
        (takes_part,),
        (_keeps_unit,),
        (on_its_route,),
        (council_wide(Role.COMMITTEE), not_exempt),
    ),
    Permission.ACTION_UPDATE: ((owns,), (takes_part,), (in_unit(Role.CHAMPION),)),
    Permission.ACTION_CHASE: ((_assures,), (_keeps_unit,)),
    Permission.ESCALATION_READ: ((_reads_council,), (owns,), (_keeps_unit,), (on_its_route,)),
    Permission.ESCALATION_RAISE: ((owns,), (_keeps_unit,), (_assures,)),
    Permission.ESCALATION_ANSWER: ((has_it_now, not_own),),
    Permission.ESCALATION_WITHDRAW: ((_assures,),),
    Permission.BODY_READ: (
        (_reads_council,),
        (takes_part,),
        (council_wide(Role.COMMITTEE, Role.MANAGER, Role.CHAMPION),),
    ),
    Permission.BODY_REVIEW: ((council_wide(Role.HEAD_OF_ASSURANCE, Role.PROPER_OFFICER), independent),),
    Permission.PLAN_READ: ((signed_in,),),
    Permission.PACK_READ: ((_reads_council,), (council_wide(Role.COMMITTEE), not_exempt)),
    Permission.PACK_BUILD: ((_assures,),),
    Permission.OUTBOX_READ: ((_assures,), (council_wide(Role.AUDITOR, Role.COMMISSIONER),), (signed_in, demonstration)),
    Permission.CLOCK_READ: ((_assures,), (council_wide(Role.ADMINISTRATOR, Role.AUDITOR),)),
    Permission.AUDIT_READ: ((_assures,), (council_wide(Role.AUDITOR, Role.COMMISSIONER),)),
    Permission.PEOPLE_READ: (
        (_assures,),
        (council_wide(Role.ADMINISTRATOR, Role.AUDITOR, Role.COMMISSIONER),),
        (in_unit(Role.MANAGER),),
    ),
    Permission.PEOPLE_KEEP: ((_assures,), (council_wide(Role.ADMINISTRATOR),)),
    Permission.CHAMPION_KEEP: ((_assures,), (in_unit(Role.MANAGER),)),
    Permission.OWN_ABSENCE: ((signed_in,),),
}


def may(actor: Actor, permission: Permission, facts: Facts = Facts()) -> bool:
    """Say whether the table grants the permission for a thing with these facts; what is not in it is denied."""
    lines = PERMISSIONS.get(permission, ())
    return any(all(predicate(actor, facts) for predicate in line) for line in lines)


def may_anywhere(actor: Actor, permission: Permission) -> bool:
    """Say whether there could be a thing for which the table grants it, so that a button is worth showing."""
    everywhere = (Facts(unit_path=grant.unit_path, is_open=True) for grant in actor.grants)
    own = (Facts(owner_post_id=post, other_post_ids=frozenset((post,)), is_open=True) for post in actor.post_ids)
    return any(may(actor, permission, facts) for facts in (Facts(), *everywhere, *own))
