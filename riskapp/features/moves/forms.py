"""What is said to move a risk."""

from riskapp.features.organisation.forms import DeedForm
from riskapp.web.forms import Choice, passage


class MoveForm(DeedForm):
    """The unit it goes to, and why."""

    unit = Choice("To which team or unit?", wrong="Choose the team or unit it belongs to")
    why = passage(
        "Why does it move?", needed="Say why it moves. The reason stays on the record", hint="It stays on the record."
    )
