"""A proof that could not fail proves nothing: the matrix catches each of these mistakes."""

import pytest

from tests.authorisation.seeded_bugs import BUGS

FLOOR = 30


def found(matrix, bug) -> list[str]:
    asked = {"endpoints": {bug.endpoint}, "personas": [bug.persona]}
    if bug.how == "lists":
        return matrix.try_lists(**asked).found
    if bug.how == "searches":
        return matrix.try_searches(**asked, every=9).found
    return matrix.try_doors(**asked, keep=lambda thing: not bug.pose or thing.pose == bug.pose).found


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.words)
def test_the_matrix_catches(matrix, bug, uncached, record_caught):
    assert found(matrix, bug) == []
    with uncached.context() as patch:
        bug.plant(patch, matrix.app)
        matrix.forget()
        caught = found(matrix, bug)
    assert caught
    assert not [cell for cell in caught if ": 500" in cell], "a fault is not a catch"
    record_caught(bug.words)


def test_enough_mistakes_are_planted(caught, tell):
    """Runs after the others of this file; alone it has nothing to count."""
    tell(f"Seeded authorisation bugs: {len(caught)} of {len(BUGS)} caught")
    assert len({bug.words for bug in BUGS}) >= FLOOR
    assert not caught or caught == {bug.words for bug in BUGS}
