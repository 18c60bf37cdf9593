"""Looking back to a day shows what was seen on it: a life is lived, and every day of it is looked back to at the end.

This is the proof of the room. What each reader may see of it is worked out from the rules alone, not from a query.
"""

from dataclasses import replace

import pytest

from riskapp.models.database import db
from tests.lived_council import ALivedCouncil, hidden_from, looked, page_of, shown

DAYS, DEEDS_A_DAY = 24, 6
SEED = 26
DEEDS = {
    "draft", "open", "score", "agree", "review", "close", "reword", "rehome", "plan", "report", "move", "link",
    "unlink", "mark", "decide", "answer", "go_up",
}  # fmt: skip


@pytest.fixture
def lived(app):
    """A council that has lived, with what the proper officer, who reads everything, saw at the end of each day."""
    council, seen = ALivedCouncil(SEED), {}
    for number in range(DAYS):
        for _ in range(council.luck.randint(1, DEEDS_A_DAY)):
            council.live()
        db.session.expire_all()
        pages = number % 3 == 0
        seen[council.day] = looked(council.who(council.proper_person), council.ids(), on=council.day, pages=pages)
        council.next_day()
    return council, seen


def test_each_day_that_is_looked_back_to_is_what_was_seen_on_it(lived, tell):
    council, seen = lived
    assert {deed for deed, times in council.done.items() if times} >= DEEDS
    _is_what_was_seen(council, seen, tell)
    _is_told_by_the_rules(council, seen, tell)


def _is_what_was_seen(council, seen, tell):
    reader, ids, pages = council.who(council.proper_person), council.ids(), 0
    for day, then in seen.items():
        back = looked(reader, {mark: ids[mark] for mark in then.pages}, on=council.day, then=day)
        assert back.rows == then.rows, day
        assert back.groups == then.groups, day
        for mark, page in then.pages.items():
            pages += 1
            assert _plain(back.pages[mark]) == _plain(page), (day, mark)
    tell(f"Looking back: {len(seen)} days, {pages} pages of risks, each as it was; {sum(council.done.values())} deeds")


def _plain(page):
    """A page with its links in an order of their own: those that have ended come back in another."""
    return page and replace(page, links=tuple(sorted(page.links, key=repr)))


def _is_told_by_the_rules(council, seen, tell):
    ids, cells, hidden_cells = council.ids(), 0, 0
    for name, person in council.everyone().items():
        reader = council.who(person)
        for day in list(seen)[2::7]:
            back = looked(reader, {}, on=council.day, then=day)
            told = {
                mark: hidden_from(reader, ids[mark], row.status, then=day, on=council.day)
                for mark, row in seen[day].rows.items()
            }
            assert back.rows.keys() == {mark for mark, hidden in told.items() if hidden is not None}, (name, day)
            for mark, row in back.rows.items():
                cells += 1
                hidden_cells += bool(told[mark])
                assert list(shown(row, told[mark])) == list(shown(seen[day].rows[mark], told[mark])), (name, day)
                assert row.withheld.keys() == told[mark], (name, day, mark)
            for mark, hidden in list(told.items())[:3]:
                page = page_of(reader, mark, ids[mark], on=council.day, then=day)
                assert (page is None) == (hidden is None), (name, day, mark)
                assert page is None or page.withheld.keys() == hidden, (name, day, mark)
    assert hidden_cells > cells / 20
    tell(f"Looking back by all: {cells} rows, {hidden_cells} of them with something withheld, each as the rules say")
