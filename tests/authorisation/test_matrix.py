"""What the tables of the oracle must hold, and the drill that tries all of them.

The gate tries them in two halves, which are two files so that two workers may take one each.
"""

import pytest
from sqlalchemy import select

from riskapp.models.database import db
from riskapp.models.reminders import Message
from riskapp.web.guards import STANDS_OPEN
from tests.authorisation.matrix import FLOOR, try_everything
from tests.authorisation.oracle_tables import DEEDS, DOORS, PERSONAS, WORDS, rows
from tests.authorisation.world import WORD

METHODS = ("GET", "HEAD")


@pytest.mark.drill
def test_the_whole_matrix(matrix, tell):
    report = try_everything(matrix, PERSONAS, every=1)
    tell(f"Authorisation matrix, whole: {report.words}")
    assert report.cells > 4 * FLOOR


def test_no_mail_holds_a_word_of_what_is_exempt(matrix):
    with matrix.app.app_context():
        kept = db.session.scalars(select(Message)).all()
    assert kept
    found = {match.groups()[0] for row in kept for match in WORD.finditer(row.subject + row.text + row.html)}
    things = {matrix.world.of_number[int(number), "risk"] for number in found}
    assert things, "a mail that names nothing proves nothing"
    assert {thing.clearance for thing in things} == {"ordinary"}


def test_asking_for_the_head_of_a_page_tells_what_asking_for_the_page_would(matrix):
    """By one who may pass most doors and one who may pass few, at every door on the first thing and the last."""
    wrong, tried = [], 0
    for persona in (PERSONAS["head_of_assurance"], PERSONAS["ordinary_staff"]):
        for door in (each for each in DOORS if each.method == "GET"):
            for thing in {matrix.world.things[door.names][0], matrix.world.things[door.names][-1]}:
                whole, head = (matrix.through(persona, door, matrix.world.names[thing], method) for method in METHODS)
                tried += 1
                if (head.status_code, head.data) != (whole.status_code, b""):
                    wrong.append(f"{persona.key} {door.endpoint} of {thing}: {head.status_code}")
    assert not wrong
    assert tried > 200


def test_a_form_without_its_token_changes_nothing_at_any_door(matrix, monkeypatch):
    monkeypatch.setitem(matrix.app.config, name="WTF_CSRF_ENABLED", value=True)
    answers = {
        door.endpoint: matrix.through(
            PERSONAS["head_of_assurance"], door, matrix.world.names[matrix.world.things[door.names][0]], "POST"
        ).status_code
        for door in DOORS
        if door.method == "POST"
    }
    assert set(answers.values()) == {400}, answers
    assert len(answers) > 50


def test_every_route_has_a_row_and_every_row_has_a_route(matrix):
    has = {
        (rule.endpoint, method)
        for rule in matrix.app.url_map.iter_rules()
        if rule.endpoint not in STANDS_OPEN
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = {(door.endpoint, door.method) for door in DOORS}
    missing = "\n".join(f"add a row to oracle/routes.csv: {endpoint},{method},..." for endpoint, method in has - told)
    gone = "\n".join(f"take from oracle/routes.csv: {endpoint},{method}" for endpoint, method in told - has)
    assert not missing + gone, f"\n{missing}\n{gone}"


def test_every_route_that_names_a_thing_says_which(matrix):
    named = {rule.endpoint for rule in matrix.app.url_map.iter_rules() if rule.arguments} - STANDS_OPEN
    assert {door.endpoint for door in DOORS if door.names == "nothing"} & named == set()


def test_the_tables_of_the_oracle_name_only_what_they_hold():
    deeds = {deed for deed, _clearance in DEEDS}
    used = {deed for door in DOORS for deed in door.deeds} | {row["deed"] for row in rows("lists.csv")}
    used |= {deed.strip() for row in WORDS.values() for key in ("ordinary", "exempt") for deed in row[key].split(";")}
    assert used == deeds
    columns = set(next(iter(DEEDS.values())))
    assert {persona.column for persona in PERSONAS.values()} <= columns
    assert {row["endpoint"] for name in ("lists.csv", "searches.csv") for row in rows(name)} <= {
        door.endpoint for door in DOORS
    }
