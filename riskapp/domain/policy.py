"""The policy in force: every chapter read and checked against the others, with one fingerprint."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from riskapp.domain import (
    access,
    actions,
    appetite,
    calendar,
    challenges,
    escalation,
    exemption,
    life,
    packs,
    quality,
    registers,
    reminders,
    retention,
    reviews,
    scoring,
    signing_in,
    staffing,
    tolerances,
)
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.domain.toml_reader import Clause, Notes, Table, listed

if TYPE_CHECKING:
    from pathlib import Path

Documents = Mapping[str, Mapping[str, object]]
T = TypeVar("T")

CHAPTERS = (
    "policy",
    "access",
    "scoring",
    "appetite",
    "reviews",
    "escalation",
    "actions",
    "reminders",
    "calendar",
    "packs",
    "people",
    "exemption",
    "signing_in",
    "retention",
    "quality",
    "challenge",
    "treatment",
    "registers",
    "life",
)


YOUNGER = frozenset(
    {"access", "people", "signing_in", "retention", "quality", "challenge", "treatment", "registers", "life"}
)
"""Chapters that a version kept from before they were written does not have: it sets nothing of theirs."""


class PolicyRefused(Cannot):
    """The documents make no policy: one refusal a fault, naming file, key and what was expected."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole set of rules as approved together; numbers live here and nowhere in the code."""

    number: int
    title: str
    effective_from: date
    approved_by: str
    approved_on: date
    scoring: scoring.Scheme
    appetite: appetite.Appetite
    reviews: reviews.Reviews
    escalation: escalation.Escalation
    actions: actions.ActionRules
    reminders: tuple[reminders.ReminderRule, ...]
    calendar: calendar.Calendar
    packs: packs.PackRules
    people: staffing.PeopleRules
    access: access.AccessRules | None
    exemption: exemption.ExemptionRules
    signing_in: signing_in.SigningIn | None
    retention: retention.RetentionRules | None
    quality: quality.QualityRules | None
    challenge: challenges.ChallengeRules | None
    treatment: tolerances.TreatmentRules | None
    registers: registers.RegisterRules | None
    life: life.LifeRules | None
    clauses: Mapping[str, Clause]

    def clause(self, ref: str) -> Clause:
        """Return the clause with this number, to be quoted; an unknown one is a KeyError."""
        return self.clauses[ref]


def parse_policy(documents: Documents, *, is_kept: bool = False) -> Policy:
    """Read the documents (file name without .toml -> parsed content) as one policy.

    Refuses a missing, unknown or faulty document with PolicyRefused, which lists every fault found. A version kept
    from before may lack what is younger; one to be adopted may not.
    """
    notes = Notes()
    for name in sorted((set(CHAPTERS) ^ set(documents)) - (YOUNGER - set(documents) if is_kept else frozenset())):
        words = "is missing." if name in CHAPTERS else "is not a chapter of the policy."
        notes.faults.append(Refusal(f"{name}.toml", f"{name}.toml: {words}"))
    if notes.faults:
        raise PolicyRefused(*notes.faults)
    policy = _read(documents, notes)
    faults = notes.faults or _disagreements(policy)
    if faults:
        raise PolicyRefused(*faults)
    return policy


def _heading(document: Table) -> None:
    """Every chapter says which version it is, from when it holds and who approved it."""
    document.integer("version", at_least=1)
    document.day("effective_from")
    document.text("approved_by")


def _read(documents: Documents, notes: Notes) -> Policy:
    head = Table(documents["policy"], "policy.toml", notes)

    def chapter(name: str, parse: Callable[[Table], T]) -> T:
        document = Table(documents[name], f"{name}.toml", notes)
        _heading(document)
        parsed = parse(document)
        document.done()
        return parsed

    for principle in head.tables("principle"):
        principle.clause()
        principle.done()
    clauses: dict[str, Clause] = {}
    policy = Policy(
        number=head.integer("number", at_least=1),
        title=head.text("title"),
        effective_from=head.day("effective_from"),
        approved_by=head.text("approved_by"),
        approved_on=head.day("approved_on"),
        scoring=chapter("scoring", scoring.parse),
        appetite=chapter("appetite", appetite.parse),
        reviews=chapter("reviews", reviews.parse),
        escalation=chapter("escalation", escalation.parse),
        actions=chapter("actions", actions.parse),
        reminders=chapter("reminders", reminders.parse),
        calendar=chapter("calendar", calendar.parse),
        packs=chapter("packs", packs.parse),
        people=chapter("people", staffing.parse) if "people" in documents else staffing.PeopleRules(),
        access=chapter("access", access.parse) if "access" in documents else None,
        exemption=chapter("exemption", exemption.parse),
        signing_in=chapter("signing_in", signing_in.parse) if "signing_in" in documents else None,
        retention=chapter("retention", retention.parse) if "retention" in documents else None,
        quality=chapter("quality", quality.parse) if "quality" in documents else None,
        challenge=chapter("challenge", challenges.parse) if "challenge" in documents else None,
        treatment=chapter("treatment", tolerances.parse) if "treatment" in documents else None,
        registers=chapter("registers", registers.parse) if "registers" in documents else None,
        life=chapter("life", life.parse) if "life" in documents else None,
        clauses=MappingProxyType(clauses),
    )
    head.done()
    clauses.update((clause.ref, clause) for clause in sorted(notes.clauses, key=_in_order))
    return policy


def _disagreements(policy: Policy) -> list[Refusal]:
    """What one chapter takes from another must be there."""
    faults = []

    def fault(place: str, message: str) -> None:
        faults.append(Refusal(place, f"{place}: {message}"))

    known = {rating.key for rating in policy.scoring.ratings}
    if set(policy.reviews.by_rating) != known:
        fault("reviews.toml, frequency", f"expected each rating of scoring.toml once: {_all(known)}.")
    if not set(policy.actions.plan_ratings) <= known:
        fault("actions.toml, plan, ratings", f"expected ratings of scoring.toml: {_all(known)}.")
    checks = policy.quality.checks.values() if policy.quality else ()
    for check in (check for check in checks if not set(check.ratings) <= known):
        fault(f"quality.toml, check {check.key}, ratings", f"expected ratings of scoring.toml: {_all(known)}.")
    top = policy.scoring.top_score
    for rule in (each for each in policy.escalation.rules if each.score is not None and each.score > top):
        place = f"escalation.toml, rule of clause {rule.clause.ref}, score"
        fault(place, f"expected at most {top}, the highest score of scoring.toml, found {rule.score}.")
    for level in policy.appetite.levels:
        if level.ceiling > top:
            place = f"appetite.toml, level {level.key}, ceiling"
            fault(place, f"expected at most {top}, the highest score of scoring.toml, found {level.ceiling}.")
    tiers = {tier.key for tier in policy.escalation.tiers}
    named = policy.treatment.tiers_named() if policy.treatment else ()
    for position, tier in (each for each in named if each[1] not in tiers):
        place = f"treatment.toml, acceptance {position}, tier"
        fault(place, f'expected a tier of escalation.toml: {_all(tiers)}, found "{tier}".')
    if policy.effective_from.year not in policy.calendar.years:
        fault("calendar.toml, year", f"expected {policy.effective_from.year}, when the policy begins.")
    faults.extend(_of_life(policy, known))
    return faults


def _of_life(policy: Policy, known: set[str]) -> Iterator[Refusal]:
    if policy.life and not set(policy.life.briefing_days) <= known:
        place = "life.toml, briefing, ratings"
        yield Refusal(place, f"{place}: expected ratings of scoring.toml: {_all(known)}.")


def _all(keys: set[str]) -> str:
    return listed(sorted(keys))


def _in_order(clause: Clause) -> tuple[int, ...]:
    """6.10 stands after 6.9."""
    return tuple(int(part) for part in re.findall(r"\d+", clause.ref))


def read_documents(folder: Path) -> dict[str, dict[str, object]]:
    """Read every .toml file of the folder itself, not of its sub-folders; bad TOML is PolicyRefused."""
    documents, faults = {}, []
    for path in sorted(folder.glob("*.toml")):
        try:
            documents[path.stem] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
            faults.append(Refusal(path.name, f"{path.name}: is not TOML. {fault}."))
    if faults:
        raise PolicyRefused(*faults)
    return documents


def canonical(documents: Documents) -> str:
    """Write the documents as one JSON text, the same for the same content whatever its order or layout.

    ``parse_policy(json.loads(text))`` gives the same policy again.
    """
    return json.dumps(documents, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_iso)


def fingerprint(documents: Documents) -> str:
    """Return the SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(documents).encode()).hexdigest()


def _iso(value: object) -> str:
    """TOML has dates and times where JSON has only words."""
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a policy")
