"""Challenge: a second score beside the owner's, by when it is answered, who may know whose, and who proved right."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.calendar import WithCalendar, add_working_days
from riskapp.domain.permissions import Actor, Role
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.reviews import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from riskapp.domain.escalation import WithEscalation
    from riskapp.domain.escalation_route import Route
    from riskapp.domain.toml_reader import Clause, Table

MOST_DAYS = 250


class CannotChallenge(Cannot):
    """The score cannot be challenged by this person now, or something needed was not said."""


class CannotAnswerChallenge(Cannot):
    """The challenge does not wait for this person, or something needed was not said."""


class Answer(StrEnum):
    """What the owner answered."""

    AGREED = "agreed"
    KEPT = "kept"


class Standing(StrEnum):
    """Where a challenge stands on a day."""

    OPEN = "open"
    LATE = "late"
    AGREED = "agreed"
    KEPT = "kept"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        return {
            Standing.OPEN: "Waits for an answer",
            Standing.LATE: "Answer overdue",
            Standing.AGREED: "Agreed",
            Standing.KEPT: "Score kept",
            Standing.CLOSED: "Closed with the risk",
        }[self]


class Verdict(StrEnum):
    """Whether the challenger proved right."""

    RIGHT = "right"
    NOT_RIGHT = "not right"
    TO_BE_SEEN = "to be seen"

    @property
    def label(self) -> str:
        return {
            Verdict.RIGHT: "The challenger proved right",
            Verdict.NOT_RIGHT: "The score did not move to the challenger’s side",
            Verdict.TO_BE_SEEN: "It will be seen who is right",
        }[self]


@dataclass(frozen=True, slots=True)
class ChallengeRules:
    """The time to answer and to go up, who may know the challenger, and what proving right means."""

    challenge_clause: Clause
    working_days: int
    answer_clause: Clause
    up_after: int
    up_clause: Clause
    assurance: frozenset[Role]
    names_clause: Clause
    proved_within: Interval
    proved_clause: Clause


class WithChallenge(WithCalendar, Protocol):
    """The part of a policy that a rule on challenges reads."""

    @property
    def challenge(self) -> ChallengeRules | None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """A score with its band's rank and the place of the matrix that gave it."""

    likelihood: int
    impact: int
    score: int
    rank: int

    @property
    def height(self) -> tuple[int, int]:
        return self.score, self.rank


def rules_of(policy: WithChallenge) -> ChallengeRules:
    """Return the chapter; a policy from before it is refused in words."""
    if policy.challenge is None:
        message = "The policy in force says nothing of challenge yet. Adopt one that has the chapter"
        raise CannotChallenge(Refusal(None, message))
    return policy.challenge


def due_on(policy: WithChallenge, on: date) -> date:
    """Return the working day by which a challenge of a day is answered."""
    return add_working_days(policy.calendar, on, rules_of(policy).working_days)


def goes_up_on(policy: WithChallenge, due: date) -> date:
    """Return the working day on which a challenge that was due goes up, if it is not answered."""
    return add_working_days(policy.calendar, due, rules_of(policy).up_after)


def standing(answer: str | None, due: date, on: date, *, is_risk_open: bool = True) -> Standing:
    """Say where a challenge stands on a day; one that its risk's end left unanswered waits for nobody."""
    if answer is not None:
        return Standing(answer)
    if not is_risk_open:
        return Standing.CLOSED
    return Standing.LATE if due < on else Standing.OPEN


def verdict(
    rules: ChallengeRules,
    *,
    answer: str | None,
    raised_on: date,
    disputed: Place,
    challenger: Place,
    later: Iterable[tuple[date, Place]],
    on: date,
) -> Verdict:
    """Say whether the challenger proved right: the owner agreed, or a later score moved to the challenger's side.

    ``later`` are the current scores that came into force after the challenge, with their days.
    """
    last_day = rules.proved_within.after(raised_on)
    if answer == Answer.AGREED:
        return Verdict.RIGHT
    if any(day <= last_day and _is_on_the_side(disputed, challenger, place) for day, place in later):
        return Verdict.RIGHT
    return Verdict.NOT_RIGHT if on > last_day else Verdict.TO_BE_SEEN


def _is_on_the_side(disputed: Place, challenger: Place, now: Place) -> bool:
    """Higher than what was disputed if the challenger was, lower if lower; alike in height, only the very place."""
    if challenger.height == disputed.height:
        return (now.likelihood, now.impact) == (challenger.likelihood, challenger.impact)
    return now.height > disputed.height if challenger.height > disputed.height else now.height < disputed.height


def superiors(route: Route, policy: WithEscalation, owner_post_id: int) -> tuple[int, ...]:
    """Return the posts that stand above a post on its way up, the nearest first."""
    post = route.posts.get(owner_post_id)
    if post is None:
        return ()
    ranks = {tier.post_kind: rank for rank, tier in enumerate(policy.escalation.tiers)}
    above = route.lines.get(post.unit_id, ())[ranks.get(post.kind, -1) + 1 :]
    return tuple(each for each in above if each is not None and each != owner_post_id)


@dataclass(frozen=True, slots=True)
class Named:
    """What decides who may know a challenger: who it is, whether that may be known, and who owns the risk."""

    by_id: int
    is_named: bool
    owner_post_id: int


def may_know(rules: ChallengeRules | None, actor: Actor, named: Named, above: Iterable[int]) -> bool:
    """Tell whether somebody may know who challenged.

    The challenger, and everybody where the challenger lets it be known; else never the owner, but assurance over the
    whole council and who answers for a post above the owner's.
    """
    if named.is_named or named.by_id == actor.person_id:
        return True
    if named.owner_post_id in actor.post_ids:
        return False
    roles = rules.assurance if rules else frozenset()
    assures = any(grant.role in roles and grant.is_council_wide for grant in actor.grants)
    return assures or not actor.post_ids.isdisjoint(above)


def sealed_name(salt: bytes, person_id: int | None, post_id: int | None) -> str:
    """Hash who challenged with a salt of its own: what the trail holds in place of a name, to vouch for it."""
    return hashlib.sha256(salt + f"{person_id}.{post_id}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Counted:
    """A challenge as the council's figures count it."""

    standing: Standing
    verdict: Verdict
    is_in_time: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Challenge in the council: how many wait, how many were answered and in time, and how often it proved right."""

    open: int
    late: int
    answered: int
    in_time: int
    of: int
    right: int
    judged: int


def figures(challenges: Iterable[Counted]) -> Figures:
    """Count challenges; one that ended with its risk is in no share."""
    counted = [each for each in challenges if each.standing is not Standing.CLOSED]
    answered = [each for each in counted if each.standing in {Standing.AGREED, Standing.KEPT}]
    judged = [each for each in counted if each.verdict is not Verdict.TO_BE_SEEN]
    late = sum(each.standing is Standing.LATE for each in counted)
    return Figures(
        open=len(counted) - len(answered),
        late=late,
        answered=len(answered),
        in_time=sum(each.is_in_time for each in answered),
        of=len(counted),
        right=sum(each.verdict is Verdict.RIGHT for each in judged),
        judged=len(judged),
    )


def parse(document: Table) -> ChallengeRules:
    """Read challenge.toml; faults go to the document's notes."""
    challenging, answering, up = (document.table(key) for key in ("challenging", "answering", "going_up"))
    names, proved = document.table("names"), document.table("proved_right")
    known = {role.value: role for role in Role}
    assurance = names.texts("assurance")
    if unknown := [name for name in assurance if name not in known]:
        names.fault("assurance", f'expected roles, found "{unknown[0]}".')
    rules = ChallengeRules(
        challenge_clause=challenging.clause(),
        working_days=answering.integer("working_days", at_least=1, at_most=MOST_DAYS),
        answer_clause=answering.clause(),
        up_after=up.integer("working_days", at_most=MOST_DAYS),
        up_clause=up.clause(),
        assurance=frozenset(known[name] for name in assurance if name in known),
        names_clause=names.clause(),
        proved_within=Interval(proved.integer("months", at_least=1, at_most=60), "months"),
        proved_clause=proved.clause(),
    )
    for table in (challenging, answering, up, names, proved):
        table.done()
    return rules
