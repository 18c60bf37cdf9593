import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from riskapp.adapters.signatures import is_signed
from riskapp.domain import audit as chain
from riskapp.domain.audit import Event
from riskapp.domain.audit_check import Link, Tampering, Verdict, outer_digest
from riskapp.domain.checkpoints import NoCheckpointError, read_printed, read_signed
from riskapp.domain.permissions import Actor, Grant, Role, Sitting
from riskapp.features.audit import queries, service
from riskapp.models.actions import Action
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, new_entity
from tests.builders import BY_HAND, DAY, NOON
from tests.chains import KEY, PUBLIC, rehash


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


LATER = NOON + timedelta(hours=2)


def _verify(**asked):
    return queries.verify(db.session.connection(), **asked)


def test_a_sealed_trail_holds(app):
    _a_sealed_trail()
    assert _verify() == Verdict(5, None)


def test_sealing_again_adds_nothing_and_goes_on_where_it_stopped(app):
    _a_sealed_trail()
    with transaction():
        assert service.seal_entries(at=NOON) == 0
        _record(number=6)
        assert service.seal_entries(at=NOON) == 1
    assert _verify().checked == 6


@pytest.mark.parametrize(
    ("tampering", "kind", "place"),
    [
        ("UPDATE audit_entry SET event = 'risk:closed' WHERE id = {id}", Tampering.ENTRY_EDITED, 3),
        ("UPDATE audit_entry SET at = '2026-01-01 00:00:00' WHERE id = {id}", Tampering.ENTRY_EDITED, 3),
        ("UPDATE audit_seal SET sealed_at = '2026-01-01 00:00:00' WHERE sequence = 3", Tampering.ENTRY_EDITED, 3),
        ("UPDATE audit_payload SET salt = (SELECT payload_digest FROM audit_entry LIMIT 1) WHERE entry_id = {id}",
         Tampering.PAYLOAD_EDITED, 3),
        ("DELETE FROM audit_payload WHERE entry_id = {id}", Tampering.PAYLOAD_TAKEN, 3),
        ("DELETE FROM audit_seal WHERE sequence = 2", Tampering.DELETED, 2),
    ],
)  # fmt: skip
def test_tampering_is_named_at_the_first_entry_it_touches(app, tampering, kind, place):
    _a_sealed_trail()
    with transaction():
        third = db.session.scalar(text("SELECT entry_id FROM audit_seal WHERE sequence = 3"))
        db.session.execute(text(tampering.format(id=third)))
    fault = _verify().fault
    assert (fault.kind, fault.sequence) == (kind, place)


def test_what_an_entry_says_holds_in_whatever_spelling_it_was_kept_and_no_word_may_stand_beside_it(app):
    _a_sealed_trail()
    with transaction():
        older = "UPDATE audit_payload SET content = :said WHERE entry_id = (SELECT max(entry_id) FROM audit_payload)"
        said = json.dumps({"why": "", "before": {}, "after": {"when": str(DAY), "number": 4}})
        db.session.execute(text(older), {"said": said})
    assert _verify() == Verdict(5, None)
    if db.engine.dialect.name == "sqlite":
        with transaction():
            db.session.execute(text(older), {"said": f"{said} more"})
        assert _verify().fault.kind is Tampering.PAYLOAD_EDITED


def test_erasing_what_an_entry_says_keeps_the_chain_whole_and_stands_on_the_record(app):
    _a_sealed_trail()
    with transaction():
        second = db.session.scalar(text("SELECT entry_id FROM audit_seal WHERE sequence = 2"))
        assert service.erase([second], clause="15.1", why="Asked for", by=BY_HAND, at=NOON) == 1
    assert _verify() == Verdict(5, None), "an erasure counts before the clock has sealed it"
    with transaction():
        service.seal_entries(at=NOON)
        assert service.erase([second], clause="15.1", why="Asked for", by=BY_HAND, at=NOON) == 0
    assert _verify() == Verdict(6, None)
    with transaction():
        db.session.execute(text("DELETE FROM audit_payload WHERE entry_id = (SELECT max(entry_id) FROM audit_seal)"))
    assert _verify().fault.kind is Tampering.PAYLOAD_TAKEN


def test_a_checkpoint_is_signed_kept_once_an_instant_and_sees_a_tail_that_is_hashed_again(app):
    _a_sealed_trail()
    with transaction():
        signed = service.issue_checkpoint(KEY, by=BY_HAND, at=LATER)
        assert service.issue_checkpoint(KEY, by=BY_HAND, at=LATER) == signed
    assert signed.checkpoint.sequence == 5
    assert is_signed(PUBLIC, signed.checkpoint.message(), signed.signature)
    assert read_signed(f"Some words\n{signed.line()}\nand more") == signed
    assert "kept in the database" in _verify(trusted=PUBLIC).agreed
    with transaction():
        db.session.execute(
            text("UPDATE audit_entry SET event = 'risk:closed' WHERE id = (SELECT min(id) FROM audit_entry)")
        )
        rehash(db.session.connection(), 1)
    assert _verify(trusted=PUBLIC).fault.kind is Tampering.TAIL_REWRITTEN


def test_a_printed_line_bears_witness_and_one_that_is_no_line_is_refused(app):
    _a_sealed_trail()
    with transaction():
        printed = service.issue_checkpoint(KEY, by=BY_HAND, at=LATER).printed()
    seen = read_printed(printed)
    assert _verify(outside=[seen]).fault is None
    assert _verify(outside=[replace(seen, mark="0" * 12)]).fault.kind is Tampering.TAIL_REWRITTEN
    assert _verify(outside=[replace(seen, sequence=9)]).fault.kind in {Tampering.TAIL_CUT, Tampering.OLDER_COPY}
    with pytest.raises(NoCheckpointError, match="looks like"):
        read_printed("Page 1 of 9")


def test_an_entry_says_that_it_was_made_while_an_emergency_opened_everything(app):
    by = Actor(person_id=None, grants=(Grant(Role.BROKEN_GLASS, "/"),), sittings=(Sitting(7, "A post", "holder"),))
    with transaction():
        db.session.execute(text("SELECT 1"))
        entry = service.record(Event.DEMO_LOADED, by=replace(by, sittings=()), at=NOON)
    assert entry.capacity == "broken_glass"


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.text(), st.none() | st.text(), st.text(), st.none() | st.text(max_size=40)),
    st.tuples(*(st.none() | st.integers(0, 2**31) for _ in range(3))),
    st.datetimes(min_value=datetime(1000, 1, 1)) | st.just(datetime(2026, 11, 28, 6, 30)),  # noqa: DTZ001 - UTC below
)
def test_what_a_million_seals_are_checked_by_is_what_they_were_made_by(words, numbers, at):
    event, capacity, door, request_id = words
    person_id, post_id, subject_id = numbers
    row = Link(
        1, 7, b"", b"", "", 7, event, f"{at:%Y-%m-%d %H:%M:%S.%f}", person_id, post_id, capacity, subject_id, door,
        request_id, b"\x01" * 32, None, None,
    )  # fmt: skip
    facts = {
        "id": 7, "event": event, "at": at.replace(tzinfo=UTC).isoformat(), "person_id": person_id,
        "post_id": post_id, "capacity": capacity, "subject_id": subject_id, "door": door,
        "request_id": request_id, "payload_digest": "01" * 32,
    }  # fmt: skip
    try:
        whole = chain.entry_digest(facts)
    except UnicodeEncodeError:
        return
    assert outer_digest(row) == whole


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
