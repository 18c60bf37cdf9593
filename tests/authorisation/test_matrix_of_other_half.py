"""Every door tried by the other half of the personas, on everything that it names."""

from tests.authorisation.matrix import FLOOR, GATE, HALVES, try_everything


def test_they_pass_exactly_the_doors_that_are_theirs_and_no_answer_tells_too_much(matrix, tell):
    report = try_everything(matrix, HALVES[1], every=GATE)
    tell(f"Authorisation matrix, the other half: {report.words}")
    assert report.cells > FLOOR
