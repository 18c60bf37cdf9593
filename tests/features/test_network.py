"""Links of a risk: added and ended on the record of both ends, and read only with what the reader may read."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from riskapp.domain.network import MANNERS, CannotLinkRisk, what_follows
from riskapp.domain.permissions import Role
from riskapp.features.audit import queries as trail
from riskapp.features.audit_trail import queries as records
from riskapp.features.network import queries, service
from riskapp.features.network.queries import THINGS
from riskapp.features.plan import service as plan
from riskapp.features.readers import queries as readers
from riskapp.features.risks import service as risks
from riskapp.models.audit import AuditEntry, AuditPayload
from riskapp.models.database import db, transaction
from riskapp.models.entity import Link
from riskapp.models.exemption import ExemptRead
from riskapp.web import history
from tests.builders import BY_HAND, DAY, NOON, a_holder, a_new_risk, a_risk, a_role, actor
from tests.pack_builders import APaperCouncil, reference_of, signed_in


class ALinkedCouncil(APaperCouncil):
    """A team's two risks, one of the team beside it, and who keeps each."""

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            self.sibling_manager, self.sibling_manager_person = a_holder(
                self.sibling, "team_manager", title="Manager, Voids", role=Role.MANAGER
            )
            there = {"unit_id": self.sibling.id, "owner_post_id": self.sibling_manager.id}
            self.late = a_risk(self, title="Repairs run late")
            self.damp = a_risk(self, title="Homes grow damp")
            by = actor(self.sibling_champion_person)
            self.void = risks.draft(a_new_risk(self, title="Homes stand empty", **there), by=by, at=NOON, on=DAY)
            risks.open_risk(self.void, by=actor(self.sibling_manager_person), at=NOON, on=DAY)

    def link(self, risk, manner: str, other, *, by=None) -> Link:
        reference = other if isinstance(other, str) else reference_of(other)
        who = actor(by or self.lead_person)
        return service.link(risk, manner=manner, reference=reference, by=who, at=NOON, on=DAY)

    def end(self, risk, link, *, why="The contract was let", by=None) -> None:
        service.end(risk, link.id, why=why, by=actor(by or self.lead_person), at=NOON, on=DAY)

    def withhold(self, risk) -> None:
        self.classify(risk, "withheld", on=DAY - timedelta(days=1))


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ALinkedCouncil()


def edges(person):
    return {(each.source, each.kind, each.target) for each in queries.seen(actor(person), on=DAY).network.edges}


def told_of(risk, person):
    by = actor(person)
    entries = trail.time_line(by, risk.id, told=readers.tells_of_links(by, on=DAY))
    return [each.words for each in history.in_words(entries) if each.words.startswith("Link")]


def client_of(app, person):
    client = app.test_client()
    signed_in(client, person)
    return client


@pytest.mark.parametrize("manner", MANNERS)
def test_a_risk_is_linked_in_each_manner_with_the_direction_that_was_said(council, manner):
    council.link(council.late, manner, council.damp)
    mine, other, said = reference_of(council.late), reference_of(council.damp), MANNERS[manner]
    assert edges(council.lead_person) == {(mine, said.kind, other) if said.is_onward else (other, said.kind, mine)}


@pytest.mark.parametrize("kind", THINGS)
def test_a_risk_is_linked_to_every_kind_of_thing(council, kind):
    if kind == "body":
        thing = council.a_body()
    else:
        with transaction():
            thing = plan.add_item(kind=kind, code="Z", position=99, title="A thing", text="x", by=BY_HAND, at=NOON)
    council.link(council.late, "", thing)
    (found,) = queries.things(actor(council.lead_person), council.late.id)
    assert (found.kind, found.reference) == (kind, reference_of(thing))
    assert found.link == ("concerns" if kind == "body" else "threatens")


def test_both_ends_keep_on_their_record_that_they_were_linked_and_that_it_ended(council):
    link = council.link(council.late, "causes", council.damp)
    mine, other = reference_of(council.late), reference_of(council.damp)
    assert told_of(council.late, council.lead_person) == [f"Link added: it causes {other}"]
    assert told_of(council.damp, council.lead_person) == [f"Link added: it is caused by {mine}"]
    council.end(council.late, link)
    assert told_of(council.late, council.lead_person)[0] == f"Link ended: it no longer causes {other}"
    assert told_of(council.damp, council.lead_person)[0] == f"Link ended: it no longer is caused by {mine}"
    whys = db.session.scalars(select(AuditPayload.content).join(AuditEntry).where(AuditEntry.event == "link:ended"))
    assert [each["why"] for each in whys] == ["The contract was let"] * 2
    assert edges(council.lead_person) == set()


def test_a_risk_is_not_linked_to_itself(council):
    with pytest.raises(CannotLinkRisk, match="not linked to itself"):
        council.link(council.late, "causes", council.late)


@pytest.mark.parametrize(("first", "second", "turned"), [
    ("causes", "causes", False), ("causes", "caused_by", True), ("shares_cause", "shares_cause", True),
])  # fmt: skip
def test_two_risks_are_not_linked_twice_in_one_way(council, first, second, turned):
    council.link(council.late, first, council.damp)
    ends = (council.damp, council.late) if turned else (council.late, council.damp)
    with pytest.raises(CannotLinkRisk, match="linked in this way already"):
        council.link(ends[0], second, ends[1])


def test_two_risks_may_be_linked_in_two_ways_and_each_may_cause_the_other(council):
    for manner in ("causes", "worsens", "caused_by"):
        council.link(council.late, manner, council.damp)
    assert len(edges(council.lead_person)) == 3


def test_what_is_not_there_and_what_may_not_be_read_are_one_answer(council):
    told = []
    for reference in ("R-ZZZZZ", reference_of(council.void), "", reference_of(council.team)):
        with pytest.raises(CannotLinkRisk) as no:
            council.link(council.late, "causes", reference, by=council.manager_person)
        told.append(no.value.refusals)
    assert len(set(told)) == 1


def test_a_risk_whose_existence_is_withheld_is_no_end_of_a_link(council):
    council.withhold(council.damp)
    with pytest.raises(CannotLinkRisk, match="Nothing that you may read"):
        council.link(council.late, "causes", council.damp)


def test_a_closed_risk_is_neither_end_of_a_new_link(council):
    closed = a_risk(council, status="closed")
    with pytest.raises(CannotLinkRisk, match="That risk is closed"):
        council.link(council.late, "causes", closed)
    with pytest.raises(CannotLinkRisk, match="Open it again first"):
        council.link(closed, "causes", council.late)


def test_a_manner_that_nobody_offered_is_refused(council):
    with pytest.raises(CannotLinkRisk, match="Choose how"):
        council.link(council.late, "blames", council.damp)


def test_a_link_ends_with_a_word_why_and_once(council):
    link = council.link(council.late, "causes", council.damp)
    with pytest.raises(CannotLinkRisk, match="Say why"):
        council.end(council.late, link, why="  ")
    council.end(council.damp, link)
    with pytest.raises(CannotLinkRisk, match="has ended already"):
        service.end(council.late, link.id, why="Again", by=actor(council.lead_person), at=NOON, on=DAY)


def test_a_link_of_another_risk_is_not_ended_from_this_one(council):
    link = council.link(council.void, "causes", council.damp)
    with pytest.raises(CannotLinkRisk, match="has ended already"):
        council.end(council.late, link)


def test_a_path_runs_through_no_risk_that_the_reader_may_not_read(council):
    council.link(council.late, "causes", council.void)
    council.link(council.void, "worsens", council.damp)
    mine = reference_of(council.late)
    whole = queries.seen(actor(council.lead_person), on=DAY).network
    part = queries.seen(actor(council.champion_person), on=DAY, about=council.late.id).network
    assert [each.depth for each in what_follows(whole, mine)] == [1, 2]
    assert what_follows(part, mine) == ()
    assert part.edges == ()


def test_the_record_of_one_end_tells_nothing_of_an_end_that_is_closed_to_the_reader(council):
    link = council.link(council.late, "causes", council.void)
    council.end(council.late, link)
    assert len(told_of(council.late, council.lead_person)) == 2
    assert told_of(council.late, council.champion_person) == []
    seen = records.record(actor(council.champion_person), reference_of(council.late), at=NOON, on=DAY)
    assert not any(each.event.startswith("link") for each in seen.told)
    whole = records.record(actor(council.lead_person), reference_of(council.late), at=NOON, on=DAY)
    assert sum(each.event.startswith("link") for each in whole.told) == 2


def test_an_exempt_end_takes_the_entry_from_who_reads_it_in_part(council):
    council.link(council.late, "causes", council.damp)
    council.classify(council.damp, "exempt", on=DAY - timedelta(days=1), reason="A price")
    assert told_of(council.late, council.lead_person) == []
    assert len(told_of(council.late, council.champion_person)) == 1, "who drafted it reads all of it"


# ---- pages
def test_the_page_tells_what_follows_in_order_and_draws_it(app, council):
    with transaction():
        council.link(council.late, "causes", council.damp)
        council.link(council.damp, "worsens", council.void)
        council.link(council.void, "causes", council.late)
    page = client_of(app, council.lead_person).get(f"/risks/{reference_of(council.late)}/network").text
    assert re.search(r"Step 1.*Homes grow damp.*Step 2.*Homes stand empty", page, re.DOTALL)
    assert f"It leads back to {reference_of(council.late)}: a loop" in page
    assert page.count('class="d-net-causes"') == 2
    assert page.count('class="d-net-worsens"') == 1
    assert "The drawing in words" in page


def test_the_page_of_a_risk_leads_to_its_network(app, council):
    page = client_of(app, council.lead_person).get(f"/risks/{reference_of(council.late)}").text
    assert f'href="/risks/{reference_of(council.late)}/network"' in page


def test_beyond_fifteen_the_drawing_says_how_many_more_there_are(app, council):
    with transaction():
        for number in range(17):
            council.link(council.late, "causes", a_risk(council, title=f"Risk number {number}"))
    page = client_of(app, council.lead_person).get(f"/risks/{reference_of(council.late)}/network").text
    assert page.count('class="d-net-causes"') == 14
    assert "And 3 more" in page
    assert all(f"Risk number {number}" in page for number in range(17))


def test_another_risk_is_found_by_words_and_chosen(app, council):
    client, address = client_of(app, council.lead_person), f"/risks/{reference_of(council.late)}/network/link"
    found = client.post(address, data={"manner": "causes", "reference": "homes stand"})
    assert found.status_code == 422
    assert f'value="{reference_of(council.void)}"' in found.text
    assert "Homes grow damp" not in found.text
    data = {"manner": "causes", "reference": "homes stand", "found": reference_of(council.void)}
    assert client.post(address, data=data).status_code == 302
    assert len(edges(council.lead_person)) == 1


def test_words_and_references_of_what_is_closed_answer_as_words_of_nothing(app, council):
    client, address = client_of(app, council.champion_person), f"/risks/{reference_of(council.late)}/network/link"
    told = set()
    for said in ("R-ZZZZZ", reference_of(council.void), "stand empty", "xyzzy plugh"):
        answer = client.post(address, data={"manner": "causes", "reference": said})
        assert answer.status_code == 422
        told.add(re.sub(r'name="csrf_token"[^>]*', "", answer.text).replace(said, "SAID"))
    assert len({re.sub(r"\b[0-9a-f]{12}\b", "N", each) for each in told}) == 1


def test_a_link_is_made_to_the_plan_and_to_a_body_and_ended_on_a_page(app, council):
    with transaction():
        item = plan.add_item(kind="objective", code="1", position=98, title="Pay", text="x", by=BY_HAND, at=NOON)
    body = council.a_body()
    client, address = client_of(app, council.lead_person), f"/risks/{reference_of(council.late)}/network"
    assert client.post(f"{address}/link?to=plan", data={"reference": reference_of(item)}).status_code == 302
    assert client.post(f"{address}/link?to=body", data={"reference": reference_of(body)}).status_code == 302
    assert client.post(f"{address}/link?to=plan", data={"reference": "O-ZZZZZ"}).status_code == 422
    assert client.get(f"{address}/link?to=moon").status_code == 404
    number = db.session.scalar(select(Link.id).where(Link.to_id == item.id, Link.from_id == council.late.id))
    assert "threatens</b> Pay" in client.get(f"{address}/links/{number}/end").text
    assert "Say why it ends" in client.post(f"{address}/links/{number}/end", data={}).text
    assert client.post(f"{address}/links/{number}/end", data={"why": "It was met"}).status_code == 302
    assert client.get(f"{address}/links/{number}/end").status_code == 404


def test_who_reads_a_risk_but_keeps_it_not_sees_no_way_to_link_it(app, council):
    client, address = client_of(app, council.assurance_person), f"/risks/{reference_of(council.late)}/network"
    assert "Add a link" not in client.get(address).text
    assert client.get(f"{address}/link").status_code == 404


def test_the_councils_network_lists_drivers_filters_sorts_and_exports_them(app, council):
    with transaction():
        council.link(council.late, "causes", council.damp)
        council.link(council.damp, "worsens", council.void)
        council.link(council.void, "shares_cause", council.late)
    client = client_of(app, council.lead_person)
    page = client.get("/registers/network").text
    assert "2 risks that drive others" in page
    assert re.search(r"<tbody>.*Repairs run late.*Homes grow damp.*</tbody>", page, re.DOTALL)
    turned = client.get("/registers/network?sort=reaches").text
    assert re.search(r"<tbody>.*Homes grow damp.*Repairs run late.*</tbody>", turned, re.DOTALL)
    assert "1 risk that drives others" in client.get("/registers/network?q=damp").text
    assert "2 risks that drive others" in client.get("/registers/network?cluster=1").text
    assert "No risk that drives another matches" in client.get("/registers/network?cluster=7").text
    unit = reference_of(council.sibling)
    assert "No risk that drives another matches" in client.get(f"/registers/network?unit={unit}").text
    rows = client.get("/registers/network.csv?sort=title").text.splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == ["Homes grow damp", "Repairs run late"]
    assert rows[2].split(",")[5:] == ["2", "1", "0", "1"]


def test_the_councils_network_of_a_reader_has_only_what_they_may_read(app, council):
    with transaction():
        council.link(council.late, "causes", council.void)
        council.link(council.void, "causes", council.damp)
    page = client_of(app, council.champion_person).get("/registers/network").text
    assert "No open risk that you may read is linked" in page
    assert "Repairs run late" not in page


def test_who_is_shown_an_exempt_title_on_the_network_is_recorded(app, council):
    with transaction():
        council.link(council.late, "causes", council.damp)
    council.classify(council.damp, "exempt", on=DAY - timedelta(days=1), reason="A price")
    client = client_of(app, council.chief_person)
    with transaction():
        a_role(council.chief_person, Role.COMMISSIONER, council.council)
    client.get(f"/risks/{reference_of(council.late)}/network")
    kept = db.session.scalars(select(ExemptRead).where(ExemptRead.outlet == "Network of risks")).all()
    assert [each.thing_id for each in kept] == [council.damp.id]
