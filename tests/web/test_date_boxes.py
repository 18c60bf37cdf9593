from datetime import date

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.validators import InputRequired

from riskapp.web.date_boxes import DateBoxes


class Asked(Form):
    by = DateBoxes("By when", thing="the target")


class Demanded(Form):
    by = DateBoxes("By when", [InputRequired("Enter a date for the target")])


def typed(day: str, month: str, year: str) -> MultiDict[str, str]:
    return MultiDict({"by-day": day, "by-month": month, "by-year": year})


def test_three_boxes_make_a_date() -> None:
    form = Asked(typed(" 31", "3", "2027"))
    assert form.validate()
    assert form.by.data == date(2027, 3, 31)


@pytest.mark.parametrize(
    "wrong",
    [
        ("31", "2", "2027"),
        ("1", "13", "2027"),
        ("1", "", "2027"),
        ("x", "3", "2027"),
        ("1", "3", "27"),
        ("²", "3", "2027"),
    ],
)
def test_what_is_no_real_date_is_refused_and_kept_as_typed(wrong: tuple[str, str, str]) -> None:
    form = Asked(typed(*wrong))
    assert not form.validate()
    assert form.by.errors == ["Enter a real date for the target, like 31 3 2027"]
    assert form.by.boxes == wrong


def test_three_empty_boxes_are_no_date() -> None:
    form = Asked(typed("", "", ""))
    assert form.validate()
    assert form.by.data is None


def test_a_date_that_must_be_given_is_asked_for() -> None:
    form = Demanded(typed("", "", ""))
    assert not form.validate()
    assert form.by.errors == ["Enter a date for the target"]
    assert Demanded(typed("1", "3", "2027")).validate()


def test_a_form_that_edits_shows_the_date_it_has() -> None:
    form = Asked(by=date(2027, 3, 31))
    assert form.by.data == date(2027, 3, 31)
    assert form.by.boxes is None
