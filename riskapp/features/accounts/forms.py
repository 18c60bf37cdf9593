"""What a person types to sign in."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length


class SignInForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Address and password."""

    email = EmailField(
        "E-mail address",
        [InputRequired("Enter your e-mail address"), Length(max=200, message="Use at most 200 characters")],
    )
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password"), Length(max=200, message="Use at most 200 characters")],
    )
