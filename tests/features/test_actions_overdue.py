"""The desk of overdue actions: who sees what, what is counted, and a chase that is done whole or not at all."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event, func, select

from riskapp.domain.actions import Status
from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor, Facts, Grant, Permission, Role, may
from riskapp.domain.publication import PARTS
from riskapp.features.actions import service as actions
from riskapp.features.audit import service as audit
from riskapp.features.overdue import queries as desk
from riskapp.features.overdue import service
from riskapp.features.rmap import queries as rmap
from riskapp.features.rmap.queries import Filter
from riskapp.models.actions import Action, Chase
from riskapp.models.database import db, transaction
from riskapp.models.entity import Classification, Link
from riskapp.models.escalation import EscalationCase, EscalationDesk
from riskapp.models.people import Unit
from riskapp.models.reminders import Message
from riskapp.models.risks import Risk
from tests.builders import DAY, NOON, ACouncil, a_holder, a_post, a_unit, actor, an_action, an_old_risk, sign_in

NOW = {"at": NOON, "on": DAY}


def ago(days):
    return DAY - timedelta(days=days)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def risk(council):
    with transaction():
        return an_old_risk(council)


def late(council, risk, days, **changes):
    with transaction():
        return an_action(council, risk, due_on=ago(days), **changes)


def the_desk(person, wanted=Filter(), **changes):  # noqa: B008 - frozen
    return desk.overdue(actor(person), wanted, **({"size": 25, "on": DAY} | changes))


def reference(action):
    return rmap_row(action).reference


def rmap_row(action):
    return next(each for each in rmap.actions(_everyone(), Filter(), size=None, on=DAY).actions if each.id == action.id)


def _everyone():

    return Actor(person_id=1, grants=(Grant(Role.AUDITOR, "/"),))


def test_what_is_due_today_is_not_yet_late(council, risk):
    late(council, risk, 0)
    late(council, risk, 1)
    found = the_desk(council.assurance_person)
    assert (found.overdue, found.open) == (1, 2)
    assert found.page.actions[0].days_late == 1


def test_what_is_complete_or_cancelled_is_not_late(council, risk):
    done, dropped = late(council, risk, 9), late(council, risk, 9)
    owner = actor(council.manager_person)
    with transaction():
        actions.complete(done, note="Done.", by=owner, **NOW)
        actions.cancel(dropped, reason="Merged.", by=owner, **NOW)
    assert the_desk(council.assurance_person).overdue == 0


def test_the_ten_that_matter_most_are_ranked_by_score_times_days_late(council):
    with transaction():
        grave, mild = an_old_risk(council, level=5), an_old_risk(council, level=2)
    long_mild, short_grave = late(council, mild, 50, title="Long and mild"), late(council, grave, 9, title="Grave")
    found = the_desk(council.assurance_person)
    assert [(each.title, each.urgency) for each in found.ten] == [("Grave", 225), ("Long and mild", 200)]
    assert {long_mild.id, short_grave.id} == {each.id for each in found.ten}


@pytest.mark.parametrize(
    ("days", "bucket"), [(1, 0), (7, 0), (8, 1), (14, 1), (15, 2), (30, 2), (31, 3), (60, 3), (61, 4), (90, 4), (91, 5)]
)
def test_days_late_fall_in_their_bucket_at_both_ends(council, risk, days, bucket):
    with transaction():
        action = an_action(council, risk, due_on=DAY)
    with transaction():
        action.due_on = ago(days)
        actions.update(action, progress=1, by=actor(council.manager_person), **NOW)
    bars = the_desk(council.assurance_person).ageing.bars
    assert [number for number, bar in enumerate(bars) if bar.count] == [bucket]
    assert bars[bucket].that_matter == 1


def test_slippage_stands_beside_a_late_action(council, risk):
    action = late(council, risk, 60)
    with transaction():
        actions.move_due_date(action, to=ago(10), reason="Bids.", by=actor(council.manager_person), at=NOON, on=ago(30))
    found = the_desk(council.assurance_person)
    assert found.page.actions[0].promises == (ago(60), ago(10))
    assert found.page.actions[0].slippage_words == "2nd date, 50 days after the first promise"
    assert (found.moved, found.moved_twice) == (1, 0)


def test_directorates_show_their_overdue_and_open(council, risk):
    late(council, risk, 3)
    late(council, risk, 0)
    assert [
        (share.directorate, share.overdue, share.open, share.percent)
        for share in the_desk(council.assurance_person).shares
    ] == [("Housing", 1, 2, 50)]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(words="tender"), 1),
        (Filter(late="8-14"), 1),
        (Filter(late="1-7"), 2),
        (Filter(moved="0"), 3),
        (Filter(moved="1"), 0),
        (Filter(directorate="Housing"), 3),
        (Filter(directorate="Place"), 0),
        (Filter(owner="Manager, Repairs Delivery"), 3),
        (Filter(late="nonsense"), 3),
    ],
)
def test_a_filter_narrows_the_list_and_not_the_figures(council, risk, wanted, count):
    late(council, risk, 3, title="Write the tender")
    late(council, risk, 5)
    late(council, risk, 10)
    found = the_desk(council.assurance_person, wanted)
    assert (found.page.total, found.overdue) == (count, 3)


def test_the_list_turns_pages_in_a_steady_order(council, risk):
    for _ in range(5):
        late(council, risk, 3)
    pages = [
        [each.id for each in the_desk(council.assurance_person, page=page, size=2).page.actions] for page in (1, 2, 3)
    ]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({each for page in pages for each in page}) == 5
    assert the_desk(council.assurance_person, page=99, size=2).page.number == 3


def count_queries(deed):
    counted = []
    listener = lambda *_args: counted.append(1)  # noqa: E731 - the shape the event wants
    event.listen(db.engine, "before_cursor_execute", listener)
    try:
        deed()
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
    return len(counted)


def test_the_desk_asks_as_many_queries_for_200_actions_as_for_10(council, risk):
    with transaction():
        for _ in range(10):
            an_action(council, risk, due_on=ago(5))
    who = actor(council.assurance_person)

    def look():
        return desk.overdue(who, Filter(), size=25, on=DAY)

    look()
    few = count_queries(look)
    with transaction():
        for _ in range(190):
            an_action(council, risk, due_on=ago(5))
    assert count_queries(look) == few <= 7


@pytest.fixture
def mixed(council):
    """Actions on risks of two teams and two directorates, one exempt, by several owners; with people of every kind."""
    with transaction():
        council.outsider_unit = _a_directorate(council)
        other, other_person = a_holder(council.outsider_unit, "officer")
        people = {
            name: getattr(council, f"{name}_person")
            for name in (
                "chief", "director", "lead", "manager", "champion", "sibling_champion", "assurance", "member",
                "administrator",
            )
        } | {"other": other_person}  # fmt: skip
        risks = [
            an_old_risk(council, title="One"),
            an_old_risk(council, title="Two", unit=council.sibling, owner=council.director),
            an_old_risk(council, title="Three", unit=council.outsider_unit, owner=other),
        ]
        secret = an_old_risk(council, title="Four")
        db.session.add(Classification(entity_id=secret.id, level="exempt", from_on=ago(30)))
        for risk in (*risks, secret):
            an_action(council, risk)
            an_action(council, risk, owner_post_id=other.id, accountable_post_id=council.chief.id)
    return people


def _a_directorate(council):

    return a_unit(council.council, kind="directorate", name="Place")


def facts_of(action, on):
    """Facts gathered apart from the query, row by row."""
    risk = db.session.scalars(
        select(Risk).join(Link, Link.to_id == Risk.id).where(Link.from_id == action.id).order_by(Link.id)
    ).first()
    path = db.session.get_one(Unit, risk.unit_id).path
    levels = db.session.scalars(
        select(Classification.level).where(
            Classification.entity_id.in_((action.id, risk.id)), Classification.from_on <= on
        )
    ).all()
    desks = db.session.scalars(
        select(EscalationDesk.post_id)
        .join(EscalationCase, EscalationCase.id == EscalationDesk.case_id)
        .where(EscalationCase.subject_id.in_((action.id, risk.id)))
    )
    return Facts(
        entity_id=action.id,
        desk_post_ids=frozenset(desks),
        unit_path=path,
        owner_post_id=action.owner_post_id,
        drafted_by_post_id=risk.drafted_by_post_id,
        other_post_ids=frozenset((action.accountable_post_id, risk.owner_post_id)),
        is_open=Status(action.status).is_open,
        exempt_groups=PARTS if "exempt" in levels else frozenset(),
    )


def test_the_list_holds_exactly_what_the_permission_grants(council, mixed):
    everything = db.session.scalars(select(Action)).all()
    assert len(everything) == 8
    seen = {}
    for name, person in mixed.items():
        who = actor(person)
        granted = {each.id for each in everything if may(who, Permission.ACTION_READ, facts_of(each, DAY))}
        listed = {each.id for each in rmap.actions(who, Filter(), size=None, on=DAY).actions}
        assert listed == granted, name
        seen[name] = len(listed)
    assert (seen["assurance"], seen["chief"]) == (8, 7), "the chief answers for one of the two on the exempt risk"
    assert (seen["administrator"], seen["member"], seen["sibling_champion"]) == (0, 6, 2)


def test_the_owner_of_an_action_on_an_exempt_risk_does_not_read_the_risks_name(council, mixed):
    titles = {each.risk_title for each in rmap.actions(actor(mixed["other"]), Filter(), size=None, on=DAY).actions}
    assert titles == {"One", "Two", "Three", "Withheld under Schedule 12A"}


def test_a_chase_queues_one_mail_an_action_a_day(council, risk):
    late(council, risk, 5)
    late(council, risk, 6)
    by = actor(council.assurance_person)
    for expected in (2, 0):
        plans = desk.chase_plans(actions=desk.overdue_rows(by, Filter(), on=DAY), on=DAY)
        with transaction():
            assert service.chase(plans, by=by, **NOW) == expected
    assert db.session.scalar(select(func.count(Chase.id))) == 2
    found = the_desk(council.assurance_person).page.actions[0]
    assert (found.chases, found.last_chased_on) == (1, DAY)


def test_the_chase_of_a_vacant_post_goes_to_the_accountable_one_and_says_so(council, risk):
    with transaction():
        empty = a_post(council.team, title="Surveyor")
    late(council, risk, 5, owner_post_id=empty.id)
    by = actor(council.assurance_person)
    (plan,) = desk.chase_plans(actions=desk.overdue_rows(by, Filter(), on=DAY), on=DAY)
    assert (plan.post_title, plan.person_id) == ("Service Lead, Housing Repairs", council.lead_person.id)
    assert "Surveyor is empty" in plan.words


def test_a_preview_tells_how_many_mails_to_whom_and_queues_nothing(council, risk, client):
    action = late(council, risk, 5)
    sign_in(client, council.assurance_person)
    page = client.get(f"/actions/chase?a={reference(action)}").text
    assert "Queues 1 e-mail, to 1 post." in page
    assert "Manager, Repairs Delivery" in page
    assert db.session.scalar(select(func.count(Chase.id))) == 0


def test_chasing_from_the_preview_queues_the_mail(council, risk, client):
    action = late(council, risk, 5)
    sign_in(client, council.assurance_person)
    answer = client.post("/actions/chase", data={"references": reference(action)}, follow_redirects=True)
    assert "1 e-mail queued" in answer.text
    addresses = select(Message.address).where(Message.subject.startswith("A late action"))
    assert db.session.scalars(addresses).one() == council.manager_person.email


def test_one_action_out_of_scope_refuses_the_whole_chase(council, risk, client):
    mine = late(council, risk, 5)
    with transaction():
        theirs = an_action(council, an_old_risk(council, unit=council.sibling, owner=council.lead), due_on=ago(5))
    sign_in(client, council.champion_person)
    both = f"{reference(mine)} {reference(theirs)}"
    assert client.post("/actions/chase", data={"references": both}).status_code == 404
    assert db.session.scalar(select(func.count(Chase.id))) == 0


def test_the_owner_of_a_late_action_sees_it_but_may_not_chase_it(council, risk, client):
    action = late(council, risk, 5, owner_post_id=council.member.id)
    sign_in(client, council.member_person)
    assert action_title(action) in client.get("/actions/overdue").text
    assert client.post("/actions/chase", data={"references": reference(action)}).status_code == 404


def action_title(action):
    return rmap_row(action).title


def test_the_page_and_its_file_say_the_same(council, risk, client):
    late(council, risk, 5, title="=HYPERLINK(1)")
    sign_in(client, council.assurance_person)
    page, file = client.get("/actions/overdue"), client.get("/actions/overdue.csv?late=1-7")
    assert (page.status_code, file.status_code) == (200, 200)
    assert "=HYPERLINK(1)" in page.text
    assert "'=HYPERLINK(1)" in file.text
    assert ",'=HYPERLINK" in file.text.replace('"', "")
    assert "HYPERLINK" not in client.get("/actions/overdue.csv?late=over-90").text


def test_an_empty_desk_says_so(council, client):
    sign_in(client, council.assurance_person)
    assert "No action is overdue." in client.get("/actions/overdue").text


def test_a_chase_says_nothing_of_a_sensitive_risk_but_its_reference(council, risk):
    late(council, risk, 5)
    with transaction():
        db.session.add(Classification(entity_id=risk.id, level="sensitive", from_on=ago(30)))
        audit.record(Event.RISK_CLASSIFIED, by=actor(council.assurance_person), at=NOON, subject_id=risk.id)
    by = actor(council.assurance_person)
    (plan,) = desk.chase_plans(actions=desk.overdue_rows(by, Filter(), on=DAY), on=DAY)
    assert "Repairs run late" not in plan.words
