"""What a person types to ask for a link, and to choose a password."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from riskapp.domain.signing_in import LONGEST_PASSWORD

NEEDED = [
    InputRequired("Enter a password"),
    Length(max=LONGEST_PASSWORD, message=f"Use at most {LONGEST_PASSWORD} characters"),
]


class AskForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """The address of an account."""

    email = EmailField(
        "E-mail address",
        [InputRequired("Enter your e-mail address"), Length(max=200, message="Use at most 200 characters")],
    )


class ChooseForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """A new password."""

    password = PasswordField("New password", NEEDED)


class ChangeForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """The old password and the new."""

    old = PasswordField(
        "Your password until now",
        [
            InputRequired("Enter the password you have now"),
            Length(max=LONGEST_PASSWORD, message="That is not it: it is too long"),
        ],
    )
    password = PasswordField("New password", NEEDED)
