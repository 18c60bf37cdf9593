"""What is said to put something on the watch list, to look at it, and to drop it."""

from flask_wtf import FlaskForm

from riskapp.features.emerging.service import NewEmerging
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Choice, line, passage

EMPTY = "It may stay empty: then it is the latest day that the policy lets it be."


class WatchForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """What may become a risk; no score is asked for."""

    key = Carried()
    title = line("Title", needed="Give it a title of a few words", hint="A few words that a resident would understand.")
    why = passage("Why does it matter?", needed="Say why it matters", hint="What it might lead to, as far as is known.")
    unit = Choice("Which team or unit may it hit?", wrong="Choose the team or unit it may hit")
    watcher = Choice("Who watches it?", wrong="Choose the post that watches it")
    look_on = DateBoxes("When is it looked at first?", thing="the first look", description=EMPTY)

    def new(self) -> NewEmerging:
        """Give what was said as the service takes it; call it on a form that validates."""
        return NewEmerging(
            key=str(self.key.data),
            title=self.title.data or "",
            why=self.why.data or "",
            unit_id=int(self.unit.data),
            watcher_post_id=int(self.watcher.data),
            look_on=self.look_on.data,
        )


class LookForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """What was seen, and when the next look is."""

    seen = Carried()
    note = passage("What did you see?", needed="Say in one line what you saw")
    look_on = DateBoxes("When is it looked at next?", thing="the next look", description=EMPTY)


class DropForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why it is no longer watched."""

    seen = Carried()
    why = passage("Why is it dropped?", needed="Say why it is dropped. The reason stays on the record")
