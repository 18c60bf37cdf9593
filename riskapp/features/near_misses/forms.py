"""What is asked of who saw a near miss, and of who settles it."""

from flask_wtf import FlaskForm

from riskapp.features.near_misses.service import NewNearMiss
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, Choice, Needed, line, passage


class TellForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Three questions, and one that may stay empty."""

    key = Carried()
    what = passage(
        "What nearly happened?",
        needed="Say what nearly happened",
        hint="A sentence is enough. Write what, and not who: no name is asked for.",
    )
    unit = Choice("Where was it?", wrong="Choose the team or unit where it was")
    happened_on = DateBoxes("When was it?", [Needed("Give the day on which it nearly happened")], thing="the day")
    stopped_by = passage(
        "What stopped it?",
        needed="Say what stopped it. “Luck” is an answer too",
        hint="A check, a colleague, a system, or luck. “A colleague” is enough.",
    )
    risk = line("Is it about a risk you know?", at_most=12, hint="Its reference, such as R-7K4QX. It may stay empty.")

    def new(self) -> NewNearMiss:
        """Give what was told as the service takes it; call it on a form that validates."""
        assert self.happened_on.data is not None  # noqa: S101 - the form needs it
        return NewNearMiss(
            key=str(self.key.data),
            what=self.what.data or "",
            stopped_by=self.stopped_by.data or "",
            unit_id=int(self.unit.data),
            happened_on=self.happened_on.data,
            risk=self.risk.data or "",
        )


class LinkForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """The risk it belongs to."""

    risk = line(
        "To which risk does it belong?",
        needed="Give the reference of the risk, such as R-7K4QX",
        at_most=12,
        hint="Its reference, such as R-7K4QX.",
    )


class LeaveForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why nothing more is done."""

    why = passage("Why is nothing more done?", needed="Say why nothing more is done. The reason stays on the record")
