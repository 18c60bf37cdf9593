"""What a person types to sign in."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from riskapp.domain.signing_in import LONGEST_PASSWORD
from riskapp.web.forms import line


class SignInForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Address and password."""

    email = EmailField(
        "E-mail address",
        [InputRequired("Enter your e-mail address"), Length(max=200, message="Use at most 200 characters")],
    )
    password = PasswordField(
        "Password",
        [
            InputRequired("Enter your password"),
            Length(max=LONGEST_PASSWORD, message=f"Use at most {LONGEST_PASSWORD} characters"),
        ],
    )


class CodeForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """The code of a second factor."""

    code = line("Code", needed="Enter the code that your app shows now", at_most=40)
