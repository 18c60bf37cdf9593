from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskapp.domain import scoring
from riskapp.domain.policy import PolicyRefused, parse_policy, read_documents
from riskapp.domain.scoring import CannotScore, Scheme, score
from riskapp.domain.toml_reader import Notes, Table

DOCUMENTS = read_documents(Path(__file__).parents[2] / "policies")
SCHEME = parse_policy(DOCUMENTS).scoring
LEVELS = st.integers(1, 5)


def a_scheme(likelihoods: int, impacts: list[int], rows: Mapping[int, list[tuple[int, str]]]) -> Scheme:
    """Another council's shape: its own scales, scores and bands."""

    def levels(values: list[int]) -> list[dict[str, object]]:
        return [{"value": value, "word": f"Step {value}", "meaning": "as they say"} for value in values]

    notes = Notes()
    table = Table(
        {
            "clause": "1.1",
            "text": "Scored.",
            "rating": [{"key": key, "label": key.title()} for key in ("low", "medium", "high")],
            "likelihood": {
                "clause": "1.2",
                "text": "How likely.",
                "level": levels(list(range(1, likelihoods + 1))),
            },
            "impact": {
                "clause": "1.3",
                "text": "How bad.",
                "combine": "highest",
                "dimension": [
                    {"key": "service", "label": "Service", "level": levels(impacts)},
                    {"key": "money", "label": "Money", "level": levels(impacts)},
                ],
            },
            "matrix": {
                "clause": "1.4",
                "text": "The cell decides.",
                "impacts": impacts,
                "row": [
                    {
                        "likelihood": likelihood,
                        "scores": [value for value, _ in cells],
                        "ratings": [key for _, key in cells],
                    }
                    for likelihood, cells in rows.items()
                ],
            },
        },
        "scoring.toml",
        notes,
    )
    scheme = scoring.parse(table)
    table.done()
    if notes.faults:
        raise PolicyRefused(*notes.faults)
    return scheme


@pytest.mark.parametrize(
    ("likelihood", "impact", "expected", "rating"),
    [
        (1, 4, 4, "Low"),
        (1, 5, 5, "Medium"),
        (5, 1, 5, "Low"),
        (2, 2, 4, "Low"),
        (3, 2, 6, "Medium"),
        (2, 4, 8, "Medium"),
        (4, 2, 8, "Medium"),
        (3, 3, 9, "Medium"),
        (5, 2, 10, "Medium"),
        (2, 5, 10, "High"),
        (3, 4, 12, "High"),
        (5, 3, 15, "High"),
        (4, 4, 16, "High"),
        (5, 4, 20, "Very high"),
        (5, 5, 25, "Very high"),
    ],
)
def test_the_band_comes_from_the_cell_and_not_from_the_number(likelihood, impact, expected, rating):
    scored = score(SCHEME, likelihood, {"service": impact})
    assert (scored.score, scored.rating.label) == (expected, rating)


def test_the_kind_of_impact_that_hurts_most_decides():
    scored = score(SCHEME, 3, {"financial": 2, "service": 4, "legal": 1})
    assert (scored.likelihood, scored.impact, scored.score) == (3, 4, 12)


def test_a_rating_knows_its_place_among_the_ratings():
    rating = score(SCHEME, 4, {"service": 4}).rating
    assert (rating.key, rating.rank, rating.of) == ("high", 3, 4)


def test_the_lookup_answers_for_every_pair_of_levels():
    for chance, impact in product(SCHEME.likelihood, SCHEME.impacts):
        assert score(SCHEME, chance.value, {"service": impact}).score <= SCHEME.top_score == 25


@given(LEVELS, LEVELS, LEVELS, LEVELS)
def test_a_worse_risk_never_scores_less_nor_rates_milder(likelihood, impact, other, another):
    mild = score(SCHEME, min(likelihood, other), {"people": min(impact, another)})
    bad = score(SCHEME, max(likelihood, other), {"people": max(impact, another)})
    assert (mild.score, mild.rating.rank) <= (bad.score, bad.rating.rank)
    assert mild.rating.rank <= bad.rating.rank


def test_a_likelihood_off_the_scale_is_refused_with_the_choices():
    with pytest.raises(CannotScore) as refused:
        score(SCHEME, 6, {"service": 3})
    assert [(r.field, r.message) for r in refused.value.refusals] == [
        ("likelihood", "Choose a likelihood of 1, 2, 3, 4 or 5.")
    ]


def test_every_fault_of_a_score_is_told_at_once():
    with pytest.raises(CannotScore) as refused:
        score(SCHEME, 0, {"service": 9, "magic": 2})
    assert [r.field for r in refused.value.refusals] == ["likelihood", "service", "magic"]
    assert refused.value.refusals[1].message == "Choose an impact of 1, 2, 3, 4 or 5 for Service."
    assert refused.value.refusals[2].message.startswith("There is no such kind of impact.")


def test_a_score_without_any_impact_is_refused():
    with pytest.raises(CannotScore) as refused:
        score(SCHEME, 3, {})
    assert refused.value.refusals[0].message == "Choose an impact of at least one kind."


def test_a_cell_off_the_matrix_is_refused():
    with pytest.raises(CannotScore, match="Likelihood 7 with impact 1 is not on the council's matrix"):
        SCHEME.cell(7, 1)


def test_a_four_by_four_scheme_is_only_other_data():
    def band(value: int) -> str:
        return "high" if value >= 12 else "medium" if value >= 6 else "low"

    rows = {chance: [(chance * harm, band(chance * harm)) for harm in range(1, 5)] for chance in range(1, 5)}
    scheme = a_scheme(4, [1, 2, 3, 4], rows)
    assert score(scheme, 3, {"service": 4}).rating.label == "High"
    assert score(scheme, 4, {"service": 2}).rating.label == "Medium"
    assert scheme.top_score == 16
    with pytest.raises(CannotScore, match="1, 2, 3 or 4 for Service"):
        score(scheme, 1, {"service": 5})


def test_an_impact_weighted_scheme_is_only_other_data():
    weights = [1, 2, 3, 5]
    rows = {chance: [(chance * w, "high" if chance * w >= 12 else "low") for w in weights] for chance in range(1, 5)}
    scheme = a_scheme(4, weights, rows)
    assert score(scheme, 4, {"service": 5, "money": 2}).score == 20
    with pytest.raises(CannotScore, match="1, 2, 3 or 5 for Money"):
        score(scheme, 4, {"money": 4})


def test_a_scheme_that_is_no_product_at_all_is_only_other_data():
    rows = {1: [(1, "low"), (5, "medium")], 2: [(2, "low"), (9, "high")]}
    assert score(a_scheme(2, [1, 2], rows), 2, {"money": 2}).score == 9


def test_a_matrix_that_rewards_a_worse_risk_is_refused():
    with pytest.raises(PolicyRefused, match="impact 2 comes out milder than likelihood 1 with impact 2"):
        a_scheme(2, [1, 2], {1: [(1, "low"), (5, "medium")], 2: [(2, "low"), (4, "high")]})


def test_a_matrix_with_a_row_too_few_is_refused():
    with pytest.raises(PolicyRefused, match="expected one row for each level of likelihood"):
        a_scheme(3, [1, 2], {1: [(1, "low"), (2, "low")], 2: [(2, "low"), (4, "high")]})


def test_a_matrix_with_a_rating_that_nobody_defined_is_refused():
    with pytest.raises(PolicyRefused, match='expected the key of a rating, found "purple"'):
        a_scheme(1, [1, 2], {1: [(1, "low"), (2, "purple")]})


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(PolicyRefused, match="expected 2 scores and 2 ratings"):
        a_scheme(1, [1, 2], {1: [(1, "low")]})
