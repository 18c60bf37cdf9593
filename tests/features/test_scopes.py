"""Which risks stand on which register: a risk has one home, and appears above by its escalation, with one score."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.escalation_states import Decision
from riskapp.features.audit import service as audit
from riskapp.features.bodies import service as bodies
from riskapp.features.escalation import service as escalation
from riskapp.features.narrowing.queries import Filters
from riskapp.features.plan import service as plan
from riskapp.features.registers import queries as registers
from riskapp.features.scopes.queries import Scope
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification
from riskapp.models.escalation import EscalationCase
from tests.builders import BY_HAND, DAY, NOON, ACouncil, a_risk, actor, sign_in
from tests.pack_builders import reference_of


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def reader(council):
    return actor(council.assurance_person)


def on(reader, scope, **filters):
    return {row.title for row in registers.register(reader, Filters(on=DAY, register=scope, **filters))}


def case_of(risk):
    return db.session.scalars(select(EscalationCase).where(EscalationCase.subject_id == risk.id)).one()


@pytest.fixture
def raised(council):
    """A risk of the team whose score of 16 takes it to the director."""
    with transaction():
        a_risk(council, title="Stays in the team", current=(2, 2))
        return a_risk(council, title="Goes up", current=(4, 4))


class TestOfAUnit:
    @pytest.mark.usefixtures("raised")
    def test_it_has_what_has_its_home_there_and_what_came_up_to_its_desk(self, council, reader):
        team = Scope("team", council.team.id, council.team.path)
        above = Scope("directorate", council.directorate.id, council.directorate.path)
        between = Scope("service", council.service.id, council.service.path)
        assert on(reader, team) == {"Stays in the team", "Goes up"}
        assert on(reader, above) == {"Goes up"}
        assert on(reader, between) == set()

    def test_what_was_decided_there_stays_there_and_what_was_returned_does_not(self, council, reader, raised):
        above = Scope("directorate", council.directorate.id, council.directorate.path)
        director = {"by": actor(council.director_person), "at": NOON, "on": DAY}
        with transaction():
            escalation.acknowledge(case_of(raised).id, **director)
            escalation.accept(case_of(raised).id, decision=Decision.SUPPORT, note="Carry on.", **director)
        assert on(reader, above) == {"Goes up"}
        with transaction():
            other = a_risk(council, title="Comes back", current=(4, 4))
            escalation.return_with_advice(case_of(other).id, advice="Score it anew.", **director)
        assert on(reader, above) == {"Goes up"}

    def test_what_one_of_its_posts_owns_stands_there_too(self, council, reader):
        with transaction():
            a_risk(council, title="Owned above", owner_post_id=council.lead.id, current=(1, 1))
        assert on(reader, Scope("service", council.service.id, council.service.path)) == {"Owned above"}

    @pytest.mark.usefixtures("raised")
    def test_with_all_below_it_has_the_units_below_too(self, council, reader):
        below = Scope("service", council.service.id, council.service.path, with_all_below=True)
        assert on(reader, below) == {"Stays in the team", "Goes up"}

    @pytest.mark.usefixtures("raised")
    def test_no_unit_chosen_is_every_register_of_that_kind(self, reader):
        assert on(reader, Scope("directorate")) == {"Goes up"}
        assert on(reader, Scope("team")) == {"Stays in the team", "Goes up"}

    def test_a_drill_brings_nothing_up(self, council, reader):
        with transaction():
            quiet = a_risk(council, title="Only a drill", current=(4, 4))
            case_of(quiet).is_drill = True
            audit.record(Event.ESCALATION_RAISED, by=BY_HAND, at=NOON, subject_id=case_of(quiet).id)
        assert on(reader, Scope("directorate")) == set()


class TestCorporate:
    def test_it_has_what_stands_on_the_desk_of_the_top_and_what_is_owned_there(self, council, reader):
        with transaction():
            a_risk(council, title="Goes to the top", current=(5, 4))
            a_risk(council, title="Stops at the director", current=(4, 4))
            a_risk(council, title="Owned at the top", owner_post_id=council.chief.id, current=(1, 1))
            a_risk(council, title="Home at the top", unit_id=council.council.id, current=(1, 1))
        assert on(reader, Scope("council")) == {"Goes to the top", "Owned at the top", "Home at the top"}

    def test_it_is_one_risk_with_one_score_and_one_owner_on_every_register(self, council, reader):
        with transaction():
            a_risk(council, title="Goes to the top", current=(5, 4))
        seen = [
            registers.register(reader, Filters(on=DAY, register=scope))[0]
            for scope in (Scope(), Scope("team"), Scope("council"))
        ]
        assert seen[0] == seen[1] == seen[2]
        assert seen[0].current.score == 20
        assert seen[0].with_post == "Chief Executive"


def test_to_whom_the_score_is_withheld_it_never_came_up(council, raised):
    """That it stands above would tell that its score is high."""
    with transaction():
        db.session.add(
            Classification(
                entity_id=raised.id, field_group="assessment", level="exempt", state="decided", paragraphs="3",
                reason="A price", public_interest="A price", from_on=DAY - timedelta(days=1),
            )
        )  # fmt: skip
        audit.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=NOON, subject_id=raised.id)
    member = actor(council.member_person)
    assert on(member, Scope("team")) == {"Stays in the team", "Goes up"}
    assert on(member, Scope("directorate")) == set()
    assert on(actor(council.assurance_person), Scope("directorate")) == {"Goes up"}
    for escalated in ("live", "none"):
        assert "Goes up" not in on(member, Scope(), escalation=escalated)


class TestProgramme:
    @pytest.fixture(autouse=True)
    def _plan(self, council):
        with transaction():
            made = [
                plan.add_item(kind=kind, code=code, position=1, title=code, text="", by=BY_HAND, at=NOON)
                for kind, code in (("priority", "Money"), ("workstream", "Savings"), ("direction", "A"))
            ]
            self.priority, self.stream, self.direction = made
            plan.connect(self.stream.id, self.priority.id, "belongs_to")
            a_risk(council, title="Of the stream", link_ids=[self.stream.id])
            a_risk(council, title="Of the priority", link_ids=[self.priority.id])
            a_risk(council, title="Of a direction", link_ids=[self.direction.id])

    def test_it_has_what_threatens_a_priority_or_a_workstream(self, reader):
        assert on(reader, Scope("programme")) == {"Of the stream", "Of the priority"}

    def test_that_of_a_priority_has_what_threatens_its_workstreams(self, reader):
        assert on(reader, Scope("programme", item_id=self.priority.id)) == {"Of the stream", "Of the priority"}
        assert on(reader, Scope("programme", item_id=self.stream.id)) == {"Of the stream"}


def test_that_of_a_body_has_what_concerns_it(council, reader):
    with transaction():
        body, other = (
            bodies.record_body(
                bodies.NewBody(
                    name=name, kind="freeport", position=number, purpose="", legal_form="", interest="", roles=[],
                    lead_post_id=council.lead.id, started_on=DAY, review_every_months=12, next_review_on=DAY,
                ),
                seats=[], money=[], by=BY_HAND, at=NOON,
            )
            for number, name in enumerate(("Homes Limited", "Ports Limited"), start=1)
        )  # fmt: skip
        a_risk(council, title="Of the homes", extra_links={body.id: "concerns"})
        a_risk(council, title="Of neither")
    assert on(reader, Scope("body")) == {"Of the homes"}
    assert on(reader, Scope("body", body_id=body.id)) == {"Of the homes"}
    assert on(reader, Scope("body", body_id=other.id)) == set()
    assert [name for _id, _reference, name in registers.choices(reader, on=DAY).bodies] == ["Homes Limited"]
    assert registers.choices(actor(council.sibling_champion_person), on=DAY).bodies == ()


@pytest.mark.usefixtures("raised")
class TestPage:
    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ("", "Whole council register"),
            ("?register=council", "Corporate register"),
            ("?register=directorate", "Directorate registers"),
            ("?register=directorate&unit={directorate}", "Housing register"),
            ("?register=service&unit={service}&below=yes", "Housing Repairs register, with all below it"),
            ("?unit={directorate}", "Housing and all below it"),
            ("?register=programme", "Programme registers"),
            ("?register=body", "Registers of external bodies"),
        ],
    )
    def test_it_is_named_and_says_what_is_on_it(self, council, client, asked, said):
        sign_in(client, council.assurance_person)
        units = {"directorate": council.directorate, "service": council.service}
        references = {key: reference_of(unit) for key, unit in units.items()}
        page = client.get(f"/registers{asked.format(**references)}").text
        assert f"<h1>{said}</h1>" in page
        assert "Each has one home, one owner and one score" in page

    def test_the_tiers_that_bring_risks_up_are_those_of_the_policy(self, council, client):
        sign_in(client, council.assurance_person)
        page = client.get("/registers?register=directorate").text
        assert "on the desk of the Director there, or were decided there (policy 6.1 and 6.3)" in page
        assert "from <b>Repairs Delivery</b>" in page
        assert "with <b>Director of Housing</b>" in page

    def test_a_unit_of_another_kind_is_left_out_and_told(self, council, client):
        sign_in(client, council.assurance_person)
        page = client.get(f"/registers?register=team&unit={reference_of(council.directorate)}").text
        assert "Part of the address means nothing here" in page
