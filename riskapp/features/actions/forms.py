"""What a person may type about an action."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from riskapp.domain.actions import Deed
from riskapp.features.actions.service import LARGEST_COST
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Choice, Needed, Whole, line, passage

LONG = 2000


class UpdateForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """How far it is, and what has happened."""

    version = Carried()
    progress = Whole(
        "Progress, per cent",
        wrong="Give the progress, 0 to 100",
        validators=[
            InputRequired("Give the progress, 0 to 100"),
            NumberRange(0, 100, "Progress is between 0 and 100"),
        ],
    )
    note = passage("What has happened?", at_most=LONG)
    deed = SelectField("State", [Optional()], choices={"": "Leave as it is"}, validate_choice=False)

    @property
    def chosen(self) -> Deed | None:
        """The deed that was chosen beside the progress, if any."""
        return Deed(self.deed.data) if self.deed.data in {Deed.AGREE.value, Deed.START.value} else None


class NoteForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """One line on what was done, or is still to do."""

    version = Carried()
    note = passage("What was done?", at_most=LONG)


class MoveForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Another date, and why."""

    version = Carried()
    due_on = DateBoxes("The new due date", [Needed("Give the new due date")], thing="the due date")
    reason = passage("Why does it move?", at_most=LONG)


class CancelForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why an action is given up."""

    version = Carried()
    reason = passage("Why is it cancelled?", at_most=LONG)


class NewActionForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """What will be done about a risk, by whom and by when."""

    submission_key = HiddenField(validators=[Length(max=40, message="Load the page again")])
    source = line("Which risk does it treat?", needed="Give the reference of the risk, such as R-7K4QX")
    title = line("What will be done?", needed="Say what will be done", at_most=200)
    owner = Choice("Who does it?", wrong="Choose the post that does it")
    accountable = Choice("Who answers for it?", wrong="Choose the post that answers for it")
    start_on = DateBoxes("When does it start?", [Needed("Give the day on which it starts")], thing="the start")
    due_on = DateBoxes("By when is it done?", [Needed("Give the date by which it is done")], thing="the due date")
    priority = RadioField(
        "How urgent is it?",
        [InputRequired("Choose high, medium or low")],
        choices={"high": "High", "medium": "Medium", "low": "Low"},
        default="medium",
    )
    cost = Whole(
        "What will it cost, in whole pounds?",
        wrong="Give the cost in whole pounds, like 12000",
        validators=[
            Optional(),
            NumberRange(0, LARGEST_COST, "Give the cost in pounds, from nought to £999 billion"),
        ],
    )

    def offer(self, posts: tuple[tuple[int, str], ...]) -> None:
        """Fill both choices of post."""
        for field in (self.owner, self.accountable):
            field.choices = {"": "Choose a post"} | {str(post_id): title for post_id, title in posts}
