"""docs/asvs.csv says of each requirement that applies what holds, and claims nothing that no test shows."""

import csv
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("check_asvs", ROOT / ".ci/check_asvs.py")
checking = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(checking)


REAL = (
    "tests/features/test_oidc_negatives.py::test_every_answer_that_should_let_nobody_in_is_refused_for_its_own_reason"
)


@pytest.fixture
def rows():
    with (ROOT / "docs/asvs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_requirement_that_applies_has_a_state_and_what_shows_it(rows):
    assert checking.faults(rows, ROOT) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"state": "met", "evidence": "tests/web/test_surface.py::test_that_nobody_wrote"}, "does not exist"),
        ({"state": "met", "evidence": "tests/no_such_file.py::test_it"}, "does not exist"),
        ({"state": "met", "evidence": "2026-11-28: we are sure of it"}, "does not exist"),
        ({"state": "met", "evidence": f"{REAL}[a case that nobody tries]"}, "does not exist"),
        ({"state": "met", "evidence": f"{REAL}; tests/web/test_surface.py::test_none"}, "does not exist"),
        ({"state": "not assessed", "evidence": "2026-11-28: not looked at"}, "is none of"),
        ({"state": "partly", "evidence": "some of it"}, "without a day"),
        ({"state": "fine"}, "is none of"),
        ({"requirement": "V17.1.1"}, "no requirement"),
    ],
)
def test_a_row_that_claims_too_much_is_named(rows, changes, fault):
    rows[3] = rows[3] | changes
    assert any(fault in each for each in checking.faults(rows, ROOT))


def test_a_row_may_rest_on_several_tests_and_on_one_case_of_them(rows):
    evidence = f"{REAL}[no signature]; {REAL}[two states]"
    rows[3] = rows[3] | {"state": "met", "evidence": evidence}
    assert checking.faults(rows, ROOT) == []


def test_a_reason_that_a_comma_cuts_short_is_named(rows):
    rows[3] = rows[3] | {None: ["and the rest"]}
    assert any("cut at a comma" in each for each in checking.faults(rows, ROOT))


def test_a_row_that_is_missing_or_twice_is_named(rows):
    assert checking.faults(rows[1:], ROOT)
    assert any("2 times" in each for each in checking.faults([*rows[1:], rows[5]], ROOT))
