"""Who may do what: one table that a Monitoring Officer can read, default deny.

A permission is granted if any of its lines holds; a line holds if all of its conditions do. A line begins with who it
is for and may go on with what must be true of the thing. The table is printed as it stands here (page "Who may do
what", docs/permissions.md); lists are limited by SQL twins of the same lines, condition by condition.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from riskapp.domain.actors import (
    COUNCIL_READERS,
    THE_CLOCK,
    THE_PROVIDER,
    Actor,
    Clearance,
    Facts,
    Grant,
    Role,
    Sitting,
    usual_clearance,
)

__all__ = [
    "COUNCIL_READERS", "PERMISSIONS", "THE_CLOCK", "THE_PROVIDER", "Actor", "Clearance", "Condition", "Facts", "Grant",
    "Permission", "Relation", "Role", "Sitting", "line_in_words", "may", "may_anywhere", "usual_clearance",
]  # fmt: skip


class Permission(StrEnum):
    """Every route names one of these; `PUBLIC` and `SIGNED_IN` are named too, so that nothing is open by omission."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    RISK_DRAFT = "risk:draft"
    RISK_READ = "risk:read"
    RISK_READ_EXEMPT = "risk:read_exempt"
    RISK_OPEN = "risk:open"
    RISK_REWORD = "risk:reword"
    RISK_SCORE = "risk:score"
    RISK_REVIEW = "risk:review"
    RISK_CLOSE = "risk:close"
    RISK_MOVE = "risk:move"
    RISK_MARK_EXEMPT = "risk:mark_exempt"
    RISK_TREAT = "risk:treat"
    CHALLENGE_READ = "challenge:read"
    CHALLENGE_RAISE = "challenge:raise"
    CHALLENGE_ANSWER = "challenge:answer"
    CHALLENGE_LIST = "challenge:list"
    TOLERANCE_READ = "tolerance:read"
    TOLERANCE_DECIDE = "tolerance:decide"
    RISK_REASSIGN = "risk:reassign"
    RISK_SET_REVIEW = "risk:set_review"
    RISK_CHASE = "risk:chase"
    VIEW_SHARE = "view:share"
    NEAR_MISS_TELL = "near_miss:tell"
    NEAR_MISS_READ = "near_miss:read"
    NEAR_MISS_SETTLE = "near_miss:settle"
    EMERGING_READ = "emerging:read"
    EMERGING_KEEP = "emerging:keep"
    ISSUE_READ = "issue:read"
    ISSUE_RAISE = "issue:raise"
    ISSUE_KEEP = "issue:keep"
    ISSUE_CLOSE = "issue:close"
    EXEMPTION_DECIDE = "exemption:decide"
    EXEMPTION_TRACE = "exemption:trace"
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
    PACK_READ_EXEMPT = "pack:read_exempt"
    PACK_BUILD = "pack:build"
    OUTBOX_READ = "outbox:read"
    CLOCK_READ = "clock:read"
    AUDIT_READ = "audit:read"
    AUDIT_READ_SYSTEM = "audit:read_system"
    ROLE_READ = "role:read"
    ROLE_PROPOSE = "role:propose"
    ROLE_AGREE = "role:agree"
    NAMED_GRANT_GIVE = "named_grant:give"
    GLASS_BREAK = "glass:break"
    GLASS_AGREE = "glass:agree"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_KEEP = "organisation:keep"
    PEOPLE_READ = "people:read"
    PEOPLE_KEEP = "people:keep"
    CHAMPION_KEEP = "champion:keep"
    OWN_ABSENCE = "absence:own"

    @property
    def words(self) -> str:
        """The deed in words, as the table prints it."""
        return DEEDS[self]


DEEDS: Mapping[Permission, str] = {
    Permission.PUBLIC: "See what is open to anyone: signing in, help, accessibility, privacy",
    Permission.SIGNED_IN: "Open the pages that show to each person what is theirs",
    Permission.RISK_DRAFT: "Log a risk",
    Permission.RISK_READ: "Read a risk, but for what is exempt in it",
    Permission.RISK_READ_EXEMPT: "Read what is exempt in a risk",
    Permission.RISK_OPEN: "Open a draft, or agree to a lower score",
    Permission.RISK_REWORD: "Change what a risk says, who has a part in it, and the expertise asked for on it",
    Permission.RISK_SCORE: "Score a risk",
    Permission.RISK_REVIEW: "Record a review of a risk",
    Permission.RISK_CLOSE: "Close a risk, merge it into another, or open it again",
    Permission.RISK_MOVE: "Move a risk from its unit to another (of both: who manages them)",
    Permission.RISK_MARK_EXEMPT: "Mark words of a risk as perhaps exempt",
    Permission.RISK_TREAT: "Choose how a risk is treated, or ask to have it tolerated",
    Permission.CHALLENGE_READ: "Read the challenges to a risk’s score (who challenged is told to fewer: policy 16.4)",
    Permission.CHALLENGE_RAISE: "Challenge the score of a risk",
    Permission.CHALLENGE_ANSWER: "Answer a challenge",
    Permission.CHALLENGE_LIST: "See every challenge in the council, with its figures",
    Permission.TOLERANCE_READ: "Read by whom, why and until when a risk is tolerated",
    Permission.TOLERANCE_DECIDE: "Accept a risk as it is, refuse to, or take that back",
    Permission.RISK_REASSIGN: "Give a risk to another owner",
    Permission.RISK_SET_REVIEW: "Have a risk reviewed sooner than the policy asks",
    Permission.RISK_CHASE: "Ask the owner of a risk to look at it",
    Permission.VIEW_SHARE: "Share a saved view of the registers with a unit",
    Permission.NEAR_MISS_TELL: "Tell of a near miss",
    Permission.NEAR_MISS_READ: "Read a near miss",
    Permission.NEAR_MISS_SETTLE: "Say what is made of a near miss",
    Permission.EMERGING_READ: "Read what is on the watch list",
    Permission.EMERGING_KEEP: "Put something on the watch list, look at it, and take it off",
    Permission.ISSUE_READ: "Read an issue",
    Permission.ISSUE_RAISE: "Say that a risk has happened",
    Permission.ISSUE_KEEP: "Escalate an issue, add an action to it, and record that Members were briefed",
    Permission.ISSUE_CLOSE: "Close an issue",
    Permission.EXEMPTION_DECIDE: "Decide an exemption",
    Permission.EXEMPTION_TRACE: "See who read what is exempt",
    Permission.ACTION_ADD: "Add an action to a risk",
    Permission.ACTION_READ: "Read an action",
    Permission.ACTION_UPDATE: "Report on an action: progress, a new date, that it is done",
    Permission.ACTION_CHASE: "Chase a late action",
    Permission.ESCALATION_READ: "Read an escalation",
    Permission.ESCALATION_RAISE: "Escalate a risk by hand",
    Permission.ESCALATION_ANSWER: "Acknowledge an escalation, return it, pass it on or decide it",
    Permission.ESCALATION_WITHDRAW: "Withdraw an escalation",
    Permission.BODY_READ: "Read the page of an external body",
    Permission.BODY_REVIEW: "Record a governance review of an external body",
    Permission.PLAN_READ: "Read the improvement plan",
    Permission.PACK_READ: "Read Part 1 of a committee pack, and the calendar of meetings",
    Permission.PACK_READ_EXEMPT: "Read Part 2 of a committee pack",
    Permission.PACK_BUILD: "Build a committee pack",
    Permission.OUTBOX_READ: "Read the mail that was sent",
    Permission.CLOCK_READ: "See the clock at work",
    Permission.AUDIT_READ: "Read the record of changes of the council",
    Permission.AUDIT_READ_SYSTEM: "Read of it what is about accounts, roles, posts and the system itself",
    Permission.ROLE_READ: "See who has which role, and who was let in by name",
    Permission.ROLE_PROPOSE: "Propose that somebody is given a role, or loses one",
    Permission.ROLE_AGREE: "Agree that somebody is given a role (never one beyond one's own)",
    Permission.NAMED_GRANT_GIVE: "Let somebody in to one thing by name, until a day",
    Permission.GLASS_BREAK: "Ask to read everything for a few hours in an emergency",
    Permission.GLASS_AGREE: "Agree to what another asked for in an emergency",
    Permission.ORGANISATION_READ: "See the council's units, posts and boards",
    Permission.ORGANISATION_KEEP: "Change units, posts and boards, and import them",
    Permission.PEOPLE_READ: "See people, their posts and absences, and who champions what",
    Permission.PEOPLE_KEEP: "Let people join, move, be away and leave",
    Permission.CHAMPION_KEEP: "Appoint risk champions and record their training",
    Permission.OWN_ABSENCE: "Say when one is away oneself",
}


class Relation(StrEnum):
    """What a condition looks at; each that can limit a list has a SQL twin of the same name."""

    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    COUNCIL_WIDE = "council_wide"
    COUNCIL_WIDE_CLEARED = "council_wide_cleared"
    ANYWHERE = "anywhere"
    IN_UNIT = "in_unit"
    READS_UNIT = "reads_unit"
    CLEARED_IN_UNIT = "cleared_in_unit"
    OWNS = "owns"
    DRAFTED = "drafted"
    TAKES_PART = "takes_part"
    INDEPENDENT = "independent"
    ON_ITS_ROUTE = "on_its_route"
    HAS_IT_NOW = "has_it_now"
    ASKED = "asked"
    NAMED = "named"
    NAMED_CLEARED = "named_cleared"
    NOT_OWN = "not_own"
    OPEN = "open"
    EXISTENCE_TOLD = "existence_told"
    NOT_EXEMPT = "not_exempt"
    SCORES_TOLD = "scores_told"
    DEMONSTRATION = "demonstration"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a line: its words, and whether it holds of who asks and the facts of the thing."""

    relation: Relation
    words: str
    holds: Callable[[Actor, Facts], bool]
    roles: tuple[Role, ...] = ()


def _listed(roles: tuple[Role, ...]) -> str:
    names = [role.label.lower() if role is not Role.HEAD_OF_ASSURANCE else role.label for role in roles]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _covers(grant: Grant, roles: tuple[Role, ...], facts: Facts) -> bool:
    return grant.role in roles and bool(facts.unit_path) and facts.unit_path.startswith(grant.unit_path)


def _tells(clearance: Clearance, facts: Facts) -> bool:
    return not facts.is_existence_withheld or clearance >= Clearance.EXISTENCE_WITHHELD


def _clears(clearance: Clearance, facts: Facts) -> bool:
    return clearance >= Clearance.EXEMPT and _tells(clearance, facts)


def _tells_by_name(clearance: Clearance | None, facts: Facts) -> bool:
    return clearance is not None and _tells(clearance, facts)


def _clears_by_name(clearance: Clearance | None, facts: Facts) -> bool:
    return clearance is not None and _clears(clearance, facts)


def council_wide(*roles: Role) -> Condition:
    """A role over the whole council."""
    return Condition(
        Relation.COUNCIL_WIDE,
        f"{_listed(roles)} of the council",
        lambda actor, _facts: any(grant.role in roles and grant.is_council_wide for grant in actor.grants),
        roles,
    )


def council_wide_cleared(*roles: Role) -> Condition:
    """A role over the whole council, given with clearance for what is exempt."""
    return Condition(
        Relation.COUNCIL_WIDE_CLEARED,
        f"{_listed(roles)} of the council, cleared for what is exempt",
        lambda actor, _facts: any(
            grant.role in roles and grant.is_council_wide and grant.reads_up_to >= Clearance.EXEMPT
            for grant in actor.grants
        ),
        roles,
    )


def anywhere(*roles: Role) -> Condition:
    """A role over any unit at all."""
    return Condition(
        Relation.ANYWHERE, f"{_listed(roles)} of any unit", lambda actor, _facts: actor.has_role(*roles), roles
    )


def in_unit(*roles: Role) -> Condition:
    """A role over the unit the thing belongs to, whatever is withheld about it: for deeds, beside a right to read."""
    return Condition(
        Relation.IN_UNIT,
        f"{_listed(roles)} of its unit",
        lambda actor, facts: any(_covers(grant, roles, facts) for grant in actor.grants),
        roles,
    )


def reads_unit(*roles: Role) -> Condition:
    """A role over the thing's unit, and clearance for its existence where that is withheld."""
    return Condition(
        Relation.READS_UNIT,
        f"{_listed(roles)} of its unit (where its existence is withheld: cleared for that)",
        lambda actor, facts: any(
            _covers(grant, roles, facts) and _tells(grant.reads_up_to, facts) for grant in actor.grants
        ),
        roles,
    )


def cleared_in_unit(*roles: Role) -> Condition:
    """A role over the thing's unit, given with the clearance that the thing asks for."""
    return Condition(
        Relation.CLEARED_IN_UNIT,
        f"{_listed(roles)} of its unit, with the clearance it asks for",
        lambda actor, facts: any(
            _covers(grant, roles, facts) and _clears(grant.reads_up_to, facts) for grant in actor.grants
        ),
        roles,
    )


anyone = Condition(Relation.ANYONE, "anyone", lambda _actor, _facts: True)
signed_in = Condition(Relation.SIGNED_IN, "whoever has an account", lambda actor, _facts: actor.person_id is not None)
owns = Condition(Relation.OWNS, "who answers for its post", lambda actor, facts: facts.owner_post_id in actor.post_ids)
drafted = Condition(
    Relation.DRAFTED,
    "having drafted it (an action: the risk that it treats)",
    lambda actor, facts: facts.drafted_by_post_id is not None and facts.drafted_by_post_id in actor.post_ids,
)
takes_part = Condition(
    Relation.TAKES_PART,
    "who answers for another post that is named on it",
    lambda actor, facts: bool(facts.other_post_ids & actor.post_ids),
)
independent = Condition(
    Relation.INDEPENDENT,
    "answering for no post that is named on it (Direction J)",
    lambda actor, facts: not facts.other_post_ids & actor.post_ids,
)
on_its_route = Condition(
    Relation.ON_ITS_ROUTE,
    "who has, or had, its escalation (or, of a risk, its tolerance) on the desk",
    lambda actor, facts: bool(facts.desk_post_ids & actor.post_ids),
)
has_it_now = Condition(
    Relation.HAS_IT_NOW,
    "who has the escalation on the desk now",
    lambda actor, facts: facts.live_desk_post_id is not None and facts.live_desk_post_id in actor.post_ids,
)
asked = Condition(
    Relation.ASKED,
    "who answers for the post that is asked, or that accepted it",
    lambda actor, facts: bool(facts.asked_post_ids & actor.post_ids),
)
named = Condition(
    Relation.NAMED,
    "who was let in to it by name",
    lambda actor, facts: _tells_by_name(actor.let_in_with(facts.entity_id), facts),
)
named_cleared = Condition(
    Relation.NAMED_CLEARED,
    "who was let in to it by name, with the clearance it asks for",
    lambda actor, facts: _clears_by_name(actor.let_in_with(facts.entity_id), facts),
)
not_own = Condition(
    Relation.NOT_OWN, "not answering for what they own", lambda actor, facts: facts.owner_post_id not in actor.post_ids
)
is_open = Condition(Relation.OPEN, "while it is open", lambda _actor, facts: facts.is_open)
existence_told = Condition(
    Relation.EXISTENCE_TOLD, "unless its existence is withheld", lambda _actor, facts: not facts.is_existence_withheld
)
not_exempt = Condition(Relation.NOT_EXEMPT, "if nothing in it is exempt", lambda _actor, facts: not facts.is_exempt)
scores_told = Condition(
    Relation.SCORES_TOLD, "if its scores are not exempt", lambda _actor, facts: "assessment" not in facts.exempt_groups
)
demonstration = Condition(Relation.DEMONSTRATION, "in a demonstration", lambda _actor, facts: facts.is_demo)

ASSURERS = (Role.HEAD_OF_ASSURANCE, Role.ASSURANCE_OFFICER)
KEEPERS = (Role.CHAMPION, Role.MANAGER)
TRAIL_READERS = (*ASSURERS, Role.AUDITOR, Role.COMMISSIONER, Role.EXTERNAL_AUDITOR)

_assures = council_wide(*ASSURERS)
_head = council_wide(Role.HEAD_OF_ASSURANCE)
_reads_council = council_wide(*COUNCIL_READERS)
_drafted_in_unit = (in_unit(*KEEPERS), drafted)
_manages_on_its_route = (in_unit(Role.MANAGER), on_its_route)


def _kept_by(*roles: Role) -> tuple[tuple[Condition, ...], ...]:
    """The lines of those who keep a unit's register: all of what is not exempt, and what is with clearance for it."""
    return ((reads_unit(*roles), not_exempt), (cleared_in_unit(*roles),))


_READS_RISK: tuple[tuple[Condition, ...], ...] = (
    (reads_unit(*COUNCIL_READERS, *KEEPERS, Role.EXTERNAL_AUDITOR),),
    (owns,),
    _drafted_in_unit,
    (on_its_route,),
    (takes_part, existence_told),
    (reads_unit(Role.COMMITTEE), is_open),
    (named,),
)
_READS_ALL_OF_RISK: tuple[tuple[Condition, ...], ...] = (
    (cleared_in_unit(*COUNCIL_READERS, *KEEPERS, Role.EXTERNAL_AUDITOR),),
    (owns,),
    _drafted_in_unit,
    (on_its_route,),
    (named_cleared,),
)
_READS_PART_OF_RISK = tuple(line for line in _READS_RISK if line not in _READS_ALL_OF_RISK)
_READS_SCORES = (*((*line, scores_told) for line in _READS_PART_OF_RISK), *_READS_ALL_OF_RISK)


PERMISSIONS: Mapping[Permission, tuple[tuple[Condition, ...], ...]] = {
    Permission.PUBLIC: ((anyone,),),
    Permission.SIGNED_IN: ((signed_in,),),
    Permission.RISK_DRAFT: ((in_unit(*KEEPERS),), (_assures,)),
    Permission.RISK_READ: _READS_RISK,
    Permission.RISK_READ_EXEMPT: _READS_ALL_OF_RISK,
    Permission.RISK_OPEN: ((owns,), _manages_on_its_route, *_kept_by(Role.MANAGER)),
    Permission.RISK_REWORD: ((owns,), _drafted_in_unit, _manages_on_its_route, *_kept_by(*KEEPERS)),
    Permission.RISK_SCORE: ((owns,), _drafted_in_unit, _manages_on_its_route, *_kept_by(*KEEPERS)),
    Permission.RISK_REVIEW: ((owns,),),
    Permission.RISK_CLOSE: (
        *((*line, not_own) for line in _kept_by(Role.MANAGER)),
        (*_manages_on_its_route, not_own),
    ),
    Permission.RISK_MOVE: (_manages_on_its_route, *_kept_by(Role.MANAGER)),
    Permission.RISK_MARK_EXEMPT: (
        (reads_unit(*COUNCIL_READERS, *KEEPERS, Role.EXTERNAL_AUDITOR),),
        (owns,),
        (on_its_route,),
        (takes_part, existence_told),
        (named,),
    ),
    Permission.RISK_TREAT: ((owns,),),
    Permission.CHALLENGE_READ: _READS_SCORES,
    Permission.CHALLENGE_RAISE: tuple((*line, not_own, is_open) for line in _READS_SCORES if owns not in line),
    Permission.CHALLENGE_ANSWER: ((owns,),),
    Permission.CHALLENGE_LIST: ((council_wide(*ASSURERS, Role.AUDITOR, Role.COMMISSIONER),),),
    Permission.TOLERANCE_READ: (*((*line, not_exempt) for line in _READS_PART_OF_RISK), *_READS_ALL_OF_RISK),
    Permission.TOLERANCE_DECIDE: ((asked,),),
    Permission.RISK_REASSIGN: (_manages_on_its_route, *_kept_by(Role.MANAGER)),
    Permission.RISK_SET_REVIEW: ((owns,), (_assures,), _drafted_in_unit, _manages_on_its_route, *_kept_by(*KEEPERS)),
    Permission.RISK_CHASE: ((_assures,), _drafted_in_unit, _manages_on_its_route, *_kept_by(*KEEPERS)),
    Permission.VIEW_SHARE: ((in_unit(*KEEPERS),), (_assures,)),
    Permission.NEAR_MISS_TELL: ((signed_in,),),
    Permission.NEAR_MISS_READ: ((in_unit(*KEEPERS, *ASSURERS, Role.AUDITOR),),),
    Permission.NEAR_MISS_SETTLE: ((in_unit(*KEEPERS, *ASSURERS),),),
    Permission.EMERGING_READ: ((in_unit(*KEEPERS, *COUNCIL_READERS),), (owns,)),
    Permission.EMERGING_KEEP: ((in_unit(*KEEPERS, *ASSURERS),), (owns,)),
    Permission.ISSUE_READ: (
        *_kept_by(*COUNCIL_READERS, *KEEPERS, Role.EXTERNAL_AUDITOR),
        (owns,),
        (on_its_route,),
        (reads_unit(Role.COMMITTEE), not_exempt, is_open),
    ),
    Permission.ISSUE_RAISE: ((owns,), _drafted_in_unit, _manages_on_its_route, *_kept_by(*KEEPERS), (_assures,)),
    Permission.ISSUE_KEEP: ((owns,), _manages_on_its_route, *_kept_by(*KEEPERS)),
    Permission.ISSUE_CLOSE: (
        *((*line, not_own) for line in _kept_by(Role.MANAGER)),
        (*_manages_on_its_route, not_own),
    ),
    Permission.EXEMPTION_DECIDE: ((council_wide(Role.PROPER_OFFICER), not_own),),
    Permission.EXEMPTION_TRACE: ((council_wide(Role.HEAD_OF_ASSURANCE, Role.PROPER_OFFICER, Role.AUDITOR),),),
    Permission.ACTION_ADD: ((owns,), _drafted_in_unit, _manages_on_its_route, *_kept_by(*KEEPERS), (_assures,)),
    Permission.ACTION_READ: (
        (reads_unit(*COUNCIL_READERS),),
        (owns,),
        (takes_part,),
        _drafted_in_unit,
        (on_its_route,),
        *_kept_by(*KEEPERS, Role.EXTERNAL_AUDITOR),
        (reads_unit(Role.COMMITTEE), not_exempt),
        (named, not_exempt),
        (named_cleared,),
    ),
    Permission.ACTION_UPDATE: ((owns,), (takes_part,), (in_unit(Role.CHAMPION), drafted), *_kept_by(Role.CHAMPION)),
    Permission.ACTION_CHASE: ((_assures,), _drafted_in_unit, *_kept_by(*KEEPERS)),
    Permission.ESCALATION_READ: (
        (reads_unit(*COUNCIL_READERS),),
        (owns,),
        (on_its_route,),
        *_kept_by(*KEEPERS, Role.EXTERNAL_AUDITOR),
        (named, not_exempt),
        (named_cleared,),
    ),
    Permission.ESCALATION_RAISE: ((owns,), _drafted_in_unit, _manages_on_its_route, *_kept_by(*KEEPERS), (_assures,)),
    Permission.ESCALATION_ANSWER: ((has_it_now, not_own),),
    Permission.ESCALATION_WITHDRAW: ((_head,),),
    Permission.BODY_READ: ((_reads_council,), (takes_part,), (anywhere(*KEEPERS, Role.COMMITTEE),), (named,)),
    Permission.BODY_REVIEW: ((council_wide(Role.HEAD_OF_ASSURANCE, Role.PROPER_OFFICER), independent),),
    Permission.PLAN_READ: ((signed_in,),),
    Permission.PACK_READ: ((council_wide(*COUNCIL_READERS, Role.COMMITTEE, Role.EXTERNAL_AUDITOR),), (named,)),
    Permission.PACK_READ_EXEMPT: (
        (council_wide_cleared(*COUNCIL_READERS, Role.COMMITTEE, Role.EXTERNAL_AUDITOR),),
        (named_cleared,),
    ),
    Permission.PACK_BUILD: ((_assures,),),
    Permission.OUTBOX_READ: (
        (council_wide(*ASSURERS, Role.AUDITOR, Role.COMMISSIONER),),
        (signed_in, demonstration),
    ),
    Permission.CLOCK_READ: ((council_wide(*ASSURERS, Role.AUDITOR, Role.ADMINISTRATOR),),),
    Permission.AUDIT_READ: ((council_wide(*TRAIL_READERS),),),
    Permission.AUDIT_READ_SYSTEM: ((council_wide(*TRAIL_READERS, Role.ADMINISTRATOR),),),
    Permission.ROLE_READ: ((council_wide(*COUNCIL_READERS, Role.EXTERNAL_AUDITOR, Role.ADMINISTRATOR),),),
    Permission.ROLE_PROPOSE: ((council_wide(*ASSURERS, Role.ADMINISTRATOR),),),
    Permission.ROLE_AGREE: ((council_wide(Role.HEAD_OF_ASSURANCE, Role.PROPER_OFFICER),),),
    Permission.NAMED_GRANT_GIVE: ((council_wide(Role.HEAD_OF_ASSURANCE, Role.PROPER_OFFICER),),),
    Permission.GLASS_BREAK: ((council_wide(Role.ADMINISTRATOR),),),
    Permission.GLASS_AGREE: ((council_wide(Role.HEAD_OF_ASSURANCE, Role.PROPER_OFFICER),),),
    Permission.ORGANISATION_READ: ((signed_in,),),
    Permission.ORGANISATION_KEEP: ((council_wide(Role.HEAD_OF_ASSURANCE, Role.ADMINISTRATOR),),),
    Permission.PEOPLE_READ: (
        (council_wide(*ASSURERS, Role.ADMINISTRATOR, Role.AUDITOR, Role.COMMISSIONER),),
        (in_unit(Role.MANAGER),),
    ),
    Permission.PEOPLE_KEEP: ((council_wide(Role.HEAD_OF_ASSURANCE, Role.ADMINISTRATOR),),),
    Permission.CHAMPION_KEEP: ((_head,), (in_unit(Role.MANAGER),)),
    Permission.OWN_ABSENCE: ((signed_in,),),
}


NOTHING_KNOWN = Facts()


def may(actor: Actor, permission: Permission, facts: Facts = NOTHING_KNOWN) -> bool:
    """Say whether the table grants the permission for a thing with these facts; what is not in it is denied."""
    lines = PERMISSIONS.get(permission, ())
    return any(all(condition.holds(actor, facts) for condition in line) for line in lines)


def may_anywhere(actor: Actor, permission: Permission) -> bool:
    """Say whether there could be a thing for which the table grants it, so that a button is worth showing."""
    everywhere = (Facts(unit_path=grant.unit_path, is_open=True) for grant in actor.grants)
    own = (Facts(owner_post_id=post, other_post_ids=frozenset((post,)), is_open=True) for post in actor.post_ids)
    by_name = (Facts(entity_id=entity_id) for entity_id in actor.named)
    return any(may(actor, permission, facts) for facts in (Facts(), *everywhere, *own, *by_name))


def line_in_words(line: tuple[Condition, ...]) -> str:
    """Say one line of the table as a sentence without its end: who, and on what condition."""
    return ", ".join(condition.words for condition in line)
