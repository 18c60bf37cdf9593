"""What is typed to link a council account, and to unlink one."""

from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from riskapp.web.forms import line


class ProveForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """The password, asked for again."""

    password = PasswordField(
        "Your password",
        [InputRequired("Enter your password"), Length(max=200, message="Use at most 200 characters")],
    )


class SendForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Nothing but that it is meant."""


class WhyForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why somebody's account is unlinked, or their link withdrawn."""

    why = line("Why", needed="Say why. It stays on the record", at_most=300)
