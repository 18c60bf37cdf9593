"""Looking back: the day that an address asks for, the page that asks for another, and that nothing is done there."""

from collections.abc import Iterator
from datetime import date

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import Form, StringField

from riskapp.domain.past import FIELD, CannotLookBack, past_day
from riskapp.domain.refusal import Cannot, Refusal
from riskapp.web.clock import today

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class CannotActInThePast(Cannot):
    """A page of a past day is for reading."""


class DayForm(Form):
    """Which day to look back to."""

    as_at = StringField("Show it as it stood at the end of")


def day_asked() -> date | None:
    """Give the past day that the address asks for; None for today. Any other is CannotLookBack."""
    return past_day(request.args.get(FIELD, ""), today())


def asked_beside() -> Iterator[tuple[str, str]]:
    """What else the address asks for, to be carried along when another day is chosen."""
    return ((name, value) for name, value in request.args.items() if name not in {FIELD, "page"})


def _another_day(error: CannotLookBack) -> ResponseReturnValue:
    form = DayForm(data={FIELD: request.args.get(FIELD, "")})
    form.as_at.errors = [reason.message for reason in error.refusals]
    return render_template("past/day.html", form=form, beside=tuple(asked_beside()), today_url=request.path), 422


def _nothing_is_done_in_the_past() -> None:
    if request.method not in HARMLESS and request.args.get(FIELD, "").strip():
        words = "This page shows a day that has gone by, and nothing can be changed there. Go to the page of today"
        raise CannotActInThePast(Refusal(None, words))


def install(app: Flask) -> None:
    """Refuse what would be done in the past, and ask for another day where there is none to show."""
    app.before_request(_nothing_is_done_in_the_past)
    app.register_error_handler(CannotLookBack, _another_day)
