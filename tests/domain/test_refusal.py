import pytest

from riskapp.domain.refusal import Cannot, Refusal


def test_a_refusal_carries_every_reason_and_reads_as_a_sentence():
    no = Cannot(Refusal("due_on", "The date has passed."), Refusal(None, "Ask your manager."))
    assert [refusal.field for refusal in no.refusals] == ["due_on", None]
    assert str(no) == "The date has passed. Ask your manager."


def test_a_refusal_without_a_reason_is_a_fault_of_the_program():
    with pytest.raises(ValueError, match="must say why"):
        Cannot()
