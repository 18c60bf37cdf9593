"""What a person may say to an escalation; the rules about it live in the service."""

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length

from riskapp.domain.escalation_states import Decision

MOST = Length(max=2000, message="Use at most 2,000 characters")


class AcknowledgeForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """The deed alone."""


class ReturnForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Advice to the owner."""

    advice = TextAreaField("Your advice to the owner", [InputRequired("Write what the owner must change"), MOST])


class PassOnForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why it goes up."""

    why = TextAreaField("Why it is beyond you", [InputRequired("Say why it is beyond you"), MOST])


class DecideForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """A decision and its words."""

    decision = RadioField(
        "What do you decide?",
        choices=[SelectChoice(each.value, each.label) for each in Decision],
        validators=[InputRequired("Choose what you decide")],
    )
    note = TextAreaField(
        "Your decision in words",
        [InputRequired("Say what you decide, in words that the owner can act on"), MOST],
    )


class WithdrawForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Why it comes off the route."""

    why = TextAreaField("Why it is withdrawn", [InputRequired("Say why it is withdrawn"), MOST])
