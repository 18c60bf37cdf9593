from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from riskapp.domain.audit import Event
from riskapp.features.audit import queries, service
from riskapp.models.actions import Action
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, new_entity
from tests.builders import BY_HAND, DAY, NOON


def _record(what=Event.DEMO_LOADED, **after):
    return service.record(what, by=BY_HAND, at=NOON, after=after)


def test_a_change_to_an_audited_row_without_an_entry_is_refused_and_nothing_is_kept(app):
    with pytest.raises(service.UnauditedChangeError, match="Classification"), transaction():
        thing = new_entity(db.session(), "body", "Example Homes Limited")
        db.session.add(Classification(entity_id=thing.id, level="public", from_on=DAY))
    assert db.session.scalar(text("SELECT count(*) FROM entity")) == 0


def test_rows_inserted_in_one_statement_are_watched_too(app):
    with transaction():
        things = [new_entity(db.session(), "body", f"Example Homes {number}") for number in range(2)]
    rows = [{"entity_id": thing.id, "level": "public", "from_on": DAY, "field_group": "all"} for thing in things]
    with pytest.raises(service.UnauditedChangeError, match=f"Classification {things[1].id}"), transaction():
        db.session.execute(insert(Classification), rows)
        service.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=NOON, subject_id=things[0].id)
    with transaction():
        db.session.execute(insert(Classification), rows)
        changes = [service.Change(Event.RISK_CLASSIFIED, thing.id, after={"level": thing.name}) for thing in things]
        service.record_all(changes, by=BY_HAND, at=NOON)
    for thing in things:
        assert queries.time_line(BY_HAND, thing.id)[0].content["after"] == {"level": thing.name}


def test_an_entry_about_something_else_does_not_excuse_the_change(app):
    with pytest.raises(service.UnauditedChangeError), transaction():
        thing = new_entity(db.session(), "body", "Example Homes Limited")
        db.session.add(Classification(entity_id=thing.id, level="public", from_on=DAY))
        _record()


def test_the_same_change_with_its_entry_is_kept(app):
    with transaction():
        thing = new_entity(db.session(), "body", "Example Homes Limited")
        db.session.add(Classification(entity_id=thing.id, level="public", from_on=DAY))
        service.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=NOON, subject_id=thing.id, after={"level": "public"})
    assert queries.time_line(BY_HAND, thing.id)[0].content["after"] == {"level": "public"}


def test_a_refused_transaction_leaves_no_debt_to_the_next(app):
    with pytest.raises(service.UnauditedChangeError), transaction():
        thing = new_entity(db.session(), "body", "Example Homes Limited")
        db.session.add(Classification(entity_id=thing.id, level="public", from_on=DAY))
    with transaction():
        new_entity(db.session(), "body", "Example Homes Limited")


def _a_sealed_trail(entries=5):
    for number in range(entries):
        with transaction():
            _record(number=number, when=DAY)
    with transaction():
        assert service.seal_entries(at=NOON + timedelta(hours=1)) == entries


def test_a_sealed_trail_holds(app):
    _a_sealed_trail()
    assert queries.verify() == queries.Verdict(5, None)


def test_sealing_again_adds_nothing_and_goes_on_where_it_stopped(app):
    _a_sealed_trail()
    with transaction():
        assert service.seal_entries(at=NOON) == 0
        _record(number=6)
        assert service.seal_entries(at=NOON) == 1
    assert queries.verify().checked == 6


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("UPDATE audit_entry SET event = 'risk:closed' WHERE id = 3", "entry 3 was changed"),
        ("UPDATE audit_payload SET salt = (SELECT salt FROM audit_payload WHERE entry_id = 1) WHERE entry_id = 4",
         "what entry 4 says was changed"),
        ("DELETE FROM audit_seal WHERE sequence = 2", "seal 2 is missing"),
    ],
)  # fmt: skip
def test_tampering_is_named_at_the_first_entry_it_touches(app, tampering, fault):
    _a_sealed_trail()
    with transaction():
        db.session.execute(text(tampering))
    assert fault in (queries.verify().fault or "")


def test_erasing_a_payload_keeps_the_chain_whole(app):
    _a_sealed_trail()
    with transaction():
        db.session.execute(text("DELETE FROM audit_payload WHERE entry_id = 2"))
    assert queries.verify() == queries.Verdict(5, None)


def test_the_guard_watches_rows_and_not_only_new_ones(app):
    with transaction():
        thing = new_entity(db.session(), "body", "Example Homes Limited")
        row = Classification(entity_id=thing.id, level="public", from_on=DAY)
        db.session.add(row)
        service.record(Event.RISK_CLASSIFIED, by=BY_HAND, at=NOON, subject_id=thing.id)
    row.level = "exempt"
    with pytest.raises(service.UnauditedChangeError), transaction():
        pass
    assert Action in service.AUDITED
