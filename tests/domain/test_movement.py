import pytest

from riskapp.domain.movement import travel


@pytest.mark.parametrize(
    ("was", "now", "kind", "words"),
    [
        (12, 16, "up", "Up from 12"),
        (16, 12, "down", "Down from 16"),
        (12, 12, "same", "Same"),
        (None, 9, "new", "New"),
        (9, None, "closed", "Closed"),
    ],
)
def test_a_score_travels_in_one_of_five_ways(was, now, kind, words):
    moved = travel(was, now)
    assert (moved.kind, moved.was, moved.words) == (kind, was, words)


def test_a_risk_open_at_neither_moment_does_not_travel():
    with pytest.raises(ValueError, match="neither moment"):
        travel(None, None)
