"""What a person says who marks words as perhaps exempt, and what the proper officer says who decides."""

from flask_wtf import FlaskForm
from wtforms import Form, PasswordField, RadioField, SelectMultipleField
from wtforms.validators import InputRequired, Length

from riskapp.domain.exemption import ExemptionRules, Outcome, Ruling
from riskapp.domain.publication import FIELD_GROUPS
from riskapp.web.date_boxes import DateBoxes
from riskapp.web.forms import Carried, FilterDay, passage

GROUPS = {key: words.capitalize() for key, words in FIELD_GROUPS.items()}


def _group(label: str, wrong: str) -> RadioField:
    return RadioField(label, [InputRequired(wrong)], choices=GROUPS)


class DayForm(Form):
    """The day of which readings are listed."""

    day = FilterDay("Day", name="day")


class MarkForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """Which part of a risk may be exempt, and why."""

    group = _group("What may be exempt?", "Choose what may be exempt")
    why = passage(
        "Why it may be exempt",
        needed="Say why it may be exempt. The proper officer reads this first",
        hint="Only those who may read what is withheld see your reason.",
    )
    seen = Carried()


class DecideForm(FlaskForm):  # type: ignore[misc] # flask_wtf ships no types
    """What is decided of a part of a risk; what a decision must say is the rule's to check."""

    group = _group("What do you decide on?", "Choose what you decide on")
    outcome = RadioField(
        "What do you decide?",
        [InputRequired("Choose what you decide")],
        choices={outcome.value: outcome.label for outcome in Outcome},
    )
    paragraphs = SelectMultipleField("Under which paragraphs of Schedule 12A?", coerce=int, validate_choice=False)
    public_interest = passage(
        "How you weighed the public interest",
        needed="Say how you weighed the public interest. It stays on the record",
        at_most=4000,
    )
    review_on = DateBoxes("To be looked at again by", thing="the review")
    password = PasswordField("Your password", [Length(max=200, message="Use at most 200 characters")])
    seen = Carried()

    def offer(self, rules: ExemptionRules) -> None:
        """Offer the paragraphs of the policy."""
        self.paragraphs.choices = [(each.number, f"{each.number}. {each.text}") for each in rules.paragraphs]

    def ruling(self) -> Ruling:
        """Give what was decided, as the service takes it."""
        return Ruling(
            field_group=self.group.data,
            outcome=Outcome(self.outcome.data),
            public_interest=self.public_interest.data or "",
            paragraphs=tuple(self.paragraphs.data or ()),
            review_on=self.review_on.data,
        )
