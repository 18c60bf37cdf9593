"""What non-interference compares: a council with one exempt risk, all that a reader can ask of it, and what changes.

The risk is changed in place, so that the two databases compared differ in exempt words and scores and in nothing else.
"""

import io
import logging
import re
from contextlib import contextmanager
from datetime import date, timedelta
from urllib.parse import quote

import pypdf
from sqlalchemy import delete, or_, select, update

from riskapp.app import JOBS
from riskapp.domain.audit import Event
from riskapp.domain.clock import Moment
from riskapp.features.audit import queries as trail
from riskapp.features.audit import service as audit
from riskapp.features.challenges import queries as challenges
from riskapp.features.narrowing.queries import ORDERS
from riskapp.features.packs import service as packs
from riskapp.features.risks import service as risks
from riskapp.features.risks.service import NewRisk, Statement
from riskapp.features.tolerances import queries as tolerances
from riskapp.models.actions import Action
from riskapp.models.audit import AuditEntry, AuditPayload
from riskapp.models.challenges import Challenge
from riskapp.models.database import db, rehearsal, transaction
from riskapp.models.entity import Classification, Entity, Link
from riskapp.models.escalation import EscalationCase
from riskapp.models.plan import PlanItem
from riskapp.models.reminders import Message
from riskapp.models.risks import Assessment, Review, Risk, RiskCause, RiskConsequence, RiskStanding, RiskVersion
from riskapp.models.tolerances import Tolerance
from riskapp.reports.pack import render
from tests.builders import BY_HAND, DAY, NOON, a_judgement, actor, an_action
from tests.doors_council import EXEMPT, OWN, SIBLING, ADoorsCouncil
from tests.pack_builders import PUBLISHER, reference_of, signed_in

UNCLEARED = ("sibling_champion", "director", "member", "specialist")
STRANGERS = ("administrator", "nobody")
WORDS, TWINS = ("aardvark", "zymurgy"), ("armadillo", "zeppelin")
"""What the exempt words say in the one database and in the other: they stand at the two ends of every order."""
PLACES = ((1, 1, 1, "low", "within"), (5, 5, 25, "very_high", "beyond"))
JOBS_THAT_WRITE = tuple(job for job in JOBS if job.name not in {"send_mail", "seal_the_audit_trail"})


NARROWED = (
    "inherent=low", "target=low", "escalation=live", "escalation=none", "treatment=treat", "treatment=tolerate",
    "actions=late", "actions=none_in_date", "review_to=2026-12-31", "review_from=2027-01-01", "reviewed_to=2026-11-01",
    "likelihood=5", "impact=1", "target_by_from=2027-01-01",
)  # fmt: skip
"""Filters by what is withheld with the scores, the words or the plan."""


class AComparedCouncil(ADoorsCouncil):
    """The council of the doors, whose exempt risk is linked with all that could tell of it."""

    def __init__(self) -> None:
        super().__init__()
        self.risk, self.reference = self.risks[EXEMPT], reference_of(self.risks[EXEMPT])
        self.reference_of_own, self.reference_of_body = reference_of(self.risks[OWN]), reference_of(self.body)
        with transaction():
            item = db.session.scalar(select(PlanItem.id).limit(1))
            links = [(self.risk.id, self.body.id, "concerns"), (self.risk.id, self.risks[OWN].id, "worsens")]
            links += [(self.risk.id, item, "threatens")] if item else []
            db.session.add_all([Link(from_id=one, to_id=other, kind=kind) for one, other, kind in links])
            self.was_id = self._score_anew()
            self._challenge_and_tolerate()
            for key in (OWN, SIBLING):
                self.classify(self.risks[key], "public", on=DAY - timedelta(days=60))

    def _score_anew(self) -> int:
        """Give the risk a later score, so that it has moved since the committee met; give the id of the earlier one."""
        standing = db.session.get_one(RiskStanding, self.risk.id)
        was = db.session.get_one(Assessment, standing.current_id)
        kept = {
            column.name: getattr(was, column.name) for column in Assessment.__table__.columns if column.name != "id"
        }
        now = Assessment(**(kept | {"effective_on": DAY - timedelta(days=30)}))
        db.session.add(now)
        db.session.flush()
        standing.previous_id, standing.current_id = was.id, now.id
        audit.record(Event.RISK_SCORED, by=BY_HAND, at=NOON, subject_id=self.risk.id)
        return was.id

    def _challenge_and_tolerate(self) -> None:
        """Pose a challenge to the risk, and a tolerance of it that was refused."""
        held = db.session.get_one(RiskStanding, self.risk.id).current_id
        entry = audit.record(Event.RISK_CHALLENGED, by=BY_HAND, at=NOON, subject_id=self.risk.id)
        scored = {"risk_id": self.risk.id, "assessment_id": held, "score": 12, "policy_version_id": self.policy_id}
        db.session.add(Challenge(
            key="challenge", likelihood=4, dimension="service", impact=3, rating="high", why="Why", is_named=True,
            by_id=self.champion_person.id, salt=b"", entry_id=entry.id, raised_on=DAY, raised_at=NOON, due_on=DAY,
            **scored,
        ))  # fmt: skip
        db.session.add(Tolerance(
            state="refused", rating="high", position="beyond", event="Event", unit_id=self.risk.unit_id,
            owner_unit_id=self.risk.unit_id, why="Why", expires_on=DAY + timedelta(days=60), asked_on=DAY,
            asked_at=NOON, tier="director", asked_of_post_id=self.chief.id, **scored,
        ))  # fmt: skip

    def withhold(self, group: str) -> None:
        """Make one group of the risk's fields exempt, and no other."""
        with transaction():
            db.session.execute(delete(Classification).where(Classification.entity_id == self.risk.id))
            db.session.execute(
                Classification.__table__.insert().values(
                    entity_id=self.risk.id, field_group=group, number=1, level="exempt", state="decided",
                    paragraphs="3", public_interest="The price.", from_on=DAY - timedelta(days=80),
                )
            )  # fmt: skip

    def say(self, group: str, which: int) -> None:
        """Let the fields of a group say the one thing or the other, behind the back of every service."""
        about, word = self.risk.id, WORDS[which]
        cases = select(EscalationCase.id).where(EscalationCase.subject_id == about)
        title = f"{word} {TWINS[which]}"
        changes = {
            "title": [
                update(Entity).where(or_(Entity.id == about, Entity.id.in_(cases))).values(name=title),
                update(RiskVersion).where(RiskVersion.risk_id == about).values(title=title),
            ],
            "statement": [
                update(Risk).where(Risk.id == about).values(event=f"The {word} {TWINS[which]} fails"),
                update(RiskVersion).where(RiskVersion.risk_id == about).values(words={"event": word}),
                update(RiskCause).where(RiskCause.risk_id == about).values(text=f"A {word} cause"),
                update(RiskConsequence).where(RiskConsequence.risk_id == about).values(text=f"A {word} follows"),
            ],
            "assessment": [*self._scored(which), *self._told(word)],
            "plan": [
                update(Tolerance).where(Tolerance.risk_id == about).values(why=f"The {word} bears it"),
                update(Risk).where(Risk.id == about).values(
                    treatment=("treat", "tolerate")[which], treatment_why=f"The {word} plan"
                ),
            ],
        }  # fmt: skip
        with transaction():
            for statement in changes[group] if group != "all" else [each for some in changes.values() for each in some]:
                db.session.execute(statement.execution_options(synchronize_session=False))
            entries = select(AuditEntry.id).where(AuditEntry.subject_id == about)
            told = {"before": {}, "after": {"title": word, "current": which + 1}, "why": word}
            db.session.execute(update(AuditPayload).where(AuditPayload.entry_id.in_(entries)).values(content=told))
        db.session.expire_all()

    def _scored(self, which: int):
        likelihood, impact, score, rating, position = PLACES[which]
        facts = {"likelihood": likelihood, "impact": impact, "score": score, "rating": rating, "position": position}
        return [
            update(Assessment).where(Assessment.risk_id == self.risk.id, Assessment.id != self.was_id).values(**facts),
            update(Risk)
            .where(Risk.id == self.risk.id)
            .values(next_review_on=(date(2026, 12, 2), date(2027, 5, 3))[which]),
        ]

    def _told(self, word: str):
        return [
            update(Assessment).where(Assessment.risk_id == self.risk.id).values(rationale=f"The {word} says so"),
            update(Review).where(Review.risk_id == self.risk.id).values(note=f"I looked at the {word}"),
            update(Challenge).where(Challenge.risk_id == self.risk.id).values(why=f"The {word} is likelier"),
            update(EscalationCase).where(EscalationCase.subject_id == self.risk.id).values(reason=f"The {word} grows"),
        ]

    def addresses_to_read(self) -> list[str]:
        """Every page, list, file, search, filter and order that a reader can ask for."""
        found = ["/", "/registers", "/registers.csv", "/plan", "/bodies", "/actions", "/actions.csv", "/packs"]
        found += ["/actions/overdue", "/actions/overdue.csv", "/escalations?state=all", "/escalations.csv?state=all"]
        found += ["/escalations/route", "/registers?page=99&status=all", "/risks/R-NONE", "/exemptions", "/outbox"]
        found += [
            "/exemptions/readings.csv",
            f"/bodies/{reference_of(self.body)}",
            f"/packs/meetings/{self.meeting.reference}",
        ]
        found += [f"/registers?status=all&columns=all&sort=-{key}" for key in ORDERS]
        found += [f"/registers.csv?status=all&columns=all&sort={key}" for key in ORDERS]
        found += [
            f"/registers?status=all&q={WORDS[0]}&sort=-near",
            f"/registers?q={WORDS[0][:4]}",
            "/registers?q=fails",
        ]
        found += [f"/registers.csv?status=all&q={word}%20{twin}" for word, twin in zip(WORDS, TWINS, strict=True)]
        kinds = ("council", "directorate", "service", "team", "programme", "body")
        found += [f"/registers?status=all&register={kind}" for kind in kinds]
        found += [f"/registers?status=all&{narrowed}" for narrowed in NARROWED]
        found += [f"/risks/similar?q={word}%20{twin}%20cause" for word, twin in zip(WORDS, TWINS, strict=True)]
        found += [f"/registers/many?deed={deed}&status=all&every=yes" for deed in ("chase", "review")]
        found += ["/registers/views", "/registers/views.csv", "/registers/many/mine"]
        found += [f"/actions?sort={way}{key}" for key in ("score", "due") for way in ("", "-")]
        found += ["/actions/overdue?sort=matters", "/actions/overdue?sort=-score", "/bodies?sort=-risks"]
        found += [f"/{place}{word}" for word in WORDS for place in ("registers?q=", "actions?q=", "escalations?text=")]
        found += ["/registers?band=very_high", "/registers?band=low", "/registers?appetite=beyond"]
        found += ["/registers?likelihood=5&impact=5", "/registers?likelihood=1&impact=1", "/registers?travel=same"]
        things = (self.risk, self.risks[OWN], self.actions[EXEMPT], self.cases[EXEMPT])
        kinds = ("risks", "risks", "actions", "escalations")
        found += [f"/{kind}/{quote(reference_of(thing))}" for kind, thing in zip(kinds, things, strict=True)]
        found += [f"/risks/{quote(each)}/network" for each in (self.reference, self.reference_of_own)]
        found += [f"/registers/network{end}" for end in ("", ".csv", "?sort=title", "?sort=-score", ".csv?sort=score")]
        found += [f"/registers/network?q={word}" for word in WORDS]
        found += [f"/risks/{quote(self.reference)}/{deed}" for deed in ("score", "review", "close", "mark-exempt")]
        found += [f"/risks/{quote(self.reference)}/{deed}" for deed in ("challenges", "challenges/new", "tolerances")]
        found += [f"/challenges{way}" for way in ("", ".csv", *(f"?sort={key}" for key in challenges.ORDERS))]
        found += [f"/tolerances{way}" for way in ("", ".csv", *(f"?sort={key}&state=all" for key in tolerances.ORDERS))]
        found += [f"/{place}{word}" for word in WORDS for place in ("challenges?q=", "tolerances?state=all&q=")]
        return found

    def draft_typed(self) -> dict[str, str]:
        """What a champion types who guesses the words: the list of similar risks must not tell."""
        said = f"{WORDS[0]} {TWINS[0]}"
        return {"title": said, "event": said, "cause": "A cause", "consequence": "A consequence", "deed": "check"}


def trail_addresses(council) -> list[str]:
    """Every outlet of the trail; of days gone by, since each question asked here leaves an entry of today."""
    until = "to=2026-11-30"
    found = [f"/audit?{until}", f"/audit.csv?{until}", "/audit?event=exempt", "/audit?event=pack&to=2026-11-30"]
    found += [f"/audit?{until}&sort={key}" for key in ("at", "event", "-event")]
    found += [f"/audit{form}?{until}&q={word}" for word in WORDS for form in ("", ".csv")]
    things = (council.risk, council.actions[EXEMPT], council.cases[EXEMPT], council.risks[OWN], council.body)
    references = [quote(reference_of(thing)) for thing in things]
    found += [f"/audit/records/{each}" for each in references]
    found += [f"/audit{form}?{until}&record={each}" for each in references for form in ("", ".csv")]
    about = select(AuditEntry.payload_digest).where(AuditEntry.subject_id.in_([thing.id for thing in things]))
    digests = db.session.scalars(about.order_by(AuditEntry.id)).all()
    return found + [f"/audit/entries/{each.hex()[:32]}" for each in digests]


class Answers(dict[str, str]):
    """What each reader was told, by reader and outlet; what differs with each request is taken out."""

    def differences(self, other: "Answers") -> list[str]:
        return sorted(key for key in self.keys() | other.keys() if self.get(key) != other.get(key))


def plain(answer) -> str:
    assert answer.status_code < 500, answer.request.path
    body = answer.data.decode() if answer.mimetype != "application/pdf" else _paper(answer.data)
    kept = {name: value for name, value in answer.headers if name not in {"Date", "Set-Cookie"}}
    text = f"{answer.status_code} {sorted(kept.items())} {body}"
    text = re.sub(r'name="(csrf_token|submission_key)"[^>]*', "", text)
    text = re.sub(r"'Content-Length', '\d+'", "", text)  # tokens differ in length; the body itself is compared
    return re.sub(r"\b[0-9a-f]{12}\b", "NUMBER", text)


def _paper(data: bytes) -> str:
    paper = pypdf.PdfReader(io.BytesIO(data))
    return f"{paper.metadata} {paper.outline} " + " ".join(page.extract_text() for page in paper.pages)


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _log(app):
    handler = _Kept()
    app.logger.addHandler(handler)
    yield handler.lines
    app.logger.removeHandler(handler)


def ask(app, council, names, addresses, *, papers: bool = True) -> Answers:
    """Let each reader ask for everything, draw the public paper, and write the day's mail, kept by nobody."""
    told = Answers()
    with _log(app) as lines:
        for name in names:
            client = app.test_client()
            signed_in(client, council.persons[name])
            for address in addresses:
                told[f"{name} {address}"] = plain(client.get(address))
            told[f"{name} draft"] = plain(client.post("/risks/new", data=council.draft_typed()))
        told["log"] = re.sub(r"\b[0-9a-f]{12}\b", "NUMBER", "\n".join(lines))
    if papers:
        made = packs.contents(council.meeting, by=council.head, on=DAY, as_at=None, publisher=PUBLISHER)
        last = trail.last_checkpoint()
        told["Part 1"] = repr(render(made.public, witness=last.printed() if last else ""))
        told |= _mail(council, names)
    return told


def _mail(council, names) -> dict[str, str]:
    """The mail that the clock would write today to readers without clearance."""
    to = {council.persons[name].email: name for name in names}
    with rehearsal():
        for job in JOBS_THAT_WRITE:
            job.run(Moment(DAY, NOON))
        db.session.flush()
        rows = db.session.scalars(select(Message).order_by(Message.id)).all()
        kept = [(row.address, row.subject, row.text, row.html) for row in rows]
    return {f"mail to {name}": repr([each for each in kept if each[0] == email]) for email, name in to.items()}


def all_mail() -> str:
    """All the mail that the clock would write today, to anybody."""
    with rehearsal():
        for job in JOBS_THAT_WRITE:
            job.run(Moment(DAY, NOON))
        db.session.flush()
        rows = db.session.scalars(select(Message)).all()
        return repr([(row.subject, row.text, row.html) for row in rows])


def add_a_risk_whose_existence_is_withheld(council) -> Risk:
    """A risk of the team with an action, an escalation and links, of which nobody without clearance may know."""
    with transaction():
        risk, action = a_withheld_risk(council)
    council.more_things = (risk, action)
    return risk


def a_withheld_risk(council) -> tuple[Risk, Action]:
    by = actor(council.champion_person)
    judgement = a_judgement(5, 5)
    new = NewRisk(
        statement=Statement(f"The {WORDS[0]} deal", ("A cause",), f"The {WORDS[0]} fails", ("A consequence",)),
        category="operations",
        unit_id=council.team.id,
        owner_post_id=council.manager.id,
        judgements={
            "inherent": judgement,
            "current": judgement,
            "target": a_judgement(2, 2, target_on=date(2027, 3, 31)),
        },
        extra_links={council.body.id: "concerns", council.risks[OWN].id: "worsens"},
    )
    risk = risks.draft(new, by=by, at=NOON, on=DAY - timedelta(days=90))
    council.classify(risk, "withheld", on=DAY - timedelta(days=90))
    risks.open_risk(risk, by=actor(council.manager_person), at=NOON, on=DAY - timedelta(days=90))
    return risk, an_action(council, risk, due_on=DAY - timedelta(days=9))
