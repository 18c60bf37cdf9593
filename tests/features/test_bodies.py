"""An external body's page says whose it is, what is late, empty or run out, and what no risk covers."""

import csv
import io
from datetime import date

import pytest
import time_machine

from riskapp.domain.permissions import Role
from riskapp.features.bodies import queries, service
from riskapp.features.bodies.queries import Filters
from riskapp.models.bodies import Appointment, Body, GovernanceReview
from riskapp.models.database import db, transaction
from tests.builders import BY_HAND, DAY, NOON, a_holder, a_person, a_role, actor
from tests.pack_builders import APaperCouncil, reference_of, signed_in

RATED = {
    "constitutional": "strong",
    "decision_making": "sound",
    "risk": "weak",
    "reporting": "partly",
    "representation": "sound",
}


@pytest.fixture
def council(app):
    return APaperCouncil()


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def page_of(council, body, person=None):
    row = queries.body(actor(person or council.assurance_person), reference_of(body), on=DAY)
    assert row is not None
    return row


def form(**changes):
    return (
        {f"held_on-{part}": value for part, value in (("day", "20"), ("month", "11"), ("year", "2026"))}
        | {f"next_on-{part}": value for part, value in (("day", "20"), ("month", "11"), ("year", "2027"))}
        | {"reviewer": "An independent reviewer"}
        | RATED
        | changes
    )


def record(body, **changes):
    facts = {"held_on": date(2026, 11, 20), "reviewer": "A firm", "ratings": RATED, "next_on": date(2027, 11, 20)}
    with transaction():
        return service.record_review(body, **(facts | changes), by=BY_HAND, at=NOON)


def test_the_first_body_is_the_councils_own_first_whatever_its_name(council):
    council.a_body("Alpha Homes", position=2, kind="wholly_owned_company", roles=("shareholder",))
    council.a_body("Thames Freeport", position=1)
    names = [row.name for row in queries.bodies(council.head, Filters(), on=DAY)]
    assert names == ["Thames Freeport", "Alpha Homes"]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (Filters(kind="freeport"), ["Thames Freeport"]),
        (Filters(role="shareholder"), ["Alpha Homes"]),
        (Filters(is_late=True), ["Thames Freeport"]),
        (Filters(words=("alpha",)), ["Alpha Homes"]),
        (Filters(words=("nothing",)), []),
    ],
)
def test_a_filter_leaves_the_bodies_it_names(council, filters, names):
    council.a_body("Thames Freeport")
    council.a_body(
        "Alpha Homes",
        position=2,
        kind="wholly_owned_company",
        roles=("shareholder",),
        next_review_on=date(2027, 1, 1),
    )
    assert [row.name for row in queries.bodies(council.head, filters, on=DAY)] == names


def test_money_is_summed_and_what_is_held_is_what_was_not_passed_on(council):
    row = page_of(council, council.a_body())
    assert (row.awarded, row.passed_on, [each.held for each in row.money]) == (26_000_000, 22_300_000, [3_700_000, 0])


def test_a_reader_sees_of_linked_risks_only_what_they_may_read(council):
    body = council.a_body()
    council.a_risk("Papers are late", 2, 4, concerns=body.id)
    council.a_risk("The buyer withdraws", 5, 5, level="exempt", concerns=body.id)
    assert [risk.title for risk in page_of(council, body).risks] == ["The buyer withdraws", "Papers are late"]
    shown = page_of(council, body, council.member_person).risks
    withheld = [(risk.score, risk.title) for risk in shown if risk.title != "Papers are late"]
    assert len(shown) == 2
    assert [(score, title.startswith("Withheld under ")) for score, title in withheld] == [(None, True)]


def test_whoever_sits_on_a_body_reads_it_and_no_other(council):
    council.a_body()
    council.a_body("Alpha Homes", position=2)
    with transaction():
        post, person = a_holder(council.service, "officer")
        db.session.add(
            Appointment(
                body_id=council.a_body("Beta Arts", position=3).id,
                position=9,
                seat="Board",
                role="trustee",
                post_id=post.id,
                from_on=date(2026, 1, 1),
            )
        )
    assert [row.name for row in queries.bodies(actor(person), Filters(), on=DAY)] == ["Beta Arts"]


def test_an_unknown_body_and_a_forbidden_one_look_the_same(council, client, at_noon):
    body = council.a_body()
    with transaction():
        stranger = a_person()
    signed_in(client, stranger)
    unknown, forbidden = client.get("/bodies/B-22222"), client.get(f"/bodies/{reference_of(body)}")
    assert unknown.status_code == forbidden.status_code == 404


def test_a_stranger_is_sent_to_sign_in(client, council):
    assert "/sign-in" in client.get("/bodies").headers["Location"]


def test_the_page_says_what_is_overdue_vacant_run_out_and_uncovered(council, client, at_noon):
    body = council.a_body()
    signed_in(client, council.assurance_person)
    page = client.get(f"/bodies/{reference_of(body)}").text
    assert "The governance review was due 30 days ago." in page
    assert "A seat has been vacant for 91 days: Board, second member." in page
    assert "Training of the Director of Housing for this body ran out 61 days ago." in page
    assert "no risk that you may read stands behind £26m" in page
    assert "What Accountable Body means" in page


def test_a_body_without_that_role_does_not_claim_it(council, client, at_noon):
    body = council.a_body("Alpha Homes", kind="wholly_owned_company", roles=("shareholder",))
    signed_in(client, council.assurance_person)
    assert "Accountable Body" not in client.get(f"/bodies/{reference_of(body)}").text


def test_the_list_downloads_as_csv_what_is_on_screen_and_runs_no_formula(council, client, at_noon):
    council.a_body("=Thames Freeport")
    council.a_body("Alpha Homes", position=2, kind="charity")
    signed_in(client, council.assurance_person)
    answer = client.get("/bodies?kind=freeport&as=csv")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [row[1] for row in rows[1:]] == ["'=Thames Freeport"]


def test_an_address_cannot_bend_the_links_of_the_list(council, client, at_noon):
    council.a_body()
    signed_in(client, council.assurance_person)
    page = client.get("/bodies?_scheme=javascript&_external=1&_anchor=x&sort=no&page=99&kind=<b>").text
    assert "javascript:" not in page
    assert "<b>&" not in page


def test_the_head_of_assurance_records_a_review_and_the_page_shows_it(council, client, at_noon):
    body = council.a_body()
    signed_in(client, council.assurance_person)
    reference = reference_of(body)
    answer = client.post(f"/bodies/{reference}/review", data=form())
    assert answer.status_code == 302, answer.text
    page = client.get(f"/bodies/{reference}").text
    assert "The next is due on 20 November 2027." in page
    for word in ("Strong", "Sound", "Weak", "Partly"):
        assert word in page
    db.session.expire_all()
    assert db.session.get_one(Body, body.id).next_review_on == date(2027, 11, 20)


def test_a_form_sent_twice_is_one_review(council, client, at_noon):
    body = council.a_body()
    signed_in(client, council.assurance_person)
    for _ in range(2):
        client.post(f"/bodies/{reference_of(body)}/review", data=form())
    assert db.session.query(GovernanceReview).count() == 1


def test_an_empty_form_names_every_field_and_keeps_nothing(council, client, at_noon):
    body = council.a_body()
    signed_in(client, council.assurance_person)
    page = client.post(f"/bodies/{reference_of(body)}/review", data={}).text
    for words in (
        "Enter the day on which the review was held",
        "Say who held the review",
        "Rate representation",
        "Enter the day by which the next is due",
    ):
        assert words in page
    assert db.session.query(GovernanceReview).count() == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"held_on": date(2026, 12, 2)}, "held_on"),
        ({"reviewer": " "}, "reviewer"),
        ({"reviewer": "director of housing"}, "reviewer"),
        ({"reviewer": "Chief Executive"}, "reviewer"),
        ({"next_on": date(2026, 11, 20)}, "next_on"),
        ({"ratings": {key: word for key, word in RATED.items() if key != "risk"}}, "risk"),
        ({"ratings": RATED | {"risk": "excellent"}}, None),
    ],
)
def test_a_review_that_cannot_be_is_refused_by_field(council, changes, field):
    with pytest.raises(service.CannotReviewBody) as refusal:
        record(council.a_body(), **changes)
    assert [each.field for each in refusal.value.refusals] == [field]


def test_a_second_review_of_one_day_that_says_otherwise_is_refused(council):
    body = council.a_body()
    record(body)
    with pytest.raises(service.CannotReviewBody, match="on the record already"):
        record(body, ratings=RATED | {"risk": "strong"})


def test_whoever_leads_a_body_or_sits_on_it_does_not_record_its_review(council, client, at_noon):
    body = council.a_body(lead_post_id=council.assurance.id)
    signed_in(client, council.assurance_person)
    reference = reference_of(body)
    assert client.get(f"/bodies/{reference}/review").status_code == 404
    assert "Record a review" not in client.get(f"/bodies/{reference}").text


def test_a_proper_officer_may_record_a_review_and_a_member_may_not(council, client, at_noon):
    body = council.a_body()
    with transaction():
        officer = a_person()
        a_role(officer, Role.PROPER_OFFICER, council.council)
    signed_in(client, officer)
    assert client.get(f"/bodies/{reference_of(body)}/review").status_code == 200
    signed_in(client, council.member_person)
    assert client.get(f"/bodies/{reference_of(body)}/review").status_code == 404


def test_the_list_takes_the_same_number_of_queries_however_many_bodies(council, count_queries):
    council.a_body()
    few = count_queries(lambda: queries.bodies(council.head, Filters(), on=DAY))
    for position in range(2, 7):
        council.a_body(f"Body {position}", position=position)
    assert count_queries(lambda: queries.bodies(council.head, Filters(), on=DAY)) == few
