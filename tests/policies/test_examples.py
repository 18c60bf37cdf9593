import tomllib
from pathlib import Path

import pytest

from riskapp.domain.examples import mismatches
from riskapp.domain.policy import parse_policy, read_documents

FOLDER = Path(__file__).parents[2] / "policies"
POLICY = parse_policy(read_documents(FOLDER))
EXAMPLES = [
    pytest.param(example, id=f"{path.stem}: {example['name']}")
    for path in sorted((FOLDER / "examples").glob("*.toml"))
    for example in tomllib.loads(path.read_text(encoding="utf-8"))["example"]
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_policy_does_what_the_example_says(example):
    assert mismatches(POLICY, example) == ()


def test_an_example_that_does_not_hold_says_what_came_out_instead():
    example = {
        "given": {
            "on": EXAMPLES[0].values[0]["given"]["on"],
            "category": "commercial",
            "likelihood": 4,
            "impact": {"service": 4},
        },
        "expect": {"score": 12, "goes_to": "Nobody", "colour": "red"},
    }
    assert mismatches(POLICY, example) == (
        "score: expected 12, found 16.",
        'goes_to: expected "Nobody", found "Director".',
        'colour: expected "red", found "nothing of that name".',
    )
