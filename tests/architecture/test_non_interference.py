"""What is exempt moves nothing that a reader without clearance is told: not a byte, an order, a count or a letter.

Two databases that differ only in exempt words, or in the score where it is exempt, or in that a risk is there at all,
answer alike. Each kind of leak is let in once, and the comparison must see it: a test that cannot fail proves nothing.
"""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from sqlalchemy import false, func, select, true, update

from riskapp.domain.permissions import Clearance, Role
from riskapp.domain.publication import FIELD_GROUPS
from riskapp.features.audit import queries as trail
from riskapp.features.audit import service as audit
from riskapp.features.audit_trail import queries as audit_trail
from riskapp.features.bodies import queries as bodies
from riskapp.features.narrowing import queries as narrowing
from riskapp.features.network import queries as networks
from riskapp.features.network import service as network
from riskapp.features.readers import queries as readers
from riskapp.features.registers import queries as registers
from riskapp.features.risks import queries as risks
from riskapp.features.rmap import queries as rmap
from riskapp.features.search import queries as search
from riskapp.features.similar import queries as similar
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.reports import gathering
from tests.builders import DAY, NOON, a_person, a_role
from tests.chains import KEY
from tests.doors_council import SIBLING
from tests.non_interference import (
    STRANGERS,
    TWINS,
    UNCLEARED,
    WORDS,
    AComparedCouncil,
    add_a_risk_whose_existence_is_withheld,
    all_mail,
    ask,
    trail_addresses,
)
from tests.pack_builders import reference_of

AT_LEAST = 1500
DONE: dict[str, int] = {}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    """In production: the demonstration shows its outbox to everybody."""
    app.extensions["settings"] = replace(app.extensions["settings"], mode="production")
    return AComparedCouncil()


def _compared(app, council, group: str, names, addresses, *, papers: bool = True):
    council.withhold(group)
    told = []
    for which in (0, 1):
        council.say(group, which)
        told.append(ask(app, council, names, addresses, papers=papers))
    return told


@pytest.mark.parametrize("group", FIELD_GROUPS)
def test_exempt_words_and_scores_move_nothing_that_readers_without_clearance_are_told(app, council, group):
    one, other = _compared(app, council, group, UNCLEARED, council.addresses_to_read())
    assert one.differences(other) == []
    assert len(one) == len(other)
    DONE[f"{group} {app.config['SQLALCHEMY_DATABASE_URI'][:6]}"] = len(one)


def test_that_a_risk_exists_moves_nothing_where_its_existence_is_withheld(app, council):
    names, addresses = (*UNCLEARED, *STRANGERS), council.addresses_to_read()
    one = ask(app, council, names, addresses)
    add_a_risk_whose_existence_is_withheld(council)
    other = ask(app, council, names, addresses)
    assert one.differences(other) == []
    DONE[f"existence {app.config['SQLALCHEMY_DATABASE_URI'][:6]}"] = len(one)


def _link_through_what_is_withheld(council) -> None:
    """Between two risks that are read a third, of which nobody without clearance knows: it is caused, and it causes."""
    hidden = add_a_risk_whose_existence_is_withheld(council)
    when = {"by": council.head, "at": NOON, "on": DAY}
    with transaction():
        network.link(hidden, manner="caused_by", reference=council.reference_of_own, **when)
        network.link(hidden, manner="causes", reference=reference_of(council.risks[SIBLING]), **when)
        gone = network.link(hidden, manner="shares_cause", reference=council.reference_of_own, **when)
        network.end(hidden, gone.id, why=f"The {WORDS[0]} deal ended", **when)


def _addresses_of_the_network(council) -> list[str]:
    ends = [council.reference_of_own, reference_of(council.risks[SIBLING])]
    found = [f"/risks/{quote(each)}{page}" for each in ends for page in ("", "/network")]
    found += [f"/audit/records/{quote(each)}" for each in ends]
    return [*found, "/registers/network", "/registers/network.csv", f"/registers/network?q={WORDS[0]}"]


def test_a_withheld_risk_between_two_that_are_read_moves_nothing(app, council):
    names, addresses = (*UNCLEARED, *STRANGERS), _addresses_of_the_network(council)
    one = ask(app, council, names, addresses, papers=False)
    _link_through_what_is_withheld(council)
    other = ask(app, council, names, addresses, papers=False)
    assert one.differences(other) == []
    DONE[f"network {app.config['SQLALCHEMY_DATABASE_URI'][:6]}"] = len(one)


def test_a_record_that_tells_of_every_link_is_caught(app, council, uncached):
    addresses = _addresses_of_the_network(council)
    one = ask(app, council, ("director",), addresses, papers=False)
    _link_through_what_is_withheld(council)
    uncached.setattr(readers, "tells_of_links", lambda _actor, **_when: true())
    other = ask(app, council, ("director",), addresses, papers=False)
    assert one.differences(other) != []


def test_a_network_that_draws_every_risk_is_caught(app, council, uncached):
    addresses = [f"/risks/{quote(council.reference_of_own)}/network"]
    one = ask(app, council, ("director",), addresses, papers=False)
    _link_through_what_is_withheld(council)
    real = networks._risks
    uncached.setattr(networks, "_risks", lambda _actor, on: real(council.head, on))
    other = ask(app, council, ("director",), addresses, papers=False)
    assert one.differences(other) != []


TRAIL_READERS = ("external", "lesser", "administrator")
"""Who reads of the trail without clearance: an external auditor, an auditor given less, and who keeps the system."""


@pytest.fixture
def watched(council):
    """The council with readers of the trail, whose days of writing are gone by, and a chain that was checked."""
    with transaction():
        for name, role in (("external", Role.EXTERNAL_AUDITOR), ("lesser", Role.AUDITOR)):
            council.persons[name] = a_person()
            a_role(council.persons[name], role, council.council, clearance=Clearance.ORDINARY, to_on=DAY)
        db.session.execute(update(AuditEntry).values(at=NOON - timedelta(days=30)))
        audit.seal_entries(at=NOON)
        audit.issue_checkpoint(KEY, by=council.head, at=NOON)
        verdict = trail.verify(db.session.connection())
        audit.keep_verification(verdict, seconds=1, by=council.head, at=NOON)
    return council


@pytest.mark.parametrize("group", FIELD_GROUPS)
def test_exempt_words_move_nothing_on_the_trail_for_who_is_not_cleared(app, watched, group):
    one, other = _compared(app, watched, group, TRAIL_READERS, trail_addresses(watched), papers=False)
    assert one.differences(other) == []
    DONE[f"trail {group} {app.config['SQLALCHEMY_DATABASE_URI'][:6]}"] = len(one)


def test_that_a_risk_exists_moves_nothing_on_the_trail_where_its_existence_is_withheld(app, watched):
    addresses = trail_addresses(watched)
    one = ask(app, watched, TRAIL_READERS, addresses, papers=False)
    last = db.session.scalar(select(func.max(AuditEntry.id)))
    add_a_risk_whose_existence_is_withheld(watched)
    with transaction():
        gone_by = NOON - timedelta(days=30)
        db.session.execute(update(AuditEntry).values(at=gone_by).where(AuditEntry.id > last))
    other = ask(app, watched, TRAIL_READERS, addresses, papers=False)
    assert one.differences(other) == []
    DONE[f"trail existence {app.config['SQLALCHEMY_DATABASE_URI'][:6]}"] = len(one)


def test_a_link_with_a_withheld_risk_moves_nothing_on_the_trail(app, watched):
    addresses = trail_addresses(watched)
    one = ask(app, watched, TRAIL_READERS, addresses, papers=False)
    last = db.session.scalar(select(func.max(AuditEntry.id)))
    _link_through_what_is_withheld(watched)
    with transaction():
        gone_by = NOON - timedelta(days=30)
        db.session.execute(update(AuditEntry).values(at=gone_by).where(AuditEntry.id > last))
    other = ask(app, watched, TRAIL_READERS, addresses, papers=False)
    assert one.differences(other) == []


def test_a_trail_that_tells_all_is_caught(app, watched, uncached):
    uncached.setattr(audit_trail, "_withheld", lambda _actor, _on: (frozenset(), frozenset()))
    one, other = _compared(app, watched, "title", ("external",), trail_addresses(watched), papers=False)
    assert one.differences(other) != []


def test_no_mail_to_anybody_carries_an_exempt_word(council):
    for group in FIELD_GROUPS:
        council.withhold(group)
        council.say(group, 0)
        assert WORDS[0] not in all_mail(), group


def test_enough_was_compared_to_count(tell):
    total = sum(DONE.values())
    tell(f"Non-interference: {total:,} answers compared, 0 differences")
    assert not DONE or len(DONE) < 2 * (len(FIELD_GROUPS) + 1) or total >= AT_LEAST


LIST, FILE = "/registers?status=all&columns=all", "/registers.csv?status=all&columns=all"


def _no_projection(_actor, **_when):
    return readers.Projection(None, true())


def _never(**_when):
    return false()


def _leaking(function):
    """The function as it would be had it forgotten the projection."""

    def forgetful(*arguments, **more):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(readers, "projection", _no_projection)
            return function(*arguments, **more)

    return forgetful


@pytest.mark.parametrize(
    ("module", "name", "group", "address"),
    [
        (registers, "_rows", "title", LIST),
        (registers, "_rows", "statement", FILE),
        (registers, "_rows", "assessment", FILE),
        (registers, "_census", "assessment", LIST),
        (registers, "_census", "assessment", "/registers?band=low"),
        (risks, "_head", "plan", "/risks/{exempt}"),
        (risks, "_head", "title", "/risks/{exempt}"),
        (risks, "_links", "title", "/risks/{own}"),
        (registers, "_rows", "plan", FILE),
        (similar, "similar", "title", "draft"),
        (similar, "similar", "statement", "draft"),
        (bodies, "_risks", "assessment", "/bodies/{body}"),
        (rmap, "readable", "assessment", "/actions?sort=score"),
        (networks, "_risks", "title", "/risks/{own}/network"),
        (networks, "_risks", "assessment", "/registers/network.csv"),
    ],
)
def test_each_query_that_forgets_the_projection_is_caught(app, council, uncached, module, name, group, address):
    uncached.setattr(module, name, _leaking(getattr(module, name)))
    assert _is_caught(app, council, group, address)


def _is_caught(app, council, group: str, address: str) -> bool:
    named = {"exempt": council.reference, "own": council.reference_of_own, "body": council.reference_of_body}
    addresses = [address.format(**named)] if address.startswith("/") else []
    names = ("director", "specialist")
    one, other = _compared(app, council, group, names, addresses, papers=address == "papers")
    return bool(one.differences(other))


def test_an_order_by_the_real_title_is_caught(app, council, uncached):
    leak = {**narrowing.ORDERS, "title": (None, narrowing.ORDERS["title"][1])}
    uncached.setattr(narrowing, "ORDERS", leak)
    assert _is_caught(app, council, "title", "/registers?status=all&sort=title")


WHOLE = readers.Projection(None, true())


@pytest.mark.parametrize(
    ("group", "address"),
    [
        ("title", f"/registers?status=all&q={WORDS[0]}"),
        ("statement", f"/registers?status=all&q={WORDS[0]}"),
        ("statement", f"/registers.csv?status=all&q={WORDS[0][:5]}"),
        ("plan", "/registers?status=all&treatment=treat"),
        ("assessment", "/registers?status=all&review_to=2026-12-31"),
    ],
)
def test_a_search_or_a_filter_in_what_is_really_there_is_caught(app, council, uncached, group, address):
    real = narrowing.conditions
    uncached.setattr(narrowing, "conditions", lambda asked: real(replace(asked, seen=WHOLE)))
    assert _is_caught(app, council, group, address)


def test_an_order_by_how_near_the_real_words_are_is_caught(app, council, uncached):
    real = search.nearness
    uncached.setattr(search, "nearness", lambda _seen, words: real(WHOLE, words))
    uncached.setattr(search, "matches", lambda _seen, _words: [])
    assert _is_caught(app, council, "title", f"/registers?status=all&q={WORDS[0]}&sort=-near")


def test_similar_risks_by_the_real_words_are_caught_where_they_are_shown_as_one_types(app, council, uncached):
    uncached.setattr(similar, "similar", _leaking(similar.similar))
    assert _is_caught(app, council, "statement", f"/risks/similar?q={WORDS[0]}%20{TWINS[0]}%20cause")


def test_a_movement_by_the_real_score_is_caught(app, council, uncached):
    real = narrowing.moved
    uncached.setattr(narrowing, "moved", lambda since, _seen: real(since, WHOLE))
    addresses = [f"/registers?status=all&travel={kind}" for kind in ("up", "down", "same")]
    one, other = _compared(app, council, "assessment", ("director",), addresses, papers=False)
    assert one.differences(other) != []


def test_a_history_that_tells_all_is_caught(app, council, uncached):
    uncached.setattr(trail, "outline", trail.time_line)
    assert _is_caught(app, council, "title", "/risks/{exempt}")


def test_a_public_paper_that_forgets_the_decision_is_caught(app, council, uncached):
    uncached.setattr(gathering.Gathering, "level", lambda _self, _entity_id: "public")
    assert _is_caught(app, council, "title", "papers")


def test_a_list_that_tells_that_a_withheld_risk_exists_is_caught(app, council, uncached):
    one = ask(app, council, ("director",), [LIST], papers=False)
    add_a_risk_whose_existence_is_withheld(council)
    uncached.setattr(readers, "is_existence_withheld", _never)
    other = ask(app, council, ("director",), [LIST], papers=False)
    assert one.differences(other) != []
