"""A council to try every door of: a risk of one's own team, one of the team beside it, and an exempt one.

The words of the exempt risk, and of nothing else, hold `SECRET`.
"""

from datetime import timedelta

from riskapp.domain.appetite import Position
from riskapp.domain.escalation import Trigger
from riskapp.domain.permissions import Role
from riskapp.features.escalation import service as escalation
from riskapp.features.policy import queries as policies
from riskapp.features.risks import service as risks
from riskapp.features.risks.service import Statement
from riskapp.models.actions import Action
from riskapp.models.database import db, transaction
from riskapp.models.reminders import Message
from riskapp.models.risks import Risk
from tests.builders import DAY, NOON, a_holder, a_new_risk, a_person, a_role, actor, an_action
from tests.pack_builders import APaperCouncil, reference_of

SECRET = "quaggamire"
OWN, SIBLING, EXEMPT = "own", "sibling", "exempt"


class ADoorsCouncil(APaperCouncil):
    """Everyone who may come to a door, and the things behind it."""

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            self.sibling_manager, self.sibling_manager_person = a_holder(
                self.sibling, "team_manager", title="Manager, Voids", role=Role.MANAGER
            )
            self.specialist, self.specialist_person = a_holder(self.sibling, "officer", title="Lettings Specialist")
            self.persons = {
                "champion": self.champion_person,
                "manager": self.manager_person,
                "lead": self.lead_person,
                "director": self.director_person,
                "chief": self.chief_person,
                "sibling_champion": self.sibling_champion_person,
                "sibling_manager": self.sibling_manager_person,
                "specialist": self.specialist_person,
                "assurance": self.assurance_person,
                "member": self.member_person,
                "administrator": self.administrator_person,
                "nobody": a_person(),
            }
            for role in (Role.AUDITOR, Role.COMMISSIONER, Role.PROPER_OFFICER):
                self.persons[role.value] = a_person()
                a_role(self.persons[role.value], role, self.council)
        self.risks = {OWN: self._risk("Repairs run late"), SIBLING: self._sibling_risk(), EXEMPT: self._exempt_risk()}
        self.actions = {key: self._action(key, risk) for key, risk in self.risks.items()}
        self.cases = {key: self._case(key, risk) for key, risk in self.risks.items()}
        self.body = self.a_body()
        self.pack = self.build()
        self.messages = list(db.session.scalars(db.select(Message.id)))

    def _risk(self, title: str, secret: str = "", **changes) -> Risk:
        said = Statement(title, (f"A cause {secret}",), f"An event {secret}", (f"A consequence {secret}",))
        facts = a_new_risk(self, statement=said, **changes)
        by = actor(self.sibling_champion_person if changes else self.champion_person)
        with transaction():
            risk = risks.draft(facts, by=by, at=NOON, on=DAY - timedelta(days=90))
            if secret:
                self.classify(risk, "exempt", on=DAY - timedelta(days=90), reason=f"A price {secret}")
            risks.open_risk(risk, by=by, at=NOON, on=DAY - timedelta(days=90))
        return risk

    def _sibling_risk(self) -> Risk:
        return self._risk("Homes stand empty", unit_id=self.sibling.id, owner_post_id=self.sibling_manager.id)

    def _exempt_risk(self) -> Risk:
        return self._risk(f"A {SECRET} deal", secret=SECRET)

    def _action(self, key: str, risk: Risk) -> Action:
        owner = self.sibling_manager if key == SIBLING else self.specialist
        with transaction():
            return an_action(
                self, risk, title=f"Act on the {key} one", due_on=DAY - timedelta(days=9), owner_post_id=owner.id
            )

    def _case(self, key: str, risk: Risk):
        """Raised by hand by the team's manager, so that it stands on the service lead's desk."""
        scheme = policies.in_force(on=DAY).policy.scoring
        person = self.sibling_manager_person if key == SIBLING else self.manager_person
        with transaction():
            return escalation.raise_by_hand(
                risk.id,
                unit_id=risk.unit_id,
                owner_post_id=risk.owner_post_id,
                facts=Trigger(
                    score=9, rating=scheme.ratings[1], position=Position.ABOVE_OPTIMAL, category=risk.category
                ),
                reason=f"It grows {SECRET if key == EXEMPT else ''}",
                by=actor(person),
                at=NOON,
                on=DAY,
            )

    def addresses(self, endpoint: str, arguments: set[str]) -> dict[str, dict[str, object]]:
        """What to put into the address of an endpoint, by the thing it then names."""
        kinds = {"risks": self.risks, "actions": self.actions, "escalation": self.cases, "exemption": self.risks}
        things = kinds.get(endpoint.partition(".")[0])
        if arguments == {"message_id"}:
            return {"message": {"message_id": self.messages[0]}}
        if arguments == {"reference", "number"}:
            return {f"part {part}": {"reference": reference_of(self.pack), "number": part} for part in (1, 2)}
        if things is not None:
            return {key: {"reference": reference_of(thing)} for key, thing in things.items()}
        reference = reference_of(self.body) if endpoint.startswith("bodies.") else self.meeting.reference
        return {"only": {"reference": reference}}
