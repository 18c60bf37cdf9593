"""No word of what is exempt shows on any past day, to anybody who does not read it today."""

from datetime import timedelta
from itertools import islice

from tests.authorisation.matrix import in_haste
from tests.authorisation.oracle_tables import DOORS, PERSONAS
from tests.authorisation.world import PAST
from tests.builders import DAY

DAYS = tuple(PAST + timedelta(days=number) for number in (-1, 0, 30, 81, 89))
"""Before all of it, the day it was logged and marked, one that nothing happened on, that of a closing, and the last."""
PAGES_ON, EVERY = DAYS[1], 3


def test_no_exempt_word_shows_on_any_past_day_by_any_reader(matrix, tell):
    with in_haste():
        for persona in PERSONAS.values():
            for day in DAYS:
                assert day < DAY
                _look(matrix, persona, f"/registers.csv?status=all&as_at={day}", f"{day}")
            _look(matrix, persona, f"/registers?status=all&size=100&as_at={PAGES_ON}", "list")
            exempt = (each for each in matrix.world.things["risk"] if each.clearance != "ordinary")
            for thing in islice(exempt, 0, None, EVERY):
                _look(matrix, persona, f"/risks/{matrix.world.references[thing]}?as_at={PAGES_ON}", f"{thing}")
    assert not matrix.report.found, "\n".join(matrix.report.found[:20])
    assert matrix.report.cells > 500
    assert matrix.report.recorded > 1_000, "who is cleared reads them, and it is recorded"
    tell(f"Past days: {matrix.report.words}")


def _look(matrix, persona, address, what):
    answer = matrix.knock(persona, address)
    assert answer.status_code < 500, address
    matrix.report.cells += 1
    matrix._look_for_words(persona, "own", answer, f"{persona.key} {what}")


def test_a_past_page_of_what_is_not_there_looks_like_one_that_is_closed(matrix):
    persona, day = PERSONAS["champion"], PAST + timedelta(days=30)
    shapes = {
        str(matrix._shape(matrix.knock(persona, f"/risks/{mark}{rest}")))
        for mark in ("R-ZZZZZ", matrix.world.references[next(_closed_to_the_champion(matrix))])
        for rest in (f"?as_at={day}", f"?as_at={PAST - timedelta(days=9)}")
    }
    assert len(shapes) == 1
    assert next(iter(shapes)).startswith("(404")


def _closed_to_the_champion(matrix):
    return (thing for thing in matrix.world.things["risk"] if thing.pose == "in_another_directorate")


def test_every_door_that_shows_the_past_is_among_the_doors_that_are_tried():
    assert {each.endpoint for each in DOORS if "as_at" in each.query} == {
        "risks.risk", "risks.register", "risks.register_xlsx",
    }  # fmt: skip
