"""The pages of challenge: making one, answering it, and that no outlet tells a name that is kept."""

import re
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
import time_machine
from sqlalchemy import select, update

from riskapp.app import JOBS
from riskapp.domain.challenges import sealed_name
from riskapp.domain.clock import Moment
from riskapp.domain.permissions import Role
from riskapp.features.audit import service as audit
from riskapp.features.challenges import queries, service
from riskapp.features.challenges.service import NewChallenge
from riskapp.models.audit import AuditEntry, AuditPayload
from riskapp.models.challenges import Challenge
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.people import Person
from riskapp.models.reminders import Message
from riskapp.models.risks import Assessment
from tests.builders import DAY, NOON, ACouncil, a_holder, a_person, a_risk, a_role, actor, sign_in
from tests.pack_builders import signed_in

WHY = "Three months running is likely"
WHISTLE = "Specialist in Drains"
OF_PEOPLE = ("/people", "/organisation", "/access", "/account", "/sign-in", "/sign-out")
"""Addresses that name people and posts as such, whatever they did."""
OF_A_RECORD = ("/risks/<reference>", "/audit/records/<reference>")


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def reference(council):
    with transaction():
        risk = a_risk(council)
    return db.session.get_one(Entity, risk.id).reference


def typed(client, reference, **changes):
    page = client.get(f"/risks/{reference}/challenges/new").text
    key = re.search(r'name="submission_key"[^>]*value="([\w-]+)"', page)[1]
    facts = {"current_likelihood": "4", "current_impact": "3", "dimension": "service", "why": WHY}
    return facts | {"submission_key": key} | changes


class TestChallenging:
    def test_a_reader_challenges_on_the_risks_own_page_of_challenges(self, council, client, reference):
        sign_in(client, council.member_person)
        assert f'href="/risks/{reference}/challenges"' in client.get(f"/risks/{reference}").text
        answer = client.post(f"/risks/{reference}/challenges/new", data=typed(client, reference), follow_redirects=True)
        assert "Your score of 12 stands beside the owner’s. The owner answers by 15 Dec 2026." in answer.text
        assert WHY in answer.text
        assert "Challenge the score</a>" not in answer.text, "one is open"
        assert re.search(r'Challenges <span class="n">1</span>', client.get(f"/risks/{reference}").text)

    @pytest.mark.parametrize(
        ("changes", "field", "says"),
        [
            ({"why": " "}, "why", "Say why you score it differently"),
            ({"current_likelihood": ""}, "current_likelihood", "Choose a likelihood"),
            ({"current_impact": "9"}, "current_impact", "Choose an impact of 1, 2, 3, 4 or 5"),
            ({"dimension": "colour"}, "dimension", "Choose the kind of impact that hurts most"),
            ({"current_likelihood": "3"}, "current_likelihood", "That is the 9 that it has now"),
            ({"why": "x" * 1001}, "why", "Use at most 1,000 characters"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
        self, council, client, reference, changes, field, says
    ):
        sign_in(client, council.lead_person)
        data = typed(client, reference, is_named="y", **changes)
        answer = client.post(f"/risks/{reference}/challenges/new", data=data)
        assert answer.status_code == 422
        assert f'<a href="#{field}">{says}' in answer.text
        assert 'name="is_named" id="is_named" value="y" checked' in answer.text
        assert db.session.scalars(select(Challenge)).all() == []

    def test_sent_twice_it_is_one(self, council, client, reference):
        sign_in(client, council.lead_person)
        data = typed(client, reference)
        for _ in range(2):
            assert client.post(f"/risks/{reference}/challenges/new", data=data).status_code == 302
        assert len(db.session.scalars(select(Challenge)).all()) == 1

    def test_the_owner_finds_no_form(self, council, client, reference):
        sign_in(client, council.manager_person)
        assert client.get(f"/risks/{reference}/challenges/new").status_code == 404

    def test_hostile_words_are_shown_as_words(self, council, client, reference):
        sign_in(client, council.lead_person)
        hostile = "<script>alert(1)</script>\" onload='x' {{ 7 * 7 }}"
        client.post(f"/risks/{reference}/challenges/new", data=typed(client, reference, why=hostile))
        for person, address in ((council.lead_person, f"/risks/{reference}/challenges"), (council.manager_person, "/")):
            sign_in(client, person)
            page = client.get(address).text
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)" in page


class TestAnswering:
    @pytest.fixture
    def row(self, council, client, reference):
        sign_in(client, council.lead_person)
        client.post(f"/risks/{reference}/challenges/new", data=typed(client, reference))
        sign_in(client, council.manager_person)
        return db.session.scalars(select(Challenge)).one()

    def said(self, client, reference, **changes):
        page = client.get(f"/risks/{reference}/challenges").text
        return {"answer": "agree", "why": "Agreed", "seen": re.search(r'name="seen" value="(\d+)"', page)[1]} | changes

    def test_the_owner_agrees_and_it_is_scored_anew(self, client, reference, row):
        page = client.get(f"/risks/{reference}/challenges").text
        assert "Agree, and score it anew: 12 High" in page
        assert "Keep 9 Medium" in page
        answer = client.post(
            f"/risks/{reference}/challenges/{row.key}", data=self.said(client, reference), follow_redirects=True
        )
        assert "Answered: you agreed, and it is scored anew." in answer.text
        assert "The challenger proved right" in answer.text
        db.session.expire_all()
        assert db.session.get_one(Assessment, row.new_assessment_id).score == 12

    def test_the_owner_keeps_the_score(self, client, reference, row):
        data = self.said(client, reference, answer="keep", why="Two of the three are over")
        answer = client.post(f"/risks/{reference}/challenges/{row.key}", data=data, follow_redirects=True)
        assert "Two of the three are over" in answer.text
        assert WHY in answer.text, "both reasons stay"

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"why": ""}, "Say why. Both scores and both reasons stay on the record"),
            ({"answer": ""}, "Say whether you agree"),
            ({"answer": None}, "Say whether you agree"),
            ({"seen": "1"}, "somebody scored it after you loaded the page"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_lost(self, client, reference, row, changes, says):
        data = {key: value for key, value in self.said(client, reference, **changes).items() if value is not None}
        answer = client.post(f"/risks/{reference}/challenges/{row.key}", data=data)
        assert answer.status_code == 422
        assert says in answer.text
        for leads in re.findall(r'<a href="#((?:why|answer)[^"]*)"', answer.text):
            assert f'id="{leads}"' in answer.text
        db.session.expire_all()
        assert row.answer is None

    def test_a_challenge_that_is_not_there_looks_like_one_of_another_risk(self, council, client, row):
        with transaction():
            other = db.session.get_one(Entity, a_risk(council).id).reference
        number = re.compile(r"[0-9a-f]{12}")
        answers = [client.post(f"/risks/{other}/challenges/{key}", data={}) for key in (row.key, "nothing")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({number.sub("", answer.text) for answer in answers}) == 1


def words(answer):
    """All that an answer says, but for the posts to choose from, which are all posts; a spreadsheet is unpacked."""
    if not answer.data.startswith(b"PK"):
        return re.sub(r"<option\b.*?</option>", "", answer.text, flags=re.DOTALL)
    with ZipFile(BytesIO(answer.data)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


class Outlets:
    """All that could tell who challenged: every page, file and message, as one person sees it."""

    def __init__(self, app, council, risk, row):
        self.app, self.council, self.risk, self.row = app, council, risk, row
        reference = db.session.get_one(Entity, risk.id).reference
        entries = db.session.scalars(
            select(AuditEntry.payload_digest).where(AuditEntry.subject_id == risk.id).order_by(AuditEntry.id)
        )
        own = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.endpoint != "static"]
        self.addresses = [
            *(rule.rule for rule in own if not rule.arguments and not rule.rule.startswith(OF_PEOPLE)),
            *(rule.rule.replace("<reference>", reference) for rule in own if rule.rule.startswith(OF_A_RECORD)),
            "/challenges?sort=-apart", "/registers?status=all", "/registers.csv?status=all", "/tolerances?state=all",
            "/escalations?state=all", f"/audit?record={reference}", "/audit?event=risk:challenged",
            *(f"/audit/entries/{digest.hex()[:32]}" for digest in entries),
        ]  # fmt: skip
        self.addresses = [each for each in self.addresses if "<" not in each]

    def tell(self, person, *names):
        """The addresses at which somebody is told one of some names, and how many there were."""
        client = self.app.test_client()
        signed_in(client, person)
        answers = {address: client.get(address) for address in self.addresses}
        read = {address: words(answer) for address, answer in answers.items() if answer.status_code == 200}
        return {address for address, words in read.items() if any(name in words for name in names)}, len(read)


@pytest.fixture
def whistle(council):
    """Somebody with a post whose title and address are nowhere else, who champions the team's register too."""
    with transaction():
        _post, person = a_holder(council.team, "officer", title=WHISTLE)
        person.email = "whistle@demo.example"
        a_role(person, Role.CHAMPION, council.team)
    return person


@pytest.fixture
def people(council):
    """Readers of every kind, by what they are."""
    roles = {
        "external auditor": Role.EXTERNAL_AUDITOR, "commissioner": Role.COMMISSIONER, "auditor": Role.AUDITOR,
        "assurance officer": Role.ASSURANCE_OFFICER, "proper officer": Role.PROPER_OFFICER,
    }  # fmt: skip
    found = {
        "owner": council.manager_person, "beside": council.champion_person, "member": council.member_person,
        "lead": council.lead_person, "director": council.director_person, "head": council.assurance_person,
        "administrator": council.administrator_person,
    }  # fmt: skip
    with transaction():
        for name, role in roles.items():
            found[name] = a_person()
            until = {"to_on": DAY + timedelta(days=9)} if role is Role.EXTERNAL_AUDITOR else {}
            a_role(found[name], role, council.council, **until)
    return found


MAY_KNOW = {"lead", "director", "head", "assurance officer", "auditor"}


def outlets(app, council, whistle, *, is_named, answer=True):
    """A challenge that was made, reminded of, taken up and answered, and all the mail of it."""
    with transaction():
        risk = a_risk(council)
        new = NewChallenge(4, "service", 3, WHY, is_named, "key-1")
        row = service.challenge(risk, new, by=actor(whistle, request_id="a-request"), at=NOON, on=DAY)
    for days in (10, 14, 21):
        with transaction():
            on = DAY + timedelta(days=days)
            for job in sorted(JOBS, key=lambda job: job.order):
                if job.name != "send_mail":
                    job.run(Moment(on, NOON + timedelta(days=days)))
    if answer:
        with transaction():
            service.answer(row.id, agrees=True, why="Agreed", by=actor(council.manager_person), at=NOON, on=DAY)
    return Outlets(app, council, risk, row)


def test_a_name_that_is_kept_is_told_by_no_outlet_but_to_those_who_may_know_it(app, council, whistle, people, tell):
    found = outlets(app, council, whistle, is_named=False)
    looked = 0
    for name, person in people.items():
        told, count = found.tell(person, WHISTLE, "whistle@")
        looked += count
        allowed = {f"/risks/{db.session.get_one(Entity, found.risk.id).reference}/challenges", "/challenges",
                   "/challenges?sort=-apart", "/challenges.csv"}  # fmt: skip
        if name not in MAY_KNOW:
            assert told == set(), name
        else:
            assert told, name
            assert told <= allowed, name
    assert looked > 100
    tell(f"Challenger's name: {looked} pages and files to {len(people)} readers, told to {len(MAY_KNOW)} of them alone")


def test_a_name_that_may_be_known_is_told_to_every_reader(app, council, whistle, people):
    found = outlets(app, council, whistle, is_named=True)
    reference = db.session.get_one(Entity, found.risk.id).reference
    for name in ("owner", "beside", "member", "commissioner", "external auditor", "head"):
        told, _count = found.tell(people[name], WHISTLE)
        assert f"/risks/{reference}/challenges" in told, name
        assert f"/audit/records/{reference}" in told, name


def test_the_challenger_sees_that_it_is_their_own(app, council, whistle):
    found = outlets(app, council, whistle, is_named=False)
    client = app.test_client()
    signed_in(client, whistle)
    reference = db.session.get_one(Entity, found.risk.id).reference
    assert "<b>You</b>" in client.get(f"/risks/{reference}/challenges").text
    assert "Your challenges" in client.get("/").text


def test_no_message_holds_the_name_or_goes_to_whom_it_would_give_away(app, council, whistle):
    outlets(app, council, whistle, is_named=False)
    mail = db.session.scalars(select(Message)).all()
    about = [each for each in mail if "challenge" in f"{each.subject} {each.text}".lower()]
    assert len(about) >= 4, "raised, due, overdue and gone up"
    assert {each.person_id for each in about} == {
        council.manager_person.id, council.lead_person.id, council.assurance_person.id,
    }  # fmt: skip
    assert not any(
        WHISTLE in words or "whistle" in words for each in mail for words in (each.subject, each.text, each.html)
    )


def test_the_trail_can_be_searched_by_the_name_and_finds_nothing(app, council, whistle, people):
    outlets(app, council, whistle, is_named=False)
    client = app.test_client()
    for name in ("external auditor", "head"):
        signed_in(client, people[name])
        for words in ("whistle", WHISTLE):
            assert "No entry matches." in client.get(f"/audit?who={words}&event=risk").text, name


def test_the_entry_of_a_kept_name_holds_neither_person_post_nor_request(app, council, whistle):
    found = outlets(app, council, whistle, is_named=False)
    entry = db.session.get_one(AuditEntry, found.row.entry_id)
    assert (entry.event, entry.person_id, entry.post_id, entry.request_id) == ("risk:challenged", None, None, None)
    with transaction():
        audit.seal_entries(at=NOON)


def test_the_sealed_trail_vouches_for_the_name_and_tells_one_that_was_changed(app, council, whistle, people):
    found = outlets(app, council, whistle, is_named=False)
    content = db.session.get_one(AuditPayload, found.row.entry_id).content
    assert content["after"]["challenger"] == sealed_name(found.row.salt, whistle.id, found.row.by_post_id)
    head = actor(people["head"])
    (shown,) = queries.of_risk(head, found.risk.id, on=DAY)
    assert (shown.by.post, shown.by.is_vouched) == (WHISTLE, True)
    with transaction():
        other = db.session.scalar(select(Person.id).where(Person.id == council.champion_person.id))
        db.session.execute(update(Challenge).values(by_id=other))
    (shown,) = queries.of_risk(head, found.risk.id, on=DAY)
    assert shown.by.is_vouched is False
    client = app.test_client()
    signed_in(client, people["head"])
    assert "The sealed trail does not vouch for this name" in client.get("/challenges").text


def test_a_query_that_forgets_who_may_know_is_caught(app, council, whistle, people, monkeypatch):
    found = outlets(app, council, whistle, is_named=False)
    monkeypatch.setattr(queries, "may_know", lambda *_: True)
    told, _count = found.tell(people["owner"], WHISTLE)
    assert told


def test_an_entry_that_names_its_challenger_is_caught(app, council, whistle, people, monkeypatch):
    monkeypatch.setattr(service, "_nameless", lambda by: by)
    found = outlets(app, council, whistle, is_named=False)
    assert found.tell(people["owner"], WHISTLE)[0]
    assert found.tell(people["external auditor"], WHISTLE)[0]
