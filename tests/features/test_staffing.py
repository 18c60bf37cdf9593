"""People join, take up posts with the roles that posts bring, and are away; nothing is changed twice or by oneself."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from riskapp.domain.audit import Event
from riskapp.domain.permissions import Actor, Permission, Role, may
from riskapp.domain.staffing import CannotBeAway, CannotJoin, CannotKeepPerson, CannotSeat, Span
from riskapp.features.duties import queries as duties
from riskapp.features.people import queries as people
from riskapp.features.staffing import queries, service
from riskapp.features.staffing.queries import Wanted
from riskapp.models.audit import AuditEntry
from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.people import Absence, Person, RoleAssignment, Tenure
from tests.builders import DAY, NOON, ACouncil, a_holder, a_person, a_post, a_risk, actor, an_action, seat

SOON, LATER = DAY + timedelta(days=10), DAY + timedelta(days=20)


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def keeper(council) -> Actor:
    return actor(council.administrator_person)


def join(keeper, email="new@council.example", post=None, capacity="holder", from_on=DAY, to_on=None) -> Person:
    with transaction():
        return service.join(
            email=email,
            post=post,
            capacity=capacity,
            from_on=from_on,
            to_on=to_on,
            welcomes=True,
            by=keeper,
            at=NOON,
            on=DAY,
        )


def give(keeper, person, post, capacity="holder", days=None, seen=None):
    with transaction():
        return service.give_post(
            person,
            post,
            capacity=capacity,
            days=days or Span(DAY),
            seen=person.version if seen is None else seen,
            by=keeper,
            at=NOON,
            on=DAY,
        )


def be_away(keeper, person, first=SOON, last=LATER, *, deputy=None, goes_up=False):
    with transaction():
        return service.be_away(
            person, days=Span(first, last), deputy=deputy, goes_up=goes_up, by=keeper, at=NOON, on=DAY
        )


def roles(person):
    rows = db.session.execute(
        select(RoleAssignment.role, RoleAssignment.to_on)
        .where(RoleAssignment.person_id == person.id)
        .order_by(RoleAssignment.id)
    )
    return [tuple(row) for row in rows]


def words(no):
    return " ".join(reason.message for reason in no.value.refusals)


def test_somebody_who_joins_holds_the_post_and_has_the_role_that_it_brings_and_no_other(council, keeper):
    post = a_post(council.sibling, "team_manager")
    person = join(keeper, "  New@Council.Example ", post)
    assert person.email == "new@council.example"
    assert person.joined_on == DAY
    now = actor(person)
    assert now.sitting(post.id).capacity == "holder"
    assert [(grant.role, grant.unit_path) for grant in now.grants] == [(Role.MANAGER, council.sibling.path)]


def test_a_deputy_has_no_role_and_neither_has_a_post_that_brings_none(council, keeper):
    deputy = join(keeper, post=a_post(council.sibling, "team_manager"), capacity="deputy")
    officer = join(keeper, "officer@council.example", a_post(council.sibling, "officer"))
    assert (roles(deputy), roles(officer)) == ([], [])


def test_an_address_has_one_account_and_the_message_says_what_to_do(council, keeper):
    join(keeper)
    with pytest.raises(CannotJoin) as no:
        join(keeper, "NEW@council.example")
    assert no.value.refusals[0].field == "email"
    assert "has an account already. Open their page to give a post" in words(no)


@pytest.mark.parametrize("email", ["", "nobody", "a b@council.example", "a@b", "<a@council.example>", "a@b@c.example"])
def test_what_is_no_address_is_refused(council, keeper, email):
    with pytest.raises(CannotJoin, match="like name@council"):
        join(keeper, email)


def test_a_post_held_twice_on_the_same_days_is_refused_and_nobody_joins(council, keeper):
    with pytest.raises(CannotSeat) as no:
        join(keeper, post=council.manager)
    assert f"held by {council.manager_person.email} from 1 Apr 2021, with no end set" in words(no)
    assert people.person_by_email("new@council.example") is None


def test_a_post_is_given_for_the_days_after_its_holder(council, keeper):
    db.session.scalars(select(Tenure).where(Tenure.post_id == council.manager.id)).one().to_on = SOON
    person = a_person()
    give(keeper, person, council.manager, days=Span(SOON + timedelta(days=1)))
    assert council.manager.id not in actor(person).post_ids
    assert actor(person, on=LATER).has_role(Role.MANAGER)
    assert not actor(person).has_role(Role.MANAGER)


def test_two_administrators_who_change_one_person_do_not_overwrite_each_other(council, keeper):
    person, seen = a_person(), 1
    first, second = a_post(council.team), a_post(council.team)
    give(keeper, person, first, seen=seen)
    with pytest.raises(CannotKeepPerson) as no:
        give(keeper, person, second, seen=seen)
    assert "Somebody else changed" in words(no)
    assert [row.post_id for row in db.session.scalars(select(Tenure).where(Tenure.person_id == person.id))] == [
        first.id
    ]


def test_nobody_gives_themselves_a_post(council, keeper):
    with pytest.raises(CannotKeepPerson, match="cannot change your own posts"):
        give(keeper, council.administrator_person, a_post(council.team))
    with pytest.raises(CannotKeepPerson), transaction():
        service.name_for(
            a_post(council.team),
            council.administrator_person,
            capacity="deputy",
            days=Span(DAY),
            by=keeper,
            at=NOON,
            on=DAY,
        )


def test_an_administrator_alone_makes_nobody_a_reader_of_the_council(council, keeper):
    with transaction():
        auditor = a_post(council.council, "auditor")
    with pytest.raises(CannotSeat, match="The Head of Assurance fills it"):
        give(keeper, a_person(), auditor)
    person = a_person()
    give(actor(council.assurance_person), person, auditor)
    assert actor(person).has_role(Role.AUDITOR)


def test_where_nobody_assures_the_council_an_administrator_fills_the_post(council, keeper):
    for tenure in db.session.scalars(select(RoleAssignment).where(RoleAssignment.role == Role.HEAD_OF_ASSURANCE)):
        tenure.to_on = DAY - timedelta(days=1)
    post, person = a_post(council.council, "head_of_assurance"), a_person()
    give(keeper, person, post)
    assert actor(person).has_role(Role.HEAD_OF_ASSURANCE)


def test_what_ends_a_post_ends_the_role_it_brought_unless_another_brings_it_too(council, keeper):
    person = a_person()
    one = give(keeper, person, a_post(council.sibling, "team_manager")).tenure
    two = give(keeper, person, a_post(council.sibling, "team_manager")).tenure
    with transaction():
        service.give_up(one, gone_on=SOON, by=keeper, at=NOON)
    assert roles(person) == [(Role.MANAGER, None)]
    with transaction():
        service.give_up(two, gone_on=SOON, by=keeper, at=NOON)
    assert roles(person) == [(Role.MANAGER, SOON - timedelta(days=1))]


def test_a_seat_that_has_not_begun_is_taken_back_with_its_role(council, keeper):
    person = a_person()
    seated = give(keeper, person, a_post(council.sibling, "team_manager"), days=Span(SOON))
    with transaction():
        service.give_up(seated.tenure, gone_on=DAY, by=keeper, at=NOON)
    assert roles(person) == []
    assert queries.seats(keeper, person.id, on=DAY) == ()


# ---- absences
def test_a_holder_of_duties_who_goes_away_names_a_deputy_or_lets_escalations_go_up(council, keeper):
    with transaction():
        a_risk(council)
    with pytest.raises(CannotBeAway) as no:
        be_away(keeper, council.manager_person)
    assert "Nobody covers Manager, Repairs Delivery" in words(no)
    be_away(keeper, council.manager_person, goes_up=True)


def test_the_deputy_answers_on_those_days_and_no_others(council, keeper):
    with transaction():
        a_risk(council)
    deputy = a_person()
    be_away(keeper, council.manager_person, deputy=deputy)
    held = [council.manager.id in actor(deputy, on=day).post_ids for day in (SOON - timedelta(1), SOON, LATER)]
    assert held == [False, True, True]
    assert council.manager.id not in actor(deputy, on=LATER + timedelta(days=1)).post_ids


def test_who_has_no_duties_or_is_covered_already_just_goes(council, keeper):
    be_away(keeper, council.manager_person)
    with transaction():
        a_risk(council)
        seat(a_person(), council.manager, "deputy")
    be_away(keeper, council.manager_person, LATER + timedelta(days=1), LATER + timedelta(days=2))


def test_a_deputy_who_is_away_too_covers_nothing(council, keeper):
    with transaction():
        a_risk(council)
        deputy = a_person()
        seat(deputy, council.manager, "deputy")
    be_away(keeper, deputy, SOON, SOON)
    with pytest.raises(CannotBeAway, match="Nobody covers"):
        be_away(keeper, council.manager_person)
    with pytest.raises(CannotBeAway, match="is away on some of those days"):
        be_away(keeper, council.manager_person, deputy=deputy)


def test_overlapping_absences_are_refused(council, keeper):
    be_away(keeper, council.manager_person)
    with pytest.raises(CannotBeAway, match="Already away from 11 Dec 2026 to 21 Dec 2026"):
        be_away(keeper, council.manager_person, LATER, LATER + timedelta(days=3))


def test_an_absence_is_called_off_or_cut_short(council, keeper):
    coming = be_away(keeper, council.manager_person)
    with transaction():
        service.come_back(coming, by=keeper, at=NOON, on=DAY)
    assert db.session.get(Absence, coming.id) is None
    begun = be_away(keeper, council.manager_person, DAY, LATER)
    with transaction():
        service.come_back(begun, by=keeper, at=NOON, on=SOON)
    assert db.session.get(Absence, begun.id).to_on == SOON - timedelta(days=1)


# ---- what is read
def test_every_post_with_duties_that_nobody_answers_for_is_listed_with_why(council, keeper):
    with transaction():
        risk = a_risk(council)
        an_action(council, risk)
        (tenure,) = db.session.scalars(select(Tenure).where(Tenure.post_id == council.manager.id))
        tenure.to_on = DAY - timedelta(days=1)
        a_post(council.team, "officer", title="Without duties")
    (gap,) = [row for row in duties.without_holder(keeper, on=DAY) if not row.duties.is_champion]
    assert (gap.title, gap.why) == ("Manager, Repairs Delivery", "Vacant since 30 Nov 2026")
    assert (gap.duties.open_risks, gap.duties.open_actions) == (1, 1)
    with transaction():
        service.name_for(council.manager, a_person(), capacity="acting", days=Span(DAY), by=keeper, at=NOON, on=DAY)
    assert [row for row in duties.without_holder(keeper, on=DAY) if not row.duties.is_champion] == []


def test_a_team_whose_champion_post_is_vacant_is_listed(council, keeper):
    post = a_post(council.sibling, "risk_champion", title="Risk Champion, Voids, second")
    assert [row.title for row in duties.without_holder(keeper, on=DAY)] == [post.title]


def test_the_list_finds_people_by_words_unit_and_state(council, keeper):
    be_away(keeper, council.lead_person, DAY, DAY)
    gone, none = a_person(is_active=False), a_person()

    def found(**wanted):
        rows, total = queries.people(keeper, Wanted(**wanted), on=DAY)
        assert total == len(rows)
        return {row.email for row in rows}

    assert found(words=("repairs", "champion")) == {council.champion_person.email}
    assert council.sibling_champion_person.email in found(unit=_reference(council.sibling))
    assert council.champion_person.email not in found(unit=_reference(council.sibling))
    assert found(state="away") == {council.lead_person.email}
    assert found(state="gone") == {gone.email}
    assert found(state="without_post") == {none.email}
    assert gone.email not in found()
    assert gone.email in found(state="all")


def _reference(unit):
    return db.session.get_one(Entity, unit.id).reference


def test_sorting_has_the_address_as_its_tie_breaker(council, keeper):
    emails = [row.email for row in queries.people(keeper, Wanted(sort="-post", state="all"), on=DAY)[0]]
    again = [row.email for row in queries.people(keeper, Wanted(sort="post", state="all"), on=DAY)[0]]
    assert sorted(emails) == sorted(again)
    assert emails != again


@pytest.mark.parametrize("name", ["manager", "lead", "champion", "assurance", "member", "administrator", "chief"])
def test_the_list_of_people_agrees_with_the_permission_table(council, keeper, name):
    with transaction():
        a_holder(council.sibling, "officer")
        join(keeper, post=a_post(council.sibling), from_on=SOON)
    asks = actor(getattr(council, f"{name}_person"))
    rows, _total = queries.people(asks, Wanted(state="all"), on=DAY, size=1000)
    for person in db.session.scalars(select(Person)).all():
        allowed = any(may(asks, Permission.PEOPLE_READ, facts) for facts in queries.facts(asks, person.id, on=DAY))
        assert (person.id in {row.id for row in rows}) is allowed, person.email


def test_the_list_takes_the_same_queries_for_few_people_and_for_many(council, keeper, count_queries):
    few = count_queries(lambda: queries.people(keeper, Wanted(), on=DAY))
    for _ in range(20):
        a_holder(council.team, "officer")
    assert count_queries(lambda: queries.people(keeper, Wanted(), on=DAY)) == few


def test_titles_of_risks_show_only_to_whom_may_read_them(council, keeper):
    with transaction():
        a_risk(council, title="The roof is unsafe")
    posts = {council.manager.id}
    assert [each.title for each in duties.hanging(keeper, posts, on=DAY)] == [None]
    (hangs,) = duties.hanging(actor(council.lead_person), posts, on=DAY)
    assert hangs.title == "The roof is unsafe"


def test_each_deed_is_on_the_record_and_told_in_the_person_s_history(council, keeper):
    person = join(keeper, post=a_post(council.sibling, "team_manager", title="Manager, Voids, second"))
    absence = be_away(keeper, person, goes_up=True)
    with transaction():
        service.come_back(absence, by=keeper, at=NOON, on=DAY)
    events = set(db.session.scalars(select(AuditEntry.event)))
    assert {Event.PERSON_ADDED, Event.POST_FILLED, Event.ROLE_GRANTED, Event.AWAY, Event.BACK} <= events
    told = " / ".join(line.words for line in queries.history(keeper, person.id))
    assert "Added, from 1 Dec 2026" in told
    assert "Manager, Voids, second held from 1 Dec 2026" in told
    assert "Role given: manager" in told
    assert "Away from 11 Dec 2026 to 21 Dec 2026" in told
    assert "called off" in told
    assert queries.history(keeper, council.manager_person.id) == ()


def test_boxes_complete_the_addresses_of_those_beside_one_and_not_of_the_whole_council(council, keeper):
    offered = {email for email, _post in queries.addresses(actor(council.champion_person), on=DAY)}
    assert council.sibling_champion_person.email in offered
    assert council.director_person.email not in offered
    assert council.champion_person.email not in offered
    assert council.director_person.email in {email for email, _post in queries.addresses(keeper, on=DAY)}
