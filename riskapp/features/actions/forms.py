"""What a person may type about an action."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from riskapp.domain.actions import Deed
from riskapp.web.fields import DateBoxes

LONG, SHORT = 2000, 200
STEP = 10


def _at_most(number: int) -> Length:
    return Length(max=number, message=f"Use at most {number} characters")


class UpdateForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """How far it is, and what has happened."""

    version = HiddenField()
    progress = IntegerField(
        "Progress, per cent",
        [InputRequired("Give the progress, 0 to 100"), NumberRange(0, 100, "Progress is between 0 and 100")],
    )
    note = TextAreaField("What has happened?", [_at_most(LONG)])
    deed = SelectField("State", [Optional()], choices=[("", "Leave as it is")], validate_choice=False)

    @property
    def chosen(self) -> Deed | None:
        """The deed that was chosen beside the progress, if any."""
        return Deed(self.deed.data) if self.deed.data in {Deed.AGREE.value, Deed.START.value} else None


class NoteForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """One line on what was done, or is still to do."""

    version = HiddenField()
    note = TextAreaField("What was done?", [_at_most(LONG)])


class MoveForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Another date, and why."""

    version = HiddenField()
    due_on = DateBoxes("The new due date", [InputRequired("Give the new due date")])
    reason = TextAreaField("Why does it move?", [_at_most(LONG)])


class CancelForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why an action is given up."""

    version = HiddenField()
    reason = TextAreaField("Why is it cancelled?", [_at_most(LONG)])


class NewActionForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """What will be done about a risk, by whom and by when."""

    submission_key = HiddenField()
    source = StringField("Risk", [InputRequired("Give the reference of the risk, such as R-7K4QX"), _at_most(SHORT)])
    title = StringField("What will be done?", [InputRequired("Say what will be done"), _at_most(SHORT)])
    owner = SelectField("Who does it?", [InputRequired("Choose the post that does it")], coerce=str)
    accountable = SelectField("Who answers for it?", [InputRequired("Choose the post that answers for it")], coerce=str)
    start_on = DateBoxes("The start", [InputRequired("Give the day on which it starts")])
    due_on = DateBoxes("The due date", [InputRequired("Give the date by which it is done")])
    priority = RadioField(
        "Priority",
        [InputRequired("Choose high, medium or low")],
        choices=[("high", "High"), ("medium", "Medium"), ("low", "Low")],
        default="medium",
    )
    cost = IntegerField("Cost in whole pounds", [Optional(), NumberRange(0, None, "Give nought or more")])

    def offer(self, posts: tuple[tuple[int, str], ...]) -> None:
        """Fill both choices of post."""
        for field in (self.owner, self.accountable):
            field.choices = [("", "Choose a post"), *((str(post_id), title) for post_id, title in posts)]


class ChaseForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """The references of the actions that the preview showed, with spaces between."""

    references = HiddenField(validators=[InputRequired("Choose at least one action")])
