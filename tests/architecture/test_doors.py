"""Every door tried by everyone: who may pass is written here by hand, not read from the application's own table."""

import io
import re
from dataclasses import replace
from urllib.parse import quote

import pypdf
import pytest
import time_machine
from sqlalchemy import func, select

from riskapp.domain.permissions import Permission
from riskapp.features.accounts import queries as accounts
from riskapp.models.accounts import WebSession
from riskapp.models.actions import Chase
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db
from riskapp.models.reminders import Message
from riskapp.web.guards import STANDS_OPEN
from tests.builders import DAY, NOON, PASSWORD, sign_in
from tests.doors_council import EXEMPT, OWN, SECRET, SIBLING, ADoorsCouncil
from tests.pack_builders import reference_of, signed_in


def names(words: str) -> frozenset[str]:
    return frozenset(words.split())


READERS = names("assurance auditor commissioner proper_officer")
ABOVE = names("lead director chief")
TEAM, BESIDE = names("champion manager"), names("sibling_champion sibling_manager")
MEMBER = names("member")
KEEPERS = TEAM | BESIDE | ABOVE
EVERYONE = KEEPERS | READERS | MEMBER | names("specialist administrator nobody")

READS = {OWN: TEAM | ABOVE | READERS | MEMBER | names("specialist"), SIBLING: BESIDE | ABOVE | READERS | MEMBER}
ON_ITS_DESK = names("lead")
READS[EXEMPT] = READS[OWN]  # the same people know of it, but its exempt words are withheld from some of them
CLEARED = TEAM | ON_ITS_DESK | READERS  # its champion drafted it, its manager owns it, the lead has it on the desk
SCORES = {OWN: TEAM | ABOVE, SIBLING: BESIDE | ABOVE, EXEMPT: TEAM | ON_ITS_DESK}
OWNS = {OWN: names("manager"), SIBLING: names("sibling_manager"), EXEMPT: names("manager")}
OPENS = {key: who | (ON_ITS_DESK if key == EXEMPT else ABOVE) for key, who in OWNS.items()}
ESCALATES = {key: who | names("assurance") for key, who in SCORES.items()}
CLOSES = {OWN: ABOVE, SIBLING: ABOVE, EXEMPT: ON_ITS_DESK}
READS_ACTION = READS | {EXEMPT: CLEARED | names("specialist")}
UPDATES = {OWN: TEAM | names("lead specialist"), SIBLING: BESIDE | names("lead")}
UPDATES[EXEMPT] = UPDATES[OWN]
READS_CASE = {key: READERS | who for key, who in SCORES.items()}
READS_CASE[EXEMPT] = READERS | OWNS[EXEMPT] | ON_ITS_DESK
ANSWERS = dict.fromkeys((OWN, SIBLING, EXEMPT), names("lead"))
WITHDRAWS = dict.fromkeys((OWN, SIBLING, EXEMPT), names("assurance"))

PEOPLE_KEEPERS = names("assurance administrator")
PEOPLE_READERS = PEOPLE_KEEPERS | names("auditor commissioner")
SEE_PEOPLE = PEOPLE_READERS | ABOVE | names("manager sibling_manager")
SEES = {
    OWN: PEOPLE_READERS | ABOVE | names("manager"),
    SIBLING: PEOPLE_READERS | ABOVE | names("sibling_manager"),
    "top": PEOPLE_READERS | names("chief"),
}
APPOINTS = {OWN: ABOVE | names("manager assurance"), SIBLING: ABOVE | names("sibling_manager assurance")}

MAY_PASS: dict[str, dict[str, frozenset[str]]] = {
    "risks.risk": READS,
    "risks.score": SCORES,
    "risks.review": OWNS,
    "risks.open_draft": OPENS,
    "risks.agree": OPENS,
    "risks.close": CLOSES,
    "risks.escalate": ESCALATES,
    "actions.action": READS_ACTION,
    "actions.update": UPDATES,
    "actions.complete": UPDATES,
    "actions.move": UPDATES,
    "actions.verify": UPDATES,
    "actions.cancel": UPDATES,
    "escalation.escalation": READS_CASE,
    "escalation.acknowledge": ANSWERS,
    "escalation.return_with_advice": ANSWERS,
    "escalation.pass_on": ANSWERS,
    "escalation.decide": ANSWERS,
    "escalation.withdraw": WITHDRAWS,
    "bodies.body": {"only": KEEPERS | READERS | MEMBER},
    "bodies.review": {"only": names("assurance proper_officer")},
    "packs.meeting": {"only": READERS | MEMBER},
    "packs.build": {"only": names("assurance")},
    "packs.download": {"part 1": READERS | MEMBER, "part 2": READERS},
    "access.proposal": {"proposal": READERS | names("administrator")},
    "access.decide": {"proposal": names("assurance proper_officer")},
    "access.withdraw": {"proposal": names("administrator")},
    "access.end_role": {"role": names("assurance administrator")},
    "access.end_named": {"grant": names("assurance proper_officer")},
    "access.decide_emergency": {"emergency": names("assurance proper_officer")},
    "access.end_emergency": {"emergency": names("assurance proper_officer administrator")},
    "exemption.mark": {key: who - MEMBER for key, who in READS.items()},
    "exemption.decide": dict.fromkeys((OWN, SIBLING, EXEMPT), names("proper_officer")),
    "reminders.message": {"message": names("assurance auditor commissioner")},
    "organisation.unit": {"only": EVERYONE},
    "organisation.board": {"only": EVERYONE},
    **{
        f"organisation.{door}": {"only": names("assurance administrator")}
        for door in names(
            "rename_unit move_unit merge_unit part_unit close_unit reopen_unit add_post rename_post close_post "
            "reopen_post edit_board add_member end_member import_pattern"
        )
    },
    **{
        f"organisation.{door}": {"only": names("administrator")}
        for door in ("import_preview", "apply_import", "import_faults")
    },
    "staffing.person": SEES,
    "staffing.give_post": dict.fromkeys(SEES, PEOPLE_KEEPERS),
    "staffing.away": dict.fromkeys(SEES, PEOPLE_KEEPERS),
    "staffing.back": dict.fromkeys(SEES, PEOPLE_KEEPERS),
    "staffing.move": dict.fromkeys(SEES, PEOPLE_KEEPERS),
    "staffing.leave": dict.fromkeys(SEES, PEOPLE_KEEPERS),
    "staffing.reinstate": {"going": PEOPLE_KEEPERS},
    "staffing.train": APPOINTS,
    "staffing.end": APPOINTS,
}
"""Who passes each door that names a thing, by the thing; everybody else is told that it is not there."""

SEES_ROLES = READERS | names("administrator")
MAY_ENTER: dict[str, frozenset[str]] = {
    **dict.fromkeys(("access.roles", "access.proposals", "access.named", "access.emergencies"), SEES_ROLES),
    **dict.fromkeys(
        ("access.roles_csv", "access.proposals_csv", "access.named_csv", "access.emergencies_csv"), SEES_ROLES
    ),
    "access.propose": names("assurance administrator"),
    "access.let_in": names("assurance proper_officer"),
    "risks.log": KEEPERS | names("assurance"),
    "actions.new": KEEPERS | MEMBER | names("assurance specialist administrator"),
    "packs.packs": READERS | MEMBER,
    "reminders.outbox": names("assurance auditor commissioner"),
    "reminders.outbox_csv": names("assurance auditor commissioner"),
    "clock.clock": names("assurance administrator auditor"),
    "clock.clock_csv": names("assurance administrator auditor"),
    "escalation.route": EVERYONE,
    "organisation.add_unit": names("assurance administrator"),
    "organisation.add_board": names("assurance administrator"),
    "organisation.import_file": names("assurance administrator"),
    "staffing.people_list": SEE_PEOPLE,
    "staffing.people_csv": SEE_PEOPLE,
    "staffing.without_holder": SEE_PEOPLE,
    "staffing.without_holder_csv": SEE_PEOPLE,
    "staffing.champions": SEE_PEOPLE,
    "staffing.champions_csv": SEE_PEOPLE,
    "staffing.join": PEOPLE_KEEPERS,
    "staffing.name_holder": PEOPLE_KEEPERS,
    "staffing.appoint": ABOVE | names("manager sibling_manager assurance"),
    "exemption.desk": names("proper_officer"),
    "exemption.desk_csv": names("proper_officer"),
    "exemption.readings": names("assurance auditor proper_officer"),
    "exemption.readings_csv": names("assurance auditor proper_officer"),
}
"""Who gets a page that names no thing; one that is not here is everybody's, and shows to each what is theirs.

Whoever has a post may come to own a risk, and then add an action to it."""

KNOWS_THE_SECRET = CLEARED


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    """In production: the demonstration shows its outbox to everybody."""
    app.extensions["settings"] = replace(app.extensions["settings"], mode="production")
    return ADoorsCouncil()


def rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in STANDS_OPEN]


def methods(rule):
    return sorted(rule.methods & {"GET", "POST"})


def said(answer) -> str:
    """All that an answer tells: its words, those of a paper, and its headers."""
    if answer.mimetype == "application/pdf":
        paper = pypdf.PdfReader(io.BytesIO(answer.data))
        return f"{answer.headers} {paper.metadata} " + " ".join(page.extract_text() for page in paper.pages)
    return f"{answer.headers} {answer.text}"


def client_of(app, person):
    client = app.test_client()
    signed_in(client, person)
    return client


def test_every_door_that_names_a_thing_has_a_line_here(app):
    assert {rule.endpoint for rule in rules(app) if rule.arguments} == set(MAY_PASS)


def test_everyone_passes_exactly_the_doors_that_are_theirs_and_no_door_tells_what_is_exempt(app, council):
    wrong, leaks, tried = [], [], 0
    for name, person in council.persons.items():
        client = client_of(app, person)
        for rule in sorted((rule for rule in rules(app) if rule.arguments), key=lambda rule: rule.endpoint):
            for key, values in council.addresses(rule.endpoint, rule.arguments).items():
                with app.test_request_context():
                    url = app.url_for(rule.endpoint, **values)
                for method in methods(rule):
                    # A field that no form has: a form without any would be taken as filled in with what it shows.
                    answer = client.open(url, method=method, data={"nothing": "1"} if method == "POST" else None)
                    tried += 1
                    if (answer.status_code != 404) != (name in MAY_PASS[rule.endpoint][key]):
                        wrong.append(f"{name} {method} {rule.endpoint} of {key}: {answer.status_code}")
                    if answer.status_code >= 500:
                        wrong.append(f"{name} {method} {rule.endpoint} of {key}: {answer.status_code}")
                    if SECRET in said(answer) and name not in KNOWS_THE_SECRET:
                        leaks.append(f"{name} {method} {rule.endpoint} of {key}")
    assert (wrong, leaks) == ([], [])
    assert tried > 800


def test_every_list_and_file_is_open_to_whom_it_is_for_and_tells_nobody_else_what_is_exempt(app, council):
    wrong, leaks = [], []
    for name, person in council.persons.items():
        client = client_of(app, person)
        for rule in rules(app):
            if rule.arguments or "GET" not in rule.methods or rule.endpoint == "actions.preview_chase":
                continue
            answer = client.get(rule.rule)
            if (answer.status_code == 200) != (name in MAY_ENTER.get(rule.endpoint, EVERYONE)):
                wrong.append(f"{name} {rule.rule}: {answer.status_code}")
            if SECRET in said(answer) and name not in KNOWS_THE_SECRET:
                leaks.append(f"{name} {rule.rule}")
        assert (SECRET in client.get("/registers.csv?status=all").text) == (name in KNOWS_THE_SECRET), name
    assert (wrong, leaks) == ([], [])


@pytest.mark.parametrize(
    "address",
    [
        "/registers?q={}&status=all", "/registers.csv?q={}&status=all", "/actions?q={}", "/actions.csv?q={}",
        "/actions/overdue?q={}", "/actions/overdue.csv?q={}", "/escalations?text={}&state=all",
        "/escalations.csv?text={}&state=all", "/bodies?q={}", "/organisation?q={}", "/organisation/units.csv?q={}",
        "/organisation/boards?q={}",
    ],
)  # fmt: skip
def test_to_whom_it_is_exempt_a_word_of_it_is_found_like_a_word_of_nothing(app, council, address):
    nothing = "q" * len(SECRET)
    for name in sorted(EVERYONE - KNOWS_THE_SECRET):
        client = client_of(app, council.persons[name])
        pages = [client.get(address.format(word)) for word in (SECRET, nothing)]
        assert pages[0].status_code == pages[1].status_code
        assert pages[0].text.replace(SECRET, nothing) == pages[1].text, name


def test_no_mail_says_what_is_exempt(council):
    kept = db.session.scalars(select(Message)).all()
    assert kept
    assert not [row.id for row in kept if SECRET in row.subject + row.text + row.html]


@pytest.mark.parametrize("key", [OWN, SIBLING, EXEMPT])
def test_an_action_is_added_only_to_a_risk_that_is_ones_to_treat(app, council, key):
    risk = reference_of(council.risks[key])
    adds = SCORES[key] | names("assurance")
    passed = {
        name
        for name, person in council.persons.items()
        if client_of(app, person).get(f"/actions/new?risk={quote(risk)}").status_code == 200
    }
    assert passed == adds


def test_one_action_of_another_team_refuses_a_whole_chase(app, council):
    both = [reference_of(council.actions[key]) for key in (OWN, SIBLING)]
    client = client_of(app, council.champion_person)
    assert client.get(f"/actions/chase?a={both[0]}").status_code == 200
    assert client.get(f"/actions/chase?a={both[0]}&a={both[1]}").status_code == 404
    assert client.post("/actions/chase", data={"references": " ".join(both)}).status_code == 404
    assert db.session.scalar(select(func.count(Chase.id))) == 0


def test_a_form_without_its_token_changes_nothing_at_any_door(app, council):
    app.config["WTF_CSRF_ENABLED"] = True
    client = client_of(app, council.assurance_person)
    before = db.session.scalar(select(func.count(AuditEntry.id)))
    answers = {}
    for rule in rules(app):
        if "POST" in rule.methods:
            values = next(iter(council.addresses(rule.endpoint, rule.arguments).values())) if rule.arguments else {}
            with app.test_request_context():
                url = app.url_for(rule.endpoint, **values)
            answers[rule.endpoint] = client.post(url, data={"why": "Gone", "deed": "open"}).status_code
    assert set(answers.values()) == {400}, answers
    assert db.session.scalar(select(func.count(AuditEntry.id))) == before


def test_a_form_with_its_token_passes(app, council):
    app.config["WTF_CSRF_ENABLED"] = True
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
    assert token
    data = {"email": council.manager_person.email, "password": PASSWORD, "csrf_token": token[1]}
    assert client.post("/sign-in", data=data).status_code == 302


def test_signing_in_gives_a_new_session_and_ends_the_one_before(app, council):
    client = app.test_client()
    client.set_cookie("sid", "a token that somebody else chose")
    sign_in(client, council.manager_person)
    first = client.get_cookie("sid").value
    assert first != "a token that somebody else chose"
    sign_in(client, council.manager_person)
    assert accounts.asking(first, at=NOON, on=DAY) is None
    assert db.session.scalar(select(func.count(WebSession.id)).where(WebSession.ended_at.is_(None))) == 1


def test_a_session_that_was_ended_opens_nothing_when_its_cookie_is_sent_again(app, council):
    client = app.test_client()
    sign_in(client, council.manager_person)
    token = client.get_cookie("sid").value
    client.post("/sign-out")
    client.set_cookie("sid", token)
    assert client.get("/account").status_code == 302


def test_no_script_reads_the_cookie_of_a_session_and_https_keeps_it_to_https(app, council):
    data = {"email": council.manager_person.email, "password": PASSWORD}
    plain = app.test_client().post("/sign-in", data=data).headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    app.config["SESSION_COOKIE_SECURE"] = True
    set_by_https = app.test_client().post("/sign-in", data=data).headers.getlist("Set-Cookie")
    kept = next(each for each in set_by_https if each.startswith("__Host-sid="))
    assert "Secure" in kept
    assert "Path=/" in kept


def test_the_host_that_a_visitor_claims_is_in_no_answer(app, council):
    client = client_of(app, council.assurance_person)
    for url in ("/", "/registers", "/outbox", "/sign-in"):
        assert "evil.example" not in said(client.get(url, headers={"Host": "evil.example"}))


def test_every_door_of_a_thing_asks_for_more_than_an_account(app):
    lax = {rule.endpoint for rule in rules(app) if rule.arguments} & {
        rule.endpoint
        for rule in rules(app)
        if app.view_functions[rule.endpoint].permission in {Permission.PUBLIC, Permission.SIGNED_IN}
    }
    assert lax == set()
