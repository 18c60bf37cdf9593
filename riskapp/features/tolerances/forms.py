"""What an owner says of a risk's treatment, and what whoever is asked says of a tolerance."""

from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import InputRequired

from riskapp.domain.tolerances import Choice, TreatmentRules
from riskapp.web.again import AskedAgain
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, passage


def _last_day() -> DateBoxes:
    return DateBoxes("Last day of the tolerance", thing="the last day", description="For example, 31 3 2027")


class TreatmentForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """How a risk is treated, why, and until when where somebody must accept it."""

    option = RadioField("How is it treated?", [InputRequired("Choose how the risk is treated")], validate_choice=False)
    why = passage("Why", needed="Say why. The reason stays on the record")
    expires_on = _last_day()
    seen = Carried()

    def offer(self, rules: TreatmentRules, kind: str) -> None:
        """Offer the policy's options for a kind of risk."""
        self.option.choices = {option.key: option.label for option in rules.offered(kind)}

    def choice(self) -> Choice:
        """Give what was chosen, as the service takes it."""
        return Choice(self.option.data or "", self.why.data or "", self.expires_on.data)


class DecideForm(AskedAgain):
    """Whether a risk is accepted as it is, why, and until when; the password is asked again."""

    answer = RadioField(
        "Your answer",
        [InputRequired("Say whether you accept it")],
        choices={"accept": "Accept the risk as it is", "refuse": "Refuse: it must be treated"},
        validate_choice=False,
    )
    why = passage("Why", needed="Say why. The reason stays on the record")
    expires_on = _last_day()
    seen = Carried()


class WithdrawForm(AskedAgain):
    """Why what was accepted is taken back."""

    why = passage("Why you take it back", needed="Say why you take it back. The owner reads this first")
    seen = Carried()
