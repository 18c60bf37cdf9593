"""What a person types to answer a check of quality."""

from flask_wtf import FlaskForm

from riskapp.web.forms import passage


class ReasonForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why a risk is right as it is."""

    why = passage(
        "Why it is right as it is",
        needed="Say why it is right as it is",
        at_most=500,
        hint="It holds until one of the three scores moves. A challenger reads it first.",
    )
