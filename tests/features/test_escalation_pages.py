"""What a manager sees of an escalation, from the mail to the decision."""

import email
import re
import socket
from dataclasses import replace
from datetime import date
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from riskapp.adapters.mail import SmtpMailer
from riskapp.domain.appetite import Position
from riskapp.domain.audit import Event
from riskapp.domain.clock import Moment
from riskapp.domain.escalation import Trigger, tiers_reached
from riskapp.domain.escalation_states import CaseState
from riskapp.features.audit import service as audit
from riskapp.features.escalation import queries, service
from riskapp.features.policy import queries as policies
from riskapp.features.reminders.jobs import send_queued
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity, new_entity
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.web.clock import now, today
from tests.builders import ACouncil, actor, sign_in


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def case(council):
    """A risk that came to the service lead a moment ago."""
    policy = policies.in_force(on=today()).policy
    at, on = now(), today()
    facts = Trigger(12, policy.scoring.rating("high"), Position.BEYOND_TOLERABLE, "financial")
    assert tiers_reached(policy, facts)
    with transaction():
        subject = new_entity(db.session(), "risk", "Voids take <b>too long</b> to let")
        service.consider(
            subject.id,
            unit_id=council.team.id,
            owner_post_id=council.manager.id,
            facts=facts,
            by=actor(council.champion_person, on=on),
            at=at,
            on=on,
        )
    return db.session.scalars(select(EscalationCase)).one()


def page_of(case):
    return f"/escalations/{db.session.get_one(Entity, case.id).reference}"


def holder_of(council, case):
    desk = queries.live_desk(case_id=case.id)
    return {
        council.lead.id: council.lead_person,
        council.director.id: council.director_person,
        council.chief.id: council.chief_person,
    }[desk.post_id]


def signed_in(client, person, page):
    answer = client.get(page)
    assert answer.status_code == 302, "a link alone shows and does nothing"
    sign_in(client, person)
    return client.get(page)


def test_the_page_says_why_it_came_who_has_it_and_what_happens_if_nothing_is_done(council, case, client):
    page = signed_in(client, holder_of(council, case), page_of(case))
    assert page.status_code == 200
    for words in ("Escalated to you", "left", "clause 6.1", "If you do nothing", "Acknowledge", "You: Director"):
        assert words in page.text, words
    assert "Voids take &lt;b&gt;too long&lt;/b&gt; to let" in page.text
    assert "<script" not in page.text.replace("<script src", "")
    assert " style=" not in page.text


def test_a_manager_acknowledges_and_decides(council, case, client):
    page = page_of(case)
    signed_in(client, holder_of(council, case), page)
    answer = client.post(f"{page}/acknowledge", follow_redirects=True)
    assert "Acknowledged. The owner has been told." in answer.text
    assert "What do you decide?" in answer.text
    wrong = client.post(f"{page}/decide", data={"decide-note": ""})
    assert wrong.status_code == 422
    assert "Choose what you decide" in wrong.text
    assert "Say what you decide" in wrong.text
    done = client.post(
        f"{page}/decide", data={"decide-decision": "support", "decide-note": "Go on."}, follow_redirects=True
    )
    assert "Support the plan as it is" in done.text
    assert "Go on." in done.text
    assert state(case) == CaseState.DECIDED


def state(case):
    return db.session.scalar(select(EscalationCase.state).where(EscalationCase.id == case.id))


def test_a_form_posted_twice_does_one_thing_and_says_so(council, case, client):
    page = page_of(case)
    signed_in(client, holder_of(council, case), page)
    client.post(f"{page}/acknowledge")
    again = client.post(f"{page}/acknowledge")
    assert again.status_code == 422
    assert "acknowledged already" in again.text


@pytest.mark.parametrize(
    ("deed", "field", "words"),
    [
        ("return", "return-advice", "Write what the owner must change"),
        ("pass-on", "pass-why", "Say why it is beyond you"),
    ],
)
def test_a_reason_that_is_missing_is_asked_for_beside_its_field(council, case, client, deed, field, words):
    page = page_of(case)
    signed_in(client, holder_of(council, case), page)
    answer = client.post(f"{page}/{deed}", data={field: " "})
    assert answer.status_code == 422
    assert answer.text.count(words) == 2, "in the summary and beside the field"
    assert state(case) == CaseState.OPEN


def test_returning_from_the_page_ends_it(council, case, client):
    page = page_of(case)
    signed_in(client, holder_of(council, case), page)
    answer = client.post(f"{page}/return", data={"return-advice": "Ask the contractor."}, follow_redirects=True)
    assert "Ask the contractor." in answer.text
    assert state(case) == CaseState.RETURNED


def test_the_owner_reads_it_and_is_told_that_somebody_else_answers(council, case, client):
    page = signed_in(client, council.manager_person, page_of(case))
    assert "You own this risk, so somebody else answers." in page.text
    assert "sticky-deed" not in page.text


def test_only_whoever_has_it_may_answer_and_only_the_head_of_assurance_withdraws(council, case, client):
    page = page_of(case)
    signed_in(client, council.manager_person, page)
    for deed in ("acknowledge", "return", "pass-on", "decide", "withdraw"):
        assert client.post(f"{page}/{deed}").status_code == 404, deed
    assert state(case) == CaseState.OPEN


def test_the_head_of_assurance_withdraws_with_a_reason(council, case, client):
    page = page_of(case)
    assert "Withdraw it" in signed_in(client, council.assurance_person, page).text
    client.post(f"{page}/withdraw", data={"withdraw-why": "Scored by mistake."})
    assert state(case) == CaseState.WITHDRAWN


def test_whoever_is_not_on_its_way_does_not_find_it(council, case, client):
    assert signed_in(client, council.sibling_champion_person, page_of(case)).status_code == 404
    assert "Voids" not in client.get("/escalations?state=all").text.replace("Risk Champion, Voids", "")
    assert client.get("/escalations/E-NOONE").status_code == 404


def test_the_list_is_filtered_by_its_address_and_given_as_a_file(council, case, client):
    page = signed_in(client, council.assurance_person, "/escalations?sort=-score&text=voids")
    assert "1 escalation" in page.text
    assert 'aria-sort="descending"' in page.text
    assert client.get("/escalations?state=decided").text.count("No escalation matches.") == 1
    file = client.get("/escalations.csv?text=voids")
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.text.count("\r\n") == 2
    for strange in ("page=99999999999", "page=-1", "sort=nothing", "unit=U-XXXXX", "tier=x", "state=x"):
        assert client.get(f"/escalations?{strange}").status_code == 200, strange


def test_the_route_is_drawn_with_the_live_case_and_said_in_words(council, case, client):
    page = signed_in(client, council.assurance_person, "/escalations/route")
    assert page.status_code == 200
    assert "Escalation route of Housing" in page.text
    assert "Repairs Delivery" in page.text
    assert "with a live case" in page.text
    assert "does not reach the Improvement and Recovery Board" in page.text
    assert client.get("/escalations/route?unit=U-XXXXX").status_code == 404


def test_the_mail_reaches_a_real_server_and_its_link_leads_to_the_page(council, case, client):
    received = []

    class Sink:
        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
            received.append(email.message_from_bytes(envelope.content, policy=default))
            return "250 OK"

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = Controller(Sink(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", "riskapp@council.example", timeout=5)
        send_queued(mailer, Moment(today(), now()), base_url="http://localhost")
    finally:
        server.stop()
    person = holder_of(council, case)
    (message,) = [each for each in received if each["To"] == person.email]
    (link,) = re.findall(r"http://localhost(/\S+)", message.get_body(("plain",)).get_content())
    assert "Escalated to you" in signed_in(client, person, link).text


def test_a_desk_that_ran_out_long_ago_still_shows(council, case, client):
    with transaction():
        desk = queries.live_desk(case_id=case.id)
        db.session.execute(
            EscalationDesk.__table__.update().where(EscalationDesk.id == desk.id).values(due_at=desk.arrived_at)
        )
    db.session.expire_all()
    page = signed_in(client, holder_of(council, case), page_of(case)).text
    assert "The time has run out" in page


def test_a_date_without_a_policy_year_is_no_fault_of_the_reader(council):
    assert queries.proof(on=date(2026, 12, 1)).teams == 2


def test_whoever_passed_it_on_still_reads_its_name_in_the_list(council, case):
    by = actor(holder_of(council, case), on=today())
    with transaction():
        service.pass_on(case.id, why="It is beyond me", by=by, at=now(), on=today())
    former = replace(by, grants=())
    (row,), _total = queries.cases(former, queries.Wanted(), at=now(), on=today())
    assert row.title == "Voids take <b>too long</b> to let"
    assert queries.case(former, row.reference, at=now(), on=today()).row.title == row.title


def test_the_navigation_counts_what_waits_for_an_answer_and_not_what_one_may_not_answer(council, case):
    by = actor(holder_of(council, case), on=today())
    assert queries.waiting_count(by) == len(queries.desks_waiting(by, at=now(), on=today())) == 1
    with transaction():
        case.owner_post_id = queries.live_desk(case_id=case.id).post_id
        audit.record(Event.ESCALATION_RAISED, by=by, at=now(), subject_id=case.id)
    assert queries.waiting_count(by) == len(queries.desks_waiting(by, at=now(), on=today())) == 0
