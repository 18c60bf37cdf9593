"""Small things to test with, each with sensible facts that a test may change: `a_unit(name="Repairs")`."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from riskapp.domain.permissions import Actor, Role
from riskapp.domain.policy import read_documents
from riskapp.features.accounts.service import hash_password
from riskapp.features.actions import service as actions
from riskapp.features.actions.service import NewAction
from riskapp.features.assessments.service import Judgement
from riskapp.features.people import queries as people
from riskapp.features.policy import service as policy
from riskapp.features.risks import service as risks
from riskapp.features.risks.service import NewRisk, Statement
from riskapp.models.actions import Action
from riskapp.models.database import db, transaction
from riskapp.models.entity import new_entity
from riskapp.models.people import Person, Post, RoleAssignment, Tenure, Unit
from riskapp.models.risks import Risk

DAY = date(2026, 12, 1)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
PASSWORD = "a password for tests only"
HASH = hash_password(PASSWORD)
POLICIES = Path(__file__).parents[1] / "policies"
BY_HAND = Actor(person_id=None, door="test")

_numbers = count(1)


def a_policy(*, on: date = date(2024, 4, 1)) -> int:
    return policy.adopt(read_documents(POLICIES), by=BY_HAND, at=NOON, on=on).id


def a_unit(parent: Unit | None = None, *, kind: str = "council", name: str | None = None) -> Unit:
    entity = new_entity(db.session(), "unit", name or f"Unit {next(_numbers)}")
    unit = Unit(
        id=entity.id,
        parent_id=parent.id if parent else None,
        kind=kind,
        path=f"{parent.path if parent else '/'}{entity.id}/",
        opened_on=date(2020, 4, 1),
    )
    db.session.add(unit)
    db.session.flush()
    return unit


def a_post(unit: Unit, kind: str = "officer", *, title: str | None = None) -> Post:
    post = Post(unit_id=unit.id, kind=kind, title=title or f"{kind} {next(_numbers)}", opened_on=date(2020, 4, 1))
    db.session.add(post)
    db.session.flush()
    return post


def a_person(**changes: Any) -> Person:
    facts = {"email": f"person{next(_numbers)}@demo.example", "password_hash": HASH, "is_active": True} | changes
    person = Person(**facts)
    db.session.add(person)
    db.session.flush()
    return person


def seat(person: Person, post: Post, capacity: str = "holder", **dates: date) -> Tenure:
    tenure = Tenure(post_id=post.id, person_id=person.id, capacity=capacity, **({"from_on": date(2021, 4, 1)} | dates))
    db.session.add(tenure)
    db.session.flush()
    return tenure


def a_role(person: Person, role: Role, unit: Unit, **dates: date) -> RoleAssignment:
    given = RoleAssignment(
        person_id=person.id,
        role=role,
        unit_id=unit.id,
        reason="for a test",
        **({"from_on": date(2021, 4, 1)} | dates),
    )
    db.session.add(given)
    db.session.flush()
    return given


def a_holder(unit: Unit, kind: str, *, title: str | None = None, role: Role | None = None, scope: Unit | None = None):
    """A post with a person in it, and perhaps a role; gives the post and the person."""
    post, person = a_post(unit, kind, title=title), a_person()
    seat(person, post)
    if role:
        a_role(person, role, scope or unit)
    return post, person


def actor(person: Person, *, on: date = DAY, **changes: Any) -> Actor:
    found = people.actor_for(person.id, on=on, **changes)
    assert found is not None
    return found


class ACouncil:
    """A line of one directorate, one service and two teams, with posts filled and roles given, and a policy."""

    def __init__(self) -> None:
        with transaction():
            self.policy_id = a_policy()
            self.council = a_unit(name="The council")
            self.directorate = a_unit(self.council, kind="directorate", name="Housing")
            self.service = a_unit(self.directorate, kind="service", name="Housing Repairs")
            self.team = a_unit(self.service, kind="team", name="Repairs Delivery")
            self.sibling = a_unit(self.service, kind="team", name="Voids")
            manager, champion = Role.MANAGER, Role.CHAMPION
            self.chief, self.chief_person = a_holder(
                self.council, "chief_executive", title="Chief Executive", role=manager
            )
            self.director, self.director_person = a_holder(
                self.directorate, "director", title="Director of Housing", role=manager
            )
            self.lead, self.lead_person = a_holder(
                self.service, "service_lead", title="Service Lead, Housing Repairs", role=manager
            )
            self.manager, self.manager_person = a_holder(
                self.team, "team_manager", title="Manager, Repairs Delivery", role=manager
            )
            self.champion, self.champion_person = a_holder(
                self.team, "risk_champion", title="Risk Champion, Repairs Delivery", role=champion
            )
            self.sibling_champion, self.sibling_champion_person = a_holder(
                self.sibling, "risk_champion", title="Risk Champion, Voids", role=champion
            )
            self.assurance, self.assurance_person = a_holder(
                self.council, "head_of_assurance", title="Head of Assurance", role=Role.HEAD_OF_ASSURANCE
            )
            self.member, self.member_person = a_holder(
                self.council, "member", title="Audit Committee Member", role=Role.COMMITTEE
            )
            self.administrator, self.administrator_person = a_holder(
                self.council, "administrator", title="Administrator", role=Role.ADMINISTRATOR
            )


def sign_in(client, person: Person) -> None:
    """Sign a test client in as a person, through the page."""
    answer = client.post("/sign-in", data={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.text


def a_judgement(likelihood: int = 3, impact: int = 3, **changes: Any) -> Judgement:
    facts = {"impacts": {"service": impact}, "rationale": "As the figures of last month say"} | changes
    return Judgement(likelihood, **facts)


def a_new_risk(council: ACouncil, *, current: tuple[int, int] = (3, 3), title: str | None = None, **changes: Any):
    """What a champion types for the council's team, owned by its manager."""
    statement = Statement(
        title or f"Repairs fall behind {next(_numbers)}",
        ("Tender prices have risen by a fifth",),
        "The contractor gives notice before the new contract begins",
        ("Missed urgent repairs for 1,000 homes",),
    )
    judgements = {
        "inherent": a_judgement(5, 5),
        "current": a_judgement(*current),
        "target": a_judgement(2, 2, target_on=date(2027, 3, 31)),
    }
    facts: dict[str, Any] = {
        "statement": statement,
        "category": "operations",
        "unit_id": council.team.id,
        "owner_post_id": council.manager.id,
        "judgements": judgements,
    }
    return NewRisk(**(facts | changes))


def a_risk(
    council: ACouncil, *, status: str = "open", on: date = DAY, by: Person | None = None, **changes: Any
) -> Risk:
    """A risk of the council's team, drafted by its champion; `status` is how far it has come."""
    drafted = risks.draft(a_new_risk(council, **changes), by=actor(council.champion_person), at=NOON, on=on)
    if status != "draft":
        risks.open_risk(drafted, by=actor(council.manager_person), at=NOON, on=on)
    if status == "closed":
        risks.close(drafted, why="The contract is let", by=actor(council.lead_person), at=NOON, on=on)
    db.session.flush()
    return drafted


def an_old_risk(
    council: ACouncil, *, title: str = "Repairs run late", is_open: bool = True, level: int = 4, **changes: Any
) -> Risk:
    """A risk of the council's team, owned by its service lead, opened 90 days ago and never scored otherwise."""
    judgement = Judgement(level, {"service": level}, "As things stand.", date(2027, 3, 31))
    unit = changes.pop("unit", council.team)
    owner = changes.pop("owner", council.lead)
    new = NewRisk(
        statement=Statement(title, ("the contractor is short of staff",), "repairs are late", ("homes are damp",)),
        category="operations",
        unit_id=unit.id,
        owner_post_id=owner.id,
        judgements=dict.fromkeys(("inherent", "current", "target"), judgement),
        **changes,
    )
    by, on = actor(council.champion_person), DAY - timedelta(days=90)
    at = NOON - timedelta(days=90)
    risk = risks.draft(new, by=by, at=at, on=on)
    if is_open:
        risks.open_risk(risk, by=by, at=at, on=on)
    return risk


def an_action(council: ACouncil, risk: Risk, *, due_on: date = DAY, **changes: Any) -> Action:
    """An action on a risk, owned by the team's manager, for which the service lead answers; promised 80 days ago."""
    facts = {
        "title": f"Action {next(_numbers)}",
        "source_ids": (risk.id,),
        "owner_post_id": council.manager.id,
        "accountable_post_id": council.lead.id,
        "start_on": min(DAY, due_on) - timedelta(days=100),
        "due_on": due_on,
    } | changes
    past = min(DAY - timedelta(days=80), due_on)
    return actions.add(NewAction(**facts), by=actor(council.champion_person), at=NOON - timedelta(days=80), on=past)
