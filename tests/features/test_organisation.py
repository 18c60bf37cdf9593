"""Units are added, renamed, moved, merged, closed and opened again, and what people may read follows the tree."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select

from riskapp.domain.audit import Event
from riskapp.domain.organisation import CannotChangeUnit, Overtaken
from riskapp.domain.permissions import Permission, Role, may
from riskapp.features.audit import queries as trail
from riskapp.features.holdings import queries as holdings
from riskapp.features.organisation import queries, service
from riskapp.features.organisation.queries import Wanted
from riskapp.features.readers import queries as readers
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.escalation import EscalationCase
from riskapp.models.people import Merger, Post, Unit
from riskapp.models.risks import Risk, RiskVersion
from tests.builders import BY_HAND, DAY, NOON, ACouncil, a_holder, a_post, a_risk, a_unit, actor
from tests.pack_builders import reference_of


class ALargerCouncil(ACouncil):
    """The council with a second service, and a second directorate with a service of its own."""

    def __init__(self) -> None:
        super().__init__()
        with transaction():
            self.lettings = a_unit(self.directorate, kind="service", name="Lettings")
            self.places = a_unit(self.council, kind="directorate", name="Places")
            self.parks = a_unit(self.places, kind="service", name="Parks")
            self.places_director, self.places_director_person = a_holder(
                self.places, "director", title="Director of Places", role=Role.MANAGER
            )

    @property
    def keeper(self):
        return actor(self.administrator_person)


@pytest.fixture
def council(app):
    return ALargerCouncil()


def fresh(unit: Unit) -> Unit:
    db.session.expire_all()
    return db.session.get_one(Unit, unit.id)


def do(verb, council, unit, **facts):
    facts = {"seen": fresh(unit).version, "by": council.keeper, "at": NOON} | facts
    with transaction():
        verb(unit.id, **facts)


def move(council, unit, to, **facts):
    do(service.move, council, unit, to_id=to.id if to else None, **facts)


def merge(council, unit, into, *, merged_on=DAY, **facts):
    do(service.merge, council, unit, into_id=into.id, merged_on=merged_on, on=DAY, **facts)


def close(council, unit, *, closed_on=DAY, **facts):
    do(service.close, council, unit, closed_on=closed_on, on=DAY, **facts)


def add(council, name="Grounds", *, kind="team", parent=None, key=None, **facts):
    facts = {"opened_on": DAY, "by": council.keeper, "at": NOON, "on": DAY} | facts
    with transaction():
        return service.add(name=name, kind=kind, parent_id=(parent or council.parks).id, key=key, **facts)


def messages(refusal):
    return [each.message for each in refusal.value.refusals]


def paths_are_true():
    """Every unit's path is its parent's and its own id."""
    db.session.expire_all()
    units = {unit.id: unit for unit in db.session.scalars(select(Unit))}
    return all(
        unit.path == f"{units[unit.parent_id].path if unit.parent_id else '/'}{unit.id}/" for unit in units.values()
    )


def last_event(unit):
    return trail.time_line(BY_HAND, unit.id)[0]


def test_a_unit_is_added_under_another_of_the_kind_above(council):
    unit = add(council)
    assert fresh(unit).path == f"{council.parks.path}{unit.id}/"
    assert last_event(unit).event == Event.UNIT_ADDED


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"kind": "team", "parent": "places"}, "A team stands under a service, and Places is a directorate"),
        ({"kind": "council"}, "There is one council already. Choose directorate, service or team"),
        ({"name": " "}, "Enter the name of the unit"),
        ({"opened_on": DAY + timedelta(days=1)}, "That day is still to come. Add the unit when the day comes"),
    ],
)
def test_a_unit_that_cannot_be_is_refused_in_words(council, facts, message):
    if "parent" in facts:
        facts = facts | {"parent": council.places}
    with pytest.raises(CannotChangeUnit) as refusal:
        add(council, **facts)
    assert messages(refusal) == [message]


def test_a_second_unit_of_the_same_name_under_one_parent_is_refused_and_elsewhere_is_not(council):
    first = add(council, "Grounds")
    with pytest.raises(CannotChangeUnit) as refusal:
        add(council, " GROUNDS ")
    assert messages(refusal) == [
        f"Parks has a unit called GROUNDS already ({reference_of(first)}). Choose another name"
    ]
    assert add(council, "Grounds", parent=council.lettings).id != first.id


def test_the_form_of_a_new_unit_sent_twice_is_one_unit(council):
    assert add(council, key="one form").id == add(council, key="one form").id


def test_a_unit_is_renamed_and_named_back(council):
    do(service.rename, council, council.parks, name="Parks and Trees")
    assert last_event(council.parks).content["before"] == {"name": "Parks"}
    do(service.rename, council, council.parks, name="Parks")
    assert db.session.get_one(Entity, council.parks.id).name == "Parks"
    assert fresh(council.parks).version == 3


def test_a_name_that_stays_the_same_is_no_change(council):
    before = db.session.scalar(select(func.count(AuditEntry.id)))
    do(service.rename, council, council.parks, name="Parks")
    assert (fresh(council.parks).version, db.session.scalar(select(func.count(AuditEntry.id)))) == (1, before)


def test_moving_a_unit_takes_its_whole_sub_tree_with_it(council):
    move(council, council.service, council.places)
    assert paths_are_true()
    assert fresh(council.team).path == f"{council.places.path}{council.service.id}/{council.team.id}/"


def test_the_paths_of_a_large_sub_tree_are_rewritten_in_one_statement(council):
    with transaction():
        for number in range(30):
            a_unit(council.lettings, kind="team", name=f"Team {number}")
    said = []

    def note(_connection, _cursor, statement, *_more):
        said.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    move(council, council.lettings, council.places)
    event.remove(db.engine, "before_cursor_execute", note)
    assert len([each for each in said if each.startswith("UPDATE unit SET path")]) == 1
    assert paths_are_true()


def test_a_unit_whose_id_begins_like_anothers_keeps_its_path(council):
    with transaction():
        for number in range(12):
            a_unit(council.council, kind="directorate", name=f"Directorate {number}")
    move(council, council.service, council.places)
    assert paths_are_true()


def test_what_people_may_read_follows_the_tree_at_once(council):
    with transaction():
        risk = a_risk(council)

    def reads(person):
        db.session.expire_all()
        who, facts = actor(person), readers.facts(risk_id=risk.id, on=DAY)
        listed = db.session.scalar(select(Risk.id).where(Risk.id == risk.id, readers.readable(who, on=DAY)))
        assert may(who, Permission.RISK_READ, facts) == (listed is not None)
        return listed is not None

    old, new = council.director_person, council.places_director_person
    assert (reads(old), reads(new)) == (True, False)
    move(council, council.service, council.places)
    assert (reads(old), reads(new)) == (False, True)
    assert reads(council.lead_person)
    move(council, council.service, council.directorate)
    assert (reads(old), reads(new)) == (True, False)


def test_the_check_counts_what_moves_and_who_reads_it_then(council):
    with transaction():
        a_risk(council)
    found = holdings.touched(
        council.keeper, council.service.path, to_path=f"{council.places.path}{council.service.id}/", on=DAY
    )
    assert (found.units, found.posts, found.risks, found.readers_lost, found.readers_won) == (3, 4, 1, 1, 1)


@pytest.mark.parametrize(
    ("unit", "to", "message"),
    [
        ("service", "service", "Housing Repairs cannot be moved under itself. Choose another unit"),
        ("service", "team", "Repairs Delivery is part of Housing Repairs, which cannot be moved under its own part"),
        ("directorate", "team", "Repairs Delivery is part of Housing, which cannot be moved under its own part"),
        ("team", "places", "A team stands under a service, and Places is a directorate"),
        ("council", "places", "The council is the top of the tree and cannot be moved"),
        ("team", None, "Choose the service that the team stands under"),
    ],
)
def test_a_unit_moved_under_itself_under_its_own_part_or_out_of_order_is_refused(council, unit, to, message):
    before = [unit.path for unit in db.session.scalars(select(Unit).order_by(Unit.id))]
    with pytest.raises(CannotChangeUnit) as refusal:
        move(council, getattr(council, unit), getattr(council, to) if to else None)
    assert messages(refusal) == [message]
    db.session.expire_all()
    assert [unit.path for unit in db.session.scalars(select(Unit).order_by(Unit.id))] == before


def test_a_unit_is_not_moved_to_where_another_has_its_name_nor_to_a_closed_one(council):
    add(council, "Voids", parent=council.parks)
    with pytest.raises(CannotChangeUnit, match="Parks has a unit called Voids already"):
        move(council, council.sibling, council.parks)
    with transaction():
        empty = a_unit(council.places, kind="service", name="Markets")
    close(council, empty)
    with pytest.raises(CannotChangeUnit, match="Markets is closed"):
        move(council, council.sibling, empty)


def test_a_unit_is_moved_back_from_what_its_history_says(council):
    move(council, council.service, council.places)
    before = last_event(council.service).content["before"]
    assert before == {"parent": "Housing", "parent_reference": reference_of(council.directorate)}
    move(council, council.service, council.directorate)
    assert fresh(council.team).path == council.team.path


def test_merging_gives_risks_posts_parts_and_live_escalations_to_the_other_and_closes_the_one(council):
    with transaction():
        risk = a_risk(council, current=(5, 5))
        draft = a_risk(council, status="draft")
        old = a_risk(council, status="closed")
    case = db.session.scalars(select(EscalationCase).where(EscalationCase.subject_id == risk.id)).one()
    assert case.unit_id == council.team.id
    merge(council, council.team, council.sibling)
    team = fresh(council.team)
    assert team.closed_on == DAY
    assert {db.session.get_one(Risk, each.id).unit_id for each in (risk, draft, old)} == {council.sibling.id}
    assert db.session.get_one(EscalationCase, case.id).unit_id == council.sibling.id
    assert db.session.get_one(Post, council.manager.id).unit_id == council.sibling.id
    assert db.session.scalars(select(RiskVersion.unit_id).where(RiskVersion.risk_id == risk.id)).all()[-1] == (
        council.sibling.id
    )
    assert last_event(council.team).content["after"]["into"] == "Voids"
    assert last_event(council.sibling).event == Event.UNIT_TOOK_OVER
    assert [row.merged_into for row in queries.tree(council.keeper, on=DAY) if row.id == team.id] == ["Voids"]


def test_merging_services_takes_their_teams_along_with_every_path(council):
    merge(council, council.service, council.lettings)
    assert paths_are_true()
    assert fresh(council.team).path == f"{council.lettings.path}{council.team.id}/"


def test_a_merger_gives_nobody_more_to_read(council):
    with transaction():
        risk = a_risk(council)
    merge(council, council.team, council.sibling)
    facts = readers.facts(risk_id=risk.id, on=DAY)
    assert not may(actor(council.champion_person), Permission.RISK_READ, facts)
    assert may(actor(council.sibling_champion_person), Permission.RISK_READ, facts)


@pytest.mark.parametrize(
    ("into", "message"),
    [
        ("team", "Repairs Delivery cannot be merged into itself. Choose another team"),
        ("lettings", "Lettings is a service. A team merges into a team"),
    ],
)
def test_a_merger_that_cannot_be_is_refused(council, into, message):
    with pytest.raises(CannotChangeUnit) as refusal:
        merge(council, council.team, getattr(council, into))
    assert messages(refusal) == [message]


def test_units_with_a_part_of_the_same_name_are_not_merged(council):
    add(council, "Voids", parent=council.lettings)
    with pytest.raises(CannotChangeUnit, match=r"Both have a unit called Voids\. Rename one of them first"):
        merge(council, council.service, council.lettings)


def test_undoing_a_merger_brings_back_what_went_over_and_is_still_there(council):
    with transaction():
        risk, other = a_risk(council), a_risk(council)
    merge(council, council.service, council.lettings)
    move(council, council.sibling, council.parks)
    do(service.part, council, council.service, on=DAY)
    assert paths_are_true()
    assert fresh(council.service).closed_on is None
    assert fresh(council.team).parent_id == council.service.id
    assert fresh(council.sibling).parent_id == council.parks.id
    assert db.session.get_one(Post, council.lead.id).unit_id == council.service.id
    assert {db.session.get_one(Risk, each.id).unit_id for each in (risk, other)} == {council.team.id}
    assert db.session.scalar(select(Merger.undone_on)) == DAY


def test_a_merger_is_undone_once(council):
    merge(council, council.team, council.sibling)
    do(service.part, council, council.team, on=DAY)
    with pytest.raises(CannotChangeUnit, match="Repairs Delivery is merged into no unit"):
        do(service.part, council, council.team, on=DAY)


def test_closing_a_unit_with_open_things_is_refused_and_says_what_they_are(council):
    with transaction():
        risk = a_risk(council)
        a_risk(council, status="draft")
    with pytest.raises(CannotChangeUnit) as refusal:
        close(council, council.team)
    assert messages(refusal) == [
        "It has 2 open risks: have it closed, or merge the unit into another",
        "It has 2 open posts: close it first, or merge the unit into another",
    ]
    with pytest.raises(CannotChangeUnit, match="It has 2 units under it: move, merge or close it first"):
        close(council, council.service)
    standing = holdings.in_unit(council.keeper, council.team.id, on=DAY)
    told = [(thing.label, thing.is_readable) for thing in standing.duties[0].things]
    assert (reference_of(risk), False) in told
    head = holdings.in_unit(actor(council.assurance_person), council.team.id, on=DAY)
    assert all(thing.is_readable for thing in head.duties[0].things)


@pytest.mark.parametrize(
    ("on", "message"),
    [
        (DAY + timedelta(days=1), "That day is still to come"),
        (date(2020, 3, 31), "It was opened on 1 April 2020. Give that day or a later one"),
    ],
)
def test_a_unit_is_not_closed_on_a_day_to_come_nor_before_it_was_opened(council, on, message):
    with pytest.raises(CannotChangeUnit, match=message):
        close(council, council.parks, closed_on=on)


def test_a_closed_unit_is_hidden_unless_asked_for_and_reopened_as_it_was(council):
    close(council, council.parks)

    def names(**wanted):
        return [row.name for row in queries.units(council.keeper, Wanted(**wanted), on=DAY)]

    assert "Parks" not in names()
    assert "Parks" in names(with_closed=True)
    do(service.reopen, council, council.parks, on=DAY)
    assert "Parks" in names()
    with pytest.raises(CannotChangeUnit, match="Parks is open already"):
        do(service.reopen, council, council.parks, on=DAY)


def test_a_unit_under_a_closed_one_is_not_reopened_before_it(council):
    close(council, council.parks)
    with transaction():
        council.places.closed_on = DAY
    with pytest.raises(CannotChangeUnit, match="Places, which it stands under, is closed"):
        do(service.reopen, council, council.parks, on=DAY)


def test_the_later_of_two_administrators_changes_nothing(council):
    seen = fresh(council.service).version
    move(council, council.service, council.places, seen=seen)
    for verb, facts in (
        (service.rename, {"name": "Repairs"}),
        (service.move, {"to_id": council.directorate.id}),
        (service.close, {"closed_on": DAY, "on": DAY}),
        (service.merge, {"into_id": council.lettings.id, "merged_on": DAY, "on": DAY}),
    ):
        with pytest.raises(Overtaken):
            do(verb, council, council.service, seen=seen, **facts)
    assert fresh(council.service).parent_id == council.places.id


def test_the_tree_names_managers_champions_and_vacancies(council):
    with transaction():
        a_post(council.sibling, "team_manager", title="Manager, Voids")
    rows = {row.name: row for row in queries.tree(council.keeper, on=DAY)}
    voids, delivery = rows["Voids"], rows["Repairs Delivery"]
    assert (voids.manager.sits, voids.vacant, voids.open_posts) == ("Vacant", 1, 2)
    assert (delivery.manager.sits, delivery.champion.title) == ("Filled", "Risk Champion, Repairs Delivery")
    assert rows["Parks"].manager is None
    assert [row.name for row in queries.tree(council.keeper, on=DAY)] == [
        "The council", "Housing", "Housing Repairs", "Repairs Delivery", "Voids", "Lettings", "Places", "Parks",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(words=("repairs", "delivery")), ["Repairs Delivery"]),
        (Wanted(words=("director",)), ["Housing", "Places"]),
        (Wanted(kind="directorate"), ["Housing", "Places"]),
        (Wanted(has_vacancy=True), []),
    ],
)
def test_a_filter_leaves_the_units_it_names(council, wanted, names):
    assert [row.name for row in queries.units(council.keeper, wanted, on=DAY)] == names


def test_addresses_are_for_those_who_keep_the_organisation(council):
    def addresses(person):
        return [post.address for row in queries.tree(actor(person), on=DAY) for post in row.posts if post.address]

    assert addresses(council.administrator_person)
    assert addresses(council.assurance_person)
    assert not addresses(council.manager_person)
    assert not addresses(council.member_person)


def test_counts_of_risks_are_of_those_one_may_know_of(council):
    with transaction():
        a_risk(council)

    def count(person):
        return sum(row.risks for row in queries.tree(actor(person), on=DAY))

    assert (count(council.administrator_person), count(council.manager_person)) == (1, 1)
    assert count(council.sibling_champion_person) == 0


def test_the_tree_takes_the_same_number_of_queries_however_many_units(council, count_queries):
    def tree():
        queries.tree(council.keeper, on=DAY)

    few = count_queries(tree)
    with transaction():
        for number in range(20):
            a_unit(council.parks, kind="team", name=f"Team {number}")
    assert count_queries(tree) == few
