"""The password asked for again before a sensitive deed, on the deed's own form, so that nothing typed is lost."""

from collections.abc import Callable

from flask import Flask, current_app
from flask_wtf import FlaskForm
from wtforms import PasswordField

from riskapp.domain.refusal import Cannot
from riskapp.domain.signing_in import LONGEST_PASSWORD
from riskapp.web import guards
from riskapp.web.errors import show_refusals

ASKED = "Enter your password. It is asked again before a change like this"


class AskedAgain(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """A form of a sensitive deed, with the password where it was not given just before."""

    password = PasswordField("Your password", description="It is asked again, since you gave it a while ago.")

    @property
    def asks_password(self) -> bool:
        """Whether the password is to be filled in."""
        return not guards.is_proved()

    def is_proved(self) -> bool:
        """Say whether the deed may be done, and if not, why beside the field; asked last, once all else is valid."""
        if guards.is_proved():
            return True
        password = self.password.data or ""
        if not password or len(password) > LONGEST_PASSWORD:
            self.password.errors = [*self.password.errors, ASKED]
            return False
        try:
            current_app.extensions["prove"](password)
        except Cannot as refusal:
            show_refusals(self, refusal)
            return False
        return True


def install(app: Flask, prove: Callable[[str], None]) -> None:
    """Let forms ask again: `prove(password)` raises a refusal where it is not the password of who is signed in."""
    app.extensions["prove"] = prove
