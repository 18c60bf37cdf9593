"""What a person types about a second factor."""

from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from riskapp.domain.signing_in import LONGEST_PASSWORD
from riskapp.web.again import ASKED, AskedAgain
from riskapp.web.forms import line, passage


class EnrolForm(AskedAgain):
    """The first code of a new key."""

    code = line("Code that the app shows", needed="Enter the six figures that your app shows now", at_most=20)


class AgainForm(AskedAgain):
    """A deed that asks for the password alone."""


class RemoveForm(AskedAgain):
    """The password, which is asked for here however lately it was given."""

    password = PasswordField(
        "Your password", [InputRequired(ASKED), Length(max=LONGEST_PASSWORD, message="That is not it: it is too long")]
    )
    asks_password = True


class ResetForm(AskedAgain):
    """Why another's second factor is reset."""

    reason = passage("Reason", needed="Say why, and how you know that it is them who asked", at_most=500)
