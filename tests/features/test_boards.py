"""A board has a chair and members, who are posts with dates; what has ended stays on the record."""

import csv
import io
from datetime import date, timedelta

import pytest
import time_machine

from riskapp.domain.organisation import Overtaken
from riskapp.features.boards import queries, service
from riskapp.features.boards.service import CannotKeepBoard
from riskapp.models.database import db, transaction
from riskapp.models.packs import Board, BoardMember
from tests.builders import DAY, NOON, ACouncil, actor
from tests.features.test_organisation_pages import carry_out, check, hidden, said
from tests.pack_builders import reference_of, signed_in


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def council(app):
    council = ACouncil()
    council.keeper = actor(council.administrator_person)
    with transaction():
        council.board = service.add(
            name="Finance Board", led_by="officer", purpose="It watches savings", key=None, by=council.keeper, at=NOON
        )
    return council


@pytest.fixture
def admin(app, council):
    client = app.test_client()
    signed_in(client, council.administrator_person)
    return client


def row(council):
    return queries.board(council.keeper, reference_of(council.board), on=DAY)


def join(council, post, role="member", **facts):
    facts = {"from_on": DAY - timedelta(days=30), "seen": row(council).version} | facts
    with transaction():
        return service.join(council.board.id, post_id=post.id, role=role, by=council.keeper, at=NOON, **facts)


def leave(council, seat, to_on=DAY, **facts):
    with transaction():
        service.leave(seat.id, to_on=to_on, seen=row(council).version, by=council.keeper, at=NOON, on=DAY, **facts)


def test_the_chair_stands_first_and_who_left_is_kept(council):
    member, chair = join(council, council.lead), join(council, council.director, "chair")
    assert [(each.post, each.role) for each in row(council).sitting] == [
        ("Director of Housing", "chair"),
        ("Service Lead, Housing Repairs", "member"),
    ]
    leave(council, chair)
    assert row(council).chair is None
    assert [each.to_on for each in row(council).members if each.is_over] == [DAY]
    assert member.id in {each.id for each in row(council).sitting}


def test_a_post_has_one_seat_and_a_board_one_chair(council):
    join(council, council.director, "chair")
    with pytest.raises(CannotKeepBoard, match="Director of Housing sits on it already"):
        join(council, council.director)
    with pytest.raises(CannotKeepBoard, match="It has a chair"):
        join(council, council.lead, "chair")


@pytest.mark.parametrize(
    ("to_on", "message"),
    [
        (DAY + timedelta(days=1), "That day is still to come"),
        (date(2026, 10, 1), "The seat began on 1 November 2026"),
    ],
)
def test_a_seat_does_not_end_before_it_began_nor_in_days_to_come(council, to_on, message):
    seat = join(council, council.lead)
    with pytest.raises(CannotKeepBoard, match=message):
        leave(council, seat, to_on)


def test_a_seat_ends_once(council):
    seat = join(council, council.lead)
    leave(council, seat)
    with pytest.raises(CannotKeepBoard, match="That seat has ended already"):
        leave(council, seat)


def test_a_second_board_of_one_name_is_refused_and_a_form_sent_twice_is_one_board(council):
    who = {"by": council.keeper, "at": NOON}
    with pytest.raises(CannotKeepBoard, match="There is a board called FINANCE board already"):
        service.add(name="FINANCE board", led_by="officer", purpose="x", key=None, **who)
    with transaction():
        made = [service.add(name="Homes", led_by="officer", purpose="x", key="k", **who).id for _ in range(2)]
    assert made[0] == made[1]


def test_the_later_of_two_changes_nothing_of_a_board(council):
    seen = row(council).version
    join(council, council.lead, seen=seen)
    with pytest.raises(Overtaken):
        join(council, council.director, seen=seen)
    assert db.session.query(BoardMember).count() == 1


def test_a_member_is_added_and_ended_on_the_pages(council, admin):
    url = f"/organisation/boards/{reference_of(council.board)}"
    begins = {"from_on-day": "1", "from_on-month": "11", "from_on-year": "2026"}
    carry_out(admin, f"{url}/members/new", post=str(council.lead.id), role="chair", **begins)
    page = said(admin.get(url))
    assert "Service Lead, Housing Repairs joined as chair" in page
    seat = row(council).sitting[0]
    checked = check(admin, f"{url}/members/{seat.id}/end", **{"on-day": "1", "on-month": "12", "on-year": "2026"})
    assert "The board is then without a chair." in said(checked)
    admin.post(f"{url}/members/{seat.id}/end", data=hidden(checked) | {"step": "do"})
    assert "Service Lead, Housing Repairs left" in said(admin.get(url))


def test_two_administrators_editing_one_board(council, admin):
    url = f"/organisation/boards/{reference_of(council.board)}/edit"
    facts = {"led_by": "officer", "purpose": "It watches savings"}
    first, second = (check(admin, url, name=name, **facts) for name in ("Savings Board", "Money Board"))
    admin.post(url, data=hidden(first) | {"step": "do"})
    late = said(admin.post(url, data=hidden(second) | {"step": "do"}))
    assert "This was changed after you loaded the page: Changed: now Savings Board, led by officer, by" in late
    assert row(council).name == "Savings Board"


def test_a_board_is_added_on_the_pages(council, admin):
    carry_out(admin, "/organisation/boards/new", name="Homes Board", led_by="Member", purpose="It watches homes")
    assert "Homes Board" in said(admin.get("/organisation/boards?q=homes"))
    assert "Finance Board" not in said(admin.get("/organisation/boards?q=homes"))
    assert db.session.query(Board).count() == 2


def test_the_file_of_boards_has_a_line_for_each_seat(council, admin):
    join(council, council.lead)
    rows = list(csv.reader(io.StringIO(admin.get("/organisation/boards.csv").text.lstrip("\ufeff"))))
    assert [row[1:2] + row[4:6] for row in rows[1:]] == [["Finance Board", "Service Lead, Housing Repairs", "Member"]]


def test_an_officer_reads_boards_and_changes_none(council, app):
    client = app.test_client()
    signed_in(client, council.manager_person)
    url = f"/organisation/boards/{reference_of(council.board)}"
    assert client.get(url).status_code == 200
    assert "Add a member" not in client.get(url).text
    for each in (f"{url}/edit", f"{url}/members/new", "/organisation/boards/new"):
        assert client.get(each).status_code == 404
