"""A council in which every relation of the oracle's tables is posed: who knocks, and what is behind the doors.

Every thing has a word of its own in each group of its fields, from which an answer that holds it is known.
"""

import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import delete, select

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor, Clearance, Role, Sitting
from riskapp.features.audit import service as audit
from riskapp.features.clock import service as clock
from riskapp.features.issues import service as issues
from riskapp.features.overdue import queries as overdue
from riskapp.features.overdue import service as chasing
from riskapp.features.risks import service as risks
from riskapp.features.risks.service import NewRisk, Statement
from riskapp.features.rmap.queries import Filter
from riskapp.models.access import NamedGrant
from riskapp.models.accounts import WebSession
from riskapp.models.actions import ActionUpdate
from riskapp.models.challenges import Challenge
from riskapp.models.database import db, transaction
from riskapp.models.entity import Link, new_entity
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Absence, Person, Post
from riskapp.models.reminders import Message
from riskapp.models.risks import Expertise, Risk, RiskDuty, RiskStanding
from riskapp.models.tolerances import Tolerance
from tests.authorisation import around_risks
from tests.authorisation.oracle_tables import ABOVE, CLEARANCES, GROUPS, NOTHING, PERSONAS, SOMEBODY, Thing, rows
from tests.builders import BY_HAND, DAY, NOON, a_judgement, a_person, a_post, a_role, a_unit, an_action, seat
from tests.pack_builders import APaperCouncil, reference_of

PAST, YESTERDAY = DAY - timedelta(days=90), DAY - timedelta(days=1)
LAST_DAYS = {"": None, "yesterday": YESTERDAY, "in a month": DAY + timedelta(days=30)}
LEVELS = {"exempt": "exempt", "withheld": "withheld"}
CLEARED = {
    "ordinary": Clearance.ORDINARY, "exempt": Clearance.EXEMPT, "withheld": Clearance.EXISTENCE_WITHHELD,
}  # fmt: skip
OPENED = {"risk", "action", "escalation"}
HAPPENED = {"in_repairs", "in_another_directorate", "owned_by_the_champion", "owned_by_the_team_manager"}
"""Of these poses each risk happened: an issue was made of it."""
WORD = re.compile(r"quagga(\d{3})([a-z])", re.IGNORECASE)


def word(number: int, kind: str, group: str) -> str:
    """The word of a group of the fields of the things made with a number; none begins another."""
    return f"quagga{number:03}{chr(ord('a') + GROUPS.index((kind, group)))}"


class World(APaperCouncil):
    """Everyone of personas.csv with a session, and the things of things.csv with their addresses."""

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            self._organise()
            self._people()
            clock.take_lease("a clock", at=NOON)
        self.things: dict[str, list[Thing]] = {"nothing": [NOTHING], "risk": [], "action": [], "escalation": []}
        self.of_number: dict[tuple[int, str], Thing] = {}
        self.references: dict[Thing, str] = {}
        self.names: dict[Thing, dict[str, object]] = {NOTHING: {}}
        self.ids: dict[Thing, int] = {}
        poses = list(rows("things.csv"))
        self.some_body = self.a_body("Estuary Board")
        for number, (pose, clearance) in enumerate((pose, each) for pose in poses for each in CLEARANCES):
            with transaction():
                self._pose(number, pose, clearance)
        with transaction():
            chain = pairwise(self.ids[thing] for thing in self.things["risk"])
            db.session.add_all(Link(from_id=one, to_id=other, kind="causes") for one, other in chain)
        self._bodies()
        self._papers()
        around_risks.pose(self)

    def _organise(self) -> None:
        self.units = {
            "council": self.council, "housing": self.directorate, "repairs": self.service,
            "delivery": self.team, "voids": self.sibling,
        }  # fmt: skip
        kinds = {1: "directorate", 2: "service"}
        for name, under in ABOVE.items():
            # The other directorate's number begins with that of Housing, as 23 with 2: digits are not a line of units.
            while name == "place" and not str(self._next_number()).startswith(str(self.directorate.id)):
                continue
            if name not in self.units:
                depth = self.units[under].path.count("/") - 1
                self.units[name] = a_unit(self.units[under], kind=kinds[depth], name=name.capitalize())

    @staticmethod
    def _next_number() -> int:
        return new_entity(db.session(), "issue", "Takes a number").id + 1

    def _people(self) -> None:
        self.posts: dict[str, Post] = {SOMEBODY: a_post(self.units["place"], title="Somebody")}
        self.somebody = a_person()
        seat(self.somebody, self.posts[SOMEBODY])
        self.people: dict[str, Person] = {}
        self.tokens: dict[str, str] = {}
        for persona in PERSONAS.values():
            if persona.key == "public":
                continue
            person = self.people[persona.key] = a_person()
            if persona.post_in:
                self.posts[persona.key] = a_post(self.units[persona.post_in], title=f"Post of the {persona.key}")
                seat(person, self.posts[persona.key])
            if persona.role:
                given = {"to_on": LAST_DAYS[persona.until]} if persona.until else {}
                given |= {"clearance": Clearance.EXEMPT} if persona.clearance == "exempt" else {}
                a_role(person, Role(persona.role), self.units[persona.over], **given)
            if persona.stands_in_for:
                seat(person, self.posts[persona.stands_in_for], "deputy")
            self.tokens[persona.key] = f"the token of the {persona.key}"
            digest = hashlib.sha256(self.tokens[persona.key].encode()).digest()
            proved = {"by_what": "password and code", "proved_at": NOON, "started_at": NOON, "seen_at": NOON}
            db.session.add(WebSession(token_digest=digest, person_id=person.id, **proved))
        self.people["account_that_was_closed"].is_active = False
        for key, until in (("away", DAY), ("back", YESTERDAY)):
            db.session.add(Absence(person_id=self.people[key].id, from_on=PAST, to_on=until))

    def _keep(self, thing: Thing, row) -> None:
        self.things.setdefault(thing.kind, []).append(thing)
        if thing.kind in {"risk", "action", "escalation"}:
            self.of_number[thing.number, thing.kind] = thing
        self.ids[thing] = row.id
        self.references[thing] = str(row.id) if thing.kind == "message" else reference_of(row)
        self.names[thing] = {"message_id": row.id} if thing.kind == "message" else {"reference": reference_of(row)}
        if thing.kind.startswith("part"):
            self.names[thing]["number"] = int(thing.kind[-1])

    def keep(self, thing: Thing, **named: object) -> None:
        """Keep a thing that holds no words of its own, under what names it in an address."""
        self.things.setdefault(thing.kind, []).append(thing)
        self.references[thing], self.names[thing] = "", named

    def _pose(self, number: int, pose: dict[str, str], clearance: str) -> None:
        risk = self._risk(number, pose, clearance)
        where = {
            "pose": pose["pose"], "clearance": clearance, "unit": pose["unit"], "number": number,
            "drafted_by": pose["drafted_by"], "on_desk": pose["on_desk"], "was_on_desk": pose["was_on_desk"],
            "let_in": pose["let_in"], "let_in_cleared": pose["let_in_cleared"], "exempt_part": pose["exempt_part"],
        }  # fmt: skip
        treaters = {pose["action_owner"], pose["accountable"]}
        helpers = {pose["contributor"]} - {""}
        state = {"is_open": pose["status"] == "open", "is_closed": pose["status"] == "closed"}
        self._keep(
            Thing("risk", owner=pose["owner"], named_on_it=frozenset(treaters | helpers), **state, **where), risk
        )
        self._keep_expertise(number, pose, risk, treaters | helpers, state | where)
        if pose["pose"] in HAPPENED:
            self._keep_issue(pose, risk, clearance)
        others = frozenset({pose["accountable"], pose["owner"]})
        action = self._action(number, pose, risk)
        in_plan = {"clearance": "ordinary"} if clearance == "exempt" and pose["exempt_part"] not in {"", "plan"} else {}
        self._keep(Thing("action", owner=pose["action_owner"], named_on_it=others, **where | in_plan), action)
        if pose["on_desk"]:
            case = Thing("escalation", owner=pose["owner"], named_on_it=frozenset(treaters), **where)
            self._keep(case, self._case(number, pose, risk))
        for thing, entity_id in self.ids.items():
            if thing.number == number and thing.kind in OPENED:
                self._let_in(thing, entity_id)
        where |= {"owner": pose["owner"], "named_on_it": frozenset(treaters), **state}
        self._beside(number, pose, risk, where)

    def _beside(self, number: int, pose: dict[str, str], risk: Risk, where: dict[str, object]) -> None:
        """A challenge to the risk by somebody; and a tolerance asked of, and one accepted by, whoever has it now."""
        held = db.session.get_one(RiskStanding, risk.id).current_id
        entry = audit.record(Event.RISK_CHALLENGED, by=BY_HAND, at=NOON, subject_id=risk.id)
        key, scored = f"challenge-{number}", {"score": 12, "rating": "high", "policy_version_id": self.policy_id}
        when = {"raised_on": YESTERDAY, "raised_at": NOON, "due_on": DAY}
        db.session.add(Challenge(
            key=key, risk_id=risk.id, assessment_id=held, likelihood=4, dimension="service", impact=3, is_named=False,
            why=f"Seen {word(number, 'risk', 'challenge')}", by_id=self.somebody.id, salt=b"", entry_id=entry.id,
            **scored, **when,
        ))  # fmt: skip
        in_scores = where["clearance"] != "exempt" or pose["exempt_part"] in {"", "assessment"}
        thing = Thing("challenge", **(where if in_scores else where | {"clearance": "ordinary"}))
        self._keep(thing, risk)
        self.names[thing]["key"] = key
        if not pose["on_desk"]:
            return
        for begun in ({"state": "asked"}, {"state": "in_force", "from_on": YESTERDAY}):
            db.session.add(Tolerance(
                risk_id=risk.id, assessment_id=held, position="above", event=risk.event, unit_id=risk.unit_id,
                owner_unit_id=risk.unit_id, why=f"Borne {word(number, 'risk', 'tolerance')}", tier="director",
                expires_on=DAY + timedelta(days=60), asked_on=YESTERDAY, asked_at=NOON,
                asked_of_post_id=self.posts[pose["on_desk"]].id, **scored, **begun,
            ))  # fmt: skip
        self._keep(Thing("tolerance", **where), risk)

    def _keep_expertise(
        self, number: int, pose: dict[str, str], risk: Risk, named: set[str], where: dict[str, Any]
    ) -> None:
        said = {"of_whom": "A firm", "about": f"About {word(number, 'risk', 'expertise')}", "commissioned_on": PAST}
        row = Expertise(risk_id=risk.id, **said)
        db.session.add(row)
        db.session.flush()
        thing = Thing("expertise", owner=pose["owner"], named_on_it=frozenset(named), **where)
        self.keep(thing, reference=reference_of(risk), number=row.id)
        self.keep(replace(thing, kind="check"), reference=reference_of(risk), check="above_inherent")
        linked = db.session.scalar(select(Link.id).where(Link.from_id == risk.id, Link.kind == "concerns"))
        self.keep(replace(thing, kind="link"), reference=reference_of(risk), number=linked)

    def _keep_issue(self, pose: dict[str, str], risk: Risk, clearance: str) -> None:
        new = issues.NewIssue("It happened", "As feared", DAY, "service", 1, self.posts[pose["owner"]].id)
        row = issues.happened(risk, new, may_recur=True, by=BY_HAND, at=NOON, on=DAY)
        thing = Thing("issue", pose["pose"], clearance, unit=pose["unit"], owner=pose["owner"])
        self.keep(thing, reference=reference_of(row))

    def _let_in(self, thing: Thing, entity_id: int) -> None:
        for key, clearance in ((thing.let_in, Clearance.ORDINARY), (thing.let_in_cleared, CLEARED[thing.clearance])):
            if key:
                opened = {"entity_id": entity_id, "clearance": clearance, "granted_by_id": self.people["owner"].id}
                days = {"from_on": PAST, "to_on": DAY + timedelta(days=9), "granted_at": NOON}
                db.session.add(NamedGrant(person_id=self.people[key].id, reason="For a review", **opened, **days))
                audit.record(Event.NAMED_GRANT_GIVEN, by=BY_HAND, at=NOON, subject_id=entity_id)

    def _risk(self, number: int, pose: dict[str, str], clearance: str) -> Risk:
        drafter = self.posts[pose["drafted_by"]]
        by = Actor(None, sittings=(Sitting(drafter.id, drafter.title, "holder"),), door="test")
        said = {group: f"Said of {word(number, kind, group)}" for kind, group in GROUPS if kind == "risk"}
        new = NewRisk(
            statement=Statement(said["title"], (said["cause"],), said["event"], (said["consequence"],)),
            category="operations",
            unit_id=self.units[pose["unit"]].id,
            owner_post_id=self.posts[pose["owner"]].id,
            judgements={basis: a_judgement(3, 3, rationale=said["rationale"]) for basis in ("inherent", "current")}
            | {"target": a_judgement(2, 2, rationale=said["rationale"], target_on=DAY + timedelta(days=90))},
            treatment_why=said["treatment"],
            extra_links={self.some_body.id: "concerns"},
        )
        risk = risks.draft(new, by=by, at=NOON - timedelta(days=90), on=PAST)
        if helper := pose["contributor"]:
            part = {"post_id": self.posts[helper].id, "duty": "contributor", "from_on": PAST}
            db.session.add(RiskDuty(risk_id=risk.id, **part))
        if clearance in LEVELS:
            group = pose["exempt_part"] if clearance == "exempt" else ""
            self.classify(risk, LEVELS[clearance], on=PAST, reason=said["why exempt"], field_group=group or "all")
        if pose["status"] != "draft":
            risks.open_risk(risk, by=by, at=NOON - timedelta(days=90), on=PAST)
            db.session.execute(delete(EscalationCase).where(EscalationCase.subject_id == risk.id))
        if pose["status"] == "closed":
            risks.close(risk, why="The contract is let", by=by, at=NOON - timedelta(days=9), on=DAY - timedelta(days=9))
        return risk

    def _action(self, number: int, pose: dict[str, str], risk: Risk):
        action = an_action(
            self, risk, title=f"Do {word(number, 'action', 'name')}", due_on=DAY - timedelta(days=9),
            owner_post_id=self.posts[pose["action_owner"]].id, accountable_post_id=self.posts[pose["accountable"]].id,
        )  # fmt: skip
        note = f"Heard {word(number, 'action', 'note')}"
        said = {"said_on": YESTERDAY, "recorded_at": NOON, "status": action.status, "progress": 10, "note": note}
        db.session.add(ActionUpdate(action_id=action.id, **said))
        audit.record(Event.ACTION_UPDATED, by=BY_HAND, at=NOON, subject_id=action.id)
        return action

    def _case(self, number: int, pose: dict[str, str], risk: Risk) -> EscalationCase:
        entity = new_entity(db.session(), "escalation", "An escalation")
        case = EscalationCase(
            id=entity.id, subject_id=risk.id, unit_id=risk.unit_id, owner_post_id=risk.owner_post_id, state="open",
            raised_at=NOON, reason=f"It grows {word(number, 'escalation', 'reason')}", clause="6.6",
            facts={}, policy_version_id=self.policy_id,
        )  # fmt: skip
        db.session.add(case)
        db.session.flush()
        for column, state in (("was_on_desk", "passed_on"), ("on_desk", "raised")):
            desk = {"tier": "director", "clause": "6.6", "post_id": self.posts[pose[column]].id, "state": state}
            db.session.add(EscalationDesk(case_id=case.id, arrived_at=NOON, due_at=NOON + timedelta(days=1), **desk))
            db.session.flush()
        audit.record(Event.ESCALATION_RAISED, by=BY_HAND, at=NOON, subject_id=entity.id)
        return case

    def _bodies(self) -> None:
        self._keep(Thing("body", "led_by_somebody"), self.some_body)
        for position, key in enumerate(("owner", "head_of_assurance"), start=2):
            body = self.a_body(f"Board {position}", position=position, lead_post_id=self.posts[key].id)
            self._keep(Thing("body", f"led_by_the_{key}", named_on_it=frozenset({key})), body)

    def _papers(self) -> None:
        self.pack = self.build()
        self._keep(Thing("part 1", "of the pack"), self.pack)
        self._keep(Thing("part 2", "of the pack"), self.pack)
        meeting = Thing("meeting", "of the committee")
        self.keep(meeting, reference=self.meeting.reference)
        with transaction():
            everything = overdue.overdue_rows(self.head, Filter(), on=DAY)
            chasing.chase(overdue.chase_plans(actions=everything, on=DAY), by=self.head, at=NOON, on=DAY)
        for message in db.session.scalars(select(Message).order_by(Message.id).limit(3)):
            self._keep(Thing("message", f"number {message.id}"), message)
