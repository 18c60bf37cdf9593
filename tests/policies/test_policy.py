import copy
import json
from datetime import date
from pathlib import Path

import pytest

from riskapp.domain.policy import PolicyRefused, canonical, fingerprint, parse_policy, read_documents

FOLDER = Path(__file__).parents[2] / "policies"


@pytest.fixture
def documents():
    return read_documents(FOLDER)


def faults_of(documents):
    with pytest.raises(PolicyRefused) as refused:
        parse_policy(documents)
    return [refusal.message for refusal in refused.value.refusals]


def test_the_policy_in_the_folder_is_accepted(documents):
    policy = parse_policy(documents)
    assert (policy.number, policy.effective_from, policy.approved_by) == (4, date(2026, 4, 1), "Cabinet")


def test_every_clause_can_be_quoted_and_they_stand_in_order(documents):
    policy = parse_policy(documents)
    assert policy.clause("3.2").text.startswith("Likelihood is the chance")
    refs = [tuple(map(int, ref.split("."))) for ref in policy.clauses]
    assert refs == sorted(refs)


def test_a_fault_names_the_file_the_key_and_what_was_expected(documents):
    documents["scoring"]["likelihood"]["level"][1]["word"] = 5
    assert faults_of(documents) == [
        "scoring.toml, likelihood, level 2, word: expected words in quotation marks, found 5."
    ]


def test_all_faults_are_told_at_once(documents):
    del documents["scoring"]["clause"]
    documents["scoring"]["impact"]["combine"] = "average"
    documents["policy"]["number"] = 0
    documents["policy"]["effective_from"] = "next spring"
    assert sorted(faults_of(documents)) == [
        'policy.toml, effective_from: expected a date such as 2026-04-01, found "next spring".',
        "policy.toml, number: expected a whole number from 1 to 1000, found 0.",
        "scoring.toml, clause: is missing. Expected words in quotation marks.",
        'scoring.toml, impact, combine: expected one of highest, found "average".',
    ]


def test_a_misspelt_key_is_refused_and_does_not_pass_for_a_rule(documents):
    documents["scoring"]["likelihood"]["txet"] = "Wrong"
    assert faults_of(documents)[0].startswith("scoring.toml, likelihood, txet: is not known here.")


def test_a_true_is_not_a_number(documents):
    documents["policy"]["number"] = True
    assert faults_of(documents) == ["policy.toml, number: expected a whole number, found True."]


def test_empty_words_are_refused(documents):
    documents["policy"]["title"] = " "
    assert "found nothing between the quotation marks" in faults_of(documents)[0]


def test_a_missing_and_an_unknown_document_are_both_named(documents):
    documents["horoscope"] = documents.pop("scoring")
    assert faults_of(documents) == [
        "horoscope.toml: is not a chapter of the policy.",
        "scoring.toml: is missing.",
    ]


def test_one_clause_number_cannot_stand_for_two_texts(documents):
    documents["scoring"]["likelihood"]["clause"] = "3.1"
    assert "clause 3.1 already stands elsewhere with other words" in " ".join(faults_of(documents))


def test_a_file_that_is_not_toml_is_refused_by_name(tmp_path):
    (tmp_path / "scoring.toml").write_text("this is = = not")
    with pytest.raises(PolicyRefused, match=r"scoring\.toml: is not TOML"):
        read_documents(tmp_path)


def test_examples_in_a_sub_folder_are_not_chapters(documents):
    assert "examples" not in documents


def test_the_canonical_text_gives_the_same_policy_again(documents):
    again = json.loads(canonical(documents))
    assert parse_policy(again) == parse_policy(documents)
    assert fingerprint(again) == fingerprint(documents)


def test_the_fingerprint_ignores_the_order_of_keys_and_sees_every_value(documents):
    shuffled = {name: dict(reversed(list(content.items()))) for name, content in reversed(documents.items())}
    assert fingerprint(shuffled) == fingerprint(documents)
    changed = copy.deepcopy(documents)
    changed["scoring"]["matrix"]["row"][0]["scores"][4] = 26
    assert fingerprint(changed) != fingerprint(documents)
