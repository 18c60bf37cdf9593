"""A council that lives through a few months by chance, a deed at a time, and what its readers saw on the way.

Every deed is done through its service on its day; what a service refuses is not done. The same seed is the same life.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import delete, select
from sqlalchemy.orm.attributes import flag_modified

from riskapp.domain.audit import Event
from riskapp.domain.calendar import LONDON
from riskapp.domain.escalation_states import Decision
from riskapp.domain.exemption import Outcome, Ruling
from riskapp.domain.history import Mark, withheld
from riskapp.domain.permissions import THE_CLOCK, Actor, Facts, Permission, Role, may
from riskapp.domain.refusal import Cannot
from riskapp.features.actions import service as actions
from riskapp.features.assessments import service as assessments
from riskapp.features.audit import service as audit
from riskapp.features.escalation import queries as escalations
from riskapp.features.escalation import service as escalation
from riskapp.features.exemption import service as exemptions
from riskapp.features.past import service as past
from riskapp.features.people import queries as people
from riskapp.features.readers import queries as readers
from riskapp.features.registers import queries as registers
from riskapp.features.registers.queries import Filters
from riskapp.features.risks import queries as risk_pages
from riskapp.features.risks import service as risks
from riskapp.models.actions import OPEN_STATUSES, Action
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Entity, Link
from riskapp.models.people import Person
from riskapp.models.risks import Assessment, Risk, RiskCause, RiskStanding
from tests.builders import ACouncil, a_holder, a_judgement, a_new_risk, actor

FIRST = date(2026, 3, 2)
BEGUN_WITH = 4
WORDS = ("damp", "late", "costly", "unsafe", "unlit", "flooded")


def reword(risk: Risk, *, title: str, event: str, causes: tuple[str, ...], by: Actor, at: datetime, on: date) -> None:
    """Change the words of a risk, in place of the page that will."""
    entity = db.session.get_one(Entity, risk.id)
    entity.name, risk.event = title, event
    db.session.execute(delete(RiskCause).where(RiskCause.risk_id == risk.id))
    db.session.add_all(RiskCause(risk_id=risk.id, position=place, text=text) for place, text in enumerate(causes, 1))
    flag_modified(risk, "event")
    past.keep_risk(risk, at=at, on=on)
    audit.record(Event.RISK_REWORDED, by=by, at=at, subject_id=risk.id)


@dataclass(frozen=True)
class Seen:
    """What a reader saw on a day: the rows of the register by reference, its counts, and pages of risks."""

    rows: Mapping[str, registers.RegisterRow]
    groups: frozenset[registers.Group]
    pages: Mapping[str, risk_pages.RiskPage | None]


def looked(reader: Actor, ids: Mapping[str, int], *, on: date, then: date | None = None, pages: bool = True) -> Seen:
    """Look at the register and at every risk, on a day, or back to one."""
    filters = Filters(on=on, then=then, status="all", since=registers.last_committee(on=then or on))
    return Seen(
        {row.reference: row for row in registers.register(reader, filters, sort="title", descending=False)},
        frozenset(registers.census(reader, filters).groups),
        {mark: page_of(reader, mark, number, on=on, then=then) for mark, number in ids.items()} if pages else {},
    )


def page_of(reader: Actor, mark: str, number: int, *, on: date, then: date | None) -> risk_pages.RiskPage | None:
    if then is None:
        return risk_pages.risk(reader, mark, on=on)
    if risk_pages.find(reader, mark, on=on) is None:
        return None
    page = risk_pages.risk_then(reader, number, mark, on=on, then=then)
    return page and replace(page, whole_from=None)


def hidden_from(reader: Actor, risk_id: int, status: str, *, then: date, on: date) -> frozenset[str] | None:
    """What is withheld of a risk from a reader who looks back, by the rules alone; None where all of it is."""
    made = select(Classification).where(Classification.entity_id == risk_id)
    marks = [
        Mark(each.field_group, each.level, each.state, each.from_on, each.number) for each in db.session.scalars(made)
    ]
    now, found = readers.facts(risk_id=risk_id, on=on), withheld(marks, then=then, now=on)
    facts: Facts = replace(
        now,
        exempt_groups=found.groups,
        is_existence_withheld=found.existence,
        is_open=now.is_open and status == "open",
    )
    if not (may(reader, Permission.RISK_READ, now) and may(reader, Permission.RISK_READ, facts)):
        return None
    return frozenset() if may(reader, Permission.RISK_READ_EXEMPT, facts) else found.groups


class ALivedCouncil(ACouncil):
    """The council, two who decide what is exempt, and its risks; `live` does one deed by chance."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        with transaction():
            self.proper, self.proper_person = a_holder(
                self.council, "proper_officer", title="Monitoring Officer", role=Role.PROPER_OFFICER
            )
        self.luck = Random(seed)  # noqa: S311 - the same seed is the same life
        self.day, self.minute = FIRST, 0
        self.done: dict[str, int] = {}
        with transaction():
            for _ in range(BEGUN_WITH):
                risks.open_risk(self.draft(), by=self.who(self.manager_person), **self.when())

    # ---- time and people
    @property
    def at(self) -> datetime:
        return datetime.combine(self.day, time(9), LONDON) + timedelta(minutes=self.minute)

    def when(self) -> dict[str, object]:
        return {"at": self.at, "on": self.day}

    def who(self, person: Person) -> Actor:
        return actor(person, on=self.day)

    def everyone(self) -> dict[str, Person]:
        return {name: each for name, each in vars(self).items() if name.endswith("_person")}

    def ids(self) -> dict[str, int]:
        rows = db.session.execute(select(Entity.reference, Risk.id).join(Risk, Risk.id == Entity.id).order_by(Risk.id))
        return dict(rows.all())

    def _any(self, query):
        found = db.session.scalars(query).all()
        return self.luck.choice(found) if found else None

    def _risk(self, status: str = "open") -> Risk | None:
        return self._any(select(Risk).where(Risk.status == status).order_by(Risk.id))

    # ---- deeds
    def live(self) -> None:
        """Do one deed, a little later than the last; what cannot be done is left."""
        self.minute += self.luck.randint(1, 20)
        deeds: tuple[tuple[int, Callable[[], object]], ...] = (
            (3, self.draft), (3, self.open), (6, self.score), (3, self.agree), (3, self.review), (1, self.close),
            (3, self.reword), (1, self.rehome), (3, self.plan), (3, self.report), (2, self.move), (2, self.link),
            (2, self.unlink), (2, self.mark), (3, self.decide), (3, self.answer), (2, self.go_up), (1, self.expire),
        )  # fmt: skip
        deed = self.luck.choices([each for _, each in deeds], [weight for weight, _ in deeds])[0]
        try:
            with transaction():
                is_done = deed() is not None
        except Cannot:
            is_done = False
        self.done[deed.__name__] = self.done.get(deed.__name__, 0) + is_done

    def next_day(self) -> None:
        self.day, self.minute = self.day + timedelta(days=self.luck.randint(1, 3)), 0

    def draft(self):
        unit, owner = self.luck.choice(((self.team, self.manager), (self.sibling, self.lead), (self.team, self.lead)))
        levels = self.luck.randint(1, 5), self.luck.randint(1, 5)
        category = self.luck.choice(("operations", "financial"))
        where = {"unit_id": unit.id, "owner_post_id": owner.id, "category": category}
        return risks.draft(a_new_risk(self, current=levels, **where), by=self.who(self.champion_person), **self.when())

    def open(self):
        if risk := self._risk("draft"):
            risks.open_risk(risk, by=self.who(self.manager_person), **self.when())
        return risk

    def score(self):
        if risk := self._risk(self.luck.choice(("open", "open", "draft"))):
            basis = self.luck.choice(("current", "current", "current", "target", "inherent"))
            target_on = self.day + timedelta(days=self.luck.randint(30, 300)) if basis == "target" else None
            judgement = a_judgement(self.luck.randint(1, 5), self.luck.randint(1, 5), target_on=target_on)
            assessments.score(risk, basis, judgement, by=self.who(self.champion_person), **self.when())
        return risk

    def agree(self):
        newest = select(Assessment.id).where(Assessment.risk_id == RiskStanding.risk_id, Assessment.basis == "current")
        last = newest.order_by(Assessment.id.desc()).limit(1).correlate(RiskStanding).scalar_subquery()
        proposed = self._any(
            select(Assessment)
            .join(RiskStanding, RiskStanding.risk_id == Assessment.risk_id)
            .where(Assessment.id == last, Assessment.state == "proposed")
            .order_by(Assessment.id)
        )
        if proposed:
            assessments.agree(proposed, by=self.who(self.director_person), **self.when())
        return proposed

    def review(self):
        if risk := self._risk():
            anew = a_judgement(self.luck.randint(1, 5), 3) if self.luck.random() < 0.3 else None
            risks.review(risk, note="Looked at it", judgement=anew, by=self.who(self.manager_person), **self.when())
        return risk

    def close(self):
        if risk := self._risk():
            risks.close(risk, why="The contract is let", by=self.who(self.director_person), **self.when())
        return risk

    def reword(self):
        if risk := self._risk(self.luck.choice(("open", "draft"))):
            word = self.luck.choice(WORDS)
            causes = tuple(self.luck.sample(WORDS, 2))
            said = {"title": f"Homes are {word} in winter", "event": f"tenants live in {word} homes", "causes": causes}
            reword(risk, **said, by=self.who(self.manager_person), **self.when())
        return risk

    def rehome(self):
        if risk := self._risk():
            to = self.sibling if risk.unit_id == self.team.id else self.team
            risks.rehome(risk, to_unit_id=to.id, why="Merged", by=self.who(self.administrator_person), **self.when())
        return risk

    def plan(self):
        if risk := self._risk():
            others = [other.id for other in (self._risk(),) if other and self.luck.random() < 0.3]
            new = actions.NewAction(
                title=f"Mend what is {self.luck.choice(WORDS)}", source_ids=(risk.id, *others),
                owner_post_id=self.lead.id, accountable_post_id=self.director.id,
                start_on=self.day, due_on=self.day + timedelta(days=self.luck.randint(5, 60)),
                status=self.luck.choice((actions.Status.AGREED, actions.Status.PROPOSED)),
            )  # fmt: skip
            actions.add(new, by=self.who(self.champion_person), **self.when())
        return risk

    def _action(self):
        return self._any(select(Action).where(Action.status.in_((*OPEN_STATUSES, "complete"))).order_by(Action.id))

    def report(self):
        if action := self._action():
            by = {"by": self.who(self.lead_person), **self.when()}
            match self.luck.randint(0, 4):
                case 0 if action.status == "complete":
                    actions.verify(action, by=self.who(self.assurance_person), **self.when())
                case 0:
                    actions.complete(action, note="Done", **by)
                case 1:
                    actions.cancel(action, reason="Overtaken", **by)
                case _:
                    actions.update(action, progress=self.luck.randint(0, 100), note="Going", **by)
        return action

    def move(self):
        if action := self._action():
            to = action.due_on + timedelta(days=self.luck.randint(5, 40))
            actions.move_due_date(action, to=to, reason="Later", by=self.who(self.director_person), **self.when())
        return action

    def link(self):
        one, other = self._risk(), self._risk()
        if one is None or other is None or one is other:
            return None
        known = select(Link).where(Link.from_id == one.id, Link.to_id == other.id, Link.kind == "worsens")
        if db.session.scalars(known).first():
            return None
        db.session.add(Link(from_id=one.id, to_id=other.id, kind="worsens", from_on=self.day))
        return one

    def unlink(self):
        if link := self._any(select(Link).where(Link.kind.in_(("worsens", "treats"))).order_by(Link.id)):
            past.end_link(link, on=self.day)
        return link

    def _group(self) -> str:
        return self.luck.choice(("all", "title", "statement", "assessment", "plan"))

    def mark(self):
        if risk := self._risk():
            by = self.who(self.champion_person)
            exemptions.mark(risk.id, group=self._group(), why="A price", by=by, **self.when())
        return risk

    def decide(self):
        if risk := self._risk(self.luck.choice(("open", "open", "closed"))):
            outcome, group = self.luck.choice(tuple(Outcome)), self._group()
            ruling = Ruling(
                "all" if outcome is Outcome.EXISTENCE_WITHHELD else group, outcome, "Weighed",
                (3,) if outcome.withholds else (), self.day + timedelta(days=60) if outcome.withholds else None,
            )  # fmt: skip
            by = self.who(self.proper_person)
            exemptions.decide(risk.id, ruling, proved_at=self.at, by=by, **self.when())
        return risk

    def _desk(self):
        desks = [each for each in escalations.live_desks() if each.person_id]
        return self.luck.choice(sorted(desks, key=lambda each: each.id)) if desks else None

    def answer(self):
        desk = self._desk()
        if desk is None:
            return None
        by = {"by": people.actor_for(desk.person_id, on=self.day, door="test"), **self.when()}
        if desk.acknowledged_at is None:
            escalation.acknowledge(desk.case_id, **by)
        elif self.luck.random() < 0.3:
            escalation.return_with_advice(desk.case_id, advice="Say more", **by)
        else:
            escalation.accept(desk.case_id, decision=self.luck.choice(tuple(Decision)), note="So be it", **by)
        return desk

    def go_up(self):
        desk = self._desk()
        if desk is None or self.luck.random() < 0.4:
            if risk := self._risk():
                risks.escalate(risk, reason="It grows", by=self.who(self.manager_person), **self.when())
            return risk
        by = people.actor_for(desk.person_id, on=self.day, door="test")
        escalation.pass_on(desk.case_id, why="Beyond me", by=by, **self.when())
        return desk

    def expire(self):
        desks = [each for each in escalations.live_desks() if each.due_at <= self.at]
        return escalation.expire(desks, by=THE_CLOCK, **self.when()) or None


def shown(row: registers.RegisterRow, hidden: frozenset[str]) -> Iterator[object]:
    """What a row tells to a reader from whom some groups are withheld, field by field."""
    yield from (row.reference, row.category, row.status, row.unit, row.owner, row.opened_on)
    yield None if "title" in hidden else row.title
    yield None if "statement" in hidden else row.event
    by_score = (row.inherent, row.current, row.target, row.position, row.moved, row.next_review_on, row.with_post)
    yield from (None,) * len(by_score) if "assessment" in hidden else by_score
