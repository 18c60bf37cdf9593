"""A committee, its meetings and what its papers count: risks with decisions on them, actions, escalations, bodies."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete

from riskapp.domain.audit import Event
from riskapp.features.accounts import service as accounts
from riskapp.features.assessments import service as assessments
from riskapp.features.assessments.service import Judgement
from riskapp.features.audit import service as audit
from riskapp.features.bodies import service as bodies
from riskapp.features.packs import queries, service
from riskapp.features.packs.service import Publisher
from riskapp.features.risks import service as risks
from riskapp.models.actions import Action, ActionPromise
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Entity, Link, new_entity
from riskapp.models.escalation import EscalationCase, EscalationDesk
from tests.builders import BY_HAND, DAY, PASSWORD, ACouncil, actor

MEETING_ON = date(2026, 12, 17)
LAST_MEETING_ON = date(2026, 9, 24)
BEFORE = date(2026, 9, 1)
PUBLISHER = Publisher("Demonstration Council", is_illustrative=True)


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


class APaperCouncil(ACouncil):
    """A council with an Audit Committee that met in September and meets in December."""

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            self.committee = service.add_board(
                name="Audit Committee", led_by="Member", purpose="Tests risk management.", by=BY_HAND, at=noon(DAY)
            )
            for held_on in (LAST_MEETING_ON, MEETING_ON):
                service.plan_meeting(
                    self.committee,
                    name=f"Audit Committee {held_on}",
                    held_on=held_on,
                    papers_due_on=held_on - timedelta(days=8),
                    by=BY_HAND,
                    at=noon(DAY),
                )
        self.head = actor(self.assurance_person)
        self.last_meeting, self.meeting = queries.meetings(self.head)

    def build(self, *, on: date = DAY, as_at: date | None = None, meeting: queries.MeetingRow | None = None):
        """Build a version as the Head of Assurance, committed."""
        with transaction():
            return service.build(
                meeting or self.meeting, by=self.head, at=noon(on), on=on, as_at=as_at, publisher=PUBLISHER
            )

    def a_risk(
        self,
        title: str,
        likelihood: int = 3,
        impact: int = 3,
        *,
        level: str | None = "public",
        on: date = BEFORE,
        concerns: int | None = None,
        reason: str = "The council is bargaining over the price.",
    ):
        """An open risk of the team's, owned by the director, with a decision on who may read it."""
        by = actor(self.champion_person)
        said = {
            basis: Judgement(max(likelihood + step, 1), {"financial": impact}, f"{basis} of {title}")
            for basis, step in (("inherent", 0), ("current", 0), ("target", -1))
        }
        new = risks.NewRisk(
            statement=risks.Statement(title, ("A cause",), f"{title} happens", ("A consequence",)),
            category="financial",
            unit_id=self.team.id,
            owner_post_id=self.director.id,
            judgements=said,
            extra_links={concerns: "concerns"} if concerns else {},
        )
        with transaction():
            risk = risks.draft(new, by=by, at=noon(on), on=on)
            if level:
                self.classify(risk, level, on=on, reason=reason)
            risks.open_risk(risk, by=by, at=noon(on), on=on)
            # A paper is tested with the escalations of `an_escalation` alone, not with what the policy raised.
            db.session.execute(delete(EscalationCase).where(EscalationCase.subject_id == risk.id))
        return risk

    def classify(self, risk, level: str, *, on: date, reason: str = "It is open.", field_group: str = "all") -> None:
        db.session.add(
            Classification(
                entity_id=risk.id,
                field_group=field_group,
                level=level,
                paragraphs="3" if level in {"exempt", "withheld"} else None,
                reason=reason,
                decided_by_post_id=self.chief.id,
                from_on=on,
                review_on=date(2027, 3, 1),
            )
        )
        audit.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=noon(on), subject_id=risk.id, after={"level": level})

    def score(self, risk, likelihood: int, impact: int, why: str, *, on: date) -> None:
        with transaction():
            judgement = Judgement(likelihood, {"financial": impact}, why)
            row = assessments.score(risk, "current", judgement, by=actor(self.champion_person), at=noon(on), on=on)
            if row.state == "proposed":
                assessments.agree(row, by=actor(self.lead_person), at=noon(on), on=on)

    def close(self, risk, why: str, *, on: date) -> None:
        with transaction():
            risks.close(risk, why=why, by=actor(self.lead_person), at=noon(on), on=on)

    def an_action(self, risk, title: str, *dates: date, on: date = BEFORE) -> Action:
        """An agreed action of a risk with each date it was promised for, a promise a month."""
        with transaction():
            entity = new_entity(db.session(), "action", title)
            action = Action(
                id=entity.id,
                owner_post_id=self.manager.id,
                accountable_post_id=self.director.id,
                status="agreed",
                start_on=on,
                due_on=dates[-1],
                first_due_on=dates[0],
                times_moved=len(dates) - 1,
            )
            db.session.add(action)
            db.session.flush()
            for number, due_on in enumerate(dates, start=1):
                made_on = on + timedelta(days=30 * (number - 1) + 1)
                db.session.add(ActionPromise(action_id=action.id, number=number, due_on=due_on, promised_on=made_on))
            db.session.add(Link(from_id=action.id, to_id=risk.id, kind="treats"))
            audit.record(Event.ACTION_ADDED, by=BY_HAND, at=noon(on), subject_id=action.id)
        return action

    def an_escalation(self, risk, *, on: date, acknowledged_on: date | None = None, state: str = "notified") -> None:
        """A case on the director's desk since noon of a day."""
        arrived = noon(on)
        acknowledged_at = noon(acknowledged_on) if acknowledged_on else None
        with transaction():
            entity = new_entity(db.session(), "escalation", "An escalation")
            db.session.add(
                EscalationCase(
                    id=entity.id,
                    subject_id=risk.id,
                    unit_id=self.team.id,
                    raised_at=arrived,
                    reason="Its score.",
                    clause="6.3",
                    facts={},
                    policy_version_id=self.policy_id,
                )
            )
            db.session.flush()
            db.session.add(
                EscalationDesk(
                    case_id=entity.id,
                    tier="director",
                    clause="6.3",
                    post_id=self.director.id,
                    state="acknowledged" if acknowledged_at else state,
                    arrived_at=arrived,
                    due_at=arrived + timedelta(days=2),
                    acknowledged_at=acknowledged_at,
                    left_at=arrived + timedelta(days=2) if state == "expired" else None,
                )
            )
            audit.record(Event.ESCALATION_RAISED, by=BY_HAND, at=arrived, subject_id=entity.id)

    def a_body(self, name: str = "Thames Freeport", *, position: int = 1, **changes):
        """A body with a filled seat, a vacant one, money and one review."""
        facts = {
            "kind": "freeport",
            "purpose": "Brings investment to sites on the Thames.",
            "legal_form": "Governing body",
            "interest": "1 of 12 votes; no equity",
            "roles": ("accountable_body", "funder"),
            "lead_post_id": self.chief.id,
            "started_on": date(2022, 4, 1),
            "review_every_months": 12,
            "next_review_on": date(2026, 11, 1),
        } | changes
        seats = (
            bodies.Seat("Board, member", "member", self.director.id, date(2024, 4, 1), date(2026, 10, 1)),
            bodies.Seat("Board, second member", "director", None, date(2026, 9, 1), None),
        )
        money = (
            bodies.Money("Seed capital", 25_000_000, 21_300_000, "Spend by 31 March 2026", date(2026, 3, 31)),
            bodies.Money("Capacity funding", 1_000_000, 1_000_000, "Spent", None),
        )
        with transaction():
            return bodies.record_body(
                bodies.NewBody(name=name, position=position, **facts),
                seats=seats,
                money=money,
                by=BY_HAND,
                at=noon(DAY),
            )


def reference_of(thing) -> str:
    return db.session.get_one(Entity, thing.id).reference


def signed_in(client, person) -> None:
    """Give a test client the session of a person."""
    with transaction():
        token = accounts.sign_in(email=person.email, password=PASSWORD, at=datetime.now(UTC))
    client.set_cookie("sid", token)
