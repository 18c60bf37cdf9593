"""What is said of champions: who is appointed, and when they were trained."""

from flask_wtf import FlaskForm

from riskapp.features.staffing.forms import address
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Choice, Needed, line


class AppointForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Somebody for a unit, from a day on."""

    unit = Choice("Unit", wrong="Choose a unit of the list")
    email = address("Who", needed="Enter the e-mail address of somebody who is here")
    from_on = DateBoxes("From", [Needed("Enter the first day")], thing="the first day")
    to_on = DateBoxes("Last day", thing="the last day")


class TrainingForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """A training that was held."""

    trained_on = DateBoxes("Trained on", [Needed("Enter the day of the training")], thing="the training")
    note = line("What it was", at_most=200)


class EndForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Nothing but the deed: the appointment is named by the address."""
