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
