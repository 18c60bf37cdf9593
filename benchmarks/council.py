"""A synthetic council of any size, written straight into the tables: risks with a year of history, and actions."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert

from riskapp.domain import appetite
from riskapp.domain.permissions import Actor, Role
from riskapp.domain.policy import read_documents
from riskapp.domain.references import TOKEN_BYTES, reference_from
from riskapp.features.accounts.service import hash_password
from riskapp.features.people import service as people
from riskapp.features.policy import queries as policies
from riskapp.features.policy import service as policy
from riskapp.models.actions import Action, ActionPromise
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Entity, Link
from riskapp.models.people import Person, Post, Unit
from riskapp.models.risks import (
    Assessment,
    AssessmentImpact,
    Risk,
    RiskCause,
    RiskConsequence,
    RiskStanding,
    RiskVersion,
)
from riskapp.settings import POLICIES

BY = Actor(person_id=None, door="benchmark")
PASSWORD = "a password for benchmarks only"  # noqa: S105 - of a throw-away database
SCORES_A_RISK = 6
ACTIONS_A_RISK = 3
PUBLIC = 200
"""Risks that a public pack shows: the size at which packs are compared."""
WORDS = [
    "budget",
    "contract",
    "supplier",
    "tender",
    "repair",
    "school",
    "placement",
    "care",
    "visit",
    "network",
    "data",
    "backup",
    "payroll",
    "rent",
    "arrears",
    "vacancy",
    "interim",
    "audit",
    "savings",
    "receipt",
    "planning",
    "appeal",
    "inspection",
    "fire",
    "safety",
    "road",
    "drainage",
    "flood",
    "waste",
    "route",
]


@dataclass(frozen=True)
class Made:
    """What the benchmark signs in as, and one risk to open."""

    email: str
    reference: str
    unit_id: int
    owner_post_id: int
    champion_email: str


def build(size: int, *, on: date, seed: int = 7) -> Made:
    """Fill an empty, migrated database with `size` open risks, a unit for every ten of them."""
    luck = random.Random(seed)
    at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    with transaction():
        policy.adopt(read_documents(POLICIES), by=BY, at=at, on=on - timedelta(days=800))
        teams, made = _organisation(max(6, size // 10), at=at, on=on)
    with transaction():
        reference = _risks(size, teams, luck, at=at, on=on)
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # rows that came with their numbers moved no sequence on
            for table in (each.__tablename__ for each in _ORDER if "id" in each.__table__.primary_key.columns):
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table} "
                    f"HAVING pg_get_serial_sequence('{table}', 'id') IS NOT NULL"
                )
        connection.exec_driver_sql("ANALYZE")  # as a server does by itself a minute after a load
    return replace(made, reference=reference)


def _organisation(teams: int, *, at: datetime, on: date) -> tuple[list[tuple[Unit, Post]], Made]:
    start = on - timedelta(days=700)
    council = people.add_unit(name="Council", kind="council", parent=None, by=BY, at=at, on=start)
    person("chief@bench.example", council, "chief_executive", "Chief Executive", Role.MANAGER, at, start)
    assurance, _ = person(
        "assurance@bench.example", council, "head_of_assurance", "Head of Assurance", Role.HEAD_OF_ASSURANCE, at, start
    )
    kept: list[tuple[Unit, Post]] = []
    champion: Person | None = None
    directorate = service = council
    for number in range(teams):
        if number % 25 == 0:
            directorate = _unit(f"Directorate {number // 25 + 1}", "directorate", council, at, start)
            person(
                f"director{number}@bench.example",
                directorate,
                "director",
                f"Director {number}",
                Role.MANAGER,
                at,
                start,
            )
        if number % 5 == 0:
            service = _unit(f"Service {number // 5 + 1}", "service", directorate, at, start)
            person(
                f"lead{number}@bench.example",
                service,
                "service_lead",
                f"Service Lead {number}",
                Role.MANAGER,
                at,
                start,
            )
        team = _unit(f"Team {number + 1}", "team", service, at, start)
        _, manager = person(
            f"manager{number}@bench.example", team, "team_manager", f"Team Manager {number}", Role.MANAGER, at, start
        )
        if champion is None:
            champion, _ = person(
                "champion@bench.example", team, "risk_champion", "Risk Champion", Role.CHAMPION, at, start
            )
        kept.append((team, manager))
    assert champion is not None
    return kept, Made(assurance.email, "", kept[0][0].id, kept[0][1].id, champion.email)


def _unit(name: str, kind: str, parent: Unit, at: datetime, start: date) -> Unit:
    return people.add_unit(name=name, kind=kind, parent=parent, by=BY, at=at, on=start)


def person(email: str, unit: Unit, kind: str, title: str, role: Role, at: datetime, start: date) -> tuple[Person, Post]:
    may_sign_in = kind in {"head_of_assurance", "risk_champion"}
    person = people.add_person(email=email, password_hash=hash_password(PASSWORD) if may_sign_in else None)
    post = people.add_post(title=title, kind=kind, unit=unit, by=BY, at=at, on=start)
    people.seat(person, post, by=BY, at=at, on=start)
    people.grant_role(person, role, unit, reason="benchmark", by=BY, at=at, on=start)
    return person, post


def _risks(size: int, teams: list[tuple[Unit, Post]], luck: random.Random, *, at: datetime, on: date) -> str:
    """Write the risks and give one's reference."""
    rules = policies.in_force(on=on)
    first = (db.session.scalar(db.select(db.func.max(Entity.id))) or 0) + 1
    rows: dict[type, list[dict[str, object]]] = {table: [] for table in _ORDER}
    assessment = 0
    for number in range(size):
        risk_id = first + number * (1 + ACTIONS_A_RISK)
        team, owner = teams[number % len(teams)]
        category = luck.choice(appetite.CATEGORIES)
        rows[Entity].append(entity(risk_id, "risk", luck))
        opened = on - timedelta(days=luck.randint(40, 400))
        event = " ".join(luck.choices(WORDS, k=14)).capitalize()
        rows[Risk].append(
            {
                "id": risk_id, "unit_id": team.id, "owner_post_id": owner.id, "category": category, "kind": "threat",
                "status": "open", "event": event, "treatment": "treat", "treatment_why": "", "drafted_on": opened,
                "opened_on": opened, "next_review_on": on + timedelta(days=luck.randint(-40, 80)), "version": 1,
            }
        )  # fmt: skip
        for table in (RiskCause, RiskConsequence):
            text = " ".join(luck.choices(WORDS, k=12)).capitalize()
            rows[table].append({"risk_id": risk_id, "position": 1, "text": text})
        rows[RiskVersion].append(
            {
                "risk_id": risk_id, "version": 1, "valid_from": opened, "recorded_at": at, "title": rows[Entity][-1]["name"],
                "status": "open", "unit_id": team.id, "owner_post_id": owner.id, "category": category,
                "words": {"event": event},
            }
        )  # fmt: skip
        if number < PUBLIC:
            rows[Classification].append(
                {
                    "entity_id": risk_id,
                    "field_group": "all",
                    "level": "public",
                    "from_on": opened,
                    "decided_by_post_id": None,
                }
            )
        ids = {}
        bases = ["inherent", "target", *["current"] * SCORES_A_RISK]
        for step, basis in enumerate(bases):
            assessment += 1
            ids[basis], ids[f"before {basis}"] = assessment, ids.get(basis)
            scored = rules.policy.scoring.cell(luck.randint(1, 5), luck.randint(1, 5))
            rows[Assessment].append(
                {
                    "id": assessment, "risk_id": risk_id, "basis": basis, "state": "in_force",
                    "effective_on": opened + (on - opened) * step // len(bases), "recorded_at": at,
                    "likelihood": scored.likelihood, "impact": scored.impact, "score": scored.score,
                    "rating": scored.rating.key,
                    "position": appetite.position(rules.policy, category, scored.score).key,
                    "target_on": on + timedelta(days=120) if basis == "target" else None,
                    "rationale": "The figures of the month bear it out.", "policy_version_id": rules.version_id,
                }
            )  # fmt: skip
            rows[AssessmentImpact].append({"assessment_id": assessment, "dimension": "service", "level": scored.impact})
        rows[RiskStanding].append(
            {
                "risk_id": risk_id, "inherent_id": ids["inherent"], "current_id": ids["current"],
                "previous_id": ids["before current"], "target_id": ids["target"],
            }
        )  # fmt: skip
        _actions(rows, risk_id, owner, luck, on=on)
    for table in _ORDER:
        for start in range(0, len(rows[table]), 2000):
            db.session.execute(insert(table.__table__), rows[table][start : start + 2000])
    return str(rows[Entity][0]["reference"])


_ORDER = (
    Entity, Risk, RiskCause, RiskConsequence, RiskVersion, Classification, Assessment, AssessmentImpact, RiskStanding,
    Action, ActionPromise, Link,
)  # fmt: skip


def _actions(
    rows: dict[type, list[dict[str, object]]], risk_id: int, owner: Post, luck: random.Random, *, on: date
) -> None:
    for step in range(1, ACTIONS_A_RISK + 1):
        action_id = risk_id + step
        due = on + timedelta(days=luck.randint(-60, 200))
        first = due - timedelta(days=luck.choice((0, 0, 30, 90)))
        rows[Entity].append(entity(action_id, "action", luck))
        rows[Action].append(
            {
                "id": action_id, "owner_post_id": owner.id, "accountable_post_id": owner.id, "status": "in_progress",
                "progress": luck.randint(0, 90), "priority": "medium", "start_on": on - timedelta(days=200),
                "due_on": due, "first_due_on": first, "times_moved": int(first != due), "version": 1,
            }
        )  # fmt: skip
        promises = [first, due] if first != due else [due]
        rows[ActionPromise].extend(
            {
                "action_id": action_id,
                "number": number,
                "due_on": day,
                "promised_on": on - timedelta(days=200),
                "reason": "",
            }
            for number, day in enumerate(promises, start=1)
        )
        rows[Link].append({"from_id": action_id, "to_id": risk_id, "kind": "treats", "weight": 1})


def entity(entity_id: int, kind: str, luck: random.Random) -> dict[str, object]:
    name = " ".join(luck.choices(WORDS, k=6)).capitalize()
    reference = f"{reference_from(kind, luck.randbytes(TOKEN_BYTES))}{entity_id}"
    return {"id": entity_id, "kind": kind, "reference": reference, "name": name}
