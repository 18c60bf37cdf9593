"""Words are looked for where the reader sees them, and the nearest stand first only where that is asked for."""

from datetime import timedelta

import pytest

from riskapp.domain.audit import Event
from riskapp.features.audit import service as audit
from riskapp.features.narrowing.queries import Filters
from riskapp.features.registers import queries as registers
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification
from tests.builders import BY_HAND, DAY, NOON, ACouncil, a_risk, actor


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def risks(council):
    with transaction():
        return {
            "roof": a_risk(council, title="The roof falls in", current=(2, 2)),
            "tender": a_risk(council, title="A tender finds no bidder", current=(3, 3)),
            "quiet": a_risk(council, title="Quiet", current=(4, 4)),
        }


def withhold(risk, group):
    with transaction():
        db.session.add(
            Classification(
                entity_id=risk.id, field_group=group, level="exempt", state="decided", paragraphs="3",
                reason="A price", public_interest="A price", from_on=DAY - timedelta(days=1),
            )
        )  # fmt: skip
        audit.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=NOON, subject_id=risk.id)


def found(reader, *words, **order):
    return [row.title for row in registers.register(reader, Filters(on=DAY, words=words), **order)]


def count(reader, *words):
    return registers.census(reader, Filters(on=DAY, words=words)).found


@pytest.mark.parametrize(
    ("group", "word", "is_found"),
    [
        ("title", "roof", False), ("statement", "roof", True), ("all", "roof", False),
        ("title", "contractor", True), ("statement", "contractor", False), ("all", "contractor", False),
        ("plan", "roof", True), ("assessment", "contractor", True),
    ],
)  # fmt: skip
def test_a_withheld_group_finds_nothing_for_who_may_not_read_it(council, risks, group, word, is_found):
    withhold(risks["roof"], group)
    member = actor(council.member_person)
    others = 0 if word == "roof" else 2
    assert len(found(member, word)) == count(member, word) == others + is_found
    head = actor(council.assurance_person)
    assert len(found(head, word)) == count(head, word) == others + 1


def test_words_of_two_groups_are_both_to_be_seen(council, risks):
    member = actor(council.member_person)
    assert found(member, "roof", "contractor") == ["The roof falls in"]
    withhold(risks["roof"], "statement")
    assert found(member, "roof", "contractor") == []
    assert found(member, "roof") == ["The roof falls in"]


def test_a_reference_is_found_whatever_is_withheld(council, risks):
    withhold(risks["roof"], "all")
    head = actor(council.assurance_person)
    reference = next(row.reference for row in registers.register(head, Filters(on=DAY)) if "roof" in row.title)
    member = actor(council.member_person)
    assert count(member, "r", reference.partition("-")[2].lower()) == 1


def test_the_nearest_stand_first_only_where_it_is_asked_for(council, risks):
    head = actor(council.assurance_person)
    assert found(head, "tender") == ["Quiet", "A tender finds no bidder", "The roof falls in"], "the worst score first"
    assert found(head, "tender", sort="near", descending=True)[0] == "A tender finds no bidder"


def test_a_title_that_is_withheld_brings_nothing_nearer(council, risks):
    withhold(risks["tender"], "title")
    member = actor(council.member_person)
    nearest = registers.register(member, Filters(on=DAY, words=("tender",)), sort="near", descending=True)
    references = [row.reference for row in nearest]
    assert references == sorted(references), "all are as near, so the reference decides"
