from datetime import date

import pytest

from riskapp.domain.champions import (
    CannotAppoint,
    CannotTrain,
    may_appoint,
    may_record_training,
    next_training_on,
    training_due_on,
)
from riskapp.domain.policy import parse_policy, read_documents
from riskapp.domain.staffing import PeopleRules, Span
from tests.builders import POLICIES

DAY = date(2026, 12, 1)


def test_the_next_training_is_due_after_the_period_of_the_policy(policy):
    assert policy.people.refresher_months == 12
    assert next_training_on(policy, date(2026, 2, 28)) == date(2027, 2, 28)


def test_the_first_training_is_due_soon_after_the_appointment(policy):
    assert training_due_on(policy, DAY, None) == date(2026, 12, 31)
    assert training_due_on(policy, DAY, date(2027, 5, 1)) == date(2027, 5, 1)


def test_a_policy_adopted_before_this_chapter_holds_and_sets_no_training():
    documents = read_documents(POLICIES)
    del documents["people"]
    older = parse_policy(documents, is_kept=True)
    assert older.people == PeopleRules()
    assert next_training_on(older, DAY) is None
    assert training_due_on(older, DAY, None) is None


def test_a_person_champions_a_unit_once_at_a_time():
    with pytest.raises(CannotAppoint, match="on those days already"):
        may_appoint(Span(DAY), [Span(date(2026, 1, 1))])
    may_appoint(Span(DAY), [Span(date(2026, 1, 1), date(2026, 11, 30))])
    with pytest.raises(CannotAppoint, match="before the first"):
        may_appoint(Span(DAY, date(2026, 11, 30)), [])


def test_a_training_to_come_is_not_recorded():
    with pytest.raises(CannotTrain):
        may_record_training(date(2026, 12, 2), DAY)
    may_record_training(DAY, DAY)
