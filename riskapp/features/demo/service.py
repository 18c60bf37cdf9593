"""Build the demonstration council by living its past: each thing is done through the real services, on its day."""

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count, cycle
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from riskapp.domain import actions as action_rules
from riskapp.domain.audit import Event
from riskapp.domain.calendar import LONDON, add_working_hours
from riskapp.domain.clock import Job, Moment
from riskapp.domain.escalation_states import CaseState, Decision
from riskapp.domain.exemption import Outcome, Ruling
from riskapp.domain.permissions import THE_CLOCK, Actor
from riskapp.domain.tolerances import TOLERATE, TREAT, Choice
from riskapp.features.actions import service as actions
from riskapp.features.assessments import service as assessments
from riskapp.features.audit import service as audit
from riskapp.features.batches import service as batches
from riskapp.features.challenges import service as challenges
from riskapp.features.emerging import service as emerging
from riskapp.features.escalation import queries as escalations
from riskapp.features.escalation import service as escalation
from riskapp.features.exemption import service as exemptions
from riskapp.features.founding.queries import Council, Row, council
from riskapp.features.founding.service import found
from riskapp.features.issues import service as issues
from riskapp.features.near_misses import service as near_misses
from riskapp.features.network import queries as network_now
from riskapp.features.network import service as network
from riskapp.features.people import queries as people_now
from riskapp.features.risks import service as risks
from riskapp.features.saved_views import service as saved_views
from riskapp.features.tolerances import service as tolerances
from riskapp.models.database import db
from riskapp.models.emerging import EmergingRisk
from riskapp.models.entity import Entity, Link
from riskapp.models.escalation import EscalationCase
from riskapp.models.issues import Issue
from riskapp.models.near_misses import NearMiss
from riskapp.models.people import Person
from riskapp.models.reminders import Attempt, Message
from riskapp.models.risks import Assessment, Risk

if TYPE_CHECKING:
    from riskapp.models.actions import Action

CLOCK_DAYS = 7
USUAL_REVIEW = 330
"""Days from a decision on what is exempt to its review, where the files say nothing else."""
LAST_TOLD = -9
"""Days before the given day on which owners last said how far their open actions are."""


def set_password(password_hash: str) -> None:
    """Give every demonstration account one password; nobody else can sign in."""
    db.session.execute(update(Person).where(Person.purpose.is_not(None)).values(password_hash=password_hash))


def load(
    *,
    jobs: Sequence[Job] = (),
    by: Actor,
    at: datetime,
    on: date,
    progress: Callable[[int], None] = lambda _percent: None,
) -> None:
    """Load the whole council as it stands on a day: the same day gives the same council, references included.

    `jobs` are what the clock did on each of the last working days.
    """
    numbers = count()
    db.session.info["tokens"] = lambda size: hashlib.sha256(f"riskapp demo {next(numbers)}".encode()).digest()[:size]
    try:
        _Loading(jobs=jobs, by=by, at=at, on=on, council=council(), progress=progress).run()
        audit.record(Event.DEMO_LOADED, by=by, at=at, after={"as at": on})
    finally:
        del db.session.info["tokens"]


@dataclass(order=True)
class _Deed:
    """Something that happens at an instant; deeds of one instant keep the order they were planned in."""

    at: datetime
    number: int
    do: Callable[[datetime], None] = field(compare=False)


class _Loading:
    """The council being loaded: what has been made so far by key, and what is still to happen."""

    def __init__(
        self,
        *,
        jobs: Sequence[Job],
        by: Actor,
        at: datetime,
        on: date,
        council: Council,
        progress: Callable[[int], None],
    ) -> None:
        self.jobs, self.by, self.at, self.on = jobs, by, at, on
        self.council, self.progress = council, progress
        self.founded = found(council, by=by, on=on)
        self.risks: dict[str, Risk] = {}
        self.actions: dict[str, Action] = {}
        self.actors: dict[int, Actor] = {}
        self.planned: list[_Deed] = []
        self.numbers = count()
        self.answered: set[int] = set()
        self.ordinary: Iterator[Row] = cycle(council.rows("ordinary"))
        self.confirmations: Iterator[Row] = cycle(council.rows("confirmation"))
        self.completions: Iterator[Row] = cycle(council.rows("completion"))
        self.progress_notes: Iterator[Row] = cycle(council.rows("progress"))
        self.scripts = {row["risk"]: row for row in council.rows("escalation")}

    def run(self) -> None:
        for row in self.council.rows("risk"):
            self._plan_risk(row)
        for row in self.council.rows("action"):
            self._plan_action(row)
        for row in self.council.rows("escalation"):
            if row["by"] != "policy":
                self._plan(
                    self.founded.at(self.founded.day(row["raised"]), row["hour"], 45), partial(self._raise_by_hand, row)
                )
        for row in self.council.rows("exemption"):
            self._plan_exemption(row)
        self._plan_challenges_and_tolerances()
        self._plan_registers()
        for row in self.council.rows("link"):
            self._plan(self.founded.at(self.founded.day(row["day"]), 13, 10), partial(self._link, row))
        self._plan_life()
        self._plan_the_clock()
        self._live_through_it()

    # ---- time
    def _plan(self, at: datetime, do: Callable[[datetime], None]) -> None:
        if at <= self.at:
            heapq.heappush(self.planned, _Deed(at, next(self.numbers), do))

    def _live_through_it(self) -> None:
        first = self.planned[0].at
        whole = (self.founded.at(self.on) - first) / timedelta(days=1)
        while self.planned:
            deed = heapq.heappop(self.planned)
            deed.do(deed.at)
            self.progress(min(99, int(100 * ((deed.at - first) / timedelta(days=1)) / whole)))

    def _plan_the_clock(self) -> None:
        """Let the clock do its work on the last working days, so that the outbox tells what a week looks like."""
        days = {self.founded.day(-ago) for ago in range(CLOCK_DAYS)}
        for day in sorted(days):
            for job in sorted(self.jobs, key=lambda job: job.order):
                self._plan(self.founded.at(day, 6, 30), partial(self._run, job, day))

    def _run(self, job: Job, day: date, at: datetime) -> None:
        self._send_what_was_written(at)
        job.run(Moment(day, at))

    def _send_what_was_written(self, at: datetime) -> None:
        """Say that each message of the past left when it was written: no clock ran then that could have sent it."""
        waiting = Message.state == "queued", Message.queued_at < at - timedelta(days=1)
        for message in db.session.scalars(select(Message).where(*waiting)):
            message.state, message.sent_at = "sent", message.queued_at
            db.session.add(Attempt(message_id=message.id, at=message.queued_at, outcome="kept"))

    def _actor(self, key: str, at: datetime) -> Actor:
        """Find whoever answers for a post; for a vacant one, the clerk who loads the council."""
        person = self.founded.people.get(key)
        return self._sitter(person.id, at) if person else self.by

    def _sitter(self, person_id: int, at: datetime) -> Actor:
        """Say who a person is; nobody changes post while the past is lived, so one look is enough."""
        if person_id not in self.actors:
            found = people_now.actor_for(person_id, on=_london(at), door="demo")
            self.actors[person_id] = found or self.by
        return self.actors[person_id]

    # ---- risks
    def _plan_risk(self, row: Row) -> None:
        minute = next(self.numbers) % 60
        day = self.founded.day(row["opened"])
        self._plan(self.founded.at(day, 9, minute), partial(self._draft, row))
        if row["status"] == "draft":
            return
        self._plan(self.founded.at(day, 15, minute), partial(self._open, row))
        for entry in row["history"][1:]:
            self._plan(
                self.founded.at(self.founded.day(entry["day"]), 11, minute),
                partial(self._rescore, row, entry),
            )
        if row["last_review"] > row["history"][-1]["day"]:
            self._plan(self.founded.at(self.founded.day(row["last_review"]), 14, minute), partial(self._confirm, row))
        if closed := row.get("closed"):
            self._plan(
                self.founded.at(self.founded.day(closed["day"]), 16, minute),
                partial(self._close, row, closed["why"]),
            )

    def _draft(self, row: Row, at: datetime) -> None:
        first = row["history"][0]
        kind = _dimension(row)
        judgements = {
            "inherent": assessments.Judgement(row["inherent"][0], {kind: row["inherent"][1]}, "Before any control."),
            "current": assessments.Judgement(first["likelihood"], {kind: first["impact"]}, first["why"]),
            "target": assessments.Judgement(
                row["target"][0],
                {kind: row["target"][1]},
                row["treatment_why"],
                self.on + timedelta(days=row["target_in"]),
            ),
        }
        new = risks.NewRisk(
            statement=risks.Statement(row["title"], tuple(row["causes"]), row["event"], tuple(row["consequences"])),
            category=row["category"],
            unit_id=self.founded.units[row["unit"]].id,
            owner_post_id=self.founded.posts[row["owner"]].id,
            judgements=judgements,
            link_ids=[self.founded.things[key] for key in row["links"]],
            treatment=TREAT if row["treatment"] == TOLERATE else row["treatment"],
            treatment_why=row["treatment_why"],
        )
        champion = f"champion_{row['unit']}"
        drafter = self._actor(champion if champion in self.founded.people else row["owner"], at)
        risk = risks.draft(new, by=drafter, at=at, on=_london(at))
        self.risks[row["key"]] = risk
        if body := row.get("body"):
            db.session.add(Link(from_id=risk.id, to_id=self.founded.things[f"body:{body}"], kind="concerns"))
        self._classify(risk, row, at)

    def _classify(self, risk: Risk, row: Row, at: datetime) -> None:
        if row["classification"] == "internal":
            return
        reason = row.get("exempt_reason", "Nothing in it falls under a paragraph of Schedule 12A.")
        paragraphs = [int(row["exempt_paragraph"])] if "exempt_paragraph" in row else []
        review_in = row.get("exempt_review_in", USUAL_REVIEW)
        self._rule(risk, "all", row["classification"], paragraphs, reason, review_in, at)

    def _rule(
        self, risk: Risk, group: str, outcome: str, paragraphs: Sequence[int], reason: str, review_in: int, at: datetime
    ) -> None:
        on = _london(at)
        ruling = Ruling(
            field_group=group,
            outcome=Outcome(outcome),
            public_interest=reason,
            paragraphs=tuple(paragraphs),
            review_on=on + timedelta(days=review_in),
        )
        owns = risk.owner_post_id == self.founded.posts["proper_officer"].id
        by = self._actor("monitoring_officer" if owns else "proper_officer", at)
        exemptions.decide(risk.id, ruling, proved_at=at, by=by, at=at, on=on)

    def _plan_exemption(self, row: Row) -> None:
        self._plan(self.founded.at(self.founded.day(row["day"]), 12, 15), partial(self._mark, row))
        if decided := row.get("decided"):
            self._plan(self.founded.at(self.founded.day(decided["day"]), 12, 30), partial(self._decide, row))

    def _mark(self, row: Row, at: datetime) -> None:
        by = self._actor(row["by"], at)
        exemptions.mark(self.risks[row["risk"]].id, group=row["group"], why=row["why"], by=by, at=at, on=_london(at))

    def _decide(self, row: Row, at: datetime) -> None:
        said = row["decided"]
        risk, group = self.risks[row["risk"]], row["group"]
        self._rule(risk, group, said["outcome"], said["paragraphs"], said["public_interest"], said["review_in"], at)

    def _open(self, row: Row, at: datetime) -> None:
        risks.open_risk(self.risks[row["key"]], by=self._actor(row["owner"], at), at=at, on=_london(at))
        self._keep_reviewing(row)
        self._answer_what_was_raised(row, at)

    def _rescore(self, row: Row, entry: Row, at: datetime) -> None:
        risk, owner, on = self.risks[row["key"]], self._actor(row["owner"], at), _london(at)
        if self._is_as_before(risk, entry):
            risks.review(risk, note=entry["why"], by=owner, at=at, on=on)
        else:
            judgement = assessments.Judgement(entry["likelihood"], {_dimension(row): entry["impact"]}, entry["why"])
            risks.review(risk, note=entry["why"], judgement=judgement, by=owner, at=at, on=on)
            self._agree_if_it_waits(risk, row, at)
        self._keep_reviewing(row)
        self._answer_what_was_raised(row, at)

    def _is_as_before(self, risk: Risk, entry: Row) -> bool:
        current = assessments.current(risk)
        return (current.likelihood, current.impact) == (entry["likelihood"], entry["impact"])

    def _agree_if_it_waits(self, risk: Risk, row: Row, at: datetime) -> None:
        latest = select(Assessment).where(Assessment.risk_id == risk.id, Assessment.basis == "current")
        proposal = db.session.scalars(latest.order_by(Assessment.id.desc()).limit(1)).one()
        if proposal.state == "proposed":
            agrees = "director_corporate" if row["owner"] == "chief_executive" else "chief_executive"
            assessments.agree(proposal, by=self._actor(agrees, at), at=at, on=_london(at))

    def _confirm(self, row: Row, at: datetime) -> None:
        note = next(self.confirmations)["note"]
        risks.review(self.risks[row["key"]], note=note, by=self._actor(row["owner"], at), at=at, on=_london(at))
        self._keep_reviewing(row)
        self._answer_what_was_raised(row, at)

    def _keep_reviewing(self, row: Row) -> None:
        """Confirm a risk each time its review falls due, until the next thing its history tells of."""
        risk = self.risks[row["key"]]
        due = risk.next_review_on
        told = [entry["day"] for entry in row["history"]] + [row["last_review"]]
        if due is None or due >= self.founded.day(max(told)):
            return
        at = self.founded.at(due, 10, risk.id % 60)
        self._plan(at, partial(self._confirm_if_still_due, row, due))

    def _confirm_if_still_due(self, row: Row, due: date, at: datetime) -> None:
        risk = self.risks[row["key"]]
        if risk.status == "open" and risk.next_review_on == due:
            self._confirm(row, at)

    def _close(self, row: Row, why: str, at: datetime) -> None:
        risks.close(self.risks[row["key"]], why=why, by=self._actor("chief_executive", at), at=at, on=_london(at))

    def _link(self, row: Row, at: datetime) -> None:
        """The owner links a risk; where the other is not the owner's to read, the chief executive does."""
        on, risk = _london(at), self.risks[row["risk"]]
        other = db.session.get_one(Entity, self.risks[row["other"]].id).reference
        owner = next(each["owner"] for each in self.council.rows("risk") if each["key"] == row["risk"])
        by = self._actor(owner, at)
        if network_now.end(by, other, on=on) is None:
            by = self._actor("chief_executive", at)
        network.link(risk, manner=row["manner"], reference=other, by=by, at=at, on=on)

    # ---- actions
    def _plan_action(self, row: Row) -> None:
        moves = row["due"][1:]
        promised = [self.founded.day(promise["promised"]) for promise in row["due"]]
        self._plan(self.founded.at(promised[0], 16, 30), partial(self._add_action, row))
        for promise, day in zip(moves, promised[1:], strict=True):
            self._plan(self.founded.at(day, 16, 40), partial(self._move_action, row, promise))
        ended = row.get("completed", LAST_TOLD)
        self._plan(self.founded.at(max(self.founded.day(ended), promised[-1]), 16, 50), partial(self._tell_action, row))

    def _add_action(self, row: Row, at: datetime) -> None:
        first, on = row["due"][0], _london(at)
        is_proposed = row["status"] == action_rules.Status.PROPOSED
        new = actions.NewAction(
            title=row["title"],
            source_ids=(self.risks[row["risk"]].id,),
            owner_post_id=self.founded.posts[row["owner"]].id,
            accountable_post_id=self.founded.posts[row["accountable"]].id,
            start_on=self.on + timedelta(days=row["start"]),
            due_on=max(self.on + timedelta(days=first["day"]), on),
            priority=row["priority"],
            cost=row.get("cost"),
            status=action_rules.Status.PROPOSED if is_proposed else action_rules.Status.AGREED,
        )
        self.actions[row["key"]] = actions.add(new, by=self._actor(row["accountable"], at), at=at, on=on)

    def _move_action(self, row: Row, promise: Row, at: datetime) -> None:
        actions.move_due_date(
            self.actions[row["key"]],
            to=max(self.on + timedelta(days=promise["day"]), _london(at)),
            reason=promise["why"],
            by=self._actor(row["accountable"], at),
            at=at,
            on=_london(at),
        )

    def _tell_action(self, row: Row, at: datetime) -> None:
        """Say how far an action is by the given day, or how it ended."""
        action, on, status = self.actions[row["key"]], _london(at), action_rules.Status(row["status"])
        owner, accountable = self._actor(row["owner"], at), self._actor(row["accountable"], at)
        if status is action_rules.Status.CANCELLED:
            actions.cancel(action, reason=row["note"], by=accountable, at=at, on=on)
        elif status in {action_rules.Status.COMPLETE, action_rules.Status.VERIFIED}:
            actions.complete(action, note=next(self.completions)["note"], by=owner, at=at, on=on)
            if status is action_rules.Status.VERIFIED:
                actions.verify(action, by=self._actor("lead_audit_risk", at), at=at, on=on)
        elif status is action_rules.Status.IN_PROGRESS:
            note = next(self.progress_notes)["note"]
            actions.update(action, progress=row["progress"], note=note, by=owner, at=at, on=on)

    # ---- what nearly happened, what is watched, what happened
    def _plan_life(self) -> None:
        for row in self.council.rows("near_miss"):
            self._plan(self.founded.at(self.founded.day(row["happened"]), 16, 5), partial(self._tell_near_miss, row))
            if left := row.get("left"):
                day = self.founded.day(left["day"])
                self._plan(self.founded.at(day, 16, 6), partial(self._leave_near_miss, row))
        for row in self.council.rows("emerging"):
            self._plan(self.founded.at(self.founded.day(row["added"]), 16, 10), partial(self._watch, row))
            for look in row["looks"]:
                self._plan(self.founded.at(self.founded.day(look["day"]), 16, 11), partial(self._look, row, look))
            if dropped := row.get("dropped"):
                day = self.founded.day(dropped["day"])
                self._plan(self.founded.at(day, 16, 12), partial(self._drop, row, dropped["why"]))
        for row in self.council.rows("issue"):
            self._plan(self.founded.at(self.founded.day(row["raised"]), 16, 20), partial(self._raise_issue, row))
            for key, deed in (("briefed", self._brief), ("closed", self._close_issue)):
                if said := row.get(key):
                    self._plan(self.founded.at(self.founded.day(said["day"]), 16, 21), partial(deed, row, said))

    def _when(self, by: str, at: datetime) -> dict[str, Any]:
        return {"by": self._actor(by, at), "at": at, "on": _london(at)}

    def _tell_near_miss(self, row: Row, at: datetime) -> None:
        happened_on = min(self.founded.day(row["happened"]), _london(at))
        unit_id = self.founded.units[row["unit"]].id
        new = near_misses.NewNearMiss(row["key"], row["what"], row["stopped_by"], unit_id, happened_on)
        told = near_misses.tell(new, **self._when(row["by"], at))
        if risk := row.get("risk"):
            reference = db.session.get_one(Entity, self.risks[risk].id).reference
            near_misses.link(told.id, reference=reference, **self._when(row["by"], at))

    def _leave_near_miss(self, row: Row, at: datetime) -> None:
        told = db.session.scalars(select(NearMiss).where(NearMiss.key == row["key"])).one()
        near_misses.leave(told.id, why=row["left"]["why"], **self._when(row["by"], at))

    def _watch(self, row: Row, at: datetime) -> None:
        unit_id, watcher = self.founded.units[row["unit"]].id, self.founded.posts[row["watcher"]].id
        new = emerging.NewEmerging(row["key"], row["title"], row["why"], unit_id, watcher)
        emerging.watch(new, **self._when(row["by"], at))

    def _watched(self, row: Row) -> EmergingRisk:
        return db.session.scalars(select(EmergingRisk).where(EmergingRisk.key == row["key"])).one()

    def _look(self, row: Row, look: Row, at: datetime) -> None:
        emerging.look(self._watched(row), note=look["note"], look_on=None, **self._when(row["watcher"], at))

    def _drop(self, row: Row, why: str, at: datetime) -> None:
        emerging.drop(self._watched(row), why=why, **self._when(row["watcher"], at))

    def _raise_issue(self, row: Row, at: datetime) -> None:
        new = issues.NewIssue(
            title=row["title"],
            what=row["what"],
            happened_on=min(self.founded.day(row["happened"]), _london(at)),
            dimension=row["dimension"],
            impact=row["impact"],
            owner_post_id=self.founded.posts[row["owner"]].id,
            submission_key=row["key"],
        )
        when = self._when(row["by"], at)
        if risk := row.get("risk"):
            made = issues.happened(self.risks[risk], new, may_recur=True, **when)
        else:
            unit_id = self.founded.units[row["unit"]].id
            made = issues.surprise(new, unit_id=unit_id, category=row["category"], **when)
        self._answer(escalations.standing_case(subject_id=made.id), None, at)

    def _issue(self, row: Row) -> Issue:
        return db.session.scalars(select(Issue).where(Issue.submission_key == row["key"])).one()

    def _brief(self, row: Row, said: Row, at: datetime) -> None:
        issues.brief(self._issue(row), whom=said["whom"], **self._when(row["owner"], at))

    def _close_issue(self, row: Row, said: Row, at: datetime) -> None:
        issues.close(self._issue(row), why=said["why"], **self._when("chief_executive", at))

    # ---- escalations
    def _answer_what_was_raised(self, row: Row, at: datetime) -> None:
        """Plan the answers of a risk's case when it is first seen."""
        self._answer(escalations.standing_case(subject_id=self.risks[row["key"]].id), self.scripts.get(row["key"]), at)

    def _answer(self, case: EscalationCase | None, script: Row | None, at: datetime) -> None:
        """Plan the answers of a case: its own script if this is its time, else usual ones."""
        if case is None or case.state != CaseState.OPEN or case.id in self.answered:
            return
        self.answered.add(case.id)
        if script and case.raised_at >= self.founded.at(self.founded.day(script["raised"]) - timedelta(days=3)):
            self._follow(case, script["steps"], at)
            return
        usual = next(self.ordinary)
        steps = (
            {"after_hours": usual["acknowledge_after_hours"], "do": "acknowledge", "note": ""},
            {"after_hours": usual["decide_after_hours"], "do": "accept", "note": usual["note"]},
        )
        self._follow(case, steps, at)

    def _raise_by_hand(self, row: Row, at: datetime) -> None:
        """Let somebody raise what the policy did not, if nothing about the risk is on a desk by then."""
        risk, on = self.risks[row["risk"]], _london(at)
        standing = escalations.standing_case(subject_id=risk.id)
        if standing is not None and standing.state == CaseState.OPEN:
            return
        case = risks.escalate(risk, reason=row["reason"], by=self._actor(row["by"], at), at=at, on=on)
        self.answered.add(case.id)
        self._follow(case, row["steps"], at)

    def _follow(self, case: EscalationCase, steps: Iterable[Row], at: datetime) -> None:
        for step in steps:
            at = add_working_hours(self.founded.calendar, at, step["after_hours"])
            self._plan(at, partial(self._do, case, step))

    def _do(self, about: EscalationCase, step: Row, at: datetime) -> None:
        """Take a script's next step at the desk that has the case; a case that has ended by then is left alone."""
        desk = escalations.live_desk(case_id=about.id)
        if desk is None or desk.person_id is None:
            return
        on, note = _london(at), step["note"]
        when: dict[str, Any] = {
            "by": people_now.actor_for(desk.person_id, on=on, door="demo") or self.by,
            "at": at,
            "on": on,
        }
        match step["do"]:
            case "acknowledge" if desk.acknowledged_at is None:
                escalation.acknowledge(about.id, **when)
            case "return":
                escalation.return_with_advice(about.id, advice=note, **when)
            case "pass_on":
                escalation.pass_on(about.id, why=note, **when)
            case "accept":
                if desk.acknowledged_at is None:
                    escalation.acknowledge(about.id, **when)
                escalation.accept(about.id, decision=Decision.SUPPORT, note=note, **when)
            case "withdraw":
                escalation.withdraw(about.id, why=note, **when | {"by": self._actor("head_of_assurance", at)})
            case "expire" if desk.due_at < at:
                escalation.expire((desk,), by=THE_CLOCK, at=at, on=on)
            case "expire":
                self._plan(desk.due_at + timedelta(minutes=1), partial(self._do, about, step))

    # ---- registers
    def _plan_registers(self) -> None:
        for row in self.council.rows("view"):
            self._plan(self.founded.at(self.founded.day(row["day"]), 10, 5), partial(self._save_view, row))
        for number, row in enumerate(self.council.rows("batch")):
            self._plan(self.founded.at(self.founded.day(row["day"]), 11, 5), partial(self._change_many, number, row))

    def _save_view(self, row: Row, at: datetime) -> None:
        unit = self.founded.units.get(row.get("share", ""))
        saved_views.save(
            name=row["name"],
            address=row["address"],
            share_with=unit.id if unit else None,
            opens_first=False,
            by=self._actor(row["by"], at),
            at=at,
        )

    def _change_many(self, number: int, row: Row, at: datetime) -> None:
        """Do a deed to many risks on its day; what is undone is undone half an hour later."""
        by, on, key = self._actor(row["by"], at), _london(at), f"demonstration-{number}"
        about = [self.risks[each] for each in row["risks"]]
        sooner = timedelta(days=row.get("sooner_by", 0))
        due = min((risk.next_review_on for risk in about if risk.next_review_on), default=on)
        deed = batches.Deed(row["deed"], row.get("why", ""), review_on=max(due - sooner, on))
        references = [db.session.get_one(Entity, risk.id).reference for risk in about]
        batches.change(deed, references, key=key, by=by, at=at, on=on)
        if row.get("undone"):
            self._plan(at + timedelta(minutes=30), partial(self._undo, key, by))

    def _undo(self, key: str, by: Actor, at: datetime) -> None:
        batches.undo(key, by=by, at=at, on=_london(at))

    # ---- challenges and tolerances
    def _plan_challenges_and_tolerances(self) -> None:
        about = {row["key"]: row for row in self.council.rows("risk")}
        for number, row in enumerate(self.council.rows("challenge")):
            self._plan(self.founded.at(self.founded.day(row["day"]), 13), partial(self._challenge, number, row, about))
        for row in self.council.rows("tolerance"):
            self._plan(self.founded.at(self.founded.day(row["asked"]), 16, 20), partial(self._ask, row, about))
        for row in self.council.rows("risk"):
            if row["treatment"] == TOLERATE and row["status"] == "open":
                when = self.founded.at(self.founded.day(row["history"][-1]["day"]), 12)
                self._plan(when, partial(self._tolerate_within_appetite, row))

    def _challenge(self, number: int, row: Row, about: dict[str, Row], at: datetime) -> None:
        told = about[row["risk"]]
        new = challenges.NewChallenge(
            likelihood=row["likelihood"],
            dimension=_dimension(told),
            impact=row["impact"],
            why=row["why"],
            is_named=row["is_named"],
            submission_key=f"demonstration-{number}",
        )
        by = self._actor(row["by"], at)
        made = challenges.challenge(self.risks[row["risk"]], new, by=by, at=at, on=_london(at))
        if said := row.get("answered"):
            when = self.founded.at(self.founded.day(said["day"]), 13, 30)
            self._plan(when, partial(self._answer_challenge, made.id, said, told))

    def _answer_challenge(self, challenge_id: int, said: Row, told: Row, at: datetime) -> None:
        by, on = self._actor(told["owner"], at), _london(at)
        challenges.answer(challenge_id, agrees=said["agrees"], why=said["why"], by=by, at=at, on=on)
        self._agree_if_it_waits(self.risks[told["key"]], told, at)
        self._answer_what_was_raised(told, at)

    def _ask(self, row: Row, about: dict[str, Row], at: datetime) -> None:
        """Ask to have a risk tolerated; whoever is asked decides on the day of the files, if there is one."""
        choice = Choice(TOLERATE, row["why"], self.on + timedelta(days=row["until"]))
        owner = self._actor(about[row["risk"]]["owner"], at)
        made = tolerances.choose(self.risks[row["risk"]], choice, by=owner, at=at, on=_london(at))
        if made and (said := row.get("decided")):
            when = self.founded.at(self.founded.day(said["day"]), 10, 10)
            self._plan(when, partial(self._decide_tolerance, made.id, made.asked_of_post_id, said, choice))

    def _decide_tolerance(self, number: int, post_id: int, said: Row, choice: Choice, at: datetime) -> None:
        on = _london(at)
        who = escalations.route(on=on).sitters[post_id]
        when: dict[str, Any] = {"by": self._sitter(who.person_id, at) if who else self.by, "at": at, "on": on}
        if said["accepts"]:
            tolerances.accept(number, why=said["why"], expires_on=choice.expires_on, **when)
        else:
            tolerances.refuse(number, why=said["why"], **when)

    def _tolerate_within_appetite(self, row: Row, at: datetime) -> None:
        choice = Choice(TOLERATE, row["treatment_why"])
        tolerances.choose(self.risks[row["key"]], choice, by=self._actor(row["owner"], at), at=at, on=_london(at))


def _dimension(row: Row) -> str:
    """Choose the kind of impact that a category usually hurts most."""
    return {
        "financial": "financial",
        "commercial": "financial",
        "property": "financial",
        "legal": "legal",
        "governance": "legal",
        "people": "people",
        "reputational": "reputation",
    }.get(row["category"], "service")


def _london(at: datetime) -> date:
    return at.astimezone(LONDON).date()
