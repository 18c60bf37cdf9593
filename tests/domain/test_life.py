"""When a risk may be merged into another."""

from dataclasses import replace

import pytest

from riskapp.domain.life import CannotMerge, Mergeable, may_merge

ONE = Mergeable("R-AAAAA", "threat", "open")
OTHER = Mergeable("R-BBBBB", "threat", "open")


def _refusal(one, into):
    with pytest.raises(CannotMerge) as refused:
        may_merge(one, into)
    (reason,) = refused.value.refusals
    return reason.field, reason.message


def test_an_open_risk_is_merged_into_an_open_one_of_its_kind():
    may_merge(ONE, OTHER)


@pytest.mark.parametrize(
    ("one", "into", "field", "words"),
    [
        ({}, {"reference": "R-AAAAA"}, "into", "is this risk itself"),
        ({"status": "closed"}, {}, None, "Only an open risk"),
        ({"status": "draft"}, {}, None, "Only an open risk"),
        ({}, {"status": "closed", "merged_into": "R-AAAAA"}, "into", "go in a circle"),
        ({}, {"status": "closed", "merged_into": "R-CCCCC"}, "into", "Give R-CCCCC"),
        ({}, {"status": "closed"}, "into", "R-BBBBB is closed"),
        ({}, {"status": "draft"}, "into", "R-BBBBB is a draft"),
        ({}, {"kind": "opportunity"}, "into", "is an opportunity"),
        ({}, {"exempt_groups": frozenset({"title"})}, "into", "Not the same is withheld"),
        ({"is_existence_withheld": True}, {}, "into", "Not the same is withheld"),
    ],
)
def test_any_other_merger_is_refused_by_its_field(one, into, field, words):
    told = _refusal(replace(ONE, **one), replace(OTHER, **into))
    assert told[0] == field
    assert words in told[1]


def test_two_of_which_the_same_is_withheld_are_merged():
    withheld = {"exempt_groups": frozenset({"title", "plan"}), "is_existence_withheld": True}
    may_merge(replace(ONE, **withheld), replace(OTHER, **withheld))
