"""What a chase posts."""

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import InputRequired


class ChaseForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """The references of the actions that the preview showed, with spaces between."""

    references = HiddenField(validators=[InputRequired("Choose at least one action")])
