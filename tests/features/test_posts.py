"""A post is closed only when nothing is its duty, and what it holds is said by kind with references."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from riskapp.domain.organisation import CannotChangePost, Overtaken
from riskapp.features.boards import service as boards
from riskapp.features.holdings import queries as holdings
from riskapp.features.posts import service
from riskapp.models.database import db, transaction
from riskapp.models.people import Post, Tenure
from tests.builders import DAY, NOON, a_person, a_post, a_risk, actor, an_action, seat
from tests.pack_builders import APaperCouncil


@pytest.fixture
def council(app):
    return APaperCouncil()


def do(verb, council, post, **facts):
    facts = {"seen": post.version, "by": actor(council.administrator_person), "at": NOON} | facts
    with transaction():
        verb(post.id, **facts)


def close(council, post, *, closed_on=DAY, **facts):
    do(service.close, council, post, closed_on=closed_on, on=DAY, **facts)


def add(council, title="Manager, Voids", **facts):
    facts = {"kind": "team_manager", "unit_id": council.sibling.id, "opened_on": DAY, "key": None} | facts
    with transaction():
        return service.add(title=title, by=actor(council.administrator_person), at=NOON, on=DAY, **facts)


def messages(refusal):
    return [each.message for each in refusal.value.refusals]


def test_a_title_is_unlike_any_other_letter_case_aside(council):
    with pytest.raises(CannotChangePost) as refusal:
        add(council, "manager, repairs  delivery")
    assert messages(refusal) == [
        "There is a post called manager, repairs  delivery already. Name the unit in the title"
    ]


def test_the_form_of_a_new_post_sent_twice_is_one_post(council):
    assert add(council, key="one form").id == add(council, key="one form").id


def test_no_post_is_added_to_a_closed_unit(council):
    with transaction():
        council.sibling.closed_on = DAY
    with pytest.raises(CannotChangePost, match="The unit is closed"):
        add(council)


def test_a_post_with_duties_is_not_closed_and_each_duty_is_said(council):
    with transaction():
        risk = a_risk(council)
        an_action(council, risk)
        who = {"by": actor(council.administrator_person), "at": NOON}
        board = boards.add(name="A board", led_by="officer", purpose="It meets", key=None, **who)
        boards.join(board.id, post_id=council.manager.id, role="chair", from_on=DAY, seen=1, **who)
    with pytest.raises(CannotChangePost) as refusal:
        close(council, council.manager)
    assert messages(refusal) == [
        "It owns 1 open risk, which would then be nobody’s",
        "It owns or answers for 1 open action, which would then be nobody’s",
        "It holds 1 seat on a board. End it on the board’s page first",
    ]


def test_a_live_desk_and_a_body_led_keep_a_post_open(council):
    with transaction():
        risk = a_risk(council)
    council.an_escalation(risk, on=DAY)
    council.a_body(lead_post_id=council.chief.id)
    desk = holdings.on_post(actor(council.administrator_person), council.director.id, on=DAY).words
    assert any("open escalation on its desk" in words for words in desk)
    led = holdings.on_post(actor(council.administrator_person), council.chief.id, on=DAY).words
    assert any(words.startswith("It leads 1 external body") for words in led)


def test_closing_a_post_ends_who_sits_in_it_the_day_before(council):
    with transaction():
        post, person = a_post(council.sibling), a_person()
        seat(person, post)
    close(council, post)
    assert db.session.scalars(select(Tenure.to_on).where(Tenure.post_id == post.id)).one() == DAY - timedelta(days=1)
    assert actor(person).post_ids == frozenset()


def test_a_post_that_somebody_is_yet_to_take_is_not_closed_before(council):
    with transaction():
        post, person = a_post(council.sibling), a_person()
        seat(person, post, from_on=date(2027, 1, 4))
    with pytest.raises(CannotChangePost, match="Somebody takes the post on 4 January 2027"):
        close(council, post)


def test_a_post_closed_twice_or_reopened_while_its_unit_is_closed_is_refused(council):
    with transaction():
        post = a_post(council.sibling)
    close(council, post)
    post = db.session.get_one(Post, post.id)
    with pytest.raises(CannotChangePost, match="is closed already"):
        close(council, post)
    with transaction():
        council.sibling.closed_on = DAY
    with pytest.raises(CannotChangePost, match="Its unit is closed"):
        do(service.reopen, council, post)


def test_the_later_of_two_changes_nothing(council):
    with transaction():
        post = a_post(council.sibling)
    do(service.rename, council, post, title="Voids Lead", seen=1)
    with pytest.raises(Overtaken):
        do(service.rename, council, post, title="Voids Officer", seen=1)
    db.session.expire_all()
    assert db.session.get_one(Post, post.id).title == "Voids Lead"
