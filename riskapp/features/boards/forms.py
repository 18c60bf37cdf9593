"""What an administrator types about a board."""

from riskapp.features.boards.queries import LED_BY, ROLES
from riskapp.features.organisation.forms import DeedForm
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Choice, Needed, line, passage


class BoardForm(DeedForm):
    """A board: its name, who leads it, what it is for."""

    name = line("Name", needed="Enter the name of the board")
    led_by = Choice("Led by", wrong="Choose who leads it", choices={"": "Choose one"} | LED_BY)
    purpose = passage("What it is for", needed="Say in a sentence what it is for", at_most=500)


class SeatForm(DeedForm):
    """A seat for a post."""

    post = Choice("Post", wrong="Choose the post that sits on it")
    role = Choice("As", wrong="Choose chair, vice-chair or member", choices=ROLES)
    from_on = DateBoxes("From", [Needed("Enter the day the seat begins")], thing="the beginning")


class EndSeatForm(DeedForm):
    """The end of a seat."""

    on = DateBoxes("Until", [Needed("Enter the day the seat ends")], thing="the end")
