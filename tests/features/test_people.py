from datetime import date

import pytest

from riskapp.domain.organisation import sitter
from riskapp.domain.permissions import Role
from riskapp.features.people import queries
from riskapp.models.database import db
from riskapp.models.people import Absence
from tests.builders import DAY, a_person, a_post, a_role, a_unit, actor, seat


def test_a_holder_answers_for_the_post(app):
    post, person = a_post(a_unit()), a_person()
    seat(person, post)
    assert actor(person).sitting(post.id).capacity == "holder"


def test_a_deputy_answers_only_while_the_holder_is_away(app):
    post, holder, deputy = a_post(a_unit()), a_person(), a_person()
    seat(holder, post)
    seat(deputy, post, "deputy")
    assert actor(deputy).post_ids == frozenset()
    db.session.add(Absence(person_id=holder.id, from_on=DAY, to_on=DAY))
    db.session.flush()
    assert actor(deputy).sitting(post.id).capacity == "deputy"
    assert actor(deputy, on=date(2026, 12, 2)).post_ids == frozenset()


def test_a_deputy_answers_for_a_vacant_post(app):
    post, deputy = a_post(a_unit()), a_person()
    seat(deputy, post, "deputy")
    assert post.id in actor(deputy).post_ids


@pytest.mark.parametrize(
    ("on", "held"), [(date(2026, 3, 31), False), (date(2026, 4, 1), True), (date(2026, 9, 1), False)]
)
def test_a_tenure_counts_from_its_first_day_to_its_last(app, on, held):
    post, person = a_post(a_unit()), a_person()
    seat(person, post, from_on=date(2026, 4, 1), to_on=date(2026, 8, 31))
    assert (post.id in actor(person, on=on).post_ids) is held


def test_an_inactive_person_is_nobody(app):
    assert queries.actor_for(a_person(is_active=False).id, on=DAY) is None


def test_a_role_counts_while_it_is_given(app):
    person, unit = a_person(), a_unit()
    a_role(person, Role.CHAMPION, unit, from_on=date(2026, 1, 1), to_on=date(2026, 11, 30))
    assert actor(person, on=date(2026, 11, 30)).has_role(Role.CHAMPION)
    assert not actor(person).has_role(Role.CHAMPION)


def test_the_organisation_tells_who_sits_where(app):
    unit = a_unit()
    held, vacant, covered = a_post(unit), a_post(unit), a_post(unit)
    holder, deputy = a_person(), a_person()
    seat(holder, held)
    seat(deputy, covered, "deputy")
    seats = {seat.post_id: sitter(seat) for seat in queries.organisation(on=DAY).seats}
    assert seats[held.id].person_id == holder.id
    assert seats[vacant.id] is None
    assert (seats[covered.id].person_id, seats[covered.id].capacity) == (deputy.id, "deputy")


def test_a_deputy_who_is_away_answers_for_nothing(app):
    post, deputy = a_post(a_unit()), a_person()
    seat(deputy, post, "deputy")
    db.session.add(Absence(person_id=deputy.id, from_on=DAY, to_on=DAY))
    db.session.flush()
    (found,) = queries.organisation(on=DAY).seats
    assert sitter(found) is None
