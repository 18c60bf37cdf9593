"""What is done to many risks at once: each by its own rules and permissions, shown before it is done, undone once."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Role
from riskapp.features.audit import service as audit
from riskapp.features.batches import queries, service
from riskapp.features.batches.service import CannotChangeMany, CannotUndo, Deed
from riskapp.features.risks import service as risks
from riskapp.models.audit import AuditEntry, AuditPayload
from riskapp.models.batches import Batch
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Entity
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.reminders import Message, Occurrence
from riskapp.models.risks import Risk, RiskVersion
from tests.builders import BY_HAND, DAY, NOON, ACouncil, a_holder, a_post, a_risk, actor, sign_in
from tests.pack_builders import reference_of

KEY = "the key of a form"


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False) as travelled:
        yield travelled


@pytest.fixture
def council(app):
    council = ACouncil()
    with transaction():
        council.sibling_manager, council.sibling_manager_person = a_holder(
            council.sibling, "team_manager", title="Manager, Voids", role=Role.MANAGER
        )
    return council


@pytest.fixture
def three(council):
    with transaction():
        return [a_risk(council, title=f"Risk {number}", current=(3, 3)) for number in range(3)]


def change(person, deed, risks_asked, *, key=KEY, at=NOON):
    references = [each if isinstance(each, str) else reference_of(each) for each in risks_asked]
    with transaction():
        return service.change(deed, references, key=key, by=actor(person), at=at, on=DAY)


def undo(person, *, key=KEY, at=NOON):
    with transaction():
        return service.undo(key, by=actor(person), at=at, on=DAY)


def refusals(batched):
    return {line.risk.title: line.refusal for line in batched.refused}


def told_of(risk, event):
    entry = select(AuditEntry).where(AuditEntry.subject_id == risk.id, AuditEntry.event == event)
    return db.session.scalars(entry.order_by(AuditEntry.id.desc())).first()


class TestReassigning:
    def deed(self, council, **changes):
        return Deed("reassign", **({"why": "She leaves.", "post_id": council.lead.id} | changes))

    def test_gives_each_to_the_new_owner_with_a_version_and_an_entry(self, council, three):
        done = change(council.lead_person, self.deed(council), three)
        assert [(line.was, line.became) for line in done.done] == [
            ("Manager, Repairs Delivery", "Service Lead, Housing Repairs")
        ] * 3
        assert {risk.owner_post_id for risk in db.session.scalars(select(Risk))} == {council.lead.id}
        for risk in three:
            assert told_of(risk, Event.RISK_REASSIGNED)
            versions = select(RiskVersion.owner_post_id).where(RiskVersion.risk_id == risk.id)
            assert db.session.scalars(versions.order_by(RiskVersion.version)).all()[-1] == council.lead.id
        whole = db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.RISKS_CHANGED)).one()
        said = db.session.get_one(AuditPayload, whole.id).content["after"]
        assert (said["count"], said["records"]) == (3, sorted(map(reference_of, three)))

    def test_each_is_refused_by_itself_and_the_rest_is_done(self, council, three):
        with transaction():
            theirs = a_risk(council, title="Theirs already", owner_post_id=council.lead.id)
            closed = a_risk(council, title="Closed", status="closed")
        done = change(council.lead_person, self.deed(council), [*three, theirs, closed])
        assert refusals(done) == {
            "Theirs already": "Service Lead, Housing Repairs owns it already", "Closed": "It is closed",
        }  # fmt: skip
        assert len(done.done) == 3

    def test_only_a_manager_of_its_unit_does_it_and_only_to_a_post_of_theirs(self, council, three):
        with pytest.raises(CannotChangeMany):
            change(council.champion_person, self.deed(council), three)
        with pytest.raises(CannotChangeMany):
            change(council.manager_person, self.deed(council, post_id=council.lead.id), three)
        beside = change(council.sibling_manager_person, self.deed(council, post_id=council.sibling_manager.id), three)
        assert beside.lines == (), "to whom a risk is closed it is as if it were not there"

    def test_a_risk_that_is_exempt_is_left_out_for_who_is_not_cleared(self, council, three):
        with transaction():
            db.session.add(
                Classification(
                    entity_id=three[0].id, field_group="title", level="exempt", state="decided", paragraphs="3",
                    reason="A price", public_interest="A price", from_on=DAY - timedelta(days=1),
                )
            )  # fmt: skip
            audit.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=NOON, subject_id=three[0].id)
        done = change(council.lead_person, self.deed(council), three)
        assert len(done.done) == 2
        (line,) = done.refused
        assert "not cleared" in line.refusal
        assert "Risk 0" not in line.risk.title

    def test_it_needs_a_reason_and_a_post_that_can_own(self, council, three):
        with pytest.raises(CannotChangeMany):
            change(council.lead_person, self.deed(council, why=" "), three)
        done = change(council.lead_person, self.deed(council, post_id=council.champion.id), three)
        assert set(refusals(done).values()) == {"Choose an open post that can own a risk"}
        assert done.key is None

    def test_its_escalation_goes_past_the_new_owner_who_has_it_on_the_desk(self, council):
        with transaction():
            risk = a_risk(council, title="Up", current=(4, 4))
        case = db.session.scalars(select(EscalationCase)).one()
        assert desk_of(case) == council.director.id
        done = change(council.director_person, self.deed(council, post_id=council.director.id), [risk])
        assert len(done.done) == 1
        assert db.session.get_one(EscalationCase, case.id).owner_post_id == council.director.id
        assert desk_of(case) == council.chief.id, "nobody answers an escalation of their own risk (6.7)"


def desk_of(case):
    desks = select(EscalationDesk.post_id).where(EscalationDesk.case_id == case.id).order_by(EscalationDesk.id.desc())
    return db.session.scalars(desks).first()


class TestMoving:
    def deed(self, council, **changes):
        return Deed("move", **({"why": "It is theirs.", "unit_id": council.sibling.id} | changes))

    def test_gives_each_another_home_and_its_escalation_another_way_up(self, council):
        with transaction():
            risk = a_risk(council, title="Up", current=(4, 4))
        done = change(council.lead_person, self.deed(council), [risk])
        assert [(line.was, line.became) for line in done.done] == [("Repairs Delivery", "Voids")]
        assert db.session.get_one(Risk, risk.id).unit_id == council.sibling.id
        assert db.session.scalars(select(EscalationCase)).one().unit_id == council.sibling.id
        assert told_of(risk, Event.RISK_REHOMED)

    def test_only_who_manages_both_units_does_it(self, council, three):
        with pytest.raises(CannotChangeMany):
            change(council.manager_person, self.deed(council), three)
        with pytest.raises(CannotChangeMany):
            change(council.assurance_person, self.deed(council), three)

    def test_what_is_there_already_is_left_out(self, council, three):
        done = change(council.lead_person, self.deed(council, unit_id=council.team.id), three)
        assert set(refusals(done).values()) == {"It is there already"}


class TestSettingTheReview:
    def deed(self, on=DAY + timedelta(days=7)):
        return Deed("review", why="Before the committee.", review_on=on)

    def test_brings_each_forward_and_never_past_the_policy(self, council, three):
        due = three[0].next_review_on
        assert due == date(2027, 3, 1)
        assert len(change(council.assurance_person, self.deed(), three).done) == 3
        assert told_of(three[0], Event.RISK_REVIEW_SET)
        later = change(council.assurance_person, self.deed(due + timedelta(days=1)), three, key="another")
        assert set(refusals(later).values()) == {"It is due sooner: 8 Dec 2026"}
        with pytest.raises(risks.CannotHandOver) as no, transaction():
            risks.set_review(
                three[0], to=due + timedelta(days=1), why="Later", by=actor(council.assurance_person), at=NOON, on=DAY
            )
        assert str(no.value) == "The policy wants it by 1 Mar 2027 (policy 7.2)"

    def test_a_day_that_has_passed_a_draft_and_one_due_that_day_are_left_out(self, council, three):
        with transaction():
            draft = a_risk(council, title="Draft", status="draft")
        done = change(council.assurance_person, self.deed(DAY - timedelta(days=1)), [*three, draft])
        assert set(refusals(done).values()) == {
            "That day has passed. Give today or a later one", "Only an open risk is reviewed",
        }  # fmt: skip
        assert set(
            refusals(change(council.assurance_person, self.deed(date(2027, 3, 1)), three, key="same")).values()
        ) == {"It is due on that day already"}

    def test_owners_champions_managers_and_assurance_do_it(self, council, three):
        for number, person in enumerate((council.manager_person, council.champion_person, council.lead_person)):
            deed = self.deed(DAY + timedelta(days=20 - number))
            assert len(change(person, deed, three, key=f"key {number}").done) == 3
        assert refusals(change(council.member_person, self.deed(DAY + timedelta(days=3)), three, key="member")) == (
            dict.fromkeys((f"Risk {number}" for number in range(3)), service.NOT_ALLOWED["review"])
        )


class TestChasing:
    def test_asks_the_owner_of_each_once_a_day(self, council, three):
        done = change(council.champion_person, Deed("chase"), three)
        assert [line.became for line in done.done] == ["E-mail to Manager, Repairs Delivery"] * 3
        letters = db.session.scalars(select(Message).where(Message.subject.contains("say how it stands"))).all()
        assert len(letters) == 3
        assert {letter.address for letter in letters} == {council.manager_person.email}
        assert "policy 19.3" in letters[0].text
        again = change(council.assurance_person, Deed("chase"), three, key="another")
        assert set(refusals(again).values()) == {"Its owner was asked today already"}

    def test_nobody_is_asked_where_nobody_answers_and_no_one_asks_themselves(self, council, three):
        with transaction():
            empty = a_post(council.team, "team_manager", title="An empty post")
            a_risk(council, title="Of nobody", owner_post_id=empty.id)
        everything = db.session.scalars(select(Entity.reference).where(Entity.kind == "risk")).all()
        done = change(council.champion_person, Deed("chase"), everything)
        assert refusals(done) == {"Of nobody": "Nobody answers for An empty post. Give it to another owner"}
        own = change(council.manager_person, Deed("chase"), three, key="own")
        assert set(refusals(own).values()) == {"You answer for it yourself"}

    def test_a_mail_of_an_exempt_risk_carries_no_word_of_it(self, council, three):
        with transaction():
            db.session.add(
                Classification(
                    entity_id=three[0].id, field_group="title", level="exempt", state="decided", paragraphs="3",
                    reason="A price", public_interest="A price", from_on=DAY - timedelta(days=1),
                )
            )  # fmt: skip
            audit.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=NOON, subject_id=three[0].id)
        change(council.assurance_person, Deed("chase"), three[:1])
        letter = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert "Risk 0" not in f"{letter.subject}{letter.text}{letter.html}"
        assert reference_of(three[0]) in letter.subject


class TestTheWhole:
    def test_nothing_or_too_much_is_refused(self, council):
        with pytest.raises(CannotChangeMany, match="at least one"):
            change(council.assurance_person, Deed("chase"), [])
        with pytest.raises(CannotChangeMany, match=r"201 are chosen. Choose at most 200 at once \(policy 19.1\)"):
            change(council.assurance_person, Deed("chase"), [f"R-{number}" for number in range(201)])

    def test_the_same_form_sent_twice_is_done_once(self, council, three):
        first = change(council.champion_person, Deed("chase"), three)
        second = change(council.champion_person, Deed("chase"), three)
        assert (second.key, second.lines) == (first.key, ())
        assert db.session.scalar(select(func.count(Batch.id))) == 1

    def test_the_preview_s_permission_is_that_of_one_risk(self, council, three):
        """What the list says may be done is what `may` says of each, for everyone and every deed."""
        everyone = [value for name, value in vars(council).items() if name.endswith("_person")]
        for person in everyone:
            who = actor(person)
            for deed, permission in queries.DEEDS.items():
                for risk in queries.chosen(who, map(reference_of, three), deed, on=DAY):
                    facts = service.readers.facts(risk_id=risk.id, on=DAY)
                    assert risk.is_allowed == service.may(who, permission, facts), (person.email, deed)


class TestUndoing:
    def test_puts_each_back_once(self, council, three):
        change(council.lead_person, Deed("reassign", "She leaves.", post_id=council.lead.id), three)
        assert undo(council.lead_person) == (3, 0)
        assert {risk.owner_post_id for risk in db.session.scalars(select(Risk))} == {council.manager.id}
        assert db.session.scalars(select(AuditEntry).where(AuditEntry.event == Event.RISKS_PUT_BACK)).one()
        with pytest.raises(CannotUndo, match="undone already"):
            undo(council.lead_person)

    @pytest.mark.parametrize("deed", ["move", "review"])
    def test_puts_back_units_and_reviews(self, council, three, deed):
        where = {"move": {"unit_id": council.sibling.id}, "review": {"review_on": DAY + timedelta(days=3)}}[deed]
        before = [(risk.unit_id, risk.next_review_on) for risk in three]
        change(council.lead_person, Deed(deed, "So it is.", **where), three)
        assert [(risk.unit_id, risk.next_review_on) for risk in three] != before
        assert undo(council.lead_person) == (3, 0)
        assert [(risk.unit_id, risk.next_review_on) for risk in three] == before

    def test_a_risk_that_somebody_changed_since_stays_as_it_is_now(self, council, three):
        change(council.lead_person, Deed("reassign", "She leaves.", post_id=council.lead.id), three)
        with transaction():
            risks.review(three[1], note="I looked.", by=actor(council.lead_person), at=NOON, on=DAY)
        assert undo(council.lead_person) == (2, 1)
        assert three[1].owner_post_id == council.lead.id
        told = queries.batch(actor(council.lead_person), KEY, on=DAY)
        assert [(line.state, line.state_why) for line in told.lines if line.state != "undone"] == [
            ("kept", "Somebody changed it since")
        ]

    def test_its_time_runs_out_as_the_policy_says(self, council, three):
        change(council.lead_person, Deed("reassign", "She leaves.", post_id=council.lead.id), three)
        with pytest.raises(CannotUndo, match=r"run out \(policy 19.2\)"):
            undo(council.lead_person, at=NOON + timedelta(hours=24, seconds=1))
        assert undo(council.lead_person, at=NOON + timedelta(hours=24)) == (3, 0)

    def test_only_who_did_it_undoes_it(self, council, three):
        change(council.lead_person, Deed("reassign", "She leaves.", post_id=council.lead.id), three)
        with pytest.raises(CannotUndo, match="nothing of yours"):
            undo(council.director_person)
        assert queries.batch(actor(council.director_person), KEY, on=DAY) is None

    def test_a_mail_that_waits_is_taken_back_and_one_that_left_is_not(self, council, three):
        change(council.champion_person, Deed("chase"), three)
        letters = db.session.scalars(select(Message).where(Message.subject.contains("say how it stands"))).all()
        with transaction():
            letters[0].state = "sent"
        assert undo(council.champion_person) == (2, 1)
        waiting = select(func.count(Message.id)).where(Message.subject.contains("say how it stands"))
        assert db.session.scalar(waiting) == 1
        asked = db.session.scalar(select(func.count(Occurrence.id)).where(Occurrence.rule == "risk_chased"))
        assert asked == 1
        again = change(council.champion_person, Deed("chase"), three, key="again")
        assert len(again.done) == 2


class TestPages:
    def form_of(self, page):
        return dict(re.findall(r'name="(key|means)"[^>]*value="([^"]*)"', page))

    def test_what_would_change_is_shown_then_done_then_undone(self, council, client, three):
        sign_in(client, council.lead_person)
        chosen = [("risk", reference_of(risk)) for risk in three]
        register = client.get("/registers").text
        assert all(f'name="risk" value="{reference}"' in register for _risk, reference in chosen)
        asked = client.get("/registers/many", query_string=[("deed", "reassign"), *chosen])
        assert "3 risks chosen" in asked.text
        data = {
            "deed": "reassign", "risk": [reference for _risk, reference in chosen], "post": str(council.lead.id),
            "why": "She leaves.", **self.form_of(asked.text),
        }  # fmt: skip
        checked = client.post("/registers/many", data=data | {"step": "check"})
        assert "Give 3 risks to another owner" in checked.text
        assert {risk.owner_post_id for risk in db.session.scalars(select(Risk))} == {council.manager.id}
        done = client.post("/registers/many", data=data | self.form_of(checked.text) | {"step": "do"})
        assert done.status_code == 302
        page = client.get(done.location).text
        assert "Undo it for all" in page
        key = done.location.partition("=")[2]
        undone = client.post("/registers/many/undo", data={"batch": key})
        assert "3 risks put back as before." in client.get(undone.location).text
        assert client.post("/registers/many/undo", data={"batch": key}).status_code == 422
        assert "Undone" in client.get("/registers/many/mine").text
        assert "Given to another owner" in client.get("/registers/many/mine.csv").text

    def test_a_form_whose_meaning_has_moved_is_shown_again_with_nothing_done(self, council, client, three):
        sign_in(client, council.lead_person)
        references = [reference_of(risk) for risk in three]
        data = {"deed": "reassign", "risk": references, "post": str(council.lead.id), "why": "She leaves.", "key": "k"}
        checked = client.post("/registers/many", data=data | {"step": "check"}).text
        with transaction():
            risks.close(three[2], why="Gone", by=actor(council.lead_person), at=NOON, on=DAY)
        stale = client.post("/registers/many", data=data | self.form_of(checked) | {"step": "do"})
        assert stale.status_code == 200
        assert "What it means has changed since you looked. Nothing was done" in stale.text
        assert {risk.owner_post_id for risk in db.session.scalars(select(Risk))} == {council.manager.id}
        assert client.post("/registers/many", data=data | {"step": "do"}).status_code == 200, "nor without a check"
        assert db.session.scalar(select(func.count(Batch.id))) == 0

    @pytest.mark.usefixtures("three")
    def test_all_that_the_filter_finds_can_be_chosen(self, council, client):
        with transaction():
            a_risk(council, title="Another", current=(5, 5))
        sign_in(client, council.assurance_person)
        page = client.get("/registers/many?deed=review&every=yes&band=medium").text
        assert "3 risks chosen" in page
        assert "Another" not in page

    def test_what_is_not_there_or_not_readable_is_the_same_as_nothing(self, council, client, three):
        sign_in(client, council.sibling_champion_person)
        shown = set()
        for reference in (reference_of(three[0]), "R-ZZZZZ", ""):
            answer = client.get("/registers/many", query_string={"deed": "chase", "risk": reference})
            assert answer.location == "/registers"
            shown.add(client.get("/registers").text.count("Choose at least one risk"))
        assert shown == {1}
        assert client.get("/registers/many?deed=delete&risk=R-ZZZZZ").status_code == 302

    def test_a_fault_names_its_field(self, council, client, three):
        sign_in(client, council.assurance_person)
        data = {"deed": "review", "risk": reference_of(three[0]), "why": "", "step": "check", "key": "k"}
        answer = client.post("/registers/many", data=data)
        assert answer.status_code == 422
        assert "Enter the day by which the review is wanted" in answer.text
        assert "Say why" in answer.text

    def test_a_champion_is_offered_only_what_champions_do(self, council, client, three):
        sign_in(client, council.champion_person)
        page = client.get("/registers").text
        assert 'value="chase"' in page
        assert 'value="reassign"' not in page
        answer = client.get("/registers/many", query_string={"deed": "reassign", "risk": reference_of(three[0])})
        assert answer.location == "/registers"
        assert "You manage no unit" in client.get("/registers").text
        sign_in(client, council.member_person)
        assert 'class="pick"' not in client.get("/registers").text
