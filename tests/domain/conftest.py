from pathlib import Path

import pytest

from riskapp.domain.policy import parse_policy, read_documents


@pytest.fixture(scope="session")
def policy():
    return parse_policy(read_documents(Path(__file__).parents[2] / "policies"))


@pytest.fixture(scope="session")
def calendar(policy):
    return policy.calendar
