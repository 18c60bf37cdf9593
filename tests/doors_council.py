"""A council to try every door of: a risk of one's own team, one of the team beside it, and an exempt one.

The words of the exempt risk, and of nothing else, hold `SECRET`.
"""

from datetime import timedelta

from riskapp.domain.appetite import Position
from riskapp.domain.escalation import Trigger
from riskapp.domain.permissions import Clearance, Role
from riskapp.domain.staffing import Span
from riskapp.features.access import service as access
from riskapp.features.boards import service as boards
from riskapp.features.champions import service as champions
from riskapp.features.escalation import service as escalation
from riskapp.features.imports import service as imports
from riskapp.features.leaving import service as leaving
from riskapp.features.policy import queries as policies
from riskapp.features.risks import service as risks
from riskapp.features.risks.service import Statement
from riskapp.models.actions import Action
from riskapp.models.champions import ChampionAppointment
from riskapp.models.database import db, transaction
from riskapp.models.people import Person
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
        self.appointments = self._appointments()
        self._let_go(self.specialist_person)
        self.pack = self.build()
        self.access = self._access()
        self.messages = list(db.session.scalars(db.select(Message.id)))
        by = actor(self.administrator_person)
        with transaction():
            self.seat = boards.join(
                self.committee.id, post_id=self.lead.id, role="chair", from_on=DAY, seen=1, by=by, at=NOON
            )
            self.file = imports.preview(kind="units", file_name="units.csv", data=b"no header", by=by, at=NOON, on=DAY)

    def _access(self) -> dict[str, dict[str, int]]:
        """What the administrator proposed and asked for, and what was opened to a guest; by endpoint and thing."""
        by, when = actor(self.administrator_person), {"at": NOON, "on": DAY}
        with transaction():
            guest = a_person()
            held = a_role(guest, Role.COMMITTEE, self.council)
            new = access.NewRole(guest.email, Role.CHAMPION, self.team.id, None, DAY, None, "It is vacant")
            proposal = access.propose(new, by=by, **when)
            emergency = access.ask_in_emergency(reason="The copy is broken", by=by, **when)
            body, until = reference_of(self.body), DAY + timedelta(days=9)
            opened = access.NewNamedGrant(guest.email, body, Clearance.ORDINARY, DAY, until, "For a review")
            grant = access.let_in(opened, by=actor(self.persons["proper_officer"]), **when)
        numbers = {
            "proposal": (proposal.id, "proposal decide withdraw"),
            "role": (held.id, "end_role"),
            "grant": (grant.id, "end_named"),
            "emergency": (emergency.id, "decide_emergency end_emergency"),
        }
        return {f"access.{door}": {key: number} for key, (number, doors) in numbers.items() for door in doors.split()}

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

    def _appointments(self) -> dict[str, ChampionAppointment]:
        """Champions who are nobody else here: at their doors an appointment is ended."""
        by, days = actor(self.assurance_person), Span(DAY - timedelta(days=90))
        with transaction():
            return {
                key: champions.appoint(a_person(), unit, days=days, by=by, at=NOON)
                for key, unit in ((OWN, self.team), (SIBLING, self.sibling))
            }

    def _let_go(self, person: Person) -> None:
        """Somebody leaves in a month, which can still be called off."""
        with transaction():
            leaving.leave(
                person,
                gone_on=DAY + timedelta(days=30),
                answers={f"post-{each.id}": leaving.Answer("vacant") for each in leaving.lasting(person, on=DAY)},
                seen=person.version,
                by=actor(self.assurance_person),
                at=NOON,
                on=DAY,
            )

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
        if endpoint.startswith("access."):
            return {key: {"number": number} for key, number in self.access[endpoint].items()}
        if endpoint.startswith("staffing."):
            return self._among_people(endpoint, arguments)
        things = kinds.get(endpoint.partition(".")[0])
        if endpoint.startswith("organisation."):
            return self._in_the_organisation(endpoint, arguments)
        if arguments == {"reference", "number"}:
            return {f"part {part}": {"reference": reference_of(self.pack), "number": part} for part in (1, 2)}
        if things is not None:
            return {key: {"reference": reference_of(thing)} for key, thing in things.items()}
        only: dict[str, dict[str, dict[str, object]]] = {
            "bodies": {"only": {"reference": reference_of(self.body)}},
            "packs": {"only": {"reference": self.meeting.reference}},
            "reminders": {"message": {"message_id": self.messages[0]}},
        }
        return only[endpoint.partition(".")[0]]

    def _among_people(self, endpoint: str, arguments: set[str]) -> dict[str, dict[str, object]]:
        """A person of one's own team, of the team beside it, and one above; or an appointment of a champion."""
        if arguments == {"appointment_id"}:
            return {key: {"appointment_id": each.id} for key, each in self.appointments.items()}
        people = {OWN: self.manager_person, SIBLING: self.sibling_manager_person, "top": self.chief_person}
        people = {"going": self.specialist_person} if endpoint == "staffing.reinstate" else people
        return {key: {"person_id": person.id} for key, person in people.items()}

    def _in_the_organisation(self, endpoint: str, arguments: set[str]) -> dict[str, dict[str, object]]:
        """A unit, a post, a board with a seat, or a file that the administrator sent."""
        is_board = "board" in endpoint or "member" in endpoint
        values: dict[str, object] = {
            "reference": reference_of(self.committee if is_board else self.team),
            "post_id": self.specialist.id,
            "seat_id": self.seat.id,
            "key": self.file.key,
            "kind": "people",
        }
        return {"only": {name: values[name] for name in arguments}}
