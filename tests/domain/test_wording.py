"""Two changes of one wording, joined so that nothing is lost without being seen."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain.wording import CannotReword, Wording, check, merge

PARTS = tuple(part.name for part in fields(Wording))
WORDINGS = st.builds(
    Wording,
    title=st.sampled_from("ab"),
    causes=st.tuples(st.sampled_from("ab")),
    event=st.sampled_from("ab"),
    consequences=st.tuples(st.sampled_from("ab")),
    category=st.sampled_from("ab"),
    champion=st.sampled_from((None, 1)),
    lead_member=st.sampled_from((None, 2)),
    contributors=st.sampled_from(((), (3,))),
)
BASE = Wording("Repairs run late", ("prices rise",), "the contractor leaves", ("homes are damp",), "commercial")


def test_changes_of_different_parts_are_joined_without_a_question():
    merged = merge(BASE, replace(BASE, title="Repairs stop"), replace(BASE, category="operations"))
    assert merged.wording == replace(BASE, title="Repairs stop", category="operations")
    assert (merged.conflicts, merged.taken) == ((), ("category",))


def test_a_part_that_both_changed_is_a_conflict_and_mine_stays_in_the_box():
    merged = merge(BASE, replace(BASE, event="he leaves in May"), replace(BASE, event="he leaves in June"))
    assert merged.conflicts == ("event",)
    assert merged.wording.event == "he leaves in May"


def test_a_part_that_both_changed_alike_is_no_conflict():
    same = replace(BASE, title="Repairs stop")
    assert merge(BASE, same, same).conflicts == ()


@given(base=WORDINGS, mine=WORDINGS, theirs=WORDINGS)
def test_no_change_of_anybody_is_lost_without_being_seen(base, mine, theirs):
    merged = merge(base, mine, theirs)
    for part in PARTS:
        was, i_said, they_said = (getattr(each, part) for each in (base, mine, theirs))
        kept = getattr(merged.wording, part)
        if they_said not in (was, kept):
            assert part in merged.conflicts
        if i_said != was:
            assert kept == i_said


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "a" * 151}, "title"),
        ({"event": ""}, "event"),
        ({"event": "a" * 501}, "event"),
        ({"causes": ("a" * 501,)}, "causes"),
        ({"consequences": tuple("abcdefghijklm")}, "consequences"),
        ({"category": "weather"}, "category"),
    ],
)
def test_words_that_make_no_risk_are_refused_by_their_field(changes, field):
    with pytest.raises(CannotReword) as refused:
        check(replace(BASE, **changes), frozenset({"commercial"}))
    assert [reason.field for reason in refused.value.refusals] == [field]


def test_a_statement_without_a_cause_or_a_consequence_is_let_pass():
    check(replace(BASE, causes=(), consequences=()), frozenset({"commercial"}))
