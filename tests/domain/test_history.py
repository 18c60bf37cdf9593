from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.audit import Event
from riskapp.domain.history import (
    BARE_DEEDS,
    DESK,
    MAIL,
    Kind,
    Mark,
    Telling,
    Version,
    changes,
    kind_of,
    telling,
    withheld,
)
from riskapp.domain.publication import PARTS, Withheld

DAY = date(2026, 12, 1)
NOTHING = Withheld()


def _day(number: int) -> date:
    return DAY + timedelta(days=number)


def _mark(level: str, on: int, *, group: str = "title", state: str = "decided", number: int = 1) -> Mark:
    return Mark(group, level, state, _day(on), number)


class TestWithheld:
    EXEMPT_FOR_A_WHILE = (_mark("exempt", 10), _mark("public", 20, number=2))

    @pytest.mark.parametrize(("then", "groups"), [(5, {"title"}), (12, {"title"}), (20, set()), (25, set())])
    def test_words_that_were_exempt_then_or_since_are_withheld_and_later_ones_are_not(self, then, groups) -> None:
        assert withheld(self.EXEMPT_FOR_A_WHILE, then=_day(then), now=_day(30)).groups == groups

    def test_what_is_exempt_now_is_withheld_on_every_past_day(self) -> None:
        assert withheld((_mark("exempt", 29),), then=_day(0), now=_day(30)).groups == {"title"}
        assert withheld((_mark("exempt", 31),), then=_day(0), now=_day(30)) == NOTHING, "it is still to come"

    def test_a_mark_that_was_decided_against_withholds_its_own_days_alone(self) -> None:
        marks = (_mark("exempt", 10, state="claimed"), _mark("internal", 12, number=2))
        told = {then: bool(withheld(marks, then=_day(then), now=_day(30)).groups) for then in (5, 10, 11, 12)}
        assert told == {5: False, 10: True, 11: True, 12: False}

    def test_a_mark_that_waits_withholds_the_past_too(self) -> None:
        assert withheld((_mark("exempt", 10, state="claimed"),), then=_day(5), now=_day(30)).groups == {"title"}

    def test_a_word_on_all_reaches_every_group_and_may_withhold_the_existence(self) -> None:
        found = withheld((_mark("withheld", 10, group="all"),), then=_day(12), now=_day(30))
        assert found == Withheld(PARTS, existence=True)

    def test_a_group_keeps_to_its_own_decisions(self) -> None:
        marks = (_mark("exempt", 10), _mark("public", 11, group="all"))
        assert withheld(marks, then=_day(12), now=_day(30)).groups == {"title"}

    @given(
        st.lists(
            st.builds(
                _mark,
                st.sampled_from(["public", "internal", "exempt", "withheld"]),
                st.integers(0, 30),
                group=st.sampled_from(["all", "title", "plan"]),
            ),
            max_size=6,
        ),
        st.integers(0, 30),
        st.integers(0, 30),
    )
    def test_to_look_back_never_tells_more_than_that_day_or_today(self, made, one, other) -> None:
        marks = [Mark(each.field_group, each.level, each.state, each.from_on, place) for place, each in enumerate(made)]
        then, now = sorted((_day(one), _day(other)))
        both = withheld(marks, then=then, now=now)
        for day in (then, now):
            assert both.groups >= withheld(marks, then=day, now=day).groups
            assert both.existence >= withheld(marks, then=day, now=day).existence


class TestTelling:
    @pytest.mark.parametrize("event", [*Event, MAIL, DESK, "tolerance:granted"])
    def test_where_nothing_is_withheld_everything_is_told(self, event) -> None:
        assert telling(event, frozenset()) is Telling.WHOLE

    @pytest.mark.parametrize("group", sorted(PARTS))
    @pytest.mark.parametrize("event", [*Event, MAIL, DESK, "tolerance:granted"])
    def test_where_something_is_the_bare_deeds_are_and_scores_if_they_are_open(self, event, group) -> None:
        told = telling(event, frozenset({group}))
        if event == Event.RISK_SCORED:
            assert told is (Telling.NOTHING if group == "assessment" else Telling.WHOLE)
        else:
            assert told is (Telling.BARE if event in BARE_DEEDS else Telling.NOTHING)


def test_every_event_has_a_kind_and_one_that_is_not_known_is_anything_else() -> None:
    assert kind_of(Event.RISK_SCORED) is Kind.SCORE
    assert kind_of(Event.ESCALATION_EXPIRED) is Kind.ESCALATION
    assert kind_of(Event.ESCALATION_ACCEPTED) is Kind.DECISION
    assert kind_of(Event.ACTION_MOVED) is Kind.ACTION
    assert kind_of(DESK) is Kind.ESCALATION
    assert kind_of("tolerance:granted") is Kind.OTHER
    assert {each.label for each in Kind}.__len__() == len(Kind)


FIRST = Version(
    title="Repairs fall behind",
    causes=("Prices rise", "Two firms left"),
    event="The contractor gives notice",
    consequences=("Late repairs",),
    treatment="Treat",
    treatment_why="It can be cut",
    named={"Owner": "Manager, Repairs", "Unit": "Repairs"},
)


def _changed(**fields) -> Version:
    return Version(**{name: getattr(FIRST, name) for name in Version.__slots__} | fields)


class TestChanges:
    def test_nothing_changes_where_words_stay(self) -> None:
        assert changes(FIRST, _changed(title="Repairs  fall behind")) == ()

    def test_each_field_says_how_it_was_and_is(self) -> None:
        after = _changed(
            title="Repairs fall far behind",
            causes=("Prices rise fast", "Two firms left", "A strike"),
            treatment="Tolerate",
            named={"Owner": "Service Lead", "Unit": "Repairs", "Champion": "Risk Champion"},
        )
        told = [(each.label, each.before, each.after) for each in changes(FIRST, after)]
        assert told == [
            ("Title", "Repairs fall behind", "Repairs fall far behind"),
            ("Cause", "Prices rise", "Prices rise fast"),
            ("Cause", "", "A strike"),
            ("Treatment", "Treat", "Tolerate"),
            ("Owner", "Manager, Repairs", "Service Lead"),
            ("Champion", "", "Risk Champion"),
        ]

    @pytest.mark.parametrize(
        ("hidden", "labels"),
        [("title", ["Event", "Treatment", "Unit"]), ("statement", ["Title", "Treatment", "Unit"]),
         ("plan", ["Title", "Event", "Unit"]), ("assessment", ["Title", "Event", "Treatment", "Unit"])],
    )  # fmt: skip
    def test_a_group_that_is_withheld_is_left_out(self, hidden, labels) -> None:
        after = _changed(
            title="New", event="New", treatment="Transfer", named={"Owner": "Manager, Repairs", "Unit": "X"}
        )
        assert [each.label for each in changes(FIRST, after, frozenset({hidden}))] == labels
