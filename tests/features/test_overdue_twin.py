"""The desk counts, orders and pages in SQL; the rules of riskapp.domain.overdue say what that must give to anyone."""

import random
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, literal, select

from riskapp.domain import overdue as rules
from riskapp.domain.permissions import Permission, may
from riskapp.features.overdue import queries as desk
from riskapp.features.policy import queries as policies
from riskapp.features.rmap import queries as rmap
from riskapp.features.rmap.queries import Filter
from riskapp.models.actions import Action, ActionPromise
from riskapp.models.database import db, transaction
from riskapp.models.dates import days_between
from riskapp.models.entity import Classification, Entity, Link
from tests.builders import DAY, NOON, ACouncil, a_holder, a_risk, a_unit, actor, an_old_risk, sign_in

TITLES = ("repair roofs", "Repair drains", "Audit 50% of rents", "audit_rents", "café lease", "Ask again")
DAYS_LATE = (-9, -1, 0, 1, 2, 7, 8, 9, 14, 15, 18, 30, 31, 36, 60, 61, 90, 91, 400)
"""The ends of every bucket, and days that make scores tie: 16 x 9 is 4 x 36."""


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    """A council with risks of three units, of every standing; `people` is one of every kind who may look."""
    council = ACouncil()
    with transaction():
        council.place = a_unit(council.council, kind="directorate", name="Place")
        council.other, other_person = a_holder(council.place, "officer", title="Officer, Place")
        council.risks = [
            an_old_risk(council, level=4),
            an_old_risk(council, level=2, unit=council.sibling, owner=council.director),
            an_old_risk(council, level=5, unit=council.place, owner=council.other),
            an_old_risk(council, level=3, unit=council.council, owner=council.chief),
            an_old_risk(council, level=1, is_open=False),
            a_risk(council, status="closed"),
            secret := an_old_risk(council, level=5),
        ]
        db.session.add(Classification(entity_id=secret.id, level="exempt", from_on=DAY - timedelta(days=30)))
    names = ("assurance", "chief", "director", "lead", "manager", "champion", "sibling_champion", "member")
    council.people = [*(getattr(council, f"{name}_person") for name in names), other_person]
    return council


def luck_of(seed):
    return random.Random(seed)  # noqa: S311 - drawn the same each time, and no secret


def write_actions(council, count, luck):
    """Write actions straight into the tables, as no service would let anybody backdate them."""
    posts = (council.manager, council.lead, council.member, council.other)
    first = db.session.scalar(select(func.max(Entity.id))) + 1
    rows = {table: [] for table in (Entity, Action, ActionPromise, Link)}
    for number in range(first, first + count):
        due = DAY - timedelta(days=luck.choice(DAYS_LATE))
        moves, gap = luck.choice((0, 0, 1, 2, 3)), luck.choice((0, 5, 30))
        promises = [due - timedelta(days=gap * back) for back in range(moves, -1, -1)]
        owner, accountable = luck.sample(posts, 2)
        reference = f"A-{luck.randrange(16**6):06X}{number}"
        rows[Entity].append({"id": number, "kind": "action", "reference": reference, "name": luck.choice(TITLES)})
        rows[Action].append(
            {
                "id": number,
                "owner_post_id": owner.id,
                "accountable_post_id": accountable.id,
                "status": luck.choice(("proposed", "agreed", "in_progress", "in_progress", "complete")),
                "start_on": DAY - timedelta(days=500),
                "due_on": due,
                "first_due_on": promises[0],
                "times_moved": moves,
            }
        )
        rows[ActionPromise] += [
            {"action_id": number, "number": step, "due_on": day, "promised_on": DAY}
            for step, day in enumerate(promises, start=1)
        ]
        rows[Link] += [
            {"from_id": number, "to_id": risk.id, "kind": "treats"}
            for risk in luck.sample(council.risks, luck.choice((0, 1, 1, 2)))
        ]
    with transaction():
        for table, values in rows.items():
            db.session.execute(insert(table.__table__), values)  # bare: no entry is written for each


def everything_late(who):
    """What the actor may read and is late, action by action."""
    return [each for each in rmap.actions(who, Filter(), size=None, on=DAY).actions if each.days_late > 0]


def ids(actions):
    return [action.id for action in actions]


def test_the_figures_are_those_that_the_rules_give_for_everyone(council):
    write_actions(council, 120, luck_of(1))
    policy = policies.in_force(on=DAY).policy
    matter = policy.actions.plan_ratings
    sizes = set()
    for person in council.people:
        who = actor(person)
        opened = rmap.actions(who, Filter(status="open"), size=None, on=DAY).actions
        late = [each for each in opened if each.days_late > 0]
        found = desk.overdue(who, Filter(), size=25, on=DAY)
        matters = [bool(each.rating and each.rating.key in matter) for each in late]
        by_directorate = {
            name: [each.directorate for each in opened].count(name) for name in {x.directorate for x in opened}
        }
        assert (found.overdue, found.open) == (len(late), len(opened))
        assert found.that_matter == sum(matters)
        assert found.moved == sum(each.times_moved > 0 for each in late)
        assert found.moved_twice == sum(each.times_moved > 1 for each in late)
        assert found.ageing.bars == rules.ageing([(x.days_late, m) for x, m in zip(late, matters, strict=True)])
        assert found.shares == rules.shares(late, by_directorate)
        assert found.owners == tuple(sorted({each.owner for each in late}))
        assert ids(found.ten) == ids(rules.that_matter_most(late))
        sizes.add((len(late), sum(matters)))
    assert len(sizes) > 3, "people of different standing see different desks"


def test_a_score_that_the_actor_may_not_read_ranks_as_none(council):
    write_actions(council, 80, luck_of(3))
    who = actor(council.people[-1])
    late = everything_late(who)
    hidden = [each for each in late if each.score is None]
    assert any(each.facts.is_exempt and each.risk_reference for each in hidden), "one whose risk is named"
    assert any(each.risk_reference is None for each in hidden), "and one whose risk is not"
    found = desk.overdue_rows(who, Filter(), sort="matters", on=DAY)
    assert ids(found) == ids(rules.in_order(late, "matters", descending=True))
    assert all(each.urgency == 0 for each in found if each.id in ids(hidden))


def test_every_order_is_the_one_of_the_rules_either_way_page_by_page(council):
    write_actions(council, 60, luck_of(4))
    who = actor(council.assurance_person)
    late = everything_late(who)
    for sort, descending in product((*rules.ORDERS, "nonsense"), (True, False)):
        expected = ids(rules.in_order(late, sort, descending=descending))
        whole = desk.overdue_rows(who, Filter(), sort=sort, descending=descending, on=DAY)
        pages = [
            desk.overdue(who, Filter(), sort=sort, descending=descending, page=page, size=11, on=DAY).page.actions
            for page in range(1, -(-len(expected) // 11) + 1)
        ]
        assert ids(whole) == [each for page in pages for each in ids(page)] == expected, (sort, descending)


def test_a_filter_keeps_what_the_rules_keep(council):
    luck = luck_of(5)
    write_actions(council, 80, luck)
    choices = {
        "words": ("AUDIT", "audit_", "50%", "Café", "a-", "%"),
        "directorate": ("Housing", "Place", rmap.THE_REST, "Nowhere"),
        "late": (*(bucket.key for bucket in rules.BUCKETS), "nonsense"),
        "moved": ("0", "1", "2", "7", "nonsense"),
        "owner": ("Manager, Repairs Delivery", "Officer, Place", "Nobody"),
    }
    late = {person.id: everything_late(actor(person)) for person in council.people}
    nothing, kept = dict.fromkeys(choices, ""), 0
    for turn in range(30):
        chosen = luck.sample(list(choices), luck.choice((1, 2)))
        narrowed = nothing | {name: luck.choice(choices[name]) for name in chosen}
        person = council.people[0 if turn % 2 else luck.randrange(len(council.people))]
        expected = ids(each for each in late[person.id] if rules.is_wanted(each, **narrowed))
        found = desk.overdue(actor(person), Filter(**narrowed), size=200, on=DAY).page
        assert (found.total, sorted(ids(found.actions))) == (len(expected), sorted(expected)), narrowed
        kept += found.total
    assert kept > 100


def test_whoever_may_read_a_score_is_the_same_in_sql(council):
    write_actions(council, 80, luck_of(6))
    for person in council.people:
        who = actor(person)
        listed = rmap.actions(who, Filter(), size=None, on=DAY).actions
        scored = {each.id for each in listed if each.score is not None}
        query = rmap.reach_scores(who, select(Action.id), on=DAY).where(
            rmap.shows_score(who, on=DAY), rmap.Assessment.score.is_not(None)
        )
        assert set(db.session.scalars(query)) == scored


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_days_between_counts_as_dates_do(app, first, second):
    assert db.session.scalar(select(days_between(literal(first), literal(second)))) == (second - first).days


@given(st.integers(1, 3000), st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_a_buckets_due_dates_are_those_of_the_days_it_holds(days, on):
    due_on = on - timedelta(days=days)
    for bucket in rules.BUCKETS:
        first, last = bucket.due(on)
        assert bucket.holds(days) == ((first is None or first <= due_on) and due_on <= last)


def test_the_page_asks_as_many_queries_for_hundreds_of_actions_as_for_a_page(council, client, count_queries):
    luck = luck_of(7)
    write_actions(
        council, 60, luck
    )  # some of what is exempt is on every page: that it was read is recorded in two queries
    sign_in(client, council.assurance_person)
    who = actor(council.assurance_person)
    addresses = ("/actions/overdue", "/actions/overdue?late=1-7&sort=matters&q=a", "/actions/overdue.csv")
    policies.in_force(on=DAY)

    def asked():
        own = count_queries(lambda: desk.overdue(who, Filter(), size=25, on=DAY))
        return [own, *(count_queries(lambda url=url: client.get(url)) for url in addresses)]

    asked()  # what the first of a day asks beside, such as to begin a count of requests
    few = asked()
    write_actions(council, 400, luck)
    assert len(everything_late(who)) > 200
    assert asked() == few
    assert few[0] <= 6


def test_a_page_of_the_desk_is_limited_by_the_database(council):
    write_actions(council, 120, luck_of(8))
    who = actor(council.assurance_person)
    rows = []

    def counted(actor, found, *, on):
        kept = list(found)
        rows.append(len(kept))
        return rmap.listed(actor, kept, on=on)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "listed", counted)
        desk.overdue(who, Filter(), size=25, page=2, on=DAY)
    assert rows == [10, 25]


def test_a_question_that_is_remembered_answers_only_who_asked_it(council):
    write_actions(council, 60, luck_of(9))
    seen = {}
    for _ in range(2):
        for person in council.people:
            who = replace(actor(person), request_id=str(len(seen)))
            found = desk.overdue(who, Filter(), size=200, on=DAY).page.actions
            assert all(may(who, Permission.ACTION_READ, each.facts) for each in found)
            assert seen.setdefault(person.id, ids(found)) == ids(found)
    assert len({tuple(each) for each in seen.values()}) > 2


def test_the_list_of_all_actions_is_ordered_by_the_score_that_is_shown_too(council):
    write_actions(council, 80, luck_of(10))
    hidden = 0
    for person in council.people:
        who = actor(person)
        listed = rmap.actions(who, Filter(), sort="score", descending=True, size=None, on=DAY).actions
        hidden += sum(each.score is None for each in listed)
        assert ids(listed) == ids(sorted(listed, key=lambda each: (-(each.score or 0), each.reference)))
    assert hidden > 20
