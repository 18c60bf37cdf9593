"""docs/asvs.csv says of each requirement that applies what holds, and claims nothing that no test shows."""

import csv
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("check_asvs", ROOT / ".ci/check_asvs.py")
checking = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(checking)


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
        ({"state": "partly", "evidence": "some of it"}, "without a day"),
        ({"state": "fine"}, "is none of"),
        ({"requirement": "V17.1.1"}, "no requirement"),
    ],
)
def test_a_row_that_claims_too_much_is_named(rows, changes, fault):
    rows[3] = rows[3] | changes
    assert any(fault in each for each in checking.faults(rows, ROOT))


def test_a_row_that_is_missing_or_twice_is_named(rows):
    assert checking.faults(rows[1:], ROOT)
    assert any("2 times" in each for each in checking.faults([*rows[1:], rows[5]], ROOT))
