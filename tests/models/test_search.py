"""The index of words says what the risks say, whatever changed them: the database keeps it, not a service."""

import pytest
from sqlalchemy import delete, select, text, update

from riskapp.models.database import db, transaction
from riskapp.models.entity import Entity
from riskapp.models.risks import Risk, RiskCause, RiskConsequence
from riskapp.models.search import in_index
from tests.builders import ACouncil, a_risk

TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'risk_index_%'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'risk_index_%'",
}
PARTS = ("reference", "title", "statement")


@pytest.fixture
def council(app):
    return ACouncil()


@pytest.fixture
def risk(council):
    with transaction():
        return a_risk(council, title="The roof of the well-known £13.65m school leaks")


def found(*words, parts=PARTS, is_any=False):
    return set(db.session.scalars(select(Risk.id).where(in_index(Risk.id, words, parts, is_any=is_any))))


@pytest.mark.parametrize("word", ["roof", "roo", "known", "13", "65m", "contractor", "tender", "urgent"])
def test_a_new_risk_is_found_by_the_beginning_of_each_of_its_words(risk, word):
    assert found(word) == {risk.id}


def test_a_word_is_found_in_its_own_part_alone(risk):
    assert found("roof", parts=("title",)) == {risk.id} == found("tender", parts=("statement",))
    assert not found("roof", parts=("statement", "reference"))
    reference = db.session.get_one(Entity, risk.id).reference.lower().partition("-")[2]
    assert found(reference, parts=("reference",)) == {risk.id}
    assert not found("oof")


def test_all_the_words_or_any_are_asked_for(council, risk):
    with transaction():
        other = a_risk(council, title="The cellar floods")
    assert found("roof", "school") == {risk.id}
    assert found("roof", "floods") == set()
    assert found("roof", "floods", is_any=True) == {risk.id, other.id}


@pytest.mark.parametrize(
    ("change", "gone", "come"),
    [
        (lambda risk: update(Entity).where(Entity.id == risk.id).values(name="A chimney"), "roof", "chimney"),
        (lambda risk: update(Risk).where(Risk.id == risk.id).values(event="A volcano erupts"), "contractor", "volcano"),
        (lambda risk: update(RiskCause).where(RiskCause.risk_id == risk.id).values(text="Lava"), "tender", "lava"),
        (lambda risk: delete(RiskConsequence).where(RiskConsequence.risk_id == risk.id), "urgent", "tender"),
        (lambda risk: delete(RiskCause).where(RiskCause.risk_id == risk.id), "tender", "urgent"),
    ],
)
def test_it_follows_every_change_of_words_behind_the_back_of_the_services(risk, change, gone, come):
    assert found(gone) == {risk.id}
    with transaction():
        db.session.execute(change(risk).execution_options(synchronize_session=False))
    assert found(gone) == set()
    assert found(come) == {risk.id}


def test_words_that_are_added_are_found_and_those_of_a_risk_that_goes_are_not(risk):
    with transaction():
        db.session.add(RiskCause(risk_id=risk.id, position=2, text="An aardvark digs"))
    assert found("aardvark") == {risk.id}
    with transaction():
        db.session.execute(text("DELETE FROM batch_line"))
        for table in ("review", "risk_standing", "risk_version"):
            db.session.execute(text(f"DELETE FROM {table} WHERE risk_id = :id"), {"id": risk.id})  # noqa: S608 - our own names
        db.session.execute(text("DELETE FROM assessment WHERE risk_id = :id"), {"id": risk.id})
        db.session.execute(delete(Risk).where(Risk.id == risk.id).execution_options(synchronize_session=False))
    count = "SELECT count(*) FROM risk_index"
    assert db.session.scalar(text(count)) == 0


def test_no_migration_has_dropped_what_keeps_it(app):
    """SQLite drops the triggers of a table that a migration makes anew: it must make them again (see 0013)."""
    names = set(db.session.scalars(text(TRIGGERS[db.engine.dialect.name])))
    assert {name.removeprefix("risk_index_").partition("_")[0] for name in names} == {
        "risk", "entity", "cause", "consequence",
    }  # fmt: skip
    assert len(names) == (10 if db.engine.dialect.name == "sqlite" else 4)


def test_both_databases_part_words_at_the_same_signs(council):
    signs = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~£€–—‘’“”…•«»"
    with transaction():
        risk = a_risk(council, title="".join(f"first{sign}second " for sign in signs))
    assert found("second", parts=("title",)) == {risk.id}
    with transaction():
        db.session.execute(update(Entity).where(Entity.id == risk.id).values(name="one’two 100% a_budget 7K4 £1,000"))
    for word in ("two", "100", "budget", "7k", "000"):
        assert found(word, parts=("title",)) == {risk.id}, word
