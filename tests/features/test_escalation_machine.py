"""Whatever happens in whatever order: one live desk on a branch, nothing lost, nobody outside the route told."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from riskapp.domain.calendar import local_day
from riskapp.domain.clock import Moment
from riskapp.domain.escalation_states import CaseState, Decision
from riskapp.domain.permissions import THE_CLOCK
from riskapp.domain.refusal import Cannot
from riskapp.features.escalation import jobs, queries, service
from riskapp.models.database import Base, db, transaction
from riskapp.models.entity import new_entity
from riskapp.models.escalation import LIVE_DESKS, EscalationCase, EscalationDesk, EscalationEvent
from riskapp.models.people import Absence
from riskapp.models.reminders import Message
from tests.builders import NOON, ACouncil, a_holder, actor
from tests.features.test_escalation import facts

SCORES = st.sampled_from([4, 9, 12, 15, 20, 25])
EXAMPLES, STEPS = 12, 25
POSTS = ("manager", "lead", "director", "chief", "board")


class Escalations(RuleBasedStateMachine):
    """One risk, four posts, time, absences, and every deed that the service offers."""

    def __init__(self):
        super().__init__()
        self.council = ACouncil()
        with transaction():
            _post, self.council.board_person = a_holder(self.council.council, "commissioner")
            self.subject = new_entity(db.session(), "risk", "Voids take too long to let").id
        self.at = NOON
        self.reached = False

    @property
    def moment(self):
        return {"at": self.at, "on": local_day(self.at)}

    def tried(self, deed, **said):
        """A refusal changes nothing and is no fault."""
        try:
            with transaction():
                deed(**said, **self.moment)
        except Cannot:
            return False
        return True

    @rule(score=SCORES, position=st.sampled_from(["within", "beyond"]))
    def score(self, score, position):
        by = actor(self.council.champion_person, on=local_day(self.at))
        self.tried(
            service.consider,
            subject_id=self.subject,
            unit_id=self.council.team.id,
            owner_post_id=self.council.manager.id,
            facts=facts(score, position=position),
            by=by,
        )
        self.reached = score > 9 or position == "beyond"

    @rule(who=st.sampled_from(POSTS), deed=st.sampled_from(["acknowledge", "return_with_advice", "pass_on", "accept"]))
    def answer(self, who, deed):
        case = db.session.scalars(select(EscalationCase).order_by(EscalationCase.id.desc())).first()
        if case is None:
            return
        person = getattr(self.council, f"{who}_person")
        said = {
            "acknowledge": {},
            "return_with_advice": {"advice": "Ask again."},
            "pass_on": {"why": "Too much for me."},
            "accept": {"decision": Decision.SUPPORT, "note": "Go on."},
        }[deed]
        by = actor(person, on=local_day(self.at))
        if self.tried(getattr(service, deed), case_id=case.id, by=by, **said):
            assert self.council.manager.id not in by.post_ids, "nobody answers what they own"

    @rule(hours=st.integers(1, 40))
    def wait(self, hours):
        self.at += timedelta(hours=hours)
        with transaction():
            for job in jobs.JOBS:
                assert job.run(Moment(local_day(self.at), self.at)).failed == 0

    @precondition(lambda self: self.at < NOON + timedelta(days=60))
    @rule(who=st.sampled_from(POSTS), days=st.integers(0, 10))
    def go_away(self, who, days):
        with transaction():
            first = local_day(self.at)
            person = getattr(self.council, f"{who}_person")
            db.session.add(Absence(person_id=person.id, from_on=first, to_on=first + timedelta(days=days)))

    @precondition(lambda self: self.at < NOON + timedelta(days=60))
    @rule(days=st.integers(1, 10))
    def all_go_away(self, days):
        for who in POSTS[1:]:
            self.go_away(who, days)

    @rule()
    def close(self):
        with transaction():
            service.stand_down(self.subject, why="It was closed.", by=THE_CLOCK, at=self.at)

    @invariant()
    def one_live_desk_at_most(self):
        live = select(func.count()).where(EscalationDesk.state.in_(LIVE_DESKS)).group_by(EscalationDesk.case_id)
        assert set(db.session.scalars(live)) <= {1}

    @invariant()
    def one_live_case_at_most(self):
        assert (db.session.scalar(select(func.count()).where(EscalationCase.state == CaseState.OPEN)) or 0) <= 1

    @invariant()
    def an_open_case_is_on_a_desk_or_known_to_be_stranded(self):
        for case in db.session.scalars(select(EscalationCase)):
            desk = queries.live_desk(case_id=case.id)
            if case.state == CaseState.OPEN:
                assert desk is not None or queries.has_event(case_id=case.id, deed=service.STRANDED)
            else:
                assert desk is None

    @invariant()
    def nobody_outside_the_route_is_told(self):
        allowed = {getattr(self.council, f"{who}_person").id for who in (*POSTS, "assurance")}
        assert set(db.session.scalars(select(Message.person_id))) <= allowed

    @invariant()
    def the_log_tells_the_state(self):
        ends = {"decided", "returned", "withdrawn", "stood_down"}
        for case in db.session.scalars(select(EscalationCase)):
            log = select(EscalationEvent.deed).where(EscalationEvent.case_id == case.id).order_by(EscalationEvent.id)
            last = [deed for deed in db.session.scalars(log) if deed in ends]
            assert (last[-1] if last else "open") == case.state

    def teardown(self):
        """Empty every table, so that each example begins with nothing."""
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            for table in Base.metadata.tables.values():
                connection.execute(table.delete())
            connection.commit()
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def test_whatever_happens_nothing_is_lost_doubled_or_told_to_a_stranger(app):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("the rules are the same on PostgreSQL; each deed runs there in its own test")
    run_state_machine_as_test(
        Escalations,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
