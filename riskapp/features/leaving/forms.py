"""What is said of somebody who moves or leaves: from when, and what becomes of each post."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its type stubs
from wtforms.validators import InputRequired

from riskapp.features.staffing import forms as staffing
from riskapp.web.again import AskedAgain
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Needed, line


@dataclass(frozen=True, slots=True)
class Asked:
    """A post or an appointment that is asked about: its key, its words, and what may become of it."""

    key: str
    heading: str
    title: str
    choices: dict[str, str]
    usual: str


class LeaveForm(AskedAgain):
    """From when somebody is gone."""

    seen = Carried()
    gone_on = DateBoxes("Gone from", [Needed("Enter the first day on which they are gone")], thing="the day they go")


class MoveForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """From when somebody moves, and to which post."""

    seen = Carried()
    from_on = DateBoxes("From", [Needed("Enter the day of the move")], thing="the move")
    post = staffing.post("New unit and post", is_needed=False)
    capacity = staffing.capacity()


def with_questions(form: type[FlaskForm], asked: Sequence[Asked]) -> type[FlaskForm]:
    """The same form with two boxes for each post: what becomes of it, and who takes it on."""
    questions: dict[str, object] = {}
    for each in asked:
        questions[f"what-{each.key}"] = RadioField(
            f"What becomes of {each.title}?",
            [InputRequired(f"Say what becomes of {each.title}")],
            choices=[SelectChoice(what, words) for what, words in each.choices.items()],
            default=each.usual,
        )
        questions[f"who-{each.key}"] = line("Who takes it on", at_most=200)
    return type("Asking", (form,), questions)


class ReinstateForm(AskedAgain):
    """Over which version of the person a departure is taken back."""

    seen = Carried()
