"""How a risk is treated, who may accept one that is above appetite, and when that is void (policy, chapter 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from riskapp.domain.appetite import Position
from riskapp.domain.calendar import day_words
from riskapp.domain.escalation import Trigger, WithEscalation, tiers_reached
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.reviews import Interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from riskapp.domain.scoring import Rating
    from riskapp.domain.toml_reader import Clause, Table

TREAT, TOLERATE = "treat", "tolerate"
TREATMENTS = (TREAT, TOLERATE, "transfer", "terminate", "take")
KINDS = ("threat", "opportunity")
POSITIONS = (Position.ABOVE_OPTIMAL.key, Position.BEYOND_TOLERABLE.key, Position.NOT_SET.key)
WORSENING = (Position.WITHIN, Position.ABOVE_OPTIMAL, Position.BEYOND_TOLERABLE)
CHANGES = ("band", "position", "event", "unit", "owner_unit")
OWN = ("forbidden", "recorded")
MOST_MONTHS = 60


class CannotTreat(Cannot):
    """The risk cannot be treated so, or something needed was not said."""


class CannotTolerate(Cannot):
    """A tolerance cannot be accepted, refused or withdrawn so."""


@dataclass(frozen=True, slots=True)
class Option:
    """A way to treat a risk in the council's words, and what it is in those of the standard."""

    key: str
    label: str
    meaning: str
    equivalent: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepts a risk in a position, for how long at most, and whether its own owner may.

    ``tier`` is the lowest that may; None where the score alone decides.
    """

    position: str
    tier: str | None
    longest: Interval
    own: str
    clause: Clause


@dataclass(frozen=True, slots=True)
class TreatmentRules:
    """The options, who accepts what, what voids a tolerance, and whether one quiets the rule on positions."""

    options: tuple[Option, ...]
    options_clause: Clause
    edition: str
    accepting_clause: Clause
    own_clause: Clause
    acceptances: Mapping[str, Acceptance]
    score_rises_by: int
    changes: frozenset[str]
    change_clause: Clause
    in_force_clause: Clause
    quiets_position: bool
    ending_clause: Clause

    def option(self, key: str) -> Option | None:
        return next((option for option in self.options if option.key == key), None)

    def label(self, key: str) -> str:
        """Return the council's word for an option; one that only an earlier policy knew keeps its key."""
        found = self.option(key)
        return found.label if found else key.capitalize()

    def tiers_named(self) -> tuple[tuple[str, str], ...]:
        """Return each position for which a tier is named, and the tier."""
        return tuple((each.position, each.tier) for each in self.acceptances.values() if each.tier)

    def offered(self, kind: str) -> tuple[Option, ...]:
        """Return the options for a kind of risk."""
        return tuple(option for option in self.options if kind in option.kinds)


class WithTreatment(WithEscalation, Protocol):
    """The part of a policy that a rule on treatment reads."""

    @property
    def treatment(self) -> TreatmentRules | None: ...


@dataclass(frozen=True, slots=True)
class Needed:
    """What a tolerance needs: the authority of a tier, and a last day no later than this one."""

    tier: str
    latest: date
    acceptance: Acceptance


@dataclass(frozen=True, slots=True)
class Choice:
    """An option with its reason; for one that somebody must accept, the last day that is asked for."""

    option: str
    why: str
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A risk as somebody accepts it, or as it is now."""

    score: int
    rating: Rating
    position: Position
    event: str
    unit_id: int
    owner_unit_id: int


def rules_of(policy: WithTreatment) -> TreatmentRules:
    """Return the chapter; a policy from before it is refused in words."""
    if policy.treatment is None:
        message = "The policy in force says nothing of treatment yet. Adopt one that has the chapter"
        raise CannotTreat(Refusal(None, message))
    return policy.treatment


def needed(policy: WithTreatment, facts: Trigger, on: date) -> Needed | None:
    """Return what tolerating a risk with these facts needs; None where its owner may do so alone.

    The tier is that of the position, or the one that the score goes to where that is higher.
    """
    acceptance = policy.treatment.acceptances.get(facts.position.key) if policy.treatment else None
    if acceptance is None:
        return None
    tiers = [decision.tier for decision in tiers_reached(policy, replace(facts, is_tolerated=False))]
    tiers += [acceptance.tier] if acceptance.tier else []
    if not tiers:
        return None
    return Needed(max(tiers, key=policy.escalation.rank), acceptance.longest.after(on), acceptance)


def suffices(policy: WithTreatment, tier: str, wants: Needed) -> bool:
    """Tell whether a tier has the authority that a tolerance needs; one that the policy no longer has has none."""
    known = [each.key for each in policy.escalation.tiers]
    return tier in known and known.index(tier) >= known.index(wants.tier)


def check(policy: WithTreatment, choice: Choice, kind: str, facts: Trigger, on: date) -> Needed | None:
    """Return what a choice needs before it holds, None if nothing.

    Refuses an option that is not for this kind of risk, no reason, and a last day that is missing, past or too late;
    fields are "option", "why" and "expires_on".
    """
    rules, refusals = rules_of(policy), []
    if choice.option not in {option.key for option in rules.offered(kind)}:
        refusals.append(Refusal("option", "Choose how the risk is treated"))
    if not choice.why.strip():
        refusals.append(Refusal("why", "Say why. The reason stays on the record"))
    wants = needed(policy, facts, on) if choice.option == TOLERATE else None
    if wants:
        refusals.extend(_last_day_refused(choice.expires_on, wants, on))
    if refusals:
        raise CannotTreat(*refusals)
    return wants


def check_acceptance(wants: Needed, *, why: str, expires_on: date | None, is_own: bool, own: Clause, on: date) -> None:
    """Refuse to accept without a reason or a fit last day, and one's own risk where the policy forbids it."""
    refusals = [*_last_day_refused(expires_on, wants, on)]
    if not why.strip():
        refusals.append(Refusal("why", "Say why you accept it. The reason stays on the record"))
    if is_own and wants.acceptance.own == "forbidden":
        message = f"You own this risk, so somebody else must accept it (policy {own.ref}). Ask for it anew"
        refusals.append(Refusal(None, message))
    if refusals:
        raise CannotTolerate(*refusals)


def _last_day_refused(expires_on: date | None, wants: Needed, on: date) -> Iterator[Refusal]:
    latest = f"{day_words(wants.latest)} at the latest (policy {wants.acceptance.clause.ref})"
    if expires_on is None:
        yield Refusal("expires_on", f"Say until when it is tolerated, {latest}")
    elif not on < expires_on <= wants.latest:
        yield Refusal("expires_on", f"Give a last day after today, {latest}")


def material_changes(rules: TreatmentRules, then: State, now: State) -> tuple[str, ...]:
    """Say in words each way in which a risk has materially changed since it was accepted; none if it has not."""
    found = []
    if now.score - then.score >= rules.score_rises_by:
        found.append(f"its score rose from {then.score} to {now.score}")
    changes = {
        "band": (
            now.rating.rank > then.rating.rank,
            f"its band went from {then.rating.label} to {now.rating.label}",
        ),
        "position": (
            is_worse(now.position, then.position),
            f"it went from {then.position.label.lower()} to {now.position.label.lower()}",
        ),
        "event": (now.event.strip() != then.event.strip(), "its event was reworded"),
        "unit": (now.unit_id != then.unit_id, "it went to another unit"),
        "owner_unit": (now.owner_unit_id != then.owner_unit_id, "its owner is in another unit"),
    }
    return (*found, *(words for key, (is_so, words) in changes.items() if is_so and key in rules.changes))


def is_worse(now: Position, then: Position) -> bool:
    """Tell whether a position is worse than another; one where no appetite was set bears nothing above appetite."""
    if now not in WORSENING:
        return False
    return WORSENING.index(now) > (WORSENING.index(then) if then in WORSENING else 0)


def parse(document: Table) -> TreatmentRules:
    """Read treatment.toml; faults go to the document's notes."""
    chosen, accepting, own = (document.table(key) for key in ("options", "accepting", "own_risk"))
    change, in_force, ending = (document.table(key) for key in ("material_change", "in_force", "ending"))
    options = tuple(_option(table) for table in chosen.tables("option"))
    if {option.key for option in options} != set(TREATMENTS) or len(options) != len(TREATMENTS):
        chosen.fault("option", f"expected each of {', '.join(TREATMENTS)} once.")
    acceptances = {}
    for table in document.tables("acceptance"):
        acceptance = _acceptance(table)
        acceptances[acceptance.position] = acceptance
    if set(acceptances) != set(POSITIONS):
        document.fault("acceptance", f"expected each of the positions {', '.join(POSITIONS)} once.")
    changes = change.texts("changes")
    for name in changes:
        if name not in CHANGES:
            change.fault("changes", f'expected any of {", ".join(CHANGES)}, found "{name}".')
    rules = TreatmentRules(
        options=options,
        options_clause=chosen.clause(),
        edition=chosen.text("edition"),
        accepting_clause=accepting.clause(),
        own_clause=own.clause(),
        acceptances=acceptances,
        score_rises_by=change.integer("score_rises_by", at_least=1),
        changes=frozenset(changes),
        change_clause=change.clause(),
        in_force_clause=in_force.clause(),
        quiets_position=in_force.one_of("rule_of_position", ("rests", "escalates")) == "rests",
        ending_clause=ending.clause(),
    )
    for table in (chosen, accepting, own, change, in_force, ending):
        table.done()
    return rules


def _option(table: Table) -> Option:
    kinds = table.texts("kinds")
    if not kinds or not set(kinds) <= set(KINDS):
        table.fault("kinds", f"expected one or both of {', '.join(KINDS)}.")
    option = Option(table.key("key"), table.text("label"), table.text("meaning"), table.texts("equivalent"), kinds)
    table.done()
    return option


def _acceptance(table: Table) -> Acceptance:
    acceptance = Acceptance(
        position=table.one_of("position", POSITIONS),
        tier=table.key("tier") if table.has("tier") else None,
        longest=Interval(table.integer("longest_months", at_least=1, at_most=MOST_MONTHS), "months"),
        own=table.one_of("own", OWN),
        clause=table.clause(),
    )
    table.done()
    return acceptance
